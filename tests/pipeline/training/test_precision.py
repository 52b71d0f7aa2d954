"""Which precision a training gets, float16's scaled loss, and that no autocast outlives what broke a fit off."""

import math

import pytest
import torch
from fastai.callback import progress  # noqa: F401  no_bar is patched in
from fastai.callback.core import Callback, CancelFitException
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from fastai.optimizer import SGD
from torch import nn

from pipeline.errors import TrainingError
from pipeline.training import precision
from pipeline.training.loss_scale import LossScale
from pipeline.training.precision import Autocast, chosen_precision

FIRST_SCALE = 2.0**16  # of torch's scaler, which doubles it after so many steps
DOUBLES_AFTER = 2000


@pytest.mark.parametrize(("asked", "device", "bf16", "fp16", "chosen"), [
    ("auto", "cpu", True, True, "bf16"), ("auto", "cpu", False, True, "fp32"), ("auto", "mps", True, True, "fp32"),
    ("fp32", "cpu", True, True, "fp32"), ("bf16", "cpu", True, False, "bf16"), ("fp16", "cpu", False, True, "fp16"),
    ("bf16", "cpu", False, True, None), ("fp16", "cpu", True, False, None), ("fp16", "mps", True, True, None),
])
def test_a_precision_is_what_the_hardware_has_or_refused(monkeypatch, asked, device, bf16, fp16, chosen):
    monkeypatch.setattr(precision, "cpu_computes_bf16", lambda: bf16)
    monkeypatch.setattr(precision, "cpu_computes_fp16", lambda: fp16)
    if chosen is None:
        with pytest.raises(TrainingError, match=f"^precision={asked} cannot be had here: "):
            chosen_precision(asked, device)
    else:
        assert chosen_precision(asked, device) == chosen


def _learner(network: nn.Module, *callbacks: Callback, batches: int = 1) -> Learner:
    torch.manual_seed(0)
    batch = [(torch.rand(4, 3), torch.tensor([0, 1, 0, 1])) for _ in range(batches)]
    return Learner(DataLoaders(batch, batch), network, nn.CrossEntropyLoss(), SGD, lr=0.1, cbs=callbacks)


def _fit(learner: Learner) -> None:
    with learner.no_bar(), learner.no_logging():
        learner.fit(1)


class _ShortOfMemory(nn.Linear):
    def forward(self, images):
        super().forward(images)
        raise torch.cuda.OutOfMemoryError("out of memory")


class _Stopped(Callback):
    order = 70

    def before_batch(self):
        raise CancelFitException()


def test_no_autocast_outlives_memory_that_ran_out_or_a_stop():
    with pytest.raises(torch.cuda.OutOfMemoryError):
        _fit(_learner(_ShortOfMemory(3, 2), Autocast("cpu", torch.bfloat16)))
    assert not torch.is_autocast_enabled("cpu")
    network = nn.Linear(3, 2)
    _fit(_learner(network, Autocast("cpu", torch.bfloat16), _Stopped()))
    assert not torch.is_autocast_enabled("cpu") and "forward" not in vars(network)


def test_a_scaled_loss_takes_the_same_steps():
    networks = []
    for callbacks in ((), (LossScale("cpu"),)):
        torch.manual_seed(1)
        networks.append(nn.Linear(3, 2))
        _fit(_learner(networks[-1], *callbacks, batches=5))
    assert torch.equal(networks[0].weight, networks[1].weight)  # a power of 2 changes no digit


class _Overflow(Callback):
    """The gradients of the second batch are too large."""

    order = LossScale.order + 1

    def after_backward(self):
        if self.iter == 1:
            self.learn.model.weight.grad[0, 0] = math.inf


class _Weights(Callback):
    """The weights after each batch."""

    def before_fit(self):
        self.seen = [self.learn.model.weight.detach().clone()]

    def after_batch(self):
        if self.training:
            self.seen.append(self.learn.model.weight.detach().clone())


def test_a_step_whose_gradients_are_not_finite_is_left_out_and_halves_the_scale():
    scale, weights = LossScale("cpu"), _Weights()
    _fit(_learner(nn.Linear(3, 2), scale, _Overflow(), weights, batches=3))
    moved = [not torch.equal(before, after) for before, after in zip(weights.seen, weights.seen[1:], strict=False)]
    assert moved == [True, False, True]
    assert {name: value.item() for name, value in scale.state().items()} == {"scale": FIRST_SCALE / 2, "growth": 1}


def test_the_scale_goes_on_from_a_fit_to_the_next_and_from_what_was_stored():
    scale = LossScale("cpu")
    learner = _learner(nn.Linear(3, 2), scale, batches=3)
    for _ in range(2):
        _fit(learner)
    stored = scale.state()
    assert (stored["scale"].item(), stored["growth"].item()) == (FIRST_SCALE, 6)
    other = LossScale("cpu")
    other.restore({"scale": torch.tensor(2.0**11), "growth": torch.tensor(DOUBLES_AFTER - 2)})
    _fit(_learner(nn.Linear(3, 2), other, batches=3))
    assert (other.state()["scale"].item(), other.state()["growth"].item()) == (2.0**12, 1)
