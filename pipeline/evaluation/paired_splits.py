"""The same images judged by two trainings of one recipe, which differ in their split alone.

The training split by lesion had seen no image of their lesions; the one split by image may have. Each figure's
difference is that of the two trainings on these images, its interval from the same draws of whole lesions for both
(the paired cluster bootstrap; `metrics.samples` has its sources). It says what other lesions would do, not what other
trainings with other seeds would.
"""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.classes import MELANOMA
from pipeline.errors import DataError
from pipeline.metrics.metric_registry import METRICS
from pipeline.metrics.sampled import Sampled
from pipeline.metrics.samples import EachOnce, LesionDraws, bounds

FIGURES = ("melanoma_sensitivity", "balanced_accuracy", "accuracy")


class PairedFigure(NamedTuple):
    """A figure of each training, 0..1, and how much more it is by image, -1..1, with its 95 % interval; NaN where it is
    undefined, or no draw differs from another."""

    key: str
    by_lesion: float
    by_image: float
    difference: float
    low: float
    high: float


class PairedSplits(NamedTuple):
    """What two trainings say of the images that both held out.

    Attributes:
        images, lesions: how many both held out.
        melanomas, melanoma_lesions: how many of them are melanomas.
        seen, melanomas_seen: of how many images, and melanoma images, the training split by image had seen another one
            of the lesion; None where that is not known.
        found_by: melanoma images called melanoma by "both", by "image" or "lesion" alone, by "neither".
        figures: of FIGURES, in their order.
    """

    images: int
    lesions: int
    melanomas: int
    melanoma_lesions: int
    seen: int | None
    melanomas_seen: int | None
    found_by: dict[str, int]
    figures: tuple[PairedFigure, ...]

    def figure(self, key: str) -> PairedFigure:
        return next(figure for figure in self.figures if figure.key == key)


def shared_images(by_lesion: pd.DataFrame, by_image: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of two tables of predictions that are about the same images, in one order.

    Raises:
        DataError: an image has another lesion or diagnosis in the other table.
    """
    both = sorted(set(by_lesion["image_id"]) & set(by_image["image_id"]))
    one, other = (table.set_index("image_id", drop=False).loc[both] for table in (by_lesion, by_image))
    for column in ("lesion_id", "truth"):
        if not (one[column].astype(str) == other[column].astype(str)).all():
            raise DataError("The two tables are about other lesions or diagnoses under the same image ids.",
                            "Compare trainings on one data set.")
    return one.reset_index(drop=True), other.reset_index(drop=True)


def paired_splits(
    by_lesion: pd.DataFrame, by_image: pd.DataFrame, seen: set[str] | None, resamples: int = 1000, seed: int = 0
) -> PairedSplits:
    """Compares the two trainings on the images that both held out.

    Args:
        by_lesion, by_image: predictions of the images that each held out: image_id, lesion_id, truth, predicted and
            p_<code>.
        seen: the image_ids of `by_image` of whose lesion its training had another image; None where that is not known.
        resamples, seed: of the bootstrap over lesions.

    Raises:
        DataError: columns are missing, or the tables contradict each other.
    """
    one, other = shared_images(by_lesion, by_image)
    melanoma = (one["truth"] == MELANOMA).to_numpy()
    found_one, found_other = ((table["predicted"] == MELANOMA).to_numpy()[melanoma] for table in (one, other))
    was_seen = None if seen is None else one["image_id"].isin(seen).to_numpy()
    return PairedSplits(
        images=len(one), lesions=int(one["lesion_id"].nunique()), melanomas=int(melanoma.sum()),
        melanoma_lesions=int(one.loc[melanoma, "lesion_id"].nunique()),
        seen=None if was_seen is None else int(was_seen.sum()),
        melanomas_seen=None if was_seen is None else int((was_seen & melanoma).sum()),
        found_by={
            "both": int((found_one & found_other).sum()), "image": int((found_other & ~found_one).sum()),
            "lesion": int((found_one & ~found_other).sum()), "neither": int((~found_one & ~found_other).sum()),
        },
        figures=_figures(one, other, resamples, seed) if len(one) else (),
    )


def _figures(one: pd.DataFrame, other: pd.DataFrame, resamples: int, seed: int) -> tuple[PairedFigure, ...]:
    draws = LesionDraws(one["lesion_id"], resamples, seed)  # the same lesions for both: that is what pairs them
    whole, drawn = ([Sampled(table, sample) for table in (one, other)] for sample in (EachOnce(), draws))
    found = []
    for key in FIGURES:
        function = METRICS[key].function
        by_lesion, by_image = (float(function(of)[0]) for of in whole)
        low, high = bounds(np.subtract(*(function(of) for of in reversed(drawn))))
        if draws.lesions < 2 or not low < high:
            low = high = math.nan
        found.append(PairedFigure(key, by_lesion, by_image, by_image - by_lesion, low, high))
    return tuple(found)
