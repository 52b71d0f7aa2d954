"""fastai callbacks that write what happens, seed each epoch, keep the best weights and stop on request."""

import random
import time

import numpy as np
import torch
from fastai.callback.core import Callback, CancelFitException
from sklearn.metrics import fbeta_score, recall_score

from pipeline.errors import TrainingError

F_BETA = 2.0  # fastai 1's FBeta() with more than two classes: beta 2, mean over the classes


class CpuAutocast(Callback):
    """bfloat16 autocast for training on the processor; fastai's MixedPrecision knows CUDA only.

    Validation computes in float32, so that an epoch's metrics are those of the stored predictions.
    """

    order = 10
    autocast = None

    def before_batch(self):
        self.autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.training)
        self.autocast.__enter__()

    def after_pred(self):
        self.learn.pred = self.pred.float()

    def after_loss(self):
        self._leave()

    def after_cancel_batch(self):
        self._leave()

    def _leave(self):
        if self.autocast is not None:
            self.autocast.__exit__(None, None, None)
            self.autocast = None


class ChannelsLastInput(Callback):
    """Keeps batches in channels_last order after transforms that return contiguous ones."""

    order = 11

    def before_batch(self):
        self.learn.xb = tuple(x.contiguous(memory_format=torch.channels_last) for x in self.xb)


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
    """Writes batch, epoch and progress events of one stage, and the epoch's metrics.

    Args:
        reporter: the run's `jobs.reporter.Reporter`.
        stage: number of this stage, from 1; `frozen` says whether it trains the head only.
        first_epoch: how many epochs the stages before it had.
        on_epoch: called with the epoch's row (dict) after validation.
    """

    order = 60

    def __init__(self, reporter, stage: int, frozen: bool, first_epoch: int, on_epoch):
        self.reporter, self.stage, self.first_epoch, self.on_epoch = reporter, stage, first_epoch, on_epoch
        self.work = "frozen" if frozen else "training"

    def before_epoch(self):
        self.losses, self.sizes, self.images = [], [], 0
        self.valid_losses, self.truths, self.predicted = [], [], []
        self.epoch_start = self.train_end = time.monotonic()

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

    def after_epoch(self):
        if not self.truths:
            return
        truths, predicted = np.concatenate(self.truths), np.concatenate(self.predicted)
        trained = self.train_end - self.epoch_start
        now = time.monotonic()
        row = {
            "stage": self.stage, "epoch": self.epoch + 1, "overall": self.first_epoch + self.epoch + 1,
            "train_loss": sum(self.losses) / max(self.images, 1), "valid_loss": sum(self.valid_losses) / len(truths),
            "accuracy": float((truths == predicted).mean()),
            "error_rate": float((truths != predicted).mean()),
            "f_beta": float(
                fbeta_score(truths, predicted, beta=F_BETA, average="macro", zero_division=0.0)
            ),
            "balanced_accuracy": float(
                recall_score(truths, predicted, labels=np.unique(truths), average="macro", zero_division=0.0)
            ),
            "images_per_second": self.images / max(trained, 1e-9), "seconds": now - self.epoch_start,
        }
        self.reporter.log.write("epoch", **row)
        self.reporter.spent("training", trained)
        self.reporter.spent("validation", now - self.train_end)
        self.on_epoch(row)
