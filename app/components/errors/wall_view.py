"""The wall with the confusion matrix beside it: what of it is shown in which order, and what is made of it."""

from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from app.components import problems
from app.components.cases.set_maker import set_maker
from app.components.cases.teaching_sets import csv_button
from app.components.cases.ticks import tick, tick_all
from app.components.errors.confusion_panel import confusion_panel, lost_melanomas
from app.components.help_text import help_text
from app.components.image_ways import way_links
from app.components.judged_pictures import NO_REGIONS, region_controls
from app.components.lesion_wall import lesion_wall
from app.components.run_page import judged_images
from app.filters.filter_address import Asked, address_of
from app.filters.filter_bar import in_words
from app.words import first_bundled_words
from pipeline.metrics.predictions_table import classes_of
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import Remark, TeachingSet
from pipeline.vocabulary import HeldOutPart

_ACROSS = 3
PAGE = 9  # lesions: three rows, and on a phone not too long a way to the matrix below them


class Shown(NamedTuple):
    """What a run's page shows, each a `case_table`.

    Attributes:
        part: whose images they are, None for those of both parts.
        whole: all of the part; rows: those that the filters leave but for diagnoses and whether the answer is right,
            which the matrix counts; found: those that all filters leave, in order.
    """

    part: HeldOutPart | None
    whole: pd.DataFrame
    rows: pd.DataFrame
    found: pd.DataFrame


def wall_view(
    run: RunDir, shown: Shown, asked: Asked, figures: dict[str, Any] | None, sets: dict[str, TeachingSet],
    remarks: dict[str, Remark],
) -> None:
    """The wall, and beside it, on a phone below, the matrix.

    Args:
        figures: the stored ones of the part, where it has some.
    """
    problems.said()
    set_maker(run, shown.found, sets)
    wall, matrix = st.columns([3, 2], gap="medium")
    with wall:
        _wall(run, shown, asked, remarks)
    with matrix:
        classes = classes_of(shown.whole)
        confusion_panel(shown.rows, classes, asked.cell, f"{run.name}-{shown.part or 'both'}")
        if figures and shown.part:
            way_links(lost_melanomas(run, shown.part, shown.whole, figures))
        help_text("heatmap", "How to read a heatmap")


def _wall(run: RunDir, shown: Shown, asked: Asked, remarks: dict[str, Remark]) -> None:
    found, can = shown.found, run.capabilities()
    st.markdown(in_words(len(found), found["lesion_id"].nunique(), len(shown.whole), asked))
    if found.empty:
        st.info("No image has all of these. Take a filter out.")
        return
    judged = judged_images(run, noted=True)
    choice = NO_REGIONS if judged is None else region_controls(
        judged.heatmaps is not None, None if can.has_heatmaps else first_bundled_words.NO_HEATMAPS)
    on_page = lesion_wall(
        run, found, judged, choice, view=f"{run.name}.{shown.part}", across=_ACROSS, size=PAGE,
        kept=address_of(st.query_params.to_dict()), tick=lambda image_id: tick(run, image_id),
        doubtful={image_id for image_id, remark in remarks.items() if remark.doubtful},
    )
    with st.container(horizontal=True):
        st.button("Select this page", key="explore.select_page", on_click=tick_all, args=(run, on_page),
                  icon=":material/select_all:")
        st.button("Select all that match", key="explore.select_found", on_click=tick_all, args=(run, found.index),
                  icon=":material/done_all:")
        csv_button(run, found, remarks)
