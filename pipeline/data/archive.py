"""One view of a zip or a folder: its metadata table, its images and its lesion masks, wherever they lie."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.errors import DataError

_IMAGES = {".jpg", ".jpeg", ".png"}
_MASK = "_segmentation"
_METADATA = "ham10000_metadata"


@dataclass(frozen=True)
class Member:
    """A file in the archive: its path there, its size in bytes, and how to read it."""

    path: str
    size: int
    read: Callable[[], bytes]

    @property
    def stem(self) -> str:
        return PurePosixPath(self.path).stem

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.path).suffix.lower()


@dataclass(frozen=True)
class Archive:
    """What was found. `images` by image_id and `masks` by image_id, each once even where the archive has it twice."""

    path: Path
    metadata: Member
    images: dict[str, Member]
    masks: dict[str, Member]


def _zip_members(archive: zipfile.ZipFile, path: Path) -> list[Member]:
    def reader(info: zipfile.ZipInfo) -> Callable[[], bytes]:
        def read() -> bytes:
            try:
                return archive.read(info)
            except (zipfile.BadZipFile, OSError, EOFError) as error:
                raise DataError(f"{info.filename} in {path.name} is damaged: {error}.", "Download it again.") from error

        return read

    return [Member(info.filename, info.file_size, reader(info)) for info in archive.infolist() if not info.is_dir()]


def _folder_members(folder: Path) -> list[Member]:
    return [
        Member(file.relative_to(folder).as_posix(), file.stat().st_size, file.read_bytes)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    ]


def _members(path: Path) -> list[Member]:
    if path.is_dir():
        return _folder_members(path)
    if not path.exists():
        raise DataError(f"There is no archive or folder {path}.", "Check the path.")
    try:
        return _zip_members(zipfile.ZipFile(path), path)
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(
            f"{path} is not a zip archive, or it is damaged ({error}).", "Give a zip file or a folder."
        ) from error


def _hidden(path: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(path).parts)


def open_archive(path: Path) -> Archive:
    """The metadata table, images and masks at `path`, at any depth and in any case of letters.

    Raises:
        DataError: nothing is there, it is no zip, or it has no metadata table, two of them, or no images.
    """
    tables: list[Member] = []
    images: dict[str, Member] = {}
    masks: dict[str, Member] = {}
    for member in _members(path):
        if _hidden(member.path):
            continue
        if member.stem.lower() == _METADATA and member.suffix in (".csv", ".tab", ".tsv", ""):
            tables.append(member)
        elif member.suffix in _IMAGES and member.stem.endswith(_MASK):
            masks.setdefault(member.stem.removesuffix(_MASK), member)
        elif member.suffix in _IMAGES:
            images.setdefault(member.stem, member)
    if not tables:
        raise DataError(
            f"{path.name} holds no HAM10000_metadata.csv.", "Add the table that names each image's diagnosis."
        )
    if len({table.read() for table in tables}) > 1:
        places = ", ".join(table.path for table in tables)
        raise DataError(f"{path.name} holds several different metadata tables: {places}.", "Keep one of them.")
    if not images:
        raise DataError(f"{path.name} holds no JPEG or PNG images.", "Give the archive or folder with the images.")
    return Archive(path, tables[0], images, masks)
