"""One file of a zip or a folder: where it lies, what it may be, and how to read it within a bound."""

from dataclasses import dataclass
from typing import Any, Protocol

from pipeline.data.image_ids import composed
from pipeline.data.quotable import quotable
from pipeline.data.regular_files import too_large
from pipeline.limits import MOST_CSV_BYTES, MOST_IMAGE_BYTES

IMAGE_SUFFIXES = {  # of HEIC none is read, but each is told
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif", ".heic", ".heif",
}
_TABLES = {".csv", ".tab", ".tsv"}
MASK = "_segmentation"
_CRITERION = "_attribute_"  # in the names of ISIC 2018's masks of dermoscopic criteria
_SUPERPIXELS = "_superpixels"  # of ISIC 2016 and 2017, beside their images
_MOST_SHOWN = 100  # characters of a path


class MemberSource(Protocol):
    """What holds members: a zip, an HDF5 file, or a folder."""

    name: str

    def read(self, key: Any, said: str, most: int, *, whole: bool = True) -> bytes:
        """The content of the member that the source knows as `key`, and sentences as `said`.

        Without `whole`, the first `most` bytes of a larger one.
        """


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the archive.

    Attributes:
        path: its parts with / between, without any that leads upwards or to the root; it names the file, nothing more.
        size: in bytes, as the archive claims.
        source, key: what reads it, and what that knows it by.
        crc: a zip's checksum of it.
    """

    path: str
    size: int
    source: MemberSource
    key: Any
    crc: int | None = None

    def read(self) -> bytes:
        """Its content.

        Raises:
            DataError: it is too large for what it is, damaged, encrypted, a link to elsewhere, or gone.
        """
        most = MOST_CSV_BYTES if self.is_table or not self.suffix else MOST_IMAGE_BYTES
        if self.size > most:
            raise too_large(f"{self.said} in {self.source.name}", most)
        return self.source.read(self.key, self.said, most)

    def start(self, most: int) -> bytes:
        """What it begins with, at most `most` bytes; raises as `read` does, but for its size."""
        return self.source.read(self.key, self.said, most, whole=False)[:most]

    @property
    def said(self) -> str:
        """Its path for a sentence; a path that may not be shown is "A file"."""
        return self.path if quotable(self.path, _MOST_SHOWN) else "A file"

    @property
    def file(self) -> str:
        """Its name without the folders."""
        return self.path.rpartition("/")[2]

    @property
    def stem(self) -> str:
        name, dot, suffix = self.file.rpartition(".")
        return name if name and suffix else self.file

    @property
    def suffix(self) -> str:
        name, dot, suffix = self.file.rpartition(".")
        return f".{suffix.lower()}" if name and suffix else ""

    @property
    def folder(self) -> str:
        """The name of the folder that it lies in; empty at the top."""
        return self.path.rpartition("/")[0].rpartition("/")[2]

    @property
    def hidden(self) -> bool:
        return self.path.startswith(".") or "/." in self.path or "__MACOSX" in self.path.split("/")

    @property
    def mask_of(self) -> str | None:
        """The image_id whose lesion mask this file is."""
        is_mask = self.suffix in IMAGE_SUFFIXES and self.stem.lower().endswith(MASK)
        return self.stem[: -len(MASK)] if is_mask else None

    @property
    def criterion_of(self) -> tuple[str, str] | None:
        """The image_id and the dermoscopic criterion, in lower case, whose mask this file is."""
        name, mark, criterion = self.stem.lower().rpartition(_CRITERION)
        is_mask = self.suffix in IMAGE_SUFFIXES and mark and name and criterion
        return (self.stem[: len(name)], criterion) if is_mask else None

    @property
    def is_criterion_mask(self) -> bool:
        """Whether it marks a dermoscopic criterion, such as globules, instead of the lesion."""
        return self.suffix in IMAGE_SUFFIXES and _CRITERION in self.stem.lower()

    @property
    def is_image(self) -> bool:
        """Whether it is an image of a lesion, and no mask."""
        of_mask = self.stem.lower().endswith((MASK, _SUPERPIXELS)) or self.is_criterion_mask
        return self.suffix in IMAGE_SUFFIXES and not of_mask

    @property
    def is_table(self) -> bool:
        return self.suffix in _TABLES

    def same_as(self, other: "Member") -> bool:
        """Whether the two hold the same, as far as can be told without reading them."""
        return (self.size, self.crc) == (other.size, other.crc)


def tidy_path(name: str) -> str:
    """`name`, as an archive or a system writes it, as the path of a Member; empty where it names no file of it.

    Backslashes part folders, as they do in zips made on Windows; drives and the root go; what leads out of the archive
    is none of it; dots and blanks at the end go, as Windows does not have them.
    """
    name = name.replace("\\", "/")
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in ("", ".") and not (not parts and len(part) == 2 and part[1] == ":" and part[0].isalpha()):
            parts.append(part)
    if parts:
        parts[-1] = parts[-1].rstrip(". ")
    return composed("/".join(parts)) if parts and parts[-1] else ""
