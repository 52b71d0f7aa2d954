"""Two trainings on the images that both held out: counts worked by hand, the interval, and what may be said of it."""

import math

import pandas as pd
import pytest

from app.components.leakage.run_leakage import points, verdict
from pipeline.errors import DataError
from pipeline.evaluation.paired_splits import FIGURES, paired_splits


def table(rows: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    """image_id, lesion_id, truth, predicted; the answer has the probability 0.9."""
    found = pd.DataFrame(rows, columns=["image_id", "lesion_id", "truth", "predicted"])
    found["p_mel"] = found["predicted"].map({"mel": 0.9, "nv": 0.1})
    return found.assign(p_nv=1 - found["p_mel"])


BY_LESION = table([
    ("a", "1", "mel", "mel"), ("b", "1", "mel", "nv"), ("c", "2", "mel", "nv"), ("d", "3", "mel", "mel"),
    ("e", "4", "nv", "nv"), ("f", "5", "nv", "mel"), ("only", "6", "mel", "nv"),
])
BY_IMAGE = table([
    ("f", "5", "nv", "nv"), ("e", "4", "nv", "nv"), ("d", "3", "mel", "nv"), ("c", "2", "mel", "mel"),
    ("b", "1", "mel", "mel"), ("a", "1", "mel", "mel"), ("other", "7", "mel", "mel"),
])


def test_only_what_both_held_out_counts_and_each_melanoma_is_told_by_whom_it_was_found():
    pair = paired_splits(BY_LESION, BY_IMAGE, {"a", "b", "e", "other"})
    assert (pair.images, pair.lesions, pair.melanomas, pair.melanoma_lesions) == (6, 5, 4, 3)
    assert (pair.seen, pair.melanomas_seen) == (3, 2)
    assert pair.found_by == {"both": 1, "image": 2, "lesion": 1, "neither": 0}
    assert [figure.key for figure in pair.figures] == list(FIGURES)
    melanoma = pair.figure("melanoma_sensitivity")
    assert (melanoma.by_lesion, melanoma.by_image, melanoma.difference) == (0.5, 0.75, 0.25)
    accuracy = pair.figure("accuracy")
    assert accuracy.difference == pytest.approx(5 / 6 - 3 / 6)
    assert paired_splits(BY_LESION, BY_IMAGE, None).melanomas_seen is None


def test_the_interval_is_that_of_the_difference_over_lesions():
    def many(found: list[bool], images: int) -> pd.DataFrame:
        return table([(f"{lesion}.{n}", str(lesion), "mel", "mel" if right else "nv")
                      for lesion, right in enumerate(found) for n in range(images)])

    one, other = [True] * 40 + [False] * 60, [True] * 52 + [False] * 48  # 12 of 100 lesions differ, all one way
    for images in (1, 5):  # images of one lesion that go the same way tell no more than one
        figure = paired_splits(many(one, images), many(other, images), None).figure("melanoma_sensitivity")
        assert figure.difference == pytest.approx(0.12)
        # McNemar's variance for matched pairs: sqrt((b + c - (b - c)^2 / n) / n^2), b = 12, c = 0, n = 100
        assert figure.low == pytest.approx(0.12 - 1.96 * 0.0325, abs=0.015)
        assert figure.high == pytest.approx(0.12 + 1.96 * 0.0325, abs=0.015)
        assert verdict(figure) == "flatters"
    backwards = paired_splits(many(other, 1), many(one, 1), None).figure("melanoma_sensitivity")
    assert verdict(backwards) == "reverse"
    either = [True] * 40 + [False] * 40 + [True, False] * 10
    mixed = paired_splits(many(either, 1), many([*either[:80], *reversed(either[80:])], 1), None)
    assert mixed.found_by["image"] == mixed.found_by["lesion"] == 10
    assert verdict(mixed.figure("melanoma_sensitivity")) == "open"


def test_without_melanomas_or_with_equal_answers_nothing_is_claimed():
    nevi = BY_LESION[BY_LESION["truth"] == "nv"]
    figure = paired_splits(nevi, BY_IMAGE, None).figure("melanoma_sensitivity")
    assert math.isnan(figure.difference) and verdict(figure) == "unknown" and points(*figure[3:]) == "–"
    same = paired_splits(BY_LESION, BY_LESION, None).figure("melanoma_sensitivity")
    assert same.difference == 0 and math.isnan(same.low) and verdict(same) == "unknown"
    assert points(*same[3:]) == "+0.0 percentage points"
    nothing = paired_splits(BY_LESION.iloc[:0], BY_IMAGE, set())
    assert nothing.images == 0 and nothing.figures == ()


def test_tables_that_contradict_each_other_are_refused():
    with pytest.raises(DataError, match="^The two tables are about other lesions or diagnoses under the same image"):
        paired_splits(BY_LESION, BY_IMAGE.assign(lesion_id="1"), None)
