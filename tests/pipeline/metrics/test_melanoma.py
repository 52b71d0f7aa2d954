"""Melanoma lesions called something else, and Wilson's interval against published and independent numbers."""

import math

import pandas as pd
import pytest
from scipy.stats import binomtest

from pipeline.metrics.lesion_answers import melanoma_lesions_called_else
from pipeline.metrics.wilson import wilson_interval


# R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3
@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_as_published(successes, n, low, high):
    assert wilson_interval(successes, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("successes", "n"), [(0, 1), (1, 1), (3, 7), (61, 123), (122, 123), (123, 123)])
def test_wilson_interval_as_scipy_computes_it(successes, n):
    expected = binomtest(successes, n).proportion_ci(0.95, method="wilson")
    assert wilson_interval(successes, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_interval_stays_in_range_and_is_undefined_without_trials():
    assert wilson_interval(0, 10)[0] == 0.0
    assert wilson_interval(10, 10)[1] == 1.0
    assert all(math.isnan(bound) for bound in wilson_interval(0, 0))


def _table(*rows):
    return pd.DataFrame(rows, columns=["image_id", "lesion_id", "truth", "predicted", "p_bcc", "p_mel", "p_nv"])


def test_a_lesion_counts_once_by_the_mean_of_its_images():
    predictions = _table(
        # two of three images say nv, but the mean says melanoma: bcc .03, mel .54, nv .43
        ("i1", "L1", "mel", "nv", 0.05, 0.40, 0.55),
        ("i2", "L1", "mel", "nv", 0.05, 0.40, 0.55),
        ("i3", "L1", "mel", "mel", 0.00, 0.82, 0.18),
        ("i4", "L2", "mel", "nv", 0.10, 0.30, 0.60),
        ("i5", "L3", "mel", "bcc", 0.70, 0.20, 0.10),
        ("i6", "L4", "nv", "mel", 0.10, 0.80, 0.10),
    )
    predictions.index = [7, 7, 8, 9, 3, 1]
    count = melanoma_lesions_called_else(predictions)
    assert (count["lesions"], count["called_else"]) == (3, 2)
    # 2 of 3 by hand: z² = 3.841459; (2/3 + z²/6) / (1 + z²/3) = 0.573084; half-width 0.365424
    assert (count["low"], count["high"]) == pytest.approx((0.207660, 0.938508), abs=2e-6)


def test_without_melanomas_there_is_no_count():
    assert melanoma_lesions_called_else(_table(("i1", "L1", "nv", "mel", 0.1, 0.8, 0.1))) is None
    assert melanoma_lesions_called_else(_table(("i1", "L1", "nv", "mel", 0.1, 0.8, 0.1)).head(0)) is None


def test_without_melanoma_among_the_classes_there_is_no_count():
    predictions = _table(("i1", "L1", "nv", "nv", 0.1, 0.1, 0.8)).drop(columns="p_mel")
    assert melanoma_lesions_called_else(predictions) is None
