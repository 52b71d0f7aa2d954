"""The images to guess: a mix that gives nothing away, the same for everybody."""

import numpy as np
import pandas as pd
import pytest

from pipeline.metrics.quiz import draw_quiz

CODES = ("bcc", "mel", "nv")


@pytest.fixture
def predictions():
    """90 images of 45 lesions, mostly nevi; every seventh is called something else."""
    truth = [CODES[2 if lesion % 5 else lesion // 5 % 2] for lesion in range(45) for _ in range(2)]
    predicted = [CODES[(CODES.index(t) + 1) % 3] if image % 7 == 0 else t for image, t in enumerate(truth)]
    return pd.DataFrame({
        "image_id": [f"i{n:02d}" for n in range(90)], "lesion_id": [f"L{n // 2}" for n in range(90)],
        "truth": truth, "predicted": predicted, "loss": np.linspace(3, 0, 90),
    })


def test_every_diagnosis_gives_right_ones_and_its_highest_losses(predictions):
    drawn = draw_quiz(predictions, 6, seed=0)
    right = drawn["truth"] == drawn["predicted"]
    assert sorted(drawn["truth"][right]) == sorted(drawn["truth"][~right]) == list(CODES)
    wrong = predictions[predictions["truth"] != predictions["predicted"]]
    assert set(drawn["image_id"][~right]) == set(wrong.groupby("truth")["loss"].idxmax().map(predictions["image_id"]))


def test_the_order_is_mixed_and_depends_on_images_and_seed_alone(predictions):
    drawn = draw_quiz(predictions, 12, seed=0)
    again = draw_quiz(predictions.sample(frac=1, random_state=5), 12, seed=0)
    assert list(drawn["image_id"]) == list(again["image_id"])
    assert list(drawn["image_id"]) != list(draw_quiz(predictions, 12, seed=1)["image_id"])
    few = draw_quiz(predictions, 6, seed=0)
    right = few["truth"] == few["predicted"]
    assert not right.is_monotonic_increasing and not right.is_monotonic_decreasing


def test_a_lesion_is_asked_once(predictions):
    drawn = draw_quiz(predictions, 90, seed=0)
    assert len(drawn) == 45 and drawn["lesion_id"].is_unique


def test_a_pair_is_asked_both_ways_round(predictions):
    drawn = draw_quiz(predictions, 90, seed=0, pair=("nv", "bcc"))
    cells = set(zip(drawn["truth"], drawn["predicted"], strict=True))
    assert cells == {("nv", "nv"), ("nv", "bcc"), ("bcc", "bcc")}  # no bcc was called nv


def test_no_images_give_no_quiz(predictions):
    assert draw_quiz(predictions.head(0), 24, seed=0).empty
