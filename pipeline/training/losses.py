"""The training losses."""

import numpy as np
import torch
from fastai.losses import CrossEntropyLossFlat
from torch import nn
from torch.nn import functional

from pipeline.config import RunConfig


class BalancedSoftmax(nn.Module):
    """Cross-entropy of logits shifted by the log training frequencies: the plain softmax then weighs all alike.

    Ren et al. 2020, Balanced Meta-Softmax for Long-Tailed Visual Recognition (arXiv:2007.10740), equation 4; the same
    as the logit-adjusted loss of Menon et al. 2021 (arXiv:2007.07314) with τ = 1.

    Args:
        counts: (C,) number of training images of each diagnosis, all above zero.
        label_smoothing: share of the target spread over all diagnoses, 0..1.
    """

    def __init__(self, counts: torch.Tensor, label_smoothing: float = 0.0):
        super().__init__()
        self.register_buffer("shift", (counts.float() / counts.sum()).log())
        self.label_smoothing = label_smoothing

    def forward(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(
            logits + self.shift.to(logits.device), targets, label_smoothing=self.label_smoothing
        )


def make_loss(config: RunConfig, targets: np.ndarray, classes):
    """The loss that `config` names; the validation loss is the same one, smoothing included.

    Args:
        targets: (N,) class index of each training image; every class occurs.
        classes: the diagnoses' codes in the order of the indices.
    """
    if config.loss == "balanced_softmax":
        return BalancedSoftmax(torch.bincount(torch.tensor(targets), minlength=len(classes)), config.label_smoothing)
    if config.loss == "weighted":
        counts = torch.bincount(torch.tensor(targets), minlength=len(classes)).float()
        weight = len(targets) / (len(classes) * counts)  # an image's mean weight is 1
        return CrossEntropyLossFlat(weight=weight, label_smoothing=config.label_smoothing)
    return CrossEntropyLossFlat(label_smoothing=config.label_smoothing)
