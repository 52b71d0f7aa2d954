"""The fused optimizer takes the steps of fastai's own Adam, keeps the same state, and reads what that has stored."""

from functools import partial

import pytest
import torch
from fastai.optimizer import Adam
from torch import nn

from pipeline.training.optimisation import FusedAdam


def _network() -> nn.Sequential:
    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 4)
    )
    return network.to(memory_format=torch.channels_last)


def _optimizer(network, make):
    """Two layer groups; as in fastai's Learner weights of BatchNorm and biases do not decay."""
    optimizer = make([list(network[:2].parameters()), list(network[2:].parameters())], lr=1e-2)
    for parameter in network.parameters():
        if parameter.ndim == 1:
            optimizer.state[parameter]["do_wd"] = False
    optimizer.set_hypers(wd=0.1)
    return optimizer


def _train(network, optimizer, steps, first=0):
    """Rates of the groups and momentum change with each step, as one cycle changes them."""
    for step in range(first, first + steps):
        torch.manual_seed(step)
        optimizer.set_hypers(lr=slice(1e-3 * (step + 1), 1e-2), mom=0.95 - 0.02 * step)
        images = torch.rand(5, 3, 8, 8).contiguous(memory_format=torch.channels_last)
        nn.functional.cross_entropy(network(images), torch.randint(4, (5,))).backward()
        optimizer.step()
        optimizer.zero_grad()


def _assert_same(ours, theirs, tolerance=2e-6):
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=tolerance, rtol=0)


def test_the_steps_are_those_of_fastais_adam():
    ours, theirs = _network(), _network()
    optimizers = _optimizer(ours, FusedAdam), _optimizer(theirs, Adam)
    _train(ours, optimizers[0], 8)
    _train(theirs, optimizers[1], 8)
    _assert_same(ours, theirs)
    before = _network()
    assert max((a - b).abs().max() for a, b in zip(ours.parameters(), before.parameters(), strict=True)) > 0.01
    for one, other in zip(*(optimizer.state_dict()["state"] for optimizer in optimizers), strict=True):
        assert set(one) == set(other) and int(one["step"]) == other["step"] == 8
        torch.testing.assert_close(one["sqr_avg"], other["sqr_avg"], atol=1e-7, rtol=1e-4)


@pytest.mark.parametrize("stored_by", [FusedAdam, Adam])
def test_it_goes_on_from_stored_state_of_its_own_and_of_fastais(stored_by):
    whole, first = _network(), _network()
    _train(whole, _optimizer(whole, stored_by), 6)
    optimizer = _optimizer(first, stored_by)
    _train(first, optimizer, 3)
    second = _network()
    second.load_state_dict(first.state_dict())
    resumed = _optimizer(second, FusedAdam)
    state = [{k: v.contiguous() if isinstance(v, torch.Tensor) else v for k, v in one.items()}
             for one in optimizer.state_dict()["state"]]  # another layout than that of the weights
    resumed.load_state_dict({"state": state, "hypers": optimizer.hypers})
    _train(second, resumed, 3, first=3)
    _assert_same(second, whole, 0.0 if stored_by is FusedAdam else 2e-6)


def test_what_is_frozen_or_has_no_gradient_stays():
    network = _network()
    optimizer = _optimizer(network, partial(FusedAdam, eps=1e-5))
    optimizer.freeze()
    before = [parameter.clone() for parameter in network.parameters()]
    _train(network, optimizer, 2)
    moved = [not torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True)]
    assert moved == [False, False, False, True, True]
    assert all(parameter.grad is None for parameter in network.parameters())
