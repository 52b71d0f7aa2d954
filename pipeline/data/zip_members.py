"""The files of a zip: opened and read so that what it claims costs neither memory nor time."""

import contextlib
import io
import stat
import struct
import threading
import zipfile
import zlib
from lzma import LZMAError
from pathlib import Path

from pipeline.data.member import Member, tidy_path
from pipeline.data.regular_files import open_regular, too_large
from pipeline.errors import DataError
from pipeline.limits import MOST_DIRECTORY_BYTES, MOST_EXPANSION, MOST_MEMBERS, MOST_UNPACKED_BYTES

_PIECE = 2**18  # bytes
_FEW_BYTES = 64  # of what bzip2 and LZMA unpack without a bound: a bzip2 block of 45 bytes becomes 46 MB of zeros
_LOCAL_HEADER = 30  # bytes of its fixed part
_UTF8 = 0x800  # the flag that a name is in UTF-8
_DAMAGE = (
    zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, OverflowError, IndexError, MemoryError, zlib.error,
    LZMAError, struct.error,
)


def too_many(name: str) -> DataError:
    """The refusal of an archive or folder with too many files."""
    return DataError(f"{name} holds more than {MOST_MEMBERS:,} files.", "Give a part of it.")


class _Bounded(io.BufferedReader):
    """A zip's file that refuses to hand out a directory larger than any that is wanted."""

    def __init__(self, raw, name: str):
        super().__init__(raw)
        self._name = name

    def read(self, size=-1):
        if size is not None and size > MOST_DIRECTORY_BYTES:
            raise too_many(self._name)
        content = super().read(size)
        if len(content) > _PIECE and content.count(b"PK\x01\x02") > MOST_MEMBERS:  # how each file's entry begins
            raise too_many(self._name)
        return content


class ZipSource:
    """An open zip; its members may be read from several threads."""

    def __init__(self, archive: zipfile.ZipFile, name: str):
        self.name, self._archive = name, archive
        # zipfile's own bookkeeping of open members is not made for several threads
        self._one_at_a_time = threading.Lock()

    def members(self) -> list[Member]:
        infos = [info for info in self._archive.infolist() if not info.filename.endswith(("/", "\\"))]
        found = ((tidy_path(_name(info)), info) for info in infos)
        return [Member(path, info.file_size, self, info, info.CRC) for path, info in found if path]

    def read(self, key: zipfile.ZipInfo, said: str, most: int, *, whole: bool = True) -> bytes:
        if key.flag_bits & 1:
            raise DataError(f"{said} in {self.name} is encrypted.", "Unpack it and give the folder.")
        if stat.S_ISLNK(key.external_attr >> 16):
            raise DataError(f"{said} in {self.name} is a link.", "Put the file itself into the zip.")
        try:
            with self._one_at_a_time, self._archive.open(key) as file:
                content = _read_bounded(file, key.compress_type, most)
        except NotImplementedError as error:
            raise DataError(
                f"{said} in {self.name} is packed in a way that Python cannot read.", "Unpack it and give the folder."
            ) from error
        except _DAMAGE as error:
            raise DataError(f"{said} in {self.name} is damaged.", "Download it again.") from error
        if len(content) > most and whole:
            raise too_large(f"{said} in {self.name}", most)
        return content


def _read_bounded(file: zipfile.ZipExtFile, compression: int, most: int) -> bytes:
    """At most a little more than `most` bytes; asking for all at once would unpack all of a bomb."""
    piece = _PIECE
    if compression not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        piece = file.MIN_READ_SIZE = _FEW_BYTES
    content = io.BytesIO()
    while content.tell() <= most and (part := file.read(piece)):
        content.write(part)
    return content.getvalue()


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name; many programs write UTF-8 without saying so, which zipfile reads as the code page of DOS."""
    if info.flag_bits & _UTF8 or info.filename.isascii():
        return info.filename
    with contextlib.suppress(UnicodeError):
        return info.filename.encode("cp437").decode("utf-8")
    return info.filename


def _check_claims(archive: zipfile.ZipFile, name: str, size: int) -> None:
    """Refuses files that share bytes, or that would be far larger than any data set, as bombs do."""
    infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
    for info, following in zip(infos, infos[1:], strict=False):
        if info.header_offset + _LOCAL_HEADER + info.compress_size > following.header_offset:
            raise DataError(
                f"{name} is damaged, or made to do harm: files in it share their bytes.", "Download it again."
            )
    unpacked = sum(info.file_size for info in infos)
    if unpacked > max(MOST_UNPACKED_BYTES, MOST_EXPANSION * size):
        raise DataError(
            f"{name} claims to be more than {MOST_EXPANSION} times as large unpacked as it is.",
            "Unpack it and give the folder.",
        )


def open_zip(path: Path, opened: contextlib.ExitStack) -> list[Member]:
    """The files of the zip at `path`, which stays open as long as `opened`.

    Raises:
        DataError: it is no file or no zip, it is damaged, or it holds or claims more than LesionLab takes.
    """
    file = opened.enter_context(_Bounded(open_regular(path).detach(), path.name))
    try:
        archive = opened.enter_context(zipfile.ZipFile(file))
        _check_claims(archive, path.name, file.seek(0, io.SEEK_END))
        return ZipSource(archive, path.name).members()
    except (NotImplementedError, *_DAMAGE) as error:
        raise DataError(f"{path} is not a zip archive, or it is damaged.", "Give a zip file or a folder.") from error
