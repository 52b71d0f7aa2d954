"""Each page in Streamlit's AppTest, on an empty workspace and on one that is filled by hand."""

import pytest

from app.charts.curves import batches_table, epochs_table
from app.components.training.more_choices import as_settings
from app.components.training.train_form import START
from pipeline.configuration.presets import PRESETS
from pipeline.files.workspace import Workspace
from tests.app_pages import button, open_page, words
from tests.hand_made import make_dataset, make_run

PAGES = ("home", "train", "errors", "classify")


@pytest.mark.parametrize("page", PAGES)
def test_empty_workspace_has_one_way_on(workspace, page):
    at = open_page(page)
    assert not at.error
    primary = [b for b in at.button if b.proto.type == "primary" and b.proto.form_id == ""]
    assert len(primary) == 1


@pytest.mark.parametrize("page", PAGES)
def test_filled_workspace(answering, page):
    at = open_page(page)
    assert not at.error and not at.warning


def test_an_import_of_nothing_and_of_a_wrong_path_is_one_sentence(workspace):
    at = open_page("train")
    button(at, "Import").click().run()
    assert [e.value for e in at.error] == ["No archive was given. Choose a zip file or write a path."]
    at.text_input(key="import.path").set_value("/no/such/place.zip")
    button(at, "Import").click().run()
    assert len(at.error) == 1 and "/no/such/place.zip" in at.error[0].value
    assert not at.exception


def test_import_of_a_folder_in_the_page(workspace, tmp_path):
    make_dataset(Workspace(tmp_path / "other"), tmp_path, "mine", generated=False)
    at = open_page("train")
    at.text_input(key="import.path").set_value(str(tmp_path / "source-mine"))
    at.text_input(key="import.name").set_value("mine")
    button(at, "Import").click().run()
    assert "140 images of 70 lesions" in at.success[0].value
    assert at.selectbox(key="train.data").value == "mine"
    assert at.selectbox(key="train.preset.mine").value == "quick"


def test_train_starts_what_was_chosen(answering, monkeypatch):
    workspace, dataset, _ = answering
    started = []

    def start_run(place, config):
        started.append(config)
        return make_run(place, dataset, "queued")

    monkeypatch.setattr("pipeline.jobs.launch.start_run", start_run)
    at = open_page("train")
    at.number_input(key="train.demo.epochs.1").set_value(0)
    at.selectbox(key="train.demo.split").set_value("lesion-test").run()
    assert "15 % are a test part" in words(at)
    button(at, START).click().run()
    assert not at.exception and not at.error
    assert started[0].split == "lesion-test" and [s.epochs for s in started[0].stages] == [4]
    assert at.query_params["run"] == "generated-demo-2"
    assert "waits its turn" in words(at)


def test_a_wrong_setting_is_said_and_cannot_start(answering):
    at = open_page("train")
    at.text_input(key="train.demo.size").set_value("big").run()
    assert at.error[0].value.startswith("size=big is not a whole number from 32 to 1024.")
    assert button(at, START).disabled


def test_settings_are_only_what_differs():
    config = PRESETS["demo"].config
    same = {"arch": config.arch, "size": "128x96", "lr": "0.004,0.0002:0.002", "epochs": "1,4", "limit": "none"}
    assert as_settings(config, same) == []
    assert as_settings(config, {**same, "epochs": "0,4", "limit": "100"}) == ["epochs=0,4", "limit=100"]


def test_a_running_run_is_picked_and_can_be_stopped(answering):
    workspace, dataset, _ = answering
    run = make_run(workspace, dataset, "running")
    at = open_page("train")
    assert at.query_params["run"] == run.name
    assert f"{run.name}: is training" in words(at)
    button(at, "Stop").click().run()
    assert run.stop_path.exists() and not at.exception


@pytest.mark.parametrize("state", ["failed", "cancelled", "interrupted"])
def test_an_ended_run_says_what_to_do(answering, state):
    workspace, dataset, _ = answering
    run = make_run(workspace, dataset, state)
    assert ("below" if state != "interrupted" else "start at its beginning") in words(open_page("train", run=run.name))
    for page in ("errors", "evaluation", "explore"):
        at = open_page(page, run=run.name)
        assert f"The run {run.name} " in at.error[0].value and "before it was evaluated." in at.error[0].value
        assert ("Try a learning rate ten times smaller." in at.error[0].value) == (state == "failed")
        assert button(at, "Start a new run")


@pytest.mark.parametrize(("page", "awaited"), [
    ("errors", "Its errors appear"), ("evaluation", "Its evaluation appears"), ("explore", "Its errors appear")])
def test_a_run_at_work_leads_to_where_it_is_watched(filled, page, awaited):
    workspace, dataset, done = filled
    run = make_run(workspace, dataset, "running")
    at = open_page(page)
    assert at.selectbox(key="pick.run").value == done.name
    at = open_page(page, run=run.name)
    assert at.info[0].value == f"The run {run.name} is training. {awaited} here when it is done."
    button(at, "Watch it").click().run()
    assert at.title[0].value == "Train" and at.query_params["run"] == run.name


@pytest.mark.parametrize(("page", "parameter"), [("train", "run"), ("errors", "run"), ("classify", "model")])
def test_an_address_of_something_gone_says_so(answering, page, parameter):
    at = open_page(page, **{parameter: "gone-1"})
    assert "gone-1" in at.warning[0].value and "not here" in at.warning[0].value


@pytest.mark.parametrize(("page", "parameter"), [("train", "run"), ("errors", "run"), ("classify", "model")])
def test_an_address_of_something_gone_says_so_on_an_empty_workspace(workspace, page, parameter):
    assert "gone-1" in open_page(page, **{parameter: "gone-1"}).warning[0].value


def test_curve_tables():
    events = [
        {"kind": "stage", "stage": 1},
        *({"kind": "batch", "stage": 1, "epoch": e, "step": s, "loss": 1.0, "lr": 0.1} for e in (1, 2) for s in (0, 1)),
        {"kind": "epoch", "stage": 1, "epoch": 1, "overall": 1, "accuracy": 0.1},
        {"kind": "epoch", "stage": 1, "epoch": 1, "overall": 1, "accuracy": 0.5},
    ]
    batches = batches_table(events)
    epochs = epochs_table(events, batches)
    assert list(batches["batch"]) == [1, 2, 3, 4] and list(batches["smoothed"]) == [1.0] * 4
    assert list(epochs["batch"]) == [2] and list(epochs["accuracy"]) == [0.5]
    assert epochs_table([], batches_table([])).empty
