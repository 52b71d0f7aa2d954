"""One view of a zip, a folder or an HDF5 file: what its tables or folders say, its images and its lesion masks,
wherever they lie."""

import contextlib
import hashlib
import io
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from pipeline.data.class_folders import folder_name, folder_rows, image_ids, named_by_folder
from pipeline.data.column_layouts import (
    ANY,
    ISIC_2024,
    ISIC_ARCHIVE,
    PAD_UFES,
    any_rows,
    has_columns,
    isic_2024_rows,
    isic_archive_rows,
    pad_ufes_rows,
)
from pipeline.data.diagnosis_names import may_be_named
from pipeline.data.guesses import Guesses
from pipeline.data.hdf5_members import is_hdf5
from pipeline.data.image_ids import is_image_id
from pipeline.data.isic_layout import criteria_rows, is_criteria_labels, is_renamed_truth, isic_rows, isic_truth
from pipeline.data.member import Member
from pipeline.data.members import file_member, open_members
from pipeline.data.metadata import Rows, ham10000_rows
from pipeline.data.naming import folders_to_confirm
from pipeline.data.prepare import viewed
from pipeline.data.quotable import named
from pipeline.data.regular_files import is_folder
from pipeline.errors import DataError, ImageError
from pipeline.images.reading import opened

_METADATA = "ham10000_metadata"


@dataclass(frozen=True)
class Archive:
    """What was found.

    Attributes:
        images, masks: by image_id, each once even where the archive holds it twice.
        rows: reads what the archive says of each image, given the ids of the images that are there; raises a
            DataError where that cannot be used.
        metadata: the table with the diagnoses; None where folders name them.
        problems: images that it holds twice, but not the same, or whose names cannot be ids, as {image_id, problem}.
        filled: ids of the images that another archive gives.
    """

    path: Path
    images: dict[str, Member]
    masks: dict[str, Member]
    rows: Callable[[Collection[str]], Rows]
    metadata: Member | None = None
    problems: list[dict] = field(default_factory=list)
    filled: frozenset[str] = frozenset()


class Layout(NamedTuple):
    """A kind of table with diagnoses: what several of them are called, whether a file is one, and what one says, the
    archive's other tables beside it."""

    called: str
    is_one: Callable[[Member], bool]
    rows: Callable[[Member, list[Member], Guesses], Rows]


# the first that an archive has a table of counts
LAYOUTS = (
    Layout("metadata tables", lambda m: m.stem.lower() == _METADATA and (m.is_table or not m.suffix),
           lambda table, _, guesses: ham10000_rows(table, guesses)),
    Layout("ground truths of ISIC challenges", lambda m: m.is_table and isic_truth(m) is not None, isic_rows),
    Layout("tables of labels", is_criteria_labels, lambda table, _, guesses: criteria_rows(table, guesses)),
    Layout("tables of the ISIC archive", lambda m: has_columns(m, ISIC_ARCHIVE),
           lambda table, _, guesses: isic_archive_rows(table, guesses)),
    Layout("tables of ISIC 2024", lambda m: has_columns(m, ISIC_2024),
           lambda table, _, guesses: isic_2024_rows(table, guesses)),
    Layout("tables of PAD-UFES-20", lambda m: has_columns(m, PAD_UFES),
           lambda table, _, guesses: pad_ufes_rows(table, guesses)),
)
# those that count where no folder is named by a diagnosis either
GENERAL_LAYOUTS = (
    Layout("ground truths of ISIC challenges", is_renamed_truth, isic_rows),
    Layout("tables with images and diagnoses", lambda m: has_columns(m, ANY),
           lambda table, _, guesses: any_rows(table, guesses)),
)

_QUALITY = 75  # of a JPEG made like HAM10000's squares: a network should not tell these by their compression
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
    folders = [folder_name(member) for member in images]
    if len(set(filter(None, folders))) > 1:
        step = (
            f"Add the table that names each image's diagnosis, or name the folders by diagnosis: "
            f"{named(sorted(set(filter(None, folders))))} are none that LesionLab knows."
        )
        if all(map(may_be_named, folders)):
            return folders_to_confirm(f"{path.name} holds no HAM10000_metadata.csv.", step, folders)
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


class _Squares:
    """Reads members as JPEGs of their central squares, scaled to `side` pixels."""

    def __init__(self, name: str, side: int):
        self.name, self._side = name, side

    def read(self, key: Member, said: str, most: int, *, whole: bool = True) -> bytes:
        content = io.BytesIO()
        with opened(key.read(), said) as image:
            square = viewed(image, "square").resize((self._side, self._side), Image.Resampling.BILINEAR)
            square.save(content, "JPEG", quality=_QUALITY, exif=image.info.get("exif", b""))
        return content.getvalue()


def _side(squares: dict[str, Member]) -> int:
    """Width and height of the squares, which is that of the first by id."""
    first = squares[min(squares)]
    try:
        with opened(first.read(), first.said) as image:
            size = image.size
    except ImageError as error:
        raise DataError(error.problem, error.next_step) from error
    if size[0] != size[1]:
        raise DataError(f"{first.said} is no square, so what is missing cannot be made like it.",
                        "Import this archive without another one to fill it.")
    return size[0]


def _squares_of(missing: dict[str, Member], squares: dict[str, Member]) -> dict[str, Member]:
    """`missing` images as members that give their central squares, as large as `squares`; JPEGs.

    Raises:
        DataError: the first of `squares` is none.
    """
    if not missing:
        return {}
    side = _side(squares)
    return {
        image_id: replace(member, path=f"{image_id}.jpg", source=_Squares(member.source.name, side), key=member)
        for image_id, member in missing.items()
    }


def _table_in(
    members: list[Member], path: Path, layouts: tuple[Layout, ...] = LAYOUTS
) -> tuple[Layout, Member] | None:
    """The archive's table with the diagnoses."""
    for layout in layouts:
        if found := [member for member in members if layout.is_one(member)]:
            return layout, _once(found, path, layout.called)
    return None


def _given_table(path: Path, stack: contextlib.ExitStack) -> tuple[Layout, Member]:
    """The table at `path`, of whichever name, or the one in the archive or folder there."""
    if is_folder(path) or path.suffix.lower() == ".zip":
        members = [member for member in stack.enter_context(open_members(path)) if not member.hidden]
        if (found := _table_in(members, path, (*LAYOUTS, *GENERAL_LAYOUTS))) is None:
            raise DataError(f"{path.name} holds no table that names each image's diagnosis.", "Give a CSV.")
        return found
    member = file_member(path)
    return next((layout for layout in (*LAYOUTS, *GENERAL_LAYOUTS) if layout.is_one(member)), LAYOUTS[0]), member


def _sorted_out(
    path: Path, members: list[Member], given: tuple[Layout, Member] | None, mapping: Mapping[str, str] | None
) -> Archive:
    members = [member for member in members if not member.hidden]
    images, odd = _with_ids([member for member in members if member.is_image])
    masks: dict[str, Member] = {}
    for member in members:
        if (image_id := member.mask_of) is not None:
            masks.setdefault(image_id, member)
    tables = [member for member in members if member.is_table]
    found = given or _table_in(members, path)
    if found is None and not named_by_folder(images, mapping):
        found = _table_in(members, path, GENERAL_LAYOUTS)
        if found is None:
            raise _no_table(images, path)
    if found is None:
        ids = image_ids(images)
        return Archive(
            path, ids, masks, lambda there: folder_rows(ids, tables, path.name, Guesses(there, mapping)), problems=odd
        )
    if not images:
        zips = [member.said for member in members if member.suffix == ".zip"]
        packed = [member.said for member in members if is_hdf5(member.file)]
        step = "Give the archive or folder with the images."
        if zips and not is_folder(path):
            step = f"Unpack the zip files in it first ({named(zips)}), and give the folder."
        elif packed and not is_folder(path):
            step = f"Unpack {named(packed)} and the table from it, and give the folder that they lie in."
        raise DataError(f"{path.name} holds no images.", step)
    by_stem, problems = _images_by_stem(images)
    layout, table = found
    return Archive(
        path, by_stem, masks, lambda there: layout.rows(table, tables, Guesses(there, mapping)), table, problems + odd
    )


@contextlib.contextmanager
def open_archive(
    path: Path, table: Path | None = None, fill: Path | None = None, mapping: Mapping[str, str] | None = None
) -> Iterator[Archive]:
    """What `path` holds, at any depth and in any case of letters; open within `with`.

    Known are HAM10000's own table, the tables of ISIC 2018 (Task 3), ISIC 2019 and ISIC 2024, the labels of ISIC 2018's
    Tasks 1 and 2, the tables of the ISIC archive and of PAD-UFES-20, one folder for each diagnosis, and any table with
    a column for the image and one for the diagnosis. Members may be read from several threads. What cannot be read
    raises a DataError there.

    Args:
        mapping: what was confirmed of the diagnoses' names, as `naming.diagnosis_codes` takes it.
        table: a table that lies elsewhere, or an archive or folder that holds it; the archive's own does not count.
        fill: an archive or folder with larger parts of the images that `path` shows the central squares of: those that
            `path` lacks are made from there, as `squares_of` does.

    Raises:
        DataError: nothing is there, it is no zip or HDF5 file, it has no such table or folders, several tables, or no
            images.
    """
    with contextlib.ExitStack() as stack:
        members = stack.enter_context(open_members(path))
        found = _sorted_out(path, members, None if table is None else _given_table(table, stack), mapping)
        if fill is not None:
            others, _ = _with_ids([m for m in stack.enter_context(open_members(fill)) if m.is_image and not m.hidden])
            missing, _ = _images_by_stem([member for member in others if member.stem not in found.images])
            made = _squares_of(missing, found.images)
            found = replace(found, images={**found.images, **made}, filled=frozenset(made))
        yield found
