"""A workspace that an earlier LesionLab made opens: each page and address, each command, the killed run."""

import dataclasses
import json

import pandas as pd
import pytest
import torch

from pipeline import cli
from pipeline.configuration.network_registry import IMAGENET
from pipeline.default_model.folds import fold_path, run_table, start_build
from pipeline.default_model.recipe import plan_recipe
from pipeline.files.disk import read_json
from pipeline.models.library import model_label
from pipeline.models.model_info import find_model
from pipeline.runs.events import read_events
from pipeline.runs.labels import Label, read_label, restore_run
from pipeline.runs.plan import plan_config
from pipeline.runs.run_dir import find_run
from pipeline.runs.searches import list_searches, read_found
from pipeline.runs.teaching import find_set, read_remarks
from tests.app_pages import PROJECT, open_page, words
from tests.fixtures.packing import processor
from tests.two_sources import SHORT, TINY, never

RUN, INTERRUPTED, DELETED, EVALUATION = "tiny-instant-1", "tiny-quick-1", "tiny-instant-2", "tiny-instant-1-on-other-1"
PAGES = sorted(path.stem.removesuffix("_page") for path in (PROJECT / "app" / "views").glob("*.py"))


def _here(old) -> bool:
    """Whether this processor rounds as the one on which the workspace was made."""
    return read_json(old.home.parent / "made_by.json")["processor"] == processor()


def _answer(capfd, *arguments: str) -> dict:
    assert cli.main([*arguments, "--json"]) == 0
    return json.loads(capfd.readouterr().out)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_it(old_workspace, page):
    at = open_page(page)
    assert not at.error and not at.exception and at.title


@pytest.mark.parametrize(("page", "address", "said"), [
    ("train", {"run": RUN}, RUN), ("train", {"run": INTERRUPTED}, INTERRUPTED),
    ("train", {"run": EVALUATION}, EVALUATION), ("errors", {"run": RUN}, "11 images"),
    ("evaluation", {"run": EVALUATION}, "56"),
    ("explore", {"run": RUN}, "11 images"), ("explore", {"run": RUN, "set": "set-1"}, "4 images"),
    ("explore", {"run": RUN, "view": "map"}, "11 images"), ("case", {"run": RUN, "image": "IMG_0001"}, "IMG_0001"),
    ("leakage", {"data": "tiny"}, "tiny"), ("rates", {"search": "tiny-rates-1"}, ""),
    ("classify", {"model": "brought"}, ""), ("runs", {"runs": f"{RUN},{EVALUATION}"}, ""),
    ("models", {}, "Brought along"),
])
def test_addresses_of_then_lead_where_they_led(old_workspace, page, address, said):
    at = open_page(page, **address)
    assert not [e.value for e in at.error if "The process that trained it is gone." not in e.value]
    assert not [w.value for w in at.warning if "not here" in w.value]
    assert said in words(at)


def test_runs_searches_labels_and_notes_are_told(old_workspace, capfd):
    states = {run["run"]: run["state"] for run in _answer(capfd, "runs", "list")["runs"]}
    assert states == {RUN: "done", EVALUATION: "done", INTERRUPTED: "interrupted"}
    assert read_label(find_run(old_workspace, RUN)) == Label(
        "The first", "Made by an earlier LesionLab.\nIts head is rounded."
    )
    (search,) = list_searches(old_workspace)
    assert search.status().state == "done" and read_found(search)["valley"] > 0
    assert find_set(old_workspace, "set-1").images == tuple(find_run(old_workspace, RUN).predictions()["image_id"][:4])
    remarks = [(remark.note, remark.doubtful) for remark in read_remarks(old_workspace, "tiny").values()]
    assert remarks == [("A note.", False), ("", True)]


def test_models_are_listed_and_the_bundle_comes_in(old_workspace, capfd):
    assert {model["name"] for model in _answer(capfd, "models", "list")["models"]} == {RUN, "brought"}
    assert model_label(find_model(old_workspace, "brought")).name == "Brought along"
    bundle = old_workspace.home.parent / "bundle.zip"
    assert _answer(capfd, "models", "import", str(bundle), "--name", "again")["model"] == "again"
    weights = [find_model(old_workspace, name).folder / "model.safetensors" for name in (RUN, "again")]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_its_model_says_what_it_said(old_workspace, capfd):
    csv = old_workspace.home.parent / "now.csv"
    _answer(capfd, "predict", "--model", RUN, str(old_workspace.datasets / "other" / "images"), "--csv", str(csv))
    now, then = pd.read_csv(csv), pd.read_csv(csv.with_name("predicted.csv"))
    pd.testing.assert_frame_equal(now, then, rtol=1e-3, atol=1e-6 if _here(old_workspace) else 1e-4)


def test_the_killed_run_is_resumed_to_the_figures_of_then(old_workspace, capfd):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        assert _answer(capfd, "resume", INTERRUPTED)["state"] == "done"
    finally:
        torch.set_num_threads(threads)
    run, then = find_run(old_workspace, INTERRUPTED), old_workspace.home.parent / "resumed"
    predictions = pd.read_parquet(then / "predictions.parquet")
    assert list(run.predictions()["image_id"]) == list(predictions["image_id"])
    if not _here(old_workspace):
        pytest.skip("this processor rounds otherwise than the one that made it; the run ended as done")
    # ONNX Runtime rounds otherwise than PyTorch, which judged the images then; the training is the same to the last bit
    pd.testing.assert_frame_equal(run.predictions(), predictions, rtol=1e-4, atol=1e-6)
    results = (pd.json_normalize(found) for found in (run.results(), read_json(then / "results.json")))
    pd.testing.assert_frame_equal(*results, rtol=1e-5, check_like=True)
    for kind, differs in (("batch", {"at"}), ("epoch", {"at", "seconds", "images_per_second"})):
        now, before = ([{key: value for key, value in event.items() if key not in differs} for event in events
                        if event["kind"] == kind] for events in (run.events(), read_events(then / "events.jsonl")))
        assert now == before


def test_the_deleted_run_comes_back(old_workspace):
    assert restore_run(old_workspace, DELETED).status().state == "done"
    at = open_page("errors", run=DELETED)
    assert not at.error and at.query_params["run"] == DELETED and "11 images" in words(at)


def test_what_was_trained_then_keeps_the_normalisation_of_then(old_workspace):
    """Its network is an EfficientNet-Lite, whose own numbers are others now."""
    assert find_run(old_workspace, INTERRUPTED).config().normalisation == IMAGENET
    assert find_model(old_workspace, RUN).normalisation == IMAGENET
    config = plan_config(old_workspace, None, "quick", [], f"{RUN}:1")
    assert config.arch == "efficientnet_lite0" and config.normalisation == IMAGENET


def test_the_fold_table_is_kept_for_its_own_normalisation(old_workspace):
    said, recipe = [], plan_recipe(old_workspace, "tiny", TINY, SHORT)
    build = start_build(old_workspace, recipe, old_workspace.home.parent / "default-model", never, said.append)
    path = fold_path(build.out, 0)
    with pytest.raises(AssertionError, match="is trained although"):
        run_table(build, recipe.folds[0], path)
    then = dataclasses.replace(recipe.folds[0], mean=IMAGENET.mean, std=IMAGENET.std)
    assert len(run_table(build, then, path)) and "is there already" in said[-1]
