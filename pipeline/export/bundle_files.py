"""A bundle unpacked into a folder: its names, sizes and hashes checked on the way, byte by byte as they come."""

import hashlib
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from typing_extensions import TypedDict

from pipeline.errors import ModelError, WorkspaceError
from pipeline.export.bundle import CARD, FORMAT, INFO, MANIFEST, OPTIONAL, REQUIRED
from pipeline.files.bounds import Count, Word
from pipeline.files.disk import disk_errors
from pipeline.files.records import record
from pipeline.files.zip_directory import has_short_directory
from pipeline.limits import (
    MOST_BUNDLE_FILE_BYTES,
    MOST_CARD_BYTES,
    MOST_FOLD_BYTES,
    MOST_TABLE_BYTES,
    MOST_WEIGHTS_BYTES,
)
from pipeline.models.model_info import FOLD_WEIGHTS, WEIGHTS
from pipeline.models.training_images import FILE as TRAINING_IMAGES
from pipeline.runs.labels import LABEL_FILE

AGAIN = "Export the model again with `export … --format bundle`."
_MOST_BYTES = {
    WEIGHTS: MOST_WEIGHTS_BYTES, TRAINING_IMAGES: MOST_TABLE_BYTES, CARD: MOST_CARD_BYTES,
    **dict.fromkeys((MANIFEST, INFO, LABEL_FILE), MOST_BUNDLE_FILE_BYTES),
    **dict.fromkeys(FOLD_WEIGHTS, MOST_FOLD_BYTES),
}
_DIRECTORY, _AT_ONCE = (1000, 2**16), 2**20
_DAMAGE = (zipfile.BadZipFile, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error, struct.error)


class _Head(TypedDict):
    format: Word
    version: Count


class _File(TypedDict):
    sha256: Word


class _Manifest(TypedDict):
    files: dict[Word, _File]


def no_bundle(path: Path, why: str) -> ModelError:
    return ModelError(f"{path.name} is not a LesionLab bundle: {why}.", AGAIN)


def damaged(path: Path, why: str) -> ModelError:
    return ModelError(f"The bundle {path.name} cannot be used: {why}.", AGAIN)


def unpack(path: Path, folder: Path) -> set[str]:
    """Writes the files of the bundle at `path` into `folder`, and gives their names.

    Only the names that a bundle has are let in, so that no path leads anywhere, and each file is the one that the
    bundle gives a hash for. No more is written of a file than it may have, whatever it claims.

    Raises:
        ModelError: it is no bundle, a damaged one or one of a newer version.
        WorkspaceError: the disk is full or the folder cannot be written.
    """
    if not path.is_file():
        raise ModelError(f"There is no bundle {path}.", "Check the path.")
    try:
        with path.open("rb") as file:
            if not has_short_directory(file, *_DIRECTORY):
                raise no_bundle(path, "it is no zip file, or it is damaged, or it holds too many files")
            with zipfile.ZipFile(file) as archive:
                members = _members(archive, path)
                hashes = _hashes(archive, members, path)
                for name in hashes:
                    with archive.open(members[name]) as member:
                        _copy(member, folder / name, hashes[name], path)
    except WorkspaceError:
        raise
    except (*_DAMAGE, OSError) as error:
        raise no_bundle(path, "it is no zip file, or it is damaged") from error
    return set(hashes)


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        if info.filename not in _MOST_BYTES:
            raise no_bundle(path, "it holds a file that no bundle has")
        if info.filename in members:
            raise no_bundle(path, f"it holds {info.filename} twice")
        if info.file_size > _MOST_BYTES[info.filename]:
            raise damaged(path, _too_large(info.filename))
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise no_bundle(path, f"its {info.filename} is packed in an unknown way")
        members[info.filename] = info
    _check_holds(members, (MANIFEST,), path)
    return members


def _check_holds(members: dict[str, zipfile.ZipInfo], required: Sequence[str], path: Path) -> None:
    if missing := [name for name in required if name not in members]:
        raise no_bundle(path, f"it lacks {', '.join(missing)}")


def _too_large(name: str) -> str:
    return f"{name} has more than the {_MOST_BYTES[name] / 1e6:,.0f} MB that a model's may have"


def _hashes(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], path: Path) -> dict[str, str]:
    """SHA-256 of each file but the manifest, which has them."""
    with archive.open(members[MANIFEST]) as member:
        content = member.read(_MOST_BYTES[MANIFEST] + 1)
    if len(content) > _MOST_BYTES[MANIFEST]:
        raise damaged(path, _too_large(MANIFEST))
    try:
        head = record(content, _Head, MANIFEST)
        if head["format"] != FORMAT:
            raise no_bundle(path, f"its {MANIFEST} is that of another program")
        if (version := head["version"]) not in REQUIRED:
            raise ModelError(f"The bundle {path.name} was made by a newer LesionLab.", "Update LesionLab.")
        files = record(content, _Manifest, MANIFEST)["files"]
    except WorkspaceError as error:
        raise no_bundle(path, f"its {MANIFEST} cannot be read") from error
    _check_holds(members, REQUIRED[version], path)
    if not set(members) <= {MANIFEST, *REQUIRED[version], *OPTIONAL[version]}:
        raise no_bundle(path, f"it holds a file that no bundle of version {version} has")
    if set(files) != set(members) - {MANIFEST}:
        raise damaged(path, f"its files are not those that its {MANIFEST} names")
    if not all(re.fullmatch("[0-9a-f]{64}", file["sha256"]) for file in files.values()):
        raise no_bundle(path, f"its {MANIFEST} cannot be read")
    return {name: file["sha256"] for name, file in files.items()}


def _copy(member: IO[bytes], target: Path, digest: str, path: Path) -> None:
    found, left = hashlib.sha256(), _MOST_BYTES[target.name]
    with disk_errors(target), target.open("xb") as file:
        while content := member.read(_AT_ONCE):
            left -= len(content)
            if left < 0:
                raise damaged(path, _too_large(target.name))
            found.update(content)
            file.write(content)
    if found.hexdigest() != digest:
        raise damaged(path, f"{target.name} is not the file that it was when the bundle was made")


assert set(_MOST_BYTES) == {MANIFEST}.union(*REQUIRED.values(), *OPTIONAL.values())
