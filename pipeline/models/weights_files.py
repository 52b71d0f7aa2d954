"""The files that a model's weights lie in, and whether they are those that its description means. Needs no torch."""

import hashlib
from functools import lru_cache
from pathlib import Path

from pipeline.errors import ModelError
from pipeline.files.disk import disk_errors
from pipeline.files.workspace import Workspace
from pipeline.models.model_info import ModelInfo, find_model


def weights_paths(workspace: Workspace, info: ModelInfo) -> list[Path]:
    """The files whose change makes the model another one: its own, those of its folds, or those of its members, without
    the members that are gone.
    """
    if not info.members:
        return own_weights(info)
    paths = []
    for name, _ in info.members:
        try:
            paths += own_weights(find_model(workspace, name))
        except ModelError:
            continue
    return paths


def own_weights(info: ModelInfo) -> list[Path]:
    """The files of weights in the model's own folder: one, one a fold, or none for a mean of models."""
    if info.members:
        return []
    return [info.folder / network.weights for network in info.folds] or [info.weights_path]


def digest_of(info: ModelInfo) -> str:
    """SHA-256 of the weights of a model that is one network, 64 hexadecimal digits.

    Raises:
        ModelError: there are none.
        WorkspaceError: they cannot be read.
    """
    path = info.weights_path
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise ModelError(f"The model {info.name} has no weights at {path}.", "Train it again.") from error
    return _digest(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=64)
def _digest(path: Path, changed: int, size: int) -> str:
    with disk_errors(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_folds(info: ModelInfo) -> None:
    """Sees to it that the weights of each fold are those that the description names.

    Raises:
        ModelError: a file is missing or another.
        WorkspaceError: one cannot be read.
    """
    for fold, network in enumerate(info.folds):
        if digest_of(info.of_fold(fold)) != network.sha256:
            raise ModelError(f"The weights {network.weights} of the model {info.name} are not those that its "
                             "description names.", "Import its bundle again.")
