"""The rows of a check that train: in each precision, broken off, short of memory, and as the article trains."""

import math
import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch

from pipeline.configuration.config import Precision, RunConfig
from pipeline.data.embedded import NAME
from pipeline.errors import TrainingError
from pipeline.jobs.job_worker import work
from pipeline.jobs.launch import start_pipeline
from pipeline.metrics.predictions_table import codes_in, probability_columns
from pipeline.runs.plan import create, plan_config
from pipeline.runs.run_dir import RunDir, list_runs
from pipeline.training.checkpoints import read_checkpoint
from pipeline.training.memory import give_back_freed_memory
from pipeline.training.precision import ChannelsLastInput, chosen_precision
from tests.gpu_check.check_plan import Check, NotHere, Wrong

T = TypeVar("T")
# how far the mean loss of an epoch may be from that of the same training in one go: on a GPU sums come in any order
_SAME_LOSS = {"cuda": 0.1, "cpu": 0.0}
_SECONDS_BETWEEN_LOOKS = 0.02
_ROOM = 1.25  # times the memory that half the batch takes


def _planned(check: Check, precision: Precision, *settings: str) -> RunConfig:
    """A training of the preset demo.

    Raises:
        NotHere: the device does not have that precision.
    """
    try:
        chosen_precision(precision, check.kind)
    except TrainingError as error:
        raise NotHere(error.problem) from error
    return plan_config(check.workspace, NAME, "demo", [*check.scale.settings, f"precision={precision}", *settings])


def _done(check: Check, config: RunConfig) -> RunDir:
    """A new run of `config`, trained in this process.

    Raises:
        Wrong: it did not end well, not on the device that is checked, or without all its epochs.
    """
    run = create(check.workspace, config)
    _check(check, run, work(run, check.workspace).state)
    return run


def _check(check: Check, run: RunDir, state: str) -> None:
    status, config = run.status(), run.config()
    if state != "done":
        raise Wrong(f"The training ended as {state}: {status.error or status.doing}", notes=status.notes)
    on_card = status.device.startswith("GPU ") and not any("raining on the processor" in note for note in status.notes)
    if on_card is not (check.kind == "cuda"):
        raise Wrong(f"It trained on {status.device}.", notes=status.notes)
    told = [(e["stage"], e["epoch"]) for e in _epochs(run)]
    wanted = [(number, epoch + 1) for number, stage in enumerate(config.stages, 1) for epoch in range(stage.epochs)]
    if told != wanted or not all(math.isfinite(e["train_loss"]) for e in _epochs(run)):
        raise Wrong(f"Its epochs were {told}, or a loss is no number.", notes=status.notes)


def _epochs(run: RunDir) -> list[dict]:
    return [event for event in run.events() if event["kind"] == "epoch"]


def _batches(run: RunDir) -> list[dict]:
    return [event for event in run.events() if event["kind"] == "batch"]


def _figures(run: RunDir) -> dict[str, object]:
    epochs = _epochs(run)
    return {
        "run": run.name, "batches": len(_batches(run)), "first_loss": epochs[0]["train_loss"],
        "last_loss": epochs[-1]["train_loss"], "images_per_second": max(e["images_per_second"] for e in epochs),
        "validation_images": len(run.predictions()), "balanced_accuracy": epochs[-1]["balanced_accuracy"],
        "notes": list(run.status().notes),
    }


def _words(figures: dict[str, object]) -> str:
    return (
        f"{figures['batches']} batches, loss {figures['first_loss']:.3f} to {figures['last_loss']:.3f}, balanced "
        f"accuracy {figures['balanced_accuracy']:.3f} (n {figures['validation_images']}); "
        f"{figures['images_per_second']:.0f} images a second"
    )


def _in_precision(check: Check, precision: Precision) -> tuple[str, dict[str, object]]:
    figures = _figures(_done(check, _planned(check, precision)))
    if check.scale.learns and not figures["last_loss"] < figures["first_loss"]:
        raise Wrong(f"The loss does not fall: {_words(figures)}", **figures)
    return _words(figures), figures


def fp32(check: Check) -> tuple[str, dict[str, object]]:
    """A short training in float32."""
    return _in_precision(check, "fp32")


def bf16(check: Check) -> tuple[str, dict[str, object]]:
    """A short training in bfloat16."""
    return _in_precision(check, "bf16")


def fp16(check: Check) -> tuple[str, dict[str, object]]:
    """A short training in float16, whose loss is scaled."""
    return _in_precision(check, "fp16")


def finished(check: Check, precision: Precision) -> RunDir:
    """The run that the row of that precision trained.

    Raises:
        NotHere: there is none.
    """
    wanted = _planned(check, precision)
    for run in list_runs(check.workspace):
        if run.config() == wanted and run.status().state == "done":
            return run
    raise NotHere(f"No training in {precision} has ended well.")


def killed(check: Check) -> tuple[str, dict[str, object]]:
    """A training in its second stage, killed in the middle of an epoch and resumed, beside the same one in one go: in
    float16 where that can be had, whose scale of the loss has to be in the checkpoint.
    """
    try:
        chosen_precision("fp16", check.kind)
        precision: Precision = "fp16"
    except TrainingError:
        precision = "fp32"
    whole, before = finished(check, precision), {run.name for run in list_runs(check.workspace)}
    settings = [part for setting in (*check.scale.settings, f"precision={precision}") for part in ("--set", setting)]
    process = _pipeline(check, "train", "--data", NAME, "--preset", "demo", *settings)
    run = _awaited(process, lambda: next((r for r in list_runs(check.workspace) if r.name not in before), None))
    _awaited(process, lambda: any((e["stage"], e["epoch"]) == (2, 2) for e in _batches(run)))
    process.kill()
    process.wait()
    state, checkpoint = run.status().state, read_checkpoint(run)
    if state != "interrupted" or checkpoint is None:
        raise Wrong(f"The killed training is {state}, with{'out' * (checkpoint is None)} a checkpoint.")
    scale = {name: value.item() for name, value in checkpoint.callbacks.get("LossScale", {}).items()}
    if precision == "fp16" and not scale:
        raise Wrong("The checkpoint has no scale of the loss.")
    if _pipeline(check, "resume", run.name).wait():
        raise Wrong(f"The resumed training ended as {run.status().state}: {run.status().error}")
    _check(check, run, run.status().state)
    losses = _largest_difference(*([e["train_loss"] for e in _epochs(r)] for r in (run, whole)))
    tables = [r.predictions() for r in (run, whole)]
    shares = _largest_difference(*(table[probability_columns(codes_in(table))] for table in tables))
    measured = {
        "precision": precision, "run": run.name, "killed_after": [checkpoint.stage, checkpoint.epoch],
        "scale_in_checkpoint": scale, "largest_difference_of_losses": losses,
        "largest_difference_of_probabilities": shares, "validation_images": len(run.predictions()),
    }
    scaled = f", scale of the loss {scale['scale']:.0f} in the checkpoint" if scale else ""
    words = (
        f"{precision}, killed after epoch {checkpoint.epoch} of stage {checkpoint.stage}{scaled}; beside the same in "
        f"one go an epoch's loss differs by {losses:.1e} at most, probabilities by {shares:.1e} "
        f"(n {measured['validation_images']})"
    )
    if not losses <= _SAME_LOSS[check.kind]:
        raise Wrong(f"The resumed training took another way: {words}", **measured)
    return words, measured


def _largest_difference(one, other) -> float:
    return float(np.abs(np.asarray(one, dtype=float) - np.asarray(other, dtype=float)).max())


def _pipeline(check: Check, *arguments: str) -> subprocess.Popen:
    """A command that ends with this row."""
    return start_pipeline(check.workspace, [*arguments, "--json"], subprocess.DEVNULL, None, outlives=False)


def _awaited(process: subprocess.Popen, look: Callable[[], T]) -> T:
    """What `look` finds at last, while the process lives.

    Raises:
        Wrong: it ended before.
    """
    while not (found := look()):
        if process.poll() is not None:
            raise Wrong(f"The command ended by itself with {process.returncode}, before it could be killed.")
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    return found


def out_of_memory(check: Check) -> tuple[str, dict[str, object]]:
    """A training whose batch does not fit into memory, beside one that had half of it from the start.

    The card's memory is limited to a quarter more than the half batch took. On the processor, which has no such limit,
    a stand-in raises what CUDA would.
    """
    half = check.scale.batch // 2
    plain = _done(check, _planned(check, "auto", "epochs=0,2", f"batch_size={half}"))
    measured: dict[str, object] = {"batch": check.scale.batch}
    if check.kind == "cuda":
        needed = torch.cuda.max_memory_reserved()
        give_back_freed_memory()
        torch.cuda.empty_cache()
        limit = torch.cuda.memory_reserved() + _ROOM * needed
        torch.cuda.set_per_process_memory_fraction(limit / torch.cuda.mem_get_info()[1])
        measured |= {"limit_gb": limit / 2**30, "half_batch_gb": needed / 2**30}
    else:
        _no_room_for_more_than(half)
    run = _done(check, _planned(check, "auto", "epochs=0,2", f"batch_size={check.scale.batch}"))
    halved = [note for note in run.status().notes if "memory ran out" in note]
    losses = _largest_difference(*([e["train_loss"] for e in _epochs(r)] for r in (run, plain)))
    measured |= {"halved": halved, "largest_difference_of_losses": losses}
    if halved != [f"The GPU's memory ran out with {2 * half} images in a batch: goes on with {half}."]:
        raise Wrong(f"The batch was not halved once: {halved}", **measured)
    provoked = f"limited to {measured['limit_gb']:.2f} GB" if check.kind == "cuda" else "by a stand-in"
    words = (
        f"{provoked}: {2 * half} images in a batch became {half}; an epoch's loss differs by {losses:.1e} at most from "
        "that of the half batch from the start"
    )
    if not losses <= _SAME_LOSS[check.kind]:
        raise Wrong(f"What went on after memory ran out trains otherwise: {words}", **measured)
    return words, measured


def _no_room_for_more_than(images: int) -> None:
    before_batch = ChannelsLastInput.before_batch

    def short_of_memory(callback: ChannelsLastInput) -> None:
        if callback.training and len(callback.xb[0]) > images:
            raise torch.cuda.OutOfMemoryError("a stand-in for a small GPU")
        before_batch(callback)

    ChannelsLastInput.before_batch = short_of_memory


def article(check: Check) -> tuple[str, dict[str, object]]:
    """The article's main experiment on the generated set: its network, size, crop, batch and rates, random weights."""
    config = plan_config(check.workspace, NAME, "article-resnet34", [*check.scale.article])
    run = _done(check, config)
    figures = _figures(run)
    if check.kind == "cuda":
        figures["gpu_memory_gb"] = torch.cuda.max_memory_reserved() / 2**30
    memory = f", {figures['gpu_memory_gb']:.1f} GB of GPU memory" if check.kind == "cuda" else ""
    words = f"{config.width}×{config.height}, {config.batch_size} in a batch: {_words(figures)}{memory}"
    if figures["batches"] < check.scale.batches:
        raise Wrong(f"Fewer than {check.scale.batches} batches: {words}", **figures)
    return words, figures
