"""Images sorted into one folder for each diagnosis: the folder's name is the diagnosis's, as a code or in words."""

import hashlib
from collections import Counter
from collections.abc import Mapping

import pandas as pd

from pipeline.classes import DIAGNOSES
from pipeline.data.delimited import column_names, read_table
from pipeline.data.diagnosis_names import NAMED, UNDECIDED, may_be_named, plain
from pipeline.data.guesses import Guesses
from pipeline.data.image_ids import is_image_id
from pipeline.data.member import Member
from pipeline.data.metadata import COLUMNS, Rows, checked_rows, own_lesions
from pipeline.data.quotable import quotable
from pipeline.errors import DataError
from pipeline.limits import MOST_LINE_CHARACTERS

_LESIONS = ("image_id", "lesion_id")
_MOST_NAMED = 8
_HEAD = 4 * MOST_LINE_CHARACTERS  # bytes: a character has at most four


_NEUTRAL = {"images", "image", "imgs", "img", "jpg", "jpeg", "png", "photos", "pictures", "dermoscopy", "dermatoscopy"}
_PARTS = {"train", "training", "test", "testing", "val", "valid", "validation"}


def _folders(member: Member) -> list[str]:
    """The folders that it lies in, the nearest first, without those that only say that images are in there."""
    folders = member.path.split("/")[-2::-1]
    while len(folders) > 1 and plain(folders[0]) in _NEUTRAL:
        del folders[0]
    return folders


def folder_name(member: Member) -> str:
    """The folder that names its diagnosis; empty at the top."""
    return next(iter(_folders(member)), "")


def named_by_folder(images: list[Member], mapping: Mapping[str, str] | None = None) -> bool:
    """Whether at least one image lies in a folder that is named like a diagnosis, or that `mapping` names."""
    known = (NAMED - UNDECIDED) | set(mapping or {})  # a folder called "other" says nothing
    return any(plain(name) in known for name in {folder_name(member) for member in images})


def image_ids(images: list[Member]) -> dict[str, Member]:
    """The images by id: the file's stem, or its whole path where several files share a stem, capitals aside."""
    stems = Counter(member.stem.casefold() for member in images)

    def image_id(member: Member) -> str:
        if stems[member.stem.casefold()] == 1:
            return member.stem
        whole = member.path[: len(member.path) - len(member.suffix)].replace("/", "-")
        return whole if is_image_id(whole) else f"{member.stem}-{hashlib.sha256(whole.encode()).hexdigest()[:16]}"

    return {image_id(member): member for member in images}


def _lesion_table(tables: list[Member], name: str, guesses: Guesses) -> pd.DataFrame | None:
    """The one table among `tables` with image_id and lesion_id, by image_id."""
    found = [table for table in tables if set(_LESIONS) <= set(column_names(table.start(_HEAD), table.said))]
    if len(found) > 1:
        places = ", ".join(table.said for table in found[:_MOST_NAMED])
        raise DataError(f"{name} holds several tables with lesion ids: {places}.", "Keep one of them.")
    if not found:
        return None
    others = tuple(set(COLUMNS) - {*_LESIONS, "dx"})
    table = read_table(found[0].read(), found[0].said, _LESIONS, others, guesses.notes)
    table["image_id"] = guesses.matched(table["image_id"])
    return table.drop_duplicates("image_id").set_index("image_id")


def _unknown_folders(unknown: pd.Series) -> str:
    counts = unknown.value_counts().sort_index()
    shown = {folder: n for folder, n in counts.items() if not folder or quotable(folder)}
    said = [f"{folder or '(no folder)'} ({n:,} image{'s' if n > 1 else ''})" for folder, n in shown.items()]
    rest = len(counts) - len(said[:_MOST_NAMED])
    return ", ".join([*said[:_MOST_NAMED], *([f"{rest:,} more"] if rest else [])])


def _of_parts(images: Mapping[str, Member]) -> list[str]:
    """A note where folders above the diagnoses' part the images, as for a training and a test."""
    above = {plain(folder) for member in images.values() for folder in _folders(member)[1:]} & _PARTS
    if len(above) < 2:
        return []
    return [f"The folders {', '.join(sorted(above))} are not kept as parts: a run splits the images itself, by lesion."]


def folder_rows(images: dict[str, Member], tables: list[Member], name: str, guesses: Guesses) -> Rows:
    """A row for each image: its diagnosis from its folder, all else from a CSV with image_id and lesion_id, if any.

    Raises:
        UnconfirmedNamesError: a folder's name has to be mapped to a code.
        DataError: an image lies in no folder, or in one whose name cannot be shown; the sentence names all that can.
    """
    folders = pd.Series({image_id: folder_name(member) for image_id, member in images.items()}, dtype="str")
    known = NAMED | set(guesses.mapping or {})
    unknown = folders[~folders.map(plain).isin(known)]
    if not unknown.map(may_be_named).all():
        raise DataError(
            f"{name} has folders that are no diagnosis which LesionLab knows: {_unknown_folders(unknown)}.",
            f"Known are {', '.join(f'{code} ({d.name})' for code, d in DIAGNOSES.items())}; a folder may have either.",
        )
    lesions = _lesion_table(tables, name, guesses)
    raw = pd.DataFrame({"image_id": folders.index, "dx": folders.to_numpy()})
    for column in COLUMNS:
        if column not in raw:
            given = lesions is not None and column in lesions
            found = raw["image_id"].map(lesions[column]) if given else pd.Series(pd.NA, raw.index)
            raw[column] = found.astype("str")
    raw["lesion_id"], alone = own_lesions(raw["image_id"], raw["lesion_id"])
    rows, problems = checked_rows(raw, name, guesses, " in the names of its folders")
    step = "A CSV with the columns image_id and lesion_id in the archive says which belong together."
    return Rows(rows, problems, [
        "The diagnoses are the names of the folders.", *guesses.notes, *_of_parts(images),
        *(f"{note} {step}" for note in alone),
    ])
