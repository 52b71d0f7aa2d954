"""Models: all trained and imported models as rows, one of them opened with its card, ways out and ways in."""

import streamlit as st

from app.access import Right, may, not_offered
from app.addresses.links import linked
from app.components import problems
from app.components.models.model_actions import deleted_list, just_deleted, label_form, ways_on
from app.components.models.model_exports import exports
from app.components.models.model_intake import combine_form, import_form
from app.components.models.model_rows import model_rows
from app.components.models.model_table import about, models_table
from app.components.train_way import train_way
from app.loaders import resources
from pipeline.errors import ModelError
from pipeline.files.workspace import error_words
from pipeline.models.card import brought_card
from pipeline.models.library import model_label
from pipeline.models.model_info import ModelInfo, damaged_models
from pipeline.models.training_images import training_images
from pipeline.number_words import count
from pipeline.shown import as_lines, as_plain, as_text


def _nothing_yet() -> None:
    if problem := linked("model", []).problem:
        st.warning(as_text(problem), icon=":material/link_off:")
    st.markdown("Every trained model stands here with its card, and can be taken to another computer or a notebook. "
                "There is none yet.")
    train_way()


def _one(info: ModelInfo) -> None:
    """One model: what it is, what can be done with it, and its card."""
    about(info)
    if note := model_label(info).note:
        st.markdown(as_lines(note))
    card = resources.card(info)
    if info.members:
        st.caption("A mean of models has no weights of its own; its members can be taken along instead.")
    elif may(Right.TAKE_AWAY):
        exports(info, card)
    ways_on(info)
    try:
        listed = count(len(training_images(info)), "image")
        st.caption(f"It carries the ids, lesions and content hashes of the {listed} that it was trained on.")
    except ModelError as error:
        st.info(as_text(error_words(error)), icon=":material/info:")
    if info.licence and not info.generated:
        st.caption(as_text(f"Trained on images under {info.licence}: {info.attribution}. Whoever gets the model is "
                           "bound by that licence too."))
    if info.read_only:
        st.caption("It came with LesionLab, so it can be neither named nor deleted.")
    elif may(Right.NAME):
        with st.expander("Title and description", icon=":material/edit:"):
            label_form(info)
    if brought_card(resources.workspace(), info) is None or info.read_only:
        st.markdown(_lowered(card))
    else:
        st.caption("This card came with the model, as it stands in its file; it calls the model by the name that "
                   "it had there.")
        st.code("\n".join(map(as_plain, card.splitlines())), language=None, wrap_lines=True)


def _opened(info: ModelInfo) -> None:
    with problems.in_words():
        _one(info)


def _lowered(card: str) -> str:
    """The card with smaller headings, as a part of the page."""
    return "\n".join(f"##{line}" if line.startswith("#") else line for line in card.split("\n"))


def main() -> None:
    problems.said()
    st.title("Models")
    not_offered(Right.IMPORT, "Importing, exporting, combining, naming and deleting models")
    just_deleted()
    models = resources.models()
    for error in damaged_models(resources.workspace()).values():
        problems.show(error)
    if models:
        link = linked("model", [info.name for info in models])
        if link.problem:
            st.warning(as_text(link.problem), icon=":material/link_off:")
        model_rows(models, link.value, _opened)
        with st.expander("All figures, as a table", icon=":material/table_rows:"):
            models_table(models)
    else:
        _nothing_yet()
    if may(Right.IMPORT):
        with st.expander("Import a model", icon=":material/input:", expanded=not models):
            import_form()
    if models and may(Right.COMBINE):
        with st.expander("Combine models, or average one over flips", icon=":material/join:"):
            combine_form(models)
    deleted_list()


main()
