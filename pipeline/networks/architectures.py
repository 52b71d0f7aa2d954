"""Networks built from their entries: a body that gives a feature map, and a head that decides on it."""

from collections.abc import Callable
from importlib.resources import files
from typing import NamedTuple, Protocol
from urllib.error import URLError

import timm
import torch
import torchvision
from fastai.layers import AdaptiveConcatPool2d
from fastai.torch_core import apply_init, params
from fastai.vision.learner import add_head, create_body, create_head, model_meta
from torch import nn

from pipeline.configuration.config import Head
from pipeline.configuration.network_registry import NETWORKS, Family, Network
from pipeline.errors import ConfigError, WeightsError


class Body(NamedTuple):
    """What comes before the head: (N, 3, H, W) to (N, `outputs`, H/32, W/32)."""

    module: nn.Module
    outputs: int


class Builder(Protocol):
    """What a family of networks has of its own."""

    def body(self, entry: Network, imagenet: bool, drop_path: float) -> Body:
        """A new body, with ImageNet's weights or random ones; it ends at the last feature map before the pooling.

        Raises:
            WeightsError: ImageNet's weights cannot be had here.
        """

    def groups(self, network: nn.Sequential) -> list[list[nn.Parameter]]:
        """The parameters of `Sequential(body, head)`, from the earliest layers to the head."""


class LiteBody(nn.Module):
    """timm's EfficientNet-Lite without its pooling and classifier."""

    def __init__(self, entry: Network, drop_path: float):
        super().__init__()
        self.model = timm.create_model(entry.library_name, pretrained=False, drop_path_rate=drop_path)

    def forward(self, images):
        return self.model.forward_features(images)


class _Lite:
    def body(self, entry: Network, imagenet: bool, drop_path: float) -> Body:
        body = LiteBody(entry, drop_path)
        if imagenet:
            body.model.load_state_dict(package_state(entry, body.model))
        outputs = body.model.num_features
        body.model.reset_classifier(0)
        return Body(body, outputs)

    def groups(self, network: nn.Sequential) -> list[list[nn.Parameter]]:
        model = network[0].model
        early = nn.ModuleList([model.conv_stem, model.bn1, *model.blocks[:3]])
        late = nn.ModuleList([*model.blocks[3:], model.conv_head, model.bn2])
        return [params(early), params(late), params(network[1])]


class _ResNet:
    def body(self, entry: Network, imagenet: bool, drop_path: float) -> Body:
        network = torchvision.models.get_model(entry.library_name, weights=None)
        if imagenet:
            network.load_state_dict(torchvision_state(entry))
        return Body(create_body(network, pretrained=False, cut=-2), network.fc.in_features)

    def groups(self, network: nn.Sequential) -> list[list[nn.Parameter]]:
        return model_meta[torchvision.models.resnet18]["split"](network)  # fastai's, the same for all ResNets


_BUILDERS: dict[Family, Builder] = {"efficientnet_lite": _Lite(), "resnet": _ResNet()}


def package_state(entry: Network, network: nn.Module) -> dict[str, torch.Tensor]:
    """The ImageNet weights in the entry's package under the names of `network`, which is timm's with its classifier.

    The package's tensors, in order, are exactly timm's; each pair's shape is checked.

    Raises:
        WeightsError: the package is missing or holds other tensors.
    """
    try:
        folder = files(entry.package.replace("-", "_"))
    except ModuleNotFoundError as error:
        raise WeightsError(
            f"The package {entry.package}, which carries the ImageNet weights, is not installed.",
            "Install the project's requirements again, or choose weights=random.",
        ) from error
    stored = next(p for p in sorted((folder / "models").iterdir(), key=lambda p: p.name) if p.name.endswith(".pth"))
    source = torch.load(str(stored), map_location="cpu", weights_only=True)
    own = network.state_dict()
    if len(own) != len(source) or any(a.shape != b.shape for a, b in zip(own.values(), source.values(), strict=True)):
        raise WeightsError(
            f"The weights of {entry.package} do not fit timm's network.", "Install the pinned requirements again."
        )
    return dict(zip(own, source.values(), strict=True))


def torchvision_state(entry: Network) -> dict[str, torch.Tensor]:
    """torchvision's ImageNet weights (V1, for ResNets those of the article), from torch's cache or its server.

    Raises:
        WeightsError: they are not in the cache and the server cannot be reached.
    """
    weights = torchvision.models.get_model_weights(entry.library_name).IMAGENET1K_V1
    try:
        return weights.get_state_dict(progress=False, check_hash=True)
    except (URLError, OSError, RuntimeError) as error:
        here = next(other.name for other in NETWORKS.values() if other.installed)
        raise WeightsError(
            f"The ImageNet weights of {entry.title} are not on this computer and could not be downloaded.",
            f"Connect to the internet, or put the file {weights.url.rpartition('/')[2]} into {torch.hub.get_dir()}"
            f"/checkpoints, or choose arch={here} (its weights are installed) or weights=random.",
        ) from error


def _fastai_head(features: int, outputs: int, dropout: float) -> nn.Sequential:
    """Maximum and mean of each feature, then two linear layers with BatchNorm."""
    head = create_head(features, outputs)
    # set afterwards: fastai leaves a layer without dropout out, and the names of those behind it would change
    first, last = (layer for layer in head if isinstance(layer, nn.Dropout))
    first.p, last.p = dropout / 2, dropout
    return head


def _linear_head(features: int, outputs: int, dropout: float) -> nn.Sequential:
    """The mean of each feature, then one linear layer: timm's ClassifierHead, of stock classes."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(features, outputs))


_HEADS: dict[Head, Callable[[int, int, float], nn.Sequential]] = {"fastai": _fastai_head, "linear": _linear_head}


def build_head(head: Head, features: int, outputs: int, dropout: float = 0.5) -> nn.Sequential:
    """A head with random weights.

    Args:
        features: K, how many the body gives.
        outputs, dropout: as for `build_network`.
    """
    return _HEADS[head](features, outputs, dropout)


def feature_count(head: nn.Sequential) -> int:
    """K, how many features the body gives to a head of `build_network`."""
    if isinstance(head[0], AdaptiveConcatPool2d):
        return next(layer.num_features for layer in head if isinstance(layer, nn.BatchNorm1d)) // 2
    return head[-1].in_features


def after_pooling(head: nn.Sequential, pooled: torch.Tensor) -> torch.Tensor:
    """(N, C) logits that a head gives for a feature map of which only maxima and means are known.

    Args:
        pooled: (N, 2K), the maximum of each feature and then the mean of each.
    """
    features = pooled if isinstance(head[0], AdaptiveConcatPool2d) else pooled[:, pooled.shape[1] // 2 :]
    for layer in list(head)[2:]:  # after the pooling and its flattening
        features = layer(features)
    return features


def build_network(
    arch: str, outputs: int, weights: str, dropout: float = 0.5, drop_path: float = 0.0, head: Head = "fastai"
) -> nn.Sequential:
    """`Sequential(body, head)`: the head decides on the body's feature map.

    Args:
        arch: a key of `network_registry.NETWORKS`.
        outputs: number of diagnoses.
        weights: "imagenet" or "random", for the body; the head always starts random.
        dropout: before the last layer, 0..1; before the layer in front of it, if there is one, half of that.
        drop_path: share of images for which the last block is skipped, 0..1, less for earlier ones (Huang et al. 2016).

    Raises:
        WeightsError: ImageNet weights cannot be had here.
        ConfigError: `drop_path` for a network that has none.
    """
    entry = NETWORKS[arch]
    if drop_path > 0 and not entry.drop_path:
        raise ConfigError(
            f"{arch} has no drop path (drop_path={drop_path:g}).", "Set drop_path=0, or choose an EfficientNet."
        )
    body = _BUILDERS[entry.family].body(entry, weights == "imagenet", drop_path)
    network = add_head(body.module, body.outputs, outputs, head=build_head(head, body.outputs, outputs, dropout))
    apply_init(network[1], nn.init.kaiming_normal_)  # once more, as ever: what a seed gives stays
    return network


def splitter(arch: str):
    """Gives a network's parameter groups, earliest layers first, for discriminative rates (Howard & Ruder 2018)."""
    return _BUILDERS[NETWORKS[arch].family].groups
