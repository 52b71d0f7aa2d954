"""Our scores by the ISIC Challenge's definitions, against its own scorer."""

import warnings

import numpy as np
import pandas as pd
import pytest

from pipeline.metrics.isic_scorer import CATEGORY_SCORES, isic_scores
from tests.scored_tables import CODES, scored_table, table_of

NEEDS = "needs isic-challenge-scoring, which installs on Python below 3.12 only (its zipfile-deflate64)"


def _theirs(table):
    """The scorer's own answer; it takes DataFrames, because its file reader fails on pandas 3."""
    classification = pytest.importorskip("isic_challenge_scoring.classification", reason=NEEDS)
    truth = pd.DataFrame({code: (table["truth"] == code).astype(float) for code in CODES})
    predicted = pd.DataFrame({code: table[f"p_{code}"].astype(float) for code in CODES})
    weights = pd.DataFrame({"score_weight": 1.0, "validation_weight": 1.0}, index=truth.index)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of what is undefined
        return classification.ClassificationScore(
            truth, predicted, weights, classification.ClassificationMetric.BALANCED_ACCURACY
        )


def _one_hot(answers, truth):
    return table_of(np.eye(len(CODES))[[CODES.index(code) for code in answers]], truth, range(len(truth)))


TRUTH = np.array(["mel", "nv", "bcc", "akiec", "nv", "mel", "nv", "bcc"])
TABLES = {
    "random": scored_table(60, seed=1), "random, skilled": scored_table(60, seed=2, skill=6),
    "random, no skill": scored_table(40, seed=3, skill=0),
    "coarse, with many ties": table_of(
        np.repeat([[0.25] * 4, [0.5, 0.5, 0, 0], [0.1, 0.2, 0.3, 0.4], [0, 0, 0.5, 0.5]], 2, axis=0), TRUTH, range(8)
    ),
    "all right": _one_hot(TRUTH, TRUTH), "all wrong": _one_hot(np.roll(np.sort(TRUTH), 4), np.sort(TRUTH)),
    "one answer to everything": _one_hot(["nv"] * 8, TRUTH),
    "never above the threshold": table_of(np.full((8, 4), 0.25), TRUTH, range(8)),
    "exactly at the threshold": table_of(np.tile([0.5, 0.5, 0.0, 0.0], (8, 1)), TRUTH, range(8)),
}


@pytest.mark.parametrize("name", TABLES)
def test_our_scores_are_the_scorer_s(name):
    theirs, ours = _theirs(TABLES[name]), isic_scores(TABLES[name])
    assert list(ours.per_category.columns) == list(CATEGORY_SCORES) == list(theirs.per_category.columns)
    np.testing.assert_allclose(ours.per_category, theirs.per_category.to_numpy(), rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours.macro_average, theirs.macro_average, rtol=0, atol=1e-9)
    assert ours.balanced_accuracy == pytest.approx(theirs.aggregate["balanced_accuracy"], abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("truth", [["nv"] * 8, ["mel", "nv"] * 4], ids=["one diagnosis", "two of four"])
def test_where_the_scorer_itself_breaks_off_its_single_metrics_agree(truth):
    """With a diagnosis absent the scorer raises in its area above 80 % sensitivity; all else can be asked singly."""
    metrics = pytest.importorskip("isic_challenge_scoring.metrics", reason=NEEDS)
    from isic_challenge_scoring.confusion import create_binary_confusion_matrix

    probabilities = scored_table(40, seed=5)[[f"p_{code}" for code in CODES]].to_numpy()[:8]
    table = table_of(probabilities, np.array(truth), range(8))
    ours = isic_scores(table)
    for i, code in enumerate(CODES):
        matrix = create_binary_confusion_matrix(
            (table["truth"] == code).to_numpy(), probabilities[:, i] > 0.5, np.ones(8)
        )
        for name in ("accuracy", "sensitivity", "specificity", "dice", "ppv", "npv"):
            expected = getattr(metrics, f"binary_{name}")(matrix)
            assert ours.per_category.at[code, name] == pytest.approx(expected, abs=1e-9)
    truths = pd.DataFrame({code: (table["truth"] == code).astype(float) for code in CODES})
    predicted = pd.DataFrame(probabilities, columns=list(CODES))
    expected = metrics.balanced_multiclass_accuracy(truths, predicted, pd.Series(1.0, index=truths.index))
    assert ours.balanced_accuracy == pytest.approx(expected, abs=1e-9)


def test_undefined_counts_as_one_there_and_areas_stay_undefined():
    scores = isic_scores(_one_hot(["nv"] * 4, np.array(["nv"] * 4))).per_category
    assert scores.loc["mel", ["sensitivity", "ppv", "dice"]].tolist() == [1.0, 1.0, 1.0]
    assert scores.loc["nv", ["specificity", "npv"]].tolist() == [1.0, 1.0]
    assert scores[["auc", "auc_sens_80"]].isna().all(axis=None)


def test_accuracy_is_one_against_the_rest_and_its_threshold_is_above_one_half():
    scores = isic_scores(TABLES["exactly at the threshold"]).per_category
    assert scores["sensitivity"].max() == 0 and scores.at["akiec", "accuracy"] == 7 / 8
