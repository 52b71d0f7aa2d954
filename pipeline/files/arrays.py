"""The one reader of numpy's .npz files: nothing pickled, and no memory taken for a size that is only claimed."""

import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from pipeline.errors import WorkspaceError
from pipeline.files.disk import REPAIR, open_regular, read_errors
from pipeline.files.zip_directory import has_short_directory
from pipeline.limits import MOST_ARRAY_BYTES

_MOST_ARRAYS, _MOST_DIRECTORY, _MOST_HEADER = 32, 64 * 2**10, 2**12
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, RuntimeError, NotImplementedError, struct.error,
)


class Array(NamedTuple):
    """What an array must be: its dtype's `kinds`, as numpy names them by a letter, and how many `dimensions` it has."""

    kinds: str
    dimensions: int


class _Damage(ValueError):
    """What is wrong with the file, in words that quote nothing of it."""


def read_arrays(path: Path, wanted: Mapping[str, Array], repair: str = REPAIR) -> dict[str, np.ndarray]:
    """Those arrays of the .npz file at `path` that are wanted.

    Args:
        wanted: what each must be, by name.
        repair: what to do where it is damaged, in a sentence.

    Raises:
        MissingFileError: there is no such file.
        WorkspaceError: it cannot be read, is damaged, or its arrays are larger than such a file's may be.
    """
    with read_errors(path, repair), open_regular(path) as file:
        try:
            if not has_short_directory(file, _MOST_ARRAYS, _MOST_DIRECTORY):
                raise _Damage("it is no file of arrays, or of too many")
            with zipfile.ZipFile(file) as archive:
                return _arrays(archive, wanted)
        except _Damage as damage:
            raise WorkspaceError(f"{path} is damaged: {damage}.", repair) from None
        except _DAMAGE:
            raise WorkspaceError(f"{path} is damaged: it is no file of arrays.", repair) from None  # it may quote


def _arrays(archive: zipfile.ZipFile, wanted: Mapping[str, Array]) -> dict[str, np.ndarray]:
    found, left = {}, MOST_ARRAY_BYTES
    for name, rule in wanted.items():
        try:
            info = archive.getinfo(f"{name}.npy")
        except KeyError:
            raise _Damage(f"it lacks the array {name}") from None
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _Damage(f"the array {name} is packed in an unknown way")
        with archive.open(info) as member:
            found[name] = _array(member, name, rule, left)
        left -= found[name].nbytes
    return found


def _array(member: IO[bytes], name: str, rule: Array, most: int) -> np.ndarray:
    shape, in_columns, dtype = _header(member)
    if dtype.hasobject or dtype.kind not in rule.kinds or dtype.fields or dtype.subdtype:
        raise _Damage(f"the array {name} has values of another type")
    if len(shape) != rule.dimensions or min(shape, default=0) < 0:
        raise _Damage(f"the array {name} has not {rule.dimensions} dimensions")
    size = math.prod(shape) * dtype.itemsize
    if size > most:
        raise _Damage(f"the array {name} claims more than the {MOST_ARRAY_BYTES / 2**20:,.0f} MiB that there may be")
    content = member.read(size + 1)  # takes memory as bytes come, not as they are claimed
    if len(content) != size:
        raise _Damage(f"the array {name} is not as long as it claims")
    array = np.frombuffer(content, dtype=dtype).reshape(shape, order="F" if in_columns else "C")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise _Damage(f"the array {name} has a value that is no finite number")
    return array


def _header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(member)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise _Damage("an array has a header of an unknown version")
    return readers[version](member, max_header_size=_MOST_HEADER)
