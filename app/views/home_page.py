"""Home: eight lesions to look at and guess, then three ways on."""

import streamlit as st

from app.access import Right, may, not_offered
from app.addresses.links import CLASSIFY, ERRORS, GET_DATA, TEACH, TOUR, TRAIN, go
from app.addresses.visits import of_earlier_visit, something_done
from app.components import problems
from app.components.data.generated_drawing import at_work as drawing_at_work
from app.components.data.generated_drawing import draw_to_train, drawing_view
from app.components.data.get_data_fetches import fetches_here, running_sources
from app.components.data.get_data_sources import source_card
from app.components.first_look import Look, first_look
from app.components.help_text import help_text, prose
from app.components.pickers import STATE_WORDS
from app.components.start_over import start_over_button, started_over
from app.components.three_ways import picture_of_lesson, picture_of_question, picture_of_training
from app.components.training.one_click import going, images_to_watch, start_to_watch, took_last_time
from app.loaders import resources
from pipeline.data.dataset import Dataset, damaged_datasets
from pipeline.data.sources.catalogue import STARTER
from pipeline.files.workspace import RUN_NAME
from pipeline.images.generated import NOTICE
from pipeline.models.model_info import bundled_model
from pipeline.number_words import duration
from pipeline.runs.run_dir import RunDir, bundled_run
from pipeline.shown import as_text

DRAW_AND_WATCH, WATCH = "Draw images and train on them", "Train one now"
_ENDED_WORDS = {"failed": "failed", "cancelled": "was stopped", "interrupted": "was interrupted",
                "done": "is done, but its model is not here"}


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
        if bundled_run() and st.button("See where it errs", key="bundled.errors", icon=":material/tour:"):
            go(TOUR)


def _train(look: Look, runs: list[RunDir], datasets: list[Dataset]) -> None:
    """The run at work; else a training of one click, drawing its images first where none are here, and the last run.
    """
    if drawing_at_work():
        st.markdown("**Train one in front of you**")
        drawing_view()
        return
    picture_of_training(look.wall)
    st.markdown("**Train one in front of you**")
    drawing_view()  # what came of it
    if at_work := going(runs):
        st.markdown(f"The run **{as_text(at_work[0].name)}** {STATE_WORDS[at_work[0].status().state]}.")
        if st.button("Watch it", type="primary", key="watch", icon=":material/show_chart:"):
            go(TRAIN, run=at_work[0].name)
        return
    dataset, last = images_to_watch(datasets), next((run for run in runs if not of_earlier_visit(run)), None)
    if not may(Right.TRAIN_ONE):
        not_offered(Right.TRAIN_ONE, "Training")
        if last is not None:
            _last_run(last)
        return
    st.markdown(_what_it_does(dataset, runs))
    with st.container(horizontal=True):
        if st.button(WATCH if dataset else DRAW_AND_WATCH, type="primary", key="demo", icon=":material/play_arrow:"):
            with problems.in_words():
                if dataset:
                    go(TRAIN, run=start_to_watch(dataset).name)
                draw_to_train()
        if datasets and may(Right.TRAIN) and st.button("Choose how", key="train", icon=":material/tune:"):
            go(TRAIN)
    if dataset is None or dataset.generated:
        st.caption(f"The drawings are {NOTICE}.")
    if last is not None:
        _last_run(last)


def _what_it_does(dataset: Dataset | None, runs: list[RunDir]) -> str:
    """What the one click does, and how long that took; no time where none was measured here."""
    if dataset is None:
        return ("LesionLab draws 600 lesions, then a small network learns from them. You see both; each says how long "
                "it still takes, as measured here.")
    of = "drawings" if dataset.generated else "images"
    words = f"A small network learns from the {dataset.images:,} {of} of {as_text(dataset.name)} while you watch."
    took = took_last_time(dataset, runs)
    if took is None:
        return f"{words} The first time it looks at each of them once, and says how long that takes."
    return f"{words} The last time it took {duration(took)}."


def _last_run(last: RunDir) -> None:
    state = last.status().state
    if state == "done" and (last.model / "model.json").exists():
        st.markdown(f"The model **{as_text(last.name)}** is trained.")
        if st.button("Study its errors", key="errors", icon=":material/grid_on:"):
            go(ERRORS, run=last.name)
        return
    st.markdown(f"The last run, **{as_text(last.name)}**, {_ENDED_WORDS[state]}.")
    if st.button("See what happened to the last run", key="last", icon=":material/show_chart:"):
        go(TRAIN, run=last.name)


def _lesson(look: Look, runs: list[RunDir]) -> None:
    picture_of_lesson(look.wall)
    st.markdown("**Give a lesson**")
    st.markdown("Choose cases, add your notes, and go through them with a class.")
    judged = [run.name for run in runs if run.predictions_path.exists()]
    with st.container(horizontal=True):
        if may(Right.OPEN_ROOM) and st.button("Prepare a class", key="teach", icon=":material/co_present:"):
            go(TEACH)
        if (bundled_run() or judged) and st.button("Teaching sets", key="lesson",
                                                   icon=":material/collections_bookmark:"):
            go(ERRORS, run=RUN_NAME if bundled_run() else judged[0], view="sets")


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
    look = None
    with problems.in_words():
        look = first_look()
    if look is not None:
        question, training, lesson = (column.container(border=True, height="stretch") for column in st.columns(3))
        with question:
            _question(look)
        with training:
            _train(look, runs, datasets)
        with lesson:
            _lesson(look, runs)
        if look.wall.generated and may(Right.IMPORT):
            _real_images(datasets)
    help_text("words", "The words used here")


main()
