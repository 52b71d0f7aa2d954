"""How the weights move: fastai's Adam by torch's fused kernel, the average of the weights that is kept instead, and
what else a configuration adds to the loop.
"""

import torch
from fastai.callback.core import Callback
from fastai.callback.mixup import CutMix, MixUp
from fastai.optimizer import Optimizer
from torch.optim.adamw import adamw

from pipeline.configuration.config import RunConfig
from pipeline.training.losses import LossMode


class FusedAdam(Optimizer):
    """The same steps, hyperparameters and stored state as fastai's `Adam`, up to rounding: one call instead of ten for
    each tensor.

    Loshchilov & Hutter 2019 (arXiv:1711.05101): weights decay by lr·wd, biases and BatchNorm only where fastai says so.
    The state of a parameter is fastai's `grad_avg`, `sqr_avg` and `step` (here a tensor), `do_wd` and `force_train`.

    Args:
        params: the layer groups, earliest first.
        lr, mom, sqr_mom, eps, wd: rate, β1, β2, ε and weight decay; schedules change `lr` and `mom`.
    """

    def __init__(self, params, lr, mom=0.9, sqr_mom=0.99, eps=1e-5, wd=0.01):
        super().__init__(params, [], lr=lr, mom=mom, sqr_mom=sqr_mom, eps=eps, wd=wd)

    def zero_grad(self):
        """Lets the gradients go; fastai's fills them with zeros, to which the next ones would be added."""
        for parameter, *_ in self.all_params():
            parameter.grad = None

    @torch.no_grad()
    def step(self, closure=None):
        """One step of every parameter that has a gradient; a closure is not supported, as in fastai."""
        for group, hyper in zip(self.param_lists, self.hypers, strict=True):
            with_gradient = [parameter for parameter in group if parameter.grad is not None]
            for decays in (True, False):
                chosen = [p for p in with_gradient if self.state[p].get("do_wd", True) is decays]
                if chosen:
                    self._step(chosen, hyper, float(hyper["wd"]) if decays else 0.0)

    def _step(self, parameters: list[torch.Tensor], hyper, decay: float) -> None:
        states = [self._state_of(parameter) for parameter in parameters]
        adamw(
            parameters, [parameter.grad for parameter in parameters], [state["grad_avg"] for state in states],
            [state["sqr_avg"] for state in states], [], [state["step"] for state in states], fused=True, amsgrad=False,
            beta1=float(hyper["mom"]), beta2=float(hyper["sqr_mom"]), lr=float(hyper["lr"]), weight_decay=decay,
            eps=float(hyper["eps"]), maximize=False,
        )

    def _state_of(self, parameter: torch.Tensor) -> dict:
        state = self.state[parameter]
        for key in ("grad_avg", "sqr_avg"):
            if key not in state:
                state[key] = torch.zeros_like(parameter)
            elif state[key].stride() != parameter.stride():  # the kernel reads all of them as they lie in memory
                state[key] = torch.empty_like(parameter).copy_(state[key])
        if not isinstance(step := state.get("step", 0), torch.Tensor):  # fastai's own counts in a plain number
            state["step"] = torch.tensor(float(step), device=parameter.device)
        return state


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


def extra_callbacks(config: RunConfig) -> list:
    """The learner's callbacks that `config` asks for: the average of the weights where `ema` is above 0, the loss that
    validates at other frequencies than it trains, where extra images train, and what mixes the images of a batch."""
    average = [WeightAverage(config.ema)] if config.ema else []
    mode = [LossMode()] if config.extra and config.loss != "weighted" else []
    # the mode first: it needs the loss itself, which mixing wraps while a training epoch lasts
    return [*average, *mode, *_MIXING[config.mix]()]


# fastai's strengths: shares of Beta(0.4, 0.4) for mixup, of Beta(1, 1) for CutMix
_MIXING = {"none": list, "mixup": lambda: [MixUp(0.4)], "cutmix": lambda: [CutMix(1.0)]}
