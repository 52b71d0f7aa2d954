"""A test: the student alone, the model alone, the student with the model, and the better of the two, on the same
answers; and a class before and after.

On average humans with a model fall below the better of the two (Vaccaro et al. 2024, Nat. Hum. Behav. 8:2293), so the
sum of both is held against that one and not against the student alone.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from pipeline.classroom.class_bootstrap import RESAMPLES, ClassSample, Estimate, ratio, undefined
from pipeline.classroom.class_figures import LEAST_OF_EACH, MALIGNANT_GROUPS, class_sample, given_at, group_of
from pipeline.errors import LessonError
from pipeline.vocabulary import STAGES, LessonKind, Stage

Measure = Literal["right", "sensitivity", "specificity"]
Better = Literal["alone", "model"]


@dataclass(frozen=True)
class Comparison:
    """One measure, a share of answers that were right, 0..1, of the students and the model.

    Attributes:
        alone, with_model: of the students; undefined for the one that the class was not asked for.
        model: on the same answers, an item as often as it was answered.
        better: which of `alone` and `model` is higher here; of equal ones "model".
        gain: `with_model` less that one, -1..1.
    """

    alone: Estimate
    model: Estimate
    with_model: Estimate
    better: Better
    gain: Estimate


@dataclass(frozen=True)
class Progress:
    """The share of right answers in the first form that each seat went through and in the second, and their difference.
    """

    before: Estimate
    after: Estimate
    gain: Estimate


def paired(table: pd.DataFrame) -> pd.DataFrame:
    """The items that a seat answered both alone and with the model.

    Args:
        table: rows of `answers`.

    Returns:
        A row each, as at the stage "alone", with `final`, the answer with the model.
    """
    final = given_at(table, "with-model").set_index(["seat", "position"])["answer"]
    alone = given_at(table, "alone").set_index(["seat", "position"])
    both = alone.index.isin(final.index)
    return alone[both].assign(final=final.reindex(alone.index[both])).reset_index()


def comparisons(
    table: pd.DataFrame, kind: LessonKind, seed: int, resamples: int = RESAMPLES
) -> dict[Measure, Comparison]:
    """Students and model side by side, on the items that a seat answered at every stage that the class was asked for.

    Args:
        table: rows of `answers`.
        kind: of the lesson.

    Raises:
        LessonError: it is no test, but a lesson whose items were chosen by where the model errs.
    """
    if kind != "test":
        raise LessonError("In a lesson about the model, students and model are not compared: its errors were chosen.",
                          "Draw a test.")
    stages: list[Stage] = [stage for stage in STAGES if (table["stage"] == stage).any()]
    rows = paired(table) if len(stages) == 2 else given_at(table, stages[0] if stages else "alone")
    said = {"alone": rows["answer"], "with-model": rows.get("final", rows["answer"]), "model": rows["model"]}
    sample, group = class_sample(rows, seed, resamples), group_of(rows["dx"])
    among: dict[Measure, np.ndarray] = {
        "right": np.ones(len(rows), dtype=bool), "sensitivity": np.isin(group, MALIGNANT_GROUPS),
        "specificity": group == "benign",
    }
    return {
        measure: _comparison(sample, {who: _right(rows, one, measure) for who, one in said.items()}, inside, stages)
        for measure, inside in among.items()
    }


def _right(rows: pd.DataFrame, said: pd.Series, measure: Measure) -> np.ndarray:
    """(answers,) whether each is right: as it was asked for, or in its half of the dichotomy."""
    if measure == "right":
        return (said == rows["asked"]).to_numpy(dtype=bool)
    return (group_of(said) == "benign") == (measure == "specificity")


def _comparison(
    sample: ClassSample, hits: dict[str, np.ndarray], among: np.ndarray, stages: list[Stage]
) -> Comparison:
    n, none = int(among.sum()), undefined(int(among.sum()))
    of = {who: sample.share(hit, among, LEAST_OF_EACH) for who, hit in hits.items()}
    better: Better = "alone" if "alone" in stages and of["alone"].value > of["model"].value else "model"
    gain = none
    if "with-model" in stages and n >= LEAST_OF_EACH:
        values = np.column_stack([hits["with-model"] & among, hits[better] & among, among])
        gain = sample.estimate(_difference, values, n)
    return Comparison(
        of["alone"] if "alone" in stages else none, of["model"], of["with-model"] if "with-model" in stages else none,
        better, gain,
    )


def _difference(sums: np.ndarray) -> np.ndarray:
    """(draws,) the first of three sums less the second, over the third; NaN where that is 0."""
    return ratio(np.column_stack([sums[:, 0] - sums[:, 1], sums[:, 2]]))


def progress(table: pd.DataFrame, stage: Stage, seed: int, resamples: int = RESAMPLES) -> Progress:
    """A class before and after, where each seat went through both forms and half of them through B first, so that
    neither form is easier before or after.

    Args:
        table: rows of `answers`; a seat that has answered in one form alone is left out.
    """
    given = given_at(table, stage)
    both = given.groupby("seat")["block"].transform("nunique") == 2
    rows = given[both].reset_index(drop=True)
    sample = class_sample(rows, seed, resamples)
    right = (rows["answer"] == rows["asked"]).to_numpy(dtype=bool)
    before, after = (rows["block"].to_numpy() == block for block in (0, 1))
    if min(before.sum(), after.sum()) < LEAST_OF_EACH:
        return Progress(undefined(int(before.sum())), undefined(int(after.sum())), undefined(len(rows)))

    def gain(sums: np.ndarray) -> np.ndarray:
        return ratio(sums[:, 2:]) - ratio(sums[:, :2])

    values = np.column_stack([right & before, before, right & after, after])
    return Progress(sample.share(right, before), sample.share(right, after), sample.estimate(gain, values, len(rows)))
