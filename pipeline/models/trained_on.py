"""All images that a model was trained on, those of the runs that it started from included. Needs no torch."""

import contextlib
from typing import NamedTuple

import pandas as pd

from pipeline.configuration.config import RunConfig
from pipeline.data.dataset import load_dataset
from pipeline.errors import LesionLabError, ModelError
from pipeline.files.workspace import Workspace
from pipeline.models.library import run_of
from pipeline.models.model_info import ModelInfo, find_model
from pipeline.models.training_images import COLUMNS, training_images
from pipeline.runs.run_dir import RunDir


class TrainedOn(NamedTuple):
    """`images`: image_id, lesion_id and sha256 (missing where it is not known); `note`: a sentence about what cannot be
    told of them, or None."""

    images: pd.DataFrame
    note: str | None


def trained_on(workspace: Workspace, info: ModelInfo) -> TrainedOn:
    """What the model and its ancestors learnt from: the model's own list, and the training parts of its run and of the
    runs that this one started from.

    A model that carries no list is known by its run alone, if that is here.
    """
    line = line_of(workspace, run_of(workspace, info))
    tables = [table for run in line if (table := _training_part(workspace, run)) is not None]
    try:
        tables.insert(0, training_images(info)[COLUMNS])
        note = None
    except ModelError as error:
        if not tables:
            note = f"{error.problem} So an overlap with its training images cannot be found."
        elif tables[0]["sha256"].isna().any():
            note = (f"{error.problem} Its run's split names them, but not their content: the same image under another "
                    "id is not found.")
        else:
            note = None
    if not tables:
        return TrainedOn(pd.DataFrame(columns=COLUMNS, dtype=object), note)
    images = pd.concat(tables).sort_values("sha256").drop_duplicates(["image_id", "lesion_id"])
    return TrainedOn(images.sort_values("image_id", ignore_index=True), note)


def chose_epoch(workspace: Workspace, info: ModelInfo) -> set[str]:
    """The validation images that chose which epoch's weights were kept, as far as the model's run is here; of a mean of
    models those of each member."""
    found: set[str] = set()
    for name, _ in info.members:
        with contextlib.suppress(ModelError):  # a member that is gone is named when the mean is opened
            found |= chose_epoch(workspace, find_model(workspace, name))
    for run in line_of(workspace, run_of(workspace, info)):
        config = run.config()
        if config.keep != "last" and config.epochs > 1 and run.split_path.exists():
            split = run.split()
            found |= set(split.loc[split["part"] == "validation", "image_id"])
    return found


def line_of(workspace: Workspace, run: RunDir | None) -> list[RunDir]:
    """The run, the run that it started from, and so on; deleted ones too, as long as they can be restored."""
    line: list[RunDir] = []
    while run is not None and run.config_path.exists() and run not in line:
        line.append(run)
        parent = run.config().parent
        places = [RunDir(folder / parent) for folder in (workspace.runs, workspace.bin / "runs")] if parent else []
        run = next((place for place in places if place.config_path.exists()), None)
    return line


def _training_part(workspace: Workspace, run: RunDir) -> pd.DataFrame | None:
    """The run's training images; their content where the data set is here as it was; None without a split."""
    if not run.split_path.exists():
        return None
    config, split = run.config(), run.split()
    part = split.loc[split["part"] == "train", ["image_id", "lesion_id"]]
    extra = run.extra()
    joined = None if extra is None else extra.loc[extra["left_out"].isna(), COLUMNS]
    return pd.concat([_with_content(workspace, config, part), joined], ignore_index=True)


def _with_content(workspace: Workspace, config: RunConfig, part: pd.DataFrame) -> pd.DataFrame:
    with contextlib.suppress(LesionLabError):  # without the data set ids and lesions are known all the same
        dataset = load_dataset(workspace, config.data)
        if dataset.content_hash == config.data_hash:
            return part.merge(dataset.metadata()[["image_id", "sha256"]], on="image_id", how="left")
    return part.assign(sha256=None)
