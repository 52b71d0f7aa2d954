"""The files of a zip, or of a folder and the zips that lie in it, each with how to read it."""

import contextlib
import struct
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from lzma import LZMAError
from pathlib import Path, PurePosixPath

from pipeline.errors import DataError

_IMAGES = {".jpg", ".jpeg", ".png"}
_TABLES = {".csv", ".tab", ".tsv"}
_MASK = "_segmentation"


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

    @property
    def folder(self) -> str:
        """The name of the folder that it lies in; empty at the top."""
        return PurePosixPath(self.path).parent.name

    @property
    def hidden(self) -> bool:
        return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(self.path).parts)

    @property
    def mask_of(self) -> str | None:
        """The image_id whose lesion mask this file is."""
        is_mask = self.suffix in _IMAGES and self.stem.lower().endswith(_MASK)
        return self.stem[: -len(_MASK)] if is_mask else None

    @property
    def is_image(self) -> bool:
        return self.suffix in _IMAGES and self.mask_of is None

    @property
    def is_table(self) -> bool:
        return self.suffix in _TABLES

    def same_as(self, other: "Member") -> bool:
        """Whether the two hold the same, as far as can be told without reading them."""
        return (self.size, self.crc) == (other.size, other.crc)


def _zip_members(archive: zipfile.ZipFile, name: str) -> list[Member]:
    # zipfile's own bookkeeping of open members is not made for several threads
    one_at_a_time = threading.Lock()

    def reader(info: zipfile.ZipInfo) -> Callable[[], bytes]:
        def read() -> bytes:
            if info.flag_bits & 1:
                raise DataError(f"{info.filename} in {name} is encrypted.", "Unpack it and give the folder.")
            try:
                with one_at_a_time:
                    return archive.read(info)
            except NotImplementedError as error:
                raise DataError(
                    f"{info.filename} in {name} is packed in a way that Python cannot read: {error}.",
                    "Unpack it and give the folder.",
                ) from error
            except (zipfile.BadZipFile, OSError, EOFError, ValueError, zlib.error, LZMAError, struct.error) as error:
                raise DataError(f"{info.filename} in {name} is damaged: {error}.", "Download it again.") from error

        return read

    infos = [info for info in archive.infolist() if not info.is_dir()]
    return [Member(info.filename, info.file_size, reader(info), info.CRC) for info in infos]


def _open_zip(path: Path, opened: contextlib.ExitStack) -> list[Member]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise DataError(
            f"{path} is not a zip archive, or it is damaged ({error}).", "Give a zip file or a folder."
        ) from error
    return _zip_members(opened.enter_context(archive), path.name)


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


def _in_its_zips(folder: Path, loose: list[Member], opened: contextlib.ExitStack) -> list[Member]:
    """What the zips in a folder add, as ISIC and Dataverse hand out their data: images where none lies loose, and
    tables that do not lie loose under the same name."""
    visible = [member for member in loose if not member.hidden]
    images_loose = any(member.is_image for member in visible)
    tables_loose = {member.stem.lower() for member in visible if member.is_table}
    if images_loose and tables_loose:
        return []
    found = []
    for path in [member.path for member in visible if member.suffix == ".zip"]:
        for member in _open_zip(folder / path, opened):
            known = images_loose if member.is_image or member.mask_of else member.stem.lower() in tables_loose
            if not known:
                found.append(replace(member, path=f"{path}/{member.path}"))
    return found


@contextlib.contextmanager
def open_members(path: Path) -> Iterator[list[Member]]:
    """Every file at `path`, a zip or a folder, to be read within the `with`.

    Raises:
        DataError: nothing is there, or a zip cannot be opened.
    """
    if not path.exists():
        raise DataError(f"There is no archive or folder {path}.", "Check the path.")
    with contextlib.ExitStack() as opened:
        if path.is_dir():
            loose = _folder_members(path)
            yield loose + _in_its_zips(path, loose, opened)
        else:
            yield _open_zip(path, opened)
