"""Cached loaders of the pages Errors and Case: joins of a run's tables."""

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from app.loaders import evaluation_rows, leakage_rows, resources
from app.loaders.file_cache import kept
from app.loaders.other_answers import others
from app.loaders.run_data import found_data, found_files, images_of
from app.words.run_titles import bundled_title
from pipeline.data.seen_lesions import seen_in_training
from pipeline.data.tables import factors_of, levels
from pipeline.explain.embedding_files import (
    ChangedAnswers,
    read_changed,
    read_flip_shares,
    read_neighbours,
    read_places,
)
from pipeline.metrics.case_table import METADATA_FACTORS, case_table
from pipeline.metrics.lesion_answers import FlipShare
from pipeline.metrics.predictions_table import classes_of
from pipeline.runs.labels import label_path, read_label
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import TeachingSet, list_sets, taught_data
from pipeline.vocabulary import Decision


@kept(lambda run, decision=None: [*evaluation_rows.run_files(run), *found_files(run)], entries=8)
def cases(run: RunDir, decision: Decision | None = None) -> pd.DataFrame:
    """The run's `case_table` under a decision, else as its predictions are stored; shared, so not to be changed.

    Raises:
        RunError: it has no predictions yet, or under a decision no split.
    """
    images = images_of(run, found_data(run))
    metadata = None if images is None else images.reset_index(drop=True)
    return case_table(evaluation_rows.decided(run, decision) if decision else resources.predictions(run), metadata)


@kept(lambda run: [run.neighbours_path], entries=16)
def neighbours(run: RunDir) -> pd.DataFrame | None:
    """As `nearest_lesions` gives them; None before they were computed.

    Raises:
        WorkspaceError: the file is damaged.
    """
    return read_neighbours(run.neighbours_path) if os.path.lexists(run.neighbours_path) else None


@kept(lambda run: [run.map_path], entries=16)
def places(run: RunDir) -> pd.DataFrame | None:
    """image_id, x and y of the run's map; None before it was drawn.

    Raises:
        WorkspaceError: the file is damaged.
    """
    return read_places(run.map_path) if os.path.lexists(run.map_path) else None


@kept(lambda run: [run.what_if_path], entries=16, copied=True)
def flip_shares(run: RunDir) -> dict[str, FlipShare] | None:
    """What flips the run's predictions, by name of perturbation; None before it was computed.

    Raises:
        WorkspaceError: the file is damaged.
    """
    return read_flip_shares(run.what_if_path) if os.path.lexists(run.what_if_path) else None


@kept(lambda run: [run.changed_path], entries=2)
def changed(run: RunDir) -> ChangedAnswers | None:
    """The stored answers to changed pictures; None of a run that stores none.

    Raises:
        WorkspaceError: the file is damaged.
    """
    return read_changed(run.changed_path) if os.path.lexists(run.changed_path) else None


def sets_of(run: RunDir) -> dict[str, TeachingSet]:
    """The teaching sets of the run's data set by id, newest first."""
    data = taught_data(run)
    return {one.id: one for one in list_sets(resources.workspace()) if one.data == data}


@kept(lambda run: [run.predictions_path, *found_files(run)], entries=16, copied=True)
def _levels(run: RunDir) -> dict[str, list[str]]:
    table = cases(run)
    known = {"part": [part for part in ("validation", "test") if (table["part"] == part).any()]}
    codes = classes_of(table)
    known |= {"truth": codes, "predicted": codes}
    there = factors_of(table)
    for factor in (one for one in METADATA_FACTORS if "age" in table and one in there):
        known[factor] = levels(table, factor)
    return known


class Known(NamedTuple):
    """What can be asked of a run's images.

    Attributes:
        levels: of each factor that is known here ("truth", "age", …).
        runs: the other runs on the same images, their names in words by their ids.
        sets: the teaching sets by their ids.
        flips: the changes of the picture whose flips are stored.
        map: whether a map was drawn.
        seen: whether training saw some of the lesions.
        evidence: whether it is known how much evidence lies inside the lesions.
    """

    levels: Mapping[str, Sequence[str]]
    runs: Mapping[str, str]
    sets: Mapping[str, TeachingSet]
    flips: Sequence[str]
    map: bool
    seen: bool = False
    evidence: bool = False


def known(run: RunDir) -> Known:
    """What an address can ask of this run's images."""
    return Known(
        levels=_levels(run),
        runs={other.name: name_of(other) for other in others(run)},
        sets=sets_of(run),
        flips=tuple(flip_shares(run) or ()),
        map=places(run) is not None,
        seen=run.split_path.exists() and bool(seen_images(run).any()),
        evidence=leakage_rows.evidence_there(run, found_data(run).dataset),
    )


@kept(lambda run: [run.split_path], entries=64, copied=True)
def seen_images(run: RunDir) -> pd.Series:
    """Whether training saw the lesion of each held-out image, by image_id."""
    split = run.split()
    return seen_in_training(split)[split["part"] != "train"].set_axis(split.loc[split["part"] != "train", "image_id"])


@kept(lambda run: [label_path(run)], entries=1024)
def name_of(run: RunDir) -> str:
    """The name that a person gave the run, else its id; of the bundled run its title."""
    if run.capabilities().read_only:
        return bundled_title(run.capabilities())
    return read_label(run).name or run.name
