"""The making of the bundled model, all of it on tiny images: folds that are kept, go on or are refused, and the box."""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from pipeline import cli
from pipeline.data.dataset import load_dataset
from pipeline.default_model import build as build_module
from pipeline.default_model.fold_explanations import read_explanations
from pipeline.default_model.fold_tables import read_predictions
from pipeline.default_model.folds import fold_path, fold_predictions, out_of_fold, start_build
from pipeline.default_model.recipe import plan_recipe, recipe_digest
from pipeline.default_model.robustness import CHANGES, robustness
from pipeline.errors import DataError, ModelError
from pipeline.explain.embedding_files import read_changed, read_flip_shares, read_neighbours, read_places
from pipeline.explain.perturb import NAMED
from pipeline.files.disk import read_json
from pipeline.files.workspace import Workspace
from pipeline.images.reading import open_image
from pipeline.inference.predict_data_set import prepared_images
from pipeline.inference.predictor import Predictor
from pipeline.jobs.job_worker import work
from pipeline.metrics.calibration import calibrated, fit_table_temperature
from pipeline.metrics.class_priors import at_training_priors
from pipeline.metrics.decisions import decide
from pipeline.metrics.predictions_table import probabilities_of
from pipeline.models.model_info import read_model_info
from pipeline.models.training_images import training_images
from pipeline.networks.device import describe
from pipeline.runs.labels import read_label
from pipeline.runs.plan import create, plan_config
from pipeline.runs.run_dir import RunDir, list_runs
from pipeline.runs.run_tables import read_heatmaps
from pipeline.training.estimate import estimate_run
from tests.hand_made import CODES
from tests.random_models import make_model
from tests.two_sources import LINEAR, SHORT, make_dataset, never


@pytest.fixture(scope="module")
def made(whole_making, tmp_path_factory):
    """(workspace, making, figures, info, sentences) of a model that was made from start to end; it trains no more."""
    place = Path(shutil.copytree(whole_making, tmp_path_factory.mktemp("default") / "all"))
    workspace = Workspace(place / "home")
    recipe = plan_recipe(workspace, "tiny", LINEAR, SHORT, lesson_folds=1)
    making = start_build(workspace, recipe, place / "out", never, print)
    said = (place / "said").read_text(encoding="utf-8").splitlines()
    return workspace, making, read_json(making.out / "figures.json"), read_model_info(making.out, "default"), said


def test_the_box_has_what_it_takes(made):
    _, making, _, _, _ = made
    files = {str(path.relative_to(making.out)) for path in making.out.rglob("*") if path.is_file()}
    assert files == {
        "model.json", "training_images.parquet", "card.md", "figures.json",
        *(f"fold{k}.safetensors" for k in range(5)),
        *(f"folds/fold{k}.{kind}" for k in range(5) for kind in ("parquet", "npz")),
        "leakage/lesion.parquet", "leakage/random.parquet",
        *(f"run/{name}" for name in (
            "config.json", "status.json", "label.json", "split.parquet", "predictions.parquet", "results.json",
            "heatmaps.npz", "neighbours.parquet", "map.parquet", "what_if.json", "what_if.npz",
        )),
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
    assert [network.temperature for network in info.folds] == [fold["temperature"] for fold in figures["folds"]]
    assert info.temperature == 1
    run = RunDir(making.out / "run").predictions().set_index("image_id")
    fold = calibrated(table[table["fold"] == 3], figures["folds"][3]["temperature"]).set_index("image_id")
    assert run.loc[fold.index, "p_mel"].to_numpy() == pytest.approx(fold["p_mel"].to_numpy(), abs=1e-6)
    assert (run.loc[fold.index, "predicted"] == fold["predicted"]).all()


def test_the_run_of_the_folds_reads_like_any_run(made):
    _, making, figures, info, _ = made
    run = RunDir(making.out / "run")
    assert run.status().state == "done" and run.config().preset == "strong"
    assert (run.split()["part"] == "validation").all()
    assert read_label(run).name == "default-out-of-fold"
    assert read_label(run).note.startswith("The five networks of the bundled model, each on the images that it had not")
    results = run.results()["validation"]
    assert results == info.validation and results["images"] == 56 and results["chose_epoch"] is False
    assert results["accuracy"] == pytest.approx(figures["overall"]["accuracy"][0])
    assert run.about()["frequencies"] == figures["frequencies"]
    balanced = decide(run.predictions(), figures["frequencies"], "balanced")
    recalls = (balanced["truth"] == balanced["predicted"]).groupby(balanced["truth"]).mean()
    assert figures["overall"]["balanced_accuracy"][0] == pytest.approx(recalls.mean())


def test_stored_answers_are_those_of_the_network_that_had_not_seen_the_image(made):
    _, making, figures, info, _ = made
    run = RunDir(making.out / "run").predictions()
    for fold, rows in run.groupby("fold"):
        network = Predictor(info.of_fold(fold))
        prepared = prepared_images(network, making.dataset)
        live = network.probabilities(np.stack([prepared(image_id) for image_id in rows["image_id"]]))
        assert probabilities_of(rows, info.classes) == pytest.approx(live, abs=1e-5)
    seen_by = training_images(info).set_index("image_id")["fold"]
    assert (seen_by[run["image_id"]].to_numpy() == run["fold"].to_numpy()).all() and len(seen_by) == 56
    assert run.groupby("lesion_id")["fold"].nunique().max() == 1
    assert sorted(run["fold"].unique()) == list(range(5)) and info.frequencies == figures["frequencies"]


def test_five_networks_are_shipped_in_16_bits(made):
    workspace, making, figures, info, said = made
    assert (info.split, info.flips, info.detail, info.training_images) == ("lesion", True, (64, 48), 56)
    for fold, network in enumerate(info.folds):
        path = making.out / network.weights
        assert network.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        weights = load_file(path)
        run = next(run for run in list_runs(workspace) if run.config() == making.recipe.folds[fold])
        trained = load_file(run.model / "model.safetensors")
        assert {str(of.dtype) for of in weights.values()} == {"float16", "int64"} and weights.keys() == trained.keys()
        assert all(np.allclose(weights[name], trained[name], rtol=1e-3, atol=1e-4) for name in weights)
    shipped = figures["shipped"]
    assert shipped["bytes"] == sum((making.out / network.weights).stat().st_size for network in info.folds)
    differences = [read_predictions(fold_path(making.out, k))[1].half_precision_difference for k in range(5)]
    assert 0 < shipped["half_precision_difference"] == max(differences) < 0.01
    assert sum("the largest difference of any probability is 0.00" in sentence for sentence in said) == 5


def test_the_run_has_what_its_pages_show(made):
    _, making, _, info, _ = made
    run = RunDir(making.out / "run")
    folds = [read_explanations(fold_path(making.out, k).with_suffix(".npz")) for k in range(5)]
    heatmaps, changed, table = read_heatmaps(run.heatmaps_path), read_changed(run.changed_path), run.predictions()
    assert heatmaps.row.keys() == changed.row.keys() == set(table["image_id"])
    for network, of in zip(info.folds, folds, strict=True):
        rows = [heatmaps.row[image_id] for image_id in of.image_id]
        assert (heatmaps.predicted[rows] == of.predicted).all() and (heatmaps.truth[rows] == of.truth).all()
        for place, image_id in enumerate(of.image_id):
            for number, (name, shares) in enumerate(changed.of(image_id).items()):
                assert name == of.change[number]
                expected = of.changed[place, number].astype(float) ** (1 / network.temperature)
                assert shares.astype(float) == pytest.approx(expected / expected.sum(), abs=1e-3)
    shares = read_flip_shares(run.what_if_path)
    assert shares.keys() == NAMED.keys() and {share["lesions"] for share in shares.values()} == {56}
    answers = table.set_index("image_id")  # here each lesion has one image
    for name, share in shares.items():
        flips = {answers.at[image_id, "lesion_id"] for image_id in answers.index
                 if info.classes[int(changed.of(image_id)[name].argmax())] != answers.at[image_id, "predicted"]}
        assert set(share["flipped"]) == flips
    neighbours = read_neighbours(run.neighbours_path)
    fold_of = answers["fold"]
    assert set(neighbours["image_id"]) == set(answers.index) and set(neighbours["rank"]) == {1, 2, 3, 4}
    assert (fold_of[neighbours["image_id"]].to_numpy() != fold_of[neighbours["neighbour"]].to_numpy()).all()
    assert ((neighbours["kind"] == "same").to_numpy()
            == (answers["truth"][neighbours["image_id"]].to_numpy() == neighbours["dx"].to_numpy())).all()


def test_folds_of_another_version_are_asked_again_on_demand(made, monkeypatch):
    _, making, _, _, _ = made
    monkeypatch.setattr(build_module, "NAMED", {**NAMED, "upside-down": NAMED["rotate-180"]})
    with pytest.raises(ModelError, match=r"fold0\.npz has answers to other changes of the pictures than this version"):
        build_module.cross_validate(making, resamples=2)


def test_each_network_has_a_map_of_its_own_on_the_page(made):
    _, making, _, _, _ = made
    run = RunDir(making.out / "run")
    places = read_places(run.map_path).merge(run.predictions()[["image_id", "fold"]], on="image_id")
    assert len(places) == 56
    bounds = {fold: (of["x"].min(), of["x"].max(), of["y"].min(), of["y"].max()) for fold, of in places.groupby("fold")}
    for one, (left, right, low, high) in bounds.items():
        for other, (its_left, its_right, its_low, its_high) in bounds.items():
            assert one == other or right < its_left or its_right < left or high < its_low or its_high < low


def test_a_training_on_all_images_has_no_figures(made):
    workspace, _, _, _, _ = made
    config = plan_config(workspace, "tiny", "strong", [*LINEAR, "split=all"])
    run = create(workspace, config)
    assert work(run, workspace).state == "done"
    assert (run.split()["part"] == "train").all() and not run.predictions_path.exists() and run.results() is None
    assert "No image was held out, so the network has no figures of its own." in run.status().notes
    row = next(event for event in run.events() if event["kind"] == "epoch")
    assert row["valid_loss"] is None and row["balanced_accuracy"] is None and row["train_loss"] > 0
    estimate = estimate_run(load_dataset(workspace, "tiny"), config, describe())
    assert estimate.parts["validation"] == estimate.parts["judging"] == 0 < estimate.parts["training"]


def test_the_answers_are_calibrated_means_over_flips(made):
    _, making, figures, info, _ = made
    info = info.of_fold(2)
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
        "of 8 melanoma lesions something else (95 % Wilson", "A new image gets the mean of their probabilities.",
        "- Networks: 5 × EfficientNet-Lite0 with a linear head, those of one cross-validation; input 32×32",
        "Skin type is not recorded: its performance on brown and black skin is unknown.",
        "Nails, mucosa and most non-pigmented lesions were not tested.", "It sees only seven diagnoses",
        "of the 17 `molemax` images 8 are nevi", "| Melanoma · mel | 8 | 8 |", "| modern | 39 | 39 |",
        "The recipe was chosen on one of the five folds, so these figures are a little too good.",
    ):
        assert sentence in card, sentence
    assert "sibling" not in card.lower()


def test_what_is_there_is_not_trained_again(made, tmp_path, monkeypatch, capfd):
    workspace, making, figures, _, _ = made
    before = {path: path.read_bytes() for path in making.out.rglob("*.parquet")}
    weights = {path: path.stat().st_mtime_ns for path in making.out.glob("fold*.safetensors")}
    elsewhere = Workspace(tmp_path / "elsewhere").create()
    make_dataset(elsewhere, tmp_path / "source", "renamed")
    monkeypatch.setenv("LESIONLAB_HOME", str(elsewhere.home))
    settings = [part for setting in LINEAR for part in ("--set", setting)]
    short = [part for setting in SHORT for part in ("--set-short", setting)]
    command = ["default-model", "--data", "renamed", "--out", str(making.out), "--lesson-folds", "1", *settings, *short]
    assert cli.main([*command, "--json"]) == 0
    assert list_runs(elsewhere) == []
    answer = json.loads(capfd.readouterr().out)
    assert answer["overall"]["accuracy"][0] == figures["overall"]["accuracy"][0]
    assert {path: path.stat().st_mtime_ns for path in weights} == weights and len(weights) == 5
    folds = {path for path in before if path.parent.name in ("folds", "leakage")}
    assert all(path.read_bytes() == before[path] for path in folds)
    assert cli.main([*command, "--lesson", "--json"]) == 0 and list_runs(elsewhere) == []
    lesson = json.loads(capfd.readouterr().out)
    held_out = [set(read_predictions(making.out / "leakage" / f"{split}.parquet")[0]["image_id"])
                for split in ("lesion", "random")]
    assert lesson["images"] == len(held_out[0] & held_out[1])
    assert list(lesson["figures"]) == ["melanoma_sensitivity", "balanced_accuracy", "accuracy"]
    assert cli.main([*command, "--folds-only"]) == 0
    text = capfd.readouterr().out
    assert "balanced accuracy" in text and "at least 80.0 %" in text and "at most 0.020" in text
    assert "nevi called melanoma" in text and "at most 15.0 %" in text


def test_another_recipe_is_trained_again(made, tmp_path):
    workspace, making, _, _, _ = made
    other = start_build(
        workspace, plan_recipe(workspace, "tiny", [*LINEAR, "label_smoothing=0.1"], SHORT), making.out, never, print
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
    command = ["default-model", "--data", "tiny", "--out", str(making.out), "--robustness", str(folder), "--json"]
    assert cli.main(command) == 0
    found = json.loads(capfd.readouterr().out)
    assert found == read_json(making.out / "robustness.json")
    assert found["images"] == found["trained_on"] == 56 and [row["change"] for row in found["changes"]] == list(CHANGES)
    assert all(0 <= share <= 1 for row in found["changes"] for share in row["changed"].values())
    assert any(row["melanoma"] > 0 for row in found["changes"])
    assert "56 images, each as it is and changed" in (making.out / "card.md").read_text(encoding="utf-8")
    (making.out / "robustness.json").unlink()
    with pytest.raises(DataError, match=r"^There is no image to ask the model about"):
        robustness(workspace, info, [])
    uncalibrated = make_model(workspace, "plain", "efficientnet_lite0")
    with pytest.raises(DataError, match=r"^The model plain does not say how frequent"):
        robustness(workspace, uncalibrated, [next(folder.iterdir())])
