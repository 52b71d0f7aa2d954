"""Losses that fastai lacks."""

import torch
from torch import nn
from torch.nn import functional


class BalancedSoftmax(nn.Module):
    """Cross-entropy of logits shifted by the log training frequencies: the plain softmax then weighs all alike.

    Ren et al. 2020, Balanced Meta-Softmax for Long-Tailed Visual Recognition (arXiv:2007.10740), equation 4.

    Args:
        counts: (C,) number of training images of each diagnosis, all above zero.
    """

    def __init__(self, counts: torch.Tensor):
        super().__init__()
        self.register_buffer("shift", (counts.float() / counts.sum()).log())

    def forward(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(logits + self.shift.to(logits.device), targets)
