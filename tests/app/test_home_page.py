"""Home in Streamlit's AppTest: three ways on, the demo, long work, and a stand's start over."""

import json
import os
import re
import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

from app.components.training import one_click
from pipeline.configuration.presets import PRESETS
from pipeline.data.dataset import load_dataset
from pipeline.errors import WorkspaceError
from tests.app_pages import PROJECT, button, open_page, words
from tests.hand_made import image_bytes, make_dataset, make_run
from tests.stand_in import StandInPredictor
from tests.stand_in_work import StandInWork

DEMO, WATCH = "Draw images and train on them", "Train one now"


class StandInDrawing(StandInWork):
    """Drawing whose end the test decides; the set is there when it has ended."""

    said = (0.5, "Drew 300 of 600 generated images")

    @property
    def job(self):
        return SimpleNamespace(drawn_path=Path("nothing is drawn"))

    def answer(self):
        return {"data": "generated"}


@pytest.fixture
def drawing(workspace, monkeypatch):
    """Drawing takes no time, and a start is only noted."""

    def start_run(place, config):
        started.append(config)
        return make_run(place, load_dataset(place, config.data), "queued")

    started, StandInDrawing.started = [], []
    monkeypatch.setattr("app.components.long_work.ShortWork", StandInDrawing)
    monkeypatch.setattr("pipeline.jobs.launch.start_run", start_run)
    return started


def primary(at) -> list[str]:
    return [b.label for b in at.button if b.proto.type == "primary"]


def labels(at) -> list[str]:
    return [b.label for b in at.button]


def test_nothing_here(workspace):
    at = open_page("home")
    assert DEMO in labels(at) and "Watch it" not in labels(at) and not at.metric
    assert "generated – not for learning dermoscopy" in words(at)


def test_drawing_and_training_is_one_click(drawing, workspace, tmp_path):
    at = open_page("home")
    button(at, DEMO).click().run()
    (work,) = StandInDrawing.started
    assert work.kind == "drawing" and not at.exception and DEMO not in labels(at) and button(at, "Cancel")
    make_dataset(workspace, tmp_path)
    work.running = False
    at.run()
    assert [config.preset for config in drawing] == ["instant"] and not at.exception
    assert at.title[0].value == "Train" and at.query_params["run"] == "generated-demo-1"


def test_cancel_ends_the_drawing(drawing):
    at = open_page("home")
    button(at, DEMO).click().run()
    button(at, "Cancel").click().run()
    assert StandInDrawing.started[0].cancelled and not drawing and button(at, DEMO)


@pytest.mark.parametrize(("here", "chosen"), [
    ({"a": 193, "drawn": 600}, "drawn"), ({"a": 10_015, "b": 25_331, "c": 1_512, "drawn": 600}, "a"), ({}, None),
    ({"b": 25_331}, "b"), ({"foreign": 10_015}, None),
])
def test_ham10000_is_trained_on_under_any_name_else_the_drawings(here, chosen):
    sets = [SimpleNamespace(name=name, images=images, generated=name == "drawn",
                            attribution="none" if name in ("drawn", "foreign") else "Tschandl 2018, HAM10000, doi")
            for name, images in here.items()]
    found = one_click.images_to_watch(sets)
    assert (found and found.name) == chosen


@pytest.mark.parametrize("real", [True, False])
def test_a_training_of_what_is_here_is_one_click(drawing, workspace, tmp_path, monkeypatch, real):
    monkeypatch.setattr(one_click, "_ENOUGH", 100)
    make_dataset(workspace, tmp_path)
    if real:
        make_dataset(workspace, tmp_path, "mine", generated=False)
        path = workspace.datasets / "mine" / "dataset.json"
        path.write_text(path.read_text().replace('"not stated"', '"Tschandl 2018, HAM10000"'))
    at = open_page("home")
    assert primary(at) == [WATCH]
    button(at, WATCH).click().run()
    assert [(config.data, config.preset) for config in drawing] == [("mine" if real else "generated", "instant")]
    assert at.title[0].value == "Train" and not StandInDrawing.started


def test_no_time_is_promised_before_one_was_measured_here(drawing, workspace, tmp_path):
    dataset = make_dataset(workspace, tmp_path)
    assert not re.search(r"\d+ (seconds|s\b|min)", words(open_page("home")))
    make_run(workspace, dataset, preset="instant", stages=PRESETS["instant"].config.stages)
    assert "The last time it took 1 min 30 s." in words(open_page("home"))


def test_a_second_visitor_who_wants_the_demo_gets_the_run_at_work(drawing, workspace, tmp_path):
    at = open_page("home")
    button(at, DEMO).click().run()
    make_run(workspace, make_dataset(workspace, tmp_path), "running")  # another visitor was quicker
    StandInDrawing.started[0].running = False
    at.run()
    assert not drawing and at.query_params["run"] == "generated-demo-1"


def test_images_but_no_model(workspace, tmp_path):
    make_dataset(workspace, tmp_path)
    at = open_page("home")
    assert DEMO not in labels(at) and not at.exception
    button(at, "Choose how").click().run()
    assert at.title[0].value == "Train"


@pytest.mark.parametrize(("state", "said"), [("failed", "failed"), ("cancelled", "was stopped"),
                                             ("interrupted", "was interrupted")])
def test_a_last_run_without_a_model_can_be_looked_at(workspace, tmp_path, state, said):
    run = make_run(workspace, make_dataset(workspace, tmp_path), state)
    at = open_page("home")
    assert f"The last run, **{run.name}**, {said}." in words(at) and WATCH in labels(at)
    button(at, "See what happened").click().run()
    assert at.query_params["run"] == run.name and not at.exception


def test_a_run_at_work_is_watched(answering):
    workspace, dataset, _ = answering
    run = make_run(workspace, dataset, "running")
    at = open_page("home")
    assert primary(at) == ["Watch it"]
    button(at, "Watch it").click().run()
    assert at.query_params["run"] == run.name


def test_a_finished_run_is_studied(answering):
    _, _, run = answering
    at = open_page("home")
    assert f"The model **{run.name}** is trained." in words(at)
    button(at, "Study its errors").click().run()
    assert at.title[0].value == "Errors" and at.query_params["run"] == run.name


def test_a_model_alone_can_classify_and_the_demo_is_still_there(answering):
    workspace, dataset, run = answering
    shutil.copytree(run.model, workspace.models / "default")
    shutil.rmtree(run.folder)
    shutil.rmtree(dataset.folder)
    at = open_page("home")
    assert button(at, DEMO)
    button(at, "Classify an image").click().run()
    assert at.query_params["model"] == "default" and not at.exception and not at.error


def test_start_over_waits_until_there_is_something_to_undo(workspace):
    at = AppTest.from_file(str(PROJECT / "app" / "main.py"), default_timeout=30).run()
    assert "Start over" not in labels(at) and not at.exception
    at.run()
    assert button(at, "Start over")
    at = AppTest.from_file(str(PROJECT / "app" / "main.py"), default_timeout=30)
    at.query_params["guess"] = "benign"
    assert button(at.run(), "Start over")  # a reload forgets the session, not the address


def visit(run) -> AppTest:
    """A visitor who filtered, guessed, chose a model, used an example and uploaded."""
    at = open_page("classify", model=run.name)
    at.radio(key="source").set_value("uploads").run()
    at.file_uploader(key="uploads").set_value([("mine.jpg", image_bytes(1, True), "image/jpeg")]).run()
    at.radio(key="dermatoscope").set_value("yes").run()
    assert "mine.jpg" in words(at) and "Model output" in words(at)
    at.session_state["guess.IMG_0001"] = "mel"
    return at


@pytest.mark.parametrize("page", ["home", "classify"])
def test_start_over_forgets_the_visit_and_nothing_else(answering, monkeypatch, page):
    workspace, _, run = answering
    removed, computed = [], []
    remove = MemoryUploadedFileManager.remove_session_files
    monkeypatch.setattr(MemoryUploadedFileManager, "remove_session_files",
                        lambda self, session: removed.append(session) or remove(self, session))
    probabilities = StandInPredictor.probabilities
    monkeypatch.setattr(StandInPredictor, "probabilities",
                        lambda self, images: computed.append(1) or probabilities(self, images))
    before = {path: path.stat().st_mtime_ns for path in workspace.home.rglob("*") if path.is_file()}
    at = visit(run)
    at.run()
    assert len(computed) == 1  # kept for this session
    if page == "home":
        at.switch_page("views/home_page.py").run()
    button(at, "Start over").click().run()
    assert not at.exception and at.title[0].value == "What do you see?"
    assert [toast.value for toast in at.toast] == [
        "Started over: uploads, filters, guesses and choices are forgotten. Runs, models and data sets stay; no page "
        "opens on an earlier visit's run by itself."
    ]
    left = ("guess.IMG_0001", "uploads", "dermatoscope", "source", "pick.model", "examples.model", "start_over.said")
    assert not [key for key in left if key in at.session_state]
    assert at.query_params.keys() == {"visit"} and abs(int(at.query_params["visit"]) - time.time()) < 60
    assert len(removed) == 1
    assert {path: path.stat().st_mtime_ns for path in workspace.home.rglob("*") if path.is_file()} == before
    at.run()
    assert not at.toast
    at.switch_page("views/classify_page.py").run()
    assert at.radio(key="source").value == "examples" and "mine.jpg" not in words(at)
    at.radio(key="source").set_value("uploads").run()
    assert not at.file_uploader(key="uploads").value
    at.file_uploader(key="uploads").set_value([("mine.jpg", image_bytes(1, True), "image/jpeg")]).run()
    assert at.radio(key="dermatoscope").value is None
    at.radio(key="dermatoscope").set_value("yes").run()
    assert len(computed) == 2  # computed again: the last visitor's output was not kept


def test_an_address_of_the_last_visitor_opens_its_page_without_the_choices(answering):
    at = open_page("home").run()
    button(at, "Start over").click().run()
    at.query_params.clear()
    at.query_params["sex"] = "male"  # the browser's Back button
    at.switch_page("views/dataset_page.py").run()
    assert "sex" not in at.query_params and not at.exception
    at.query_params["sex"] = "male"  # the next visitor's own choice
    at.query_params["visit"] = at.session_state["visit.number"]
    at.run()
    assert at.query_params["sex"] == "male" and not at.exception


def test_a_reload_keeps_the_number_of_the_visit(answering):
    at = open_page("dataset", visit="3", sex="male")
    assert at.session_state["visit.number"] == "3" and at.query_params["sex"] == "male"
    at.query_params["visit"] = "2"
    at.run()
    assert "sex" not in at.query_params and at.query_params["visit"] == "3"


def test_before_the_first_start_over_addresses_carry_no_number(answering):
    at = open_page("dataset", sex="male")
    assert "visit" not in at.query_params and at.query_params["sex"] == "male"


def test_a_damaged_number_is_no_number(answering):
    at = open_page("dataset", visit="x", sex="male")
    assert not at.exception and at.query_params["sex"] == "male"


def test_an_error_of_the_drawing_stands_without_its_bar(drawing):
    at = open_page("home")
    button(at, DEMO).click().run()
    (work,) = StandInDrawing.started
    work.running, work.outcome = False, WorkspaceError("The disk is full.", "Make room.")
    at.run()
    assert [e.value for e in at.error] == ["The disk is full. Make room."]
    assert not [b for b in at.button if b.label == "Cancel"] and button(at, DEMO)


def later(at, seconds: float) -> None:
    """The visit began with a start over so many seconds from now."""
    at.session_state["visit.number"] = str(int(time.time() + seconds))


def test_after_a_start_over_no_page_opens_on_an_earlier_visits_run(answering):
    workspace, dataset, run = answering
    at = open_page("home")
    assert f"The model **{run.name}** is trained." in words(at)
    later(at, 60)
    at.run()
    assert run.name not in words(at) and primary(at) == [WATCH]
    at.switch_page("views/runs_page.py").run()
    assert run.name not in at.multiselect(key="runs.chosen").options if at.multiselect else True
    at.toggle(key="runs.earlier").set_value(True).run()
    assert run.name in at.multiselect(key="runs.chosen").options and not at.exception


def test_a_page_opens_on_a_run_of_this_visit_rather_than_on_an_earlier_ones(filled):
    workspace, dataset, first = filled
    second = make_run(workspace, dataset, seed=1)
    at = open_page("evaluation")
    assert at.query_params["run"] == second.name
    about = json.loads(second.config_path.read_text())
    second.config_path.write_text(json.dumps(about | {"created": 1_000_000_100.0}))
    about = json.loads(first.config_path.read_text())
    first.config_path.write_text(json.dumps(about | {"created": 1_000_000_300.0}))
    os.utime(second.config_path)  # still the newest in the list
    at = open_page("evaluation", visit="1000000200")
    assert at.query_params["run"] == first.name


def test_a_reload_keeps_what_is_of_earlier_visits(answering):
    _, _, run = answering
    at = open_page("home", visit=str(int(time.time()) + 60))
    assert run.name not in words(at)
    assert run.name in words(open_page("home", visit="2"))  # a number of an earlier version is no moment
