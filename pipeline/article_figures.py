"""The article's own accuracies, as it reports them, to stand beside ours. Not measured here."""

from dataclasses import dataclass

SPLIT = "random, image by image"
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
