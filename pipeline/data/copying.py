"""Images and lesion masks from an archive into a folder: read, opened, checked, and written where they differ."""

import hashlib
import io
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pipeline.data.archive import Archive
from pipeline.data.image_ids import image_file
from pipeline.data.member import MASK, Member
from pipeline.data.prepare import viewed
from pipeline.errors import DataError, ImageError, WorkspaceError
from pipeline.files.disk import disk_errors
from pipeline.images.generated import is_generated
from pipeline.images.memory_room import MemoryRoom
from pipeline.images.png import is_grey_png
from pipeline.images.reading import opened
from pipeline.limits import MOST_IMAGE_BYTES
from pipeline.progress import Progress
from pipeline.vocabulary import View

_SPARE_BYTES = 200 * 2**20
THRESHOLD = 128  # of a mask's grey levels: at least that is lesion
_THREADS = 4
READING = MemoryRoom(MOST_IMAGE_BYTES)  # for members' bytes, of which reading takes no more than they claim
_BATCH = 32  # files between two reports: a stop is heard within a second


@dataclass(frozen=True, slots=True)
class Copied:
    """One image of the archive: what it is, whether the folder holds exactly it, or the problem with it."""

    image_id: str
    file: str
    width: int = 0
    height: int = 0
    sha256: str = ""
    generated: bool = False
    stored: bool = False
    problem: str = ""


def _holds(target: Path, content: bytes) -> bool:
    return target.is_file() and target.stat().st_size == len(content) and target.read_bytes() == content


def store_file(target: Path, content: bytes) -> None:
    """Writes `content` unless `target` is exactly it already; never leaves half of it under that name."""
    if _holds(target, content):
        return
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(".partial")
        partial.write_bytes(content)
        partial.replace(target)


def _copy(member: Member, image_id: str, folder: Path, write: bool) -> Copied:
    target = image_file(folder, image_id, member.suffix)
    with READING.taken(member.size):
        try:
            content = member.read()
            with opened(content, target.name) as image:
                size, generated = image.size, is_generated(image)
        except (DataError, ImageError) as error:
            return Copied(image_id, target.name, problem=error.problem)
        if write:
            store_file(target, content)
        stored = write or _holds(target, content)
        digest = hashlib.sha256(content).hexdigest()
        return Copied(image_id, target.name, *size, digest, generated, stored)


def in_batches(work: Callable, items: list, progress: Callable[[int], None]) -> list:
    done: list = []
    with ThreadPoolExecutor(_THREADS) as pool:
        for first in range(0, len(items), _BATCH):
            done += pool.map(work, items[first : first + _BATCH])
            progress(len(done))
    return done


def copy_images(
    archive: Archive, wanted: list[str], folder: Path, progress: Progress, *, write: bool = True
) -> list[Copied]:
    """Reads, opens and checks the images of `wanted`, and with `write` brings them into `folder`.

    Raises:
        WorkspaceError: the disk is full or the folder cannot be written.
        Cancelled: `progress` asked to stop; what was copied stays, and is not written a second time.
    """
    word = "Copied and checked" if write else "Checked"
    return in_batches(
        lambda image_id: _copy(archive.images[image_id], image_id, folder, write),
        wanted,
        lambda n: progress(0.95 * n / len(wanted), f"{word} {n:,} of {len(wanted):,} images."),
    )


def _grey_png(content: bytes, name: str, size: tuple[int, int], view: View) -> bytes:
    """The mask as 8-bit grey PNG in its image's size: untouched where it is one. Of an image that shows the `view` of
    its original, the mask may be of the whole original."""
    with opened(content, name) as image:
        return _as_grey_png(content, viewed(image, view), name, size)


def check_shape(image: Image.Image, name: str, size: tuple[int, int]) -> None:
    """Sees to it that a mask has the shape of its image, of `size` (width, height).

    Raises:
        ImageError: it has another.
    """
    if abs(image.width * size[1] - image.height * size[0]) > max(*image.size, *size):  # a pixel's rounding aside
        raise ImageError(
            f"{name} has {image.width} × {image.height} pixels, but its image {size[0]} × {size[1]}."
        )


def _as_grey_png(content: bytes, image: Image.Image, name: str, size: tuple[int, int]) -> bytes:
    check_shape(image, name, size)
    grey = image.convert("L")
    if grey.getextrema()[1] < THRESHOLD:
        raise ImageError(f"{name} marks no lesion: no pixel reaches {THRESHOLD}.")
    if is_grey_png(content) and image.size == size:
        return content
    file = io.BytesIO()
    grey.resize(size, Image.Resampling.BILINEAR).save(file, "PNG")
    return file.getvalue()


def copy_masks(
    archive: Archive, sizes: dict[str, tuple[int, int]], folder: Path, progress: Progress,
    share: tuple[float, float] = (0.95, 0.98), view: View = "whole",
) -> list[dict]:
    """Brings the lesion masks of the images in `sizes` (image_id to width and height) to `folder`.

    Args:
        share: from which fraction to which `progress` goes.
        view: what the images show of the originals; a mask of more is cut to that.

    Returns:
        Masks that cannot be used, as {image_id, problem}.

    Raises:
        WorkspaceError, Cancelled: as `copy_images`.
    """

    def copy(image_id: str) -> dict | None:
        member, named = archive.masks[image_id], f"{image_id}{MASK}{archive.masks[image_id].suffix}"
        with READING.taken(member.size):
            try:
                content = _grey_png(member.read(), named, sizes[image_id], view)
            except (DataError, ImageError) as error:
                return {"image_id": image_id, "problem": f"its lesion mask is left out: {error.problem}"}
            store_file(image_file(folder, image_id, ".png"), content)
        return None

    wanted = [image_id for image_id in archive.masks if image_id in sizes]
    total, (first, last) = len(wanted), share
    found = in_batches(
        copy, wanted, lambda n: progress(first + (last - first) * n / total, f"Copied {n:,} of {total:,} lesion masks.")
    )
    return [problem for problem in found if problem]


def bytes_needed(archive: Archive, wanted: Iterable[str], folder: Path) -> int:
    """Disk space that copying will take, what `folder` holds already left aside, with some to spare."""

    def missing(image_id: str) -> int:
        member = archive.images[image_id]
        target = image_file(folder, image_id, member.suffix)
        return 0 if target.is_file() and target.stat().st_size == member.size else size(member)

    def size(member: Member) -> int:
        return member.size if member.size <= MOST_IMAGE_BYTES else 0  # what claims more is left out

    masks = sum(size(archive.masks[image_id]) for image_id in wanted if image_id in archive.masks)
    return sum(missing(image_id) for image_id in wanted) + masks + _SPARE_BYTES


def too_full(needed: int, place: Path) -> WorkspaceError:
    """The error for a disk without room for an import into `place`."""
    free = shutil.disk_usage(place).free
    return WorkspaceError(
        f"The disk is too full: the import needs {needed / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are free.",
        "Free some space, or set LESIONLAB_HOME to a folder on a larger disk.",
    )
