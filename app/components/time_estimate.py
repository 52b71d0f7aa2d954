"""How long the chosen run would take: measured on request in a process of its own, for exactly this configuration."""

import time
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from app import resources
from app.components import problems
from app.wording import as_text, duration
from pipeline.config import RunConfig
from pipeline.errors import LesionLabError
from pipeline.jobs.estimating import Estimating

ESTIMATE = "Estimate the time"
_KEPT = "train.estimate"
_PARTS = {
    "start": "loading the libraries", "data": "decoding the images", "frozen": "training the head",
    "training": "fine-tuning", "validation": "validation", "judging": "predictions and heatmaps",
}
_RATES = {"frozen": "in training the head", "training": "in fine-tuning", "validation": "in validation"}


@dataclass
class _Kept:
    """This visitor's estimate: of `plan`, by `job` while it is measured, then its `answer` or the `problem`."""

    plan: RunConfig
    job: Estimating | None
    answer: dict[str, Any] | None = None
    problem: LesionLabError | None = None
    at: float = field(default_factory=time.time)


def in_words(answer: dict[str, Any], seconds_ago: float) -> str:
    """The estimate in a sentence, with the speeds that it comes from."""
    whole = duration(answer["seconds"])
    headline = "A few seconds" if whole.startswith("a few") else f"About {whole}"
    when = "just now" if seconds_ago < 90 else f"{duration(seconds_ago)} ago"
    rates = answer["images_per_second"]
    speeds = [f"{_speed(rates[kind])} {words}" for kind, words in _RATES.items() if kind in rates]
    return f"**{headline}** (measured {when}, in images a second: {', '.join(speeds)})."


def _speed(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"


def parts_in_words(answer: dict[str, Any]) -> str:
    """Where the time would go, and what it was measured beside."""
    seconds = answer["parts"]
    parts = [f"{words} {duration(seconds[part])}" for part, words in _PARTS.items() if seconds.get(part)]
    sentence = ", ".join(parts)
    beside = answer["beside"]
    at_work = f" {', '.join(beside)} was at work beside the measurement: alone it is quicker." if beside else ""
    return f"{sentence[:1].upper()}{sentence[1:]}. A rough figure.{at_work} {' '.join(answer['notes'])}".strip()


def _forget() -> None:
    kept: _Kept | None = st.session_state.pop(_KEPT, None)
    if kept and kept.job:
        kept.job.cancel()


def estimate_button(plan: RunConfig | None, settings: list[str]) -> None:
    """The button; an estimate of another configuration than `plan`, or of none, is forgotten and its work ended."""
    kept: _Kept | None = st.session_state.get(_KEPT)
    if kept and kept.plan != plan:
        _forget()
        kept = None
    running = kept is not None and kept.job is not None
    if st.button(ESTIMATE, key="estimate", disabled=plan is None or running, icon=":material/timer:",
                 help="Trains a few batches to see how fast this computer is. Takes about half a minute."):
        with problems.in_words():
            start = None if plan.parent is None else f"{plan.parent}:{plan.parent_stage}"
            job = Estimating(resources.workspace(), plan.data, plan.preset, settings, start)
            st.session_state[_KEPT] = _Kept(plan, job)
            st.rerun()


def estimate_view() -> None:
    """The measurement as it goes, with a way to end it, then its result; nothing before it was asked for."""
    kept: _Kept | None = st.session_state.get(_KEPT)
    with st.container():  # one place, so that what follows keeps its own
        if kept:
            st.fragment(_view, run_every="1s" if kept.job else None)()


def _view() -> None:
    kept: _Kept | None = st.session_state.get(_KEPT)
    if kept is None:
        return
    if kept.job:
        if not kept.job.running:
            _take_result(kept)
            st.rerun()
        _progress(kept.job)
    elif kept.problem:
        problems.show(kept.problem)
    else:
        st.markdown(as_text(in_words(kept.answer, time.time() - kept.at)))
        st.caption(as_text(parts_in_words(kept.answer)))


def _take_result(kept: _Kept) -> None:
    try:
        kept.answer = kept.job.result()
    except LesionLabError as error:
        kept.problem = error
    kept.job, kept.at = None, time.time()


def _progress(job: Estimating) -> None:
    bar, button = st.columns([4, 1], vertical_alignment="center")
    fraction, sentence = job.step()
    bar.progress(fraction, text=as_text(f"Measures: {sentence}"))
    if button.button("Cancel", key="estimate.cancel", icon=":material/close:"):
        _forget()
        st.rerun()
