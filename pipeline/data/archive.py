"""One view of a zip or a folder: its metadata table, its images and its lesion masks, wherever they lie."""

import contextlib
import struct
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from lzma import LZMAError
from pathlib import Path, PurePosixPath

from pipeline.errors import DataError

_IMAGES = {".jpg", ".jpeg", ".png"}
_MASK = "_segmentation"
_METADATA = "ham10000_metadata"


@dataclass(frozen=True)
class Member:
    """A file in the archive: its path there, its size in bytes, how to read it, and a zip's checksum of it."""

    path: str
    size: int
    read: Callable[[], bytes]
    crc: int | None = None

    @property
    def stem(self) -> str:
        return PurePosixPath(self.path).stem

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.path).suffix.lower()

    def same_as(self, other: "Member") -> bool:
        """Whether the two hold the same, as far as can be told without reading them."""
        return (self.size, self.crc) == (other.size, other.crc)


@dataclass(frozen=True)
class Archive:
    """What was found.

    Attributes:
        images, masks: by image_id, each once even where the archive holds it twice.
        problems: images that it holds twice, but not the same, as {image_id, problem}.
    """

    path: Path
    metadata: Member
    images: dict[str, Member]
    masks: dict[str, Member]
    problems: list[dict] = field(default_factory=list)


def _zip_members(archive: zipfile.ZipFile, path: Path) -> list[Member]:
    # zipfile's own bookkeeping of open members is not made for several threads
    one_at_a_time = threading.Lock()

    def reader(info: zipfile.ZipInfo) -> Callable[[], bytes]:
        def read() -> bytes:
            if info.flag_bits & 1:
                raise DataError(f"{info.filename} in {path.name} is encrypted.", "Unpack it and give the folder.")
            try:
                with one_at_a_time:
                    return archive.read(info)
            except NotImplementedError as error:
                raise DataError(
                    f"{info.filename} in {path.name} is packed in a way that Python cannot read: {error}.",
                    "Unpack it and give the folder.",
                ) from error
            except (zipfile.BadZipFile, OSError, EOFError, ValueError, zlib.error, LZMAError, struct.error) as error:
                raise DataError(f"{info.filename} in {path.name} is damaged: {error}.", "Download it again.") from error

        return read

    infos = [info for info in archive.infolist() if not info.is_dir()]
    return [Member(info.filename, info.file_size, reader(info), info.CRC) for info in infos]


def _folder_members(folder: Path) -> list[Member]:
    def reader(file: Path) -> Callable[[], bytes]:
        def read() -> bytes:
            try:
                return file.read_bytes()
            except OSError as error:
                raise DataError(f"{file} cannot be read: {error.strerror}.", "Check the file.") from error

        return read

    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return [Member(file.relative_to(folder).as_posix(), file.stat().st_size, reader(file)) for file in files]


@contextlib.contextmanager
def _members(path: Path) -> Iterator[list[Member]]:
    if path.is_dir():
        yield _folder_members(path)
        return
    if not path.exists():
        raise DataError(f"There is no archive or folder {path}.", "Check the path.")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise DataError(
            f"{path} is not a zip archive, or it is damaged ({error}).", "Give a zip file or a folder."
        ) from error
    with archive:
        yield _zip_members(archive, path)


def _hidden(path: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(path).parts)


def _the_table(tables: list[Member], path: Path) -> Member:
    if not tables:
        raise DataError(
            f"{path.name} holds no HAM10000_metadata.csv.", "Add the table that names each image's diagnosis."
        )
    if len({table.read() for table in tables}) > 1:
        places = ", ".join(table.path for table in tables)
        raise DataError(f"{path.name} holds several different metadata tables: {places}.", "Keep one of them.")
    return tables[0]


def _sorted_out(path: Path, members: list[Member]) -> Archive:
    tables: list[Member] = []
    images: dict[str, Member] = {}
    masks: dict[str, Member] = {}
    zips: list[str] = []
    differing: dict[str, list[str]] = {}
    for member in members:
        stem, suffix = member.stem, member.suffix
        if _hidden(member.path):
            continue
        if stem.lower() == _METADATA and suffix in (".csv", ".tab", ".tsv", ""):
            tables.append(member)
        elif suffix in _IMAGES and stem.lower().endswith(_MASK):
            masks.setdefault(stem[: -len(_MASK)], member)
        elif suffix in _IMAGES:
            if not images.setdefault(stem, member).same_as(member):
                differing.setdefault(stem, []).append(member.path)
        elif suffix == ".zip":
            zips.append(member.path)
    table = _the_table(tables, path)
    if not images:
        step = "Give the archive or folder with the images."
        if zips:
            step = f"Unpack the zip files in it first ({', '.join(zips)}), and give the folder."
        raise DataError(f"{path.name} holds no JPEG or PNG images.", step)
    problems = [
        {"image_id": i, "problem": f"there are different images of it; {images[i].path} is used, {', '.join(p)} is not"}
        for i, p in sorted(differing.items())
    ]
    return Archive(path, table, images, masks, problems)


@contextlib.contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """The metadata table, images and masks at `path`, at any depth and in any case of letters; open within `with`.

    Members may be read from several threads. What cannot be read raises a DataError there.

    Raises:
        DataError: nothing is there, it is no zip, or it has no metadata table, two of them, or no images.
    """
    with _members(path) as members:
        yield _sorted_out(path, members)
