"""What a data set holds in numbers: diagnoses and their groups, one cross-table at a time, what is missing."""

import shlex

import pandas as pd
import streamlit as st

from app.addresses.links import remember
from app.charts.dataset_figures import counts_figure, cross_figure
from app.components.data.image_wall import open_images
from app.components.figures import csv_download, dark, show
from app.words.factor_words import FACTOR_WORDS, level_words
from pipeline.classes import DIAGNOSES, label
from pipeline.data.dataset import Dataset
from pipeline.data.reserved import reserved_images
from pipeline.data.tables import (
    FACTORS,
    NOT_RECORDED,
    counts_by_diagnosis,
    cross_table,
    factors_of,
    group_counts,
    missing,
)
from pipeline.number_words import count, percent
from pipeline.shown import as_text

_CROSSED = FACTORS[1:]
_UNITS = ("images", "lesions")


def take_click() -> None:
    """A click on a cell of the cross-table opens its images; called before anything is drawn."""
    points = (st.session_state.get(_cross_key()) or {}).get("selection", {}).get("points", [])
    cells = [point["customdata"] for point in points if point.get("customdata")]
    factor = st.session_state.get("cross.by")
    if cells and factor in _CROSSED:
        # a chart keeps its own selection; a new key lets the same cell be clicked again
        st.session_state["cross.turn"] = st.session_state.get("cross.turn", 0) + 1
        open_images(dx=cells[0][0], **{factor: cells[0][1]})


def _cross_key() -> str:
    return f"cross.{st.session_state.get('cross.turn', 0)}"


def diagnoses(dataset: Dataset, rows: pd.DataFrame) -> None:
    """The chart of images and lesions, and the groups with every name spelled out."""
    table = counts_by_diagnosis(rows)
    left, right = st.columns([3, 2], gap="large")
    with left:
        behind = pd.DataFrame({
            "Diagnosis": [label(code) for code in table["dx"]], "Images": table["images"], "Lesions": table["lesions"],
            "Share of images": [percent(n / len(rows)) for n in table["images"]],
            "Covers": [DIAGNOSES[c].covers if c in DIAGNOSES else "" for c in table["dx"]],
            "Group": [DIAGNOSES[c].group if c in DIAGNOSES else "" for c in table["dx"]],
        })
        show(counts_figure(table, dark()), behind, f"{dataset.name}-diagnoses", key="diagnoses")
    with right:
        st.markdown("**Groups**")
        for text in _groups(rows, list(table["dx"])):
            st.markdown(text)
        st.caption("A lesion can have several images: a model that learns from one of them must not be tested on "
                   "another.")


def _groups(rows: pd.DataFrame, codes: list[str]) -> list[str]:
    """A paragraph a group: its counts, and each of its diagnoses with what its name covers."""
    of = {code: DIAGNOSES[code].group if code in DIAGNOSES else "unknown" for code in codes}
    malignant, between, benign, other = ([c for c in codes if of[c] == group]
                                         for group in ("malignant", "in situ or precursor", "benign", "unknown"))
    texts = [_group("Malignant", rows, malignant, malignant)]
    if between:
        texts.append(_group("Malignant or in situ/precursor", rows, malignant + between, between,
                            "the malignant ones, and" if malignant else ""))
    texts += [_group(title, rows, group, group) for title, group in (("Benign", benign), ("Others", other)) if group]
    return texts


def _group(title: str, rows: pd.DataFrame, counted: list[str], named: list[str], before: str = "") -> str:
    images, lesions = group_counts(rows, counted)
    lines = [f"{title}: **{count(images, 'image')}** of {count(lesions, 'lesion')}, {percent(images / len(rows))} of "
             "all images" + (f"; {before}" if before else "")]
    for code in named:
        covers = DIAGNOSES[code].covers if code in DIAGNOSES else "all types"
        lines.append(f"- {as_text(label(code))}" + ("" if covers == "all types" else f": {covers}"))
    return "\n".join([lines[0], "", *lines[1:]]) if named else f"{title}: none."


def _from_address(parameter: str, options: tuple[str, ...], noun: str) -> str:
    asked = st.query_params.get(parameter)
    if asked is not None and asked not in options:
        st.warning(as_text(f"The address names the {noun} {asked[:80]}, which is not here. Shown instead: "
                           f"{FACTOR_WORDS.get(options[0], options[0]).lower()}."), icon=":material/link_off:")
    return asked if asked in options else options[0]


def _remember_from(parameter: str) -> None:
    remember(**{parameter: st.session_state[f"cross.{parameter}"]})


def crossed(dataset: Dataset, rows: pd.DataFrame) -> None:
    """One cross-table of the diagnosis, chosen by a select box, in images or lesions."""
    crossed_by = tuple(factor for factor in _CROSSED if factor in factors_of(rows))
    factor = _from_address("by", crossed_by, "table by")
    unit = _from_address("count", _UNITS, "unit")
    st.session_state["cross.by"], st.session_state["cross.count"] = factor, unit
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    left.selectbox("Diagnosis by", crossed_by, key="cross.by", format_func=FACTOR_WORDS.get, on_change=_remember_from,
                   args=("by",))
    right.radio("Count", _UNITS, key="cross.count", format_func=lambda unit: as_text(unit.capitalize()),
                horizontal=True, on_change=_remember_from, args=("count",))
    counts = cross_table(rows, factor, unit)
    behind = counts.rename(columns=label).assign(All=counts.sum(axis=1))
    behind.insert(0, FACTOR_WORDS[factor], [level_words(factor, level) for level in counts.index])
    show(cross_figure(counts, factor, unit, dark()), behind, f"{dataset.name}-{factor}", key=_cross_key(),
         selecting=True)
    st.caption("A click on a cell opens its images. " + " – ".join(as_text(label(code)) for code in counts.columns))


def what_is_missing(dataset: Dataset, rows: pd.DataFrame) -> None:
    """What is unknown or not recorded, each with the way to its images; how to add image sources."""
    found = missing(rows)
    if not found:
        st.markdown("Age, sex, localization, how the reference diagnosis was made and the image source are there for "
                    "every image.")
    for lack in found:
        with st.container(horizontal=True, vertical_alignment="center"):
            level = as_text(level_words(lack.factor, lack.level))
            st.markdown(f"{FACTOR_WORDS[lack.factor].removesuffix(' band')} {level}: "
                        f"{count(lack.images, 'image')} of {count(lack.lesions, 'lesion')} ({percent(lack.share)})",
                        width="content")
            st.button("Show them", key=f"missing.{lack.factor}.{lack.level}", on_click=open_images,
                      kwargs={lack.factor: lack.level}, type="tertiary", icon=":material/photo_library:")
    if any((lack.factor, lack.level) == ("source", NOT_RECORDED) for lack in found):
        st.markdown(
            "Which clinic or camera an image comes from can be added from a CSV with the columns `image_id` and "
            "`dataset`:"
        )
        st.code(shlex.join(["python", "-m", "pipeline", "data", "import", "--name", dataset.name, "--sources", "CSV"]),
                language="sh")


def problems_of_import(dataset: Dataset) -> None:
    """What the import left out or could not use, and what is reserved."""
    if kept := reserved_images(dataset):
        st.info(f"{count(len(kept), 'image')} are reserved: they join no training and no choice, and judge a model "
                "only where an evaluation asks for them.", icon=":material/lock:")
    if not dataset.problems:
        st.markdown("The import left nothing out.")
        return
    st.markdown(f"The import noted {count(len(dataset.problems), 'problem')}.")
    table = pd.DataFrame(dataset.problems).rename(columns={"image_id": "Image", "problem": "Problem"})
    st.dataframe(table, hide_index=True, key="import.problems")
    csv_download(table, f"{dataset.name}-problems", "import.problems")
