"""Bringing a bundle into the workspace: everything in it is checked, and it is in place only when all is well."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.configuration.network_registry import NETWORKS
from pipeline.data.left_behind import remove_left_behind, temporary_folder
from pipeline.errors import LesionLabError, ModelError, WorkspaceError
from pipeline.export.bundle import INFO
from pipeline.export.bundle_files import AGAIN, damaged, unpack
from pipeline.files.bounds import without_controls
from pipeline.files.disk import disk_errors, read_json
from pipeline.files.records import read_record
from pipeline.files.safetensors_file import read_tensors
from pipeline.files.workspace import Workspace
from pipeline.models.card import CARD_FILE, read_card
from pipeline.models.library import check_free, check_model_name, library_lock
from pipeline.models.model_info import FOLD_WEIGHTS, WEIGHTS, ModelInfo, find_model, read_model_info
from pipeline.models.training_images import FILE as TRAINING_IMAGES
from pipeline.models.training_images import training_images
from pipeline.models.weights_files import own_weights
from pipeline.progress import Progress, silent
from pipeline.runs.labels import LABEL_FILE, Label, checked_label


def _check_info(info: ModelInfo, path: Path) -> None:
    """Whether what may stand in a model's description may stand in that of one that comes from elsewhere."""
    checks = {
        "classes": all(re.fullmatch(r"[a-z0-9_]{1,20}", code) for code in info.classes),
        "arch": info.arch in NETWORKS,
        "width": 32 <= info.width <= 1024,
        "height": 32 <= info.height <= 1024,
        "detail": info.detail is None or min(info.detail) >= 32,
        "members": info.members == (),
    }
    if wrong := [field for field, holds in checks.items() if not holds]:
        raise damaged(path, f"its {INFO} has values that no model has, in {'; '.join(wrong)}")


def _check_texts(folder: Path, files: set[str], path: Path) -> None:
    try:
        read_card(folder / CARD_FILE)
        if LABEL_FILE in files:
            label = read_record(folder / LABEL_FILE, Label)
            checked_label(label.name, label.note)
            if not without_controls(label.name + label.note):
                raise damaged(path, "its label has control characters")
    except LesionLabError as error:
        raise damaged(path, "its card or its label is no readable text") from error


def _check_weights(info: ModelInfo, files: set[str], path: Path) -> None:
    """Whether the weights are those of the description, and what their headers say, before a network sees them."""
    weights = own_weights(info)
    if {file.name for file in weights} != files & {WEIGHTS, *FOLD_WEIGHTS}:
        raise damaged(path, f"its {INFO} describes other weights than it holds")
    for file in weights:
        try:
            read_tensors(file)
        except WorkspaceError as error:
            raise damaged(path, f"the header of its {file.name} is not that of a file of weights") from error


def _check_network(workspace: Workspace, info: ModelInfo) -> None:
    """Builds the network, or those of its folds, loads the weights and asks about a grey image."""
    from pipeline.inference.classifier import open_classifier

    grey = np.full((info.height, info.width, 3), 128, dtype=np.uint8)
    shares = open_classifier(workspace, info).probabilities([grey])
    if shares.shape != (1, len(info.classes)) or not np.allclose(shares.sum(1), 1, atol=1e-3):
        raise ModelError(f"The network of the model {info.name} gives no probabilities.", AGAIN)


@contextlib.contextmanager
def _in_its_words(folder: Path, path: Path) -> Iterator[None]:
    """Says what is wrong in the hidden `folder`, which is gone in a moment, of the bundle at `path`."""
    try:
        yield
    except ModelError as error:
        problem = error.problem.replace(f"{folder}/", "")
        raise ModelError(f"The bundle {path.name} cannot be used: {problem}", error.next_step) from error


def _described(folder: Path, name: str | None, path: Path) -> ModelInfo:
    """The description in `folder`, under the name that the model will have."""
    with _in_its_words(folder, path):
        info = read_model_info(folder, check_model_name(name) if name else "in it")
    return info if name else replace(info, name=check_model_name(read_json(folder / INFO)["name"]))


def _checked(workspace: Workspace, folder: Path, name: str | None, path: Path, progress: Progress) -> ModelInfo:
    """Unpacks the bundle into the hidden `folder` and checks the model there, under the name that it will have."""
    files = unpack(path, folder)
    info = _described(folder, name, path)
    _check_info(info, path)
    _check_texts(folder, files, path)
    _check_weights(info, files, path)
    if TRAINING_IMAGES in files:
        with _in_its_words(folder, path):
            training_images(info)
    progress(0.5, "Builds the network and asks it about a grey image.")
    _check_network(workspace, info)
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
    workspace.create()
    remove_left_behind(workspace)
    with temporary_folder(workspace, ".incoming-", workspace.models) as incoming:
        info = _checked(workspace, incoming, name, path, progress)
        with library_lock(workspace):
            check_free(workspace, info.name)
            with disk_errors(workspace.models / info.name):
                incoming.chmod(0o755)
                incoming.rename(workspace.models / info.name)
    progress(1.0, f"The model {info.name} is here.")
    return find_model(workspace, info.name)
