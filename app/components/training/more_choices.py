"""The folded choices of a new run, each with one line of explanation, and the settings that they come to."""

import dataclasses
from collections.abc import Iterable
from typing import Any, get_args

import streamlit as st

from pipeline.config import SETTINGS, Augment, Keep, Loss, Resize, RunConfig, Weights
from pipeline.network_registry import NETWORKS

NETWORK_TITLES = {name: network.title for name, network in NETWORKS.items()}
WEIGHTS = {"imagenet": "ImageNet (transfer learning)", "random": "Random (from nothing)"}
_RESIZE = {"squish": "Squish the whole image", "crop": "Scale and crop the middle"}
_LOSSES = {
    "cross_entropy": "Cross-entropy", "balanced_softmax": "Balanced softmax (against the imbalance)",
    "weighted": "Cross-entropy weighted by class (against the imbalance)",
}
_AUGMENT = {
    "none": "None", "flips": "Flips only: the quickest", "light": "Light: orientation, slight light and scale",
    "strong": "Strong: any rotation, scale, colour, blur, compression", "article": "As in the article",
}
_KEEP = {
    "last": "The last epoch's", "balanced_accuracy": "The epoch of the best balanced accuracy",
    "accuracy": "The epoch of the best accuracy", "valid_loss": "The epoch of the lowest validation loss",
}
_WIDGETS = (
    "arch", "weights", "size", "resize", "epochs", "lr", "batch_size", "seed", "split", "limit", "augment", "loss",
    "keep",
)


def as_settings(config: RunConfig, chosen: dict[str, Any]) -> list[str]:
    """ "key=value" for each choice that differs from what the preset's `config` has anyway."""
    usual = {
        "arch": config.arch, "weights": config.weights, "size": f"{config.width}x{config.height}",
        "resize": config.resize, "epochs": ",".join(str(stage.epochs) for stage in config.stages),
        "lr": rates_text(config), "batch_size": config.batch_size, "seed": config.seed, "split": config.split,
        "limit": config.limit or 0, "augment": config.augment, "loss": config.loss, "keep": config.keep,
    }
    changed = {key: value for key, value in chosen.items() if str(value).strip() != str(usual[key])}
    return [f"{key}={'none' if key == 'limit' and not value else value}" for key, value in changed.items()]


def rates_text(config: RunConfig) -> str:
    """The learning rates as the `lr` setting writes them: a stage each, EARLIEST:HEAD where they differ."""
    return ",".join(
        f"{s.lr_max:g}" if s.lr_earliest is None else f"{s.lr_earliest:g}:{s.lr_max:g}" for s in config.stages
    )


def select(
    place, label: str, words: dict[str, str], names: Iterable[str], default: str, key: str, help: str | None = None,
    fixed: bool = False,
) -> str:
    """A select box over `names`; one without `words` stands under its own name. A `fixed` one cannot be changed."""
    names = list(names)
    return place.selectbox(
        label, names, index=names.index(default), format_func=lambda name: words.get(name, name), key=key, help=help,
        disabled=fixed,
    )


def more_choices(config: RunConfig, key: str) -> dict[str, Any]:
    """Draws the choices and gives them by setting. What a branch has from its parent is shown, but cannot be changed.

    Args:
        config: the values to begin with; that of a branch has a parent.
        key: of the widgets; another one shows its own values.
    """
    left, middle, right = st.columns(3)
    fixed = config.parent is not None
    chosen = {
        "arch": select(left, "Network", NETWORK_TITLES, NETWORKS, config.arch, f"{key}.arch",
                       "Larger networks learn finer structures and take much longer.", fixed),
        "weights": select(left, "Initial weights", WEIGHTS, get_args(Weights), config.weights, f"{key}.weights",
                          "ImageNet weights already know edges and textures; random ones need far more images.",
                          fixed),
        "size": left.text_input("Image size, WIDTHxHEIGHT in pixels", f"{config.width}x{config.height}",
                                key=f"{key}.size", help="What the network sees. Twice as wide and high: four times "
                                "the work."),
        "resize": select(left, "Fitting", _RESIZE, get_args(Resize), config.resize, f"{key}.resize",
                         "Squishing keeps the border of the image, cropping keeps its proportions."),
    }
    epochs = [
        middle.number_input(
            f"Epochs, stage {number} ({'head only' if stage.freeze else 'all layers'})", 0, 1000, stage.epochs,
            key=f"{key}.epochs.{number}", help="How often the stage sees each training image; 0 leaves it out.",
        )
        for number, stage in enumerate(config.stages, start=1)
    ]
    return chosen | {
        "epochs": ",".join(map(str, epochs)),
        "lr": middle.text_input("Highest learning rates", rates_text(config), key=f"{key}.lr",
                                help="One a stage, comma between; EARLIEST:HEAD gives the earliest layers a rate of "
                                "their own."),
        "batch_size": middle.number_input("Images in a batch", 2, 1024, config.batch_size, key=f"{key}.batch",
                                          help="Larger batches are smoother and need more memory."),
        "seed": middle.number_input("Seed", 0, 2**31 - 1, config.seed, key=f"{key}.seed",
                                    disabled=fixed, help="The same seed gives the same split and the same shuffling."),
        "loss": select(right, "Loss", _LOSSES, get_args(Loss), config.loss, f"{key}.loss",
                       "What the training lowers. Balanced softmax weighs rare diagnoses like frequent ones."),
        "augment": select(right, "Changes to training images", _AUGMENT, get_args(Augment), config.augment,
                          f"{key}.augment", "Random changes show the network that they do not matter."),
        "keep": select(right, "Weights to keep", _KEEP, get_args(Keep), config.keep, f"{key}.keep",
                       "If the validation part chooses the epoch, its figures are a little too good."),
        "limit": right.number_input("Use about so many images (0: all)", 0, 10_000_000, config.limit or 0,
                                    key=f"{key}.limit", disabled=fixed,
                                    help="For a quick try: whole lesions, each diagnosis in its share."),
    }


def _said(value: Any) -> str:
    return str(value) if not isinstance(value, bool) else "yes" if value else "no"


def set_by_the_preset(config: RunConfig) -> str | None:
    """One sentence with what the preset sets and this form has no choice for; None where all of it is usual."""
    usual = {field.name: field.default for field in dataclasses.fields(RunConfig)}
    names = [name for name in SETTINGS if name not in _WIDGETS and usual.get(name, dataclasses.MISSING) is not
             dataclasses.MISSING and getattr(config, name) != usual[name]]
    if not names:
        return None
    values = ", ".join(f"{name.replace('_', ' ')} {_said(getattr(config, name))}" for name in names)
    return f"The preset also sets {values}; the command line changes it with --set."
