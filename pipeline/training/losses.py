"""The training losses."""

import numpy as np
import torch
from fastai.callback.core import Callback
from fastai.losses import CrossEntropyLossFlat
from torch import nn
from torch.nn import functional

from pipeline.configuration.config import RunConfig


class BalancedSoftmax(nn.Module):
    """Cross-entropy of logits shifted by the log training frequencies: the plain softmax then weighs all alike.

    Ren et al. 2020, Balanced Meta-Softmax for Long-Tailed Visual Recognition (arXiv:2007.10740), equation 4; the same
    as the logit-adjusted loss of Menon et al. 2021 (arXiv:2007.07314) with τ = 1.

    Args:
        counts: (C,) number of training images of each diagnosis, all above zero.
        label_smoothing: share of the target spread over all diagnoses, 0..1.
        validation: (C,) as `counts`, where the images that validate have other frequencies than those that train: in
            eval mode the logits are shifted by the log of these. None: by that of the training frequencies.
        softmax_at: (C,) as `counts`, the frequencies that the plain softmax is to assume; None: equal ones.
    """

    y_int = True  # fastai's mixing then asks for the loss of either target

    def __init__(
        self, counts: torch.Tensor, label_smoothing: float = 0.0, validation: torch.Tensor | None = None,
        softmax_at: torch.Tensor | None = None,
    ):
        super().__init__()
        base = 0.0 if softmax_at is None else _log_shares(softmax_at)
        self.register_buffer("shift", _log_shares(counts) - base)
        self.register_buffer("validation_shift", self.shift if validation is None else _log_shares(validation) - base)
        self.label_smoothing = label_smoothing
        self.reduction = "mean"

    def forward(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        shift = self.shift if self.training else self.validation_shift
        return functional.cross_entropy(
            logits + shift.to(logits.device), targets, label_smoothing=self.label_smoothing, reduction=self.reduction
        )


class LossMode(Callback):
    """Puts the learner's loss into training and eval mode, as fastai does with its network alone."""

    def before_train(self):
        self.learn.loss_func.train()

    def before_validate(self):
        self.learn.loss_func.eval()


def _log_shares(counts: torch.Tensor) -> torch.Tensor:
    return (counts.float() / counts.sum()).log()


def make_loss(config: RunConfig, targets: np.ndarray, classes, own: np.ndarray | None = None):
    """The loss that `config` names; the validation loss is the same one, smoothing included.

    Where extra images train, the network's softmax means what it means without them, so that all that reads it holds:
    with `cross_entropy` it is at the frequencies π of the run's own training images, although the network learns from
    images with others, μ: what is trained is cross-entropy of logits + log μ − log π (the prior shift of Saerens et al.
    2002 and the logit adjustment of Menon et al. 2021, arXiv:2007.07314, within the loss). With `balanced_softmax` and
    `weighted` it weighs all diagnoses alike, of which μ takes care. It holds as far as the images of a diagnosis look
    alike in both data sets. The validation loss is at π, as the validation images are.

    Args:
        targets: (N,) class index of each training image; every class occurs.
        classes: the diagnoses' codes in the order of the indices.
        own: the same of the run's own training images, where extra ones are among `targets`; every class occurs.
    """
    counts = torch.bincount(torch.tensor(targets), minlength=len(classes))
    if own is not None and config.loss != "weighted":
        at = torch.bincount(torch.tensor(own), minlength=len(classes))
        softmax_at = at if config.loss == "cross_entropy" else None
        return BalancedSoftmax(counts, config.label_smoothing, at, softmax_at)
    if config.loss == "balanced_softmax":
        return BalancedSoftmax(counts, config.label_smoothing)
    if config.loss == "weighted":
        weight = len(targets) / (len(classes) * counts.float())  # an image's mean weight is 1
        return CrossEntropyLossFlat(weight=weight, label_smoothing=config.label_smoothing)
    return CrossEntropyLossFlat(label_smoothing=config.label_smoothing)
