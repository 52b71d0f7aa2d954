"""Chosen runs side by side: their curves, and what they make of the validation images that all of them judged."""

from typing import Any

import pandas as pd
import streamlit as st

from app import resources, run_rows
from app.comparison_charts import balanced_figure, course_table, losses_figure, sensitivity_figure
from app.components.figures import dark, show, show_table
from app.components.runs_table import SPLIT_WORDS, title_of
from app.wording import as_text, count, percent, probability
from pipeline.classes import label
from pipeline.config import RunConfig
from pipeline.data.dataset import Dataset
from pipeline.data.generated import NOTICE
from pipeline.errors import ImageError
from pipeline.evaluation.compare import Comparison, prediction_column, probability_column
from pipeline.jobs.run_dir import RunDir

_CARDS = 6


def curves(runs: list[RunDir], rows: list[dict[str, Any]]) -> None:
    """Validation loss and balanced accuracy of the runs, epoch by epoch."""
    st.subheader("Curves")
    names = {row["run"]: title_of(row) for row in rows}
    epochs = {run.name: run_rows.epochs(run) for run in runs}
    without = [names[run] for run, table in epochs.items() if table.empty]
    if without:
        st.caption(as_text(f"No epoch is over yet, so no curve: {', '.join(without)}."))
    if len(without) == len(runs):
        return
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


def differences(rows: list[dict[str, Any]]) -> list[str]:
    """Sentences that say how far runs with other data or other splits can be compared."""
    sentences = []
    names = sorted({str(row["data"]) for row in rows})
    if len(names) > 1:
        sentences.append(f"They were trained on different data sets ({', '.join(names)}): what is shared are equal "
                         "image ids, which may name different images.")
    elif len({row["data_hash"] for row in rows}) > 1:
        sentences.append(f"The data set {names[0]} changed between these runs: images with the same id may differ.")
    splits = sorted({f"{SPLIT_WORDS.get(row['split'], row['split'])}, seed {row['seed']}"
                     + (f", limited to {count(row['limit'], 'image')}" if row["limit"] else "") for row in rows})
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
    _figures(found, names, rows)
    table = _sensitivity_table(found, names)
    show(sensitivity_figure(found.sensitivity, names, dark()), table, "sensitivity-shared", key="runs.sensitivity")
    _disagreements(found, names, runs)


def _what_is_shared(found: Comparison, names: dict[str, str]) -> None:
    each = "; ".join(
        f"{names[row.run]}: {count(row.images, 'image')} of {count(row.lesions, 'lesion')}"
        for row in found.counts.itertuples()
    )
    if not found.images:
        st.warning(as_text(f"They share no validation image, so they cannot be compared. Each judged others: {each}."),
                   icon=":material/join_inner:")
    else:
        st.markdown(as_text(f"**Shared: {count(found.images, 'image')} of {count(found.lesions, 'lesion')}.** "
                            f"Validation images of each run: {each}."))
    if found.contradicted:
        st.warning(f"{count(found.contradicted, 'image')} more would be shared, but the runs know another lesion or "
                   "another truth for it, so it is left out." if found.contradicted == 1 else
                   f"{count(found.contradicted, 'image')} more would be shared, but the runs know other lesions or "
                   "truths for them, so they are left out.")
    for row in found.counts.itertuples():
        if found.images and row.trained_lesion_images > 0:
            st.warning(as_text(
                f"{names[row.run]} trained on other images of the same lesion for "
                f"{count(int(row.trained_lesion_images), 'shared image')}, which flatters it."
            ), icon=":material/content_copy:")


def _figures(found: Comparison, names: dict[str, str], rows: list[dict[str, Any]]) -> None:
    from pipeline.evaluation.evaluate import CHOSE_EPOCH_SENTENCE

    chose = {row["run"]: row["chose_epoch"] for row in rows}
    table = pd.DataFrame(
        {
            "Run": [names[run] for run in found.runs],
            "Balanced accuracy": found.figures["balanced_accuracy"].map(percent),
            "Accuracy": found.figures["accuracy"].map(percent),
            "Lesions right": [
                f"{percent(row.lesion_accuracy)} ({percent(row.low)} to {percent(row.high)})"
                for row in found.figures.itertuples()
            ],
            "Chose the epoch": ["yes" if chose[run] else "no" for run in found.runs],
        }
    )
    st.dataframe(table, hide_index=True, key="runs.shared", width="stretch", row_height=35,
                 height=35 * (len(table) + 1) + 3)
    words = (f"n = {count(found.images, 'image')} of {count(found.lesions, 'lesion')}. Lesions right: each lesion "
             "counts once, by the mean probabilities of its shared images; in brackets the 95 % Wilson interval.")
    flattered = [names[run] for run in found.runs if chose[run]]
    if flattered:
        words += f" {', '.join(flattered)}: {CHOSE_EPOCH_SENTENCE}"
    st.caption(as_text(words))


def _sensitivity_table(found: Comparison, names: dict[str, str]) -> pd.DataFrame:
    table = found.sensitivity.assign(dx=found.sensitivity["dx"].map(label))
    for run in found.runs:
        table[run] = table[run].map(percent)
    return table.rename(columns={"dx": "Truth", "images": "Images", "lesions": "Lesions", **names})


def _disagreements(found: Comparison, names: dict[str, str], runs: list[RunDir]) -> None:
    cases = found.disagreements
    st.subheader(f"Where they disagree: {len(cases):,} of {count(found.images, 'shared image')}")
    if cases.empty:
        st.markdown("On every shared image all of them say the same.")
        return
    right = {run: cases[prediction_column(run)] == cases["truth"] for run in found.runs}
    views = {f"Only {names[run]} is right": cases[right[run] & (cases["right"] == 1)] for run in found.runs}
    views = {"All disagreements": cases, **views, "None is right": cases[cases["right"] == 0]}
    words = {view: f"{view}: {count(len(rows), 'image')}" for view, rows in views.items()}
    view = st.selectbox("Cases", list(views), format_func=words.get, key=f"cases.{'.'.join(found.runs)}")
    chosen = views[view]
    if chosen.empty:
        st.markdown("There is no such image.")
        return
    config = runs[0].config()
    dataset = next((d for d in resources.datasets() if d.name == config.data), None)
    if dataset is None or len({run.config().data_hash for run in runs}) > 1:
        st.caption("No pictures: these runs do not stand on one data set that is still here.")
    else:
        _cards(chosen, found, names, dataset, config, f"{'.'.join(found.runs)}.{view}")
    shown = chosen.assign(truth=chosen["truth"].map(label), **{
        prediction_column(run): chosen[prediction_column(run)].map(label) for run in found.runs
    })
    columns = {place(run): place(names[run]) for run in found.runs for place in (prediction_column, probability_column)}
    show_table(shown.rename(columns={"right": "runs that are right", **columns}), view, "disagreements", "runs.cases")


def _cards(cases: pd.DataFrame, found: Comparison, names, dataset: Dataset, config: RunConfig, view: str) -> None:
    key = f"runs.cards.{view}"
    shown = st.session_state.get(key, _CARDS)
    metadata = resources.metadata(dataset)
    if dataset.generated:
        st.caption(f":material/draw: These images are {NOTICE}.")
    for start in range(0, min(shown, len(cases)), 3):
        for column, case in zip(st.columns(3), cases.iloc[start : start + 3].to_dict("records"), strict=False):
            with column.container(border=True, height="stretch"):
                _card(case, found, names, dataset, config, metadata)
    if shown < len(cases):
        st.button(f"Show {min(_CARDS, len(cases) - shown)} more ({shown} of {len(cases):,} shown)", key=f"{key}.more",
                  on_click=lambda: st.session_state.update({key: shown + _CARDS}), icon=":material/expand_more:")


def _card(case: dict[str, Any], found: Comparison, names, dataset: Dataset, config: RunConfig, metadata) -> None:
    image_id = case["image_id"]
    try:
        picture = resources.as_seen(dataset.image_path(metadata.at[image_id, "file"]), config.height, config.width,
                                    config.resize)
        st.image(picture, width="stretch", output_format="JPEG", alt=f"Image {image_id} as the network saw it")
    except KeyError:
        st.caption(f"The data set no longer has the image {image_id}.")
    except ImageError as error:
        st.caption(as_text(str(error)))
    lines = [f"**Truth:** {label(case['truth'])}"]
    for run in found.runs:
        predicted = case[prediction_column(run)]
        icon = ":material/check:" if predicted == case["truth"] else ":material/close:"
        verdict = "right" if predicted == case["truth"] else "wrong"
        lines.append(f"{icon} {as_text(names[run])}: {label(predicted)}, "
                     f"{probability(case[probability_column(run)])} ({verdict})")
    st.markdown("  \n".join(lines))
    st.caption(f"Image {image_id} · lesion {case['lesion_id']}")
