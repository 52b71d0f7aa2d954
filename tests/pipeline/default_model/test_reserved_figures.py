"""The bundled networks on the reserved images of another data set: each alone, their mean, and what is left out."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from pipeline import cli
from pipeline.commands.default_model_command import figures_text
from pipeline.data.importing import import_dataset
from pipeline.data.reserved import reserve, reserved_images
from pipeline.default_model.build import figures_of, finish
from pipeline.default_model.folds import start_build
from pipeline.default_model.recipe import plan_recipe
from pipeline.default_model.reserved_figures import reserved_figures
from pipeline.errors import DataError
from pipeline.files.workspace import Workspace
from pipeline.inference.predict_data_set import prepared_images
from pipeline.inference.predictor import Predictor
from pipeline.metrics.conformal import HeldOutScores, by_fold, in_set, p_values
from pipeline.metrics.decision_figures import decision_figures
from pipeline.metrics.predictions_table import with_probabilities
from pipeline.models.model_info import read_model_info
from pipeline.runs.run_dir import RunDir
from tests.hand_made import CODES, image_bytes
from tests.two_sources import LINEAR, SHORT, never


def make_elsewhere(workspace, folder):
    """Five lesions of each of four diagnoses, one of them unknown to the model; some are images of "tiny" too."""
    folder.mkdir()
    rows = []
    for number, code in enumerate(("mel", "nv", "bkl", "scc") * 5):
        seed = 20 if code == "bkl" else 300 + number  # the content of a training image
        (folder / f"ELSE_{number}.jpg").write_bytes(image_bytes(seed, generated=False))
        rows.append((f"ELSE_L{number}", f"ELSE_{number}", code, "histo", 40, "female", "back", "elsewhere"))
    columns = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization", "dataset"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "HAM10000_metadata.csv", index=False)
    return import_dataset(workspace, folder, "elsewhere")


@pytest.fixture
def here(whole_making, tmp_path):
    """(workspace, build, info, the other data set) of a finished model."""
    place = tmp_path / "all"
    shutil.copytree(whole_making, place, ignore=shutil.ignore_patterns("first", "checkpoints"))
    workspace = Workspace(place / "home")
    recipe = plan_recipe(workspace, "tiny", LINEAR, SHORT, lesson_folds=1)
    build = start_build(workspace, recipe, place / "out", never, print)
    return workspace, build, read_model_info(build.out, "default"), make_elsewhere(workspace, tmp_path / "elsewhere")


def test_each_network_and_their_mean_are_judged(here):
    workspace, build, info, dataset = here
    out_of_fold = RunDir(build.out / "run").predictions()
    with pytest.raises(DataError, match=r"^No image of the data set elsewhere is reserved\."):
        reserved_figures(info, dataset, out_of_fold)
    reserve(workspace, dataset, [])
    table = dataset.metadata()
    reserved = table[table["image_id"].isin(reserved_images(dataset))]
    judging = reserved[reserved["dx"].isin(["mel", "nv"])].reset_index(drop=True)
    found = reserved_figures(info, dataset, out_of_fold, resamples=20)
    assert found["images"] == len(judging) > 0 and found["left_out"] == len(reserved) - len(judging) >= 2
    assert found["diagnoses"] == judging["dx"].value_counts().sort_index().to_dict()
    networks = [Predictor(info.of_fold(fold)) for fold in range(5)]
    prepared = prepared_images(networks[0], dataset)
    images = np.stack([prepared(image_id) for image_id in judging["image_id"]])
    answers = np.stack([network.probabilities(images) for network in networks])
    rows = judging[["image_id", "lesion_id"]].assign(truth=judging["dx"])
    mean = decision_figures(with_probabilities(rows, CODES, answers.mean(axis=0)), info.frequencies, 20)
    assert found["mean"]["overall"]["calibration_error"] == pytest.approx(
        mean["overall"]["calibration_error"], nan_ok=True)
    assert found["mean"]["overall"]["accuracy"].value == mean["overall"]["accuracy"].value
    for fold, one in enumerate(found["networks"]):
        single = decision_figures(with_probabilities(rows, CODES, answers[fold]), info.frequencies, 1)
        assert one["fold"] == fold
        assert one["overall"]["calibration_error"] == pytest.approx(single["overall"]["calibration_error"].value)
    assert np.isnan(found["sets"]["all"]["coverage"][0])  # eight lesions of each diagnosis were held out
    more = pd.concat([out_of_fold, out_of_fold.assign(lesion_id="M" + out_of_fold["lesion_id"])])
    sets = reserved_figures(info, dataset, more, resamples=1)["sets"]
    parts = by_fold(HeldOutScores.of(more), 5)
    inside = in_set(p_values(parts, answers.astype(float)))
    mel, place = (judging["dx"] == "mel").to_numpy(), CODES.index("mel")
    assert sets["per_diagnosis"]["mel"]["coverage"][0] == pytest.approx(inside[mel, place].mean())
    assert sets["per_diagnosis"]["mel"]["size"] == pytest.approx(inside[mel].sum(axis=1).mean())


def test_they_stand_with_the_figures_and_on_the_card(here):
    workspace, build, _, dataset = here
    reserve(workspace, dataset, [])
    before = figures_of(build.out)
    assert "reserved" not in before
    finish(build, before, reserved="elsewhere", resamples=20)
    figures = figures_of(build.out)
    assert {key: of for key, of in figures.items() if key != "reserved"} == before
    card, text = (build.out / "card.md").read_text(encoding="utf-8"), figures_text(figures)
    assert "## Images from elsewhere" in card and "were reserved: they joined no training and no choice" in card
    assert "It was not tested on images from elsewhere" not in card
    assert "Reserved images of elsewhere: " in text and "the mean of the five" in text
    assert "Prediction sets at 90 %" in card and "prediction sets of" in text and "| all of them |" in card
    json.dumps(figures, allow_nan=False)


def test_a_data_set_that_is_not_here_is_named(here, monkeypatch, capfd):
    workspace, build, _, _ = here
    monkeypatch.setenv("LESIONLAB_HOME", str(workspace.home))
    settings = [part for setting in LINEAR for part in ("--set", setting)]
    command = ["default-model", "--data", "tiny", "--out", str(build.out), "--reserved", "nowhere", *settings]
    assert cli.main(command) == 1 and "There is no data set named nowhere." in capfd.readouterr().err
