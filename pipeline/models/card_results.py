"""What a model card says of the training and of the figures: split, stages, metrics with intervals, and the errors."""

from collections.abc import Iterable
from typing import Any

from pipeline.classes import label
from pipeline.configuration.config import RunConfig
from pipeline.configuration.network_registry import IMAGENET, UNCHANGED, Normalisation, network_title
from pipeline.data.split import SPLIT_SENTENCES
from pipeline.errors import LesionLabError
from pipeline.metrics.confusion import most_confused
from pipeline.metrics.metric_registry import Metric, metrics_of
from pipeline.metrics.predictions_table import classes_of
from pipeline.metrics.units import bounds_words, figure_words
from pipeline.models.model_info import ModelInfo
from pipeline.number_words import UNDEFINED, count, decimal, percent
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text
from pipeline.text_tables import bullets, markdown_table
from pipeline.vocabulary import HeldOutPart

_MOST_PAIRS = 8


def network_words(of: ModelInfo | RunConfig) -> str:
    """ "EfficientNet-Lite0", or "5 × EfficientNet-Lite0" for those of a cross-validation; the architecture's own name
    where this version does not know it. A head other than the usual one is named.
    """
    name = network_title(of.arch)
    name += "" if of.head == "fastai" else f" with a {of.head} head"
    return f"{len(of.folds)} × {name}" if isinstance(of, ModelInfo) and of.folds else name


def normalisation_words(normalisation: Normalisation) -> str:
    """ "ImageNet normalisation", "no normalisation", or the numbers."""
    known = {IMAGENET: "ImageNet normalisation", UNCHANGED: "no normalisation"}
    mean, std = (", ".join(f"{number:g}" for number in numbers) for numbers in normalisation)
    return known.get(normalisation, f"normalised with the mean {mean} and the deviation {std} of red, green and blue")


def seen_sentences(info: ModelInfo) -> str:
    """What of an image the model sees where that is not all of it, each sentence after a blank."""
    part = " Of an image it sees the central square over the shorter side." if info.view == "square" else ""
    if info.detail is None:
        return part
    size = f"{info.detail[0]}×{info.detail[1]}"
    return f"{part} A larger image is first reduced to {size}, the size of the training images."


def training_text(run: RunDir) -> str:
    """The split, the stages and the settings that decide the result."""
    config = run.config()
    versions = ", ".join(f"{name} {version}" for name, version in run.about().get("versions", {}).items())
    weights = {"imagenet": "ImageNet's weights", "random": "random weights"}[config.weights]
    start = weights if config.parent is None else f"stage {config.parent_stage} of the run {as_text(config.parent)}"
    fold = f" Fold {config.fold + 1} of 5 validates." if config.split == "lesion" else ""
    lines = [
        f"Split: {SPLIT_SENTENCES[config.split]} Seed {config.seed}.{fold}",
        f"Network: {as_text(network_words(config))}, from {start}; input {config.width}×{config.height} pixels, "
        f"{'squished' if config.resize == 'squish' else 'scaled and cropped'}, "
        f"{normalisation_words(config.normalisation)}.",
        f"Preset {as_text(config.preset)}: loss {as_text(config.loss)}, augmentation {as_text(config.augment)}, "
        f"batches of {config.batch_size}.",
        *(f"Stage {number}: {as_text(stage.words)}." for number, stage in enumerate(config.stages, 1)),
        "Weights kept: those of the last epoch." if config.keep == "last" else
        f"Weights kept: those of the epoch with the best validation {as_text(config.keep.replace('_', ' '))}.",
    ]
    return bullets([*lines, f"Made with {as_text(versions)}."] if versions else lines)


def figures_text(part: HeldOutPart, figures: dict[str, Any] | None) -> str:
    """The figures of one held-out part, over all and for each diagnosis."""
    if not figures:
        return f"{UNDEFINED} There are no {as_text(part)} figures."
    intervals = figures.get("intervals") or {}
    overall = markdown_table(
        ["figure", "value", "95 % interval"],
        [[as_text(metric.name), figure_words(figures.get(metric.key), metric.unit),
          bounds_words(intervals.get(metric.key), metric.unit)] for metric in metrics_of("part")],
    )
    each = markdown_table(
        ["diagnosis", "images", "lesions", "sensitivity", "specificity", "AUC"],
        [[as_text(label(code)), f"{row['images']:,}", f"{row['lesions']:,}", percent(row["sensitivity"]),
          percent(row["specificity"]), decimal(row["auc"])]
         for code, row in sorted(figures.get("per_diagnosis", {}).items())],
    )
    what = f"{count(figures.get('images'), 'image')} of {count(figures.get('lesions'), 'lesion')}."
    chose = " These images also chose the epoch, so the figures are a little too good." if (
        figures.get("chose_epoch")) else ""
    how = " Intervals: bootstrap over lesions, 2.5th to 97.5th percentile." if intervals else (
        " No intervals were computed; `evaluate` with the run's name computes them.")
    return f"{what}{chose}{how}\n\n{overall}\n\n{meanings(metrics_of('part'))}\n\n{each}"


def meanings(metrics: Iterable[Metric]) -> str:
    """What each figure says, a sentence each."""
    return bullets([f"{as_text(metric.title)}: {as_text(metric.sentence)}" for metric in metrics])


def melanoma_sentence(figures: dict[str, Any] | None) -> str:
    """Melanoma lesions that were called something else, with the 95 % Wilson interval."""
    found = (figures or {}).get("melanoma")
    if not found or not found["lesions"]:
        return f"Melanoma lesions called something else: {UNDEFINED}, none was there to judge."
    return (
        f"Melanoma lesions called something else (a lesion's images averaged): {found['called_else']:,} of "
        f"{found['lesions']:,}, {percent(found['called_else'] / found['lesions'])} "
        f"(95 % Wilson interval {percent(found['low'])} to {percent(found['high'])})."
    )


def failures_text(run: RunDir, figures: dict[str, Any] | None) -> str:
    """The pairs most often confused in validation, and the melanomas."""
    lines = [melanoma_sentence(figures)]
    try:
        predictions = run.predictions()
        validation = predictions[predictions["part"] == "validation"]
        pairs = most_confused(validation, classes_of(validation), _MOST_PAIRS)
    except (LesionLabError, KeyError):
        return bullets([*lines, f"Most confused pairs: {UNDEFINED}, the predictions are not here."])
    rows = [[as_text(label(p.truth)), as_text(label(p.predicted)), f"{p.images:,}", percent(p.share)] for p in pairs]
    if not rows:
        return bullets([*lines, "No validation image was called something else."])
    header = ["diagnosis", "predicted", "images", "of that diagnosis's images"]
    return f"{bullets(lines)}\n\n" + markdown_table(header, rows, left=2)
