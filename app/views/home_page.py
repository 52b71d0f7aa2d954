"""Home: eight lesions to look at and guess, then three ways on."""

import streamlit as st

from app.addresses.links import CLASSIFY, ERRORS, EXPLORE, GET_DATA, TRAIN, go
from app.addresses.visits import something_done
from app.components import problems
from app.components.data.data_intake import Pending, draw_generated, in_place
from app.components.data.get_data_fetches import fetches_here, running_sources
from app.components.data.get_data_sources import source_card
from app.components.first_look import Look, first_look
from app.components.help_text import help_text, prose
from app.components.pickers import STATE_WORDS
from app.components.start_over import start_over_button, started_over
from app.components.three_ways import picture_of_lesson, picture_of_question, picture_of_training
from app.loaders import resources
from pipeline.data.dataset import Dataset, damaged_datasets
from pipeline.data.sources.catalogue import STARTER
from pipeline.files.workspace import RUN_NAME
from pipeline.images.generated import NOTICE
from pipeline.models.model_info import bundled_model
from pipeline.runs.run_dir import RunDir, bundled_run
from pipeline.runs.status import ENDED
from pipeline.shown import as_text

DEMO = "Draw images and train a first classifier"
_ENDED_WORDS = {"failed": "failed", "cancelled": "was stopped", "interrupted": "was interrupted",
                "done": "is done, but its model is not here"}


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


def _question(look: Look) -> None:
    """The model in the box, or the newest of one's own; and the errors that come with LesionLab."""
    picture_of_question(look.wall)
    box = bundled_model()
    st.markdown("**Question the model in the box**" if box else "**Question a model**")
    st.markdown("Its answer to an image, the regions that raised it, and where it is sure and wrong.")
    own = [info.name for info in resources.models() if not info.read_only]
    with st.container(horizontal=True):
        if st.button("Classify an image", key="classify", icon=":material/image_search:"):
            name = box.name if box else own[0] if own else None
            go(CLASSIFY, **({"model": name} if name else {}))
        if bundled_run() and st.button("Browse its errors", key="bundled.errors", icon=":material/grid_on:"):
            go(ERRORS, run=RUN_NAME)


def _train(look: Look, runs: list[RunDir], datasets: list[Dataset]) -> Pending | None:
    """The run at work, the last one's errors, a training on what is here, or the demonstration; the work to do, if it
    starts some.
    """
    picture_of_training(look.wall)
    st.markdown("**Train one in front of you**")
    if going := _going(runs):
        st.markdown(f"The run **{as_text(going[0].name)}** {STATE_WORDS[going[0].status().state]}.")
        if st.button("Watch it", type="primary", key="watch", icon=":material/show_chart:"):
            go(TRAIN, run=going[0].name)
        return None
    if not datasets and not runs:
        return _demonstration("LesionLab draws 600 lesions (20 seconds) and trains a small network on them (about a "
                              "minute on two cores).")
    if runs and runs[0].status().state == "done" and (runs[0].model / "model.json").exists():
        st.markdown(f"The model **{as_text(runs[0].name)}** is trained.")
        with st.container(horizontal=True):
            if st.button("Study its errors", key="errors", icon=":material/grid_on:"):
                go(ERRORS, run=runs[0].name)
            _train_button(datasets, "Train another")
        return None
    if runs:
        st.markdown(f"The last run, **{as_text(runs[0].name)}**, {_ENDED_WORDS[runs[0].status().state]}.")
    else:
        st.markdown("A small network learns within minutes; its curves and errors appear as it goes.")
    with st.container(horizontal=True):
        _train_button(datasets, "Train a classifier")
        if runs and st.button("See what happened to the last run", key="last", icon=":material/show_chart:"):
            go(TRAIN, run=runs[0].name)
    return None if datasets else _demonstration("")


def _train_button(datasets: list[Dataset], words: str) -> None:
    if datasets and st.button(words, key="train", icon=":material/model_training:"):
        go(TRAIN)


def _demonstration(words: str) -> Pending | None:
    st.markdown(words)
    started = st.button(DEMO, type="primary", key="demo", icon=":material/play_arrow:")
    st.caption(f"The drawings are {NOTICE}.")
    return in_place(started, start_demo)


def _lesson(look: Look, runs: list[RunDir]) -> None:
    picture_of_lesson(look.wall)
    st.markdown("**Give a lesson**")
    st.markdown("Choose cases, add your notes, and go through them with a class.")
    judged = [run.name for run in runs if run.predictions_path.exists()]
    if (bundled_run() or judged) and st.button("Teaching sets", key="lesson", icon=":material/collections_bookmark:"):
        go(EXPLORE, run=RUN_NAME if bundled_run() else judged[0], view="sets")


def _real_images(datasets: list[Dataset]) -> None:
    """Where no real image is here: the collection that is fetched at once, and one's own."""
    names = {dataset.name for dataset in datasets}
    fetch, own = st.columns(2)
    with fetch:
        source_card(STARTER, names, running_sources(fetches_here()), label="Fetch real images")
    with own.container(border=True, height="stretch"):
        st.markdown("**Your own images**")
        st.markdown("HAM10000, an archive of an ISIC challenge, or folders of images of your own.")
        if st.button("Bring images", key="import", icon=":material/input:"):
            go(GET_DATA)


def main() -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("What do you see?", width="content")
        if something_done():
            start_over_button()
    started_over()
    if "lesion" not in st.query_params:
        st.markdown(prose("home"))
    for error in damaged_datasets(resources.workspace()).values():
        problems.show(error)
    datasets, runs = resources.datasets(), resources.own_runs()
    look, work = None, None
    with problems.in_words():
        look = first_look()
    if look is not None:
        question, training, lesson = (column.container(border=True, height="stretch") for column in st.columns(3))
        with question:
            _question(look)
        with training:
            work = _train(look, runs, datasets)
        with lesson:
            _lesson(look, runs)
        if look.wall.generated:
            _real_images(datasets)
    help_text("words", "The words used here")
    if work:
        work()


main()
