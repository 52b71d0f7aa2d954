"""Means of models and of flips: equal to a mean by hand, made of what fits together, and clear when a member goes."""

import dataclasses
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline import cli
from pipeline.data.importing import import_dataset
from pipeline.errors import DataError, ModelError
from pipeline.inference.classifier import open_classifier
from pipeline.inference.evaluation_plan import plan_evaluation
from pipeline.inference.predictor import Predictor
from pipeline.jobs.evaluating import create_evaluation
from pipeline.jobs.job_worker import work
from pipeline.models.card import model_card
from pipeline.models.combined import combine, members_of, members_sentence
from pipeline.models.decided_output import model_priors
from pipeline.models.library import delete_model
from pipeline.models.model_info import find_model, write_model_info
from pipeline.models.training_images import training_images, write_training_images
from pipeline.networks.overlay import enlarge
from pipeline.runs.run_dir import find_run
from tests.hand_made import CODES
from tests.random_models import make_model

FREQUENCIES = dict(zip(CODES, (0.03, 0.05, 0.11, 0.01, 0.11, 0.67, 0.02), strict=True))
OTHERS = dict(zip(CODES, (0.1, 0.1, 0.2, 0.1, 0.2, 0.2, 0.1), strict=True))


def _model(workspace, name, arch, images=("A1", "A2"), **changes):
    """A model with random weights that says which images it was trained on."""
    info = make_model(workspace, name, arch, training_images=len(images), training_lesions=len(images), **changes)
    lesions, hashes = [f"L{i}" for i in images], [i * 32 for i in images]
    table = pd.DataFrame({"image_id": images, "lesion_id": lesions, "sha256": hashes})
    write_training_images(info.folder, table, table["image_id"])
    return info


@pytest.fixture
def two(workspace):
    """Two models: one at its data's frequencies with an input of its own, one that weighs all diagnoses alike."""
    a = _model(workspace, "a", "efficientnet_lite0", frequencies=FREQUENCIES)
    b = _model(workspace, "b", "efficientnet_lite0", ("A2", "B1"), width=96, height=72, loss="balanced_softmax",
               training_frequencies=OTHERS)
    return workspace, a, b


def _images(n=3):
    rng = np.random.default_rng(5)
    return [Image.fromarray(rng.integers(0, 255, (90 + 7 * k, 120, 3), dtype=np.uint8)) for k in range(n)]


def test_flips_are_the_mean_over_four_views_by_hand(workspace):
    single = _model(workspace, "a", "efficientnet_lite0", frequencies=FREQUENCIES)
    info = combine(workspace, "a-flips", ["a"], flips=True)
    classifier, plain, images = open_classifier(workspace, info), Predictor(single), _images()
    seen = [plain.prepare(image) for image in images]
    views = [seen, [s[:, ::-1] for s in seen], [s[::-1] for s in seen], [s[::-1, ::-1] for s in seen]]
    by_hand = np.mean([plain.probabilities([v.copy() for v in view]) for view in views], axis=0)
    got = classifier.probabilities([classifier.prepare(image) for image in images])
    assert np.allclose(got, by_hand, atol=1e-6) and got.dtype == np.float32
    assert np.abs(got - plain.probabilities(seen)).max() > 1e-3  # the flips do change it


def test_a_mean_of_models_is_the_mean_at_one_set_of_frequencies_by_hand(two):
    workspace, a, b = two
    info = combine(workspace, "both", ["a", "b"], flips=False)
    classifier, images = open_classifier(workspace, info), _images()
    common = np.array([(FREQUENCIES[code] + OTHERS[code]) / 2 for code in CODES])
    of_a, of_b = (one.probabilities([one.prepare(image) for image in images]) for one in (Predictor(a), Predictor(b)))
    of_a = of_a / np.array([FREQUENCIES[code] for code in CODES]) * common  # at its own frequencies
    of_b = of_b * common  # at equal ones
    by_hand = np.mean([of / of.sum(1, keepdims=True) for of in (of_a, of_b)], axis=0)
    got = classifier.probabilities([classifier.prepare(image) for image in images])
    assert np.allclose(got, by_hand, atol=1e-6) and np.allclose(got.sum(1), 1, atol=1e-6)
    assert info.frequencies == pytest.approx(dict(zip(CODES, common, strict=True)))


def test_members_that_weigh_diagnoses_alike_have_a_mean_that_does(two):
    workspace, _, b = two
    info = combine(workspace, "b-flips", ["b"], flips=True)
    assert (info.loss, info.frequencies) == ("balanced_softmax", None)
    images, four = _images(), Predictor(dataclasses.replace(b, flips=True))
    got = open_classifier(workspace, info).probabilities([np.asarray(image) for image in images])
    assert np.allclose(got, four.probabilities([four.prepare(i) for i in images]), atol=1e-6)
    assert model_priors(workspace, info) == pytest.approx(OTHERS)
    other = _model(workspace, "c", "efficientnet_lite0", loss="weighted", training_frequencies=OTHERS)
    both = combine(workspace, "bc", ["b", "c"], flips=False)
    classifier, own = open_classifier(workspace, both), [Predictor(b), Predictor(other)]
    at_data = [one.probabilities([one.prepare(i) for i in images]) * np.array(list(OTHERS.values())) for one in own]
    mean = np.mean([of / of.sum(1, keepdims=True) for of in at_data], axis=0) / np.array(list(OTHERS.values()))
    got = classifier.probabilities([classifier.prepare(image) for image in images])
    assert np.allclose(got, mean / mean.sum(1, keepdims=True), atol=1e-6)
    assert members_sentence(both).endswith("training frequencies, and then weigh all diagnoses alike, as theirs do.")


def test_its_heatmap_is_the_mean_on_the_finest_grid(two):
    workspace, a, b = two
    classifier = open_classifier(workspace, combine(workspace, "both", ["a", "b"], flips=False))
    image = _images(1)[0]
    seen = classifier.prepare(image)
    shares, features, each = classifier.output(seen)
    assert (each == shares).all() and len(each) == 1  # members are not networks of one cross-validation
    heat = [one.explain(one.prepare(image), "mel") for one in (Predictor(a), Predictor(b))]
    assert heat[0].shape == (2, 2) and heat[1].shape == (3, 3)
    by_hand = (enlarge(heat[0], 3, 3) + heat[1]) / 2
    assert np.allclose(classifier.explain(seen, "mel", features), by_hand, atol=1e-5)
    judged, predicted, true = classifier.predict_and_explain([seen], np.array([CODES.index("mel")]))
    assert np.allclose(judged[0], shares) and np.allclose(true[0], by_hand, atol=1e-5)
    assert np.allclose(predicted[0], classifier.explain(seen, CODES[int(shares.argmax())], features), atol=1e-5)


def test_it_knows_all_that_its_members_learnt(two):
    workspace, a, b = two
    info = combine(workspace, "both", ["a", "b"], flips=False)
    assert training_images(info)["image_id"].tolist() == ["A1", "A2", "B1"]
    assert (info.training_images, info.arch, info.data) == (3, "Mean of 2 networks", "none")
    assert members_sentence(info) == (
        "The mean of 2 models: a, b. Their probabilities are averaged at the mean of their training frequencies.")
    card = model_card(workspace, info)
    assert "# Model card: both" in card and "The mean of 2 models: a, b." in card and "Education only" in card


def _refused(workspace, sentence, name, members, flips=False):
    with pytest.raises(ModelError, match=f"^{re.escape(sentence)}"):
        combine(workspace, name, members, flips)
    assert not (workspace.models / name).exists()


def test_what_does_not_fit_together_is_refused(two):
    workspace, a, b = two
    _model(workspace, "few", "efficientnet_lite0", classes=("mel", "nv"))
    _model(workspace, "real", "efficientnet_lite0", generated=False)
    _model(workspace, "cropped", "efficientnet_lite0", resize="crop")
    make_model(workspace, "silent", "efficientnet_lite0", frequencies=FREQUENCIES)
    _refused(workspace, "A mean is of 2 to 5 models, not of 1. One model alone can be averaged over flips: --flips.",
             "x", ["a"])
    _refused(workspace, "A mean is of 2 to 5 models, not of 6.", "x", ["a", "b", "few", "real", "cropped", "silent"])
    _refused(workspace, "A model is named twice. Name each once.", "x", ["a", "a"])
    _refused(workspace, "The models a and few do not choose among the same diagnoses: akiec, bcc, bkl, df, mel, nv, "
             "vasc, and mel, nv.", "x", ["a", "few"])
    _refused(workspace, "Of a and real one was trained on drawings and one on real images.", "x", ["a", "real"])
    _refused(workspace, "The models a and cropped see other parts of an image", "x", ["a", "cropped"])
    _refused(workspace, "The model silent does not say which images it was trained on", "x", ["a", "silent"])
    combine(workspace, "both", ["a", "b"], flips=False)
    _refused(workspace, "The model both is a mean of models itself. Name its members instead.", "x", ["a", "both"])
    with pytest.raises(ModelError, match="A model has the name both already"):
        combine(workspace, "both", ["a", "b"], False)


def test_a_member_that_is_gone_or_another_is_named(two):
    workspace, a, b = two
    info = combine(workspace, "both", ["a", "b"], flips=False)
    (a.folder / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(ModelError, match="^The member a of the model both has other weights than when they were com"):
        members_of(workspace, info)
    delete_model(workspace, "a")
    sentence = "The model both needs its member a, which is not here (any more). Restore a, or combine others."
    with pytest.raises(ModelError, match=f"^{re.escape(sentence)}$"):
        open_classifier(workspace, info)


def test_on_the_command_line_its_shared_held_out_images_judge_it(trained, workspace, tiny_set, capfd):
    home, run = trained
    shutil.copytree(home.home, workspace.home, dirs_exist_ok=True)
    assert cli.main(["models", "combine", "tiny-flips", run.name, "--flips"]) == 0
    assert "The mean of the model tiny-demo-1 over the image and its three flips" in capfd.readouterr().out
    assert cli.main(["evaluate", "tiny-flips"]) == 0  # its members' data set
    judged = find_run(workspace, "tiny-flips-on-tiny-1")
    split = run.split()
    assert set(judged.predictions()["image_id"]) == set(split.loc[split["part"] != "train", "image_id"])
    info = find_model(workspace, "tiny-flips")
    assert info.validation == judged.results()["test"] and info.validation["chose_epoch"]
    assert cli.main(["export", "tiny-flips", "--format", "onnx", str(workspace.home)]) == 1
    assert "The model tiny-flips is a mean and has no weights of its own. Export its members: tiny-demo-1." in (
        capfd.readouterr().err)
    image = next((tiny_set / "images").iterdir())
    assert cli.main(["predict", "--model", "tiny-flips", str(image), "--json"]) == 0
    assert '"probabilities"' in capfd.readouterr().out


def test_members_that_left_out_different_lesions_share_no_image(trained, workspace, tiny_set):
    home, run = trained
    shutil.copytree(home.home, workspace.home, dirs_exist_ok=True)
    other = find_model(workspace, run.name)
    metadata = import_dataset(workspace, tiny_set, "tiny").metadata()
    split = run.split()
    folder = workspace.models / "other-fold"
    shutil.copytree(other.folder, folder)
    learnt = split.loc[split["part"] != "train", "image_id"]
    write_training_images(folder, metadata, learnt)
    write_model_info(dataclasses.replace(other, name="other-fold", folder=folder, training_images=len(learnt)))
    combine(workspace, "both", [run.name, "other-fold"], flips=False)
    with pytest.raises(DataError, match=r"^The model both was trained on every lesion of the data set tiny \(84 ima"):
        plan_evaluation(workspace, "both", "tiny")


def test_an_evaluation_whose_member_went_away_fails_in_words(trained, workspace):
    home, run = trained
    shutil.copytree(home.home, workspace.home, dirs_exist_ok=True)
    combine(workspace, "tiny-flips", [run.name], flips=True)
    judged = create_evaluation(workspace, plan_evaluation(workspace, "tiny-flips", "tiny"))
    shutil.rmtree(workspace.runs / run.name)
    status = work(judged, workspace)
    assert status.state == "failed" and "The model tiny-flips needs its member tiny-demo-1" in status.error
