"""One run from its configuration to its model: data, stages, best weights, predictions, heatmaps."""

import dataclasses

from torch import nn

from pipeline.config import RunConfig
from pipeline.networks.device import Device, torch_device
from pipeline.networks.onnx_body import OnnxBody
from pipeline.runs.reporter import Reporter
from pipeline.runs.run_dir import RunDir
from pipeline.training.checkpoints import BestWeights, read_checkpoint
from pipeline.training.judge import judge, write_model
from pipeline.training.learner import first_network
from pipeline.training.material import Material, gather
from pipeline.training.memory import within_memory
from pipeline.training.stage_learners import StageLearners
from pipeline.training.stages import expect_work, run_stages
from pipeline.workspace import Workspace


def _train(
    run: RunDir, workspace: Workspace, config: RunConfig, material: Material, reporter: Reporter, device: str
) -> tuple[nn.Sequential, OnnxBody | None]:
    """Trains from the run's last full epoch, or from its beginning.

    Returns:
        The network with the weights to keep, and its body in ONNX Runtime where no stage has changed it.
    """
    checkpoint, best = read_checkpoint(run), BestWeights(config.keep)
    reporter.go_on_from(checkpoint)
    if checkpoint:
        best.restore(checkpoint.best)
    network = first_network(run, config, len(material.dataset.classes), reporter.note)
    if checkpoint:
        network.load_state_dict(checkpoint.network)
    learners = StageLearners(run, workspace, config, network, material, reporter, device)
    if not checkpoint and config.on_features(config.stages[0]):
        learners.features()  # before the clock of "time left" starts
    expect_work(reporter, config, material.parts, checkpoint)
    run_stages(learners, run, config, reporter, best, checkpoint)
    best.load_into(network)
    body = learners.body() if config.only_features else None
    return network, body if isinstance(body, OnnxBody) else None


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

    def fit(batch_size: int) -> tuple[nn.Sequential, OnnxBody | None]:
        return _train(run, workspace, dataclasses.replace(config, batch_size=batch_size), material, reporter, name)

    (network, body), _ = within_memory(fit, config.batch_size, reporter.note)
    if config.split == "all":
        reporter.note("No image was held out, so the network has no figures of its own.")
    else:
        reporter.say("Judges the held-out images and draws their heatmaps.")
        with reporter.timed("judging"):
            judge(run, config, material.dataset, network, material.pixels, material.split, reporter, name, body)
    with reporter.timed("writing"):
        write_model(run, config, material.dataset, network, material.split)
