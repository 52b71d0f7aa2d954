"""fastai's Adam with decoupled weight decay by torch's fused kernel: one call instead of ten for each tensor."""

import torch
from fastai.optimizer import Optimizer
from torch.optim.adamw import adamw


class FusedAdam(Optimizer):
    """The same steps, hyperparameters and stored state as fastai's `Adam`, up to rounding.

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
