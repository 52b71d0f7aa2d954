"""What the pages about one run say alike: that there is none yet or it is not evaluated, who judged its images, and
where these come from.
"""

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.addresses.links import CLASSIFY, GET_DATA, TRAIN, go, linked
from app.addresses.visits import first_run
from app.components.judged_pictures import Judged
from app.components.pickers import pick_run, state_words
from app.components.train_way import train_way
from app.loaders import resources
from app.loaders.run_data import dataset_of, found_data, images_of
from app.words import first_bundled_words
from app.words.run_titles import bundled_title
from pipeline.files.workspace import MODEL_NAME, error_words
from pipeline.images.generated import NOTICE
from pipeline.models.model_info import bundled_model
from pipeline.runs.run_dir import RunDir
from pipeline.runs.run_kind import Capabilities
from pipeline.runs.status import ENDED
from pipeline.shown import as_text

FOLDS = "Five folds by lesion: each image was judged by the one network that had seen no image of its lesion."
_ENDED_WORDS = {"failed": "failed", "cancelled": "was stopped", "interrupted": "was interrupted", "done": "ended"}
FOLDS_NOTE = (
    "This run is bundled with LesionLab: **the five networks of the model in the box, each on the images that it had "
    "not seen**. Each was trained on four fifths of the lesions and judged the images of the others."
)
TOO_GOOD = "The recipe was chosen on one of the five folds, so these figures are a little too good."


def _is_done(run: RunDir) -> bool:
    return run.status().state == "done"


def chosen_run(
    title: str | None, widths: Sequence[int], nothing_yet: str, preferred: Callable[[RunDir], bool] = _is_done,
    place: DeltaGenerator | None = None,
) -> tuple[RunDir, list[DeltaGenerator]] | None:
    """The head of a page about one run: its title, and beside it the run that the address or the user chose.

    Args:
        title: None where it stands already.
        widths: of the columns: the title's if there is one, the run's, and those that the page fills itself.
        nothing_yet: what will be on the page, where there is no run.
        preferred: a run that is shown rather than a newer one where nobody chose.
        place: holds the columns, where the page has one for them.

    Returns:
        The run and the further columns; None where there is no run, which the page then says.
    """
    columns = (place or st).columns(widths, vertical_alignment="bottom")
    if title is not None:
        columns.pop(0).title(title)
    second, *others = columns
    runs = resources.runs()
    if not runs:
        _no_run_yet(nothing_yet)
        return None
    with second:
        return pick_run(runs, first_run(runs, preferred)), others


def _no_run_yet(words: str) -> None:
    """An empty page: what will be here in `words`, what of the address is gone, and the one button that gets there."""
    if problem := linked("run", []).problem:
        st.warning(as_text(problem), icon=":material/link_off:")
    st.markdown(words)
    train_way()


def not_evaluated(run: RunDir, awaited: str) -> None:
    """How a run without results stands, and the way to it; `awaited`: "Its errors appear", for one that still goes."""
    status = run.status()
    if status.state in ENDED:
        st.error(as_text(f"The run {run.name} {_ENDED_WORDS[status.state]} before it was evaluated. "
                         f"{error_words(status.error or '')}".strip()))
        words = "Start a new run"
    else:
        st.info(f"The run {as_text(run.name)} {state_words(run)}. {awaited} here when it is done.")
        words = "Watch it"
    if st.button(words, type="primary", key="to_train", icon=":material/show_chart:"):
        go(TRAIN, run=run.name)


def about_images(run: RunDir) -> None:
    """Says where the run's images are generated ones, and what an evaluation left out."""
    dataset = dataset_of(run)
    if dataset and dataset.generated:
        st.caption(f":material/draw: The images of this run are {NOTICE}.")
    if judged := run.evaluation():
        st.caption(as_text(error_words(" ".join(judged["words"]))))


def about_chips(run: RunDir) -> None:
    """Who judged the images and where they come from, behind one click; nothing where there is nothing to say."""
    can, copies, judged = run.capabilities(), found_data(run).note, run.evaluation()
    said = [_folds_words(can)] if can.has_folds else []
    said += [as_text(copies)] if copies else []
    said += [as_text(error_words(" ".join(judged["words"])))] if judged else []
    if said:
        chip("About", "\n\n".join(said), "info")
    dataset = dataset_of(run)
    if dataset and dataset.generated:
        st.caption(f":material/draw: The images are {NOTICE}.", width="content")


def folds_note(can: Capabilities) -> None:
    """Above what a page shows of the run that the folds of a cross-validation judged; nothing for other runs."""
    if can.has_folds:
        chip(bundled_title(can), _folds_words(can), "inventory_2")


def _folds_words(can: Capabilities) -> str:
    return f"{FOLDS_NOTE if can.has_what_if else first_bundled_words.NOTE} {TOO_GOOD}"


def chip(words: str, text: str, icon: str) -> None:
    """A few words in view, and behind a click the sentences that they stand for, as markdown."""
    with st.popover(words, icon=f":material/{icon}:", type="tertiary"):
        st.markdown(text)


def images_not_here() -> None:
    """Where no data set has the images of a run that names none: how to get them."""
    model = bundled_model()
    source = f" ({model.attribution})" if model and model.attribution else ""
    st.info(as_text("The images of this run are not bundled, only what the networks said of them. With their data set"
                    f"{source} imported, under any name and in any size, they appear here."),
            icon=":material/image_not_supported:")
    if st.button("Get data", key="bundled.get_data", icon=":material/download:"):
        go(GET_DATA)


def classify_with_it() -> None:
    """A button to the shipped model, where it is here."""
    if bundled_model() and st.button("Classify images with the bundled model", key="to_classify",
                                     icon=":material/image_search:"):
        go(CLASSIFY, model=MODEL_NAME)


def judged_images(run: RunDir, noted: bool = False) -> Judged | None:
    """The run's data set with its heatmaps; says so, and gives None, where the data set is gone, or that it changed.

    Args:
        noted: whether the page has said already how the images were found.
    """
    config, found = run.config(), found_data(run)
    dataset = found.dataset
    if dataset is None and not run.capabilities().names_its_data:
        images_not_here()
        return None
    if dataset is None:
        st.info(f"The data set {as_text(config.data)} is no longer here, so its images cannot be shown.")
        return None
    if found.note and not noted:
        chip("Found by id, other copies", as_text(found.note), "image_search")
    if not found.note and dataset.content_hash != config.data_hash:
        st.warning(f"The data set {as_text(config.data)} has changed since this run: some images may be others.")
    return Judged(dataset, images_of(run, found), config, resources.heatmaps(run))
