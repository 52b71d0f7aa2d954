"""What a model is: the description beside its weights, and the models of a workspace. Needs no torch."""

import os
import re
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Interval, Len

from pipeline.configuration.config import Head, Loss, Resize, Side, Weights
from pipeline.configuration.network_registry import IMAGENET, UNCHANGED, Mean, Normalisation, Std
from pipeline.errors import MissingFileError, ModelError, WorkspaceError
from pipeline.files.bounds import Code, Count, FileName, Moment, Text, Word
from pipeline.files.disk import folders_with, kept_while_unchanged, write_json
from pipeline.files.records import RecordError, checked, read_record
from pipeline.files.workspace import MODEL_NAME, Workspace, bundled_folder
from pipeline.metrics.decisions import own_decision
from pipeline.runs.results import PartFigures, check_figures
from pipeline.runs.run_dir import RunDir, find_run
from pipeline.runs.status import ENDED
from pipeline.vocabulary import Decision, SplitKind, View

MOST_MEMBERS = MOST_FOLDS = 5
WEIGHTS = "model.safetensors"
FOLD_WEIGHTS = tuple(f"fold{fold}.safetensors" for fold in range(MOST_FOLDS))
_FILE = "model.json"
_AGAIN = "Train it again, or import its bundle again."
Temperature = Annotated[float, Interval(ge=1e-6, le=1e6)]


@dataclass(frozen=True)
class ExtraImages:
    """The images of another data set that joined a model's training: whose they are, and how many did.

    Attributes:
        data, data_hash: the data set and its content hash.
        left_out: how many of its images did not join, by `data.extra.LEFT_OUT`.
    """

    data: Word
    data_hash: Word
    images: Count
    lesions: Count
    licence: Text
    attribution: Text
    left_out: dict[Word, Count]


@dataclass(frozen=True)
class FoldNetwork:
    """One of a cross-validation's networks: it was trained without the lesions of its fold.

    Attributes:
        weights: the file beside the description, `fold<k>.safetensors`.
        sha256: of that file, 64 hexadecimal digits.
        temperature: that calibrates its probabilities, as `ModelInfo.temperature` does those of one network.
    """

    weights: FileName
    sha256: Word
    temperature: Temperature


@dataclass(frozen=True)
class ModelInfo:
    """A model's description; its weights lie beside it, in `model.safetensors` or in a file for each fold.

    A field that is added later gets a default, which is what descriptions without it mean; it stands last.

    Attributes:
        name: by which it is asked for: the run's, or that of the folder under `models`.
        classes: the codes it chooses among, in alphabetical order, which is the order of its outputs.
        run, data, data_hash: where it comes from: the run, its data set and that set's content hash.
        generated: whether it was trained on generated images.
        width, height: of its input, in pixels; `resize` says how an image gets there.
        normalize: whether `mean` is subtracted from an input and `std` divides it.
        loss: what it was trained with; it decides which frequencies its probabilities assume.
        validation: the run's validation figures as `evaluate_run` stores them, or None.
        created: seconds since 1970 (UTC).
        licence, attribution: of the images it was trained on.
        temperature: its probabilities are calibrated by it (`metrics.calibration.apply_temperature`); 1: they
            are not.
        frequencies: share of each diagnosis in its training images, where its probabilities are those at the data's
            own frequencies whatever the loss (`metrics.class_priors.at_training_priors`); None: as `loss` says.
        detail: (width, height) in pixels of the images it was trained on: a larger upload is reduced to that before it
            is brought to the input, so that the network sees no more detail than it was trained on; None: it is not.
        flips: its probabilities are the mean over the image and its three flips.
        members: it is the mean of these models and has no weights of its own: the name of each, and the SHA-256 of its
            weights (see `models.combined`).
        networks: 1; a description of before may say that several lie side by side in its file, and is refused.
        head: what decides on the features of a network (`config.HEADS`).
        mean, std: of red, green and blue on 0..1; a description without them was written when ImageNet's were used for
            all networks.
        extra: of `training_images` and `training_lesions` those that came from another data set; None: all are of
            `data`. Its probabilities are at the frequencies of those of `data` all the same.
        view: the part of an image that it sees, which is what the images it was trained on show of the originals.
        training_frequencies: share of each diagnosis in its training images of `data`, whatever its probabilities
            assume; None: it does not say, as descriptions of before; see `models.decided_output`.
        folds: the networks of a cross-validation in the order of their folds: its answer to a new image is the mean of
            their probabilities, each calibrated, all at `frequencies`. Then there is no `model.safetensors`, `split`
            says how lesions were divided among the folds, and the list of training images which fold left each out.
        weights_file: where one network's weights lie beside the description; not stored.
    """

    name: Word
    folder: Path
    classes: Annotated[tuple[Code, ...], Len(2, 100)]
    run: Word
    data: Word
    data_hash: Word
    generated: bool
    arch: Word
    weights: Weights
    width: Side
    height: Side
    resize: Resize
    normalize: bool
    loss: Loss
    training_images: Count
    training_lesions: Count
    split: SplitKind
    validation: dict[str, Any] | None
    created: Moment
    licence: Text
    attribution: Text
    temperature: Temperature = 1.0
    frequencies: dict[Code, Annotated[float, Interval(gt=0, le=1)]] | None = None
    detail: tuple[Side, Side] | None = None
    flips: bool = False
    members: Annotated[tuple[tuple[FileName, Word], ...], Len(0, MOST_MEMBERS)] = ()
    networks: Annotated[int, Interval(ge=1, le=5)] = 1
    mean: Mean = IMAGENET.mean
    std: Std = IMAGENET.std
    view: View = "whole"
    training_frequencies: dict[Code, Annotated[float, Interval(gt=0, le=1)]] | None = None
    extra: ExtraImages | None = None
    head: Head = "fastai"
    folds: Annotated[tuple[FoldNetwork, ...], Len(0, MOST_FOLDS)] = ()
    weights_file: FileName = WEIGHTS

    @property
    def weights_path(self) -> Path:
        """The weights of a model that is one network."""
        return self.folder / self.weights_file

    def of_fold(self, fold: int) -> "ModelInfo":
        """One network of a cross-validation as a model of its own: its weights, its temperature, all else as here.

        Args:
            fold: from 0 on; `folds[fold]` is the network.
        """
        network = self.folds[fold]
        return replace(self, weights_file=network.weights, temperature=network.temperature, folds=())

    @property
    def is_mean(self) -> bool:
        """Whether several networks answer together, so that it has no embedding of its own."""
        return bool(self.members or self.folds)

    @property
    def normalisation(self) -> Normalisation:
        """What an input goes through."""
        return Normalisation(self.mean, self.std) if self.normalize else UNCHANGED

    @property
    def own_decision(self) -> Decision:
        """The decision that the highest of its probabilities, as it gives them, follows."""
        return own_decision(self.loss, at_data=self.frequencies is not None)

    @property
    def read_only(self) -> bool:
        """Whether it came with LesionLab, so that it can be neither named nor deleted."""
        return self.folder == bundled_folder()


_STORED = {field.name for field in fields(ModelInfo)} - {"folder", "weights_file", "networks"}


def write_model_info(info: ModelInfo) -> None:
    """Writes `model.json` into the model's folder in one step; without it no reader sees the model.

    Raises:
        WorkspaceError: the disk is full or the folder cannot be written.
    """
    stored = {key: value for key, value in asdict(info).items() if key in _STORED}
    write_json(info.folder / _FILE, stored)


def read_model_info(folder: Path, name: str) -> ModelInfo:
    """The description in `folder`, under the name that its place in the workspace gives it.

    Fields that an older version did not write have their defaults. While the file stays as it is, everybody gets the
    same description, whose dictionaries must not be changed.

    Raises:
        ModelError: there is none, it is damaged, lacks a field, or has one that only a newer version knows.
    """
    return _read_info(folder / _FILE, name)


@kept_while_unchanged(entries=1024)  # a page asks for those of all models
def _read_info(path: Path, name: str) -> ModelInfo:
    try:
        info = replace(read_record(path, ModelInfo, _AGAIN, folder=path.parent, weights_file=WEIGHTS), name=name)
        if info.validation is not None:
            check_figures(checked(info.validation, PartFigures, str(path), _AGAIN), str(path), _AGAIN)
    except MissingFileError as error:
        raise ModelError(f"The model {name} has no description at {path}.", "Train it again.") from error
    except RecordError as error:
        if error.lacks:
            raise ModelError(f"The description of the model {name} lacks {', '.join(error.lacks)}.", _AGAIN) from error
        if error.unknown:
            raise ModelError(f"The model {name} was made by a newer LesionLab: its description has fields that this "
                             "version does not know.", "Update LesionLab.") from error
        raise ModelError(f"The description of the model {name} at {error.problem}", _AGAIN) from error
    except WorkspaceError as error:
        raise ModelError(f"The description of the model {name} is damaged: {error.problem}", _AGAIN) from error
    if info.networks != 1:
        raise ModelError(f"The model {name} is several networks side by side in one file, which this version of "
                         "LesionLab does not open.", _AGAIN)
    if list(info.classes) != sorted(set(info.classes)):
        raise ModelError(f"The diagnoses of the model {name} are not in alphabetical order.", _AGAIN)
    if any(of is not None and set(of) != set(info.classes) for of in (info.frequencies, info.training_frequencies)):
        raise ModelError(f"The frequencies of the model {name} are not those of its diagnoses.", _AGAIN)
    if info.folds and not _are_folds(info):
        raise ModelError(f"The networks of the model {name} are not those of one cross-validation.", _AGAIN)
    return info


def _are_folds(info: ModelInfo) -> bool:
    """Whether several networks are described, each with its own file and temperature, and nothing that makes them one.
    """
    named = all(network.weights == name and re.fullmatch("[0-9a-f]{64}", network.sha256)
                for network, name in zip(info.folds, FOLD_WEIGHTS, strict=False))
    alone = not info.members and info.temperature == 1
    return len(info.folds) > 1 and named and alone and info.frequencies is not None


def _places(workspace: Workspace) -> dict[str, Path]:
    """Folder of each model by name; a run's model comes before a model folder of the same name, both before ours."""
    places = {MODEL_NAME: bundled_folder()} if os.path.lexists(bundled_folder() / _FILE) else {}
    places |= {folder.name: folder for folder in folders_with(workspace.models, _FILE)}
    places |= {folder.name: folder / "model" for folder in folders_with(workspace.runs, f"model/{_FILE}")}
    return {name: folder for name, folder in places.items() if not name.startswith(".")}


def list_models(workspace: Workspace) -> list[ModelInfo]:
    """The models of runs and of `models`, newest first, then the bundled one; those with a damaged description are left
    out: `damaged_models` has them.
    """
    infos = []
    for name, folder in sorted(_places(workspace).items()):
        try:
            infos.append(read_model_info(folder, name))
        except ModelError:
            continue
    return sorted(infos, key=lambda info: (not info.read_only, info.created), reverse=True)


def damaged_models(workspace: Workspace) -> dict[str, ModelError]:
    """What is wrong with each model whose description cannot be read, by name."""
    found = {}
    for name, folder in sorted(_places(workspace).items()):
        try:
            read_model_info(folder, name)
        except ModelError as error:
            found[name] = error
    return found


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
    if re.fullmatch(r"[\w.-]+", name) and os.path.lexists(workspace.runs / name / "status.json"):
        raise _no_model_of(find_run(workspace, name))
    known = f"The models are {', '.join(sorted(places))}." if places else "There is no model yet: train one first."
    raise ModelError(f"There is no run or model named {name}.", known)
