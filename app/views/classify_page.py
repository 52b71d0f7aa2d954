"""Classify: a model's output for uploaded or example images, in memory only. The address keeps model and example."""

import streamlit as st

from app.access import Role, role
from app.addresses.links import MODELS, linked
from app.addresses.visits import mark
from app.components import problems
from app.components.help_text import help_text
from app.components.models.example_row import example_rows
from app.components.models.no_lesion_panel import no_lesion_panel
from app.components.models.other_model import short_title, usual_model
from app.components.models.prediction_panel import image_panel
from app.components.models.visitor_image import VisitorImage, visitor_image
from app.components.pickers import pick
from app.components.start_over import start_over_button
from app.components.train_way import train_way
from app.loaders import resources
from app.loaders.examples import examples
from app.upload_limits import VISITORS_WORDS
from pipeline.classes import label
from pipeline.commands.image_files import SUFFIXES
from pipeline.errors import LesionLabError
from pipeline.models.decided_output import model_priors
from pipeline.models.model_info import ModelInfo
from pipeline.models.notice import refusal, weighing
from pipeline.models.recognition import networks_sentence
from pipeline.number_words import count, percent
from pipeline.shown import as_text

QUESTION = "Were your images taken with a dermatoscope?"
NOT_DERMATOSCOPIC = (
    "No model output: the model has seen only dermatoscopic images, taken through a lens on the skin. In an ordinary "
    "photograph the structures that it knows are not visible, so its numbers would mean nothing."
)
PAGE = 4  # uploads judged at a time
_CHOSEN = "source.chosen"  # whether this visitor said whose images; else the model decides
_SPLIT_WORDS = {"lesion": "split by lesion", "lesion-test": "split by lesion, with a test part",
                "random": "split by image, which flatters the figures",
                "all": "not split: it was trained on all of them, so these figures are those of sibling networks that "
                "each left some out"}


def _nothing_yet(problem: str | None) -> None:
    st.title("Classify")
    if problem:
        st.warning(as_text(problem), icon=":material/link_off:")
    st.markdown("Here a trained model gives its output for your images and shows the regions that raised it. "
                "There is no model yet.")
    train_way()


def _about(info: ModelInfo) -> None:
    """What the model was trained on in a sentence, the rest folded."""
    kind = "generated " if info.generated else ""
    with st.expander(as_text(f"Trained on {count(info.training_images, f'{kind}image')} of "
                             f"{count(info.training_lesions, 'lesion')} of the data set {info.data}")):
        if figures := info.validation:
            judged = "Cross-validation" if info.split == "all" or info.folds else "Validation"
            st.markdown(
                f"{judged}, {count(figures['images'], 'image')}: accuracy {percent(figures.get('accuracy'))} (the most "
                f"frequent diagnosis alone {percent(figures.get('majority_accuracy'))}), balanced accuracy "
                f"{percent(figures.get('balanced_accuracy'))}."
            )
        st.markdown("It chooses among: " + ", ".join(as_text(label(code)) for code in info.classes) + ".")
        carried = info.own_decision != "as-data" and model_priors(resources.workspace(), info)
        words = ("Here its probabilities are carried over to the frequencies of its training images (as-data)."
                 if carried else weighing(info))
        told = networks_sentence(info) if info.folds else f"Its data were {_SPLIT_WORDS[info.split]}."
        st.markdown(as_text(f"{told} {words}"))
        st.markdown(as_text(f"Licence of its training images: {info.licence}; {info.attribution}."))
        st.page_link(MODELS, label="Its card", icon=":material/description:",
                     query_params={"model": info.name, **mark()})


def _uploads() -> list[VisitorImage]:
    """What was uploaded, some at a time; says why one cannot be read."""
    files = st.file_uploader("Images (JPEG or PNG)", [suffix[1:] for suffix in SUFFIXES], accept_multiple_files=True,
                             key="uploads")
    st.caption("Uploads stay in this computer's memory while your page is open; they are stored nowhere, and of each "
               "only the pixels are used.")
    if role(just_now=True) is not Role.OPERATOR:
        st.caption(VISITORS_WORDS)
    shown = st.session_state.get("uploads.shown", PAGE)
    images = []
    for file in files[:shown]:
        with problems.in_words():
            images.append(visitor_image(file.getvalue(), file.name))
    if shown < len(files):
        st.button(f"Show {min(PAGE, len(files) - shown):,} more ({shown:,} of {len(files):,} shown)",
                  key="uploads.more", on_click=lambda: st.session_state.update({"uploads.shown": shown + PAGE}),
                  icon=":material/expand_more:")
    return images


def _allowed(info: ModelInfo, images: list[VisitorImage]) -> bool | None:
    """Whether the model may be asked about uploads: the question, over the pictures; None before it is answered."""
    if all(refusal(info, image.generated) for image in images):
        return False
    answer = st.radio(QUESTION, ["yes", "no"], index=None, horizontal=True, key="dermatoscope",
                      format_func={"yes": "Yes", "no": "No, or I do not know"}.get)
    if answer == "no":
        st.warning(NOT_DERMATOSCOPIC, icon=":material/block:")
    return None if answer is None else answer == "yes"


def _chosen_images(info: ModelInfo) -> list[VisitorImage]:
    if not st.session_state.get(_CHOSEN) and not st.session_state.get("uploads"):
        st.session_state["source"] = "uploads" if info.read_only and not examples(info).offers else "examples"
    source = st.radio(
        "Images to classify", ["examples", "uploads"], key="source", horizontal=True, label_visibility="collapsed",
        format_func={"examples": "Example images", "uploads": "My images"}.get,
        on_change=lambda: st.session_state.update({_CHOSEN: True}),
    )
    try:
        return example_rows(info) if source == "examples" else _uploads()
    except LesionLabError as error:
        problems.show(error)
        return []


def main() -> None:
    models = resources.models()
    if not models:
        _nothing_yet(linked("model", []).problem)
        return
    by_name = {info.name: info for info in models}
    choice, answer = st.columns([2, 5], gap="medium")
    with choice:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.title("Classify", width="content")
            start_over_button()
        info = by_name[pick("Model", "model", list(by_name), default=usual_model(models).name,
                            words=lambda name: short_title(by_name[name]))]
        images = _chosen_images(info)
    with answer:
        if images:
            allowed = True if st.session_state["source"] == "examples" else _allowed(info, images)
            with problems.in_words():
                for number, image in enumerate(images):
                    image_panel(info, image, number, allowed)
        else:
            st.info("Choose an image: the model's output for it appears here, a probability for each diagnosis and "
                    "the regions that raised it.", icon=":material/image_search:")
    _about(info)
    no_lesion_panel()
    help_text("classify", "What the model's output is, and is not")
    help_text("decisions", "Two decisions: as-data and balanced")
    help_text("heatmap", "How to read a heatmap")


main()
