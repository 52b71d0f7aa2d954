"""The lesson pack: the images that the ready lessons and the tour take, as the bundled run's answers choose them.

Whoever has none of the run's images draws the ready lessons here from its answers alone. From the images that were so
chosen they are drawn again, with any seed: no stratum of theirs lacks one. Image sources and pictures that look alike
are not known without images, so the lesson of two cameras is not among them.
"""

import contextlib

import numpy as np
import pandas as pd

from pipeline.classroom.lesson_pool import Origin, Pool, make_pool
from pipeline.classroom.ready_lessons import READY_LESSONS, draw_ready
from pipeline.classroom.tour_claims import Told
from pipeline.classroom.tour_stops import STOPS
from pipeline.data.dataset import Dataset
from pipeline.data.sources.catalogue import Source
from pipeline.data.sources.fetch_images import fetch_images
from pipeline.errors import LessonError, RunError
from pipeline.evaluation.decided import decided_predictions, run_priors
from pipeline.files.workspace import Workspace
from pipeline.metrics.case_table import case_table
from pipeline.progress import Progress, silent
from pipeline.runs.run_dir import RunDir, bundled_run


def fetch_pack(workspace: Workspace, source: Source, name: str, progress: Progress = silent) -> Dataset:
    """The images of `pack_images` of the bundled run as the data set `name`; raises as that and as `fetch_images`.

    Raises:
        RunError: there is no bundled run.
    """
    run = bundled_run()
    if run is None:
        raise RunError("This LesionLab has no model in the box, whose answers choose the images of the ready lessons.",
                       "Fetch a whole collection instead.")
    return fetch_images(workspace, source, name, pack_images(run), progress)


def pack_images(run: RunDir) -> pd.DataFrame:
    """The images of the ready lessons that can be drawn without them, and of the tour's lesions; the same at each call.

    Returns:
        A row an image, by image_id: image_id, lesion_id and dx, the reference diagnosis.

    Raises:
        LessonError: none of the lessons can be drawn of this run.
        LesionLabError: a file of the run is missing or damaged.
    """
    predictions = run.predictions()
    chosen = _of_lessons(run, predictions) | _of_tour(run, predictions)
    table = predictions.rename(columns={"truth": "dx"})[["image_id", "lesion_id", "dx"]]
    return table[table["image_id"].isin(chosen)].sort_values("image_id", ignore_index=True)


def _of_lessons(run: RunDir, predictions: pd.DataFrame) -> set[str]:
    pool = _pool_without_images(run, predictions)
    chosen: set[str] = set()
    for name in READY_LESSONS:
        with contextlib.suppress(LessonError):  # of two cameras, where no image source is recorded
            lesson = draw_ready(name, pool)
            chosen |= {item.image_id for items in lesson.forms.values() for item in items}
    if not chosen:
        raise LessonError("No ready lesson can be drawn from the answers of the run {run}.",
                          "Fetch a whole collection instead.", run=run.name)
    return chosen


def _pool_without_images(run: RunDir, predictions: pd.DataFrame) -> Pool:
    """The pool under *balanced*, as if all images were here in one size, with nothing known of them but the diagnosis.

    Raises:
        LessonError: its model's class priors are not known.
    """
    priors = run_priors(run)
    if priors is None:
        raise LessonError("How frequent each diagnosis was when the model of the run {run} was trained is not known "
                          "here, so no lesson can be drawn from it.", "Fetch a whole collection instead.",
                          run=run.name)
    nothing = {"dx_type": None, "sex": None, "localization": None, "source": None, "age": np.nan, "width": 0,
               "height": 0}
    images = predictions[["image_id", "lesion_id"]].assign(dx=predictions["truth"], **nothing)
    return make_pool(Origin("", run.name, run.name, priors, False, ""), "balanced",
                     decided_predictions(run, predictions, "as-data"), images)


def _of_tour(run: RunDir, predictions: pd.DataFrame) -> set[str]:
    """The images of each lesion that the tour stops at: those that bear out its claim."""
    told = Told(*(case_table(decided_predictions(run, predictions, decision), None)
                  for decision in ("as-data", "balanced")))
    return {image_id for stop in STOPS if stop.claim.is_shown_by(told, stop.image_id)
            for image_id in told.lesion(stop.image_id, "as-data").index}
