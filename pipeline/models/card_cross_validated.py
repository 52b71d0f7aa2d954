"""The card of a cross-validation's networks: its figures are of images that the network that answered had not seen.

Along the items of CLAIM, like every card (see `card`); the model has no run of its own beside it.
"""

from typing import Any

from pipeline.classes import NEVUS, label
from pipeline.configuration.config import RunConfig
from pipeline.data.dataset import Dataset
from pipeline.metrics.decisions import DECISIONS
from pipeline.metrics.metric_registry import Metric, metrics_of
from pipeline.metrics.units import AREA, NOT_COMPUTED, Unit, figure_words, with_interval
from pipeline.models.card_data import missing_text, people_text, reference_text, source_text
from pipeline.models.card_results import meanings, network_words, seen_sentences
from pipeline.models.model_info import ModelInfo
from pipeline.models.notice import notice
from pipeline.number_words import UNDEFINED, count, decimal, percent
from pipeline.shown import as_code, as_text
from pipeline.text_tables import bullets, markdown_table


def cross_validated_card(
    info: ModelInfo, dataset: Dataset, figures: dict[str, Any], robustness: dict[str, Any] | None
) -> str:
    """The card in Markdown.

    Args:
        info: a description with folds.
        dataset: that it was trained on.
        figures: what the build stored: see `default_model.build.cross_validate`.
        robustness: see `default_model.robustness`; None where it was not measured.
    """
    images = dataset.metadata().assign(part="train")
    made_up = "\n\nInvented, like everything about the drawings." if info.generated else ""
    sections = {
        "Intended use": _intended(info),
        "The model": _facts(info, figures),
        "Data": source_text(info, dataset) + "\n\n" + _sources_text(figures),
        "Age, sex and site": people_text(images) + made_up,
        "Reference standard": "How each diagnosis was made, in images.\n\n" + reference_text(images) + made_up,
        "Missing values": missing_text(images),
        "Training": _training(info, figures),
        "Figures in cross-validation": _figures_text(figures),
        "Each diagnosis": _diagnoses_text(figures),
        "Each image source": _source_figures_text(figures),
        **({"Images from elsewhere": _reserved_text(figures["reserved"])} if "reserved" in figures else {}),
        "The same lesion in another file": _robustness_text(robustness),
        "Limits": _limits(info, figures),
    }
    text = "\n\n".join(f"## {heading}\n\n{body}" for heading, body in sections.items())
    return f"# Model card: {as_text(info.name)}\n\n{notice(info)}\n\n{text}\n"


def _intended(info: ModelInfo) -> str:
    return "\n\n".join([
        "Education only, not a medical device. For:\n\n" + bullets([
            "Teaching: what such a network gets right, and how it errs.",
            "Use by educators and students who look at its errors, on dermatoscopic images of single lesions.",
        ]),
        "Not for:\n\n" + bullets([
            "Any decision about a person: screening, triage, diagnosis, treatment, reassurance.",
            "Photographs taken without a dermatoscope.",
            "Commercial use: the licence of its training images forbids it." if "NC" in info.licence else
            "Uses that the licence of its training images forbids.",
        ]),
    ])


def _facts(info: ModelInfo, figures: dict[str, Any]) -> str:
    shipped = figures["shipped"]
    views = " An answer is the mean over the image and its three flips." if info.flips else ""
    temperatures = ", ".join(f"{network.temperature:.3f}" for network in info.folds)
    return bullets([
        f"Name for commands: {as_code(info.name)}.",
        f"Networks: {as_text(network_words(info))}, those of one cross-validation; input {info.width}×{info.height} "
        f"pixels.{seen_sentences(info)}{views}",
        "A new image gets the mean of their probabilities. An image that is found to be one of those below gets the "
        "answer of the one network whose training left its lesion out.",
        f"Weights: {shipped['bytes'] / 2**20:.1f} MiB of 16-bit floats; no probability differs by more than "
        f"{shipped['half_precision_difference']:.4f} from that of the 32-bit ones.",
        "Output: a probability for each of " + ", ".join(as_text(label(code)) for code in info.classes) + ".",
        "Its probabilities assume the diagnoses as frequent as in its training images, and are calibrated: those of "
        f"each network by the temperature that fits what the others say of images they had not seen ({temperatures}).",
        *(f"Decision `{name}`: {words}." for name, words in DECISIONS.items()),
        f"Trained on {count(info.training_images, 'image')} of {count(info.training_lesions, 'lesion')}, each network "
        "without its own fifth; their ids, lesions and content hashes are with it, and which network left each out.",
    ])


def _training(info: ModelInfo, figures: dict[str, Any]) -> str:
    config = RunConfig.from_json(figures["shipped"]["config"])
    versions = ", ".join(f"{name} {version}" for name, version in figures["versions"].items())
    minutes = ", ".join(f"{fold['seconds'] / 60:.0f}" for fold in figures["folds"])
    return bullets([
        f"Preset {as_text(config.preset)}: loss {as_text(config.loss)}, augmentation {as_text(config.augment)}, "
        f"batches of {config.batch_size}, "
        f"label smoothing {config.label_smoothing:g}, weight decay {config.weight_decay:g}, "
        f"dropout {config.dropout:g}, drop path {config.drop_path:g}, average of the weights {config.ema:g}.",
        *(f"Stage {number}: {as_text(stage.words)}." for number, stage in enumerate(config.stages, 1)),
        "No epoch was chosen: the weights of the last one are kept.",
        f"The {_number(len(info.folds))} networks (trained in {minutes} minutes, pauses included) each left another "
        "fifth of the lesions out; all images of a lesion are in the same fifth.",
        f"Made with {as_text(versions)}.",
    ])


def _named(metric: Metric) -> str:
    return as_text(metric.name) + (f", {as_code(metric.decision)}" if metric.decision else "")


def _goal_words(goal: dict[str, Any] | None, unit: Unit) -> tuple[str, str]:
    if goal is None:
        return UNDEFINED, UNDEFINED
    reach = f"{'at most' if goal['at_most'] else 'at least'} {figure_words(goal['goal'], unit)}"
    return reach, "yes" if goal["reached"] else "no"


def _figures_text(figures: dict[str, Any]) -> str:
    goals = {goal["figure"]: goal for goal in figures["goals"]}
    rows = [
        [_named(metric), with_interval(figures["overall"].get(metric.key, NOT_COMPUTED), metric.unit),
         *_goal_words(goals.get(metric.key), metric.unit)] for metric in metrics_of("bundled")
    ]
    melanoma = [
        f"Melanoma lesions that were called something else, `{decision}` (a lesion's images averaged): "
        f"{found['called_else']:,} of {found['lesions']:,} (95 % Wilson interval {percent(found['low'])} to "
        f"{percent(found['high'])})."
        for decision, found in figures["melanoma"].items() if found
    ]
    return "\n\n".join([
        f"Of the {_number(len(figures['folds']))} networks, each on the lesions that it had not seen: "
        f"{count(figures['images'], 'image')} of {count(figures['lesions'], 'lesion')}. 95 % intervals: bootstrap over "
        "lesions, 2.5th to 97.5th percentile. The recipe was chosen on one of the five folds, so these figures are a "
        "little too good. The mean of all, which answers a new image, may be a little better than each alone. "
        "Resampling adds noise to the calibration error, so its interval lies above rather than around the value.",
        markdown_table(["figure", "value (95 % interval)", "goal", "reached"], rows),
        meanings(metrics_of("bundled")),
        bullets(melanoma) if melanoma else "No melanoma was there to judge.",
    ])


def _diagnoses_text(figures: dict[str, Any]) -> str:
    rows = [
        [as_text(label(code)), f"{row['images']:,}", f"{row['lesions']:,}",
         *(with_interval(row[decision][key]) for decision in DECISIONS
           for key in ("sensitivity", "specificity")),
         with_interval(row["auc"], AREA)]
        for code, row in sorted(figures["per_diagnosis"].items())
    ]
    header = ["diagnosis", "images", "lesions", "sensitivity, `as-data`", "specificity, `as-data`",
              "sensitivity, `balanced`", "specificity, `balanced`", "AUC"]
    return "In cross-validation, with 95 % intervals over lesions.\n\n" + markdown_table(header, rows)


def _sources_text(figures: dict[str, Any]) -> str:
    sources = figures["per_source"]
    if not sources:
        return "Where within the collection an image comes from is not recorded."
    codes = sorted({code for found in sources.values() for code in found["diagnoses"]})
    rows = [
        [as_text(name), f"{found['images']:,}", *(f"{found['diagnoses'].get(code, 0):,}" for code in codes)]
        for name, found in sources.items()
    ]
    header = ["image source", "all", *map(as_text, codes)]
    return "Images of each source by diagnosis:\n\n" + markdown_table(header, rows)


def camera_sentence(figures: dict[str, Any]) -> str | None:
    """How far the image source with the most nevi among its images gives them away; None without recorded sources."""
    sources = figures["per_source"]
    if not sources:
        return None
    name, found = max(sources.items(), key=lambda item: item[1]["diagnoses"].get(NEVUS, 0) / item[1]["images"])
    nevi = found["diagnoses"].get(NEVUS, 0)
    return (
        f"A network can learn the camera instead of the lesion: of the {found['images']:,} {as_code(name)} images "
        f"{nevi:,} are nevi."
    )


def _source_figures_text(figures: dict[str, Any]) -> str:
    sources = figures["per_source"]
    if not sources:
        return f"{UNDEFINED} The sources of the images are not recorded."
    rows = [
        [as_text(name), f"{found['images']:,}", f"{found['lesions']:,}",
         *(with_interval(found["overall"].get(metric.key, NOT_COMPUTED), metric.unit)
           for metric in metrics_of("bundled"))]
        for name, found in sources.items()
    ]
    header = ["image source", "images", "lesions", *map(_named, metrics_of("bundled"))]
    return (
        f"{camera_sentence(figures)} A source that lacks a diagnosis has its mean over those that it has.\n\n"
        + markdown_table(header, rows)
    )


def _reserved_text(reserved: dict[str, Any]) -> str:
    rows = []
    for metric in metrics_of("bundled"):
        values = [one["overall"].get(metric.key) for one in reserved["networks"]]
        rows.append([
            _named(metric), with_interval(reserved["mean"]["overall"].get(metric.key, NOT_COMPUTED), metric.unit),
            ", ".join(figure_words(value, metric.unit) for value in values),
        ])
    kinds = ", ".join(f"{as_text(label(code))} {n:,}" for code, n in reserved["diagnoses"].items())
    return (
        f"{count(reserved['images'], 'image')} of {count(reserved['lesions'], 'lesion')} of the data set "
        f"{as_text(reserved['data'])} that were reserved: they joined no training and no choice ({kinds}). The answers "
        "assume the frequencies of the training images, not of these; a diagnosis that no image shows is left out of "
        "means. 95 % intervals over lesions.\n\n"
        + markdown_table(["figure", "mean of the networks (95 % interval)", "each network"], rows)
        + (f"\n\n{_sets_text(reserved['sets'])}" if "sets" in reserved else "")
    )


def _sets_text(sets: dict[str, Any]) -> str:
    """How prediction sets of the mean cover lesions from elsewhere, in Markdown."""
    rows = [["all of them", *_set_cells(sets["all"])]]
    rows += [[as_text(label(code)), *_set_cells(of)] for code, of in sets["per_diagnosis"].items()]
    return (f"Prediction sets at {percent(sets['level'], 0)}, made from the lesions that each network left out, on "
            "these lesions, which come from elsewhere, so that nothing is promised (95 % Wilson intervals):\n\n"
            + markdown_table(["lesions with", "n", "in their own set", "mean size", "sets of one"], rows))


def _set_cells(of: dict[str, Any]) -> list[str]:
    return [f"{of['lesions']:,}", with_interval(of["coverage"]), decimal(of["size"], 2), percent(of["alone"])]


def _robustness_text(robustness: dict[str, Any] | None) -> str:
    if robustness is None:
        return f"{UNDEFINED} It was not measured."
    rows = [
        [as_text(row["change"]), *(percent(row["changed"][decision]) for decision in DECISIONS),
         decimal(row["melanoma"])]
        for row in robustness["changes"]
    ]
    header = ["change", *(f"other prediction, `{decision}`" for decision in DECISIONS),
              "mean change of the melanoma probability"]
    return (
        f"{count(robustness['images'], 'image')}, each as it is and changed; networks were trained on "
        f"{robustness['trained_on']:,} of them, so these shares say how much an answer moves, not how often it is "
        "right.\n\n" + markdown_table(header, rows)
    )


def _limits(info: ModelInfo, figures: dict[str, Any]) -> str:
    if info.generated:
        skin = ["It has seen drawings only: none of its figures says anything about skin."]
    else:
        skin = [
            "Its training images show mostly light skin. Skin type is not recorded: its performance on brown and black "
            "skin is unknown.",
            "Nails, mucosa and most non-pigmented lesions were not tested.",
        ]
    return bullets([
        f"It sees only {_number(len(info.classes))} diagnoses and always names one of them, whatever the image shows.",
        *skin,
        *filter(None, [camera_sentence(figures)]),
        "Images come from one collection, whose mix of diagnoses is not that of a clinic.",
        "It was not tested against physicians." if "reserved" in figures else
        "It was not tested on images from elsewhere, nor against physicians.",
        "A heatmap shows regions that raised an output; it is not a reason.",
    ])


def _number(n: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[n] if n < len(words) else str(n)
