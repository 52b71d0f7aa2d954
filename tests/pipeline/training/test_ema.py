"""The average of the weights: its formula, who sees it when, and that a fit goes on as without it."""

import numpy as np
import pandas as pd
import pytest
import torch
from fastai.callback import progress  # noqa: F401  no_bar is patched in
from fastai.callback.core import Callback, CancelFitException
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.learner import Learner
from torch import nn

from pipeline.configuration.config import apply_settings
from pipeline.configuration.presets import preset
from pipeline.data.importing import import_dataset
from pipeline.jobs.job_worker import work
from pipeline.runs.plan import create, plan_config
from pipeline.training.callbacks import WriteEvents
from pipeline.training.checkpoints import WriteCheckpoint
from pipeline.training.optimisation import WeightAverage, extra_callbacks


def _weights(learner):
    return {name: tensor.clone() for name, tensor in learner.model.state_dict().items()}


def _same(first, second):
    return list(first) == list(second) and all(torch.allclose(first[n], second[n], atol=1e-6) for n in first)


class Watch(Callback):
    """Keeps the weights after each step, while validating, and where `WriteEvents` offers an epoch's."""

    order = WriteEvents.order

    def __init__(self):
        self.steps, self.validating, self.early = [], [], []

    def after_step(self):
        self.steps.append(_weights(self.learn))

    def before_batch(self):
        if not self.training:
            self.validating.append(_weights(self.learn))

    def after_epoch(self):
        self.early.append(_weights(self.learn))


class WatchLate(Callback):
    """Keeps the weights where a checkpoint is written."""

    order = WriteCheckpoint.order

    def __init__(self):
        self.late = []

    def after_epoch(self):
        self.late.append(_weights(self.learn))


class StopWhileValidating(Callback):
    order = 70

    def before_batch(self):
        if not self.training:
            raise CancelFitException()


def _learner(*callbacks):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    rng = np.random.default_rng(0)
    items = [(torch.tensor(rng.normal(size=3)).float(), int(i % 2)) for i in range(24)]
    loaders = DataLoaders(DataLoader(items, bs=8), DataLoader(items[:8], bs=8))
    return Learner(loaders, network, loss_func=nn.CrossEntropyLoss(), cbs=list(callbacks))


def _fit(learner, epochs=2, callbacks=()):
    with learner.no_bar(), learner.no_logging():
        learner.fit(epochs, lr=0.05, cbs=list(callbacks))


def _by_hand(start, steps, decay):
    average = dict(start)
    for t, weights in enumerate(steps):
        share = min(decay, (1 + t) / (10 + t))
        average = {
            name: share * average[name] + (1 - share) * tensor if tensor.is_floating_point() else tensor
            for name, tensor in weights.items()
        }
    return average


@pytest.mark.parametrize("decay", [0.12, 0.9])
def test_the_average_follows_its_formula_batchnorm_included(decay):
    average, watch = WeightAverage(decay), Watch()
    learner = _learner(average, watch)
    start = _weights(learner)
    _fit(learner)
    state = average.state()
    assert state.pop("steps") == 6 == len(watch.steps)
    assert _same(state, _by_hand(start, watch.steps, decay))
    assert not torch.equal(state["1.running_mean"], watch.steps[-1]["1.running_mean"])
    assert state["1.num_batches_tracked"] == 6


def test_validation_and_its_row_see_the_average_and_checkpoints_the_trained_weights():
    watch, late = Watch(), WatchLate()
    learner = _learner(WeightAverage(0.9), watch, late)
    start = _weights(learner)
    _fit(learner)
    for epoch in (0, 1):
        expected = _by_hand(start, watch.steps[: 3 * (epoch + 1)], 0.9)
        assert _same(watch.validating[epoch], expected) and _same(watch.early[epoch], expected)
        assert _same(late.late[epoch], watch.steps[3 * (epoch + 1) - 1])
        assert not _same(late.late[epoch], expected)


def test_the_training_goes_on_as_without_the_average():
    with_it, without = _learner(WeightAverage(0.9)), _learner()
    _fit(with_it)
    _fit(without)
    assert _same(_weights(with_it), _weights(without))


def test_a_fit_cancelled_while_it_validates_keeps_the_trained_weights():
    watch = Watch()
    learner = _learner(WeightAverage(0.9), watch)
    _fit(learner, callbacks=[StopWhileValidating()])
    assert len(watch.steps) == 3 and len(watch.validating) == 1
    assert _same(_weights(learner), watch.steps[-1])


def test_the_average_goes_on_over_stages_and_after_a_restore():
    average, watch = WeightAverage(0.9), Watch()
    learner = _learner(average, watch)
    start = _weights(learner)
    _fit(learner, 1)
    stored, trained = average.state(), learner.model.state_dict()
    again, second_watch = WeightAverage(0.9), Watch()
    other = _learner(again, second_watch)
    other.model.load_state_dict(trained)
    again.restore(stored)
    assert _same(again.state(), stored)
    for part in (learner, other):
        part.opt = None
        _fit(part, 1)
    assert _same(average.state(), again.state())
    assert again.state()["steps"] == 6
    assert _same({n: t for n, t in average.state().items() if n != "steps"}, _by_hand(start, watch.steps, 0.9))


def test_before_its_first_fit_there_is_no_state():
    average = WeightAverage(0.9)
    assert average.state() == {}
    average.restore({})
    assert average.state() == {}


def test_the_configuration_switches_it_on():
    quick = preset("quick").config
    assert extra_callbacks(quick) == []
    (average,) = extra_callbacks(apply_settings(quick, ["ema=0.99"]))
    assert isinstance(average, WeightAverage) and average.decay == 0.99


def test_a_run_of_the_strong_recipe_keeps_the_average_and_can_be_repeated(workspace, tiny_set):
    import_dataset(workspace, tiny_set, "tiny")
    settings = ["size=32", "batch_size=8", "epochs=0,1", "limit=40"]

    def train(*more):
        run = create(workspace, plan_config(workspace, "tiny", "strong", [*settings, *more]))
        status = work(run, workspace)
        assert status.state == "done", status.error
        return run.predictions()

    pd.testing.assert_frame_equal(train(), train())
    assert not train().equals(train("ema=0"))
