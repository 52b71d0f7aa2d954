"""Bringing a bundle into the workspace: everything in it is checked, and it is in place only when all is well."""

import hashlib
import json
import math
import re
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, get_args

import numpy as np

from pipeline.config import ARCHITECTURES, Loss, Resize, SplitKind, Weights
from pipeline.data.left_behind import remove_left_behind, temporary_folder
from pipeline.errors import LesionLabError, ModelError
from pipeline.export.bundle import CARD, FORMAT, INFO, MANIFEST, OPTIONAL, REQUIRED, VERSION, WEIGHTS
from pipeline.files import disk_errors, replace_file
from pipeline.inference.model_info import ModelInfo, find_model, read_model_info
from pipeline.inference.model_shelf import check_free, check_model_name, shelf_turn
from pipeline.inference.training_images import FILE as TRAINING_IMAGES
from pipeline.inference.training_images import training_images
from pipeline.jobs.shelf import LABEL_FILE, checked_label
from pipeline.progress import Progress, silent
from pipeline.workspace import Workspace

_MOST_BYTES = {WEIGHTS: 400 * 2**20, TRAINING_IMAGES: 50 * 2**20}
_MOST_NETWORKS = 5
_MOST_BYTES_ELSE = 2 * 2**20
_AGAIN = "Export the model again with `export … --format bundle`."


def _no_bundle(path: Path, why: str) -> ModelError:
    return ModelError(f"{path.name} is not a LesionLab bundle: {why}.", _AGAIN)


def _damaged(path: Path, why: str) -> ModelError:
    return ModelError(f"The bundle {path.name} cannot be used: {why}.", _AGAIN)


def _limit(name: str) -> int:
    return _MOST_BYTES.get(name, _MOST_BYTES_ELSE)


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """The archive's members by name; only the names that a bundle has are let in, so no path leads anywhere."""
    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        if info.filename not in (MANIFEST, *REQUIRED, *OPTIONAL):
            raise _no_bundle(path, f"it holds {info.filename[:80]!r}")
        if info.filename in members:
            raise _no_bundle(path, f"it holds {info.filename} twice")
        if info.file_size > _limit(info.filename):
            raise _damaged(path, f"{info.filename} has {info.file_size / 1e6:,.0f} MB, more than a model's may have")
        members[info.filename] = info
    if missing := [name for name in (MANIFEST, *REQUIRED) if name not in members]:
        raise _no_bundle(path, f"it lacks {', '.join(missing)}")
    return members


def _manifest(content: bytes, names: set[str], path: Path) -> dict[str, dict[str, Any]]:
    try:
        stored = json.loads(content)
        given, version, files = stored["format"], stored["version"], stored["files"]
        hashes = {name: file["sha256"] for name, file in files.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _no_bundle(path, f"its {MANIFEST} cannot be read") from error
    if given != FORMAT:
        raise _no_bundle(path, f"its {MANIFEST} says {str(given)[:80]!r}")
    if version != VERSION:
        raise ModelError(f"The bundle {path.name} was made by a newer LesionLab.", "Update LesionLab.")
    if set(hashes) != names - {MANIFEST}:
        raise _damaged(path, f"its files are not those that its {MANIFEST} names")
    return hashes


def _read(path: Path) -> dict[str, bytes]:
    """The contents of the bundle by name, each with the hash that the bundle gives for it."""
    if not path.is_file():
        raise ModelError(f"There is no bundle {path}.", "Check the path.")
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, path)
            contents = {}
            for name, info in members.items():
                with archive.open(info) as file:
                    contents[name] = file.read(_limit(name) + 1)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, zlib.error, struct.error) as error:
        raise _no_bundle(path, f"it is no zip file, or it is damaged ({error})") from error
    hashes = _manifest(contents.pop(MANIFEST), set(members), path)
    for name, content in contents.items():
        if hashlib.sha256(content).hexdigest() != hashes[name]:
            raise _damaged(path, f"{name} is not the file that it was when the bundle was made")
    return contents


def _check_info(info: ModelInfo, path: Path) -> None:
    """Whether every field that decides something holds what such a field can hold."""
    counts = (info.training_images, info.training_lesions)
    checks = {
        "classes": all(isinstance(code, str) and re.fullmatch(r"[a-z0-9_]{1,20}", code) for code in info.classes),
        "arch": info.arch in ARCHITECTURES,
        "weights": info.weights in get_args(Weights),
        "width": type(info.width) is int and 32 <= info.width <= 1024,
        "height": type(info.height) is int and 32 <= info.height <= 1024,
        "resize": info.resize in get_args(Resize),
        "normalize": isinstance(info.normalize, bool),
        "generated": isinstance(info.generated, bool),
        "loss": info.loss in get_args(Loss),
        "split": info.split in get_args(SplitKind),
        "training_images, training_lesions": all(type(n) is int and n >= 0 for n in counts),
        "created": isinstance(info.created, (int, float)) and math.isfinite(info.created),
        "temperature": type(info.temperature) in (int, float) and 0 < info.temperature < math.inf,
        "frequencies": info.frequencies is None or _are_frequencies(info.frequencies, info.classes),
        "detail": info.detail is None or _is_size(info.detail),
        "flips": isinstance(info.flips, bool),
        "members": info.members == (),
        "networks": type(info.networks) is int and 1 <= info.networks <= _MOST_NETWORKS,
        "validation": info.validation is None or isinstance(info.validation, dict),
        "run, data, data_hash, licence, attribution": all(
            isinstance(text, str) for text in (info.run, info.data, info.data_hash, info.licence, info.attribution)
        ),
    }
    if wrong := [field for field, holds in checks.items() if not holds]:
        raise _damaged(path, f"its {INFO} has values that no model has, in {'; '.join(wrong)}")


def _are_frequencies(found: Any, classes: tuple[str, ...]) -> bool:
    return isinstance(found, dict) and set(found) == set(classes) and all(
        type(share) in (int, float) and 0 < share <= 1 for share in found.values()
    )


def _is_size(found: Any) -> bool:
    return isinstance(found, tuple) and len(found) == 2 and all(type(n) is int and 32 <= n <= 10_000 for n in found)


def _check_texts(contents: dict[str, bytes], path: Path) -> None:
    try:
        contents[CARD].decode()
        if LABEL_FILE in contents:
            label = json.loads(contents[LABEL_FILE])
            checked_label(str(label["name"]), str(label["note"]))
    except (UnicodeDecodeError, ValueError, TypeError, KeyError, LesionLabError) as error:
        raise _damaged(path, "its card or its label is no readable text") from error


def _check_network(info: ModelInfo) -> None:
    """Builds the network, loads the weights and asks it about a grey image."""
    from pipeline.inference.predictor import Predictor

    shares = Predictor(info).probabilities([np.full((info.height, info.width, 3), 128, dtype=np.uint8)])
    if shares.shape != (1, len(info.classes)) or not np.allclose(shares.sum(1), 1, atol=1e-3):
        raise ModelError(f"The network of the model {info.name} gives no probabilities.", _AGAIN)


def _checked(contents: dict[str, bytes], folder: Path, name: str | None, path: Path, progress: Progress) -> ModelInfo:
    """Writes the contents into the hidden `folder` and checks the model there, under the name that it will have."""
    for file, content in contents.items():
        replace_file(folder / file, content)
    try:
        wanted = name or str(json.loads(contents[INFO])["name"])
    except (ValueError, TypeError, KeyError) as error:
        raise _damaged(path, f"its {INFO} cannot be read") from error
    try:
        info = read_model_info(folder, check_model_name(wanted))
    except (TypeError, AttributeError) as error:
        raise _damaged(path, f"its {INFO} cannot be read") from error
    _check_info(info, path)
    _check_texts(contents, path)
    if TRAINING_IMAGES in contents:
        training_images(info)
    progress(0.5, "Builds the network and asks it about a grey image.")
    _check_network(info)
    return info


def import_bundle(
    workspace: Workspace, path: Path, name: str | None = None, progress: Progress = silent
) -> ModelInfo:
    """Brings the bundle at `path` in as the model `name` (by default the name that it had).

    Nothing is changed before everything is checked: the zip's names and sizes, the hash of each file, every field of
    the description, the list of training images, and the network, which is built and asked about an image.

    Raises:
        ModelError: it is no bundle, a damaged one or one of a newer version, or the name is taken.
        WorkspaceError: the disk is full or the workspace cannot be written.
    """
    if name:
        check_free(workspace, check_model_name(name))
    progress(0.1, f"Reads {path.name} and checks its files.")
    contents = _read(path)
    workspace.create()
    remove_left_behind(workspace)
    with temporary_folder(workspace, ".incoming-", workspace.models) as incoming:
        info = _checked(contents, incoming, name, path, progress)
        with shelf_turn(workspace):
            check_free(workspace, info.name)
            with disk_errors(workspace.models / info.name):
                incoming.chmod(0o755)
                incoming.rename(workspace.models / info.name)
    progress(1.0, f"The model {info.name} is here.")
    return find_model(workspace, info.name)
