"""The scaled loss of a training in float16, whose scale goes on over stages and from a checkpoint."""

import torch
from fastai.callback.core import Callback, CancelStepException
from torch.amp import GradScaler


class LossScale(Callback):
    """Scales the loss before the backward pass, so that small gradients do not vanish in float16, and the gradients
    back before the step; a step whose gradients are not finite is left out and lowers the scale (Micikevicius et al.
    2018, arXiv:1710.03740).

    torch's GradScaler, which fastai's MixedPrecision starts anew with each fit: a resumed training would then take
    other steps than one in one go.

    Args:
        device: torch device name.
    """

    def __init__(self, device: str):
        self._scaler, self._stepped = GradScaler(device), True

    def before_backward(self):
        self.learn.loss_grad = self._scaler.scale(self.loss_grad)

    def before_step(self):
        self._stepped = False
        self._scaler.step(self)
        if not self._stepped:
            raise CancelStepException()

    def after_step(self):
        self._scaler.update()

    @property
    def param_groups(self):
        """The optimizer's, for the scaler, which takes this callback for one."""
        return self.opt.param_groups

    def step(self):
        """Called by the scaler where all gradients are finite; the learner then takes the step itself."""
        self._stepped = True

    def state(self) -> dict[str, torch.Tensor]:
        """ "scale", a power of 2, and "growth", how many steps have been finite since it last changed."""
        state = self._scaler.state_dict()
        return {"scale": torch.tensor(state["scale"]), "growth": torch.tensor(state["_growth_tracker"])}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Goes on from what `state` gave."""
        self._scaler.load_state_dict({
            **self._scaler.state_dict(), "scale": float(state["scale"]), "_growth_tracker": int(state["growth"]),
        })
