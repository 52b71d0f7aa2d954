"""What a person does with models: name them, describe them, put one away, take it back.

A run's own model lies in the run's folder, and is deleted and restored with its run: a run without it would have
errors that nobody could question. What was imported lies under `models` and can be deleted by itself.
"""

import re
import shutil
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from pipeline.errors import ModelError
from pipeline.files.disk import folders_with, write_json
from pipeline.files.locks import file_lock
from pipeline.files.workspace import MODEL_NAME, READ_ONLY, Workspace, bundled_folder
from pipeline.models.model_info import ModelInfo, find_model, read_model_info
from pipeline.models.training_images import FILE as TRAINING_IMAGES
from pipeline.progress import silent
from pipeline.runs.labels import LABEL_FILE, Label, checked_label, label_in, move_folder
from pipeline.runs.run_dir import RunDir, find_run

Source = Literal["bundled", "run", "imported", "combined"]
_NAME = r"[a-z0-9][a-z0-9._-]{0,63}"


def library_lock(workspace: Workspace) -> AbstractContextManager[None]:
    """Two windows that change the models take turns."""
    return file_lock(workspace.locks / "models.lock", silent, "Another window changes the models.")


def run_of(workspace: Workspace, info: ModelInfo) -> RunDir | None:
    """The run in whose folder the model lies; None for an imported one, whose run is elsewhere or gone."""
    return find_run(workspace, info.name) if info.folder.parent.parent == workspace.runs else None


def model_behind(workspace: Workspace, run: RunDir) -> ModelInfo:
    """The model that gave the run's predictions: its own, of an evaluation the one that it evaluates, of the bundled
    run the networks that are bundled.

    Raises:
        ModelError: it is not here (any more), or its description is damaged.
    """
    if run.kind() == "bundled":
        info = read_model_info(bundled_folder(), MODEL_NAME)
        if not info.folds:
            raise ModelError(f"The networks that judged the run {run.name} are not bundled.")
        return info
    evaluation = run.evaluation()
    return find_model(workspace, evaluation["model"]) if evaluation else read_model_info(run.model, run.name)


def source_of(workspace: Workspace, info: ModelInfo) -> Source:
    """Where the model lies: with LesionLab, in its run's folder, or among the imported and the combined ones."""
    if info.members:
        return "combined"
    return "bundled" if info.read_only else "run" if run_of(workspace, info) else "imported"


def _check_own(info: ModelInfo) -> None:
    if info.read_only:
        raise ModelError(f"The model {info.name} {READ_ONLY}.", "Export it, and import the bundle under another name.")


def model_label(info: ModelInfo) -> Label:
    """The name and the description that people gave the model; empty where they gave none."""
    return label_in(info.folder)


def title_of(info: ModelInfo) -> str:
    """What people call the model: its given name, with the name that commands know where they differ."""
    if info.read_only:
        return f"{info.name} (bundled with LesionLab)"
    label = model_label(info)
    return f"{label.name} ({info.name})" if label.name else info.name


def label_model(workspace: Workspace, name: str, title: str, description: str) -> Label:
    """Gives the model a title and a description; empty ones take them away. Its name for commands stays.

    Raises:
        ModelError: there is no such model, or it is the bundled one.
        RunError: a text is too long.
        WorkspaceError: the disk is full or cannot be written.
    """
    label = checked_label(title, description)
    with library_lock(workspace):
        info = find_model(workspace, name)
        _check_own(info)
        write_json(info.folder / LABEL_FILE, asdict(label))
    return label


def check_model_name(name: str) -> str:
    """`name` if it can name a new model.

    Raises:
        ModelError: it cannot, or it is that of the bundled one.
    """
    if name == MODEL_NAME:
        raise ModelError(
            f"{name} is the name of the model that comes with LesionLab.",
            "Choose another; on the command line with --name.",
        )
    if not re.fullmatch(_NAME, name):
        raise ModelError(
            f"{name!r} cannot be a model's name.",
            "Use up to 64 lower-case letters, digits, dots, dashes and underscores, starting with a letter or digit.",
        )
    return name


def _taken(workspace: Workspace, name: str) -> str | None:
    """What has the name already: models and runs share their names, and deleted ones may come back."""
    places = {
        "model": workspace.models / name, "run": workspace.runs / name,
        "deleted model": workspace.bin / "models" / name, "deleted run": workspace.bin / "runs" / name,
    }
    return next((noun for noun, place in places.items() if place.exists()), None)


def _remove_half_made(folder: Path) -> None:
    """Removes what an earlier version left of a mean of models for which the disk had no room."""
    if folder.is_dir() and {path.name for path in folder.iterdir()} <= {TRAINING_IMAGES}:
        shutil.rmtree(folder, ignore_errors=True)


def check_free(workspace: Workspace, name: str) -> None:
    """
    Raises:
        ModelError: a model or a run has the name, or a deleted one; the sentence suggests another.
    """
    _remove_half_made(workspace.models / name)
    if noun := _taken(workspace, name):
        stem = re.sub(r"-\d+$", "", name)[:60]
        number = next(n for n in range(2, 10**4) if not _taken(workspace, f"{stem}-{n}"))
        raise ModelError(f"A {noun} has the name {name} already.", f"Choose another, for example {stem}-{number}.")


def delete_model(workspace: Workspace, name: str) -> ModelInfo:
    """Moves an imported model to the deleted ones in one step; `restore_model` brings it back.

    Returns:
        The model where it lies now.

    Raises:
        ModelError: there is no such model, it belongs to a run, or it is the bundled one.
        WorkspaceError: the workspace cannot be written.
    """
    with library_lock(workspace):
        info = find_model(workspace, name)
        _check_own(info)
        if run_of(workspace, info):
            raise ModelError(f"The model {name} belongs to its run.", "Delete the run; its model goes with it.")
        target = workspace.bin / "models" / name
        if target.exists():
            raise ModelError(f"A deleted model has the name {name} already: {target}.", "Move that folder elsewhere.")
        move_folder(info.folder, target)
    return read_model_info(target, name)


def restore_model(workspace: Workspace, name: str) -> ModelInfo:
    """Moves a deleted model back to the others.

    Raises:
        ModelError: no such model was deleted, or a model or run has its name by now.
        WorkspaceError: the workspace cannot be written.
    """
    with library_lock(workspace):
        if name not in [deleted.name for deleted in deleted_models(workspace)]:
            raise ModelError(f"No deleted model is named {name}.", "It may have been restored already.")
        for place in (workspace.models / name, workspace.runs / name):
            if place.exists():
                raise ModelError(f"There is {place} already, with the same name.", "Delete that one first.")
        move_folder(workspace.bin / "models" / name, workspace.models / name)
    return find_model(workspace, name)


def deleted_models(workspace: Workspace) -> list[ModelInfo]:
    """The models that can be restored, the last deleted first."""
    infos = []
    for folder in folders_with(workspace.bin / "models", "model.json"):
        try:
            infos.append(read_model_info(folder, folder.name))
        except ModelError:
            continue
    # moving a folder changes its inode (ctime), not its content (mtime)
    return sorted(infos, key=lambda info: info.folder.stat().st_ctime, reverse=True)
