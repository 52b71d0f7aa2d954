"""Where experts marked dermoscopic criteria: from an archive like ISIC 2018's Task 2 into a data set that is here.

`<image_id>_attribute_<criterion>.png` marks a criterion; an empty mask says that nobody marked it, which is not that it
is absent. Source of the criteria and masks: Codella et al., arXiv:1902.03368.
"""

import io
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.data.copying import READING, THRESHOLD, check_shape, in_batches, store_file
from pipeline.data.dataset import Dataset, load_dataset
from pipeline.data.delimited import column_names
from pipeline.data.delimited import read_table as read_delimited
from pipeline.data.image_ids import image_file, is_image_id, told_id
from pipeline.data.left_behind import import_lock, remove_left_behind
from pipeline.data.member import Member
from pipeline.data.members import open_members
from pipeline.data.prepare import viewed
from pipeline.data.quotable import problem_said
from pipeline.errors import DataError, ImageError, WorkspaceError
from pipeline.files.disk import disk_errors, kept_while_unchanged, replace_file
from pipeline.files.locks import file_lock
from pipeline.files.parquet import SHARE, TEXT, Column, read_table
from pipeline.files.workspace import Workspace
from pipeline.images.reading import opened
from pipeline.progress import Progress, silent
from pipeline.vocabulary import CRITERIA, Criterion

FOLDER, _TABLE = "criteria", "criteria.parquet"
_REPAIR = "Import the criteria again."
_COLUMNS = {
    "image_id": TEXT, "criterion": Column(among=CRITERIA), "marked": Column("flag"),
    "share": Column("number", SHARE.low, SHARE.high, gaps=True),
}
_Pair = tuple[str, Criterion]


@dataclass(frozen=True)
class CriteriaImported:
    """What came in.

    Attributes:
        images: of the data set, of which at least one criterion is known to be marked or not.
        marked: how many images each criterion is marked on.
        without_outline: marks that a table states and no mask shows.
        unknown: ids that the archive names and the data set lacks, in alphabetical order.
        problems: masks that could not be used, as {image_id, problem}.
    """

    data: str
    images: int
    marked: dict[Criterion, int]
    without_outline: int
    unknown: list[str]
    problems: list[dict]


class _Known(NamedTuple):
    """Of one image and criterion: the share of the picture that is marked, 0..1, or what is wrong with the mask."""

    pair: _Pair
    share: float
    problem: str = ""


def _masks(members: list[Member]) -> tuple[dict[_Pair, Member], list[dict]]:
    masks: dict[_Pair, Member] = {}
    problems = []
    for member in members:
        if member.hidden or (found := member.criterion_of) is None:
            continue
        image_id, criterion = found
        if criterion not in CRITERIA:
            problems.append({"image_id": told_id(image_id), "problem": f"{member.said} is of no criterion that "
                             "LesionLab knows"})
            continue
        first = masks.setdefault((image_id, criterion), member)
        if not first.same_as(member):
            problems.append({"image_id": told_id(image_id), "problem": "there are different masks of one criterion; "
                             f"{first.said} is used, {member.said} is not"})
    return masks, problems


def _stated(members: list[Member]) -> dict[_Pair, bool]:
    """What tables with a column for each criterion say, 0 or 1: a small mask can vanish when it is made smaller."""
    stated: dict[_Pair, bool] = {}
    for member in members:
        if member.hidden or not member.is_table:
            continue
        content = member.read()
        there = {name.casefold() for name in column_names(content, member.said)}
        if not {"image_id", *CRITERIA} <= there:
            continue
        table = read_delimited(content, member.said, ["image_id", *CRITERIA], notes=[])
        for criterion in CRITERIA:
            known = table[table[criterion].isin(["0", "1"])]
            stated |= {(image_id, criterion): value == "1"
                       for image_id, value in zip(known["image_id"], known[criterion], strict=True)}
    return stated


def _brought(member: Member, pair: _Pair, size: tuple[int, int], dataset: Dataset, incoming: Path) -> _Known:
    image_id, criterion = pair
    named = f"{image_id}_attribute_{criterion}{member.suffix}"
    with READING.taken(member.size):
        try:
            with opened(member.read(), named) as image:
                seen = viewed(image, dataset.view)
                check_shape(seen, named, size)
                grey = seen.convert("L").resize(size)
        except (DataError, ImageError) as error:
            return _Known(pair, np.nan, error.problem)
    share = float((np.asarray(grey) >= THRESHOLD).mean())
    if share:
        file = io.BytesIO()
        grey.save(file, "PNG")
        store_file(image_file(incoming / criterion, image_id, ".png"), file.getvalue())
    return _Known(pair, share)


def _table(known: Mapping[_Pair, float], stated: Mapping[_Pair, bool], images: set[str]) -> pd.DataFrame:
    rows = []
    for image_id, criterion in sorted({*known, *stated}):
        share = known.get((image_id, criterion), np.nan)
        marked = bool(share > 0) or stated.get((image_id, criterion), False)
        if image_id in images:
            rows.append((image_id, criterion, marked, share if share > 0 else np.nan if marked else 0.0))
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def import_criteria(workspace: Workspace, path: Path, name: str, progress: Progress = silent) -> CriteriaImported:
    """Brings the masks of criteria at `path`, a zip or a folder, into the data set `name`, in place of what it has.

    A mask of another size but its image's shape is brought to the image's size; where the images show the central
    squares of their originals, one of the whole original is cut to that first. Safe to repeat.

    Raises:
        DataError: there is no such data set, archive or folder, or it holds no mask that can be used.
        WorkspaceError: the disk is full or cannot be written.
        Cancelled: by `progress`; what the data set had stays.
    """
    path = Path(path) if Path(path).name else Path(path).absolute()  # the sentences name it
    dataset = load_dataset(workspace, name)
    metadata = dataset.metadata()
    sizes = dict(zip(metadata["image_id"], zip(metadata["width"], metadata["height"], strict=True), strict=True))
    place, incoming = dataset.folder / FOLDER, dataset.folder / f".{FOLDER}.incoming"
    waiting = "Waits for another import into this data set."
    with file_lock(import_lock(workspace, name), progress, waiting), open_members(path) as members:
        remove_left_behind(workspace, using=name)
        masks, problems = _masks(members)
        stated = _stated(members)
        wanted = [pair for pair in masks if pair[0] in sizes]
        try:
            shutil.rmtree(incoming, ignore_errors=True)  # what a killed import has left
            found = in_batches(
                lambda pair: _brought(masks[pair], pair, sizes[pair[0]], dataset, incoming), wanted,
                lambda n: progress(0.95 * n / len(wanted), f"Brought in {n:,} of {len(wanted):,} masks."))
            problems += [{"image_id": one.pair[0], "problem": f"a mask of it is left out: {one.problem}"}
                         for one in found if one.problem]
            known = {one.pair: one.share for one in found if not one.problem}
            table = _table(known, stated, set(sizes))
            if table.empty:
                why = f" The first problem: {problem_said(problems[0])}." if problems else ""
                raise DataError(
                    f"{path.name} holds no mask of a dermoscopic criterion of an image of {name} that can be used."
                    f"{why}", "Masks are named <image_id>_attribute_<criterion>.png, with one of the criteria "
                    f"{', '.join(CRITERIA)}.")
            _into_place(table, incoming, place)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
    progress(1.0, f"Brought in the criteria of {table['image_id'].nunique():,} images.")
    marked = table[table["marked"]]
    named = {image_id for image_id, _ in {*masks, *stated}} - set(sizes)
    return CriteriaImported(
        name, table["image_id"].nunique(), {one: int((marked["criterion"] == one).sum()) for one in CRITERIA},
        int(marked["share"].isna().sum()), sorted(filter(is_image_id, named)), problems)


def _into_place(table: pd.DataFrame, incoming: Path, place: Path) -> None:
    """The masks, then the table, which alone says what is known: a reader in between sees the criteria of before."""
    with disk_errors(place):
        for file in sorted(incoming.glob("*/*.png")):
            (place / file.parent.name).mkdir(parents=True, exist_ok=True)
            file.replace(place / file.parent.name / file.name)
    content = io.BytesIO()
    table.to_parquet(content, index=False)
    replace_file(place / _TABLE, content.getvalue())


def has_criteria(dataset: Dataset) -> bool:
    """Whether something is known of the criteria of its images; the file may be damaged."""
    return os.path.lexists(criteria_path(dataset))


def criteria_path(dataset: Dataset) -> Path:
    return dataset.folder / FOLDER / _TABLE


def read_criteria(dataset: Dataset) -> pd.DataFrame:
    """What is known of its images, shared, so not to be changed: a row an image and criterion, with image_id,
    criterion, marked (bool), and share (0..1 of the picture; NaN of a mark without an outline).

    Raises:
        WorkspaceError: the table is damaged or gone.
    """
    return _read(criteria_path(dataset))


@kept_while_unchanged(entries=8)
def _read(path: Path) -> pd.DataFrame:
    table = read_table(path, _COLUMNS, _REPAIR)
    if table.duplicated(["image_id", "criterion"]).any():
        raise WorkspaceError(f"{path} is damaged: it says something twice of an image.", _REPAIR)
    return table


def criterion_mask_path(dataset: Dataset, image_id: str, criterion: Criterion) -> Path:
    """Where the mask of a criterion that is marked with an outline lies: 8-bit grey in the image's size, at least 128
    is marked."""
    return dataset.folder / FOLDER / criterion / f"{image_id}.png"
