"""Chosen runs side by side: their curves, and what they make of the validation images that all of them judged."""

from typing import Any

import pandas as pd
import streamlit as st

from app.charts.comparison import balanced_figure, course_table, losses_figure, sensitivity_figure
from app.components.figures import dark, show
from app.components.image_ways import row_ways, way_links
from app.components.runs.run_disagreements import disagreements
from app.components.runs.runs_table import SPLIT_WORDS, title_of
from app.components.runs.shared_figures import shared_figures
from app.components.runs.shared_ways import SharedWays
from app.loaders import run_rows
from pipeline.classes import label
from pipeline.metrics.compare import Comparison
from pipeline.number_words import count, percent
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text


def curves(runs: list[RunDir], rows: list[dict[str, Any]]) -> None:
    """Validation loss and balanced accuracy of the runs, epoch by epoch."""
    st.subheader("Curves")
    names = {row["run"]: title_of(row) for row in rows}
    before = {row["run"]: row["epochs_before"] or 0 for row in rows}
    can = {row["run"]: run_rows.capabilities_of(row) for row in rows}
    folds = [names[run.name] for run in runs if can[run.name].has_folds]
    if folds:
        st.caption(as_text(f"The curves of the trainings are not bundled: {folds[0]}."))
    runs = [run for run in runs if can[run.name].has_curves]
    if not runs:
        return
    epochs = {run.name: _counted_on(run_rows.epochs(run), before[run.name]) for run in runs}
    without = [names[run] for run, table in epochs.items() if table.empty]
    if without:
        st.caption(as_text(f"No epoch is over yet, so no curve: {', '.join(without)}."))
    if len(without) == len(runs):
        return
    if any(before.values()):
        st.caption("The curve of a run that started from a stage of another counts its epochs on from that stage.")
    left, right = st.columns(2)
    with left:
        show(losses_figure(epochs, names, dark()), course_table(epochs, names, "valid_loss"), "validation-loss",
             key="runs.losses")
        if len({row["loss"] for row in rows if row["loss"]}) > 1:
            st.caption("These runs were trained with different loss functions, so the heights of their losses do not "
                       "compare; their courses do.")
    with right:
        show(balanced_figure(epochs, names, dark()), course_table(epochs, names, "balanced_accuracy"),
             "balanced-accuracy", key="runs.balanced")
        st.caption("Each curve is of the run's own validation images. What they share is compared below.")


def _counted_on(epochs: pd.DataFrame, before: int) -> pd.DataFrame:
    return epochs.assign(overall=epochs["overall"] + before)


def differences(rows: list[dict[str, Any]]) -> list[str]:
    """Sentences that say how far runs with other data or other splits can be compared."""
    sentences = []
    names = sorted({str(row["data"]) for row in rows})
    if len(names) > 1:
        verb = "judged" if any(row["evaluates"] for row in rows) else "trained"
        sentences.append(f"They were {verb} on different data sets ({', '.join(names)}): what is shared are equal "
                         "image ids, which may name different images.")
    elif len({row["data_hash"] for row in rows}) > 1:
        sentences.append(f"The data set {names[0]} changed between these runs: images with the same id may differ.")
    splits = sorted({f"{SPLIT_WORDS.get(row['split'], row['split'])}, seed {row['seed']}"
                     + (f", limited to {count(row['limit'], 'image')}" if row["limit"] else "") for row in rows
                     if not row["evaluates"]})
    if len(splits) > 1:
        sentences.append(f"Their splits differ ({'; '.join(splits)}): each held out other images and trained on "
                         "others, and only the few that all of them held out count here.")
    return sentences


def shared_images(runs: list[RunDir], rows: list[dict[str, Any]]) -> None:
    """The comparison on shared validation images, with everything that limits it said first."""
    st.subheader("On the validation images that they share")
    ready = [(run, row) for run, row in zip(runs, rows, strict=True) if row["images"] is not None]
    left_out = [title_of(row) for row in rows if row["images"] is None]
    if left_out:
        st.info(as_text(f"Left out, because it has not been evaluated: {', '.join(left_out)}."))
    if len(ready) < 2:
        st.markdown("A comparison needs two evaluated runs.")
        return
    runs, rows = [run for run, _ in ready], [row for _, row in ready]
    for sentence in differences(rows):
        st.warning(as_text(sentence), icon=":material/difference:")
    found = run_rows.comparison(runs)
    names = {row["run"]: title_of(row) for row in rows}
    _what_is_shared(found, names)
    if not found.images:
        return
    shared_figures(found, names, runs, rows)
    table = _sensitivity_table(found, names)
    diagnoses, key = list(table["Reference diagnosis"]), "runs.sensitivity"
    show(sensitivity_figure(found.sensitivity, names, dark()), table, "sensitivity-shared", key=key, names=diagnoses)
    ways = SharedWays(found, names, runs)
    row_ways(diagnoses, lambda place: ways.of_truth(found.sensitivity["dx"].iat[place]), key)
    way_links(ways.of_all())
    disagreements(found, names, runs, ways)


def _what_is_shared(found: Comparison, names: dict[str, str]) -> None:
    each = "; ".join(
        f"{names[row.run]}: {count(row.images, 'image')} of {count(row.lesions, 'lesion')}"
        for row in found.counts.itertuples()
    )
    if not found.images:
        st.warning(as_text(f"They share no validation image, so they cannot be compared. Each judged others: {each}."),
                   icon=":material/join_inner:")
    else:
        st.markdown(f"**Shared: {count(found.images, 'image')} of {count(found.lesions, 'lesion')}.** "
                    f"Validation images of each run: {as_text(each)}.")
    if found.contradicted:
        st.warning(f"{count(found.contradicted, 'image')} more would be shared, but the runs know another lesion or "
                   "another reference diagnosis for it, so it is left out." if found.contradicted == 1 else
                   f"{count(found.contradicted, 'image')} more would be shared, but the runs know other lesions or "
                   "reference diagnoses for them, so they are left out.")
    for run, codes in found.unknown.items():
        if codes:
            st.warning(as_text(f"{names[run]} does not know {', '.join(label(code) for code in codes)}, so whatever it "
                               "says of such an image counts as wrong."), icon=":material/unknown_document:")
    for row in found.counts.itertuples():
        if found.images and row.trained_lesion_images > 0:
            st.warning(as_text(
                f"{names[row.run]} trained on other images of the same lesion for "
                f"{count(int(row.trained_lesion_images), 'shared image')}, which flatters it."
            ), icon=":material/content_copy:")


def _sensitivity_table(found: Comparison, names: dict[str, str]) -> pd.DataFrame:
    table = found.sensitivity.assign(dx=found.sensitivity["dx"].map(label))
    for run in found.runs:
        table[run] = table[run].map(percent)
    return table.rename(columns={"dx": "Reference diagnosis", "images": "Images", "lesions": "Lesions", **names})
