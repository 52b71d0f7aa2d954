"""An exponential moving average of the weights, which validates, is kept and is judged in their place."""

import torch
from fastai.callback.core import Callback


class WeightAverage(Callback):
    """Averages the network after each step and puts the average in its place while it validates.

    decay_t = min(decay, (1 + t) / (10 + t)) after t steps (TensorFlow's ExponentialMovingAverage). BatchNorm's running
    mean and variance are averaged like weights, as timm's ModelEmaV3 does; counters are copied. The steps go on over
    all stages. Callbacks of `after_epoch` with an order below 80 see the average, later ones the trained weights.

    Args:
        decay: above 0, below 1.
    """

    order = 80

    def __init__(self, decay: float):
        self.decay, self.steps = decay, 0
        self._average: dict[str, torch.Tensor] = {}
        self._trained: list[torch.Tensor] | None = None

    def before_fit(self):
        state = self.learn.model.state_dict()
        stored = self._average or state
        # after ChannelsLast (order -1): the average has the layout of the weights, which keeps a step quick
        self._average = {name: torch.empty_like(own).copy_(stored[name]) for name, own in state.items()}
        self._pairs = [(self._average[name], own) for name, own in state.items()]
        self._floats = [pair for pair in self._pairs if pair[0].is_floating_point()]
        self._counters = [pair for pair in self._pairs if not pair[0].is_floating_point()]

    @torch.no_grad()
    def after_step(self):
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        averages, owns = zip(*self._floats, strict=True)
        torch._foreach_lerp_(averages, owns, 1 - decay)
        for average, own in self._counters:
            average.copy_(own)

    @torch.no_grad()
    def before_validate(self):
        self._trained = [own.clone() for _, own in self._pairs]
        for average, own in self._pairs:
            own.copy_(average)

    def after_epoch(self):
        self._put_back()

    def after_fit(self):
        self._put_back()  # a fit that is cancelled while it validates has no after_epoch

    @torch.no_grad()
    def _put_back(self):
        if self._trained is not None:
            for (_, own), trained in zip(self._pairs, self._trained, strict=True):
                own.copy_(trained)
            self._trained = None

    def state(self) -> dict[str, torch.Tensor]:
        """A copy of the average under the network's names, and its "steps"; empty before the first fit."""
        copies = {name: tensor.detach().cpu().clone() for name, tensor in self._average.items()}
        return {**copies, "steps": torch.tensor(self.steps)} if copies else {}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Goes on from what `state` gave, at the next fit."""
        self._average = {name: tensor for name, tensor in state.items() if name != "steps"}
        self.steps = int(state["steps"]) if state else 0
