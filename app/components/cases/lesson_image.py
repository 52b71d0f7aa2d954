"""One image of a teaching set as a class sees it: the picture and the patient, and the answer once it is asked for."""

import pandas as pd
import streamlit as st

from app.addresses.links import CASE
from app.addresses.visits import mark
from app.components.notice_panel import notice_panel
from app.components.one_lesion import answer_button, is_answered, large_picture, patient_words, turning_buttons
from app.components.run_page import images_not_here
from app.loaders.run_data import found_data, images_of, noticed_model
from app.words.factor_words import reference
from pipeline.classes import label
from pipeline.number_words import probability
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import Remark, TeachingSet
from pipeline.shown import as_lines, as_text


def lesson(run: RunDir, one: TeachingSet, image_id: str, cases: pd.DataFrame, remark: Remark) -> None:
    """The image, and beside it who has the lesion; reference diagnosis, answer and note only when asked for.

    Args:
        cases: what the run says of its images, by image_id; it need not have judged this one.
        remark: what the educator said of the image.
    """
    found = found_data(run)
    table = images_of(run, found)
    seen, words = st.columns([5, 4], gap="large")
    row = table.loc[image_id].to_dict() if table is not None and image_id in table.index else None
    with seen:
        if row is not None and found.dataset is not None and table is not None:
            large_picture(found.dataset, table, image_id, "The lesion")
        elif run.capabilities().names_its_data:
            st.info("The data set of this image is no longer here, or has lost it.", icon=":material/broken_image:")
        else:
            images_not_here()
    with words:
        if row is not None:
            st.subheader(patient_words(row["age"], row["sex"], row["localization"]), anchor=False)
        if not is_answered():
            st.markdown("Name a diagnosis, and say how sure you are.")
            answer_button("lesson")
        else:
            _answer(run, image_id, row, cases, remark, found.dataset is not None and found.dataset.generated)
        turning_buttons("lesson", "image", one.images, image_id)
    if is_answered() and (info := noticed_model(run)):
        notice_panel(info, f"{run.name}/{image_id}")


def _answer(
    run: RunDir, image_id: str, row: dict | None, cases: pd.DataFrame, remark: Remark, generated: bool
) -> None:
    judged = image_id in cases.index
    truth = row["dx"] if row is not None else cases.at[image_id, "truth"] if judged else None
    if truth is not None:
        made = None if row is None else str(row["dx_type"])
        st.markdown(reference(str(truth), made, generated=generated))
    if judged:
        case = cases.loc[image_id]
        icon, word = (":material/check:", "right") if case["right"] else (":material/close:", "wrong")
        st.markdown(f"**Prediction:** {as_text(label(case['predicted']))}, {probability(float(case['confidence']))} · "
                    f"{icon} {word}")
    else:
        st.markdown("This run did not judge the image.")
    if remark.doubtful:
        st.markdown(":material/flag: label doubtful")
    if remark.note:
        st.markdown(as_lines(remark.note))
    if judged:
        st.page_link(CASE, label="All about this case", icon=":material/open_in_full:",
                     query_params={"run": run.name, "image": image_id, **mark()})
