"""Bringing a model in: a bundle that another LesionLab exported, uploaded or lying on this computer."""

from pathlib import Path

import streamlit as st

from app.access import operator, require_operator
from app.addresses.links import remember
from app.components import problems
from app.components.data.data_intake import Pending, in_place, uploaded_to
from app.components.long_work import progress_bar
from app.loaders import resources
from pipeline.data.left_behind import temporary_folder
from pipeline.errors import ModelError
from pipeline.jobs.short_work import run_short
from pipeline.jobs.tasks import BundleRequest


def import_form() -> Pending | None:
    """A form for an uploaded bundle or, for whoever runs the server, its path; the work to do, if it was sent."""
    path = ""
    with st.form("models.import", border=False):
        upload = st.file_uploader("Bundle (zip), up to 50 MB", type="zip", key="models.upload")
        if operator():
            path = st.text_input("Or the path of a bundle on the computer that runs LesionLab", key="models.path",
                                 placeholder="/data/model.zip")
        name = st.text_input("Name", key="models.name", placeholder="the name that the model had",
                             help="Lower-case letters, digits, dots, dashes and underscores.")
        st.caption("A bundle holds numbers and text, no program. All of it is checked before the model is here.")
        sent = st.form_submit_button("Import the bundle", icon=":material/input:")
    return in_place(sent, lambda: _import(upload, path.strip(), name.strip()))


def _import(upload, path: str, name: str) -> None:
    if path:
        require_operator("imports by a path of the server")
    if not upload and not path:
        raise ModelError("No bundle was given.", f"Choose a zip file{' or write a path' if operator() else ''}.")
    workspace = resources.workspace().create()
    with temporary_folder(workspace, ".upload-") as folder:
        source = uploaded_to(folder, upload) if upload else Path(path).expanduser().absolute()
        with progress_bar("Checks the bundle: about 10 seconds.", "models.import") as progress:
            told = run_short(workspace, "bundle", BundleRequest(str(source), name or None), progress)
    problems.say_later(f"The model {told['model']} is here.")
    remember(model=told["model"])
    st.rerun()
