"""Getting images into the workspace from a zip or folder of the user's.

What takes long is handed back as a `Pending` job, so that the page can draw everything else first and nothing of the
last view stands about while it runs.
"""

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import streamlit as st

from app.access import Right, may, require
from app.components import problems
from app.components.data.naming_panel import ask, naming_panel, no_longer_ask
from app.components.figures import csv_download
from app.components.long_work import progress_bar
from app.loaders import resources
from pipeline.data.dataset import Dataset
from pipeline.data.naming import UnconfirmedNamesError
from pipeline.errors import DataError
from pipeline.files.disk import disk_errors
from pipeline.number_words import count
from pipeline.shown import as_text
from pipeline.vocabulary import View

Pending = Callable[[], None]
_LONGEST_FILE_NAME = 60  # characters
_VIEWS = {"told": "What their layout says, else whole images", "square": "The central squares of the originals"}


def _imported(dataset: Dataset) -> None:
    left_out = f" {count(len(dataset.problems), 'problem')} listed below." if dataset.problems else ""
    problems.say_later(
        f"The data set {dataset.name} is here: {count(dataset.images, 'image')} of {count(dataset.lesions, 'lesion')}, "
        f"{len(dataset.classes)} diagnoses.{left_out}"
    )
    st.rerun()


def in_place(started: bool, work: Pending) -> Pending | None:
    """`work` if it was started: to be called at the end of the page, showing its progress and its error here."""
    place = st.container()  # there before the start too, else what stands below is left behind greyed

    def run() -> None:
        with place, problems.in_words():
            work()

    return run if started else None


def _name_for(source: str) -> str:
    stem = re.sub(r"\.(zip|hdf5|h5)$", "", Path(source).name.lower())
    return re.sub(r"[^a-z0-9._-]+", "-", stem).strip("-._")[:64]


def file_name_of(upload) -> str:
    """The name of the uploaded zip, as far as that is one for a file."""
    return re.sub(r"[^\w. ()+-]", "-", upload.name).strip(".")[-_LONGEST_FILE_NAME:] or "upload.zip"


def uploaded_to(folder: Path, upload) -> Path:
    """The uploaded zip as a file in `folder`, which is made."""
    path = folder / file_name_of(upload)
    with disk_errors(path):
        folder.mkdir(exist_ok=True)
        with path.open("wb") as file:
            shutil.copyfileobj(upload, file)
    return path


def _path_of(text: str) -> Path | None:
    return Path(text).expanduser() if text else None


def _import(
    upload, path: str, name: str, sources: str, table: str, view: View | None, mapping: Mapping[str, str] | None
) -> Dataset:
    """The data set; where diagnoses need somebody's word, the page is drawn again with the question."""
    from pipeline.data.importing import import_dataset
    from pipeline.data.left_behind import temporary_folder

    require(Right.IMPORT_PATH if path or sources or table else Right.IMPORT)
    if not upload and not path:
        way = " or write a path" if may(Right.IMPORT_PATH) else ""
        raise DataError("No archive was given.", f"Choose a zip file{way}.")
    workspace = resources.workspace().create()
    with temporary_folder(workspace, ".upload-") as folder, progress_bar("Reads the archive.", "import") as progress:
        source = uploaded_to(folder, upload) if upload else Path(path).expanduser()
        try:
            dataset = import_dataset(
                workspace, source, name or _name_for(source.name), sources=_path_of(sources), table=_path_of(table),
                view=view, mapping=mapping, progress=progress,
            )
        except UnconfirmedNamesError as error:
            ask(_given(upload, path, table), error)
    no_longer_ask()
    return dataset


def _given(upload, path: str, table: str) -> tuple[str, str, str]:
    """What the form names: as long as it stays, a question about its diagnoses holds."""
    return (upload.file_id if upload else "", path, table)


def import_form() -> Pending | None:
    """A form for an uploaded zip or, for whoever runs the server, a path on it; the work to do, if it was sent."""
    path = sources = table = ""
    by_path = may(Right.IMPORT_PATH)
    with st.form("import", border=False):
        st.markdown(
            f"A zip{' or a folder' if by_path else ''}: `HAM10000_metadata.csv` (with `image_id`, `lesion_id`, "
            "`dx`) and its images, wherever in it they lie; the files of an ISIC challenge or of the ISIC archive; or "
            "one folder of images for each diagnosis."
        )
        upload = st.file_uploader("Zip file, up to 50 MB", type="zip", key="import.upload")
        if by_path:
            path = st.text_input("Or the path of a zip or folder on the computer that runs LesionLab",
                                 key="import.path", placeholder="/data/ham10000.zip")
        left, right = st.columns(2)
        name = left.text_input("Name", key="import.name", placeholder="from the file's name",
                               help="Lower-case letters, digits, dots, dashes and underscores.")
        if by_path:
            sources = right.text_input("Image sources (path of a CSV, optional)", key="import.sources",
                                       help="Columns image_id and dataset: which clinic or camera each image is from.")
        view = left.selectbox("The images show", _VIEWS, key="import.view", format_func=_VIEWS.get, help="A model that "
                              "is trained on central squares sees the same square of an upload.")
        if by_path:
            table = right.text_input("Table (path of a CSV, optional)", key="import.table",
                                     help="Where the table with the diagnoses does not lie in the zip or folder.")
        sent = st.form_submit_button("Import", type="primary", icon=":material/input:")
    path, table = path.strip(), table.strip()
    confirmed = naming_panel(_given(upload, path, table))
    return in_place(sent or confirmed is not None, lambda: _imported(_import(
        upload, path, name.strip(), sources.strip(), table, None if view == "told" else view, confirmed
    )))


def datasets_here(datasets: list[Dataset]) -> None:
    """What is there, and what was left out at the import of each."""
    for dataset in datasets:
        st.markdown(
            f"**{as_text(dataset.name)}**: {count(dataset.images, 'image')} of {count(dataset.lesions, 'lesion')}, "
            f"{len(dataset.classes)} diagnoses. Licence: {as_text(dataset.licence)}; {as_text(dataset.attribution)}."
        )
        if dataset.problems:
            with st.expander(f"{count(len(dataset.problems), 'problem')} at the import of {as_text(dataset.name)}"):
                st.dataframe(dataset.problems, hide_index=True, key=f"problems.{dataset.name}")
                csv_download(pd.DataFrame(dataset.problems), f"{dataset.name}-problems", f"problems.{dataset.name}")
