"""Pairs of images that somebody has judged: the same lesion under two lesion_ids, or not; and what follows for splits.

    datasets/<name>/same_lesion.csv    image_a,image_b,verdict (same or different)
"""

import hashlib
import os
from pathlib import Path
from typing import Literal

import pandas as pd

from pipeline.data.dataset import Dataset
from pipeline.data.delimited import read_table
from pipeline.data.quotable import quotable
from pipeline.data.regular_files import read_regular
from pipeline.errors import DataError, WorkspaceError
from pipeline.files.csv_cells import rows_as_csv
from pipeline.files.disk import read_bytes, replace_file
from pipeline.files.locks import file_lock
from pipeline.files.workspace import Workspace
from pipeline.limits import MOST_TABLE_BYTES
from pipeline.progress import silent

Verdict = Literal["same", "different"]
VERDICTS: tuple[Verdict, ...] = ("same", "different")
COLUMNS = ("image_a", "image_b", "verdict")
_MOST_NAMED = 5
_REPAIR = "Correct it, or delete it."


def verdicts_path(dataset: Dataset) -> Path:
    return dataset.folder / "same_lesion.csv"


def _ordered(image_a: str, image_b: str) -> tuple[str, str]:
    return (image_a, image_b) if image_a < image_b else (image_b, image_a)


def verdicts(dataset: Dataset) -> dict[tuple[str, str], Verdict]:
    """The verdict on each judged pair; the pair's ids in alphabetical order.

    Raises:
        WorkspaceError: the file is damaged.
    """
    path = verdicts_path(dataset)
    if not os.path.lexists(path):
        return {}
    content = read_bytes(path, MOST_TABLE_BYTES, _REPAIR)
    try:
        table = read_table(content, path.name, COLUMNS)
    except DataError as error:
        raise WorkspaceError(f"{path} is damaged: it is no table with the columns {', '.join(COLUMNS)}.",
                             _REPAIR) from error
    rows = table[list(COLUMNS)]
    if rows.isna().any(axis=None) or not rows["verdict"].isin(VERDICTS).all():
        raise WorkspaceError(f"{path} is damaged: a row lacks an image, or its verdict is neither same nor different.",
                             _REPAIR)
    return {_ordered(a, b): verdict for a, b, verdict in rows.itertuples(index=False, name=None)}


def _store(dataset: Dataset, found: dict[tuple[str, str], Verdict]) -> None:
    rows = [(*pair, verdict) for pair, verdict in sorted(found.items())]
    replace_file(verdicts_path(dataset), rows_as_csv(COLUMNS, rows).encode())


def _change(
    workspace: Workspace, dataset: Dataset, changes: dict[tuple[str, str], Verdict | None]
) -> dict[tuple[str, str], Verdict]:
    with file_lock(workspace.locks / f"same-lesion-{dataset.name}.lock", silent, "Waits for another verdict."):
        found = verdicts(dataset)
        for pair, verdict in changes.items():
            if verdict is None:
                found.pop(pair, None)
            else:
                found[pair] = verdict
        _store(dataset, found)
    return found


def judge_pair(
    workspace: Workspace, dataset: Dataset, image_a: str, image_b: str, verdict: Verdict | None
) -> dict[tuple[str, str], Verdict]:
    """Stores the verdict on a pair, or takes it back with None; gives all verdicts.

    Raises:
        WorkspaceError: the file is damaged, or the disk is full.
    """
    return _change(workspace, dataset, {_ordered(image_a, image_b): verdict})


def _row_problem(image_a, image_b, verdict, known: set[str]) -> str | None:
    for image in (image_a, image_b):
        if pd.isna(image) or not image:
            return "an image_id is missing"
        if image not in known:
            return f"the data set has no image {image}" if quotable(image) else "the data set has no such image"
    if image_a == image_b:
        return f"{image_a} is paired with itself"
    if verdict not in VERDICTS:
        said = "missing" if pd.isna(verdict) or not verdict else verdict if quotable(verdict) else "something else"
        return f"the verdict is {said}, not same or different"
    return None


def read_verdicts(dataset: Dataset, path: Path) -> dict[tuple[str, str], Verdict]:
    """The verdicts in a CSV with image_a, image_b and verdict (same or different).

    Raises:
        DataError: there is no such file, it lacks a column, or rows of it cannot be used; the sentence names those.
    """
    if not os.path.exists(path):
        raise DataError(f"There is no file {path}.", "Check the path of the verdicts.")
    table = read_table(read_regular(path, MOST_TABLE_BYTES), path.name, COLUMNS)
    table = table[list(COLUMNS)].assign(verdict=table["verdict"].str.lower())
    known, found, bad = set(dataset.metadata()["image_id"]), {}, []
    for line, (image_a, image_b, verdict) in enumerate(table.itertuples(index=False, name=None), start=2):
        problem = _row_problem(image_a, image_b, verdict, known)
        if problem is None and found.setdefault(_ordered(image_a, image_b), verdict) != verdict:
            problem = "an earlier row has another verdict on the same pair"
        if problem:
            bad.append(f"line {line}: {problem}")
    if bad:
        more = f"; and {len(bad) - _MOST_NAMED:,} more" if len(bad) > _MOST_NAMED else ""
        raise DataError(
            f"{path.name} has rows that cannot be used: {'; '.join(bad[:_MOST_NAMED])}{more}.",
            "Correct them and try again; nothing was stored.",
        )
    if not found:
        raise DataError(f"{path.name} has no rows.", "Give a row for each pair.")
    return found


def import_verdicts(workspace: Workspace, dataset: Dataset, path: Path) -> dict[tuple[str, str], Verdict]:
    """Stores all verdicts of a CSV, over those that there are; gives all verdicts.

    Raises:
        DataError: as `read_verdicts`; then nothing is stored.
        WorkspaceError: the stored file is damaged, or the disk is full.
    """
    return _change(workspace, dataset, read_verdicts(dataset, path))


def lesion_groups(metadata: pd.DataFrame, pairs) -> pd.Series:
    """The group of each image: its lesion_id, or for lesions that `pairs` connect the first of theirs in the alphabet.

    Args:
        metadata: with image_id and lesion_id.
        pairs: (image_a, image_b) that show the same lesion; those whose images the table lacks are passed over.

    Returns:
        On the index of `metadata`.
    """
    lesion_of = dict(zip(metadata["image_id"], metadata["lesion_id"], strict=True))
    parent: dict[str, str] = {}

    def root(lesion: str) -> str:
        while lesion in parent:
            lesion = parent[lesion]
        return lesion

    for image_a, image_b in pairs:
        if image_a in lesion_of and image_b in lesion_of:
            first, second = sorted((root(lesion_of[image_a]), root(lesion_of[image_b])))
            if first != second:
                parent[second] = first
    return metadata["lesion_id"].map(root) if parent else metadata["lesion_id"]


def confirmed_pairs(dataset: Dataset) -> list[tuple[str, str]]:
    """The pairs that were judged to show the same lesion, in alphabetical order."""
    return sorted(pair for pair, verdict in verdicts(dataset).items() if verdict == "same")


def confirmed_digest(dataset: Dataset) -> str | None:
    """SHA-256 over the confirmed pairs, for a run's config; None where there are none."""
    pairs = confirmed_pairs(dataset)
    return hashlib.sha256("\n".join(map(",".join, pairs)).encode()).hexdigest() if pairs else None


def metadata_by_lesion(dataset: Dataset, digest: str | None) -> pd.DataFrame:
    """The data set's table; where pairs are confirmed with `group_id`, which `make_split` keeps together.

    Args:
        digest: of the confirmed pairs when the run was planned.

    Raises:
        DataError: other pairs are confirmed now.
    """
    metadata = dataset.metadata()
    if confirmed_digest(dataset) != digest:
        raise DataError(
            f"The pairs of {dataset.name} that are confirmed to show one lesion have changed since this run was "
            "planned.",
            "Start a new run.",
        )
    return metadata if digest is None else metadata.assign(group_id=lesion_groups(metadata, confirmed_pairs(dataset)))
