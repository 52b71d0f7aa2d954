"""Cached loaders of the pages Explore and Case: joins of a run's tables, each kept until one of its files changes."""

import os
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from app.filters.filter_kinds import Known
from app.loaders import evaluation_rows, leakage_rows, resources
from app.loaders.resources import Stamp, stamp
from app.loaders.run_data import Found, found_data, images_of
from pipeline.data.seen_lesions import seen_in_training
from pipeline.data.tables import levels
from pipeline.explain.embedding_files import read_flip_shares, read_neighbours, read_places
from pipeline.metrics.case_table import METADATA_FACTORS, case_table
from pipeline.metrics.flips import FlipShare
from pipeline.metrics.held_out import classes_of, probabilities_of
from pipeline.runs.labels import read_label
from pipeline.runs.run_dir import RunDir
from pipeline.runs.run_tables import read_predictions, read_split
from pipeline.runs.teaching import TeachingSet, list_sets
from pipeline.vocabulary import Decision


@st.cache_resource(max_entries=8, show_spinner=False)
def _cases(
    _run: RunDir, _found: Found, of: tuple[Stamp, ...], table: Stamp | None, decision: Decision | None
) -> pd.DataFrame:
    metadata = images_of(_run, _found).reset_index(drop=True) if _found.dataset else None
    told = evaluation_rows.decided(_run, decision) if decision else resources.predictions(_run)
    return case_table(told, metadata)


def cases(run: RunDir, decision: Decision | None = None) -> pd.DataFrame:
    """The run's `case_table` under a decision, else as its predictions are stored; shared, so not to be changed.

    Raises:
        RunError: it has no predictions yet, or under a decision no split.
    """
    found = found_data(run)
    table = stamp(found.dataset.folder / "metadata.parquet") if found.dataset else None
    return _cases(run, found, evaluation_rows.stamps(run), table, decision)


@st.cache_resource(max_entries=256, show_spinner=False)
def _answers(of: Stamp) -> pd.DataFrame:
    table = read_predictions(Path(of[0]))
    shares = probabilities_of(table, classes_of(table))
    return pd.DataFrame({
        **{column: table[column].astype("category") for column in ("part", "truth", "predicted")},
        "probability": shares.max(axis=1).astype(np.float32),
    }).set_index(pd.Index(table["image_id"]))


def answers(run: RunDir) -> pd.DataFrame:
    """part, truth, predicted and its probability by image_id, of what the run judged; small, because many runs are
    asked at once.
    """
    return _answers(stamp(run.predictions_path))


def others(run: RunDir) -> list[RunDir]:
    """The other runs on the same images and labels that have predictions, newest first."""
    data = run.config().data_hash
    return [other for other in resources.runs()
            if other.name != run.name and other.predictions_path.exists() and other.config().data_hash == data]


@st.cache_resource(max_entries=16, show_spinner=False)
def _neighbours(of: Stamp) -> pd.DataFrame:
    return read_neighbours(Path(of[0]))


def neighbours(run: RunDir) -> pd.DataFrame | None:
    """As `nearest_lesions` gives them; None before they were computed.

    Raises:
        WorkspaceError: the file is damaged.
    """
    path = run.neighbours_path
    return _neighbours(stamp(path)) if os.path.lexists(path) else None


@st.cache_resource(max_entries=16, show_spinner=False)
def _places(of: Stamp) -> pd.DataFrame:
    return read_places(Path(of[0]))


def places(run: RunDir) -> pd.DataFrame | None:
    """image_id, x and y of the run's map; None before it was drawn.

    Raises:
        WorkspaceError: the file is damaged.
    """
    path = run.map_path
    return _places(stamp(path)) if os.path.lexists(path) else None


@st.cache_data(max_entries=16, show_spinner=False)
def _shares(of: Stamp) -> dict[str, FlipShare]:
    return read_flip_shares(Path(of[0]))


def flip_shares(run: RunDir) -> dict[str, FlipShare] | None:
    """What flips the run's predictions, by name of perturbation; None before it was computed.

    Raises:
        WorkspaceError: the file is damaged.
    """
    path = run.what_if_path
    return _shares(stamp(path)) if os.path.lexists(path) else None


def sets_of(run: RunDir) -> dict[str, TeachingSet]:
    """The teaching sets of the run's data set by id, newest first."""
    data = run.config().data
    return {one.id: one for one in list_sets(resources.workspace()) if one.data == data}


@st.cache_data(max_entries=16, show_spinner=False)
def _levels(_cases: pd.DataFrame, of: tuple) -> dict[str, list[str]]:
    known = {"part": [part for part in ("validation", "test") if (_cases["part"] == part).any()]}
    codes = classes_of(_cases)
    known |= {"truth": codes, "predicted": codes}
    for factor in METADATA_FACTORS if "age" in _cases else ():
        known[factor] = levels(_cases, factor)
    return known


def known(run: RunDir) -> Known:
    """What an address can ask of this run's images."""
    table = cases(run)
    shares = flip_shares(run)
    return Known(
        levels=_levels(table, (stamp(run.predictions_path), "age" in table)),
        runs={other.name: name_of(other) for other in others(run)},
        sets=sets_of(run),
        flips=tuple(shares or ()),
        map=places(run) is not None,
        seen=_some_seen(run),
        evidence=leakage_rows.evidence_there(run, found_data(run).dataset),
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _seen(of: Stamp) -> pd.Series:
    split = read_split(Path(of[0]))
    return seen_in_training(split)[split["part"] != "train"].set_axis(split.loc[split["part"] != "train", "image_id"])


def _some_seen(run: RunDir) -> bool:
    return run.split_path.exists() and bool(_seen(stamp(run.split_path)).any())


def seen_images(run: RunDir) -> pd.Series:
    """Whether training saw the lesion of each held-out image, by image_id."""
    return _seen(stamp(run.split_path))


def others_named(run: RunDir, names: Collection[str]) -> list[RunDir]:
    """Those of `others` that have these names."""
    return [other for other in others(run) if other.name in names]


def validated_alike(other: RunDir, table: pd.DataFrame) -> pd.Index:
    """The validation images (of an evaluation all) of another run that `table` knows by the same truth."""
    told = answers(other)
    told = told if other.evaluation() else told[told["part"] == "validation"]
    truth = table["truth"].reindex(told.index)
    return told.index[told["truth"].astype(object).to_numpy() == truth.to_numpy()]


def wrong_images(run: RunDir) -> pd.Index:
    """The images that the run got wrong."""
    told = answers(run)
    return told.index[told["predicted"].astype(object) != told["truth"].astype(object)]


def name_of(run: RunDir) -> str:
    """The name that a person gave the run, else its id."""
    return read_label(run).name or run.name
