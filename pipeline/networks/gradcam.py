"""Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391) through the head alone: the body needs no backward pass."""

import torch
from captum.attr import LayerGradCam
from torch import nn


class HeadGradCam:
    """Grad-CAM on the feature map that the head reads; equal to the whole network's.

    Args:
        head: maps a feature map (N, K, h, w) to logits (N, C); put into eval mode by the caller.
    """

    def __init__(self, head: nn.Module):
        self._feature_map = nn.Identity()
        self._cam = LayerGradCam(nn.Sequential(self._feature_map, head), self._feature_map)

    def heatmaps(self, features: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Positive evidence for each image's target.

        Args:
            features: (N, K, h, w) feature maps of the images shown.
            targets: (N,) class index whose logit is explained.

        Returns:
            (N, h, w) at least 0; all 0 where there is no positive evidence.
        """
        attribution = self._cam.attribute(features.detach().float(), target=targets, relu_attributions=True)
        return attribution[:, 0].detach()
