"""What hands say in a class without seats: shares without intervals, for nobody knows whose hand went up twice."""

import math

import pandas as pd

from pipeline.classroom.class_bootstrap import Estimate, undefined
from pipeline.classroom.class_figures import LEAST_OF_EACH
from pipeline.classroom.hardest import ItemCount
from pipeline.vocabulary import Stage


def right_by_hands(table: pd.DataFrame, stage: Stage) -> Estimate:
    """The share of the hands at a stage, 0..1, that went up for the right answer.

    Args:
        table: rows of `tallies`.
    """
    given = table[table["stage"] == stage]
    n = int(given["count"].sum())
    if n < LEAST_OF_EACH:
        return undefined(n)
    return Estimate(float(given.loc[given["answer"] == given["asked"], "count"].sum() / n), math.nan, math.nan, n)


def hardest_by_hands(table: pd.DataFrame, stage: Stage) -> list[ItemCount]:
    """The items for whose right answer the smallest share of the hands went up, the hardest first.

    Args:
        table: rows of `tallies`; an item for which no hand went up is left out.
    """
    found = []
    for image_id, of in table[table["stage"] == stage].groupby("image_id"):
        dx, asked, model = (str(of[name].iloc[0]) for name in ("dx", "asked", "model"))
        right = int(of.loc[of["answer"] == asked, "count"].sum())
        if n := int(of["count"].sum()):
            found.append(ItemCount(str(image_id), dx, asked, model, right, n))
    return sorted(found, key=lambda one: (one.count / one.n, -one.n, one.image_id))
