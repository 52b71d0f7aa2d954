"""Near-identical images with different lesion_ids, side by side: confirmed as one lesion, or dismissed."""

import math
from typing import Any

import pandas as pd
import streamlit as st

from app.access import Right, may, not_offered, require
from app.components import problems
from app.components.pickers import address_radio, page_of_address, pager
from app.loaders import leakage_rows, resources
from app.loaders.image_pixels import thumbnail
from app.words.factor_words import reference
from pipeline.classes import label
from pipeline.data.dataset import Dataset
from pipeline.data.same_lesion import Verdict, judge_pair
from pipeline.errors import ImageError
from pipeline.files.workspace import error_words
from pipeline.number_words import count, decimal, percent
from pipeline.shown import as_text

PAGE = 6
_IN_A_ROW = 2
_WORDS = {"open": "Not judged yet", "same": "Same lesion", "different": "Different"}


def pairs_with_verdicts(
    audit: dict[str, Any], judged: dict[tuple[str, str], Verdict], lesions: pd.Series
) -> list[dict]:
    """The audit's pairs, and those judged that it does not name, each with `verdict` ("open" without one).

    Args:
        lesions: lesion_id by image_id.
    """
    rows, named = [], set()
    for pair in audit["near_duplicates"]:
        key = tuple(sorted((pair["image_a"], pair["image_b"])))
        named.add(key)
        rows.append({**pair, "verdict": judged.get(key, "open")})
    for (a, b), verdict in judged.items():
        if (a, b) not in named and a in lesions.index and b in lesions.index:
            rows.append({"image_a": a, "image_b": b, "lesion_a": lesions[a], "lesion_b": lesions[b],
                         "similarity": None, "verdict": verdict})
    return rows


def near_pairs(dataset: Dataset, audit: dict[str, Any]) -> None:
    """What was found, and the pairs with one verdict, a page at a time."""
    table = resources.metadata(dataset)
    not_offered(Right.JUDGE_PAIR, "Judging these pairs")
    rows = pairs_with_verdicts(audit, leakage_rows.judged(dataset), table["lesion_id"])
    st.markdown(
        f"{count(audit['pairs_in_all'], 'pair')} of images that look alike (similarity of at least "
        f"{audit['threshold']:.3g}) have different lesion_ids, so even a split by lesion can put one into training and "
        f"the other into validation. {audit['pairs_of_one_lesion']:,} more share theirs, and stay together anyway. "
        "Most of these pairs are look-alikes; whether two images show one lesion is for a person to say."
    )
    if len(audit["near_duplicates"]) < audit["pairs_in_all"]:
        st.caption(f"The {len(audit['near_duplicates']):,} most similar of them stand here.")
    share = audit.get("found_share")
    if share is not None and share < 1:
        st.caption("So many images are compared with those alone that are neighbours or share a hash: of the pairs of "
                   f"a sample, {percent(share)} are found this way.")
    of = {verdict: [row for row in rows if row["verdict"] == verdict] for verdict in _WORDS}
    chosen = address_radio("Pairs", "verdict", {v: f"{_WORDS[v]} ({len(of[v]):,})" for v in _WORDS}, hidden=True,
                           forgets=("page",))
    if not of[chosen]:
        st.info({"open": "Every pair has been judged.", "same": "No pair has been confirmed yet.",
                 "different": "No pair has been dismissed yet."}[chosen] if rows else
                "No two images with different lesion_ids look that much alike.")
    else:
        _pairs(dataset, table, of[chosen])
    if of["same"]:
        st.caption(
            "Splits by lesion of runs planned from now on keep the lesions of confirmed pairs together, and the run's "
            "configuration says so. Runs that exist keep the split that they were trained on; a run that was planned "
            "before a change and has not begun says that it must be started anew."
        )


def _pairs(dataset: Dataset, table: pd.DataFrame, rows: list[dict]) -> None:
    pages = math.ceil(len(rows) / PAGE)
    page = min(page_of_address(pages), pages)
    pager("pairs.top", page, pages, PAGE, len(rows))
    shown = rows[(page - 1) * PAGE : page * PAGE]
    for start in range(0, len(shown), _IN_A_ROW):
        for column, row in zip(st.columns(_IN_A_ROW), shown[start : start + _IN_A_ROW], strict=False):
            with column.container(border=True):
                _pair(dataset, table, row)


def _pair(dataset: Dataset, table: pd.DataFrame, row: dict) -> None:
    for column, side in zip(st.columns(2, wrap=False), "ab", strict=True):
        with column:
            _side(dataset, table, row[f"image_{side}"])
    a, b = row["image_a"], row["image_b"]
    key = f"{a}.{b}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Similarity {decimal(row['similarity'], 2)}", width="content")
        if row["verdict"] == "open":
            _button("Same lesion", "same", dataset, a, b, key, ":material/link:")
            _button("Different", "different", dataset, a, b, key, ":material/link_off:")
        else:
            st.markdown(f"**{_WORDS[row['verdict']]}**", width="content")
            _button("Undo", None, dataset, a, b, key, ":material/undo:")


def _button(words: str, verdict: Verdict | None, dataset: Dataset, a: str, b: str, key: str, icon: str) -> None:
    if may(Right.JUDGE_PAIR):
        st.button(words, key=f"pair.{verdict}.{key}", icon=icon, on_click=_judge, args=(dataset, a, b, verdict))


def _judge(dataset: Dataset, a: str, b: str, verdict: Verdict | None) -> None:
    with problems.in_words():
        require(Right.JUDGE_PAIR)
        judge_pair(resources.workspace(), dataset, a, b, verdict)


def _side(dataset: Dataset, table: pd.DataFrame, image_id: str) -> None:
    if image_id not in table.index:
        st.warning(as_text(f"The data set {dataset.name} no longer has the image {image_id}."))
        return
    row = table.loc[image_id]
    try:
        st.image(thumbnail(dataset.image_path(row["file"]), row["width"], row["height"]), width="stretch",
                 alt=f"Image {image_id}: {label(row['dx'])}")
    except ImageError as error:
        st.warning(as_text(error_words(error)), icon=":material/broken_image:")
    source = "" if pd.isna(row["source"]) else f" · {row['source']}"
    st.markdown(reference(row["dx"], row["dx_type"], generated=dataset.generated))
    st.caption(as_text(f"Image {image_id} · lesion {row['lesion_id']}{source}"))
