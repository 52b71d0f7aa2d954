"""The form of a new run: few choices first, the rest folded; what the run would do stands in words before the start."""

from typing import Any

import streamlit as st

from app import resources
from app.components import problems
from app.components.help_text import help_text
from app.links import TRAIN, go
from app.wording import count
from pipeline.config import ARCHITECTURES, RunConfig
from pipeline.data.dataset import Dataset
from pipeline.errors import LesionLabError
from pipeline.presets import PRESETS

START = "Start training"
_SPLITS = {
    "lesion": "By lesion: training and validation", "lesion-test": "By lesion, with a test part",
    "random": "By image, as in the article",
}
_NETWORKS = {name: words.partition(":")[0] for name, words in ARCHITECTURES.items()}
_WEIGHTS = {"imagenet": "ImageNet (transfer learning)", "random": "Random (from nothing)"}
_RESIZE = {"squish": "Squish the whole image", "crop": "Scale and crop the middle"}
_LOSSES = {"cross_entropy": "Cross-entropy", "balanced_softmax": "Balanced softmax (against the imbalance)"}
_AUGMENT = {"none": "None", "light": "Light: flips, slight colour and scale", "article": "As in the article"}
_KEEP = {
    "last": "The last epoch's", "balanced_accuracy": "The epoch of the best balanced accuracy",
    "accuracy": "The epoch of the best accuracy", "valid_loss": "The epoch of the lowest validation loss",
}


def default_preset(dataset: Dataset) -> str:
    """The quick one that suits the data: the demo for the generated set, else `quick`."""
    return "demo" if dataset.generated else "quick"


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


def _select(place, label: str, options: dict[str, str], default: str, key: str, help: str | None = None) -> str:
    names = list(options)
    return place.selectbox(label, names, index=names.index(default), format_func=options.get, key=key, help=help)


def _more_choices(preset: str, config: RunConfig) -> dict[str, Any]:
    """The folded choices; their keys carry the preset, so that choosing another one shows its own values."""
    key = f"train.{preset}"
    left, middle, right = st.columns(3)
    chosen = {
        "arch": _select(left, "Network", _NETWORKS, config.arch, f"{key}.arch",
                        "Larger networks learn finer structures and take much longer."),
        "weights": _select(left, "Initial weights", _WEIGHTS, config.weights, f"{key}.weights",
                           "ImageNet weights already know edges and textures; random ones need far more images."),
        "size": left.text_input("Image size, WIDTHxHEIGHT in pixels", f"{config.width}x{config.height}",
                                key=f"{key}.size", help="What the network sees. Twice as wide and high: four times "
                                "the work."),
        "resize": _select(left, "Fitting", _RESIZE, config.resize, f"{key}.resize",
                          "Squishing keeps the border of the image, cropping keeps its proportions."),
    }
    epochs = [
        middle.number_input(
            f"Epochs, stage {number} ({'head only' if stage.freeze else 'all layers'})", 0, 1000, stage.epochs,
            key=f"{key}.epochs.{number}", help="How often the stage sees each training image; 0 leaves it out.",
        )
        for number, stage in enumerate(config.stages, start=1)
    ]
    chosen |= {
        "epochs": ",".join(map(str, epochs)),
        "lr": middle.text_input("Highest learning rates", rates_text(config), key=f"{key}.lr",
                                help="One a stage, comma between; EARLIEST:HEAD gives the earliest layers a rate of "
                                "their own."),
        "batch_size": middle.number_input("Images in a batch", 2, 1024, config.batch_size, key=f"{key}.batch",
                                          help="Larger batches are smoother and need more memory."),
        "seed": middle.number_input("Seed", 0, 2**31 - 1, config.seed, key=f"{key}.seed",
                                    help="The same seed gives the same split and the same shuffling."),
        "loss": _select(right, "Loss", _LOSSES, config.loss, f"{key}.loss",
                        "What the training lowers. Balanced softmax weighs rare diagnoses like frequent ones."),
        "augment": _select(right, "Changes to training images", _AUGMENT, config.augment, f"{key}.augment",
                           "Random changes show the network that they do not matter."),
        "keep": _select(right, "Weights to keep", _KEEP, config.keep, f"{key}.keep",
                        "If the validation part chooses the epoch, its figures are a little too good."),
        "limit": right.number_input("Use about so many images (0: all)", 0, 10_000_000, config.limit or 0,
                                    key=f"{key}.limit", help="For a quick try: whole lesions, each diagnosis in its "
                                    "share."),
    }
    return chosen


def _plan_in_words(config: RunConfig) -> str:
    stages = "; ".join(f"stage {n}: {stage.words}" for n, stage in enumerate(config.stages, start=1))
    return (
        f"{_NETWORKS[config.arch]} at {config.width}×{config.height} pixels, "
        f"{_WEIGHTS[config.weights].split(' (')[0]} weights; {stages}."
    )


def train_form(datasets: list[Dataset], busy: bool) -> None:
    """The form; `busy` where another run is at work, so that the new one would wait."""
    from pipeline.data.split import SPLIT_SENTENCES
    from pipeline.jobs.plan import plan_config
    from pipeline.training.device import describe

    by_name = {dataset.name: dataset for dataset in datasets}
    left, middle, right = st.columns(3)
    data = left.selectbox("Data set", list(by_name), key="train.data", format_func=lambda name: (
        f"{name} ({count(by_name[name].images, 'image')})"))
    presets = {name: name for name in PRESETS}
    preset = _select(middle, "Preset", presets, default_preset(by_name[data]), f"train.preset.{data}")
    config = PRESETS[preset].config
    split = _select(right, "Split", _SPLITS, config.split, f"train.{preset}.split")
    middle.caption(PRESETS[preset].line + ".")
    right.caption(SPLIT_SENTENCES[split])
    if by_name[data].generated:
        left.caption("Generated – not for learning dermoscopy.")
    with st.expander("More choices", icon=":material/tune:"):
        st.caption(PRESETS[preset].reason)
        chosen = {"split": split, **_more_choices(preset, config)}
    try:
        plan = plan_config(resources.workspace(), data, preset, as_settings(config, chosen))
    except LesionLabError as error:
        plan = None
        problems.show(error)
    else:
        st.markdown(_plan_in_words(plan) + f"  \nOn {describe().words}.")
    label = f"{START} after the runs that wait" if busy else START
    if st.button(label, type="primary", disabled=plan is None, key="start", icon=":material/play_arrow:"):
        with problems.in_words():
            from pipeline.jobs.launch import start_run

            run = start_run(resources.workspace(), plan)
            go(TRAIN, run=run.name)
    help_text("training", "What these choices mean")
