"""How long the chosen run would take: measured on request in a process of its own, for exactly this configuration."""

from typing import Any

import streamlit as st

from app.components.long_work import SessionWork
from pipeline.configuration.config import RunConfig
from pipeline.jobs.tasks import EstimateRequest
from pipeline.number_words import rough_duration
from pipeline.shown import as_text

ESTIMATE = "Estimate the time"
_PARTS = {
    "start": "loading the libraries", "data": "decoding the images", "features": "the backbone's outputs",
    "frozen": "training the head",
    "training": "fine-tuning", "validation": "validation", "judging": "predictions and heatmaps",
}
_RATES = {"frozen": "in training the head", "training": "in fine-tuning", "validation": "in validation"}


def in_words(answer: dict[str, Any], seconds_ago: float) -> str:
    """The estimate in a sentence, with the speeds that it comes from."""
    whole = rough_duration(answer["seconds"])
    headline = "A few seconds" if whole.startswith("a few") else f"About {whole}"
    when = "just now" if seconds_ago < 90 else f"{rough_duration(seconds_ago)} ago"
    rates = answer["images_per_second"]
    speeds = [f"{_speed(rates[kind])} {words}" for kind, words in _RATES.items() if kind in rates]
    return f"**{headline}** (measured {when}, in images a second: {', '.join(speeds)})."


def _speed(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"


def parts_in_words(answer: dict[str, Any]) -> str:
    """Where the time would go, and what it was measured beside."""
    seconds = answer["parts"]
    parts = [f"{words} {rough_duration(seconds[part])}" for part, words in _PARTS.items() if seconds.get(part)]
    sentence = ", ".join(parts)
    beside = answer["beside"]
    at_work = f" {', '.join(beside)} was at work beside the measurement: alone it is quicker." if beside else ""
    return f"{sentence[:1].upper()}{sentence[1:]}. A rough figure.{at_work} {' '.join(answer['notes'])}".strip()


def _show(answer: dict[str, Any], seconds_ago: float) -> None:
    st.markdown(in_words(answer, seconds_ago))
    st.caption(as_text(parts_in_words(answer)))


_WORK = SessionWork("estimate", "Measures", _show)


def estimate_button(plan: RunConfig | None) -> None:
    """The button; an estimate of another configuration than `plan`, or of none, is forgotten and its work ended."""
    _WORK.button(
        ESTIMATE, ":material/timer:",
        "Trains a few batches to see how fast this computer is. Takes about half a minute.", plan,
        plan and EstimateRequest(plan),
    )


def estimate_view() -> None:
    """The measurement as it goes, with a way to end it, then its result; nothing before it was asked for."""
    _WORK.view()
