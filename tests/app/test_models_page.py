"""The page Models in Streamlit's AppTest, and the library behind it: titles, deletion and the way back, out and in."""

import dataclasses
import hashlib
import io
import os
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.components import long_work
from app.components.models import model_exports
from app.loaders import resources
from pipeline.errors import JobError, LesionLabError, ModelError
from pipeline.export.formats import file_name
from pipeline.jobs.short_work import ShortWork
from pipeline.jobs.tasks import ExportRequest
from pipeline.models.library import (
    delete_model,
    deleted_models,
    label_model,
    model_label,
    restore_model,
    run_of,
    title_of,
)
from pipeline.models.model_info import find_model, list_models, write_model_info
from pipeline.runs.run_dir import find_run
from tests.app_pages import button, open_page, words
from tests.hand_made import make_dataset, make_run
from tests.random_models import make_model


@pytest.fixture
def run_model(workspace, tmp_path):
    """A hand-made run's model, which has no weights: (workspace, info)."""
    run = make_run(workspace, make_dataset(workspace, tmp_path))
    return workspace, find_model(workspace, run.name)


def test_empty_workspace_has_one_way_on(workspace):
    at = open_page("models", model="gone-1")
    assert [b.label for b in at.button if b.proto.type == "primary"] == ["Train a classifier"]
    assert "the model gone-1, which is not here" in at.warning[0].value and not at.error


def test_a_row_for_each_model_and_one_opened_by_its_address(run_model):
    workspace, info = run_model
    imported = make_model(workspace, "shelf-1", "resnet18")
    at = open_page("models", model=imported.name)
    table = at.dataframe[0].value
    assert list(table["title"]) == [info.name, "shelf-1"]
    assert list(table["network"]) == ["EfficientNet-Lite0", "ResNet18"]
    assert table["size"].isna().tolist() == [True, False] and not at.error and not at.exception
    assert "It has no validation figures." in words(at) and "Model card: " + info.name not in words(at)
    at.button(key=f"models.open.{info.name}").click().run()
    assert at.query_params["model"] == info.name and "Model card: " + info.name in words(at)
    assert "does not say which images it was trained on" in at.info[0].value
    button(at, "Close").click().run()
    assert "model" not in at.query_params and "Model card: " not in words(at)


def test_a_row_says_what_the_model_was_trained_on_and_its_figure_with_its_interval(run_model):
    _, info = run_model
    at = open_page("models")
    low, high = info.validation["intervals"]["balanced_accuracy"]
    said = words(at)
    assert f"**{info.name}** {info.training_images} drawings of {info.training_lesions} lesions · generated" in said
    assert (f"Balanced accuracy **{100 * info.validation['balanced_accuracy']:.1f} %** ({100 * low:.1f} % to "
            f"{100 * high:.1f} %)  \non {info.validation['images']} validation images") in said
    assert "Model card: " not in said


def test_eight_rows_are_drawn_at_a_time_and_the_opened_one_however_far_down(workspace):
    for number in range(11):
        make_model(workspace, f"shelf-{number}", "resnet18")

    def rows(at):
        return [b.key.removeprefix("models.open.") for b in at.button if b.key.startswith("models.open.")]

    order = [info.name for info in list_models(workspace)]
    at = open_page("models")
    assert rows(at) == order[:8]
    button(at, "Show 3 more (8 of 11 shown)").click().run()
    assert rows(at) == order and not at.exception
    assert rows(open_page("models", model=order[9])) == order[:10]


def test_an_address_that_is_stale_says_so(run_model):
    at = open_page("models", model="gone-1")
    assert "the model gone-1, which is not here (any more)." in at.warning[0].value and not at.error


@pytest.mark.parametrize("mean", [False, True], ids=["a run's", "a mean"])
def test_a_card_is_written_again_once_any_file_that_it_tells_of_changes(run_model, monkeypatch, mean):
    workspace, info = run_model
    weights = info.folder / "model.safetensors"
    weights.write_bytes(b"weights")
    if mean:
        members = ((info.name, hashlib.sha256(b"weights").hexdigest()),)
        info = dataclasses.replace(info, name="mean", folder=workspace.models / "mean", members=members, flips=True)
        write_model_info(info)
    label_model(workspace, info.name, "Mine", "")
    for path in workspace.home.rglob("*"):
        os.utime(path)  # so that nothing is known from before

    opened, open_file = set(), os.open
    with monkeypatch.context() as watched:
        watched.setattr(os, "open", lambda path, *more: opened.add(Path(path)) or open_file(path, *more))
        card = resources.card(info)
    read = {path for path in opened if path.is_file()} | {info.folder / "model.json"} | ({weights} if mean else set())
    assert {path.name for path in read} == {"model.json", "label.json", "config.json", "split.parquet"} | (
        {"model.safetensors"} if mean else {"results.json", "predictions.parquet", "dataset.json", "metadata.parquet"})

    wrote = []
    monkeypatch.setattr(resources, "model_card", lambda *of: wrote.append(of) or card)
    assert resources.card(info) == card and not wrote
    for number, path in enumerate(sorted(read), 1):
        os.utime(path, ns=(1, number))
        resources.card(info)
        assert len(wrote) == number, path


def test_title_and_description_are_kept_and_shown(run_model):
    workspace, info = run_model
    at = open_page("models", model=info.name)
    at.text_input(key=f"model.{info.name}.title").set_value("  The  first ")
    at.text_area(key=f"model.{info.name}.description").set_value("For the course of 2026.")
    button(at, "Save title").click().run()
    assert "are saved" in at.success[0].value and not at.exception
    assert title_of(info) == f"The first ({info.name})" and model_label(info).note == "For the course of 2026."
    assert "For the course of 2026." in words(at) and at.dataframe[0].value["title"][0] == title_of(info)
    with pytest.raises(LesionLabError, match="61 characters"):
        label_model(workspace, info.name, "x" * 61, "")
    with pytest.raises(ModelError, match="There is no run or model named gone"):
        label_model(workspace, "gone", "x", "")


def test_an_imported_model_is_deleted_and_comes_back(workspace):
    make_model(workspace, "shelf-1", "resnet18")
    label_model(workspace, "shelf-1", "Kept", "")
    at = open_page("models", model="shelf-1")
    button(at, "Delete shelf-1").click().run()
    assert list_models(workspace) == [] and [m.name for m in deleted_models(workspace)] == ["shelf-1"]
    assert "**shelf-1** is deleted" in words(at) and not at.exception
    button(at, "Undo").click().run()
    assert title_of(find_model(workspace, "shelf-1")) == "Kept (shelf-1)" and "is back" in at.success[0].value
    delete_model(workspace, "shelf-1")
    at = open_page("models")
    button(at, "Restore").click().run()
    assert [m.name for m in list_models(workspace)] == ["shelf-1"] and not at.exception


def test_a_runs_own_model_goes_only_with_its_run(run_model):
    workspace, info = run_model
    assert run_of(workspace, info) == find_run(workspace, info.name)
    with pytest.raises(ModelError, match=rf"^The model {info.name} belongs to its run\. Delete the run; its model"):
        delete_model(workspace, info.name)
    at = open_page("models", model=info.name)
    assert button(at, "Delete").disabled


def test_nothing_is_overwritten_by_deleting_or_restoring(workspace):
    make_model(workspace, "a", "resnet18")
    delete_model(workspace, "a")
    with pytest.raises(ModelError, match="No deleted model is named b"):
        restore_model(workspace, "b")
    (workspace.runs / "a").mkdir()
    with pytest.raises(ModelError, match=r"There is .*runs/a already, with the same name\. Delete that one first\.$"):
        restore_model(workspace, "a")
    (workspace.runs / "a").rmdir()
    make_model(workspace, "a", "resnet18")
    with pytest.raises(ModelError, match="A deleted model has the name a already"):
        delete_model(workspace, "a")
    assert [m.name for m in deleted_models(workspace)] == ["a"]


def test_the_ways_on_lead_to_the_model_and_its_run(run_model):
    _, info = run_model
    at = open_page("models", model=info.name)
    button(at, "Its run").click().run()
    assert at.title[0].value == "Runs" and at.query_params["runs"] == info.name
    at = open_page("models", model=info.name)
    button(at, "Classify with it").click().run()
    assert at.title[0].value == "Classify" and at.query_params["model"] == info.name


def _follow(at) -> None:
    """Looks on until no work has a button to cancel it."""
    end = time.monotonic() + 120
    while [b for b in at.button if b.label == "Cancel"]:
        assert time.monotonic() < end and not at.exception
        time.sleep(0.3)
        at.run()


@pytest.fixture
def kept(monkeypatch) -> dict:
    """What this visitor's session keeps of its work: AppTest presses no download button, so the test does."""
    everything: dict = {}
    monkeypatch.setattr(long_work, "_all_kept", lambda: everything)
    return everything


def _bundle(info):
    """What a press of the button for the bundle calls."""
    return model_exports._WORK.on_demand(
        model_exports._of(info, "bundle"), ExportRequest(info.name, "bundle", file_name(info, "bundle")))


def test_an_export_that_cannot_be_made_says_why(run_model, kept):
    workspace, info = run_model
    with pytest.raises(JobError, match="has no weights at"):
        _bundle(info).wait()
    at = open_page("models", model=info.name)
    assert "has no weights at" in at.error[0].value and not at.exception
    assert not [path for path in workspace.home.iterdir() if path.name.startswith(".")]


def test_one_press_makes_one_file_and_the_page_shows_how_far_it_is(workspace, kept, monkeypatch):
    info, begun = make_model(workspace, "shelf-1", "efficientnet_lite0"), []
    monkeypatch.setattr(long_work, "ShortWork", lambda *asked: begun.append(asked) or ShortWork(*asked))
    at = open_page("models", model="shelf-1")
    assert not [b for b in at.button if b.label == "Cancel"]
    press = _bundle(info)
    with ThreadPoolExecutor(1) as browser:
        download = browser.submit(press.wait)  # the browser asks for the file while the page is drawn
        press.begin()
        at.run()
        assert button(at, "Cancel") and not at.exception
        bundle = download.result(120)
    assert zipfile.is_zipfile(io.BytesIO(bundle)) and len(begun) == 1
    _follow(at)
    assert not at.error and not at.exception
    assert _bundle(info).wait() is bundle and len(begun) == 1  # what was made is there for the next press
    at.run()
    at.file_uploader(key="models.upload").set_value([("b.zip", bundle, "application/zip")])
    button(at, "Import the bundle").click().run()
    assert button(at, "Cancel")
    _follow(at)
    assert at.error[0].value == "A model has the name shelf-1 already. Choose another, for example shelf-2."
    at.text_input(key="models.name").set_value("shelf-2")
    button(at, "Import the bundle").click().run()
    _follow(at)
    assert at.success[0].value == "The model shelf-2 is here." and at.query_params["model"] == "shelf-2"
    weights = [find_model(workspace, f"shelf-{n}").folder / "model.safetensors" for n in (1, 2)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert not [path for path in workspace.home.iterdir() if path.name.startswith(".")]


def test_an_export_can_be_cancelled_and_is_found_again_after_a_look_elsewhere(workspace, kept):
    infos = [make_model(workspace, name, "efficientnet_lite0") for name in ("shelf-1", "shelf-2")]
    press = _bundle(infos[0])
    press.begin()
    with ThreadPoolExecutor(1) as browser:
        download = browser.submit(press.wait)
        at = open_page("models", model="shelf-1")
        button(at, "Cancel").click().run()
        assert not kept and not list(workspace.home.glob(".work-*"))
        with pytest.raises(JobError):
            download.result(60)
    _bundle(infos[0]).begin()
    at.switch_page("views/classify_page.py").run()
    at = open_page("models", model="shelf-1")
    _follow(at)
    assert kept["export"].answer and not at.exception
    at.button(key="models.open.shelf-2").click().run()
    assert not kept  # a model of 17 MB is not kept for nobody


def test_an_import_without_a_file_or_with_another_one_says_so(workspace):
    at = open_page("models")
    button(at, "Import the bundle").click().run()
    assert at.error[0].value == "No bundle was given. Choose a zip file or write a path."
    at.file_uploader(key="models.upload").set_value([("b.zip", b"no zip", "application/zip")])
    button(at, "Import the bundle").click().run()
    _follow(at)
    assert "b.zip is not a LesionLab bundle: it is no zip file" in at.error[0].value and not at.exception


def test_work_in_a_process_of_its_own_refuses_in_words(workspace):
    asked = ExportRequest("x", "card", "out.md")
    with pytest.raises(JobError, match=r"^There is no run or model named x\. There is no model yet"):
        ShortWork(workspace, "export", asked).result()
    with pytest.raises(JobError, match=r"request\.json is damaged: its field format should be 'bundle'"):
        ShortWork(workspace, "export", dataclasses.replace(asked, format="pickle")).result()
    assert not list(workspace.home.glob(".*"))
