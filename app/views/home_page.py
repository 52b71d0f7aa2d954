"""Home: what this is, where the user stands, and the one thing that comes next."""

import streamlit as st

from app.addresses.links import CLASSIFY, ERRORS, GET_DATA, TRAIN, go
from app.components import problems
from app.components.data.data_intake import Pending, draw_generated, in_place
from app.components.help_text import help_text, prose
from app.components.pickers import STATE_WORDS
from app.components.start_over import start_over_button
from app.loaders import resources
from pipeline.classes import label
from pipeline.data.dataset import damaged_datasets
from pipeline.files.workspace import RUN_NAME
from pipeline.images.generated import NOTICE
from pipeline.models.card_results import network_words
from pipeline.models.model_info import ModelInfo, bundled_model
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir, bundled_run
from pipeline.runs.status import ENDED
from pipeline.shown import as_text

DEMO = "Draw images and train a first classifier"


def start_demo() -> None:
    """Draws the generated set where it is missing, starts the demo run and opens it; or opens the run at work."""
    dataset = draw_generated()
    from pipeline.jobs.launch import start_run
    from pipeline.runs.plan import plan_config

    with st.spinner("Starts the training."):
        going = _going(resources.own_runs())  # another visitor has pressed the same button
        run = going[0] if going else start_run(
            resources.workspace(), plan_config(resources.workspace(), dataset.name, "demo", [])
        )
    go(TRAIN, run=run.name)


def _going(runs: list[RunDir]) -> list[RunDir]:
    """The runs at work or waiting, the oldest first."""
    return [run for run in reversed(runs) if run.status().state not in ENDED]


def standing(datasets, runs, models, bundled: bool) -> None:
    """Three numbers and what stands behind each."""
    none_yet = "None of your own yet: a finished run makes one." if bundled else "A finished run makes one."
    images, going = sum(dataset.images for dataset in datasets), _going(runs)
    cards = (
        ("Data sets", len(datasets),
         f"{count(images, 'image')}: " + ", ".join(d.name for d in datasets) if datasets else "None yet."),
        ("Runs", len(runs),
         f"{len(going)} at work or waiting." if going else "None at work." if runs else "None yet."),
        ("Models", len(models), f"The newest: {models[0].name}." if models else none_yet),
    )
    for column, (title, number, words) in zip(st.columns(3), cards, strict=True):
        with column.container(border=True, height="stretch"):
            st.metric(as_text(title), f"{number:,}")
            st.caption(as_text(words))


def next_step(datasets, runs, models, bundled: bool) -> Pending | None:
    """The primary button, and the other ways on; the work to do, if it starts some."""
    going = _going(runs)
    if going:
        st.markdown(f"The run **{as_text(going[0].name)}** {STATE_WORDS[going[0].status().state]}.")
        if st.button("Watch it", type="primary", key="watch", icon=":material/show_chart:"):
            go(TRAIN, run=going[0].name)
    elif models:
        return _with_a_model(datasets, runs, models)
    elif datasets:
        _train_first(runs)
    else:
        return _first_visit(bundled)
    return None


def _with_a_model(datasets, runs, models) -> Pending | None:
    done, started = [run.name for run in runs if run.status().state == "done"], False
    st.markdown(f"The model **{as_text(models[0].name)}** is trained.")
    with st.container(horizontal=True):
        if done and st.button("Study its errors", type="primary", key="errors", icon=":material/grid_on:"):
            go(ERRORS, run=models[0].run if models[0].run in done else done[0])
        if st.button("Classify an image", type="secondary" if done else "primary", key="classify",
                     icon=":material/image_search:"):
            go(CLASSIFY, model=models[0].name)
        if datasets:
            if st.button("Train another", key="train", icon=":material/model_training:"):
                go(TRAIN)
        else:
            started = st.button(DEMO, key="demo", icon=":material/play_arrow:")
    return in_place(started, start_demo)


def _train_first(runs: list[RunDir]) -> None:
    if not runs:
        st.markdown("There are images, but no model yet.")
    else:
        st.markdown(f"There are images, but no model yet: the last run, **{as_text(runs[0].name)}**, "
                    f"{_ENDED_WORDS[runs[0].status().state]}.")
    with st.container(horizontal=True):
        if st.button("Train a classifier", type="primary", key="train", icon=":material/model_training:"):
            go(TRAIN)
        if runs and st.button("See what happened to the last run", key="last", icon=":material/show_chart:"):
            go(TRAIN, run=runs[0].name)


_ENDED_WORDS = {"failed": "failed", "cancelled": "was stopped", "interrupted": "was interrupted",
                "done": "is done, but its model is not here"}


def _first_visit(bundled: bool) -> Pending | None:
    st.markdown(
        f"Nothing {'of your own ' if bundled else ''}is here yet. One button draws 600 lesion-like images (20 "
        "seconds) and trains a small network on them (about a minute on two cores), so that you can see every step."
    )
    with st.container(horizontal=True):
        started = st.button(DEMO, type="primary", key="demo", icon=":material/play_arrow:")
        if st.button("Bring your own images", key="import", icon=":material/input:"):
            go(GET_DATA)
    st.caption(f"The drawings are {NOTICE}.")
    return in_place(started, start_demo)


def _bundled_first(info: ModelInfo) -> None:
    """Beside the first steps: what can be done without any of them."""
    with st.container(border=True):
        st.markdown(f"**A trained model is here already.** {as_text(network_words(info))}, "
                    f"trained on {count(info.training_images, 'image')} ({as_text(info.attribution)}); it comes "
                    "with LesionLab, and so do the errors of its sibling networks.")
        with st.container(horizontal=True):
            if st.button("Classify with the bundled model", key="bundled.classify", icon=":material/image_search:"):
                go(CLASSIFY, model=info.name)
            if bundled_run() and st.button("Browse its errors", key="bundled.errors", icon=":material/grid_on:"):
                go(ERRORS, run=RUN_NAME)


def main() -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("LesionLab", width="content")
        start_over_button()
    st.markdown(prose("home"))
    datasets, runs = resources.datasets(), resources.own_runs()
    bundled = bundled_model()
    models = [info for info in resources.models() if not info.read_only]
    for error in damaged_datasets(resources.workspace()).values():
        problems.show(error)
    work = next_step(datasets, runs, models, bundled is not None)
    if bundled and not models:
        _bundled_first(bundled)
    standing(datasets, runs, models, bundled is not None)
    if datasets:
        codes = sorted({code for dataset in datasets for code in dataset.classes})
        with st.expander("Diagnoses in these data sets", icon=":material/list:"):
            st.markdown("\n".join(f"- {as_text(label(code))}" for code in codes))
    help_text("words", "The words used here")
    if work:
        work()


main()
