"""One run from its configuration to its model: data, stages, best weights, predictions, heatmaps."""

import dataclasses

from torch import nn

from pipeline.config import RunConfig
from pipeline.jobs.reporter import Reporter
from pipeline.jobs.run_dir import RunDir
from pipeline.training.checkpoints import BestWeights, read_checkpoint
from pipeline.training.device import Device, torch_device
from pipeline.training.judge import judge, write_model
from pipeline.training.learner import first_network, make_learner
from pipeline.training.losses import make_loss
from pipeline.training.material import Material, gather
from pipeline.training.memory import within_memory
from pipeline.training.stages import expect_work, run_stages
from pipeline.workspace import Workspace


def _train(run: RunDir, config: RunConfig, material: Material, reporter: Reporter, device: str) -> nn.Module:
    """Trains from the run's last full epoch, or from its beginning; gives the network with the weights to keep."""
    checkpoint, best = read_checkpoint(run), BestWeights(config.keep)
    reporter.go_on_from(checkpoint)
    if checkpoint:
        best.restore(checkpoint.best)
    classes, parts = material.dataset.classes, material.parts
    network = first_network(run, config, len(classes), reporter.note)
    loss = make_loss(config, parts["train"][1], classes)
    learner = make_learner(config, network, material.pixels, parts, loss, device, reporter.note, run.folder)
    expect_work(reporter, config, parts, checkpoint)
    run_stages(learner, run, config, reporter, best, checkpoint)
    best.load_into(network)
    return network


def train_and_judge(run: RunDir, workspace: Workspace, reporter: Reporter, device: Device) -> None:
    """Trains `run` and writes split, events, weights, predictions, heatmaps, results and the model.

    A run that was broken off goes on from its last full epoch.

    Raises:
        Cancelled: a stop was asked for.
        LesionLabError: what went wrong, in words.
    """
    config = run.config()
    material = gather(run, config, workspace, reporter)
    name = torch_device(device, reporter.note)

    def fit(batch_size: int) -> nn.Module:
        return _train(run, dataclasses.replace(config, batch_size=batch_size), material, reporter, name)

    network, _ = within_memory(fit, config.batch_size, reporter.note)
    reporter.say("Judges the held-out images and draws their heatmaps.")
    with reporter.timed("judging"):
        judge(run, config, material.dataset, network, material.pixels, material.split, reporter, name)
    with reporter.timed("writing"):
        write_model(run, config, material.dataset, network, material.split)
