"""The fastai learner of a configuration, the same for training, for the time estimate and for the rate finder."""

import torch
from fastai.learner import Learner
from torch import nn

from pipeline.configuration.config import RunConfig
from pipeline.networks.architectures import build_network, splitter
from pipeline.runs.run_dir import RunDir
from pipeline.training.batches import make_loaders
from pipeline.training.checkpoints import load_weights
from pipeline.training.memory import keep_freed_memory
from pipeline.training.optimisation import FusedAdam, extra_callbacks
from pipeline.training.precision import precision_callbacks
from pipeline.training.training import Training


def first_network(run: RunDir, config: RunConfig, outputs: int, note) -> nn.Module:
    """The network with the weights that the run starts from: its parent's, ImageNet's or random ones.

    Args:
        note: called with a sentence where they are a parent's.

    Raises:
        WeightsError: ImageNet's cannot be had here.
        TrainingError: the parent's are missing or damaged.
    """
    torch.manual_seed(config.training_seed)
    weights = config.weights if config.parent is None else "random"
    network = build_network(config.arch, outputs, weights, config.dropout, config.drop_path, config.head)
    if config.parent is not None:
        note(f"Started from stage {config.parent_stage} of the run {config.parent}.")
        load_weights(run.start_weights, network)
    return network


def make_learner(training: Training, loss: nn.Module) -> Learner:
    """A learner with the config's batches, layer groups, optimizer, precision and extra callbacks.

    On the processor this process keeps from here on the memory that it frees. fastai may keep files of its own among
    the run's checkpoints.

    Raises:
        TrainingError: the device does not have the config's precision in hardware.
    """
    config, data = training.config, training.data
    if training.device == "cpu":
        keep_freed_memory()
    return Learner(
        make_loaders(data.pixels, data.parts, config, training.device), training.network, loss_func=loss,
        opt_func=FusedAdam, splitter=splitter(config.arch), wd=config.weight_decay, path=training.run.folder,
        model_dir="checkpoints",
        cbs=[
            *precision_callbacks(config.precision, training.device, training.reporter.note), *extra_callbacks(config),
        ],
    )
