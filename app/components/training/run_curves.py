"""What a run shows of itself: the lesions that it watches with the curves beside them, a batch, and its numbers."""

from typing import Any

import streamlit as st

from app.charts.curves import (
    accuracy_figure,
    batches_table,
    epochs_table,
    loss_figure,
    rate_figure,
    time_figure,
    time_table,
)
from app.components.figures import dark, show
from app.components.metric_places import metric_places
from app.components.training.watched_wall import batch_now, watched_wall
from app.loaders import resources
from pipeline.number_words import UNDEFINED, decimal, percent
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import ENDED
from pipeline.runs.time_parts import TIME_PARTS, divide, part_name
from pipeline.runs.watched import watched
from pipeline.shown import as_text


def run_curves(run: RunDir, state: str) -> None:
    """The run's lesions, curves and numbers, from its events; `state` is its status's."""
    events, ended = resources.events(run), state in ENDED
    batches = batches_table(events)
    epochs = epochs_table(events, batches)
    shown = watched(events)
    if shown is None:
        places = st.columns(2)
    else:
        lesions, beside = st.columns([11, 9], gap="medium")
        with lesions:
            watched_wall(run, shown, ended)
        with beside:
            if state == "running":
                batch_now(run)
            places = [st.container(), st.container()]
    _loss_and_accuracy(run, batches, epochs, places, 340 if shown is None else 260)
    if shown is None and state == "running":
        batch_now(run)
    _figures(batches, epochs)
    with st.container():  # one place, so that what follows keeps its own
        if len(batches):
            with st.expander("Each epoch in numbers, the learning rate, and where the time went",
                             icon=":material/table_chart:"):
                _numbers(run, events, batches, epochs)


def _loss_and_accuracy(run: RunDir, batches, epochs, places, height: int) -> None:
    if batches.empty:
        places[0].info("The curves appear here with the first training batches.", icon=":material/show_chart:")
        return
    with places[0]:
        show(loss_figure(batches, epochs, dark(), height), batches, f"{run.name}-batches", key=f"loss.{run.name}")
    with places[1]:
        planned = run.config().epochs
        show(accuracy_figure(epochs, planned, dark(), height), epochs, f"{run.name}-epochs",
             key=f"accuracy.{run.name}")


def _numbers(run: RunDir, events: list[dict[str, Any]], batches, epochs) -> None:
    left, right = st.columns(2)
    with left:
        rates = batches[["batch", "learning_rate"]]
        show(rate_figure(batches, dark()), rates, f"{run.name}-rates", key=f"rate.{run.name}")
    with right:
        st.markdown("**Epochs: what each of them reached**")
        _epoch_rows(epochs)
    notes = [event["words"] for event in events if event.get("kind") == "stage" and event.get("words")]
    if notes:
        st.caption("Stages: " + as_text("; ".join(notes)))
    _time_division(run, events)


def _figures(batches, epochs) -> None:
    """The last numbers, in a row that has the same height before the first of them."""
    last = epochs.iloc[-1] if len(epochs) else None
    loss, accuracy, balanced, speed = metric_places(4)
    loss.metric("Training loss", f"{batches['smoothed'].iloc[-1]:.3f}" if len(batches) else UNDEFINED,
                help="Smoothed over batches.")
    accuracy.metric("Validation accuracy", UNDEFINED if last is None else percent(last["accuracy"]))
    balanced.metric("Balanced accuracy", UNDEFINED if last is None else percent(last["balanced_accuracy"]),
                    help="The mean over diagnoses of the share of its validation images that got it right.")
    speed.metric("Images per second", UNDEFINED if last is None else f"{last['images_per_second']:.0f}",
                 help="In training, mean of the last epoch.")


def _epoch_rows(epochs) -> None:
    if epochs.empty:
        st.caption("The first row appears when the first epoch is validated.")
        return
    rows = epochs.drop(columns=["overall", "batch"]).assign(
        accuracy=epochs["accuracy"].map(percent), balanced_accuracy=epochs["balanced_accuracy"].map(percent),
        seconds=epochs["seconds"].map("{:.0f}".format),
        images_per_second=epochs["images_per_second"].map("{:.0f}".format),
        train_loss=epochs["train_loss"].map("{:.3f}".format), valid_loss=epochs["valid_loss"].map(decimal),
        stage=epochs["stage"].map(as_text),
    )
    st.table(rows.rename(columns={
        "stage": "Stage", "epoch": "Epoch", "train_loss": "Training loss", "valid_loss": "Validation loss",
        "accuracy": "Accuracy", "balanced_accuracy": "Balanced accuracy", "images_per_second": "Images/s",
        "seconds": "Seconds",
    }), hide_index=True)


def _time_division(run: RunDir, events: list[dict[str, Any]]) -> None:
    """Where the time of an ended run went, with what each part is; nothing where the events do not tell."""
    parts = divide(events, run.status().seconds)
    if not parts:
        return
    table = time_table(parts)
    show(time_figure(table, dark()), table, f"{run.name}-time", key=f"time.{run.name}")
    with st.popover("What each part of the time is", icon=":material/help:"):
        known = [part for part in parts if part in TIME_PARTS]
        st.markdown("\n".join(f"- **{as_text(part_name(part).capitalize())}**: {TIME_PARTS[part][1]}."
                              for part in known))
        if "explaining" not in parts and "judging" in parts:
            st.markdown("This run measured its heatmaps as a part of predicting.")
