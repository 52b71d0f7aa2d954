"""One fold of the bundled model: the network as it is shipped, its answers, what it gives beside them, and when it is
made again."""

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from pipeline import cli
from pipeline.data.importing import import_dataset
from pipeline.default_model.fold_explanations import NEAREST, read_explanations, write_explanations
from pipeline.default_model.fold_tables import read_predictions
from pipeline.default_model.folds import fold_path, fold_predictions, start_build
from pipeline.default_model.recipe import plan_recipe, recipe_digest
from pipeline.errors import WorkspaceError
from pipeline.explain.neighbours import nearest_lesions
from pipeline.explain.perturb import NAMED, perturb
from pipeline.files.workspace import Workspace
from pipeline.inference.predict_data_set import prepared_images
from pipeline.inference.predictor import Predictor
from pipeline.jobs.job_worker import work
from pipeline.metrics.predictions_table import class_indices, probabilities_of
from pipeline.models.model_info import read_model_info
from pipeline.runs.run_dir import list_runs
from tests.hand_made import image_bytes
from tests.two_sources import LINEAR, SHORT, make_dataset, never

SETTINGS = [*LINEAR, "extra=more"]
FOLD = 1


def make_extra(workspace, folder):
    """Nine images of three diagnoses of another data set, one of them an image of "tiny" under another name."""
    folder.mkdir()
    rows = []
    for number, code in enumerate(("mel", "nv", "bkl") * 3):
        same = number == 8
        (folder / f"MORE_{number}.jpg").write_bytes(image_bytes(3 if same else 100 + number, generated=False))
        rows.append((f"MORE_L{number}", f"MORE_{number}", code, "histo", 40, "female", "back", "elsewhere"))
    columns = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization", "dataset"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "HAM10000_metadata.csv", index=False)
    return import_dataset(workspace, folder, "more")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(workspace, build, table) of a fold that was trained with extra images; it trains no more."""
    place = tmp_path_factory.mktemp("fold")
    workspace = Workspace(place / "home").create()
    make_dataset(workspace, place / "source")
    make_extra(workspace, place / "more")
    recipe = plan_recipe(workspace, "tiny", SETTINGS, SHORT)
    build = start_build(workspace, recipe, place / "out", lambda run: work(run, workspace), print)
    table = fold_predictions(build, FOLD)
    return workspace, dataclasses.replace(build, train=never), table


def the_network(workspace, build) -> Predictor:
    """The fold's network from its shipped weights, at the data's frequencies."""
    path = fold_path(build.out, FOLD)
    [run] = list_runs(workspace)
    info = dataclasses.replace(
        read_model_info(run.model, "tiny"), folder=path.parent, weights_file=f"fold{FOLD}.safetensors",
        frequencies=read_predictions(path)[1].frequencies,
    )
    return Predictor(info)


def test_the_table_is_what_the_shipped_network_says(made):
    workspace, build, table = made
    origin = read_predictions(fold_path(build.out, FOLD))[1]
    weights = load_file(fold_path(build.out, FOLD).with_suffix(".safetensors"))
    assert {str(of.dtype) for of in weights.values()} == {"float16", "int64"}
    network = the_network(workspace, build)
    prepared = prepared_images(network, build.dataset)
    images = np.stack([prepared(image_id) for image_id in table["image_id"]])
    assert probabilities_of(table, network.info.classes) == pytest.approx(network.probabilities(images), abs=1e-6)
    assert 0 < origin.half_precision_difference < 0.01 and origin.fold == FOLD and origin.seconds > 0
    assert origin.config["seed"] == 0 and origin.config["head"] == "linear" and "torch" in origin.versions


def test_extra_images_are_part_of_the_recipe_and_counted(made):
    workspace, build, _ = made
    origin = read_predictions(fold_path(build.out, FOLD))[1]
    [run] = list_runs(workspace)
    joined = run.extra().loc[lambda of: of["left_out"].isna(), "image_id"].tolist()
    assert 0 < len(joined) < 9 and origin.extra.images == len(joined) and sum(origin.extra.left_out.values()) > 0
    assert origin.extra.data_hash == origin.config["extra_hash"] == build.recipe.folds[FOLD].extra_hash
    assert read_explanations(fold_path(build.out, FOLD).with_suffix(".npz")).extra.tolist() == sorted(joined)
    without = plan_recipe(workspace, "tiny", [*SETTINGS[:-1], "extra=none"], SHORT)
    assert recipe_digest(without.folds[FOLD]) != origin.recipe == recipe_digest(build.recipe.folds[FOLD])


def test_what_the_network_gives_beside_its_answers(made):
    workspace, build, table = made
    found = read_explanations(fold_path(build.out, FOLD).with_suffix(".npz"))
    network, metadata = the_network(workspace, build), build.dataset.metadata()
    prepared = prepared_images(network, build.dataset)
    assert found.image_id.tolist() == sorted(table["image_id"]) == table["image_id"].tolist()
    images = np.stack([prepared(image_id) for image_id in found.image_id])
    explained = network.predict_and_explain(images, class_indices(table["truth"], network.info.classes))
    assert found.predicted.astype(float) == pytest.approx(explained.predicted, rel=1e-2, abs=1e-6)
    assert found.truth.astype(float) == pytest.approx(explained.truth, rel=1e-2, abs=1e-6)
    assert found.change.tolist() == list(NAMED) and found.predicted.max() > 0
    for place, (_, change) in enumerate(NAMED.values()):
        changed = network.probabilities(np.stack([perturb(image, change) for image in images]))
        assert found.changed[:, place].astype(float) == pytest.approx(changed, abs=1e-3)
    mine = network.embedding(images)
    assert found.embedding.shape == (len(images), min(len(images), 64))
    apart = np.linalg.norm(found.embedding[0].astype(float) - found.embedding[1:].astype(float), axis=1)
    centred = mine.astype(float) - mine.mean(0)
    assert apart == pytest.approx(np.linalg.norm(centred[0] - centred[1:], axis=1), rel=0.05, abs=0.01)
    training = metadata[~metadata["image_id"].isin(found.image_id)].reset_index(drop=True)
    theirs = network.embedding(np.stack([prepared(image_id) for image_id in training["image_id"]]))
    queries = table.rename(columns={"truth": "dx"})
    expected = nearest_lesions(queries, mine, training, theirs, NEAREST)
    neighbours = found.neighbours(build.dataset)
    pd.testing.assert_frame_equal(
        neighbours.drop(columns="similarity"), expected.drop(columns="similarity"), check_dtype=False)
    assert neighbours["similarity"].to_numpy() == pytest.approx(expected["similarity"].to_numpy(), abs=1e-3)
    assert not set(neighbours["neighbour"]) & set(found.image_id)


def test_a_fold_is_made_again_where_a_file_of_it_is_gone_or_another(made, tmp_path):
    workspace, build, table = made
    said: list[str] = []
    build = dataclasses.replace(build, out=shutil.copytree(build.out, tmp_path / "out"), say=said.append)
    path = fold_path(build.out, FOLD)
    before = {of: of.read_bytes() for of in path.parent.iterdir()}
    assert fold_predictions(build, FOLD)["p_mel"].equals(table["p_mel"]) and len(said) == 1
    for suffix in (".safetensors", ".npz"):
        path.with_suffix(suffix).write_bytes(b"others")
        fold_predictions(build, FOLD)  # the run is here, so that nothing is trained
        assert any(f"fold{FOLD}{suffix} is not the one that" in sentence for sentence in said)
        assert {of: of.read_bytes() for of in before} == before
    path.with_suffix(".npz").unlink()
    fold_predictions(build, FOLD)
    assert {of: of.read_bytes() for of in before} == before


def test_the_command_makes_one_fold_and_keeps_it(made, tmp_path, monkeypatch, capfd):
    workspace, build, table = made
    monkeypatch.setenv("LESIONLAB_HOME", str(workspace.home))
    settings = [part for setting in SETTINGS for part in ("--set", setting)]
    command = ["default-model", "--data", "tiny", "--fold", str(FOLD), "--out", str(tmp_path / "out"), *settings]
    for _ in range(2):
        assert cli.main([*command, "--json"]) == 0
        assert json.loads(capfd.readouterr().out) == {"fold": FOLD, "images": len(table)}
    assert len(list_runs(workspace)) == 1  # the run of this very recipe was there
    assert {of.name: of.read_bytes() for of in (tmp_path / "out" / "folds").iterdir()} == {
        of.name: of.read_bytes() for of in (build.out / "folds").iterdir()}


def test_explanations_that_do_not_belong_together_are_refused(made, tmp_path):
    _, build, _ = made
    found = read_explanations(fold_path(build.out, FOLD).with_suffix(".npz"))
    for name in ("predicted", "embedding", "changed", "change"):
        write_explanations(tmp_path / "one.npz", found._replace(**{name: getattr(found, name)[1:]}))
        with pytest.raises(WorkspaceError, match=r"one\.npz is damaged: its arrays are not of the same images\."):
            read_explanations(tmp_path / "one.npz")
