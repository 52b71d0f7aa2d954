"""The networks: a body that gives a feature map, and fastai's head on it."""

import timm
import torchvision
from fastai.torch_core import apply_init, params
from fastai.vision.learner import add_head, create_body, model_meta
from torch import nn

from pipeline.errors import ConfigError
from pipeline.networks.initial_weights import lite_state, torchvision_state


class LiteBody(nn.Module):
    """timm's EfficientNet-Lite without its pooling and classifier: (N, 3, H, W) to (N, 1280, H/32, W/32)."""

    def __init__(self, arch: str, drop_path: float):
        super().__init__()
        self.model = timm.create_model(f"tf_{arch}", pretrained=False, drop_path_rate=drop_path)
        self.features = self.model.num_features

    def forward(self, images):
        return self.model.forward_features(images)


def _lite(arch: str, weights: str, drop_path: float) -> tuple[nn.Module, int]:
    body = LiteBody(arch, drop_path)
    if weights == "imagenet":
        body.model.load_state_dict(lite_state(arch, body.model))
    body.model.reset_classifier(0)
    return body, body.features


def _resnet(arch: str, weights: str, drop_path: float) -> tuple[nn.Module, int]:
    if drop_path > 0:
        raise ConfigError(
            f"{arch} has no drop path (drop_path={drop_path:g}).", "Set drop_path=0, or choose an EfficientNet."
        )
    network = torchvision.models.get_model(arch, weights=None)
    if weights == "imagenet":
        network.load_state_dict(torchvision_state(arch))
    features = network.fc.in_features
    return create_body(network, pretrained=False, cut=-2), features


def _set_dropout(head: nn.Sequential, dropout: float) -> None:
    """Set afterwards: fastai leaves a layer without dropout out, and the names of those behind it would change."""
    first, last = (layer for layer in head if isinstance(layer, nn.Dropout))
    first.p, last.p = dropout / 2, dropout


def build_network(
    arch: str, outputs: int, weights: str, dropout: float = 0.5, drop_path: float = 0.0
) -> nn.Sequential:
    """`Sequential(body, head)`: the body's feature map goes into fastai's head (concat pool, two linear layers).

    Args:
        arch: a key of `config.ARCHITECTURES`.
        outputs: number of diagnoses.
        weights: "imagenet" or "random", for the body; the head always starts random.
        dropout: before the last layer, 0..1; before the layer in front of it half of that.
        drop_path: share of images for which the last block is skipped, 0..1, less for earlier ones (Huang et al. 2016).

    Raises:
        WeightsError: ImageNet weights cannot be had here.
        ConfigError: `drop_path` for a ResNet, which has none.
    """
    build_body = _lite if arch.startswith("efficientnet_lite") else _resnet
    body, features = build_body(arch, weights, drop_path)
    network = add_head(body, features, outputs)
    apply_init(network[1], nn.init.kaiming_normal_)
    _set_dropout(network[1], dropout)
    return network


def _split_lite(network: nn.Sequential) -> list[list[nn.Parameter]]:
    model = network[0].model
    early = nn.ModuleList([model.conv_stem, model.bn1, *model.blocks[:3]])
    late = nn.ModuleList([*model.blocks[3:], model.conv_head, model.bn2])
    return [params(early), params(late), params(network[1])]


def splitter(arch: str):
    """Parameter groups from the earliest layers to the head, for discriminative rates (Howard & Ruder 2018)."""
    if arch.startswith("efficientnet_lite"):
        return _split_lite
    return model_meta[getattr(torchvision.models, arch)]["split"]
