"""The configuration of a run: everything that decides its result, checked, and stored as JSON with the run."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from annotated_types import Interval, Len

from pipeline.bounds import Count, FileName, Rate, Share, Whole, Word
from pipeline.errors import ConfigError
from pipeline.files import to_json
from pipeline.network_registry import NETWORKS
from pipeline.records import RecordError, record
from pipeline.vocabulary import View

Weights = Literal["imagenet", "random"]
Resize = Literal["squish", "crop"]
SplitKind = Literal["lesion", "lesion-test", "random", "all"]
Augment = Literal["none", "flips", "light", "strong", "article"]
Loss = Literal["cross_entropy", "balanced_softmax", "weighted"]
Side = Annotated[int, Interval(ge=1, le=4096)]  # of an input, in pixels
Keep = Literal["last", "balanced_accuracy", "accuracy", "valid_loss"]


@dataclass(frozen=True)
class Stage:
    """One stretch of training with one one-cycle schedule (Smith 2018, arXiv:1803.09820).

    Attributes:
        freeze: train the head (and BatchNorm) only, as fastai's frozen stage does.
        epochs: at least 1.
        lr_max: the cycle's highest learning rate, for the head.
        lr_earliest: the highest rate of the earliest layers; None means lr_max everywhere.
        pct_start: share of the cycle in which the rate rises; fastai 2's default is 0.25, fastai 1's was 0.3.
    """

    freeze: bool
    epochs: Annotated[int, Interval(ge=1, le=100_000)]
    lr_max: Rate
    lr_earliest: Rate | None = None
    pct_start: Share = 0.25

    @property
    def words(self) -> str:
        rates = f"{self.lr_max:g}" if self.lr_earliest is None else f"{self.lr_earliest:g} to {self.lr_max:g}"
        part = "frozen, head only" if self.freeze else "fine-tuning, all layers"
        return f"{part}, {self.epochs} epoch{'s' * (self.epochs != 1)}, learning rate {rates}"


@dataclass(frozen=True)
class RunConfig:
    """What a run does.

    Attributes:
        width, height: the network's input in pixels.
        view: the part of an image that is brought there.
        limit: a number of images; None means all.
        fold: which of the five lesion folds validates (0..4), for the split "lesion".
        label_smoothing: share of the target spread over all diagnoses, 0..1 (Szegedy et al. 2016).
        weight_decay: decoupled (Loshchilov & Hutter 2019).
        dropout: of the head's last layer, 0..1; the layer before it gets half.
        drop_path: highest rate of stochastic depth, 0..1 (Huang et al. 2016); EfficientNets only.
        ema: decay of the weights' exponential moving average a step; 0 means none.
        keep_epochs: write each epoch's weights to a file of their own, too.
        features: the frozen stages train the head on stored outputs of the backbone in eval mode, for each image and
            its flips, instead of running the backbone in each epoch; its BatchNorm then does not move.
        flips: probabilities are the mean over the image and its three flips.
        same_lesion: `same_lesion.confirmed_digest` of the pairs of images that were confirmed to show one lesion and so
            stay on one side of the split; None where there were none.
        parent, parent_stage: the run and its stage (from 1) whose weights this run starts from; None: `weights`.
        stages_before, epochs_before: what those weights have gone through.
        repeat: counts trainings of the same recipe on the same split, which differ by chance alone.
    """

    data: FileName
    data_hash: Word
    preset: FileName
    arch: Word
    weights: Weights
    width: Side
    height: Side
    resize: Resize
    augment: Augment
    normalize: bool
    batch_size: Annotated[int, Interval(ge=1, le=100_000)]
    loss: Loss
    stages: Annotated[tuple[Stage, ...], Len(0, 100)]
    seed: Whole = 0
    split: SplitKind | Literal["external"] = "lesion"
    limit: Count | None = None
    keep: Keep = "balanced_accuracy"
    fold: Annotated[int, Interval(ge=0, le=4)] = 0
    label_smoothing: Share = 0.0
    weight_decay: Annotated[float, Interval(ge=0, le=1000)] = 0.01
    dropout: Share = 0.5
    drop_path: Share = 0.0
    ema: Share = 0.0
    keep_epochs: bool = False
    features: bool = False
    flips: bool = False
    same_lesion: Word | None = None
    parent: FileName | None = None
    parent_stage: Annotated[int, Interval(ge=1, le=100)] | None = None
    stages_before: Count = 0
    epochs_before: Count = 0
    repeat: Count = 0
    view: View = "whole"

    @property
    def training_seed(self) -> int:
        """Of the head's first weights, the batches and their augmentation; that of the split is `seed`."""
        return self.seed + 104_729 * self.repeat

    @property
    def epochs(self) -> int:
        """Epochs of all stages together."""
        return sum(stage.epochs for stage in self.stages)

    def on_features(self, stage: Stage) -> bool:
        """Whether that stage trains on stored outputs of the backbone."""
        return self.features and stage.freeze

    @property
    def only_features(self) -> bool:
        """Whether all its stages do, so that the backbone stays as it is."""
        return all(self.on_features(stage) for stage in self.stages)

    @property
    def features_words(self) -> str | None:
        """What `features` means for the run, in one sentence; None where it is off."""
        if not self.features:
            return None
        outputs = "The head learns from stored outputs of the backbone for each image"
        if self.augment == "none":
            return f"{outputs}."
        outputs = f"{outputs} and its three flips, one of the four at random in each epoch"
        rest = "" if self.augment == "flips" else f"; nothing else of augment={self.augment} applies to it"
        return f"{outputs}{rest}."

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "RunConfig":
        """The config that `to_json` gave; unknown keys of newer versions are refused.

        Raises:
            ConfigError: keys are missing or unknown, or a value is not what it must be.
        """
        try:
            return record(to_json(stored).encode(), cls, "The stored configuration")
        except RecordError as error:
            raise ConfigError(f"The stored configuration does not fit this version of LesionLab: {error}") from error


Setter = Callable[[RunConfig, str], dict[str, Any]]  # the fields that a setting's text gives a configuration


def _number(key: str, text: str, kind: type, low: float, high: float) -> Any:
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        noun = "a whole number" if kind is int else "a number"
        raise ConfigError(f"{key}={text} is not {noun} from {low:g} to {high:g}.", "Give a value in that range.")
    return value


def _choice(key: str, text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise ConfigError(f"{key}={text} is not known.", f"Choose one of: {', '.join(choices)}.")
    return text


def _set_size(config: RunConfig, text: str) -> dict[str, Any]:
    width, _, height = text.lower().partition("x")
    width = _number("size", width, int, 32, 1024)
    return {"width": width, "height": _number("size", height, int, 32, 1024) if height else width}


def _set_epochs(config: RunConfig, text: str) -> dict[str, Any]:
    counts = [_number("epochs", part.strip(), int, 0, 1000) for part in text.split(",")]
    if len(counts) != len(config.stages):
        named, has = f"{len(counts)} stage{'s' * (len(counts) != 1)}", len(config.stages)
        raise ConfigError(f"epochs={text} names {named}, but the preset has {has}.",
                          "Give one number a stage with a comma between; 0 leaves a stage out.")
    stages = tuple(
        dataclasses.replace(stage, epochs=n) for stage, n in zip(config.stages, counts, strict=True) if n
    )
    if not stages:
        raise ConfigError(f"epochs={text} leaves no stage to train.", "Give at least one stage an epoch.")
    return {"stages": stages}


def stage_rates(text: str) -> list[float]:
    """The learning rates that "RATE" or "EARLIEST:HEAD" names: one or two, each from 1e-10 to 10.

    Raises:
        ConfigError: it is neither.
    """
    rates = [_number("lr", rate.strip(), float, 1e-10, 10) for rate in text.split(":")]
    if len(rates) > 2:
        raise ConfigError(f"lr={text} has more than two rates.", "Give RATE or EARLIEST:HEAD.")
    return rates


def _set_rates(config: RunConfig, text: str) -> dict[str, Any]:
    parts = text.split(",")
    if len(parts) != len(config.stages):
        named, has = f"{len(parts)} stage{'s' * (len(parts) != 1)}", len(config.stages)
        raise ConfigError(f"lr={text} names {named}, but the run has {has}.",
                          "Give one rate a stage with a comma between; EARLIEST:HEAD for discriminative rates.")
    stages = []
    for stage, part in zip(config.stages, parts, strict=True):
        rates = stage_rates(part)
        stages.append(
            dataclasses.replace(stage, lr_max=rates[-1], lr_earliest=rates[0] if len(rates) == 2 else None)
        )
    return {"stages": tuple(stages)}


def _set_limit(config: RunConfig, text: str) -> dict[str, Any]:
    return {"limit": None if text == "none" else _number("limit", text, int, 20, 10_000_000)}


def _switch(field: str) -> Setter:
    return lambda config, text: {field: _choice(field, text, ("yes", "no")) == "yes"}


def _chooser(field: str, choices: tuple[str, ...]) -> Setter:
    return lambda config, text: {field: _choice(field, text, choices)}


def _counter(field: str, low: int, high: int) -> Setter:
    return lambda config, text: {field: _number(field, text, int, low, high)}


def _share(field: str, high: float) -> Setter:
    return lambda config, text: {field: _number(field, text, float, 0, high)}


SETTINGS = {
    "arch": (_chooser("arch", tuple(NETWORKS)), "the network: " + ", ".join(NETWORKS)),
    "weights": (_chooser("weights", get_args(Weights)), "initial weights: imagenet or random"),
    "size": (_set_size, "input in pixels: N for N×N, or WIDTHxHEIGHT"),
    "resize": (_chooser("resize", get_args(Resize)), "squish the image to the size, or scale and crop"),
    "epochs": (_set_epochs, "epochs of each stage, comma between; 0 leaves a stage out"),
    "lr": (_set_rates, "highest learning rate of each stage, comma between; EARLIEST:HEAD for two"),
    "batch_size": (_counter("batch_size", 2, 1024), "images in a training batch"),
    "seed": (_counter("seed", 0, 2**31 - 1), "seed of the split, the head's weights and the batches"),
    "repeat": (_counter("repeat", 0, 999), "another training on the same split, with other weights and batches"),
    "split": (_chooser("split", get_args(SplitKind)), "lesion, lesion-test, random, or all (none is held out)"),
    "limit": (_set_limit, "use about so many images: stratified, whole lesions"),
    "augment": (_chooser("augment", get_args(Augment)), "changes to training images: " + ", ".join(get_args(Augment))),
    "loss": (_chooser("loss", get_args(Loss)), "cross_entropy, or balanced_softmax or weighted against the imbalance"),
    "label_smoothing": (_share("label_smoothing", 0.5), "share of the target spread over all diagnoses"),
    "weight_decay": (_share("weight_decay", 1), "how fast weights shrink towards 0, times the learning rate a step"),
    "dropout": (_share("dropout", 0.9), "dropout of the head's last layer; the one before gets half"),
    "drop_path": (_share("drop_path", 0.9), "highest rate of skipped blocks (stochastic depth); EfficientNets only"),
    "ema": (_share("ema", 0.99999), "decay a step of the average of the weights that is kept; 0 for none"),
    "fold": (_counter("fold", 0, 4), "which fifth of the lesions validates, for split=lesion"),
    "keep": (_chooser("keep", get_args(Keep)), "which epoch's weights to keep: last, or the best by a metric"),
    "keep_epochs": (_switch("keep_epochs"), "write each epoch's weights to a file of their own, too: yes or no"),
    "flips": (_switch("flips"), "judge an image by the mean over it and its three flips: yes or no"),
    "features": (_switch("features"), "train frozen stages on stored outputs of the backbone: yes or no"),
    "normalize": (_switch("normalize"), "subtract ImageNet's mean and divide by its deviation: yes or no"),
}


def apply_settings(config: RunConfig, settings: list[str]) -> RunConfig:
    """`config` with each "key=value" of `settings` applied, `epochs` last so that `lr` sees every stage.

    Raises:
        ConfigError: an unknown key, a value out of its range, or settings that contradict each other.
    """
    parsed = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        key = key.strip()
        if not equals or key not in SETTINGS:
            raise ConfigError(
                f"{setting} is not a known setting." if equals else f"The setting {setting} has no value.",
                f"Write key=value; the keys are {', '.join(sorted(SETTINGS))}.",
            )
        parsed[key] = text.strip()
    for key in sorted(parsed, key=lambda k: k == "epochs"):
        config = dataclasses.replace(config, **SETTINGS[key][0](config, parsed[key]))
    if config.features and not any(stage.freeze for stage in config.stages):
        raise ConfigError("features=yes needs a stage that trains the head alone, and this run has none.",
                          "Set features=no, or keep a frozen stage.")
    if config.split == "all" and config.keep != "last":
        raise ConfigError(
            f"split=all holds no image out that could choose an epoch, but keep={config.keep} asks for that.",
            "Set keep=last, or another split.",
        )
    return config
