"""The configuration of a run: everything that decides its result, checked, and stored as JSON with the run.

A field that a user may change declares its setting in its annotation; see `settings`.
"""

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from annotated_types import Interval, Len

from pipeline.configuration.network_registry import IMAGENET, NETWORKS, UNCHANGED, Mean, Normalisation, Std
from pipeline.configuration.settings import (
    Choice,
    DatasetName,
    Number,
    Setting,
    Size,
    StageEpochs,
    StageRates,
    Switch,
    declared,
)
from pipeline.errors import ConfigError
from pipeline.files.bounds import Count, FileName, Rate, Share, Word
from pipeline.files.disk import to_json
from pipeline.files.records import RecordError, record
from pipeline.vocabulary import Split, SplitKind, View

Side = Annotated[int, Interval(ge=1, le=4096)]  # of an input, in pixels
MOST_EPOCHS = 1000  # of a stage

Weights = Literal["imagenet", "random"]
WEIGHTS: dict[Weights, str] = {"imagenet": "ImageNet (transfer learning)", "random": "Random (from nothing)"}

Resize = Literal["squish", "crop"]
RESIZES: dict[Resize, str] = {"squish": "Squish the whole image", "crop": "Scale and crop the middle"}

SPLITS: dict[SplitKind, str] = {
    "lesion": "By lesion: training and validation", "lesion-test": "By lesion, with a test part",
    "random": "By image, as in the article", "all": "None is held out: no figures",
}

Augment = Literal["none", "flips", "light", "strong", "article"]
AUGMENTS: dict[Augment, str] = {
    "none": "None", "flips": "Flips only: the quickest", "light": "Light: orientation, slight light and scale",
    "strong": "Strong: any rotation, scale, colour, blur, compression", "article": "As in the article",
}

Loss = Literal["cross_entropy", "balanced_softmax", "weighted"]
LOSSES: dict[Loss, str] = {
    "cross_entropy": "Cross-entropy", "balanced_softmax": "Balanced softmax (against the imbalance)",
    "weighted": "Cross-entropy weighted by class (against the imbalance)",
}

Head = Literal["fastai", "linear"]
HEADS: dict[Head, str] = {
    "fastai": "fastai's: two layers on the maximum and the mean of each feature",
    "linear": "Linear: one layer on the mean of each feature, as timm has it",
}

Mix = Literal["none", "mixup", "cutmix"]
MIXES: dict[Mix, str] = {
    "none": "None", "mixup": "Mixup: two images laid over each other",
    "cutmix": "CutMix: a part of another image set in",
}

Precision = Literal["auto", "fp32", "bf16", "fp16"]
PRECISIONS: dict[Precision, str] = {
    "auto": "What the device is quickest in", "fp32": "float32", "bf16": "bfloat16",
    "fp16": "float16, with a scaled loss",
}

Keep = Literal["last", "balanced_accuracy", "accuracy", "valid_loss"]
KEEPS: dict[Keep, str] = {
    "last": "The last epoch's", "balanced_accuracy": "The epoch of the best balanced accuracy",
    "accuracy": "The epoch of the best accuracy", "valid_loss": "The epoch of the lowest validation loss",
}


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
    epochs: Annotated[int, Interval(ge=1, le=MOST_EPOCHS)]
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
        mix: mixup (Zhang et al. 2018, arXiv:1710.09412) or CutMix (Yun et al. 2019, arXiv:1905.04899), of the images of
            a training batch.
        mean, std: what `normalize` subtracts and divides by, of red, green and blue on 0..1: the numbers of the weights
            that it starts from. A configuration without them was made when ImageNet's were used for all networks.
        repeat: counts trainings of the same recipe on the same split, which differ by chance alone.
        reserved: `reserved.reserved_digest` of the images that are in no part; None where none are reserved.
        extra, extra_hash: another data set, whose images join the training part alone, and its content hash. The
            probabilities stay those at the frequencies of the training images of `data`, whatever it adds (see
            `training.losses.make_loss`).
    """

    data: FileName
    data_hash: Word
    preset: FileName
    arch: Annotated[Word, Choice(
        "Network", "The network; larger ones learn finer structures and take much longer.",
        {name: network.title for name, network in NETWORKS.items()},
    )]
    weights: Annotated[Weights, Choice(
        "Initial weights", "ImageNet's weights know edges and textures already; random ones need far more images.",
        WEIGHTS,
    )]
    width: Annotated[Side, Size(
        "Image size, WIDTHxHEIGHT in pixels", "What the network sees, as WIDTHxHEIGHT or N for N×N pixels; twice as "
        "wide and high is four times the work.", 32, 1024, key="size",
    )]
    height: Side
    resize: Annotated[Resize, Choice(
        "Fitting", "How an image comes to that size: squishing keeps its border, cropping keeps its proportions.",
        RESIZES,
    )]
    augment: Annotated[Augment, Choice(
        "Changes to training images", "Random changes show the network that they do not matter.", AUGMENTS
    )]
    normalize: Annotated[bool, Switch(
        "Normalisation", "Subtract the mean that the weights were made with, and divide by its deviation:"
    )]
    batch_size: Annotated[int, Number(
        "Images in a batch", "Images in a training batch; larger batches are smoother and need more memory.", 2, 1024,
        low_stored=1,  # an evaluation's, which trains nothing
    )]
    loss: Annotated[Loss, Choice(
        "Loss", "What the training lowers; balanced softmax weighs rare diagnoses like frequent ones.", LOSSES
    )]
    stages: Annotated[
        tuple[Stage, ...], Len(0, 100),
        StageEpochs("Epochs", "How often each stage sees each training image, comma between; 0 leaves a stage out.",
                    MOST_EPOCHS, key="epochs"),
        StageRates("Highest learning rates", "The highest of each stage, comma between; EARLIEST:HEAD gives the "
                   "earliest layers a rate of their own.", 1e-10, 10, key="lr"),
    ]
    seed: Annotated[int, Number(
        "Seed", "The same seed gives the same split, the same first weights of the head and the same batches.", 0,
        2**31 - 1,
    )] = 0
    split: Annotated[Split, Choice(
        "Split", "Which images are kept from training, to judge the network on them.", SPLITS
    )] = "lesion"
    limit: Annotated[int, Number(
        "Use about so many images (0: all)", "For a quick try: whole lesions, each diagnosis in its share.", 20,
        10_000_000,
    )] | None = None
    keep: Annotated[Keep, Choice(
        "Weights to keep", "Which epoch's; if the validation part chooses it, its figures are a little too good.", KEEPS
    )] = "balanced_accuracy"
    fold: Annotated[int, Number("Fold", "Which fifth of the lesions validates, for split=lesion.", 0, 4)] = 0
    label_smoothing: Annotated[float, Number(
        "Label smoothing", "Share of the target that is spread over all diagnoses.", 0.0, 0.5
    )] = 0.0
    weight_decay: Annotated[float, Number(
        "Weight decay", "How fast weights shrink towards 0, times the learning rate a step.", 0.0, 1.0
    )] = 0.01
    dropout: Annotated[float, Number(
        "Dropout", "Dropout of the head's last layer; the one before gets half.", 0.0, 0.9
    )] = 0.5
    drop_path: Annotated[float, Number(
        "Drop path", "Highest rate of skipped blocks (stochastic depth); EfficientNets only.", 0.0, 0.9
    )] = 0.0
    ema: Annotated[float, Number(
        "Average of the weights", "Decay a step of the average of the weights that is kept; 0 for none.", 0.0, 0.99999
    )] = 0.0
    keep_epochs: Annotated[bool, Switch(
        "Keep each epoch", "Write each epoch's weights to a file of their own, too:"
    )] = False
    features: Annotated[bool, Switch(
        "Stored features", "Train frozen stages on stored outputs of the backbone:"
    )] = False
    flips: Annotated[bool, Switch(
        "Mean over flips", "Judge an image by the mean over it and its three flips:"
    )] = False
    same_lesion: Word | None = None
    parent: FileName | None = None
    parent_stage: Annotated[int, Interval(ge=1, le=100)] | None = None
    stages_before: Count = 0
    epochs_before: Count = 0
    repeat: Annotated[int, Number(
        "Repeat", "Another training on the same split, with other first weights and batches.", 0, 999
    )] = 0
    view: View = "whole"
    mean: Mean = IMAGENET.mean
    std: Std = IMAGENET.std
    reserved: Word | None = None
    extra: Annotated[FileName, DatasetName(
        "Extra training images", "Another data set whose images join the training part alone, never what judges; what "
        "overlaps with a held-out image is left out.",
    )] | None = None
    extra_hash: Word | None = None
    head: Annotated[Head, Choice(
        "Head", "What decides on the network's features; the linear one has a hundredth of the weights.", HEADS
    )] = "fastai"
    mix: Annotated[Mix, Choice(
        "Mixed images", "Trains on pairs of images with the diagnoses of both, each with its share.", MIXES
    )] = "none"
    precision: Annotated[Precision, Choice(
        "Precision", "Of the numbers in training batches: those of 16 bits need hardware that multiplies them; what "
        "judges has 32 bits.", PRECISIONS
    )] = "auto"

    @property
    def training_seed(self) -> int:
        """Of the head's first weights, the batches and their augmentation; that of the split is `seed`."""
        return self.seed + 104_729 * self.repeat

    @property
    def normalisation(self) -> Normalisation:
        """What an input goes through."""
        return Normalisation(self.mean, self.std) if self.normalize else UNCHANGED

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


SETTINGS: dict[str, Setting] = declared(RunConfig)
RATES = cast(StageRates, SETTINGS["lr"])


def apply_settings(config: RunConfig, settings: list[str]) -> RunConfig:
    """`config` with each "key=value" of `settings` applied.

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
    for key in sorted(parsed, key=lambda key: SETTINGS[key].after_all_others):
        config = dataclasses.replace(config, **SETTINGS[key].parse(parsed[key], config))
    if config.features and not any(stage.freeze for stage in config.stages):
        raise ConfigError("features=yes needs a stage that trains the head alone, and this run has none.",
                          "Set features=no, or keep a frozen stage.")
    if config.features and config.mix != "none":
        raise ConfigError(f"mix={config.mix} mixes images, and features=yes trains without looking at any.",
                          "Set mix=none, or features=no.")
    if config.split == "all" and config.keep != "last":
        raise ConfigError(
            f"split=all holds no image out that could choose an epoch, but keep={config.keep} asks for that.",
            "Set keep=last, or another split.",
        )
    return config


def settings_text(config: RunConfig) -> dict[str, str]:
    """Every setting in the words that `--set` takes, so that `key=value` of each gives the same config again."""
    return {key: setting.text(config) for key, setting in SETTINGS.items()}
