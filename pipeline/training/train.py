"""One run from its configuration to its model: data, stages, best weights, predictions, heatmaps."""

import io
from dataclasses import asdict

import numpy as np
import pandas as pd
import torch
from fastai.callback import schedule  # noqa: F401  fit_one_cycle is patched in
from fastai.callback.channelslast import ChannelsLast
from fastai.callback.fp16 import AMPMode, MixedPrecision
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat

from pipeline.config import RunConfig
from pipeline.data.cache import open_pixels
from pipeline.data.dataset import Dataset, load_dataset
from pipeline.data.split import limit_images, make_split
from pipeline.errors import DataError, TrainingError
from pipeline.files import disk_errors, replace_file
from pipeline.jobs.reporter import COST, Reporter
from pipeline.jobs.run_dir import RunDir
from pipeline.progress import Cancelled
from pipeline.training.batches import make_loaders
from pipeline.training.callbacks import ChannelsLastInput, CpuAutocast, SeedEpochs, StopOnRequest, WriteEvents
from pipeline.training.device import Device, cpu_computes_bf16, torch_device
from pipeline.training.judge import judge, write_model
from pipeline.training.losses import BalancedSoftmax
from pipeline.training.networks import build_network, splitter
from pipeline.workspace import Workspace


def _split(run: RunDir, config: RunConfig, metadata: pd.DataFrame) -> pd.DataFrame:
    chosen = limit_images(metadata, config.limit, config.seed) if config.limit else metadata
    split = make_split(chosen, config.split, config.seed)
    with disk_errors(run.split_path):
        split.to_parquet(run.split_path, index=False)
    return split


def _parts(split: pd.DataFrame, metadata: pd.DataFrame, classes) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    row_of = pd.Series(np.arange(len(metadata)), index=metadata["image_id"])
    index_of = {code: i for i, code in enumerate(classes)}
    parts = {}
    for name, part in split.groupby("part"):
        parts[name] = (
            row_of[part["image_id"]].to_numpy(), part["dx"].map(index_of).to_numpy(dtype=np.int64)
        )
    missing = set(range(len(classes))) - set(parts["train"][1].tolist())
    if missing:
        names = ", ".join(classes[i] for i in sorted(missing))
        raise DataError(f"The training part has no image of {names}.", "Use more images (a higher limit).")
    return parts


def _loss(config: RunConfig, targets: np.ndarray, classes):
    if config.loss == "balanced_softmax":
        return BalancedSoftmax(torch.bincount(torch.tensor(targets), minlength=len(classes)))
    return CrossEntropyLossFlat()


def _precision(device: str, reporter: Reporter) -> list:
    if device == "cuda":
        bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        reporter.note(f"Mixed precision: {'bfloat16' if bf16 else 'float16'}, channels_last.")
        return [MixedPrecision(AMPMode.BF16 if bf16 else AMPMode.FP16)]
    if device == "cpu" and cpu_computes_bf16():
        reporter.note("Mixed precision on the processor: bfloat16, channels_last.")
        return [CpuAutocast()]
    return []


class BestWeights:
    """Keeps the weights of the best epoch by the config's metric on disk, or of the last."""

    def __init__(self, run: RunDir, keep: str):
        self.path, self.keep, self.best, self.epoch = run.checkpoints / "kept.pt", keep, None, None

    def offer(self, learner: Learner, row: dict) -> None:
        """Called after each epoch with its row."""
        value = 0.0 if self.keep == "last" else row[self.keep] * (-1 if self.keep == "valid_loss" else 1)
        if self.best is None or self.keep == "last" or value > self.best or self.best != self.best:
            self.best, self.epoch = value, row["overall"]
            content = io.BytesIO()  # torch's own writer hides that the disk is full
            torch.save(learner.model.state_dict(), content)
            replace_file(self.path, content.getvalue())

    def load_into(self, network: torch.nn.Module) -> None:
        network.load_state_dict(torch.load(self.path, map_location="cpu", weights_only=True))


def _expect(reporter: Reporter, config: RunConfig, parts) -> None:
    train, valid = len(parts["train"][0]), len(parts["validation"][0])
    held_out = valid + len(parts.get("test", ([],))[0])
    work = sum(
        stage.epochs * (train * COST["frozen" if stage.freeze else "training"] + valid * COST["validating"])
        for stage in config.stages
    )
    reporter.expect(work + held_out * COST["judging"])


def _run_stages(learner: Learner, config: RunConfig, reporter: Reporter, best: BestWeights) -> None:
    done = 0
    for number, stage in enumerate(config.stages, start=1):
        reporter.log.write("stage", stage=number, **asdict(stage), words=stage.words)
        learner.freeze() if stage.freeze else learner.unfreeze()
        rates = stage.lr_max if stage.lr_earliest is None else slice(stage.lr_earliest, stage.lr_max)
        stop = StopOnRequest(reporter.stop_asked)
        write = WriteEvents(reporter, number, stage.freeze, done, lambda row: best.offer(learner, row))
        with learner.no_bar(), learner.no_logging():
            learner.fit_one_cycle(stage.epochs, lr_max=rates, cbs=[SeedEpochs(config.seed, done), stop, write])
        if stop.stopped:
            raise Cancelled()
        done += stage.epochs


def _dataset(workspace: Workspace, config: RunConfig) -> Dataset:
    dataset = load_dataset(workspace, config.data)
    if dataset.content_hash != config.data_hash:
        raise DataError(
            f"The data set {config.data} has changed since this run was planned.", "Start a new run on it."
        )
    return dataset


def train_and_judge(run: RunDir, workspace: Workspace, reporter: Reporter, device: Device) -> None:
    """Trains `run` and writes split, events, weights, predictions, heatmaps, results and the model.

    Raises:
        Cancelled: a stop was asked for.
        LesionLabError: what went wrong, in words.
    """
    config = run.config()
    dataset = _dataset(workspace, config)
    metadata, classes = dataset.metadata(), dataset.classes
    split = _split(run, config, metadata)
    parts = _parts(split, metadata, classes)
    if len(parts["train"][0]) < 2:
        raise TrainingError("The training part has fewer than two images.", "Use more images.")
    reporter.say("Decodes the images.")
    with reporter.timed("data"):
        pixels = open_pixels(
            dataset, config.height, config.width, config.resize, _watch(reporter), reporter.note
        )
    torch.manual_seed(config.seed)
    network = build_network(config.arch, len(classes), config.weights)
    name = torch_device(device, reporter.note)
    learner = Learner(
        make_loaders(pixels, parts, config, name), network, loss_func=_loss(config, parts["train"][1], classes),
        splitter=splitter(config.arch), path=run.folder, model_dir="checkpoints",
        cbs=[ChannelsLast(), ChannelsLastInput(), *_precision(name, reporter)],
    )
    _expect(reporter, config, parts)
    best = BestWeights(run, config.keep)
    try:
        _run_stages(learner, config, reporter, best)
        best.load_into(network)
    finally:
        best.path.unlink(missing_ok=True)  # without a model nothing can go on from it
    reporter.say("Judges the held-out images and draws their heatmaps.")
    with reporter.timed("judging"):
        judge(run, config, dataset, network, pixels, split, reporter, name)
    with reporter.timed("writing"):
        write_model(run, config, dataset, network, split)


def _watch(reporter: Reporter):
    def progress(fraction: float | None, sentence: str) -> None:
        if reporter.stop_asked():
            raise Cancelled()
        reporter.say(sentence)

    return progress
