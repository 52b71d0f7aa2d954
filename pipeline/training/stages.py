"""The stages of a run, one after the other, from its beginning or from its last full epoch."""

from dataclasses import asdict

from fastai.callback import schedule  # noqa: F401  fit_one_cycle is patched in

from pipeline.config import RunConfig
from pipeline.progress import Cancelled
from pipeline.runs.reporter import COST, Reporter
from pipeline.runs.run_dir import RunDir
from pipeline.training.callbacks import SeedEpochs, StopOnRequest, WriteEvents
from pipeline.training.checkpoints import BestWeights, Checkpoint, WriteCheckpoint, restore
from pipeline.training.head_stage import HEAD_SHARE, HeadReporter
from pipeline.training.stage_learners import StageLearners


def expect_work(reporter: Reporter, config: RunConfig, parts, checkpoint: Checkpoint | None) -> None:
    """Tells how much work the run is, and how much of it a checkpoint has done already."""
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
    reporter.expect(work + held_out * COST["judging"], done)


def run_stages(
    learners: StageLearners, run: RunDir, config: RunConfig, reporter: Reporter, best: BestWeights,
    checkpoint: Checkpoint | None,
) -> None:
    """Trains all stages, or those epochs of them that come after `checkpoint`; `best` has its state already.

    Raises:
        Cancelled: a stop was asked for.
        TrainingError: the loss is no number.
        WorkspaceError: a checkpoint cannot be written.
    """
    done = 0
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
            _fit(learner, run, config, number, reporter, best, done, first)
        done += stage.epochs


def _fit(learner, run, config: RunConfig, number: int, reporter, best, done: int, first: int) -> None:
    stage = config.stages[number - 1]
    rates = stage.lr_max if stage.lr_earliest is None else slice(stage.lr_earliest, stage.lr_max)
    stop = StopOnRequest(reporter.stop_asked)
    keep = WriteCheckpoint(run, config, number, reporter, best)
    teller = HeadReporter(reporter) if config.on_features(stage) else reporter
    write = WriteEvents(teller, number, stage.freeze, done, keep.kept)
    with learner.no_bar(), learner.no_logging():
        learner.fit_one_cycle(
            stage.epochs, lr_max=rates, pct_start=stage.pct_start, start_epoch=first,
            cbs=[SeedEpochs(config.training_seed, config.epochs_before + done), stop, write, keep],
        )
    if stop.stopped:
        raise Cancelled()
