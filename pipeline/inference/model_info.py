"""What a model is: the description beside its weights, and the models of a workspace. Needs no torch."""

import re
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from pipeline.bundled import MODEL_NAME, bundled_folder
from pipeline.config import Loss, Resize, SplitKind, Weights
from pipeline.errors import ModelError, WorkspaceError
from pipeline.files import read_json, write_json
from pipeline.jobs.run_dir import RunDir, find_run
from pipeline.jobs.status import ENDED
from pipeline.workspace import Workspace

_FILE = "model.json"


@dataclass(frozen=True)
class ModelInfo:
    """A model's description; its weights lie in `folder/model.safetensors`.

    A field that is added later gets a default, which is what descriptions without it mean; it stands last.

    Attributes:
        name: by which it is asked for: the run's, or that of the folder under `models`.
        classes: the codes it chooses among, in alphabetical order, which is the order of its outputs.
        run, data, data_hash: where it comes from: the run, its data set and that set's content hash.
        generated: whether it was trained on generated images.
        width, height: of its input, in pixels; `resize` says how an image gets there.
        normalize: whether ImageNet's mean and deviation are applied.
        loss: what it was trained with; it decides which frequencies its probabilities assume.
        validation: the run's validation figures as `evaluate_run` stores them, or None.
        created: seconds since 1970 (UTC).
        licence, attribution: of the images it was trained on.
        temperature: its probabilities are calibrated by it (`evaluation.calibration.apply_temperature`); 1: they
            are not.
        frequencies: share of each diagnosis in its training images, where its probabilities are those at the data's
            own frequencies whatever the loss (`evaluation.decisions.at_data_frequencies`); None: as `loss` says.
        detail: (width, height) in pixels of the images it was trained on: a larger upload is reduced to that before it
            is brought to the input, so that the network sees no more detail than it was trained on; None: it is not.
        flips: its probabilities are the mean over the image and its three flips.
        members: it is the mean of these models and has no weights of its own: the name of each, and the SHA-256 of its
            weights (see `inference.members`).
        networks: how many networks of `arch` it consists of, side by side on one input, all in one file of weights: the
            mean of their logits decides (`training.side_by_side`).
    """

    name: str
    folder: Path
    classes: tuple[str, ...]
    run: str
    data: str
    data_hash: str
    generated: bool
    arch: str
    weights: Weights
    width: int
    height: int
    resize: Resize
    normalize: bool
    loss: Loss
    training_images: int
    training_lesions: int
    split: SplitKind
    validation: dict[str, Any] | None
    created: float
    licence: str
    attribution: str
    temperature: float = 1.0
    frequencies: dict[str, float] | None = None
    detail: tuple[int, int] | None = None
    flips: bool = False
    members: tuple[tuple[str, str], ...] = ()
    networks: int = 1

    @property
    def bundled(self) -> bool:
        """Whether it came with LesionLab."""
        return self.folder == bundled_folder()


_STORED = {field.name for field in fields(ModelInfo)} - {"folder"}
_REQUIRED = {field.name for field in fields(ModelInfo) if field.default is MISSING} - {"folder"}


def write_model_info(info: ModelInfo) -> None:
    """Writes `model.json` into the model's folder in one step; without it no reader sees the model.

    Raises:
        WorkspaceError: the disk is full or the folder cannot be written.
    """
    stored = {key: value for key, value in asdict(info).items() if key in _STORED}
    write_json(info.folder / _FILE, stored)


def read_model_info(folder: Path, name: str) -> ModelInfo:
    """The description in `folder`, under the name that its place in the workspace gives it.

    Fields that an older version did not write have their defaults.

    Raises:
        ModelError: there is none, it is damaged, lacks a field, or has one that only a newer version knows.
    """
    path = folder / _FILE
    try:
        stored = read_json(path)
    except FileNotFoundError as error:
        raise ModelError(f"The model {name} has no description at {path}.", "Train it again.") from error
    except (WorkspaceError, UnicodeDecodeError) as error:
        raise ModelError(f"The description of the model {name} at {path} is damaged.", "Train it again.") from error
    given = set(stored) if isinstance(stored, dict) else set()
    if lacking := _REQUIRED - given:
        raise ModelError(
            f"The description of the model {name} lacks {', '.join(sorted(lacking))}.", "Train it again."
        )
    if unknown := given - _STORED:
        raise ModelError(
            f"The model {name} was made by a newer LesionLab: this version does not know "
            f"{', '.join(sorted(unknown))}.",
            "Update LesionLab.",
        )
    classes = tuple(stored["classes"])
    if len(classes) < 2 or list(classes) != sorted(set(classes)):
        raise ModelError(f"The diagnoses of the model {name} are not in alphabetical order.", "Train it again.")
    detail = stored.get("detail")
    detail = tuple(detail) if isinstance(detail, list) else detail
    members = tuple(tuple(member) for member in stored.get("members", ()))
    return ModelInfo(**{
        **stored, "name": name, "folder": folder, "classes": classes, "detail": detail, "members": members,
    })


def _places(workspace: Workspace) -> dict[str, Path]:
    """Folder of each model by name; a run's model comes before a model folder of the same name, both before ours."""
    places = {MODEL_NAME: bundled_folder()} if (bundled_folder() / _FILE).exists() else {}
    places |= {path.parent.name: path.parent for path in workspace.models.glob(f"*/{_FILE}")}
    places |= {path.parent.parent.name: path.parent for path in workspace.runs.glob(f"*/model/{_FILE}")}
    return {name: folder for name, folder in places.items() if not name.startswith(".")}


def list_models(workspace: Workspace) -> list[ModelInfo]:
    """The models of runs and of `models`, newest first, then the bundled one; those with a damaged description are left
    out: `find_model` says what is wrong with them.
    """
    infos = []
    for name, folder in sorted(_places(workspace).items()):
        try:
            infos.append(read_model_info(folder, name))
        except ModelError:
            continue
    return sorted(infos, key=lambda info: (not info.bundled, info.created), reverse=True)


def bundled_model() -> ModelInfo | None:
    """The model that came with LesionLab, where it is there and its description whole."""
    try:
        return read_model_info(bundled_folder(), MODEL_NAME)
    except ModelError:
        return None


def _no_model_of(run: RunDir) -> ModelError:
    if judged := run.evaluation():
        return ModelError(f"{run.name} is an evaluation of the model {judged['model']} and has no model of its own.",
                          f"Name {judged['model']}.")
    state = run.status().state
    if state in ENDED and state != "done":
        return ModelError(f"The run {run.name} has no model: it is {state}.", "Start a new run.")
    return ModelError(f"The run {run.name} has no model yet: it is {state}.", "Wait until it is done.")


def find_model(workspace: Workspace, run_or_model_name: str) -> ModelInfo:
    """The model of that name, or of the run of that name.

    Raises:
        ModelError: there is none (the sentence names those that there are), the run has none yet, or its
            description is damaged.
    """
    name = run_or_model_name
    places = _places(workspace)
    if name in places:
        return read_model_info(places[name], name)
    if re.fullmatch(r"[\w.-]+", name) and (workspace.runs / name / "status.json").exists():
        raise _no_model_of(find_run(workspace, name))
    known = f"The models are {', '.join(sorted(places))}." if places else "There is no model yet: train one first."
    raise ModelError(f"There is no run or model named {name}.", known)
