"""The images that may be drawn into a lesson of one kind: one a lesion, by stratum.

Never a label that somebody doubts, lesions that look like one of another diagnosis, or lesions that training saw; nor
images of vidir_molemax, whose camera gives the nevus away. A lesson about the model leaves out the highest losses,
among which wrong labels collect. A test keeps them: whoever left out what the model finds hardest would have looked at
the model, and would flatter it against the students.
"""

from collections.abc import Collection
from functools import cached_property

import numpy as np
import pandas as pd

from pipeline.classroom.lesson import SMALL, Item
from pipeline.classroom.lesson_pool import Pool, is_wrong
from pipeline.classroom.lesson_strata import MOLEMAX, SOURCES, SURE, Stratum
from pipeline.metrics.predictions_table import probability_column
from pipeline.vocabulary import Asked, LessonKind


class Candidates:
    """Those of a pool for one kind of lesson and one question.

    Attributes:
        sources: the two image sources among which SPLIT is balanced; ("",) where they are not recorded, and all images
            count as of one.
    """

    def __init__(self, pool: Pool, kind: LessonKind, asks: Asked):
        """
        Raises:
            LessonError: it cannot be asked so.
        """
        pool.check_asks(asks)
        self.pool, self.kind, self.asks = pool, kind, asks
        allowed = without_doubt(pool.images, kind)
        allowed = allowed[allowed["source"] != MOLEMAX]
        both = set(SOURCES) <= set(allowed["source"])
        self.sources = SOURCES if both else ("",)
        self._table = one_a_lesion(allowed[allowed["source"].isin(SOURCES)] if both else allowed)
        self._known: dict[Stratum, list[str]] = {}

    @cached_property
    def _wrong(self) -> np.ndarray:
        return is_wrong(self._table["called"], self._table["dx"], self.asks)

    def of(self, stratum: Stratum) -> list[str]:
        """The ids of its images, in alphabetical order."""
        if stratum not in self._known:
            self._known[stratum] = list(self._table.index[self._fits(stratum)])
        return self._known[stratum]

    def _fits(self, stratum: Stratum) -> np.ndarray:
        table, asked = self._table, [self._table["dx"] == stratum.dx]
        if stratum.source:
            asked.append(table["source"] == stratum.source)
        if stratum.verdict.endswith("wrong"):
            asked.append(self._wrong)
        if stratum.verdict.endswith("right"):
            asked.append(~self._wrong)
        if stratum.verdict.startswith("sure"):
            asked.append(table["confidence"] >= SURE)
        return np.logical_and.reduce(asked)

    def shuffled(
        self, stratum: Stratum, rng: np.random.Generator, taken: Collection[str], large_first: bool
    ) -> list[str]:
        """The ids of its images in an order by chance, without those of the lesions in `taken` (their groups).

        Args:
            large_first: those in whose picture here dots and network can be judged come first.
        """
        records = self.pool.records
        free = [image_id for image_id in self.of(stratum) if records[image_id]["group"] not in taken]
        mixed = [free[place] for place in rng.permutation(len(free))]
        return sorted(mixed, key=lambda one: records[one]["short_side"] < SMALL) if large_first else mixed


def without_doubt(images: pd.DataFrame, kind: LessonKind) -> pd.DataFrame:
    """The rows of a pool's images that nothing speaks against, whatever camera took them."""
    against = images[["doubtful", "two_diagnoses", "seen", *(["high_loss"] if kind == "model" else [])]].any(axis=1)
    return images[~against]


def one_a_lesion(images: pd.DataFrame) -> pd.DataFrame:
    """One row for each group: of its images the one with the largest picture here, else the first in the alphabet."""
    largest_first = images.sort_index().sort_values("short_side", ascending=False, kind="stable")
    return largest_first.drop_duplicates("group").sort_index()


def item_of(pool: Pool, image_id: str, stratum: str, by_hand: bool = False) -> Item:
    """An image of the pool as an item of a lesson, drawn for the stratum of that code."""
    of = pool.records[image_id]
    age = float(of["age"])
    return Item(
        image_id, of["lesion_id"], of["dx"], of["dx_type"], of["sex"], of["localization"], of["source"],
        None if np.isnan(age) else age, {code: float(of[probability_column(code)]) for code in pool.classes}, stratum,
        by_hand, int(of["short_side"]),
    )
