"""Thresholds, what they do to 1,000 lesions, the curves, and intervals in closed form."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_curve

from pipeline.metrics.operating_point import (
    ISIC_2020_MELANOMA,
    curve,
    lesion_scores,
    operating_point,
    threshold_for,
)
from pipeline.metrics.wilson import difference_interval, ratio_interval, wilson_interval
from tests.scored_tables import scored_table, table_of


def _scores(values, positive):
    return pd.DataFrame({"lesion_id": [f"L{n}" for n in range(len(values))], "score": values, "positive": positive})


def test_a_lesion_has_the_mean_of_its_images_summed_over_the_target():
    shares = np.array([[0.1, 0.2, 0.3, 0.4], [0.1, 0.4, 0.5, 0.0], [0, 0, 0.0, 1]])
    scores = lesion_scores(table_of(shares, ["mel", "mel", "nv"], [0, 0, 1]), ("bcc", "mel"))
    assert scores["score"].tolist() == pytest.approx([0.7, 0.0]) and scores["positive"].tolist() == [True, False]


def test_a_threshold_in_numbers_per_thousand():
    values, positive = [0.9, 0.8, 0.3, 0.1, 0.8, 0.2, 0.1, 0.05], [True] * 4 + [False] * 4
    point = operating_point(_scores(values, positive), 0.3, 0.1)
    assert (point.flagged_positives, point.positives, point.flagged_others, point.others) == (3, 4, 1, 4)
    assert point.sensitivity == pytest.approx((0.75, *wilson_interval(3, 4)))
    assert point.specificity == pytest.approx((0.75, *wilson_interval(3, 4)))
    assert [figure[0] for figure in (point.positives_flagged, point.positives_not_flagged, point.others_flagged)] == (
        pytest.approx([75, 25, 225])
    )
    assert point.positives_not_flagged[1] == pytest.approx(100 - point.positives_flagged[2])
    assert point.needed[0] == pytest.approx(300 / 75) and point.needed[1] < 4 < point.needed[2]


@pytest.mark.parametrize(("prevalence", "needed"), [(0.5, 1 + 1 / 3), (0.2, 1 + 4 / 3), (0.02, 1 + 49 / 3)])
def test_the_number_needed_to_biopsy_by_hand(prevalence, needed):
    """3 of 4 melanomas and 2 of 8 others flagged: 0.25 others flagged for 0.75 melanomas, times the odds against."""
    values, positive = [0.9, 0.8, 0.7, 0.1] + [0.6] * 2 + [0.2] * 6, [True] * 4 + [False] * 8
    found = operating_point(_scores(values, positive), 0.6, prevalence).needed
    assert found[0] == pytest.approx(needed) and 1 <= found[1] < needed < found[2]
    rates = ratio_interval(0.25, wilson_interval(2, 8), 0.75, wilson_interval(3, 4))
    assert found[1:] == pytest.approx([1 + rate * (1 - prevalence) / prevalence for rate in rates])


@pytest.mark.parametrize("positive", [[False, False], [True, True]], ids=["no melanoma", "nothing else"])
def test_lesions_of_one_kind_give_no_number_needed(positive):
    assert all(math.isnan(x) for x in operating_point(_scores([0.9, 0.9], positive), 0.5, 0.1).needed)


def test_the_flagged_include_those_exactly_at_the_threshold():
    assert operating_point(_scores([0.5, 0.1], [True, False]), 0.5, 0.1).flagged_positives == 1


def test_nothing_missed_still_has_an_interval():
    point = operating_point(_scores([0.9] * 12 + [0.1] * 30, [True] * 12 + [False] * 30), 0.5, 0.082)
    assert point.positives_not_flagged[0] == 0 and point.positives_not_flagged[2] > 10
    assert point.needed[0] == 1 and point.needed[1] == 1 and point.needed[2] > 1.5


def test_nothing_flagged_needs_no_number():
    point = operating_point(_scores([0.1, 0.1], [True, False]), 0.5, 0.1)
    assert all(math.isnan(x) for x in point.needed) and point.positives_flagged[0] == 0


def test_the_curve_is_scikit_learn_s_and_its_precision_follows_the_prevalence():
    scores = lesion_scores(scored_table(80, seed=3), ("mel",))
    found = curve(scores, 0.3)
    alarms, sensitivity, thresholds = roc_curve(scores["positive"], scores["score"], drop_intermediate=False)
    assert found["sensitivity"].tolist() == pytest.approx(sensitivity)
    assert found["false_positive_rate"].tolist() == pytest.approx(alarms)
    assert found["threshold"].tolist() == pytest.approx(thresholds)
    here = curve(scores, scores["positive"].mean())
    flagged = scores["score"] >= here["threshold"].iloc[10]
    assert here["precision"].iloc[10] == pytest.approx(scores.loc[flagged, "positive"].mean())
    for row in found.iloc[[5, 30]].itertuples():
        point = operating_point(scores, row.threshold, 0.3)
        assert point.sensitivity[0] == row.sensitivity and 1 / point.needed[0] == pytest.approx(row.precision)
    assert math.isnan(found["precision"].iloc[0]) and found["precision"].iloc[-1] == pytest.approx(0.3)


@pytest.mark.parametrize(("aim", "expected"), [(1.0, 0.1), (0.75, 0.3), (0.76, 0.1), (0.01, 0.9)])
def test_the_highest_threshold_that_flags_enough(aim, expected):
    scores = _scores([0.9, 0.8, 0.3, 0.1, 0.8], [True] * 4 + [False])
    assert threshold_for(scores, aim) == expected
    assert math.isnan(threshold_for(scores[4:], aim))


def test_isic_2020_is_as_the_field_quotes_it():
    assert f"{ISIC_2020_MELANOMA:.1%}" == "1.8%"


def test_newcombe_s_interval_as_published():
    """Newcombe 1998, table II: 56/70 against 48/80, method 10: 0.0524 to 0.3339."""
    found = difference_interval(56 / 70, wilson_interval(56, 70), 48 / 80, wilson_interval(48, 80))
    assert found == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize(
    ("one", "other"), [((0, 30), (25, 30)), ((5, 30), (30, 30)), ((12, 40), (20, 25)), ((1, 9), (1, 9))]
)
def test_a_ratio_lies_within_its_interval(one, other):
    low, high = ratio_interval(one[0] / one[1], wilson_interval(*one), other[0] / other[1], wilson_interval(*other))
    assert 0 <= low <= (one[0] / one[1]) / (other[0] / other[1]) < high


def test_a_ratio_to_nothing_is_undefined():
    assert all(math.isnan(x) for x in ratio_interval(0.5, (0.4, 0.6), 0.0, (0.0, 0.1)))
