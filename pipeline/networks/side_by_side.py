"""Several networks of one architecture as one: each sees the same input, and the mean of their logits is the answer.

The mean of logits is the geometric mean of their probabilities, renormalised (a "product of experts", Hinton 2002). As
body and head stay apart, all that reads a feature map works on them together: Grad-CAM, embeddings, ONNX.
"""

from collections.abc import Sequence

import torch
from torch import nn


class _Bodies(nn.Module):
    """(N, 3, H, W) to (N, n·K, h, w): the feature maps of n bodies, one after the other along the channels."""

    def __init__(self, bodies: Sequence[nn.Module]):
        super().__init__()
        self.bodies = nn.ModuleList(bodies)

    def forward(self, images):
        return torch.cat([body(images) for body in self.bodies], dim=1)


class _Heads(nn.Module):
    """(N, n·K, h, w) to (N, C): the mean of n heads' logits, each of its own body's feature map."""

    def __init__(self, heads: Sequence[nn.Module]):
        super().__init__()
        self.heads = nn.ModuleList(heads)

    def forward(self, features):
        parts = features.chunk(len(self.heads), dim=1)
        return torch.stack([head(part) for head, part in zip(self.heads, parts, strict=True)]).mean(0)


def side_by_side(networks: Sequence[nn.Sequential]) -> nn.Sequential:
    """`Sequential(body, head)` of networks that are each `Sequential(body, head)`; one alone stays as it is."""
    if len(networks) == 1:
        return networks[0]
    return nn.Sequential(_Bodies([network[0] for network in networks]), _Heads([network[1] for network in networks]))


def joined_state(states: Sequence[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """The state of `side_by_side` from those of its networks, in their order; that of one alone stays as it is."""
    if len(states) == 1:
        return states[0]
    joined = {}
    for number, state in enumerate(states):
        for name, tensor in state.items():
            part, _, rest = name.partition(".")
            joined[f"{part}.{('bodies', 'heads')[int(part)]}.{number}.{rest}"] = tensor
    return joined
