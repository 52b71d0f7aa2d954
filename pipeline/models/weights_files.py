"""The files that a model's weights lie in, and whether they are those that its description means. Needs no torch."""

import hashlib
from pathlib import Path

from pipeline.errors import ModelError
from pipeline.files.disk import kept_while_unchanged
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


def answers_digest(workspace: Workspace, info: ModelInfo) -> str:
    """SHA-256 over the files that the model's answers depend on: its description, and its weights or its members'.

    Raises:
        ModelError: one is missing or cannot be read.
    """
    digest = hashlib.sha256()
    for path in (info.folder / "model.json", *weights_paths(workspace, info)):
        try:
            digest.update(_digest(path).encode())
        except OSError as error:
            raise ModelError(f"{path} of the model {info.name} cannot be read: {error.strerror}.",
                             "Train it again.") from error
    return digest.hexdigest()


def digest_of(info: ModelInfo) -> str:
    """SHA-256 of the weights of a model that is one network, 64 hexadecimal digits.

    Raises:
        ModelError: there are none, or they cannot be read.
    """
    try:
        return _digest(info.weights_path)
    except OSError as error:
        problem = "has no weights" if isinstance(error, FileNotFoundError) else "has weights that cannot be read"
        raise ModelError(f"The model {info.name} {problem} at {info.weights_path}.", "Train it again.") from error


@kept_while_unchanged(entries=64)
def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_folds(info: ModelInfo) -> None:
    """Sees to it that the weights of each fold are those that the description names.

    Raises:
        ModelError: a file is missing, another, or cannot be read.
    """
    for fold, network in enumerate(info.folds):
        if digest_of(info.of_fold(fold)) != network.sha256:
            raise ModelError(f"The weights {network.weights} of the model {info.name} are not those that its "
                             "description names.", "Import its bundle again.")
