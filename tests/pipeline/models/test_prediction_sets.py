"""A model's prediction sets: from its run, from the bundled run, from an evaluation, or none, which is said."""

import dataclasses
import os
import shutil
import time

import numpy as np
import pytest

from pipeline.errors import ModelError
from pipeline.files.disk import read_json, write_json
from pipeline.inference.evaluation_plan import plan_evaluation
from pipeline.jobs.evaluating import create_evaluation
from pipeline.models.held_out import held_out, source_run
from pipeline.models.model_info import FoldNetwork, bundled_model, find_model, write_model_info
from pipeline.models.prediction_sets import NONE_FITS, PredictionSet, model_sets, set_sentences
from pipeline.models.recognition import Recognised
from pipeline.models.training_images import write_training_images
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import Status, write_status
from tests.hand_made import CODES
from tests.held_out_lesions import hold_out

CLOSING = "About 1 in 10 lesions of each diagnosis miss their own set; a set without melanoma rules nothing out."


def answer(**shares: float) -> np.ndarray:
    """(1, diagnoses) probabilities of one network; the rest is shared."""
    rest = (1 - sum(shares.values())) / (len(CODES) - len(shares))
    return np.array([[shares.get(code, rest) for code in CODES]])


def test_a_run_s_model_ranks_among_its_held_out_lesions(filled):
    workspace, _, run = filled
    hold_out(run, "validation", 19)
    sets = model_sets(workspace, find_model(workspace, run.name))
    assert set(sets.lesions().values()) == {19} and sets.held.decision == "as-data"
    # a diagnosis fits from the second lowest of 19 on, 2 / 20 = 0.1: its probability must exceed 0.1
    assert sets.of(answer(mel=0.5, nv=0.3)).codes == ("mel", "nv")
    assert sets.of(answer(nv=0.45, mel=0.16, bkl=0.12)).codes == ("nv", "mel", "bkl")
    assert sets.of(answer(nv=0.95)).codes == ("nv",)
    assert sets.held.origin.startswith("Ranked among the 133 lesions of its validation part. They chose its epoch too")


def test_a_held_out_image_is_not_ranked_among_its_own_lesion(filled):
    workspace, _, run = filled
    hold_out(run, "validation", 9)
    sets = model_sets(workspace, find_model(workspace, run.name))
    assert sets.of(answer(mel=0.5, nv=0.4)).undefined == ()
    found = sets.of(answer(mel=0.5, nv=0.4), name="mel_3")
    assert found == PredictionSet(("nv",), ("mel",))


def test_a_test_part_comes_first_and_too_few_lesions_are_said(filled):
    workspace, _, run = filled
    info = find_model(workspace, run.name)
    hold_out(run, "test", 12)
    assert held_out(workspace, info).origin == "Ranked among the 84 lesions of its test part."
    by_image = dataclasses.replace(info, split="random")
    assert "trained on other images of many of them: its sets are too" in held_out(workspace, by_image).origin
    with pytest.raises(ModelError, match=r"^The answers in .* are about other diagnoses than those of the model"):
        held_out(workspace, dataclasses.replace(info, classes=("mel", "nv")))
    table = hold_out(run, "test", 8)
    for few in (table, table.iloc[:0]):
        few.to_parquet(run.predictions_path, index=False)
        with pytest.raises(ModelError, match=r"^No diagnosis has 9 lesions that the model .* held out, the fewest"):
            model_sets(workspace, info)


def test_the_bundled_network_of_before_ranks_among_its_siblings_answers(filled, tmp_path, monkeypatch):
    workspace, _, trained = filled
    folder = tmp_path / "bundled"
    shutil.copytree(trained.folder, folder / "run", ignore=shutil.ignore_patterns("model"))
    write_model_info(dataclasses.replace(
        find_model(workspace, trained.name), folder=folder, split="all", frequencies=dict.fromkeys(CODES, 1 / 7)))
    run = RunDir(folder / "run")
    write_json(run.config_path, {**read_json(run.config_path), "kind": "bundled",
                                 "frequencies": dict.fromkeys(CODES, 1 / 7)})
    monkeypatch.setenv("LESIONLAB_BUNDLED", str(folder))
    hold_out(run, "validation", 9, folds=5)
    sets = model_sets(workspace, bundled_model())
    assert sets.of(answer(mel=0.5, nv=0.4)).codes == ("mel", "nv")
    assert "which sibling networks answered in cross-validation." in sets.held.origin


def _evaluated(workspace, dataset, info, lesions: int, folds: int = 0):
    run = create_evaluation(workspace, plan_evaluation(workspace, info.name, dataset.name))
    hold_out(run, "test", lesions, folds)
    now = time.time()
    write_status(run.status_path, Status("done", now, started=now, ended=now, fraction=1.0, doing="Done."))
    return run


@pytest.fixture
def imported(filled):
    """(workspace, data set, model): the run's model under another name, as a bundle brings it."""
    workspace, dataset, run = filled
    folder = workspace.models / "brought"
    folder.mkdir()
    trained = find_model(workspace, run.name)
    metadata = dataset.metadata()
    write_training_images(folder, metadata, metadata["image_id"].iloc[:40])
    info = dataclasses.replace(trained, name="brought", folder=folder, training_images=40)
    write_model_info(info)
    info.weights_path.write_bytes(b"weights")
    return workspace, dataset, info


def test_an_imported_model_has_none_until_it_was_judged_on_its_own_data(imported):
    workspace, dataset, info = imported
    with pytest.raises(ModelError, match="brings no answers to held-out lesions along. Judge it here on the data set"):
        model_sets(workspace, info)
    assert source_run(workspace, info) is None
    run = _evaluated(workspace, dataset, info, 9)
    assert model_sets(workspace, info).held.origin == f"Ranked among the 63 lesions that judged it in {run.name}."
    later = run.about()["created"] + 10
    os.utime(info.weights_path, (later, later))  # another model came under its name
    assert source_run(workspace, info) is None


def test_the_networks_of_a_cross_validation_pool_their_ranks(imported):
    workspace, dataset, info = imported
    metadata = dataset.metadata()
    info = dataclasses.replace(
        info, training_images=len(metadata), frequencies=dict.fromkeys(CODES, 1 / 7),
        folds=tuple(FoldNetwork(f"fold{k}.safetensors", "0" * 64, 1.0) for k in range(2)))
    write_model_info(info)
    listed = metadata.assign(fold=np.arange(len(metadata)) // 2 % 2.0, perceptual_hash="0" * 64)
    write_training_images(info.folder, listed, listed["image_id"])
    run = _evaluated(workspace, dataset, info, 18, folds=2)
    sets = model_sets(workspace, info)
    assert sets.held.origin.startswith("Each of its 2 networks ranks the image among the lesions that it was trained")
    both = np.concatenate([answer(mel=0.5, nv=0.3), answer(mel=0.01, nv=0.6)])
    scores = sets.scores
    own = [1 - scores.scores[(scores.folds == k) & (scores.truths == CODES.index("mel"))] for k in range(2)]
    p = (sum(own[0] <= 0.5) + sum(own[1] <= 0.01) + 1) / 19
    assert ("mel" in sets.of(both).codes) == (p > 0.1) and sets.of(both).codes[0] == "nv"
    one = sets.of(answer(mel=0.5, nv=0.3), recognised=Recognised("mel_1", "x", (), 0))
    assert "mel" in one.codes or "mel" in one.undefined
    assert sets.of(both, recognised=Recognised("mel_1", "x", ("mel_2",), None)) is None
    table = run.predictions()
    table.assign(fold=0).to_parquet(run.predictions_path, index=False)
    with pytest.raises(ModelError, match="not each network of the model brought answers lesions that it held out"):
        model_sets(workspace, info)


def test_a_set_in_words(filled):
    info = find_model(filled[0], filled[2].name)
    assert set_sentences(info, PredictionSet(("mel", "nv"), ()), "mel") == (
        f"The model does not separate: melanoma, melanocytic nevus. {CLOSING}")
    assert set_sentences(info, PredictionSet(("akiec",), ("df",)), "akiec") == (
        "Fits alone at this level: actinic keratosis or Bowen's disease. Of dermatofibroma the model held too few "
        f"lesions out to say. {CLOSING}")
    assert set_sentences(info, PredictionSet((), ()), "nv") == f"{NONE_FITS} {CLOSING}"
    without = dataclasses.replace(info, classes=("bcc", "nv"))
    said = set_sentences(without, PredictionSet(("nv",), ()), "nv")
    assert said.endswith("miss their own set; a set rules nothing out.")


def test_a_highest_probability_that_is_not_in_its_own_set_is_explained(filled):
    workspace, _, run = filled
    info = find_model(workspace, run.name)
    why = ("The highest probability, of melanocytic nevus, is low for that diagnosis: about 9 in 10 of its held-out "
           "lesions got a higher one.")
    assert set_sentences(info, PredictionSet(("mel",), ()), "nv") == (
        f"Fits alone at this level: melanoma. {why} {CLOSING}")
    for codes, undefined in ((("nv",), ()), ((), ()), (("mel",), ("nv",))):
        assert why not in set_sentences(info, PredictionSet(codes, undefined), "nv")
