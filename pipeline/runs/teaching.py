"""What an educator keeps about images: named teaching sets, and for each image a note and a "label doubtful" tag.

All of it is JSON in the workspace's `teaching/`: `<set>.json` for a set, `images/<data>.json` for what is said of the
images of a data set, which holds in every set and on every page.
"""

import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, NamedTuple

import pandas as pd
from annotated_types import Len

from pipeline.errors import NameTakenError, TeachingError, WorkspaceError
from pipeline.files.bounds import FileName, Moment, Text, Word
from pipeline.files.disk import disk_errors, write_json
from pipeline.files.locks import file_lock
from pipeline.files.records import read_record, whole_and_damaged
from pipeline.files.workspace import Workspace
from pipeline.progress import silent
from pipeline.runs.run_dir import RunDir

LONGEST_NAME, LONGEST_NOTE = 60, 2000
_REPAIR = "Delete it, or restore it from a copy."
_BUNDLED_DATA = "ham10000-sharp"  # which the first bundled run named: what was said of its images is kept there


@dataclass(frozen=True)
class TeachingSet:
    """A named selection of one data set's images; `id` names its file and never changes.

    Attributes:
        run: whose predictions were looked at when it was made.
        images: image ids, in the order in which they were chosen.
        created: seconds since 1970 (UTC).
    """

    id: Word
    name: Annotated[Word, Len(1, LONGEST_NAME)]
    note: Annotated[Text, Len(0, LONGEST_NOTE)]
    data: FileName
    run: FileName
    images: Annotated[tuple[Word, ...], Len(1, None)]
    created: Moment


@dataclass(frozen=True)
class Remark:
    """What the educator says of an image; `written`: when, in seconds since 1970 (UTC), 0 where it is not known."""

    note: Annotated[Text, Len(0, LONGEST_NOTE)] = ""
    doubtful: bool = False
    written: Moment = field(default=0.0, compare=False)


class Kept(NamedTuple):
    """How much there is: teaching sets, and images with a note or a doubtful label."""

    sets: int
    images: int


def teaching_folder(workspace: Workspace) -> Path:
    return workspace.home / "teaching"


def set_path(workspace: Workspace, set_id: str) -> Path:
    return teaching_folder(workspace) / f"{set_id}.json"


def taught_data(run: RunDir) -> str:
    """The name of the data set under which sets and remarks of the run's images are kept: its own; of the bundled run,
    whose images may lie here under any name, always the same."""
    return run.config().data if run.capabilities().names_its_data else _BUNDLED_DATA


def remarks_path(workspace: Workspace, data: str) -> Path:
    return teaching_folder(workspace) / "images" / f"{data}.json"


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    """Two browsers that change the sets at once take turns, so that neither loses what the other wrote."""
    with file_lock(workspace.locks / "teaching.lock", silent, "Another window changes the teaching sets."):
        yield


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise TeachingError(f"A teaching set needs a name of 1 to {LONGEST_NAME} characters.", "Give it one.")
    return name


def _read(path: Path) -> TeachingSet:
    return read_record(path, TeachingSet, _REPAIR, id=path.stem)


def list_sets(workspace: Workspace) -> list[TeachingSet]:
    """The teaching sets, newest first; a damaged file is left out (`damaged_sets` has it)."""
    found, _ = whole_and_damaged(teaching_folder(workspace).glob("set-*.json"), _read)
    return sorted(found, key=lambda one: (one.created, one.id), reverse=True)


def damaged_sets(workspace: Workspace) -> list[WorkspaceError]:
    """What is wrong with each teaching set that cannot be read."""
    return whole_and_damaged(sorted(teaching_folder(workspace).glob("set-*.json")), _read)[1]


def find_set(workspace: Workspace, set_id: str) -> TeachingSet:
    """The set of that id.

    Raises:
        TeachingError: there is none.
        WorkspaceError: its file is damaged.
    """
    path = set_path(workspace, set_id)
    if not re.fullmatch(r"set-\d+", set_id) or not os.path.lexists(path):
        raise TeachingError(f"There is no teaching set {set_id}.", "It may have been deleted.")
    return _read(path)


def _free_name(workspace: Workspace, name: str, data: str, own: str = "") -> str:
    """The name as it is kept; of the data set's other sets, `own` not counted, none has it in whatever case."""
    name = _name(name)
    for one in list_sets(workspace):
        if one.data == data and one.id != own and one.name.casefold() == name.casefold():
            raise NameTakenError(set_id=one.id)
    return name


def _write(workspace: Workspace, one: TeachingSet) -> TeachingSet:
    write_json(set_path(workspace, one.id), {key: value for key, value in asdict(one).items() if key != "id"})
    return one


def create_set(
    workspace: Workspace, name: str, note: str, data: str, run: RunDir, images: Iterable[str]
) -> TeachingSet:
    """A new set of the images of the data set `data`.

    Raises:
        NameTakenError: another set of that data set has this name.
        TeachingError: the name is empty or too long, or there is no image.
        WorkspaceError: the workspace cannot be written.
    """
    images = _some(images)
    with _alone(workspace):
        places = (teaching_folder(workspace), workspace.bin / "teaching")  # an id is not given twice
        numbers = [int(number[1]) for place in places for path in place.glob("set-*.json")
                   if (number := re.fullmatch(r"set-(\d{1,9})", path.stem))]
        one = TeachingSet(f"set-{max(numbers, default=0) + 1}", _free_name(workspace, name, data),
                          note.strip()[:LONGEST_NOTE], data, run.name, images, time.time())
        return _write(workspace, one)


def _some(images: Iterable[str]) -> tuple[str, ...]:
    """Each image once, in their order; at least one."""
    if not (found := tuple(dict.fromkeys(images))):
        raise TeachingError("No image is selected.", "Select some first.")
    return found


def replace_set(workspace: Workspace, set_id: str, note: str, run: RunDir, images: Iterable[str]) -> TeachingSet:
    """Gives the set other images and another note; its name and its id, which its links carry, stay.

    What it was before is put away, and `restore_set` takes that back.

    Raises:
        TeachingError: there is no such set, or no image.
    """
    images = _some(images)
    with _alone(workspace):
        one = find_set(workspace, set_id)
        _move(set_path(workspace, set_id), workspace.bin / "teaching" / f"{set_id}.json")
        return _write(workspace, replace(one, note=note.strip()[:LONGEST_NOTE], run=run.name, images=images,
                                         created=time.time()))


def change_set(workspace: Workspace, set_id: str, name: str, note: str) -> TeachingSet:
    """Renames the set and replaces its note.

    Raises:
        NameTakenError: another set of its data set has this name.
        TeachingError: there is none, or the name is empty or too long.
    """
    with _alone(workspace):
        one = find_set(workspace, set_id)
        name = one.name if name == one.name else _free_name(workspace, name, one.data, set_id)
        return _write(workspace, replace(one, name=name, note=note.strip()[:LONGEST_NOTE]))


def add_images(workspace: Workspace, set_id: str, images: Iterable[str]) -> TeachingSet:
    """Puts images at the end of the set; those that it has already keep their place."""
    with _alone(workspace):
        one = find_set(workspace, set_id)
        return _write(workspace, replace(one, images=tuple(dict.fromkeys([*one.images, *images]))))


def delete_set(workspace: Workspace, set_id: str) -> None:
    """Puts the set away; `restore_set` takes it back."""
    with _alone(workspace):
        find_set(workspace, set_id)
        _move(set_path(workspace, set_id), workspace.bin / "teaching" / f"{set_id}.json")


def restore_set(workspace: Workspace, set_id: str) -> TeachingSet:
    """Takes a deleted set back, or what a set was before it was replaced.

    Raises:
        TeachingError: there is none.
    """
    away = workspace.bin / "teaching" / f"{set_id}.json"
    with _alone(workspace):
        if not re.fullmatch(r"set-\d+", set_id) or not away.exists():
            raise TeachingError(f"There is no deleted teaching set {set_id}.", "")
        _move(away, set_path(workspace, set_id))
    return find_set(workspace, set_id)


def _move(source: Path, target: Path) -> None:
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)


def read_remarks(workspace: Workspace, data: str) -> dict[str, Remark]:
    """What is said of the data set's images, by image_id.

    Raises:
        WorkspaceError: the file is damaged.
    """
    path = remarks_path(workspace, data)
    return read_record(path, dict[Word, Remark], _REPAIR) if os.path.lexists(path) else {}


def write_remark(workspace: Workspace, data: str, image_id: str, remark: Remark) -> None:
    """Replaces what is said of an image; an empty remark takes it away."""
    with _alone(workspace):
        remarks = read_remarks(workspace, data)
        remarks[image_id] = Remark(remark.note.strip()[:LONGEST_NOTE], remark.doubtful, time.time())
        _write_remarks(remarks_path(workspace, data), remarks)


def _write_remarks(path: Path, remarks: dict[str, Remark]) -> None:
    write_json(path, {key: asdict(value) for key, value in sorted(remarks.items()) if value.note or value.doubtful})


def _remarked(workspace: Workspace) -> list[str]:
    """The data sets of whose images something is said."""
    return sorted(path.stem for path in (teaching_folder(workspace) / "images").glob("*.json"))


def written_since(workspace: Workspace, since: float) -> Kept:
    """What was made or written since a time; everything since 0.

    Raises:
        WorkspaceError: a file is damaged.
    """
    remarks = [read_remarks(workspace, data) for data in _remarked(workspace)]
    return Kept(sum(one.created >= since for one in list_sets(workspace)),
                sum(remark.written >= since for said in remarks for remark in said.values()))


def put_away(workspace: Workspace, since: float) -> Path:
    """Moves what was made or written since a time, 0 for everything, out of the app, and says into which folder.

    `restore_set` takes a set back; what was said of images lies there as `images-<time>/<data>.json`.

    Raises:
        WorkspaceError: a file is damaged, or the workspace cannot be written.
    """
    place = workspace.bin / "teaching"
    away = place / f"images-{time.time_ns()}"
    with _alone(workspace):
        for one in list_sets(workspace):
            if one.created >= since:
                _move(set_path(workspace, one.id), place / f"{one.id}.json")
        for data in _remarked(workspace):
            remarks = read_remarks(workspace, data)
            gone = {image_id: remark for image_id, remark in remarks.items() if remark.written >= since}
            if gone:
                _write_remarks(away / f"{data}.json", gone)
                _write_remarks(remarks_path(workspace, data), {key: remarks[key] for key in remarks.keys() - gone})
    return place


def set_table(one: TeachingSet, cases: pd.DataFrame, remarks: dict[str, Remark]) -> pd.DataFrame:
    """The set as a table for export: what `cases` (indexed by image_id) knows of each image, and the remarks.

    An image that `cases` lacks has empty cells there.
    """
    table = cases.reindex(list(one.images)).assign(image_id=list(one.images))
    said = [remarks.get(image_id, Remark()) for image_id in one.images]
    table.insert(0, "teaching_set", one.name)
    return table.assign(label_doubtful=[r.doubtful for r in said], note=[r.note for r in said])
