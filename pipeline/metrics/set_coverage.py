"""How often prediction sets hold the right diagnosis: one set over all diagnoses against one per diagnosis.

Lesions are halved at random, each diagnosis by itself; one half ranks, the other is judged, in many such splits. Each
judged lesion counts once: its images share its weight. Every image is answered by a network that had not seen its
lesion, so sets of several networks' mean are not judged here.
"""

from typing import Final

import numpy as np
import pandas as pd

from pipeline.classes import MELANOMA
from pipeline.metrics.conformal import HeldOutScores, in_set, p_values
from pipeline.metrics.predictions_table import classes_of, probabilities_of

SPLITS = 20
PER_DIAGNOSIS: Final = "per diagnosis"
OVER_ALL: Final = "over all"
EVERYTHING, DIAGNOSIS, GROUP, MELANOMA_IN_GROUP = "all", "diagnosis", "group", "melanoma in group"
FIGURES = ("coverage", "size", "alone", "empty")


def set_coverage(
    predictions: pd.DataFrame, groups: pd.Series | None = None, splits: int = SPLITS, seed: int = 0
) -> pd.DataFrame:
    """Figures of both kinds of sets over random halvings.

    Args:
        predictions: a row a held-out image, as one decision sees them.
        groups: (images,) a group for each image, such as its source, on the index of `predictions`; None: none.
        splits: how many times the lesions are halved.
        seed: of the halvings; equal seeds give equal figures.

    Returns:
        A row for each kind of `sets` (PER_DIAGNOSIS, OVER_ALL) and each of `kind` and `level`: all images, each
        diagnosis, each group, the melanomas of each group. `lesions`: how many there are in both halves. Then the mean
        over the splits of each of FIGURES, and the lowest and highest as `<figure>_low`, `<figure>_high`:
            coverage: share, 0..1, whose set holds their own diagnosis;
            size: mean number of diagnoses in a set;
            alone, empty: share, 0..1, of sets of one diagnosis, and of none.
        NaN for the coverage of a diagnosis with too few lesions to rank among (`conformal.FEWEST` in a half), which is
        in no set and whose lesions the others' means leave out; NaN for all where no diagnosis has enough.

    Raises:
        DataError: columns are missing.
    """
    classes = classes_of(predictions, ("lesion_id", "truth"))
    known = predictions[predictions["truth"].isin(classes)]
    scores, probabilities = HeldOutScores.of(known), probabilities_of(known, classes)
    rows = _rows(known, classes, None if groups is None else groups.loc[known.index])
    halves = _halves(scores, splits, seed)
    tables = []
    for sets in (PER_DIAGNOSIS, OVER_ALL):
        found = np.array([_figures(scores, probabilities, half, sets, [inside for *_, inside in rows])
                          for half in halves])
        table = pd.DataFrame([(sets, kind, level, int(round(scores.weights[inside].sum())))
                              for kind, level, inside in rows], columns=["sets", "kind", "level", "lesions"])
        for place, figure in enumerate(FIGURES):
            drawn = found[:, :, place]
            defined = ~np.isnan(drawn).any(axis=0)
            for name, of in ((figure, np.mean), (f"{figure}_low", np.min), (f"{figure}_high", np.max)):
                table[name] = np.where(defined, of(drawn, axis=0), np.nan)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _rows(
    predictions: pd.DataFrame, classes: list[str], groups: pd.Series | None
) -> list[tuple[str, str, np.ndarray]]:
    """Kind, level and (images,) which images count, of each row of the table."""
    truth = predictions["truth"].to_numpy(dtype=object)
    rows = [(EVERYTHING, EVERYTHING, np.ones(len(truth), dtype=bool))]
    rows += [(DIAGNOSIS, code, truth == code) for code in classes]
    if groups is not None:
        of = groups.to_numpy(dtype=object)
        for level in dict.fromkeys(groups):
            rows.append((GROUP, str(level), of == level))
            if MELANOMA in classes:
                rows.append((MELANOMA_IN_GROUP, str(level), (of == level) & (truth == MELANOMA)))
    return rows


def _halves(scores: HeldOutScores, splits: int, seed: int) -> list[np.ndarray]:
    """For each split (images,) which images rank: those of half of the lesions of each diagnosis, of an odd number the
    smaller half.
    """
    _, first, own = np.unique(scores.lesions.astype(str), return_index=True, return_inverse=True)
    of_diagnosis = [np.flatnonzero(scores.truths[first] == place) for place in range(len(scores.classes))]
    generator, halves = np.random.default_rng(seed), []
    for _ in range(splits):
        ranks = np.zeros(len(first), dtype=bool)
        for lesions in of_diagnosis:
            ranks[generator.permutation(lesions)[: len(lesions) // 2]] = True
        halves.append(ranks[own])
    return halves


def _figures(
    scores: HeldOutScores, probabilities: np.ndarray, half: np.ndarray, sets: str, rows: list[np.ndarray]
) -> np.ndarray:
    """(rows, figures) of one halving."""
    p = p_values([scores.only(half)], probabilities[None, ~half], by_diagnosis=sets == PER_DIAGNOSIS)
    inside, truths, weights = in_set(p), scores.truths[~half], scores.weights[~half]
    each = np.arange(len(truths))
    size = inside.sum(axis=1)
    judged = np.column_stack([
        np.where(np.isnan(p[each, truths]), np.nan, inside[each, truths]), size, size == 1, size == 0,
    ]).astype(np.float64)
    if np.isnan(p).all():
        judged[:] = np.nan
    return np.array([_means(judged[row[~half]], weights[row[~half]]) for row in rows])


def _means(judged: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(figures,) weighted means of what is defined; NaN where nothing is."""
    weighed = np.where(np.isnan(judged), 0.0, weights[:, None])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nansum(judged * weighed, axis=0) / weighed.sum(axis=0)
