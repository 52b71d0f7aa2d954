"""The article: its experiments as presets, in this project's words, and its own figures, to stand beside ours.

Stage 1's learning rate is not recorded, so it is fastai 1's default: `slice(None, 3e-3)`, 3e-3 for the head and a tenth
for the layers before it, of which a frozen stage trains BatchNorm alone. The one-cycle is fastai 1's: rising for 30 %
of the steps from a 25th, momentum 0.95 to 0.85 and back, weight decay 0.01, from `vision_learner`'s ImageNet weights.
What stays fastai 2's: Adam's epsilon (1e-5, not 1e-8), no weight decay of BatchNorm and biases, and the middle group's
rate in stage 1 (between the other two, not the lowest).
"""

from dataclasses import dataclass

from pipeline.configuration.config import RunConfig, Stage

_MEGABYTES = {"resnet18": 47, "resnet34": 87, "resnet50": 103}  # of one network's weights
_HEAD_RATE, _BODY_RATE = 3e-3, 3e-4
_PCT_START = 0.3

_CODE = (
    "It does what the article's code did, which its words do not always say: images are scaled until their shorter "
    "side has 448 pixels and cropped, at random for training and centrally for validation (the words say squished; "
    "resize=squish gives that); every training image is turned and mirrored into one of its eight orientations, each "
    "as likely; brightness and contrast change by up to 0.1 in three of four images; nothing else, and no "
    "normalisation with ImageNet's mean. The split is the article's, 80 to 20 image by image, so images of one lesion "
    "are on both sides and its figures are too good; split=lesion is the honest one. It recorded accuracy, error rate "
    "and F-beta (fastai 1's: beta 2, mean over the diagnoses); its Dice is for segmentation and left out. Each epoch's "
    "weights are kept (about {gigabytes:.0f} GB on disk; keep_epochs=no keeps each stage's last), and training goes on "
    "from the last, not the best."
)
_SLICE = (
    "In slice(a, b) the first rate is for the earliest layers and the second for the head, so these rates train the "
    "earliest layers ten times faster than the head: the reverse of the usual practice. They are kept as written; "
    "--set lr={frozen},{reverse} is the reverse."
)


def _rates(earliest: float, head: float) -> str:
    return f"slice({earliest:.0e}, {head:.0e})".replace("e-0", "e-")


def _fine(epochs: int, earliest: float, head: float) -> Stage:
    return Stage(False, epochs, head, earliest, _PCT_START)


def _frozen(epochs: int) -> Stage:
    return Stage(True, epochs, _HEAD_RATE, _BODY_RATE, _PCT_START)


def _config(name: str, arch: str, batch_size: int, *stages: Stage) -> RunConfig:
    return RunConfig(
        data="", data_hash="", preset=name, arch=arch, weights="imagenet", width=448, height=448, resize="crop",
        augment="article", normalize=False, batch_size=batch_size, loss="cross_entropy", stages=stages,
        split="random", keep="last", keep_epochs=True,
    )


def _experiment(
    name: str, arch: str, words: str, line: str, reason: str, batch_size: int, *stages: Stage
) -> tuple[str, str, str, RunConfig]:
    """Name, line, reason and config of one of the article's experiments."""
    config, tuned = _config(name, arch, batch_size, *stages), stages[1]
    line = f"{words}: {line}; for a GPU, hours to days on a processor"
    frozen = f"{_BODY_RATE:g}:{_HEAD_RATE:g}"
    reverse = ",".join(f"{tuned.lr_max:g}:{tuned.lr_earliest:g}" for _ in stages[1:])
    code = _CODE.format(gigabytes=config.epochs * _MEGABYTES[arch] / 1000)
    return name, line, f"{reason} {code} {_SLICE.format(frozen=frozen, reverse=reverse)}", config


_RESNET34 = (_frozen(10), _fine(30, 1e-4, 1e-5))
_HIGH, _LOW = _rates(1e-4, 1e-5), _rates(1e-5, 1e-6)
_SAME_STAGE_1 = "To start from its sibling's first stage instead of training it again, add --from RUN:1."

ARTICLE: tuple[tuple[str, str, str, RunConfig], ...] = (
    _experiment(
        "article-resnet34", "resnet34", "The article's best network", f"ResNet34, 10 + 30 epochs, {_HIGH}",
        "The article's main experiment: it reports 85.0 % accuracy after the head's 10 epochs and 92.9 % after 30 "
        "more of all layers.",
        64, *_RESNET34,
    ),
    _experiment(
        "article-resnet34-longer", "resnet34", "The overfitting lesson", "ResNet34, 30 epochs more",
        "The article trained its best network for 30 epochs more and found it worse on the validation images: it had "
        "begun to learn its training images by heart. Compare the two losses. Without --from it trains the first two "
        "stages itself; with --from RUN:2 it goes on from a run of article-resnet34.",
        64, *_RESNET34, _fine(30, 1e-4, 1e-5),
    ),
    _experiment(
        "article-resnet50-exp1", "resnet50", "The low rates", f"ResNet50, 15 + 35 epochs, {_LOW}",
        "The article's first experiment with ResNet50, with rates ten times lower than in its second; it reports 88 % "
        "and 90 % for the low rates and 87.6 % after stage 1.",
        28, _frozen(15), _fine(35, 1e-5, 1e-6),
    ),
    _experiment(
        "article-resnet50-exp2", "resnet50", "The high rates", f"ResNet50, 15 + 35 epochs, {_HIGH}",
        f"The article's second experiment with ResNet50, from the first one's stage 1; it reports 92.6 %. "
        f"{_SAME_STAGE_1}",
        28, _frozen(15), _fine(35, 1e-4, 1e-5),
    ),
    _experiment(
        "article-resnet18-exp1", "resnet18", "The low rates", f"ResNet18, 15 + 35 epochs, {_LOW}",
        "The article's first experiment with ResNet18, with rates ten times lower than in its second; it reports 88 % "
        "and 90 % for the low rates and 85.5 % after stage 1.",
        48, _frozen(15), _fine(35, 1e-5, 1e-6),
    ),
    _experiment(
        "article-resnet18-exp2", "resnet18", "The high rates", f"ResNet18, 15 + 35 epochs, {_HIGH}",
        f"The article's second experiment with ResNet18, from the first one's stage 1; it reports 90.5 %. "
        f"{_SAME_STAGE_1}",
        48, _frozen(15), _fine(35, 1e-4, 1e-5),
    ),
)

SPLIT = "random, image by image"  # of the article's figures, none of which was measured here
_QUOTED = "not its own: quoted"


@dataclass(frozen=True)
class ArticleFigure:
    """One reported accuracy.

    Attributes:
        network: as the article names it.
        stage: after which training.
        accuracy: shares of 0..1, one where the article gives one figure for the row, else those that it gives.
        split: on which part of the images it was measured, in words.
        preset: ours that repeats it, None where there is none.
    """

    network: str
    stage: str
    accuracy: tuple[float, ...]
    preset: str | None = None
    split: str = SPLIT


FIGURES: tuple[ArticleFigure, ...] = (
    ArticleFigure("ResNet34", "frozen stage", (0.850,)),
    ArticleFigure("ResNet50", "frozen stage", (0.876,)),
    ArticleFigure("ResNet18", "frozen stage", (0.855,)),
    ArticleFigure("ResNet34", "fine-tuned, slice(1e-4, 1e-5)", (0.929,), "article-resnet34"),
    ArticleFigure("ResNet50", "fine-tuned, slice(1e-4, 1e-5)", (0.926,), "article-resnet50-exp2"),
    ArticleFigure("ResNet18", "fine-tuned, slice(1e-4, 1e-5)", (0.905,), "article-resnet18-exp2"),
    ArticleFigure("ResNet50 and ResNet18", "fine-tuned, the low rates slice(1e-5, 1e-6)", (0.88, 0.90)),
    ArticleFigure("MobileNet", "quoted by the article", (0.85,), split=_QUOTED),
    ArticleFigure("A Kaggle kernel", "quoted by the article", (0.86,), split=_QUOTED),
)

# what fastai 1 printed in the article after its learning-rate searches, both after the frozen stage
RECORDED_RATES: dict[str, tuple[float, float]] = {"resnet50": (9.12e-07, 1.10e-07), "resnet18": (1.32e-06, 1.58e-07)}
