"""The items that a report shows: those where most followed a wrong model, and the hardest."""

from dataclasses import dataclass

import pandas as pd

from pipeline.classroom.class_figures import given_at
from pipeline.classroom.comparisons import paired
from pipeline.vocabulary import Stage

SHOWN = 5


@dataclass(frozen=True)
class ItemCount:
    """An item, and how many of the `n` seats that answered it are counted.

    Attributes:
        asked, model: the right answer and the model's, as the lesson asks.
    """

    image_id: str
    dx: str
    asked: str
    model: str
    count: int
    n: int


def most_followed(table: pd.DataFrame, most: int = SHOWN) -> list[ItemCount]:
    """The items where most followed a wrong model, the most first: those of whom `count` came to its answer from
    another one. Where the model was seen first nobody can be said to have come to it, and its answer given counts.

    Args:
        table: rows of `answers`.
    """
    if (table["stage"] == "alone").any():
        rows = paired(table)
        followed = (rows["final"] == rows["model"]) & (rows["answer"] != rows["model"])
    else:
        rows = given_at(table, "with-model")
        followed = rows["answer"] == rows["model"]
    wrong = rows["model"] != rows["asked"]
    found = [one for one in _counted(rows[wrong], followed[wrong]) if one.count]
    return sorted(found, key=lambda one: (-one.count, one.n, one.image_id))[:most]


def hardest(table: pd.DataFrame, stage: Stage, most: int = SHOWN) -> list[ItemCount]:
    """The items that the smallest share of the seats had right, the hardest first; `count` had it right.

    Args:
        table: rows of `answers`.
    """
    rows = given_at(table, stage)
    found = _counted(rows, rows["answer"] == rows["asked"])
    return sorted(found, key=lambda one: (one.count / one.n, -one.n, one.image_id))[:most]


def hardest_by_hands(counted: pd.DataFrame, stage: Stage, most: int = SHOWN) -> list[ItemCount]:
    """The items that the smallest share of hands had right, the hardest first.

    Args:
        counted: as from `answers.tallies`.
    """
    rows = counted[counted["stage"] == stage]
    rows = rows.loc[rows.index.repeat(rows["count"])].reset_index(drop=True)
    return hardest(rows, stage, most)


def _counted(rows: pd.DataFrame, counts: pd.Series) -> list[ItemCount]:
    found = []
    for image_id, of in rows.groupby("image_id"):
        dx, asked, model = (str(of[name].iloc[0]) for name in ("dx", "asked", "model"))
        found.append(ItemCount(str(image_id), dx, asked, model, int(counts[of.index].sum()), len(of)))
    return found
