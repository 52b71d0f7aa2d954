"""The notice word for word, and which images a model refuses."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.models.model_info import FoldNetwork, ModelInfo
from pipeline.models.notice import notice, refusal, weighing

SEVEN = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
TESTED = {"melanoma": {"lesions": 123, "called_else": 61, "low": 0.40904, "high": 0.58296}}


def _info(classes=SEVEN, validation=None, generated=False):
    return ModelInfo(
        name="ham-quick-1", folder=Path("model"), classes=classes, run="ham-quick-1", data="ham", data_hash="h",
        generated=generated, arch="resnet18", weights="random", width=64, height=48, resize="squish", normalize=True,
        loss="cross_entropy",
        training_images=8000, training_lesions=6000, split="lesion", validation=validation, created=1.0,
        licence="CC BY-NC 4.0", attribution="Tschandl 2018",
    )


def test_the_notice_word_for_word():
    assert notice(_info(validation=TESTED)) == (
        "Education only, not a medical device. The model can only choose among the 7 diagnoses that it was trained "
        "on. A low melanoma probability does not rule melanoma out: in validation it called 61 of 123 melanoma "
        "lesions something else (95 % Wilson interval 40.9 % to 58.3 %). Do not delay seeing a doctor because of this "
        "output."
    )


def test_of_a_cross_validations_networks_it_says_who_judged():
    folds = tuple(FoldNetwork(f"fold{fold}.safetensors", "0" * 64, 1.0) for fold in range(5))
    assert (
        "does not rule melanoma out: in cross-validation its networks, each on lesions that it was trained without, "
        "called 61 of 123 melanoma lesions something else (95 % Wilson interval 40.9 % to 58.3 %)."
    ) in notice(replace(_info(validation=TESTED), folds=folds))


@pytest.mark.parametrize(
    "validation", [None, {}, {"melanoma": None}, {"melanoma": {"lesions": 0, "called_else": 0, "low": None}}]
)
def test_a_model_that_was_not_tested_on_melanoma_says_so(validation):
    assert notice(_info(validation=validation)) == (
        "Education only, not a medical device. The model can only choose among the 7 diagnoses that it was trained "
        "on. A low melanoma probability does not rule melanoma out: the model was not tested on melanoma. Do not "
        "delay seeing a doctor because of this output."
    )


def test_a_model_that_does_not_know_melanoma_says_so():
    assert notice(_info(classes=("bcc", "nv"), validation={"melanoma": None})) == (
        "Education only, not a medical device. The model can only choose among the 2 diagnoses that it was trained "
        "on. Melanoma is not one of them: no output of this model can name melanoma or rule it out. Do not delay "
        "seeing a doctor because of this output."
    )


def test_none_missed_is_still_a_count_with_an_interval():
    perfect = {"melanoma": {"lesions": 24, "called_else": 0, "low": 0.0, "high": 0.13797}}
    expected = "called 0 of 24 melanoma lesions something else (95 % Wilson interval 0.0 % to 13.8 %)."
    assert expected in notice(_info(validation=perfect))


def test_a_model_of_generated_images_refuses_a_real_one():
    assert refusal(_info(generated=True), image_is_generated=False) == (
        "The model ham-quick-1 was trained on generated drawings, so its output for an image that is not generated "
        "would mean nothing."
    )


def test_a_model_of_real_images_refuses_a_generated_one():
    assert refusal(_info(), image_is_generated=True) == (
        "This image is generated – not for learning dermoscopy, and the model ham-quick-1 was trained on real images, "
        "so its output would mean nothing."
    )


@pytest.mark.parametrize("generated", [True, False])
def test_like_is_admitted_to_like(generated):
    assert refusal(_info(generated=generated), image_is_generated=generated) is None


def test_the_weighing_says_which_frequencies_the_probabilities_assume():
    assert weighing(_info()).endswith("as frequent as in its training images.")
    assert "weigh all diagnoses alike" in weighing(replace(_info(), loss="balanced_softmax"))
