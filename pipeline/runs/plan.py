"""From what a user chose to a checked configuration, and to a new run of it; the same sentences for the app and the
command line."""

import dataclasses
import importlib.metadata

from pipeline.configuration.config import RunConfig, apply_settings
from pipeline.configuration.network_registry import NETWORKS
from pipeline.configuration.presets import preset
from pipeline.data.dataset import Dataset, load_dataset
from pipeline.data.reserved import reserved_digest
from pipeline.data.same_lesion import confirmed_digest
from pipeline.errors import DataError, RunError
from pipeline.files.workspace import Workspace
from pipeline.runs.lineage import INHERITED, Start, check_branch, find_start, take_over
from pipeline.runs.run_dir import RunDir, create_run
from pipeline.vocabulary import SplitKind

_VERSIONS_OF = ("torch", "torchvision", "fastai", "timm", "numpy", "pandas", "pillow")


def plan_config(
    workspace: Workspace, data: str | None, preset_name: str, settings: list[str], start: str | None = None
) -> RunConfig:
    """The preset's config for the data set `data` with "key=value" settings applied.

    Args:
        data: may be None for a branch, which has its parent's.
        start: "RUN:STAGE" whose weights the run starts from. It takes over what decides the split, and leaves out as
            many of the preset's stages as those weights have gone through, but for the last.

    Raises:
        ConfigError: an unknown preset or setting, or a value out of its range.
        DataError: there is no such data set, or it has changed since the parent was trained.
        RunError: there is no such run or stage, or the run does not fit it.
    """
    chosen = preset(preset_name)
    if start is None:
        if data is None:
            raise DataError("No data set is named.", "Name one, or a run and its stage to start from.")
        dataset = load_dataset(workspace, data)
        config = dataclasses.replace(
            chosen.for_data(dataset.name, dataset.content_hash), same_lesion=confirmed_digest(dataset),
            view=dataset.view,
        )
        return with_extra(workspace, _normalised(apply_settings(config, settings)), dataset)
    found = find_start(workspace, start)
    config = apply_settings(_branch(chosen.config, found), settings)
    check_branch(dataclasses.replace(config, data=data or config.data), found)
    dataset = load_dataset(workspace, config.data)
    if dataset.content_hash != config.data_hash:
        raise DataError(
            f"The data set {config.data} has changed since the run {found.run.name} was trained on it.",
            "Start without that run.",
        )
    if (now := with_extra(workspace, config, dataset)).extra_hash != config.extra_hash:
        raise DataError(
            f"The data set {config.extra} has changed since the run {found.run.name} was trained on it too.",
            "Start without that run.",
        )
    if now.reserved != config.reserved:
        raise DataError(
            f"Images of {config.data} were reserved after the run {found.run.name}, which may have learnt from them.",
            "Start without that run.",
        )
    return config


def with_extra(workspace: Workspace, config: RunConfig, dataset: Dataset) -> RunConfig:
    """`config` with the content of its extra data set as it is now, and with what is reserved of both.

    Args:
        dataset: the run's own data set.

    Raises:
        DataError: there is no such extra data set; it is the run's own, one of the two has drawings, or its copies
            show another part of their originals; or none of its diagnoses is one of the run's.
    """
    if config.extra is None:
        return dataclasses.replace(config, extra_hash=None, reserved=reserved_digest(dataset))
    extra = load_dataset(workspace, config.extra)
    step = "Choose another, or extra=none."
    if extra.content_hash == dataset.content_hash:
        raise DataError(f"The data set {extra.name} holds the images of {dataset.name}, so it adds none to it.", step)
    for of in (dataset, extra):
        if of.generated:  # those of every set are counted from 1, so that their ids do not tell them apart
            raise DataError(f"The data set {of.name} has drawings; extra images are for real ones.", step)
    if extra.view != dataset.view:
        shows = {"whole": "whole images", "square": "their central squares"}
        raise DataError(
            f"The data set {extra.name} has {shows[extra.view]} and {dataset.name} {shows[dataset.view]}, so a lesion "
            "would have other proportions in the one than in the other.", step,
        )
    if not set(extra.classes) & set(dataset.classes):
        raise DataError(f"The data set {extra.name} has no diagnosis of {dataset.name}.", step)
    return dataclasses.replace(
        config, extra_hash=extra.content_hash, reserved=reserved_digest(dataset, extra)
    )


def _normalised(config: RunConfig) -> RunConfig:
    """`config` with the normalisation that its network's weights were made for; a branch has its parent's."""
    own = NETWORKS[config.arch].normalisation
    return dataclasses.replace(config, mean=own.mean, std=own.std)


def _branch(config: RunConfig, start: Start) -> RunConfig:
    parent = start.run.config()
    stages_before = parent.stages_before + start.stage
    left_out = min(stages_before, len(config.stages) - 1)
    return dataclasses.replace(
        config, stages=config.stages[left_out:], parent=start.run.name, parent_stage=start.stage,
        stages_before=stages_before,
        epochs_before=parent.epochs_before + sum(stage.epochs for stage in parent.stages[: start.stage]),
        **{field: getattr(parent, field) for field in INHERITED},
    )


def other_kind(kind: SplitKind) -> SplitKind:
    """ "lesion" for "random", else "random"."""
    return "lesion" if kind == "random" else "random"


def other_split(workspace: Workspace, run: RunDir) -> RunConfig:
    """The configuration of `run` on the other split, all else equal.

    Raises:
        RunError: the run started from another run's weights, which saw that one's split; it held nothing out; or it
            is an evaluation.
        DataError: the data set is gone, or has changed since.
    """
    config = run.config()
    if config.parent is not None:
        raise RunError(
            f"The run {run.name} started from {config.parent}, whose split its weights know.",
            "Choose a run that started from initial weights.",
        )
    if config.split == "external":
        raise RunError(f"{run.name} is an evaluation, which has no split.", "Choose a run that was trained.")
    if config.split == "all":
        raise RunError(f"The run {run.name} held no image out, so it has no figures to compare.", "Choose another.")
    dataset = load_dataset(workspace, config.data)
    if dataset.content_hash != config.data_hash:
        raise DataError(
            f"The data set {config.data} has changed since the run {run.name} was trained on it.", "Start a new run."
        )
    changed = dataclasses.replace(
        config, split=other_kind(config.split), fold=0, same_lesion=confirmed_digest(dataset)
    )
    planned = with_extra(workspace, changed, dataset)
    if planned.extra_hash != config.extra_hash:
        raise DataError(
            f"The data set {config.extra} has changed since the run {run.name} was trained on it.", "Start a new run."
        )
    return planned


def create(workspace: Workspace, config: RunConfig) -> RunDir:
    """A new queued run that nobody works on yet; a branch gets its parent's weights and split at once.

    Raises:
        RunError: the parent or its weights are gone.
        WorkspaceError: the disk is full or the workspace cannot be written; then there is no new run.
    """
    start = None if config.parent is None else find_start(workspace, f"{config.parent}:{config.parent_stage}")
    versions = {name: importlib.metadata.version(name) for name in _VERSIONS_OF}
    return create_run(workspace, config, versions, (lambda run: take_over(run, start)) if start else None)
