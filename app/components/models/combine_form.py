"""A new model that is the mean of others, or of one over an image's flips."""

import streamlit as st

from app.addresses.links import remember
from app.components import problems
from app.loaders import resources
from pipeline.models.combined import MOST, combine
from pipeline.models.library import title_of
from pipeline.models.model_info import ModelInfo


def combine_form(models: list[ModelInfo]) -> None:
    """A form for the members, the flips and a name; nothing is trained, so the new model is there at once."""
    titles = {info.name: title_of(info) for info in models if not info.members}
    with st.form("models.combine", border=False):
        members = st.multiselect("Models", list(titles), format_func=titles.get, key="combine.members",
                                 max_selections=MOST, placeholder=f"Choose 2 to {MOST}, or one to average over flips")
        flips = st.checkbox("Each averages over an image and its three flips", key="combine.flips",
                            help="As it is, mirrored across, mirrored down, and both: four times the work.")
        name = st.text_input("Name of the mean", key="combine.name", placeholder="three-eyes",
                             help="Lower-case letters, digits, dots, dashes and underscores.")
        st.caption("They must choose among the same diagnoses. Their probabilities are averaged at the mean of their "
                   "training frequencies. Lesions that no member was trained on can judge the mean.")
        sent = st.form_submit_button("Combine", icon=":material/join:")
    if sent:
        with problems.in_words():
            info = combine(resources.workspace(), name.strip(), members, flips)
            problems.say_later(f"The model {info.name} is here. Judge it on another data set, or on its members' own.")
            remember(model=info.name)
            st.rerun()
