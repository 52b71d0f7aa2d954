"""The form of a new run: few choices first, the rest folded; what the run would do stands in words before the start."""

import streamlit as st

from app.access import Right, require
from app.addresses.links import TRAIN, go
from app.components import problems
from app.components.help_text import help_text
from app.components.training.batch_preview import preview_button, preview_view
from app.components.training.branch_choice import start_choice, take_address, take_rates
from app.components.training.device_panel import device_panel
from app.components.training.disk_need import disk_need
from app.components.training.live_run import waits_words
from app.components.training.more_choices import as_settings, more_choices, select, set_by_the_preset, setting_widget
from app.components.training.time_estimate import estimate_button, estimate_view
from app.loaders import resources
from pipeline.configuration.config import SETTINGS, WEIGHTS, RunConfig
from pipeline.configuration.network_registry import NETWORKS
from pipeline.configuration.presets import PRESETS
from pipeline.data.dataset import Dataset
from pipeline.errors import LesionLabError
from pipeline.number_words import count
from pipeline.shown import as_text

START, QUEUE = "Start training", "Queue this training"


def default_preset(dataset: Dataset) -> str:
    """The quick one that suits the data: the demo for the generated set, else `quick`."""
    return "demo" if dataset.generated else "quick"


def _plan_in_words(config: RunConfig) -> str:
    stages = "; ".join(f"stage {n}: {stage.words}" for n, stage in enumerate(config.stages, start=1))
    weights = WEIGHTS[config.weights].split(" (")[0] + " weights"
    if config.parent is not None:
        weights = f"the weights of {as_text(config.parent)} after its stage {config.parent_stage}"
    size = f"{config.width}×{config.height} pixels"
    plan = f"{as_text(NETWORKS[config.arch].title)} at {size}, {weights}; {as_text(stages)}."
    return f"{plan} {as_text(config.features_words)}" if config.features else plan


def train_form(datasets: list[Dataset], ahead: list[str]) -> None:
    """The form; `ahead`: the runs for which the new one would wait."""
    from pipeline.data.split import SPLIT_SENTENCES
    from pipeline.runs.plan import plan_config

    by_name = {dataset.name: dataset for dataset in datasets}
    take_address(list(by_name))
    left, middle, right = st.columns(3)
    data = left.selectbox(
        "Data set", list(by_name), key="train.data", help="Images with known diagnoses, which the network learns from.",
        format_func=lambda name: f"{name} ({count(by_name[name].images, 'image')})",
    )
    preset = select(middle, "Preset", {}, PRESETS, default_preset(by_name[data]), f"train.preset.{data}",
                    "A named starting point; each choice below can be changed.")
    start = start_choice(data, preset)
    try:
        config = plan_config(resources.workspace(), data, preset, [], start)
    except LesionLabError as error:
        problems.show(error)
        return
    key = f"train.{preset}.{start}" if start else f"train.{preset}"
    take_rates(key, config)
    split = setting_widget(right, SETTINGS["split"], config, key)
    middle.caption(PRESETS[preset].line + ".")
    right.caption(SPLIT_SENTENCES[split])
    if by_name[data].generated:
        left.caption("Generated – not for learning dermoscopy.")
    with st.expander("More choices", icon=":material/tune:"):
        st.caption(PRESETS[preset].reason)
        settings = as_settings(config, {"split": split, **more_choices(config, key)})
        if also := set_by_the_preset(config):
            st.caption(as_text(also))
    disk = None
    try:
        plan = plan_config(resources.workspace(), data, preset, settings, start)
    except LesionLabError as error:
        plan = None
        problems.show(error)
    else:
        st.markdown(_plan_in_words(plan))
        with problems.in_words():
            disk = disk_need(by_name[data], by_name.get(plan.extra or ""), plan)
    device_panel(disk)
    _start(plan, ahead)
    help_text("training", "What these choices mean")


def _start(plan: RunConfig | None, ahead: list[str]) -> None:
    with st.container(horizontal=True):
        start = st.button(QUEUE if ahead else START, type="primary", disabled=plan is None, key="start",
                          icon=":material/schedule:" if ahead else ":material/play_arrow:", help=waits_words(ahead))
        estimate_button(plan)
        preview_button(plan)
    estimate_view()
    preview_view()
    if start:
        with problems.in_words():
            from pipeline.jobs.launch import start_run

            require(Right.TRAIN)
            run = start_run(resources.workspace(), plan)
            go(TRAIN, run=run.name)
