"""The making of the bundled model, all of it on tiny images: folds that are kept, go on or are refused, and the box."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from pipeline import cli
from pipeline.default_model.fold_tables import read_predictions
from pipeline.default_model.folds import fold_path, fold_predictions, out_of_fold, start_build
from pipeline.default_model.recipe import plan_recipe, recipe_digest
from pipeline.default_model.robustness import CHANGES, robustness
from pipeline.errors import DataError
from pipeline.files.disk import read_json
from pipeline.files.workspace import Workspace
from pipeline.images.reading import open_image
from pipeline.inference.predictor import Predictor
from pipeline.metrics.calibration import calibrated, fit_table_temperature
from pipeline.metrics.class_priors import at_training_priors
from pipeline.metrics.decisions import decide
from pipeline.models.model_info import read_model_info
from pipeline.models.training_images import training_images
from pipeline.networks.device import describe
from pipeline.runs.labels import read_label
from pipeline.runs.run_dir import RunDir, list_runs
from pipeline.training.estimate import estimate_run
from tests.hand_made import CODES
from tests.random_models import make_model
from tests.two_sources import SHORT, TINY, make_dataset, never


@pytest.fixture(scope="module")
def made(whole_making, tmp_path_factory):
    """(workspace, making, figures, info, sentences) of a model that was made from start to end; it trains no more."""
    place = Path(shutil.copytree(whole_making, tmp_path_factory.mktemp("default") / "all"))
    workspace = Workspace(place / "home")
    making = start_build(workspace, plan_recipe(workspace, "tiny", TINY, SHORT), place / "out", never, print)
    said = (place / "said").read_text(encoding="utf-8").splitlines()
    return workspace, making, read_json(making.out / "figures.json"), read_model_info(making.out, "default"), said


def test_the_box_has_what_it_takes(made):
    _, making, _, _, _ = made
    files = {str(path.relative_to(making.out)) for path in making.out.rglob("*") if path.is_file()}
    assert files == {
        "model.json", "model.safetensors", "training_images.parquet", "card.md", "figures.json",
        *(f"folds/fold{k}.{kind}" for k in range(5) for kind in ("parquet", "npz", "safetensors")),
        "leakage/lesion.parquet", "leakage/random.parquet",
        *(f"run/{name}" for name in ("config.json", "status.json", "label.json", "split.parquet",
                                     "predictions.parquet", "results.json")),
    }


def test_every_image_is_held_out_once_at_the_datas_frequencies(made):
    workspace, making, figures, _, _ = made
    tables = [read_predictions(fold_path(making.out, k))[0] for k in range(5)]
    table = out_of_fold(tables)
    assert sorted(table["image_id"]) == sorted(making.dataset.metadata()["image_id"])
    run = next(run for run in list_runs(workspace) if run.config() == making.recipe.folds[2])
    stored = run.predictions().sort_values("image_id", ignore_index=True)
    columns = [f"p_{code}" for code in CODES]
    expected = at_training_priors(
        stored[columns].to_numpy(), np.array([figures["frequencies"][code] for code in CODES]), "balanced_softmax"
    )
    origin = read_predictions(fold_path(making.out, 2))[1]
    difference = abs(tables[2][columns].to_numpy() - expected).max()  # the shipped weights have 16 bits
    assert difference == pytest.approx(origin.half_precision_difference, abs=1e-6) and 0 < difference < 0.01
    assert origin.fold == 2 and origin.run == run.name and "torch" in origin.versions and origin.seconds > 0


def test_each_folds_temperature_comes_from_the_other_four(made):
    _, making, figures, info, _ = made
    table = out_of_fold([read_predictions(fold_path(making.out, k))[0] for k in range(5)])
    others = table[table["fold"] != 3]
    assert figures["folds"][3]["temperature"] == pytest.approx(fit_table_temperature(others))
    assert info.temperature == pytest.approx(fit_table_temperature(table))
    run = RunDir(making.out / "run").predictions().set_index("image_id")
    fold = calibrated(table[table["fold"] == 3], figures["folds"][3]["temperature"]).set_index("image_id")
    assert run.loc[fold.index, "p_mel"].to_numpy() == pytest.approx(fold["p_mel"].to_numpy(), abs=1e-6)
    assert (run.loc[fold.index, "predicted"] == fold["predicted"]).all()


def test_the_run_of_the_siblings_reads_like_any_run(made):
    _, making, figures, info, _ = made
    run = RunDir(making.out / "run")
    assert run.status().state == "done" and run.config().preset == "strong"
    assert (run.split()["part"] == "validation").all()
    assert read_label(run).name == "default-out-of-fold"
    assert read_label(run).note.startswith("Five sibling networks, not the shipped one:")
    results = run.results()["validation"]
    assert results == info.validation and results["images"] == 56 and results["chose_epoch"] is False
    assert results["accuracy"] == pytest.approx(figures["overall"]["accuracy"][0])
    assert run.about()["frequencies"] == figures["frequencies"]
    balanced = decide(run.predictions(), figures["frequencies"], "balanced")
    recalls = (balanced["truth"] == balanced["predicted"]).groupby(balanced["truth"]).mean()
    assert figures["overall"]["balanced_accuracy"][0] == pytest.approx(recalls.mean())


def test_the_shipped_network_saw_all_images_in_16_bits(made):
    workspace, making, figures, _, said = made
    info = read_model_info(making.out, "default")
    assert (info.split, info.flips, info.detail, info.training_images) == ("all", True, (64, 48), 56)
    assert info.frequencies == figures["frequencies"] and len(training_images(info)) == 56
    weights = load_file(making.out / "model.safetensors")
    assert {str(w.dtype) for w in weights.values()} == {"float16", "int64"}
    run = next(run for run in list_runs(workspace) if run.config() == making.recipe.final)
    assert (run.split()["part"] == "train").all() and not run.predictions_path.exists() and run.results() is None
    assert "No image was held out, so the network has no figures of its own." in run.status().notes
    row = next(event for event in run.events() if event["kind"] == "epoch")
    assert row["valid_loss"] is None and row["balanced_accuracy"] is None and row["train_loss"] > 0
    files = making.dataset.metadata()["file"][:4]
    half = Predictor(info)
    full = Predictor(dataclasses.replace(info, folder=run.model))
    images = [half.prepare(open_image(making.dataset.image_path(file), file)) for file in files]
    assert half.probabilities(images) == pytest.approx(full.probabilities(images), abs=0.01)
    shipped = read_json(making.out / "figures.json")["shipped"]
    assert 0 < shipped["half_precision_difference"] < 0.01
    assert sum("the largest difference of any probability is 0.00" in sentence for sentence in said) == 5


def test_an_estimate_without_held_out_images_judges_none(made):
    _, making, _, _, _ = made
    estimate = estimate_run(making.dataset, making.recipe.final, describe())
    assert estimate.parts["validation"] == estimate.parts["judging"] == 0 < estimate.parts["training"]


def test_the_answers_are_calibrated_means_over_flips(made):
    _, making, figures, info, _ = made
    image = open_image(making.dataset.image_path("IMG_0003.jpg"), "IMG_0003.jpg")
    plain = Predictor(dataclasses.replace(info, flips=False, temperature=1.0, frequencies=None))
    pixels = plain.prepare(image).copy()
    views = [pixels, pixels[:, ::-1], pixels[::-1], pixels[::-1, ::-1]]
    mean = plain.probabilities(views).mean(axis=0, keepdims=True)
    frequencies = np.array([figures["frequencies"][code] for code in CODES])
    expected = at_training_priors(mean, frequencies, info.loss) ** (1 / info.temperature)
    answer = Predictor(info)
    assert answer.probabilities([pixels])[0] == pytest.approx((expected / expected.sum())[0], abs=1e-6)
    assert answer.output(pixels)[0] == pytest.approx(answer.probabilities([pixels])[0], abs=1e-6)
    explained = answer.predict_and_explain(pixels[None], np.array([0]))
    assert explained.probabilities[0] == pytest.approx(answer.output(pixels)[0], abs=1e-6)


def test_the_card_tells_claims_items(made):
    _, making, _, _, _ = made
    card = (making.out / "card.md").read_text(encoding="utf-8")
    for sentence in (
        "Education only, not a medical device.", "show mostly light skin",
        "in cross-validation, its sibling networks called ", "of 8 melanoma lesions something else (95 % Wilson",
        "Skin type is not recorded: its performance on brown and black skin is unknown.",
        "Nails, mucosa and most non-pigmented lesions were not tested.", "It sees only seven diagnoses",
        "of the 17 `molemax` images 8 are nevi", "| Melanoma · mel | 8 | 8 |", "| modern | 39 | 39 |",
        "The recipe was chosen on one of the five folds, so these figures are a little too good.",
    ):
        assert sentence in card, sentence


def test_what_is_there_is_not_trained_again(made, tmp_path, monkeypatch, capfd):
    workspace, making, figures, _, _ = made
    before = {path: path.read_bytes() for path in making.out.rglob("*.parquet")}
    weights = (making.out / "model.safetensors").stat().st_mtime_ns
    elsewhere = Workspace(tmp_path / "elsewhere").create()
    make_dataset(elsewhere, tmp_path / "source", "renamed")
    monkeypatch.setenv("LESIONLAB_HOME", str(elsewhere.home))
    settings = [part for setting in TINY for part in ("--set", setting)]
    short = [part for setting in SHORT for part in ("--set-short", setting)]
    command = ["default-model", "--data", "renamed", "--out", str(making.out), *settings, *short]
    assert cli.main([*command, "--json"]) == 0
    assert list_runs(elsewhere) == []
    answer = json.loads(capfd.readouterr().out)
    assert answer["overall"]["accuracy"][0] == figures["overall"]["accuracy"][0]
    assert (making.out / "model.safetensors").stat().st_mtime_ns == weights
    folds = {path for path in before if path.parent.name in ("folds", "leakage")}
    assert all(path.read_bytes() == before[path] for path in folds)
    assert cli.main([*command, "--folds-only"]) == 0
    text = capfd.readouterr().out
    assert "balanced accuracy" in text and "at least 80.0 %" in text and "at most 0.030" in text


def test_another_recipe_is_trained_again(made, tmp_path):
    workspace, making, _, _, _ = made
    other = start_build(
        workspace, plan_recipe(workspace, "tiny", [*TINY, "label_smoothing=0.1"], SHORT), making.out, never, print
    )
    with pytest.raises(AssertionError, match="is trained although"):
        fold_predictions(other, 0)
    assert recipe_digest(other.recipe.folds[0]) != recipe_digest(making.recipe.folds[0])
    assert len({recipe_digest(config) for config in making.recipe.folds}) == 1
    usual = dataclasses.replace(making.recipe.folds[0], extra="e", extra_hash="f")
    unusual = dataclasses.replace(usual, data="x", data_hash="y", extra="w", fold=3, preset="z", keep_epochs=True)
    assert recipe_digest(unusual) == recipe_digest(usual) != recipe_digest(making.recipe.folds[0])
    assert recipe_digest(usual) != recipe_digest(dataclasses.replace(usual, extra_hash="g"))
    again = dataclasses.replace(usual, repeat=1)
    assert again.training_seed != usual.training_seed == again.seed and recipe_digest(again) != recipe_digest(usual)


def test_robustness_compares_with_the_files_as_they_are(made, capfd, monkeypatch):
    workspace, making, _, info, _ = made
    monkeypatch.setenv("LESIONLAB_HOME", str(workspace.home))
    folder = making.dataset.folder / "images"
    assert cli.main(["default-model", "--out", str(making.out), "--robustness", str(folder), "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found == read_json(making.out / "robustness.json")
    assert found["images"] == found["trained_on"] == 56 and [row["change"] for row in found["changes"]] == list(CHANGES)
    assert all(0 <= share <= 1 for row in found["changes"] for share in row["changed"].values())
    assert any(row["melanoma"] > 0 for row in found["changes"])
    assert "56 images, each as it is and changed" in (making.out / "card.md").read_text(encoding="utf-8")
    (making.out / "robustness.json").unlink()
    with pytest.raises(DataError, match=r"^There is no image to ask the model about"):
        robustness(info, [])
    uncalibrated = make_model(workspace, "plain", "efficientnet_lite0")
    with pytest.raises(DataError, match=r"^The model plain does not say how frequent"):
        robustness(uncalibrated, [next(folder.iterdir())])
