"""One run as it goes: its state in words, progress, curves, epochs, and the button that stops it.

The page only reads what the trainer writes; closing or refreshing it changes nothing.
"""

from typing import Any

import streamlit as st

from app.addresses.links import CLASSIFY, ERRORS, go
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
from app.components.long_work import job_bar, resume, stop, watch
from app.components.metric_places import metric_places
from app.components.pickers import STATE_WORDS
from app.components.runs.evaluation_run import evaluation_run
from app.loaders import resources
from pipeline.files.workspace import error_words
from pipeline.number_words import UNDEFINED, decimal, percent, rough_duration
from pipeline.runs.resume import can_resume
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import ENDED, Status
from pipeline.runs.time_parts import TIME_PARTS, divide, part_name
from pipeline.shown import as_text

STOP = "Stop this run"
RESUME = "Resume this run"
_WORDS = {
    "failed": "",
    "interrupted": "Perhaps the computer was restarted, or its memory ran out.",
    "cancelled": "Its curves stay; it has no model.",
}
_GO_ON = "It can go on from its last full epoch."
_BEGIN = "No epoch of it was finished, so it starts at its beginning when it is resumed."
_NEW = {"failed": "Change what the sentence names and start again below.", "cancelled": "Start a new run below."}


def live_run(run: RunDir) -> None:
    """Shows the run; while it is not at its end the view refreshes itself every second."""
    if run.capabilities().kind == "evaluation":
        evaluation_run(run)
        return
    watch(lambda: [run], _view)


def _view(run: RunDir, status: Status) -> None:
    _headline(run, status)
    _curves(run, run.config().epochs)


def _headline(run: RunDir, status: Status) -> None:
    state, button = st.columns([4, 1], vertical_alignment="center")
    state.markdown(f"### {as_text(run.name)}: {STATE_WORDS[status.state]}")
    if status.state in ENDED:
        _ended(run, status)
    else:
        _active(run, status, button)
    config = run.config()
    st.caption(
        as_text(f"Data set {config.data}, preset {config.preset}, {config.arch} at {config.width}×{config.height} "
                f"pixels, batches of {config.batch_size}, seed {config.seed}. "
                f"Device: {status.device or 'not known before the start'}. {error_words(' '.join(status.notes))}")
    )


def _active(run: RunDir, status: Status, button) -> None:
    stopping = job_bar(run, status, "Stops within two batches")
    button.button(STOP, disabled=stopping, key=f"stop.{run.name}", icon=":material/stop_circle:", on_click=stop,
                  args=(run,), help="Training ends within two batches. The curves stay, but a stopped run gives no "
                  "model until it is resumed.")


def _ended(run: RunDir, status: Status) -> None:
    took = f" It took {rough_duration(status.seconds)}." if status.seconds else ""
    if status.state == "done":
        st.success(f"Training and evaluation are done.{took}", icon=":material/check:")
        with st.container(horizontal=True):
            if st.button("Study its errors", type="primary", key="to_results", icon=":material/grid_on:"):
                go(ERRORS, run=run.name)
            if st.button("Classify images with it", key="to_classify", icon=":material/image_search:"):
                go(CLASSIFY, model=run.name)
    else:
        _broken_off(run, status)


def _broken_off(run: RunDir, status: Status) -> None:
    """What ended it and what can be done now, with the button that goes on where that can be."""
    resumable = can_resume(run)
    way_on = (_GO_ON if run.resume_path.exists() else _BEGIN) if resumable else _NEW[status.state]
    words = " ".join(filter(None, [error_words(status.error or status.doing), _WORDS[status.state], way_on]))
    (st.info if status.state == "cancelled" else st.error)(as_text(words))
    if resumable:
        st.button(RESUME, type="primary", key=f"resume.{run.name}", icon=":material/resume:", on_click=resume,
                  args=(run,))


def _curves(run: RunDir, planned: int) -> None:
    events = resources.events(run)
    batches = batches_table(events)
    epochs = epochs_table(events, batches)
    _figures(batches, epochs)
    if batches.empty:
        st.info("The curves appear here with the first training batches.", icon=":material/show_chart:")
        return
    left, right = st.columns(2)
    with left:
        show(loss_figure(batches, epochs, dark()), batches, f"{run.name}-batches", key=f"loss.{run.name}")
    with right:
        show(accuracy_figure(epochs, planned, dark()), epochs, f"{run.name}-epochs", key=f"accuracy.{run.name}")
    left, right = st.columns(2)
    with left:
        rates = batches[["batch", "learning_rate"]]
        show(rate_figure(batches, dark()), rates, f"{run.name}-rates", key=f"rate.{run.name}")
    with right:
        st.markdown("**Epochs: what each of them reached**")
        _epoch_rows(epochs)
    with st.container():
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


def waiting_runs(runs: list[RunDir], shown: RunDir | None) -> None:
    """The queue in words."""
    waiting = [run for run in reversed(runs) if run.status().state == "queued" and run != shown]
    if waiting:
        names = ", ".join(as_text(run.name) for run in waiting)
        st.caption(f"Waiting for the device, first come first served: {names}.")


def _time_division(run: RunDir, events: list[dict[str, Any]]) -> None:
    """Where the time of an ended run went, with what each part is; nothing where the events do not tell."""
    parts = divide(events, run.status().seconds)
    if not parts:
        return
    table = time_table(parts)
    show(time_figure(table, dark()), table, f"{run.name}-time", key=f"time.{run.name}")
    with st.expander("What each part of the time is", icon=":material/help:"):
        known = [part for part in parts if part in TIME_PARTS]
        st.markdown("\n".join(f"- **{as_text(part_name(part).capitalize())}**: {TIME_PARTS[part][1]}."
                              for part in known))
        if "explaining" not in parts and "judging" in parts:
            st.markdown("This run measured its heatmaps as a part of predicting.")
