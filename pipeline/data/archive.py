"""One view of a zip or a folder: what its tables or folders say, its images and its lesion masks, wherever they lie."""

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.data.class_folders import folder_rows, image_ids, named_by_folder
from pipeline.data.image_ids import is_image_id
from pipeline.data.isic_layout import isic_rows, isic_truth
from pipeline.data.member import Member
from pipeline.data.members import open_members
from pipeline.data.metadata import Rows, ham10000_rows
from pipeline.data.quotable import named
from pipeline.data.regular_files import is_folder
from pipeline.errors import DataError

_METADATA = "ham10000_metadata"


@dataclass(frozen=True)
class Archive:
    """What was found.

    Attributes:
        images, masks: by image_id, each once even where the archive holds it twice.
        rows: reads what the archive says of each image; raises a DataError where that cannot be used.
        metadata: the table with the diagnoses; None where folders name them.
        problems: images that it holds twice, but not the same, or whose names cannot be ids, as {image_id, problem}.
    """

    path: Path
    images: dict[str, Member]
    masks: dict[str, Member]
    rows: Callable[[], Rows]
    metadata: Member | None = None
    problems: list[dict] = field(default_factory=list)


_MOST_COPIES = 8  # of one table that are compared


def _once(tables: list[Member], path: Path, what: str) -> Member:
    sizes = {table.size for table in tables}
    one = len(sizes) == 1 and len(tables) <= _MOST_COPIES
    if len(tables) > 1 and not (one and len({hashlib.sha256(table.read()).digest() for table in tables}) == 1):
        places = ", ".join(sorted(table.said for table in tables[:_MOST_COPIES]))
        more = f" and {len(tables) - _MOST_COPIES:,} more" if len(tables) > _MOST_COPIES else ""
        raise DataError(f"{path.name} holds several different {what}: {places}{more}.", "Keep one of them.")
    return tables[0]


def _no_table(images: list[Member], path: Path) -> DataError:
    step = "Add the table that names each image's diagnosis."
    folders = sorted({member.folder for member in images if member.folder})
    if len(folders) > 1:
        step = (
            f"Add the table that names each image's diagnosis, or name the folders by diagnosis: {named(folders)} are "
            "none that LesionLab knows."
        )
    return DataError(f"{path.name} holds no HAM10000_metadata.csv.", step)


def _with_ids(images: list[Member]) -> tuple[list[Member], list[dict]]:
    """The images whose names can be ids, and the others as a problem."""
    good = [member for member in images if is_image_id(member.stem)]
    odd = len(images) - len(good)
    what = "an image has a name" if odd == 1 else f"{odd:,} images have names"
    return good, [{"image_id": None, "problem": f"{what} that cannot be an image_id"}] if odd else []


def _images_by_stem(members: list[Member]) -> tuple[dict[str, Member], list[dict]]:
    images: dict[str, Member] = {}
    differing: dict[str, list[str]] = {}
    for member in members:
        if not images.setdefault(member.stem, member).same_as(member):
            others = differing.setdefault(member.stem, [])
            if len(others) < _MOST_COPIES:
                others.append(member.said)
    return images, [
        {"image_id": i, "problem": f"there are different images of it; {images[i].said} is used, {', '.join(p)} is not"}
        for i, p in sorted(differing.items())
    ]


def _sorted_out(path: Path, members: list[Member]) -> Archive:
    members = [member for member in members if not member.hidden]
    images, odd = _with_ids([member for member in members if member.is_image])
    masks: dict[str, Member] = {}
    for member in members:
        if (image_id := member.mask_of) is not None:
            masks.setdefault(image_id, member)
    tables = [member for member in members if member.is_table]
    ham10000 = [m for m in members if m.stem.lower() == _METADATA and (m.is_table or not m.suffix)]
    truths = [member for member in tables if isic_truth(member)]
    if not ham10000 and not truths and named_by_folder(images):
        ids = image_ids(images)
        return Archive(path, ids, masks, lambda: folder_rows(ids, tables, path.name), problems=odd)
    if not ham10000 and not truths:
        raise _no_table(images, path)
    if not images:
        zips = [member.said for member in members if member.suffix == ".zip"]
        step = "Give the archive or folder with the images."
        if zips and not is_folder(path):
            step = f"Unpack the zip files in it first ({named(zips)}), and give the folder."
        raise DataError(f"{path.name} holds no JPEG or PNG images.", step)
    by_stem, problems = _images_by_stem(images)
    problems += odd
    if ham10000:
        table = _once(ham10000, path, "metadata tables")
        return Archive(path, by_stem, masks, lambda: ham10000_rows(table), table, problems)
    truth = _once(truths, path, "ground truths of ISIC challenges")
    return Archive(path, by_stem, masks, lambda: isic_rows(truth, tables), truth, problems)


@contextlib.contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """What `path` holds, at any depth and in any case of letters; open within `with`.

    Known are HAM10000's own table, the tables of ISIC 2018 (Task 3) and ISIC 2019, and one folder for each diagnosis.
    Members may be read from several threads. What cannot be read raises a DataError there.

    Raises:
        DataError: nothing is there, it is no zip, it has no such table or folders, several tables, or no images.
    """
    with open_members(path) as members:
        yield _sorted_out(path, members)
