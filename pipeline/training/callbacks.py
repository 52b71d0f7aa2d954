"""fastai callbacks that write what happens and how long it takes, seed each epoch and stop on request."""

import math
import random
import time

import numpy as np
import torch
from fastai.callback.core import Callback, CancelFitException
from sklearn.metrics import fbeta_score, recall_score

from pipeline.errors import TrainingError

F_BETA = 2.0  # fastai 1's FBeta() with more than two classes: beta 2, mean over the classes


class SeedEpochs(Callback):
    """Seeds everything from (seed, epoch) before each epoch, so that a resumed run continues identically."""

    order = -10

    def __init__(self, seed: int, first_epoch: int):
        self.seed, self.first_epoch = seed, first_epoch

    def before_epoch(self):
        seed = (self.seed * 1_000_003 + self.first_epoch + self.epoch) % 2**31
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        self.dls.train.rng = random.Random(seed)


class StopOnRequest(Callback):
    """Ends the fit at the next batch, of training or validation, once `asked()` is true; `stopped` tells."""

    order = 70

    def __init__(self, asked):
        self.asked, self.stopped = asked, False

    def before_batch(self):
        if self.asked():
            self.stopped = True
            raise CancelFitException()


class WriteEvents(Callback):
    """Writes batch, epoch and progress events of one stage, the epoch's metrics, and where the time goes.

    Of the time, "data" is what a training batch is waited for, "training" the rest of it (forward, backward, step),
    "validation" all of it with its metrics, "writing" what `on_epoch` and the checkpoint take.

    Args:
        reporter: the run's `runs.reporter.Reporter`.
        stage: number of this stage, from 1; `frozen` says whether it trains the head only.
        first_epoch: how many epochs the stages before it had.
        on_epoch: called with the epoch's row (dict) after validation.
    """

    order = 60

    def __init__(self, reporter, stage: int, frozen: bool, first_epoch: int, on_epoch):
        self.reporter, self.stage, self.first_epoch, self.on_epoch = reporter, stage, first_epoch, on_epoch
        self.work = "frozen" if frozen else "training"

    def before_fit(self):
        self.reporter.lap(None)

    def before_epoch(self):
        self.reporter.lap("writing")  # the checkpoint of the epoch before
        self.losses, self.sizes, self.images = [], [], 0
        self.valid_losses, self.truths, self.predicted = [], [], []
        self.epoch_start = self.train_end = time.monotonic()

    def before_batch(self):
        if self.training:
            self.reporter.lap("data")

    def after_batch(self):
        size, loss = len(self.yb[0]), float(self.loss.detach())
        if not self.training:
            self.valid_losses.append(loss * size)
            self.predicted.append(self.pred.argmax(1).cpu().numpy())
            self.truths.append(self.yb[0].cpu().numpy())
            self.reporter.worked(size, "validating", f"Epoch {self.epoch + 1} of {self.n_epoch}: validating.")
            return
        if not np.isfinite(loss):
            raise TrainingError(
                f"The training loss became {loss} in stage {self.stage}, epoch {self.epoch + 1}.",
                "Try a learning rate ten times smaller.",
            )
        self.losses.append(loss * size)
        self.images += size
        self.train_end = time.monotonic()
        hypers = self.opt.hypers[-1]
        self.reporter.log.write(
            "batch", stage=self.stage, epoch=self.epoch + 1, step=self.epoch * self.n_iter + self.iter + 1, loss=loss,
            lr=hypers["lr"], momentum=hypers.get("mom"),
        )
        rate = self.images / max(self.train_end - self.epoch_start, 1e-9)
        self.reporter.worked(
            size, self.work,
            f"Stage {self.stage}, epoch {self.epoch + 1} of {self.n_epoch}: training, {rate:.0f} images a second.",
        )
        self.reporter.lap("training")

    def after_epoch(self):
        if not self.losses:
            return  # an epoch that a resumed run passes over
        trained = self.train_end - self.epoch_start
        now = time.monotonic()
        row = {
            "stage": self.stage, "epoch": self.epoch + 1, "overall": self.first_epoch + self.epoch + 1,
            "train_loss": sum(self.losses) / max(self.images, 1), **self._validated(),
            "images_per_second": self.images / max(trained, 1e-9), "seconds": now - self.epoch_start,
        }
        self.reporter.log.write("epoch", **row)
        self.reporter.lap("validation")
        self.on_epoch(row)
        self.reporter.lap("writing")

    def after_fit(self):
        self.reporter.lap("writing")

    def _validated(self) -> dict[str, float]:
        """The epoch's validation figures; NaN without validation images."""
        if not self.truths:
            return dict.fromkeys(("valid_loss", "accuracy", "error_rate", "f_beta", "balanced_accuracy"), math.nan)
        truths, predicted = np.concatenate(self.truths), np.concatenate(self.predicted)
        return {
            "valid_loss": sum(self.valid_losses) / len(truths),
            "accuracy": float((truths == predicted).mean()),
            "error_rate": float((truths != predicted).mean()),
            "f_beta": float(
                fbeta_score(truths, predicted, beta=F_BETA, average="macro", zero_division=0.0)
            ),
            "balanced_accuracy": float(
                recall_score(truths, predicted, labels=np.unique(truths), average="macro", zero_division=0.0)
            ),
        }
