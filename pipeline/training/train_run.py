"""One run from its configuration to its model: data, stages, best weights, predictions, heatmaps."""

import dataclasses

from pipeline.files.workspace import Workspace
from pipeline.networks.device import Device, torch_device
from pipeline.runs.reporter import Reporter
from pipeline.runs.run_dir import RunDir
from pipeline.training.checkpoints import BestWeights, Checkpoint, read_checkpoint
from pipeline.training.learner import first_network
from pipeline.training.memory import within_memory
from pipeline.training.precision import chosen_precision
from pipeline.training.predict_held_out import predict_held_out, write_model
from pipeline.training.stages import StageLearners, expect_work, run_stages
from pipeline.training.training import Training, gather
from pipeline.training.watched_lesions import Lesions


def _train(training: Training, checkpoint: Checkpoint | None) -> None:
    """Trains from `checkpoint`, or from the beginning; the network then has the weights to keep."""
    best = BestWeights(training.config.keep)
    if checkpoint:
        best.restore(checkpoint.best)
        training.network.load_state_dict(checkpoint.network)
    else:
        Lesions(training).tell(training.reporter.log, 1, 0, 0, {})
    learners = StageLearners(training)
    expect_work(training, checkpoint)
    run_stages(learners, best, checkpoint)
    best.load_into(training.network)


def train_run(run: RunDir, workspace: Workspace, reporter: Reporter, device: Device) -> None:
    """Trains `run` and writes split, events, weights, predictions, heatmaps, results and the model.

    A run that was broken off goes on from its last full epoch.

    Raises:
        Cancelled: a stop was asked for.
        LesionLabError: what went wrong, in words.
    """
    config = run.config()
    name = torch_device(device, reporter.note)
    chosen_precision(config.precision, name)  # refused before the images are decoded
    data = gather(run, config, workspace, reporter)

    def fit(batch_size: int) -> Training:
        checkpoint = read_checkpoint(run)
        reporter.go_on_from(checkpoint)
        network = first_network(run, config, len(data.dataset.classes), reporter.note)
        smaller = dataclasses.replace(config, batch_size=batch_size)
        training = Training(run, smaller, data, network, reporter, name)
        _train(training, checkpoint)
        return training

    training, _ = within_memory(fit, config.batch_size, reporter.note)
    if config.split == "all":
        reporter.note("No image was held out, so the network has no figures of its own.")
    else:
        reporter.say("Judges the held-out images and draws their heatmaps.")
        with reporter.timed("judging"):
            predict_held_out(training)
    with reporter.timed("writing"):
        write_model(training)
