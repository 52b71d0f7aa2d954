"""New models without a training: a bundle that another LesionLab exported, uploaded or lying on this computer, and the
mean of models that are here.
"""

from pathlib import Path

import streamlit as st

from app.access import Right, may, require
from app.addresses.links import remember
from app.components import problems
from app.components.data.data_intake import file_name_of, uploaded_to
from app.components.long_work import SessionWork
from app.loaders import resources
from pipeline.errors import ModelError
from pipeline.jobs.tasks import BundleRequest
from pipeline.models.combined import MOST, combine
from pipeline.models.library import title_of
from pipeline.models.model_info import ModelInfo

_UPLOADS = "upload"  # the folder within the job's


def _say_imported(answer: dict[str, str], seconds: float) -> None:
    _WORK.forget()
    problems.say_later(f"The model {answer['model']} is here.")
    remember(model=answer["model"])
    st.rerun()


_WORK = SessionWork("bundle", "Imports the bundle", _say_imported, right=None)


def import_form() -> None:
    """A form for an uploaded bundle or, for whoever runs the server, its path; and how far its import is."""
    path = ""
    with st.form("models.import", border=False):
        upload = st.file_uploader("Bundle (zip), up to 50 MB", type="zip", key="models.upload")
        if may(Right.IMPORT_PATH):
            path = st.text_input("Or the path of a bundle on the computer that runs LesionLab", key="models.path",
                                 placeholder="/data/model.zip")
        name = st.text_input("Name", key="models.name", placeholder="the name that the model had",
                             help="Lower-case letters, digits, dots, dashes and underscores.")
        st.caption("A bundle holds numbers and text, no program. All of it is checked before the model is here.")
        sent = st.form_submit_button("Import the bundle", icon=":material/input:")
    if sent:
        with problems.in_words():
            _import(upload, path.strip(), name.strip())
    _WORK.view()


def _import(upload, path: str, name: str) -> None:
    require(Right.IMPORT_PATH if path else Right.IMPORT)
    if not upload and not path:
        way = " or write a path" if may(Right.IMPORT_PATH) else ""
        raise ModelError("No bundle was given.", f"Choose a zip file{way}.")
    source = Path(_UPLOADS, file_name_of(upload)) if upload else Path(path).expanduser().absolute()
    _WORK.start(object(), BundleRequest(str(source), name or None),
                (lambda folder: uploaded_to(folder / _UPLOADS, upload)) if upload else None)


def combine_form(models: list[ModelInfo]) -> None:
    """A form for the members, the flips and a name; nothing is trained, so the new model is there at once."""
    titles = {info.name: title_of(info) for info in models if not info.is_mean}
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
            require(Right.COMBINE)
            info = combine(resources.workspace(), name.strip(), members, flips)
            problems.say_later(f"The model {info.name} is here. Judge it on another data set, or on its members' own.")
            remember(model=info.name)
            st.rerun()
