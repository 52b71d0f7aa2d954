"""Images sorted into one folder for each diagnosis: the folder's name is a diagnosis's code or its full name."""

import hashlib
import re
from collections import Counter

import pandas as pd

from pipeline.classes import DIAGNOSES
from pipeline.data.delimited import column_names, read_table
from pipeline.data.image_ids import is_image_id
from pipeline.data.member import Member
from pipeline.data.metadata import COLUMNS, Rows, checked_rows, own_lesions
from pipeline.data.quotable import quotable
from pipeline.errors import DataError
from pipeline.limits import MOST_LINE_CHARACTERS

_LESIONS = ("image_id", "lesion_id")
_MOST_NAMED = 8
_HEAD = 4 * MOST_LINE_CHARACTERS  # bytes: a character has at most four


def _plain(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", words.lower().replace("'", "")).strip()


_CODES = {_plain(name): code for code, d in DIAGNOSES.items() for name in (code, d.name)}


def named_by_folder(images: list[Member]) -> bool:
    """Whether at least one image lies in a folder that is named like a diagnosis."""
    return any(_plain(member.folder) in _CODES for member in images)


def image_ids(images: list[Member]) -> dict[str, Member]:
    """The images by id: the file's stem, or its whole path where several files share a stem, capitals aside."""
    stems = Counter(member.stem.casefold() for member in images)

    def image_id(member: Member) -> str:
        if stems[member.stem.casefold()] == 1:
            return member.stem
        whole = member.path[: len(member.path) - len(member.suffix)].replace("/", "-")
        return whole if is_image_id(whole) else f"{member.stem}-{hashlib.sha256(whole.encode()).hexdigest()[:16]}"

    return {image_id(member): member for member in images}


def _lesion_table(tables: list[Member], name: str) -> pd.DataFrame | None:
    """The one table among `tables` with image_id and lesion_id, by image_id."""
    found = [table for table in tables if set(_LESIONS) <= set(column_names(table.start(_HEAD), table.said))]
    if len(found) > 1:
        places = ", ".join(table.said for table in found[:_MOST_NAMED])
        raise DataError(f"{name} holds several tables with lesion ids: {places}.", "Keep one of them.")
    if not found:
        return None
    table = read_table(found[0].read(), found[0].said, _LESIONS, tuple(set(COLUMNS) - {*_LESIONS, "dx"}))
    return table.drop_duplicates("image_id").set_index("image_id")


def _unknown_folders(unknown: pd.Series) -> str:
    counts = unknown.value_counts().sort_index()
    shown = {folder: n for folder, n in counts.items() if not folder or quotable(folder)}
    said = [f"{folder or '(no folder)'} ({n:,} image{'s' if n > 1 else ''})" for folder, n in shown.items()]
    rest = len(counts) - len(said[:_MOST_NAMED])
    return ", ".join([*said[:_MOST_NAMED], *([f"{rest:,} more"] if rest else [])])


def folder_rows(images: dict[str, Member], tables: list[Member], name: str) -> Rows:
    """A row for each image: its diagnosis from its folder, all else from a CSV with image_id and lesion_id, if any.

    Raises:
        DataError: a folder's name is no diagnosis that LesionLab knows; the sentence names all of them.
    """
    folders = pd.Series({image_id: member.folder for image_id, member in images.items()}, dtype="str")
    unknown = folders[~folders.map(_plain).isin(_CODES)]
    if len(unknown):
        raise DataError(
            f"{name} has folders that are no diagnosis which LesionLab knows: {_unknown_folders(unknown)}.",
            f"Known are {', '.join(f'{code} ({d.name})' for code, d in DIAGNOSES.items())}; a folder may have either.",
        )
    lesions = _lesion_table(tables, name)
    raw = pd.DataFrame({"image_id": folders.index, "dx": folders.map(_plain).map(_CODES).to_numpy()})
    for column in COLUMNS:
        if column not in raw:
            given = lesions is not None and column in lesions
            found = raw["image_id"].map(lesions[column]) if given else pd.Series(pd.NA, raw.index)
            raw[column] = found.astype("str")
    raw["lesion_id"], alone = own_lesions(raw["image_id"], raw["lesion_id"])
    rows, problems = checked_rows(raw, name)
    notes = ["The diagnoses are the names of the folders."]
    step = "A CSV with the columns image_id and lesion_id in the archive says which belong together."
    notes += [f"{note} {step}" for note in alone]
    return Rows(rows, problems, notes)
