"""Named starting points for a run, each with the reason why it is as it is."""

from dataclasses import dataclass
from typing import Any

from pipeline.configuration.article import ARTICLE
from pipeline.configuration.config import RunConfig, Stage
from pipeline.errors import ConfigError


@dataclass(frozen=True)
class Preset:
    """A `name`, one `line` for lists, the `reason` in full, and the `config` without its data set."""

    name: str
    line: str
    reason: str
    config: RunConfig

    def for_data(self, data: str, data_hash: str) -> RunConfig:
        """The preset's config for a data set of that name and content hash."""
        return RunConfig(**{**self.config.__dict__, "data": data, "data_hash": data_hash})


def _config(name: str, **fields: Any) -> RunConfig:
    return RunConfig(data="", data_hash="", preset=name, **fields)


_LITE0 = {"arch": "efficientnet_lite0", "weights": "imagenet", "resize": "squish", "normalize": True}

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "instant",
            "Under 3 minutes on two cores for the 10,015 images of HAM10000, the next time about 20 seconds",
            "The backbone stays as ImageNet taught it: its outputs for each image and its three flips are computed "
            "once and kept with the data set, and the head alone learns from them, an epoch in about a second. Less "
            "accurate than a network whose layers all learn; a first stage for one, or a training to watch live.",
            _config(
                "instant", **_LITE0, width=160, height=120, augment="flips", batch_size=256, loss="balanced_softmax",
                stages=(Stage(True, 10, 4e-3),), features=True,
            ),
        ),
        Preset(
            "demo",
            "Under 3 minutes on two cores, for the embedded generated set",
            "EfficientNet-Lite0 with ImageNet weights on small images: enough to see a network learn the generated "
            "structures, short enough to watch from start to end.",
            _config(
                "demo", **_LITE0, width=128, height=96, augment="light", batch_size=32, loss="cross_entropy",
                stages=(Stage(True, 1, 4e-3), Stage(False, 4, 2e-3, 2e-4)),
            ),
        ),
        Preset(
            "quick",
            "About 4 minutes on two cores for the 10,015 images of HAM10000",
            "A frozen stage for the new head, then fine-tuning with discriminative rates at half the original's "
            "resolution. The loss (balanced softmax, Ren et al. 2020) weighs all diagnoses alike, because nevi are "
            "58 times as many as dermatofibromas.",
            _config(
                "quick", **_LITE0, width=160, height=120, augment="light", batch_size=32, loss="balanced_softmax",
                stages=(Stage(True, 1, 4e-3), Stage(False, 3, 2e-3, 2e-4)),
            ),
        ),
        Preset(
            "balanced",
            "As quick, with the loss weighted by class instead",
            "The same network and stages as quick, with the older answer to the imbalance: cross-entropy in which each "
            "diagnosis counts as much as any other, an image of a rare one therefore many times as much as a "
            "nevus. Compare it with quick, and with quick and --set loss=cross_entropy.",
            _config(
                "balanced", **_LITE0, width=160, height=120, augment="light", batch_size=32, loss="weighted",
                stages=(Stage(True, 1, 4e-3), Stage(False, 3, 2e-3, 2e-4)),
            ),
        ),
        Preset(
            "strong",
            "The recipe of the bundled model: about 19 minutes on two cores for four fifths of HAM10000",
            "Any rotation, scale, colour, sharpness and compression, so that the network learns none of them; balanced "
            "softmax with smoothed labels; strong regularisation; the average of the weights over the last steps is "
            "kept, so that no epoch is chosen on the validation images; an answer is the mean over the image and its "
            "three flips.",
            _config(
                "strong", **_LITE0, width=256, height=192, augment="strong", batch_size=32, loss="balanced_softmax",
                stages=(Stage(True, 1, 4e-3), Stage(False, 6, 2e-3, 4e-4)), keep="last", label_smoothing=0.05,
                weight_decay=0.05, dropout=0.3, drop_path=0.1, ema=0.998, flips=True,
            ),
        ),
        *(Preset(*fields) for fields in ARTICLE),
    )
}


def preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        ConfigError: there is none; the sentence lists those that there are.
    """
    if name not in PRESETS:
        raise ConfigError(f"There is no preset named {name}.", f"The presets are {', '.join(PRESETS)}.")
    return PRESETS[name]
