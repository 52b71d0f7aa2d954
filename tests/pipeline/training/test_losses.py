"""The losses by hand: shifted by frequency, smoothed, and unchanged without."""

import numpy as np
import pytest
import torch

from pipeline.configuration.config import apply_settings
from pipeline.configuration.presets import preset
from pipeline.training.losses import BalancedSoftmax, make_loss

LOGITS, TARGETS = torch.tensor([[1.0, 2.0], [0.5, -1.0]]), torch.tensor([1, 0])
TRAINING = np.array([0] * 30 + [1] * 10)


def _make(*settings):
    return make_loss(apply_settings(preset("quick").config, list(settings)), TRAINING, ("nv", "mel"))


def _by_hand(logits, smoothing):
    logs = logits.log_softmax(1)
    targets = torch.eye(2)[TARGETS] * (1 - smoothing) + smoothing / 2
    return -(targets * logs).sum(1).mean().item()


def test_balanced_softmax_is_cross_entropy_of_shifted_logits():
    shifted = LOGITS + torch.log(torch.tensor([0.75, 0.25]))
    assert BalancedSoftmax(torch.tensor([30, 10]))(LOGITS, TARGETS).item() == pytest.approx(_by_hand(shifted, 0))
    assert _make("loss=balanced_softmax")(LOGITS, TARGETS).item() == pytest.approx(_by_hand(shifted, 0))


@pytest.mark.parametrize("smoothing", [0.0, 0.05, 0.2])
def test_smoothing_spreads_its_share_over_all_diagnoses(smoothing):
    shifted = LOGITS + torch.log(torch.tensor([0.75, 0.25]))
    plain = _make("loss=cross_entropy", f"label_smoothing={smoothing}")
    balanced = _make("loss=balanced_softmax", f"label_smoothing={smoothing}")
    assert plain(LOGITS, TARGETS).item() == pytest.approx(_by_hand(LOGITS, smoothing))
    assert balanced(LOGITS, TARGETS).item() == pytest.approx(_by_hand(shifted, smoothing))


def test_with_balanced_softmax_equal_logits_predict_the_training_frequencies():
    loss, logits = _make("loss=balanced_softmax"), torch.zeros(2, requires_grad=True)
    for target, share in ((0, 0.75), (1, 0.25)):
        assert loss(logits[None], torch.tensor([target])).item() == pytest.approx(-np.log(share))
