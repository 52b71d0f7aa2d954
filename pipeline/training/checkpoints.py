"""What a run keeps on disk while it trains: the checkpoint it can go on from, and weights to branch from."""

import io
import os
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from fastai.callback.core import Callback
from fastai.learner import Learner
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from pipeline.configuration.config import RunConfig
from pipeline.errors import TrainingError, WorkspaceError
from pipeline.files.disk import replace_file
from pipeline.files.safetensors_file import check_tensors
from pipeline.limits import MOST_CHECKPOINT_BYTES
from pipeline.runs.reporter import Reporter
from pipeline.runs.run_dir import RunDir


@dataclass(frozen=True)
class Checkpoint:
    """A run at the end of a full epoch. Random states are not in it: each epoch is seeded from (seed, epoch).

    Attributes:
        stage, epoch: the stage, from 1, and how many full epochs of it are done.
        network, optimizer: their states after that epoch.
        callbacks: by class name, the state of each callback that carries one from epoch to epoch.
        best: what `BestWeights.state` gave.
        log_bytes: size of the event log then.
        spent: seconds by part of the run.
    """

    stage: int
    epoch: int
    network: dict[str, torch.Tensor]
    optimizer: dict[str, Any]
    callbacks: dict[str, dict[str, torch.Tensor]]
    best: dict[str, Any]
    log_bytes: int
    spent: dict[str, float]


def write_checkpoint(run: RunDir, checkpoint: Checkpoint) -> None:
    """Replaces the run's checkpoint in one step: the one before stays whole until this one is.

    Raises:
        WorkspaceError: the disk is full or cannot be written.
    """
    content = io.BytesIO()  # torch's own writer hides that the disk is full
    torch.save(checkpoint.__dict__, content)
    replace_file(run.resume_path, content.getbuffer())


def read_checkpoint(run: RunDir) -> Checkpoint | None:
    """The run's checkpoint, on the processor; None where no epoch has been finished.

    Raises:
        TrainingError: the file is damaged.
    """
    if not os.path.lexists(run.resume_path):
        return None
    try:
        _check_size(run.resume_path)
        return _checked(Checkpoint(**torch.load(run.resume_path, map_location="cpu", weights_only=True)))
    except (RuntimeError, OSError, EOFError, ValueError, TypeError, KeyError, AttributeError, MemoryError,
            pickle.UnpicklingError, zipfile.BadZipFile) as error:
        raise TrainingError(
            f"The checkpoint {run.resume_path} is damaged ({type(error).__name__}).",
            "Start a new run, or delete that file and resume the run: it then starts at its beginning.",
        ) from error


def _check_size(path: Path) -> None:
    """Sees to it that the file is small enough and holds nothing packed, so that it is in memory what it is on disk."""
    if not path.is_file() or path.stat().st_size > MOST_CHECKPOINT_BYTES:
        raise ValueError("no file, or too large")
    with zipfile.ZipFile(path) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ValueError("packed")


def _checked(checkpoint: Checkpoint) -> Checkpoint:
    """`checkpoint`, if what counts in it can be such; tensors are compared with the network that they go into."""
    counts = (checkpoint.stage, checkpoint.epoch, checkpoint.log_bytes)
    if not all(type(count) is int and 0 <= count < 2**53 for count in counts):
        raise ValueError("its counts")
    for part in (checkpoint.network, checkpoint.optimizer, checkpoint.callbacks, checkpoint.best, checkpoint.spent):
        if not isinstance(part, dict) or not all(isinstance(name, str) for name in part):
            raise ValueError("its parts")
    if not all(isinstance(tensor, torch.Tensor) for tensor in checkpoint.network.values()):
        raise ValueError("its network")
    if {"state", "hypers"} - set(checkpoint.optimizer) or {"value", "epoch", "weights"} - set(checkpoint.best):
        raise ValueError("its optimizer or its best weights")
    if not all(type(seconds) in (int, float) and 0 <= seconds < 10**10 for seconds in checkpoint.spent.values()):
        raise ValueError("its seconds")
    return checkpoint


def cpu_state(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A copy of the network's weights on the processor."""
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in network.state_dict().items()}


def write_weights(path, network: torch.nn.Module) -> None:
    """Writes the network's weights as safetensors, in one step.

    Raises:
        WorkspaceError: the disk is full or cannot be written.
    """
    replace_file(path, save({name: tensor.contiguous() for name, tensor in cpu_state(network).items()}))


def load_weights(path, network: torch.nn.Module) -> None:
    """Loads what `write_weights` wrote.

    Raises:
        TrainingError: the file is missing, damaged, or of another network.
    """
    try:
        expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
        check_tensors(Path(path), expected, "this network")
        network.load_state_dict(load_file(path))
    except (WorkspaceError, SafetensorError, RuntimeError, OSError) as error:
        raise TrainingError(
            f"The weights {path} are missing, damaged, or those of another network.", "Start a new run."
        ) from error


class BestWeights:
    """Keeps a copy of the weights of the best epoch by the config's metric, or of the last."""

    def __init__(self, keep: str):
        self.keep, self.value, self.epoch, self.weights = keep, None, None, {}

    def offer(self, network: torch.nn.Module, row: dict) -> None:
        """Called after each epoch with its row."""
        value = 0.0 if self.keep == "last" else row[self.keep] * (-1 if self.keep == "valid_loss" else 1)
        if self.value is None or self.keep == "last" or value > self.value or self.value != self.value:
            self.value, self.epoch, self.weights = value, row["overall"], cpu_state(network)

    def load_into(self, network: torch.nn.Module) -> None:
        network.load_state_dict(self.weights)

    def state(self) -> dict[str, Any]:
        return {"value": self.value, "epoch": self.epoch, "weights": self.weights}

    def restore(self, state: dict[str, Any]) -> None:
        self.value, self.epoch, self.weights = state["value"], state["epoch"], state["weights"]


def _plain_hypers(optimizer) -> list[dict[str, Any]]:
    """The optimizer's hyperparameters as plain numbers, which torch reads back without unpickling code."""
    return [{key: float(v) if isinstance(v, float) else v for key, v in group.items()} for group in optimizer.hypers]


def restore(learner: Learner, checkpoint: Checkpoint, optimizer: bool) -> None:
    """Puts weights, callback states and, within a stage, the optimizer back; `learner` is frozen as it was."""
    learner.model.load_state_dict(checkpoint.network)
    for callback in learner.cbs:
        name = type(callback).__name__
        if name in checkpoint.callbacks:
            callback.restore(checkpoint.callbacks[name])
    if optimizer:
        device = next(learner.model.parameters()).device
        state = [
            {key: v.to(device) if isinstance(v, torch.Tensor) else v for key, v in one.items()}
            for one in checkpoint.optimizer["state"]
        ]
        learner.opt.load_state_dict({"state": state, "hypers": checkpoint.optimizer["hypers"]})


class WriteCheckpoint(Callback):
    """After each full epoch: the weights that are kept as files, and the checkpoint.

    Runs twice in `after_epoch`: `kept` is called by `WriteEvents` while the weights that were validated are in place,
    `after_epoch` when those that go on training are.
    """

    order = 90

    def __init__(self, run: RunDir, config: RunConfig, stage: int, reporter: Reporter, best: BestWeights):
        self.run_dir, self.config, self.stage, self.reporter, self.best = run, config, stage, reporter, best
        self.row = None

    def kept(self, row: dict) -> None:
        """Keeps what is asked for of the weights that `row` describes."""
        self.row = row
        self.best.offer(self.learn.model, row)
        if self.config.keep_epochs:
            write_weights(self.run_dir.epoch_weights(self.stage, row["epoch"]), self.learn.model)
        if row["epoch"] == self.config.stages[self.stage - 1].epochs:
            write_weights(self.run_dir.stage_weights(self.stage), self.learn.model)

    def after_epoch(self):
        if self.row is None:
            return  # an epoch that a resumed run passes over
        optimizer = self.opt.state_dict()
        write_checkpoint(self.run_dir, Checkpoint(
            stage=self.stage, epoch=self.row["epoch"], network=self.learn.model.state_dict(),
            optimizer={"state": list(optimizer["state"]), "hypers": _plain_hypers(self.opt)},
            callbacks={type(c).__name__: c.state() for c in self.learn.cbs if hasattr(type(c), "restore")},
            best=self.best.state(), log_bytes=self.reporter.log.synced_size(), spent=self.reporter.spent_so_far(),
        ))
        self.row = None
