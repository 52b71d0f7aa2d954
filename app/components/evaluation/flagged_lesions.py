"""The lesions behind a threshold: how many of each kind, and with one click the images of one of them."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from app.addresses.links import Way, linked, remember
from app.components.image_ways import way_links
from app.components.judged_pictures import region_controls
from app.components.lesion_wall import lesion_wall
from app.components.run_page import judged_images
from pipeline.metrics.operating_point import OperatingPoint
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

# value in the address: (with the target, flagged)
KINDS = {
    "not-flagged": (True, False), "flagged": (True, True), "others-flagged": (False, True),
    "others-not-flagged": (False, False),
}


def flagged_lesions(
    run: RunDir, scores: pd.DataFrame, point: OperatingPoint, noun: str, rows: pd.DataFrame, view: str,
    way: Callable[[bool, bool, int], Way],
) -> None:
    """A button a kind, and the images of the one that the address names.

    Args:
        scores: `lesion_scores`.
        rows: the part's predictions, as the decision sees them.
        view: names what is shown, so that another view starts at its top.
        way: the way to the images on Errors: whether they have the target, are flagged, and how many there are.
    """
    words = {
        "not-flagged": f"{noun.capitalize()}s not flagged", "flagged": f"{noun.capitalize()}s flagged",
        "others-flagged": "Other lesions flagged", "others-not-flagged": "Other lesions not flagged",
    }
    flagged = scores["score"] >= point.threshold
    of = {kind: scores[(scores["positive"] == positive) & (flagged == is_flagged)]
          for kind, (positive, is_flagged) in KINDS.items()}
    st.subheader("The lesions behind it")
    with st.container(horizontal=True):
        for kind, title in words.items():
            st.button(f"{title}: {len(of[kind]):,}", key=f"evaluation.lesions.{kind}", on_click=_open, args=(kind,),
                      disabled=of[kind].empty, icon=":material/image:")
    link = linked("lesions", KINDS)
    if link.problem:
        st.warning(as_text(link.problem), icon=":material/link_off:")
    if link.value:
        _images(run, of[link.value], words[link.value], rows, f"{view}.{point.threshold}.{link.value}",
                lambda images: way(*KINDS[link.value], images))


def _open(kind: str) -> None:
    remember(lesions=kind, page=None)


def _close() -> None:
    remember(lesions=None, page=None)


def _images(
    run: RunDir, lesions: pd.DataFrame, title: str, rows: pd.DataFrame, view: str, way: Callable[[int], Way]
) -> None:
    order = lesions.sort_values(["score", "lesion_id"]).reset_index(drop=True)
    place = pd.Series(order.index, index=order["lesion_id"])
    shown = rows[rows["lesion_id"].isin(order["lesion_id"])]
    shown = shown.iloc[shown["lesion_id"].map(place).argsort(kind="stable").to_numpy()]
    n = f"{count(len(shown), 'image')} of {count(len(order), 'lesion')}"
    st.subheader(f"{title}: {n}, the lowest probability first")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Close the images", key="evaluation.close", on_click=_close, icon=":material/close:")
        way_links([way(len(shown))])
    if shown.empty:
        st.info("At this threshold there is no such lesion.")
    elif judged := judged_images(run):
        lesion_wall(run, shown, judged, region_controls(judged.heatmaps is not None), view=view)
