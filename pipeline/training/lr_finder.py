"""The learning-rate finder (Smith 2017, arXiv:1506.01186) on any starting point, and what its curve suggests."""

import dataclasses

import numpy as np
import torch
from fastai.callback.core import Callback, CancelFitException
from fastai.callback.schedule import LRFinder, minimum, slide, steep, valley
from fastai.learner import Learner

from pipeline.files.workspace import Workspace
from pipeline.networks.device import Device, torch_device
from pipeline.progress import Cancelled
from pipeline.runs.reporter import COST, Reporter
from pipeline.runs.run_dir import RunDir
from pipeline.runs.searches import write_found
from pipeline.training.callbacks import SeedEpochs, StopOnRequest
from pipeline.training.features import missing_outputs
from pipeline.training.learner import first_network
from pipeline.training.memory import within_memory
from pipeline.training.rate_rules import plateau_rule, steepest_rule, verdict
from pipeline.training.stages import StageLearners
from pipeline.training.training import Training, gather

START, END, STEPS = 1e-7, 10.0, 100  # fastai's own
# a training's epochs never get here: with their seeds the network would meet the very batches and dropout masks that
# it has just learned, and its loss would be near 0
_EPOCHS_OF_ITS_OWN = 500_000
_FASTAI = {"valley": valley, "steepest": steep, "minimum": minimum, "slide": slide}


class WriteRates(Callback):
    """Writes a `rate` event for each batch: step (from 1), rate, loss, smoothed (what fastai's suggestions read)."""

    order = 65

    def __init__(self, reporter: Reporter):
        self.reporter, self.rates, self.smoothed = reporter, [], []

    def after_batch(self):
        rate, smoothed = float(self.opt.hypers[-1]["lr"]), float(self.smooth_loss)
        self.rates.append(rate)
        self.smoothed.append(smoothed)
        self.reporter.log.write("rate", step=len(self.rates), rate=rate, loss=float(self.loss.detach()),
                                smoothed=smoothed)
        self.reporter.worked(len(self.yb[0]), "training", f"Step {len(self.rates)} of at most {STEPS}.")


class StopDiverged(Callback):
    """Ends the fit where the loss is no number, or four times above both its lowest and its first level.

    fastai's own rule knows the lowest loss alone: after a stage that went well, one easy first batch near 0 would end
    the search.
    """

    order = 66
    first_batches = 10

    def __init__(self):
        self.losses, self.lowest = [], float("inf")

    def after_batch(self):
        loss, smoothed = float(self.loss.detach()), float(self.smooth_loss)
        self.losses.append(loss)
        self.lowest = min(self.lowest, smoothed)
        if not np.isfinite(loss):
            raise CancelFitException()
        level = max(self.lowest, float(np.median(self.losses[: self.first_batches])))
        if len(self.losses) > self.first_batches and smoothed > 4 * level:
            raise CancelFitException()


def read_curve(rates: np.ndarray, losses: np.ndarray, steps: int = STEPS) -> dict[str, object]:
    """What the curve suggests; a suggestion that it does not allow is None.

    Args:
        rates, losses: (N,) in the order of the batches; losses smoothed.
        steps: how many the search would take to its last rate; fastai leaves out the first tenth and the last five.

    Returns:
        verdict (a key of VERDICTS), fastai's `valley`, `steepest`, `minimum` (a tenth of the rate of the lowest loss)
        and `slide` as rates, and the article's `article_steepest` and `article_plateau` as [lowest, highest].
    """
    rates, losses = rates[steps // 10 : -5], losses[steps // 10 : -5]
    finite = np.isfinite(losses)
    rates, losses = rates[finite], losses[finite]
    found: dict[str, object] = {"verdict": verdict(rates, losses), **dict.fromkeys(_FASTAI),
                                "article_steepest": None, "article_plateau": None}
    if found["verdict"] in ("too_short", "flat"):
        return found
    tensors = torch.tensor(rates), torch.tensor(losses)
    for name, suggest in _FASTAI.items():
        try:
            found[name] = float(suggest(*tensors, steps)[0])
        except IndexError:
            continue  # fastai's slide runs off the end of a curve that it cannot read
    found["article_steepest"] = list(steepest_rule(rates, losses))
    plateau = plateau_rule(rates, losses)
    found["article_plateau"] = list(plateau) if plateau else None
    return found


def search_rates(learner: Learner, seed: int, reporter: Reporter) -> dict[str, object]:
    """Runs the finder on `learner` (frozen or not, as it is given) and reads its curve; the weights are put back.

    Raises:
        Cancelled: a stop was asked for.
    """
    epochs = STEPS // max(len(learner.dls.train), 1) + 1
    write, stop = WriteRates(reporter), StopOnRequest(reporter.stop_asked)
    finder = LRFinder(START, END, STEPS, stop_div=False)
    reporter.expect(STEPS * learner.dls.train.bs)
    with learner.no_bar(), learner.no_logging():
        learner.fit(epochs, cbs=[SeedEpochs(seed, _EPOCHS_OF_ITS_OWN), stop, finder, write, StopDiverged()])
    if stop.stopped:
        raise Cancelled()
    return read_curve(np.array(write.rates), np.array(write.smoothed))


def find_rates(search: RunDir, workspace: Workspace, reporter: Reporter, device: Device) -> None:
    """Works on a learning-rate search: the finder on the network that its config names, then `found.json`.

    Raises:
        Cancelled: a stop was asked for.
        LesionLabError: what went wrong, in words.
    """
    config = search.config()
    data = gather(search, config, workspace, reporter)
    name = torch_device(device, reporter.note)

    def find(batch_size: int) -> dict[str, object]:
        changed = dataclasses.replace(config, batch_size=batch_size, ema=0.0)
        network = first_network(search, config, len(data.dataset.classes), reporter.note)
        training = Training(search, changed, data, network, reporter, name)
        if config.on_features(config.stages[0]):
            reporter.expect(missing_outputs(training, data.parts) * COST["features"])
        learner = StageLearners(training).of(config.stages[0])
        reporter.log.go_back(0)
        return search_rates(learner, config.seed, reporter)

    found, _ = within_memory(find, config.batch_size, reporter.note)
    write_found(search, found)
