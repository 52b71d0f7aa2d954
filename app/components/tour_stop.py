"""One stop of the tour of instructive errors: the lesion and the question, then what it is and what networks said."""

import pandas as pd
import streamlit as st

from app.addresses.links import CASE, ERRORS, EVALUATION, explore_link
from app.addresses.visits import mark
from app.components.notice_panel import notice_panel
from app.components.one_lesion import answer_button, is_answered, large_picture, patient_words, turning_buttons
from app.components.run_page import images_not_here
from app.loaders.run_data import found_data, images_of, noticed_model
from app.loaders.tour_lesions import shown_by
from app.words.evaluation_words import ANSWER_WORDS
from app.words.factor_words import reference
from pipeline.classes import label
from pipeline.classroom.tour_claims import Told
from pipeline.classroom.tour_stops import Stop
from pipeline.data.dataset import Dataset
from pipeline.metrics.predictions_table import probability_column
from pipeline.number_words import percent, probability
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

_IN_A_ROW = 4


def tour_stop(run: RunDir, stop: Stop, stops: list[str], told: Told) -> None:
    """The stop; without its image here there is nothing to guess from, so its answer stands at once.

    Args:
        stops: the image ids of all stops that are shown, in their order.
    """
    found = found_data(run)
    table = images_of(run, found)
    dataset = found.dataset if table is not None and stop.image_id in table.index else None
    seen, words = st.columns([5, 4], gap="large")
    with seen:
        if dataset is None or table is None:
            images_not_here()
        else:
            large_picture(dataset, table, stop.image_id, "The lesion")
    answered = dataset is None or is_answered()
    with words:
        row = stop.patient._asdict() if dataset is None or table is None else table.loc[stop.image_id].to_dict()
        st.subheader(patient_words(row["age"], row["sex"], row["localization"]), anchor=False)
        if answered:
            st.markdown(reference(stop.claim.truth, str(row["dx_type"]), generated=False))
            _answers(run, told, stop)
        else:
            st.markdown("What do you see? Name a diagnosis, and say how sure you are. The networks were wrong here.")
            answer_button("tour")
        turning_buttons("tour", "stop", stops, stop.image_id)
    if answered:
        if dataset is not None and table is not None:
            _same_lesion(told, stop, dataset, table)
        _ways_on(run, stop)
        if info := noticed_model(run):
            notice_panel(info, f"{run.name}/{stop.image_id}")


def _answers(run: RunDir, told: Told, stop: Stop) -> None:
    """What the networks said under both decisions, what that shows, and what to ask."""
    lines = []
    for decision, words in ANSWER_WORDS.items():
        row = told.under(decision).loc[stop.image_id]
        truth = row[probability_column(stop.claim.truth)]
        line = f"{words}: **{as_text(label(row['predicted']))}**, {probability(float(row['confidence']))}"
        lines.append(line if row["right"] else f"{line}; the reference diagnosis had {probability(float(truth))}")
    st.markdown("  \n".join(lines))
    st.markdown(as_text(shown_by(run, stop.image_id)))
    st.markdown(f":material/help: **{as_text(stop.ask)}**")


def _same_lesion(told: Told, stop: Stop, dataset: Dataset, table: pd.DataFrame) -> None:
    """Those of the lesion's other images that are here, each with its answer under the claim's decision."""
    others = told.others(stop.image_id, stop.claim.decision)
    others = others[[image_id in table.index for image_id in others.index]]  # `isin` would read the whole table
    if others.empty:
        return
    words = "at the data's frequencies" if stop.claim.decision == "as-data" else "all diagnoses weighed alike"
    st.markdown(f"**The same lesion's other images**, {words}")
    for column, (image_id, row) in zip(st.columns(_IN_A_ROW), others.iterrows(), strict=False):
        with column:
            large_picture(dataset, table, str(image_id), f"Image {image_id} of the same lesion")
            st.caption(as_text(f"{label(row['predicted'])}, {probability(float(row['confidence']))}"))


def _ways_on(run: RunDir, stop: Stop) -> None:
    with st.container(horizontal=True):
        st.page_link(CASE, label="All about this case", icon=":material/open_in_full:",
                     query_params={"run": run.name, "image": stop.image_id, **mark()})
        st.page_link(ERRORS, label="More errors like it", icon=":material/photo_library:",
                     query_params=explore_link(run.name, **stop.claim.wall))
        st.page_link(ERRORS, label="All errors of these networks", icon=":material/grid_on:",
                     query_params={"run": run.name, **mark()})
        if stop.threshold is not None:
            st.page_link(EVALUATION, label=f"Move the threshold of {percent(stop.threshold, 0)}",
                         icon=":material/tune:", query_params={
                             "run": run.name, "topic": "operating-point", "target": stop.claim.truth,
                             "threshold": f"{100 * stop.threshold:.1f}", **mark()})
