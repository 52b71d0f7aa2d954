"""The networks: a body that gives a feature map, and fastai's head on it."""

import timm
import torchvision
from fastai.torch_core import apply_init, params
from fastai.vision.learner import add_head, create_body, model_meta
from torch import nn

from pipeline.training.weights import lite0_state, torchvision_state


class Lite0Body(nn.Module):
    """timm's EfficientNet-Lite0 without its pooling and classifier: (N, 3, H, W) to (N, 1280, H/32, W/32)."""

    def __init__(self):
        super().__init__()
        self.model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
        self.features = self.model.num_features

    def forward(self, images):
        return self.model.forward_features(images)


def _lite0(weights: str) -> tuple[nn.Module, int]:
    body = Lite0Body()
    if weights == "imagenet":
        body.model.load_state_dict(lite0_state(body.model))
    body.model.reset_classifier(0)
    return body, body.features


def _resnet(arch: str, weights: str) -> tuple[nn.Module, int]:
    network = torchvision.models.get_model(arch, weights=None)
    if weights == "imagenet":
        network.load_state_dict(torchvision_state(arch))
    features = network.fc.in_features
    return create_body(network, pretrained=False, cut=-2), features


def build_network(arch: str, outputs: int, weights: str) -> nn.Sequential:
    """`Sequential(body, head)`: the body's feature map goes into fastai's head (concat pool, two linear layers).

    Args:
        arch: a key of `config.ARCHITECTURES`.
        outputs: number of diagnoses.
        weights: "imagenet" or "random", for the body; the head always starts random.

    Raises:
        WeightsError: ImageNet weights cannot be had here.
    """
    body, features = _lite0(weights) if arch == "efficientnet_lite0" else _resnet(arch, weights)
    network = add_head(body, features, outputs)
    apply_init(network[1], nn.init.kaiming_normal_)
    return network


def _split_lite0(network: nn.Sequential) -> list[list[nn.Parameter]]:
    model = network[0].model
    early = nn.ModuleList([model.conv_stem, model.bn1, *model.blocks[:3]])
    late = nn.ModuleList([*model.blocks[3:], model.conv_head, model.bn2])
    return [params(early), params(late), params(network[1])]


def splitter(arch: str):
    """Parameter groups from the earliest layers to the head, for discriminative rates (Howard & Ruder 2018)."""
    if arch == "efficientnet_lite0":
        return _split_lite0
    return model_meta[getattr(torchvision.models, arch)]["split"]
