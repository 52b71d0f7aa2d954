"""The page Runs in Streamlit's AppTest: table, choice in the address, comparison, names, deletion and the way back."""

import time

import numpy as np
import pandas as pd
import pytest

from app.charts.comparison import RUN_MARKS, balanced_figure, course_table, losses_figure, sensitivity_figure
from app.components.runs.run_comparison import differences
from app.components.runs.runs_table import SORTS, matches, ordered, start_of, title_of
from app.loaders import run_rows
from app.palette import DARK_BACKGROUND, LIGHT_BACKGROUND, contrast
from pipeline.evaluation.evaluate import CHOSE_EPOCH_SENTENCE, evaluate_run
from pipeline.files.workspace import Workspace
from pipeline.metrics.compare import compare
from pipeline.runs.labels import Label, delete_run, deleted_runs, label_run, read_label
from pipeline.runs.run_dir import RunDir, list_runs
from tests.app_pages import button, open_page, words
from tests.hand_made import CODES, make_run


def judged_otherwise(run: RunDir, seed: int, sure: float = 1.5) -> RunDir:
    """Gives a hand-made run other predictions, so that it disagrees with its siblings."""
    table = run.predictions()
    truth = table["truth"].map(CODES.index).to_numpy()
    logits = np.random.default_rng(seed).normal(0, 1, (len(table), len(CODES)))
    logits[np.arange(len(truth)), truth] += sure
    shares = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).astype(np.float32)
    table = table.assign(predicted=np.array(CODES)[shares.argmax(1)],
                         **{f"p_{code}": shares[:, i] for i, code in enumerate(CODES)})
    table.to_parquet(run.predictions_path, index=False)
    evaluate_run(run)
    return run


@pytest.fixture
def three(workspace, dataset) -> tuple[Workspace, list[RunDir]]:
    """Three finished runs: two on one split, the third on another."""
    runs = [make_run(workspace, dataset), judged_otherwise(make_run(workspace, dataset), 7),
            judged_otherwise(make_run(workspace, dataset, seed=3, loss="balanced_softmax"), 8)]
    return workspace, runs


def shown_runs(at) -> list[str]:
    return list(at.dataframe[0].value["title"])


def test_empty_workspace_has_one_way_on(workspace):
    at = open_page("runs", runs="gone-1")
    assert [b.label for b in at.button if b.proto.type == "primary"] == ["Train a classifier"]
    assert "gone-1" in at.warning[0].value and "not here" in at.warning[0].value and not at.error


def test_a_row_for_each_run_in_words(three):
    workspace, runs = three
    make_run(workspace, next(iter(run_rows.resources.datasets())), "failed")
    at = open_page("runs")
    table = at.dataframe[0].value
    assert len(table) == 4 and not at.error and not at.warning
    assert set(table["state"]) == {"done", "failed"} and set(table["split"]) == {"by lesion"}
    assert CHOSE_EPOCH_SENTENCE in words(at) and "In 3 of the 3 evaluated runs" in words(at)


@pytest.mark.parametrize("state", ["queued", "running", "failed", "cancelled", "interrupted"])
def test_a_run_in_any_state_opens(workspace, dataset, state):
    run = make_run(workspace, dataset, state)
    at = open_page("runs", runs=run.name)
    assert not at.error and not at.exception
    closed = state in ("queued", "running")
    assert any(b.label == "Delete" and b.disabled for b in at.button) == closed


def test_search_and_order_stand_in_the_address(three):
    workspace, runs = three
    label_run(workspace, runs[1].name, "Ärger mit Haaren", "larger images")
    at = open_page("runs", search="ärger IMAGES", sort="name")
    assert shown_runs(at) == [f"Ärger mit Haaren ({runs[1].name})"]
    at.text_input(key="runs.search").set_value("nothing like it").run()
    assert at.query_params["search"] == "nothing like it" and "No run matches" in words(at)
    at.text_input(key="runs.search").set_value("").run()
    at.selectbox(key="runs.sort").set_value("balanced").run()
    values = at.dataframe[0].value["balanced_accuracy"]
    assert at.query_params["sort"] == "balanced" and values.is_monotonic_decreasing


def test_an_order_that_does_not_exist_is_said(three):
    assert "the order best" in open_page("runs", sort="best").warning[0].value


def test_rows_that_lack_a_value_come_last():
    rows = [{"run": name, "name": "", "accuracy": value} for name, value in (("a", None), ("b", 0.2), ("c", 0.9))]
    assert [row["run"] for row in ordered(rows, "accuracy")] == ["c", "b", "a"]
    assert [row["run"] for row in ordered(rows, "name")] == ["a", "b", "c"]
    assert set(SORTS) >= {"newest", "oldest", "name"}


def test_the_choice_stands_in_the_address(three):
    _, runs = three
    at = open_page("runs")
    button(at, "Compare the two newest").click().run()
    assert at.query_params["runs"] == f"{runs[2].name},{runs[1].name}"
    at.multiselect(key="runs.chosen").set_value([runs[0].name]).run()
    assert at.query_params["runs"] == runs[0].name and "Choose another run above" in words(at)
    at.multiselect(key="runs.chosen").set_value([]).run()
    assert "runs" not in at.query_params and not at.exception


def test_a_name_that_is_gone_is_said_and_the_others_are_shown(three):
    _, runs = three
    at = open_page("runs", runs=f"{runs[0].name},gone-1,{runs[1].name}")
    assert "the run gone-1, which is not here" in at.warning[0].value
    assert at.multiselect(key="runs.chosen").value == [runs[0].name, runs[1].name]


def test_two_runs_on_one_split(three):
    _, runs = three
    at = open_page("runs", runs=f"{runs[0].name},{runs[1].name}")
    assert not at.warning and not at.error
    said = words(at)
    assert "Shared: 28 images of 14 lesions." in said
    assert "Where they disagree" in said and CHOSE_EPOCH_SENTENCE in said
    cases = at.selectbox(key=f"cases.{runs[0].name}.{runs[1].name}")
    cases.set_value(f"Only {runs[1].name} is right").run()
    assert not at.exception and "(wrong)" in words(at) and "Drawn as" in words(at)


def test_other_splits_are_warned_of(three):
    _, runs = three
    at = open_page("runs", runs=f"{runs[0].name},{runs[2].name}")
    warnings = " ".join(w.value for w in at.warning)
    assert "Their splits differ (by lesion, seed 0; by lesion, seed 3)" in warnings
    assert "different loss functions" in words(at)


def test_nothing_shared_is_said(three):
    _, runs = three
    table = runs[1].predictions()
    table.assign(image_id="other-" + table["image_id"]).to_parquet(runs[1].predictions_path)
    at = open_page("runs", runs=f"{runs[0].name},{runs[1].name}")
    assert any("They share no validation image" in w.value for w in at.warning) and not at.exception


def test_a_run_without_figures_is_left_out_of_the_comparison(three):
    workspace, runs = three
    failed = make_run(workspace, run_rows.resources.datasets()[0], "failed")
    at = open_page("runs", runs=f"{runs[0].name},{failed.name},{runs[1].name}")
    assert any(f"not been evaluated: {failed.name}" in i.value for i in at.info)
    assert "Shared: 28 images" in words(at)


def test_differences_in_words():
    row = {"data": "a", "data_hash": "1", "split": "lesion", "seed": 0, "limit": None, "evaluates": None}
    assert differences([row, row]) == []
    assert "changed between" in differences([row, {**row, "data_hash": "2"}])[0]
    assert "different data sets (a, b)" in differences([row, {**row, "data": "b", "data_hash": "2"}])[0]
    assert "image by image, seed 0" in differences([row, {**row, "split": "random"}])[0]
    assert "limited to 50 images" in differences([row, {**row, "limit": 50}])[0]
    judged = {**row, "data": "b", "split": "external", "evaluates": "m"}
    assert differences([row, judged]) == [
        "They were judged on different data sets (a, b): what is shared are equal image ids, which may name different "
        "images."]


def test_name_and_note(three):
    _, runs = three
    name = runs[0].name
    at = open_page("runs", runs=name)
    at.text_input(key=f"label.{name}.name").set_value("Small [images] $1")
    at.text_area(key=f"label.{name}.note").set_value("as in the article")
    button(at, "Save name").click().run()
    assert read_label(runs[0]) == Label("Small [images] $1", "as in the article")
    assert f"Small [images] $1 ({name})" in shown_runs(at) and at.success


def test_delete_undo_and_restore(three):
    workspace, runs = three
    name = runs[0].name
    at = open_page("runs", runs=f"{name},{runs[1].name}")
    button(at, f"Delete {name}").click().run()
    assert name not in [run.name for run in list_runs(workspace)] and at.query_params["runs"] == runs[1].name
    assert f"The run **{name}** is deleted" in words(at) and not at.exception and not at.warning
    button(at, "Undo").click().run()
    assert name in [run.name for run in list_runs(workspace)] and f"{name} is back" in at.success[0].value
    delete_run(workspace, name)
    at = open_page("runs")
    at.button(key=f"restore.{name}").click().run()
    assert deleted_runs(workspace) == [] and not at.exception


def test_the_last_run_deleted_can_come_back(workspace, dataset):
    run = make_run(workspace, dataset)
    at = open_page("runs", runs=run.name)
    button(at, f"Delete {run.name}").click().run()
    assert button(at, "Train a classifier") and button(at, "Undo")


def test_a_damaged_run_is_listed_with_its_file(three):
    _, runs = three
    runs[0].config_path.write_text("{")
    at = open_page("runs", runs=runs[0].name)
    assert len(shown_runs(at)) == 3 and "config.json is damaged" in words(at)


def test_fifty_runs_are_read_once(workspace, dataset):
    make_run(workspace, dataset)
    for _ in range(49):
        make_run(workspace, dataset, "failed")
    runs = list_runs(workspace)
    run_rows.run_rows(runs)
    times = []
    for _ in range(5):
        start = time.process_time()
        assert len(run_rows.run_rows(runs)) == 50
        times.append(time.process_time() - start)
    assert min(times) < 0.1


def test_a_changed_file_is_read_anew(three):
    workspace, runs = three
    assert run_rows.run_row(runs[0])["name"] == ""
    label_run(workspace, runs[0].name, "New", "")
    assert run_rows.run_row(runs[0])["name"] == "New"


def test_titles_and_search():
    row = {"run": "a-1", "name": "Mine", "note": "", "state": "cancelled", "data": "ham", "preset": "quick",
           "arch": "resnet18", "split": "lesion-test", "parent": "b-2", "parent_stage": 1, "evaluates": None,
           "kind": "training"}
    assert title_of(row) == "Mine (a-1)" and title_of({**row, "name": ""}) == "a-1"
    assert start_of(row) == "b-2:1" and matches(row, "b-2:1")
    assert start_of({**row, "parent": None, "weights": "random"}) == "Random weights"
    assert matches(row, "") and matches(row, "STOPPED test") and not matches(row, "mine random")


@pytest.mark.parametrize("background", [LIGHT_BACKGROUND, DARK_BACKGROUND])
def test_marks_of_runs_can_be_told_apart(background):
    assert all(contrast(mark.colour, background) >= 3 for mark in RUN_MARKS)
    assert len({m.dash for m in RUN_MARKS}) == len({m.symbol for m in RUN_MARKS}) == len(RUN_MARKS)


def test_figures_of_runs(three):
    _, runs = three
    epochs = {run.name: run_rows.epochs(run) for run in runs}
    names = {run.name: f"<b>{run.name}" for run in runs}
    assert course_table(epochs, names, "valid_loss").shape == (5, 4)
    for figure in (losses_figure(epochs, names, False), balanced_figure(epochs, names, True)):
        assert len({trace.line.dash for trace in figure.data}) == 3 and figure.data[0].name.startswith("&lt;b&gt;")
        assert figure.layout.xaxis.title.text and figure.layout.yaxis.title.text and figure.layout.meta["title"]
    found = compare({run.name: run.predictions() for run in runs[:2]})
    figure = sensitivity_figure(found.sensitivity, {run.name: run.name for run in runs[:2]}, False)
    assert len(figure.data) == 2 and len(figure.layout.yaxis.ticktext) == len(CODES)
    assert isinstance(found.sensitivity, pd.DataFrame)
