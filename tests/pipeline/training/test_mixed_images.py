"""Mixup and CutMix: a pair's loss is its two losses, each with its share; validation and the loss itself stay."""

import dataclasses

import pytest
import torch
from fastai.callback import progress  # noqa: F401  no_bar is patched in
from fastai.callback.core import Callback
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from torch import nn
from torch.nn import functional

from pipeline.configuration.presets import preset
from pipeline.training.losses import BalancedSoftmax
from pipeline.training.optimisation import extra_callbacks

_SHARES, _OTHERS = torch.tensor([6.0, 3.0, 1.0]), torch.tensor([2.0, 2.0, 6.0])


class _Seen(Callback):
    """What the network was given, what it said, and the loss, of each batch."""

    order = 5  # after the mixing

    def __init__(self):
        self.batches = []

    def after_loss(self):
        mixing = next((cb for cb in self.learn.cbs if hasattr(cb, "distrib")), None)
        mixed = (mixing.lam, mixing.yb1[0]) if mixing else (None, None)
        self.batches.append((self.training, self.x.clone(), self.y.clone(), self.pred.detach().clone(),
                             self.loss.item(), *mixed))


def _config(mix: str, **fields):
    config = preset("quick").for_data("tiny", "0" * 64)
    return dataclasses.replace(config, mix=mix, ema=0.0, **fields)


def _fit(mix: str):
    torch.manual_seed(3)
    images, targets = torch.rand(8, 3, 12, 10), torch.tensor([0, 1, 2, 0, 1, 0, 2, 1])
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    loss, seen = BalancedSoftmax(_SHARES, 0.1, _OTHERS), _Seen()
    batches = DataLoaders([(images.clone(), targets)], [(images.clone(), targets)])
    config = _config(mix, extra="more", loss="balanced_softmax")
    learner = Learner(batches, network, loss, cbs=[*extra_callbacks(config), seen])
    with learner.no_bar(), learner.no_logging():
        learner.fit(1, lr=0.0)
    return images, targets, learner, loss, seen.batches


def _cross_entropy(outputs, targets, counts):
    shift = (counts / counts.sum()).log()
    return functional.cross_entropy(outputs + shift, targets, label_smoothing=0.1, reduction="none")


@pytest.mark.parametrize("mix", ["mixup", "cutmix"])
def test_a_mixed_batch_has_the_losses_of_both_targets_by_their_shares(mix):
    images, targets, learner, loss, ((training, x, y, outputs, value, share, others), last) = _fit(mix)
    assert training and not torch.equal(x, images) and torch.equal(y, targets) and not torch.equal(others, targets)
    assert bool(((share >= 0) & (share <= 1)).all())
    first, second = (_cross_entropy(outputs, of, _SHARES) for of in (targets, others))
    assert value == pytest.approx(float((share * first + (1 - share) * second).mean()), rel=1e-5)
    # validation: the images as they are, at its own frequencies
    assert not last[0] and torch.equal(last[1], images)
    assert last[4] == pytest.approx(float(_cross_entropy(last[3], targets, _OTHERS).mean()), rel=1e-5)
    assert learner.loss_func is loss and loss.reduction == "mean"


def test_mixup_lays_each_image_over_another_and_cutmix_sets_a_rectangle_in():
    images, _, _, _, ((_, x, *_), _) = _fit("cutmix")
    changed = (x != images).any(1)
    rows, columns = changed.any(0).any(1), changed.any(0).any(0)
    assert 0 < int(changed.any(0).sum()) == int(rows.sum() * columns.sum())
    images, _, _, _, ((_, x, _, _, _, share, _), _) = _fit("mixup")
    assert bool((share >= 0.5).all())  # the larger share stays the image's own
    assert float((x - images).abs().amax()) <= 0.5


def test_without_mixing_nothing_is_added():
    assert extra_callbacks(_config("none")) == []
    images, targets, _, _, ((_, x, y, outputs, value, *_), _) = _fit("none")
    assert torch.equal(x, images) and torch.equal(y, targets)
    assert value == pytest.approx(float(_cross_entropy(outputs, targets, _SHARES).mean()), rel=1e-5)
