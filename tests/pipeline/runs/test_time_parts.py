"""Where a run's time goes: its events, the parts that add up to its duration, the command line and the run's page."""

import dataclasses
import json

import pytest

from app.charts.curves import time_figure, time_table
from pipeline import cli
from pipeline.commands.run_text import run_text
from pipeline.number_words import duration
from pipeline.runs.events import EventLog, last_events
from pipeline.runs.reporter import Reporter
from pipeline.runs.status import read_status, write_status
from pipeline.runs.summary import run_summary
from pipeline.runs.time_parts import TIME_PARTS, divide
from tests.app_pages import open_page, words
from tests.hand_made import make_dataset, make_run

SECONDS = {"data": 6.0, "training": 60.0, "validation": 12.0, "judging": 3.0, "explaining": 4.0, "writing": 0.5}
OLD = {"data": 6.0, "training": 61.0, "validation": 12.0, "judging": 7.0, "writing": 0.5}


def _write(run, parts):
    """A run of exactly 90 seconds whose events name `parts`."""
    status = read_status(run.status_path)
    write_status(run.status_path, dataclasses.replace(status, ended=status.started + 90))
    log = EventLog(run.events_path)
    for part, seconds in parts.items():
        log.write("time", part=part, seconds=seconds)
    log.close()


@pytest.fixture
def run(workspace, tmp_path):
    return make_run(workspace, make_dataset(workspace, tmp_path))


def test_a_real_runs_parts_add_up_to_its_duration(trained):
    _, run = trained
    summary = run_summary(run)
    assert list(summary["time"]) == [part for part in TIME_PARTS if part != "features"]
    assert sum(summary["time"].values()) == pytest.approx(summary["seconds"], abs=1e-6)
    assert all(seconds > 0 for seconds in summary["time"].values())
    epochs = [event for event in run.events() if event["kind"] == "epoch"]
    inside = sum(summary["time"][part] for part in ("data", "training", "validation", "writing"))
    assert inside >= sum(epoch["seconds"] for epoch in epochs)
    assert summary["time"]["training"] < sum(epoch["seconds"] for epoch in epochs)


class Watch:
    """The reporter's clock: it goes on only when somebody sleeps."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def watch(monkeypatch):
    watch = Watch()
    monkeypatch.setattr("pipeline.runs.reporter.time", watch)
    return watch


def test_each_second_counts_once(run, watch):
    reporter = Reporter(run)
    with reporter.timed("judging"):
        watch.sleep(2)
        for _ in range(2):
            with reporter.timed("explaining"):
                watch.sleep(5)
        with pytest.raises(ValueError, match="full"), reporter.timed("writing"):
            raise ValueError("full")
    with reporter.timed("writing"):
        watch.sleep(3)
    assert reporter.spent_so_far() == pytest.approx({"judging": 2, "explaining": 10, "writing": 3})


def test_laps_give_the_time_between_them(run, watch):
    reporter = Reporter(run)
    watch.sleep(5)
    reporter.lap(None)
    watch.sleep(2)
    reporter.lap("data")
    reporter.lap("training")
    assert reporter.spent_so_far() == pytest.approx({"data": 2, "training": 0})


def test_the_rest_is_what_no_part_names_and_never_negative():
    events = [{"kind": "time", "part": part, "seconds": seconds} for part, seconds in SECONDS.items()]
    assert divide(events, 90.0) == {**SECONDS, "rest": 4.5}
    assert divide(events, 80.0)["rest"] == 0.0
    assert divide([{"kind": "note"}], 90.0) == {} and divide(events, None) == {}
    more = divide([*events, {"kind": "time", "part": "other", "seconds": 1.0}], 90.0)
    assert list(more) == [*SECONDS, "rest", "other"]


def test_only_the_last_events_are_read(run):
    log = EventLog(run.events_path)
    for number in range(300):
        log.write("note", words="n" * 50, number=number)
    log.close()
    last = last_events(run.events_path, 1000)
    assert 5 < len(last) < 12 and [event["number"] for event in last] == list(range(300 - len(last), 300))
    assert last_events(run.events_path, 10**6) == run.events()
    assert last_events(run.folder / "none") == []


def test_the_command_line_tells_them(run, capfd):
    capfd.readouterr()
    assert run_summary(run)["time"] is None and "of which" not in run_text(run_summary(run))
    _write(run, SECONDS)
    assert cli.main(["runs", "show", run.name, "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["time"] == pytest.approx({**SECONDS, "rest": 4.5})
    assert cli.main(["runs", "show", run.name]) == 0
    line = next(line for line in capfd.readouterr().out.splitlines() if line.startswith("of which"))
    assert line.split(maxsplit=2)[2] == (
        "data 6 s, forward and backward 1 min 0 s (66.7 %), validation 12 s (13.3 %), predicting 3 s, explaining 4 s, "
        "writing 0 s, start and the rest 4 s"
    )


def test_the_runs_page_shows_them(run):
    at = open_page("train", run=run.name)
    assert "Where the time went" not in words(at)
    _write(run, SECONDS)
    at = open_page("train", run=run.name)
    assert "**Where the time went: the largest part was forward and backward**" in words(at)
    table = next(frame.value for frame in at.dataframe if "seconds" in frame.value and "part" in frame.value)
    assert table["part"].tolist() == [
        "Data", "Forward and backward", "Validation", "Predicting", "Explaining", "Writing", "Start and the rest",
    ]
    assert table["share"].sum() == pytest.approx(1) and table["seconds"].sum() == pytest.approx(90)
    assert all(f"- **{name.capitalize()}**: {what}." in words(at)
               for part, (name, what) in TIME_PARTS.items() if part != "features")
    assert "This run measured" not in words(at)


def test_an_older_runs_page_shows_what_it_has(run):
    _write(run, OLD)
    at = open_page("train", run=run.name)
    assert "**Where the time went: the largest part was forward and backward**" in words(at)
    assert "This run measured its heatmaps as a part of predicting." in words(at) and "**Explaining**" not in words(at)


def test_the_bars_are_labelled_with_time_and_share():
    figure = time_figure(time_table({"data": 4.25, "training": 200.0, "rest": 7500.0}), dark=False)
    assert list(figure.data[0].text) == ["4.2 s · 0.1 %", "3 min 20 s · 2.6 %", "2 h 5 min · 97.3 %"]
    told = [duration(seconds, tenths=True) for seconds in (0.0, 9.96, 59.4, 59.6)]
    assert told == ["0.0 s", "10 s", "59 s", "1 min 0 s"]
