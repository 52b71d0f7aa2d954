"""Every figure of a classifier by name: what it says, its unit, its function, and where it stands.

Whoever computes, stores, checks, prints or draws figures walks these lists, so a new figure is one entry here, one
function of `Sampled`, and its test. A `key` is what the figure is called in `results.json`, in `--json` and in csv.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.metrics import metric_functions as functions
from pipeline.metrics.sampled import Sampled
from pipeline.metrics.units import AREA, SHARE, Unit
from pipeline.vocabulary import Decision

Place = Literal["part", "decision", "comparison", "bundled"]


@dataclass(frozen=True)
class Metric:
    """A figure over all images.

    Attributes:
        key: its name in files.
        name: in running text.
        sentence: what it says.
        unit: what it is counted in.
        function: (draws,) of it, NaN where it is undefined.
        places: where it stands: of a "part" as its network answers (and so in lists of runs and models, in `--json` and
            on cards), under each "decision", in the "comparison" of runs, among the figures of the "bundled" model.
        decision: that it follows where both decisions are at hand; None: a figure of the probabilities as they are.
        interval: whether a bootstrap over lesions bounds it.
        counts_images: whether it is a share of the images themselves, and so has Wilson's interval, by lesion, where
            all of them went the same way.
        scorer: its counterpart among the ISIC scorer's figures over all diagnoses; see `isic_scorer`.
        baseline: key of the figure that it must exceed to say anything.
        mean_of: key of the figure of each diagnosis that it is the mean of; None: it is no such mean.
    """

    key: str
    name: str
    sentence: str
    unit: Unit
    function: Callable[[Sampled], np.ndarray]
    places: tuple[Place, ...] = ("part", "decision", "comparison")
    decision: Decision | None = None
    interval: bool = True
    counts_images: bool = False
    scorer: str | None = None
    baseline: str | None = None
    mean_of: str | None = None

    @property
    def title(self) -> str:
        """Its name where a heading or a cell begins with it."""
        return self.name[0].upper() + self.name[1:]


@dataclass(frozen=True)
class TargetMetric:
    """A figure of each target: a diagnosis, or a group of them, against the rest.

    Attributes:
        key, name, sentence, unit: as those of a `Metric`.
        function: (draws, targets) of it, NaN where it is undefined.
        counted_among: (images, targets) which images it is a share of; None where it is no share.
        of_prevalence: whether it holds for the prevalence among these images alone.
        scorer: what the ISIC scorer calls its own.
    """

    key: str
    name: str
    sentence: str
    unit: Unit
    function: Callable[[Sampled], np.ndarray]
    counted_among: Callable[[Sampled], np.ndarray] | None = None
    of_prevalence: bool = False
    scorer: str | None = None


METRICS: dict[str, Metric] = {metric.key: metric for metric in (
    Metric(
        "balanced_accuracy", "balanced accuracy", "Mean sensitivity of the diagnoses that the images show: all weigh "
        "alike.", SHARE, functions.balanced_accuracy, ("part", "decision", "comparison", "bundled"), "balanced",
        scorer="balanced_accuracy", mean_of="sensitivity",
    ),
    Metric(
        "accuracy", "accuracy", "Share of all images that got their diagnosis.", SHARE, functions.accuracy,
        ("part", "decision", "comparison", "bundled"), "as-data", counts_images=True, scorer="accuracy",
        baseline="majority_accuracy",
    ),
    Metric(
        "top2_accuracy", "top-2 accuracy", "Share of images whose reference diagnosis is among the two highest "
        "probabilities.", SHARE, functions.top2_accuracy, ("decision", "comparison"), counts_images=True,
    ),
    Metric(
        "melanoma_auc", "melanoma AUC", "Area under the ROC curve of melanoma against the rest, over images: the "
        "chance that an image of a melanoma gets a higher melanoma probability than one of something else.", AREA,
        functions.melanoma_auc, ("comparison", "bundled"),
    ),
    Metric(
        "macro_auc", "mean AUC", "Area under the ROC curve, each diagnosis against the rest: 0.5 is chance, 1 is "
        "perfect order. Mean over the diagnoses that the images show and the model knows.", AREA, functions.macro_auc,
        ("part", "decision", "comparison", "bundled"), scorer="auc", mean_of="auc",
    ),
    Metric(
        "majority_accuracy", "accuracy of always answering the most frequent training diagnosis", "Share of images "
        "whose diagnosis is the most frequent one of training.", SHARE, functions.majority_accuracy, ("part",),
        interval=False, counts_images=True,
    ),
    Metric(
        "melanoma_sensitivity", "melanoma sensitivity", "Share of the melanoma images that were called melanoma.",
        SHARE, functions.melanoma_sensitivity, ("bundled",), "balanced",
    ),
    Metric(
        "nevi_called_melanoma", "nevi called melanoma", "Share of the nevus images that were called melanoma.", SHARE,
        functions.nevi_called_melanoma, ("bundled",), "balanced",
    ),
    Metric(
        "calibration_error", "expected calibration error, 15 bins", "Mean gap between probability and share right: 0 "
        "is best.", AREA, functions.calibration_error, ("bundled",), "as-data",
    ),
)}

TARGET_METRICS: dict[str, TargetMetric] = {metric.key: metric for metric in (
    TargetMetric(
        "sensitivity", "Sensitivity", "Share of the images with this diagnosis that the model called it.", SHARE,
        functions.sensitivity, lambda of: of.positive,
    ),
    TargetMetric(
        "specificity", "Specificity", "Share of the images of everything else that the model called something else.",
        SHARE, functions.specificity, lambda of: ~of.positive,
    ),
    TargetMetric(
        "ppv", "PPV", "Of the images that the model called this, the share that are. It holds for the prevalence in "
        "the table.", SHARE, functions.ppv, lambda of: of.flagged, of_prevalence=True,
    ),
    TargetMetric(
        "npv", "NPV", "Of the images that the model called something else, the share that are. It holds for the "
        "prevalence in the table.", SHARE, functions.npv, lambda of: ~of.flagged, of_prevalence=True,
    ),
    TargetMetric(
        "f1", "F1", "Harmonic mean of sensitivity and PPV; like PPV it holds for the prevalence in the table.", SHARE,
        functions.f1, of_prevalence=True, scorer="dice",
    ),
    TargetMetric(
        "auc", "AUC", "Area under the ROC curve against the rest, of the probability under this decision: 0.5 is "
        "chance, 1 is perfect order.", AREA, functions.auc,
    ),
)}


def metrics_of(place: Place) -> tuple[Metric, ...]:
    """The figures that stand there, in the order in which they are shown."""
    return tuple(metric for metric in METRICS.values() if place in metric.places)
