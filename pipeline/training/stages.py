"""The stages of a run, one after the other, from its beginning or from its last full epoch, each with its learner."""

from dataclasses import asdict

import numpy as np
from fastai.callback import schedule  # noqa: F401  fit_one_cycle is patched in
from fastai.learner import Learner

from pipeline.configuration.config import Stage
from pipeline.progress import Cancelled
from pipeline.runs.reporter import COST
from pipeline.training.batch_pictures import ShowBatch
from pipeline.training.callbacks import SeedEpochs, StopOnRequest, WriteEvents
from pipeline.training.checkpoints import BestWeights, Checkpoint, WriteCheckpoint, restore
from pipeline.training.features import JoinedFeatures, fast_body, missing_outputs, open_features, wanted_features
from pipeline.training.head_stage import HEAD_SHARE, HeadReporter, head_learner
from pipeline.training.learner import make_learner
from pipeline.training.losses import make_loss
from pipeline.training.parts import own_targets
from pipeline.training.training import Training
from pipeline.training.watched_lesions import WatchLesions


class StageLearners:
    """Gives the learner of each stage of a training: on images, or on stored features where the config says so.

    All stages whose backbone runs share one, so that its optimizer goes on; a stage on features has one of its own.
    """

    def __init__(self, training: Training):
        self.training = training
        data = training.data
        own = own_targets(data.parts, data.dataset.images)
        self._loss = make_loss(training.config, data.parts["train"][1], data.dataset.classes, own)
        self._on_images: Learner | None = None

    def of(self, stage: Stage) -> Learner:
        """The learner of `stage`, frozen as it says; for one on features, these are computed where they are missing.

        Raises:
            Cancelled: a stop was asked for.
            WorkspaceError: there is no room for the features.
        """
        learner = self._of_head() if self.training.config.on_features(stage) else self._of_all()
        learner.freeze() if stage.freeze else learner.unfreeze()
        return learner

    def _of_all(self) -> Learner:
        if self._on_images is None:
            self._on_images = make_learner(self.training, self._loss)
        return self._on_images

    def _of_head(self) -> Learner:
        return head_learner(self.training, self.features(), self._loss)

    def features(self) -> np.ndarray | JoinedFeatures:
        """What `features.open_features` gives for the network's present body."""
        training, reporter = self.training, self.training.reporter
        reporter.note(training.config.features_words)
        reporter.say("Looks for the backbone's outputs.")
        data = training.data
        images = data.dataset.images + (data.extra.dataset.images if data.extra else 0)
        wanted = wanted_features(training.config, data.parts, images)
        with reporter.timed("features"):
            return open_features(training, wanted, lambda: fast_body(training))


def expect_work(training: Training, checkpoint: Checkpoint | None) -> None:
    """Tells how much work the run is, and how much of it a checkpoint has done already; from here on the run tells the
    time that is left from its own speed.
    """
    config, parts = training.config, training.data.parts
    train, valid = len(parts["train"][0]), len(parts["validation"][0])
    held_out = valid + len(parts.get("test", ([],))[0])
    work = done = 0.0
    for number, stage in enumerate(config.stages, start=1):
        epoch = train * COST["frozen" if stage.freeze else "training"] + valid * COST["validating"]
        epoch *= HEAD_SHARE if config.on_features(stage) else 1
        work += stage.epochs * epoch
        if checkpoint:
            full = stage.epochs if number < checkpoint.stage else checkpoint.epoch * (number == checkpoint.stage)
            done += full * epoch
    if any(config.on_features(stage) for stage in config.stages):
        work += missing_outputs(training, parts) * COST["features"]
    training.reporter.expect(work + held_out * COST["judging"], done)


def run_stages(learners: StageLearners, best: BestWeights, checkpoint: Checkpoint | None) -> None:
    """Trains all stages, or those epochs of them that come after `checkpoint`; `best` has its state already.

    Raises:
        Cancelled: a stop was asked for.
        TrainingError: the loss is no number.
        WorkspaceError: a checkpoint cannot be written.
    """
    config, reporter, done = learners.training.config, learners.training.reporter, 0
    for number, stage in enumerate(config.stages, start=1):
        first = 0  # the epoch to start with, from 0
        if checkpoint and number <= checkpoint.stage:
            first = stage.epochs if number < checkpoint.stage else checkpoint.epoch
        if first < stage.epochs:
            learner = learners.of(stage)
            if first == 0:
                reporter.log.write("stage", stage=number, **asdict(stage), words=stage.words)
            if checkpoint:
                restore(learner, checkpoint, optimizer=first > 0)
                checkpoint = None
            _fit(learners, learner, number, best, done, first)
        done += stage.epochs


def _fit(
    learners: StageLearners, learner: Learner, number: int, best: BestWeights, done: int, first: int
) -> None:
    """Trains the stage `number`, which `done` epochs of other stages precede, from its epoch `first` (from 0) on."""
    run, config, reporter = learners.training.run, learners.training.config, learners.training.reporter
    stage = config.stages[number - 1]
    rates = stage.lr_max if stage.lr_earliest is None else slice(stage.lr_earliest, stage.lr_max)
    stop = StopOnRequest(reporter.stop_asked)
    keep = WriteCheckpoint(run, config, number, reporter, best)
    teller = HeadReporter(reporter) if config.on_features(stage) else reporter
    write = WriteEvents(teller, number, stage.freeze, done, keep.kept)
    with learner.no_bar(), learner.no_logging():
        learner.fit_one_cycle(
            stage.epochs, lr_max=rates, pct_start=stage.pct_start, start_epoch=first,
            cbs=[SeedEpochs(config.training_seed, config.epochs_before + done), stop, write, keep,
                 WatchLesions(learners.training, number, done),
                 ShowBatch(learners.training, number, config.on_features(stage))],
        )
    if stop.stopped:
        raise Cancelled()
