"""A teaching set to take along: a handout as PDF, a folder of its images with a table, and all that is known as CSV."""

import pandas as pd
import streamlit as st

from app.access import Right, later, may
from app.components.figures import csv_download
from app.loaders.run_data import found_data, images_of
from app.words.factor_words import level_words
from pipeline.data.tables import recorded
from pipeline.export.handout import MOST, Handout, HandoutLesion, handout_folder, handout_pdf, in_words
from pipeline.metrics.predictions_table import probability_column
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import Remark, TeachingSet, set_table
from pipeline.shown import as_text


@st.fragment
def take_along(run: RunDir, one: TeachingSet, cases: pd.DataFrame, remarks: dict[str, Remark]) -> None:
    """What of a set can be downloaded, behind a button: until it is pressed no image's file is looked at."""
    if not may(Right.TAKE_AWAY):
        return
    folded = st.popover("Take along", icon=":material/download:", key=f"explore.{one.id}.along", on_change="rerun")
    if folded.open:
        with folded:
            _handout_buttons(run, one, cases, remarks)
            csv_download(set_table(one, cases, remarks), one.id, f"explore.{one.id}")


def _handout_buttons(run: RunDir, one: TeachingSet, cases: pd.DataFrame, remarks: dict[str, Remark]) -> None:
    """Both downloads; says so where some of the images are not here, or there are too many for paper."""
    lesions = handout_lesions(run, one, cases, remarks)
    if not lesions or len(lesions) > MOST:
        st.caption("A handout needs its images, and none is here." if not lesions else
                   f"A handout has at most {MOST} images.")
        return
    if len(lesions) < len(one.images):
        st.caption(f"The handout lacks {count(len(one.images) - len(lesions), 'image')} whose file is not here.")
    handout = _handout(run, one, lesions)
    st.download_button("Handout", later(Right.TAKE_AWAY, lambda: handout_pdf(handout)), file_name=f"{one.id}.pdf",
                       mime="application/pdf", key=f"explore.{one.id}.pdf", on_click="ignore", icon=":material/print:",
                       help="A PDF with six pictures a page, a line for each answer, and the key on the last page.")
    st.download_button("Images", later(Right.TAKE_AWAY, lambda: handout_folder(handout)), file_name=f"{one.id}.zip",
                       mime="application/zip", key=f"explore.{one.id}.zip", on_click="ignore",
                       icon=":material/folder_zip:", help="A zip: the images under numbers, and a table with the key.")


def _handout(run: RunDir, one: TeachingSet, lesions: tuple[HandoutLesion, ...]) -> Handout:
    dataset = found_data(run).dataset
    assert dataset is not None, "its images are here"
    who = ("five networks, each asked about lesions that it had not seen" if run.capabilities().has_folds
           else f"the run {run.name}, on lesions that it had not seen")
    return Handout(one.name, one.note, who, dataset.licence, dataset.attribution, dataset.generated, lesions)


def handout_lesions(
    run: RunDir, one: TeachingSet, cases: pd.DataFrame, remarks: dict[str, Remark]
) -> tuple[HandoutLesion, ...]:
    """The images of the set whose files are here, in its order."""
    found = found_data(run)
    table = images_of(run, found)
    if found.dataset is None or table is None:
        return ()
    lesions = []
    for image_id in one.images:
        if image_id not in table.index:
            continue
        row = table.loc[image_id]
        path = found.dataset.image_path(row["file"])
        if path.is_file():
            remark = remarks.get(image_id, Remark())
            case = cases.loc[image_id] if image_id in cases.index else None
            predicted = None if case is None else str(case["predicted"])
            lesions.append(HandoutLesion(
                image_id, path, in_words(None if pd.isna(row["age"]) else float(row["age"]), recorded(row["sex"]),
                                         recorded(row["localization"])),
                str(row["dx"]), None if found.dataset.generated else _origin(row["dx_type"]), predicted,
                None if case is None else float(case[probability_column(predicted)]), remark.note, remark.doubtful,
            ))
    return tuple(lesions)


def _origin(dx_type: object) -> str:
    known = recorded(dx_type)
    return as_text(level_words("dx_type", known)) if known else "how it was made is not recorded"
