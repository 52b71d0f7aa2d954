"""What lessons are drawn from: a run's held-out predictions under a decision, joined with what is known of the images.

Every image is there with the reasons against it; which of them count, the drawing says (`lesson_drawing`).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from pipeline.audit.findings import is_current, stored_audit
from pipeline.audit.near_twins import twins_within
from pipeline.classes import DIAGNOSES
from pipeline.classroom.lesson import malignancy
from pipeline.classroom.lesson_pictures import all_pictures
from pipeline.data.dataset import Dataset, list_datasets
from pipeline.data.same_lesion import lesion_groups, verdicts
from pipeline.data.seen_lesions import seen_in_training
from pipeline.data.tables import recorded
from pipeline.errors import LessonError, ModelError
from pipeline.evaluation.decided import decided_predictions, run_priors
from pipeline.files.workspace import Workspace
from pipeline.metrics.decisions import decide
from pipeline.metrics.lesion_answers import lesion_means
from pipeline.metrics.predictions_table import classes_of, probabilities_of, probability_columns
from pipeline.models.library import model_behind, title_of
from pipeline.progress import Progress, silent
from pipeline.runs.images_behind import images_behind, shared_images
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import read_remarks, taught_data
from pipeline.vocabulary import Asked, Decision

HIGH_LOSS = 0.05  # the share of images with the highest losses, among which wrong labels collect
_TEXTS = ("dx_type", "sex", "localization", "source")


@dataclass(frozen=True)
class Origin:
    """Where a pool's predictions and images come from; the words and numbers that a lesson takes over."""

    data: str
    run: str
    model: str
    class_priors: Mapping[str, float]
    generated: bool
    licence: str


@dataclass(frozen=True, eq=False)
class Pool:
    """What lessons are drawn from.

    Attributes:
        decision: under which the model answers.
        images: a row a held-out image here, indexed by image_id in alphabetical order: lesion_id; group (the lesion, or
            the first of several that look like one); dx; dx_type, sex, localization, source ("" where not recorded);
            age; short_side of the largest picture here, px; p_<code> at the frequencies of the data; called (what the
            model says under `decision`), confidence (its highest probability there) and loss; and the reasons against
            it, each bool: doubtful (somebody marked the label), two_diagnoses (one that looks like the same lesion has
            another), seen (training saw the lesion), high_loss (among the highest HIGH_LOSS).
        lesions: a row a lesion that the run judged and training had not seen, here or not: truth, and predicted, the
            model's answer to it.
    """

    origin: Origin
    decision: Decision
    images: pd.DataFrame
    lesions: pd.DataFrame

    @cached_property
    def classes(self) -> list[str]:
        """The diagnoses that the model chooses among."""
        return sorted(self.origin.class_priors)

    @cached_property
    def records(self) -> dict[str, dict[str, Any]]:
        """The rows of `images` by image_id."""
        return self.images.to_dict("index")

    @cached_property
    def mix(self) -> dict[str, int]:
        """How many lesions of each diagnosis the collection has."""
        return {str(code): int(n) for code, n in self.lesions["truth"].value_counts().sort_index().items()}

    def error_share(self, asks: Asked) -> float:
        """The share of the collection's lesions, 0..1, that the model has wrong; NaN where there is none."""
        wrong = is_wrong(self.lesions["predicted"], self.lesions["truth"], asks)
        return float(wrong.mean()) if len(wrong) else np.nan

    def check_asks(self, asks: Asked) -> None:
        """
        Raises:
            LessonError: it is asked for malignancy, which one of the model's diagnoses leaves open.
        """
        opened = [code for code in self.classes if DIAGNOSES[code].group == "unknown"]
        if asks == "malignancy" and opened:
            raise LessonError("The diagnosis {dx} says nothing about malignancy.", "Ask for the diagnosis.",
                              dx=opened[0])


def is_wrong(called: pd.Series, dx: pd.Series, asks: Asked) -> np.ndarray:
    """For each image or lesion whether what it is called is not the right answer to what is asked, bool."""
    if asks == "malignancy":
        called, dx = called.map(malignancy), dx.map(malignancy)
    return called.to_numpy(dtype=object) != dx.to_numpy(dtype=object)


def make_pool(
    origin: Origin, decision: Decision, predictions: pd.DataFrame, metadata: pd.DataFrame, *,
    doubtful: Collection[str] = (), alike: Iterable[tuple[str, str]] = (), seen: Collection[str] = (),
    short_sides: Mapping[str, int] | None = None,
) -> Pool:
    """The pool of held-out predictions.

    Args:
        predictions: of all held-out images, p_<code> at the data's class priors (the decision *as-data*).
        metadata: as `Dataset.metadata` gives it, of the images that are here; one whose diagnosis differs from the
            predictions' truth is another image, and left out.
        doubtful: ids of images whose label somebody doubts.
        alike: pairs of ids of images that look like the same lesion.
        seen: ids of images whose lesion training saw.
        short_sides: of the largest picture of each image, px; without them those of `metadata`.

    Raises:
        DataError: columns are missing.
    """
    judged = decide(predictions, origin.class_priors, decision).set_index("image_id")
    classes = classes_of(predictions, ("image_id", "lesion_id", "truth"))
    here = metadata.set_index("image_id").sort_index()
    here = here[(judged["truth"].reindex(here.index) == here["dx"]).to_numpy(dtype=bool)]
    judged_here = judged.loc[here.index]
    as_data = predictions.set_index("image_id").loc[here.index, probability_columns(classes)].astype(np.float64)
    group = lesion_groups(here.reset_index(), alike).set_axis(here.index)
    sides = here[["width", "height"]].min(axis=1) if short_sides is None else pd.Series(short_sides, dtype=int)
    limit = judged["loss"].quantile(1 - HIGH_LOSS) if len(judged) else np.nan
    images = pd.DataFrame({
        "lesion_id": here["lesion_id"], "group": group, "dx": here["dx"],
        **{column: here[column].map(lambda cell: recorded(cell) or "") for column in _TEXTS},
        "age": here["age"], "short_side": sides.reindex(here.index).fillna(0).astype(int),
        "called": judged_here["predicted"], "loss": judged_here["loss"],
        "confidence": probabilities_of(judged_here, classes).max(axis=1) if len(here) else 0.0,
        "doubtful": here.index.isin(list(doubtful)), "seen": here.index.isin(list(seen)),
        "two_diagnoses": here["dx"].groupby(group).transform("nunique") > 1,
        "high_loss": judged_here["loss"] >= limit,
    }).join(as_data)
    lesions = lesion_means(judged[~judged.index.isin(list(seen))].reset_index())[["truth", "predicted"]]
    return Pool(origin, decision, images, lesions)


def pool_of(workspace: Workspace, run: RunDir, decision: Decision, progress: Progress = silent) -> Pool:
    """The pool of a run's held-out predictions, of whose images at least some must be here.

    Pairs that look like one lesion come from the data set's audit where it has a current one, else from a look at its
    pixels (`near_twins`), which takes some seconds the first time; verdicts on pairs count before either.

    Raises:
        LessonError: no image that the run judged is here, or its model's class priors are not known.
        LesionLabError: a file of the run or of the data set is missing or damaged.
        Cancelled: by `progress`.
    """
    priors = run_priors(run)
    if priors is None:
        raise LessonError("How frequent each diagnosis was when the model of the run {run} was trained is not known "
                          "here, so no lesson can be drawn from it.", "Choose another run.", run=run.name)
    predictions = run.predictions()
    dataset, _ = images_behind(run, list_datasets(workspace), lambda one: shared_images(
        predictions, one.metadata().set_index("image_id")))
    if dataset is None:
        raise LessonError("The images that the run {run} judged are not here.", "Import their data set first.",
                          run=run.name)
    remarks = read_remarks(workspace, taught_data(run)) | read_remarks(workspace, dataset.name)
    pictures, metadata = all_pictures(workspace, dataset.generated), dataset.metadata()
    origin = Origin(dataset.name, run.name, _model_words(workspace, run), priors, dataset.generated,
                    dataset.rights)
    pool = make_pool(
        origin, decision, decided_predictions(run, predictions, "as-data"), metadata,
        doubtful={image_id for image_id, remark in remarks.items() if remark.doubtful},
        alike=_alike(dataset, progress), seen=_seen(run),
        short_sides={image_id: pictures[image_id, dx].short_side
                     for image_id, dx in zip(metadata["image_id"], metadata["dx"], strict=True)},
    )
    if pool.images.empty:
        raise LessonError("The images that the run {run} judged are not here.", "Import their data set first.",
                          run=run.name)
    return pool


def _model_words(workspace: Workspace, run: RunDir) -> str:
    """What people call the model that answered; the run's name where it is gone."""
    try:
        return title_of(model_behind(workspace, run))
    except ModelError:
        return run.name


def _alike(dataset: Dataset, progress: Progress) -> list[tuple[str, str]]:
    """Pairs of images that look like one lesion, or were judged to show one; not those that were judged not to."""
    audit, judged = stored_audit(dataset), verdicts(dataset)
    if audit is not None and is_current(dataset, audit):
        found = [(pair["image_a"], pair["image_b"]) for pair in audit["near_duplicates"]]
    else:
        found = twins_within(dataset, progress)
    pairs = {(min(pair), max(pair)) for pair in found} | {pair for pair, said in judged.items() if said == "same"}
    return sorted(pair for pair in pairs if judged.get(pair) != "different")


def _seen(run: RunDir) -> set[str]:
    """The images of the run's split whose lesion training saw; none of a run that brings no split."""
    if not run.split_path.exists():
        return set()
    split = run.split()
    return set(split.loc[seen_in_training(split), "image_id"])
