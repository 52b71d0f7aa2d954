"""Lesion masks that come after their images: from a zip or folder of `<image_id>_segmentation.png` into a data set."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from pipeline.data.archive import Archive
from pipeline.data.copying import copy_masks
from pipeline.data.dataset import load_dataset
from pipeline.data.image_ids import is_image_id, told_id
from pipeline.data.left_behind import import_lock, remove_left_behind
from pipeline.data.member import Member
from pipeline.data.members import open_members
from pipeline.data.metadata import Rows
from pipeline.data.quotable import problem_said
from pipeline.errors import DataError
from pipeline.files.disk import disk_errors
from pipeline.files.locks import file_lock
from pipeline.files.workspace import Workspace
from pipeline.number_words import count
from pipeline.progress import Progress, silent


@dataclass(frozen=True)
class MasksImported:
    """What came in.

    Attributes:
        masks: how many were brought in.
        without: images of the data set that have no mask now.
        unknown: ids that masks name and the data set lacks, in alphabetical order.
        problems: masks that could not be used, as {image_id, problem}.
    """

    data: str
    masks: int
    without: int
    unknown: list[str]
    problems: list[dict]


def _found(members: list[Member]) -> tuple[dict[str, Member], list[dict]]:
    masks: dict[str, Member] = {}
    problems = []
    for member in members:
        if member.hidden or (image_id := member.mask_of) is None:
            continue
        first = masks.setdefault(image_id, member)
        if not first.same_as(member):
            problems.append({
                "image_id": told_id(image_id),
                "problem": f"there are different masks of it; {first.said} is used, {member.said} is not",
            })
    return masks, problems


def _of_criteria(members: list[Member]) -> str:
    """Of an archive as in ISIC 2018's Task 2, whose masks mark a structure in the lesion and must not become its
    outline."""
    of_structures = sum(member.is_criterion_mask for member in members)
    if not of_structures:
        return ""
    what = count(of_structures, "mask")
    return f" It holds {what} of dermoscopic criteria, as in ISIC 2018's Task 2: `data criteria` imports those."


def _unknown(ids: set[str]) -> list[str]:
    """Those that can be shown, in alphabetical order."""
    return sorted(filter(is_image_id, ids))


def import_masks(workspace: Workspace, path: Path, name: str, progress: Progress = silent) -> MasksImported:
    """Brings the masks at `path`, a zip or a folder, into the data set `name`: 8-bit grey, at least 128 is lesion.

    A mask of another size but its image's shape is brought to the image's size. Where the images show the central
    squares of their originals, a mask of the whole original is cut to that first. All come into place together at the
    end, over those that are there; doing it again is safe.

    Raises:
        DataError: there is no such data set, archive or folder, or it holds no mask that can be used.
        WorkspaceError: the disk is full or cannot be written; then the masks are as before.
        Cancelled: by `progress`; likewise.
    """
    path = Path(path) if Path(path).name else Path(path).absolute()  # the sentences name it
    dataset = load_dataset(workspace, name)
    table = dataset.metadata()
    sizes = dict(zip(table["image_id"], zip(table["width"], table["height"], strict=True), strict=True))
    place, incoming = dataset.folder / "masks", dataset.folder / ".masks.incoming"
    waiting = "Waits for another import into this data set."
    with file_lock(import_lock(workspace, name), progress, waiting), open_members(path) as members:
        remove_left_behind(workspace, using=name)
        masks, problems = _found(members)
        archive = Archive(path, {}, masks, lambda _: Rows(table, []))
        try:
            shutil.rmtree(incoming, ignore_errors=True)  # what a killed import has left
            problems += copy_masks(archive, sizes, incoming, progress, (0.0, 0.95), dataset.view)
            copied = sorted(incoming.glob("*.png")) if incoming.is_dir() else []
            if not copied:
                why = f" The first problem: {problem_said(problems[0])}." if problems else _of_criteria(members)
                raise DataError(
                    f"{path.name} holds no lesion mask of an image of {name} that can be used.{why}",
                    "Masks are named after their image: <image_id>_segmentation.png.",
                )
            with disk_errors(place):
                place.mkdir(exist_ok=True)
                for file in copied:
                    file.replace(place / file.name)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
    progress(1.0, f"Brought in {len(copied):,} lesion masks.")
    there = {file.stem for file in place.glob("*.png")}
    return MasksImported(name, len(copied), len(set(sizes) - there), _unknown(set(masks) - set(sizes)), problems)
