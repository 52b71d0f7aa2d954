"""How far probabilities can be taken at their word: reliability diagram, calibration error, Brier score."""

from typing import Any

import pandas as pd
import streamlit as st

from app.addresses.evaluation_ways import Ways
from app.charts.evaluation import reliability_chart
from app.components.figures import dark, show
from app.components.help_text import help_text
from app.components.image_ways import row_ways
from app.components.metric_places import metric_places
from app.components.pickers import pick
from app.loaders import evaluation_rows
from app.words.evaluation_words import interval
from pipeline.classes import label
from pipeline.metrics.units import AREA, DISTANCE, NOT_COMPUTED
from pipeline.number_words import count, decimal, percent
from pipeline.runs.run_dir import RunDir
from pipeline.vocabulary import HeldOutPart

_ANSWER = "answer"
_BOX = 420  # pixels


def reliability_panel(run: RunDir, results: dict[str, Any], part: HeldOutPart, classes: list[str], ways: Ways) -> None:
    """Calibration of one part, at the data's own frequencies; `ways` are those of the decision as-data."""
    found = results["calibration"]
    n = f"n = {count(results['images'], 'image')} of {count(results['lesions'], 'lesion')}"
    _numbers(found, results["decisions"]["as-data"]["overall"].get("accuracy", NOT_COMPUTED), n)
    known = {_ANSWER: "the answer", **{code: label(code) for code in classes}}
    with st.container(width=_BOX):
        asked = pick("Probability of", "target", list(known), default=_ANSWER, words=known.get)
    code = None if asked == _ANSWER else asked
    table = evaluation_rows.reliability(run, part, code)
    names = [f"{percent(row.low, 0)} to {percent(row.high, 0)}" for row in table.itertuples()]
    title = ("Reliability: on the diagonal a probability means what it says" if asked == _ANSWER else
             f"Reliability of the probability of {label(asked)}: below the diagonal it claims too much")
    share = "Share right" if asked == _ANSWER else f"Share that is {asked}"
    chart, halves = st.columns([3, 2], gap="large")
    with chart:
        key = f"evaluation.reliability.{asked}"
        shown = table.rename(columns={"low": "from", "high": "to", "confidence": "mean probability"})
        show(reliability_chart(table, title, share, dark()), shown, f"{run.name}-{part}-reliability-{asked}",
             key=key, names=names)
        row_ways(names, lambda place: ways.of_bin(place, table["low"].iat[place], table["high"].iat[place], code), key)
        st.caption(f"Probabilities under the decision as-data, {n}. Intervals: bootstrap over lesions; where all "
                   "images of a bin went the same way, Wilson's for its lesions.")
    with halves:
        _halves(found["halves"])
    help_text("calibration", "How to read a reliability diagram, and what a temperature does")


def _numbers(found: dict[str, Any], accuracy, n: str) -> None:
    ece, brier, mean, right = metric_places(4)
    ece.metric("Calibration error", decimal(found["ece"][0]), help="Expected calibration error in 15 bins of equal "
               f"width: the mean gap between probability and share right. 0 is best. {n}.")
    ece.caption(interval(found["ece"], AREA))
    brier.metric("Brier score", decimal(found["brier"][0]), help="Mean squared distance between the probabilities and "
                 f"the reference diagnosis, over all diagnoses: 0 is best, 2 is worst. {n}.")
    brier.caption(interval(found["brier"], DISTANCE))
    mean.metric("Mean probability", percent(found["confidence"]), help=f"Of the answer, over all images. {n}.")
    mean.caption("that the answers claim")
    right.metric("Accuracy", percent(found["right"]), help=f"Share of answers that are right, decision as-data. {n}.")
    right.caption(interval(accuracy))


def _halves(halves: list[dict[str, Any]]) -> None:
    st.markdown("**A temperature, fitted on one half and judged on the other**")
    if not halves:
        st.caption("With fewer than two lesions there are no halves.")
        return
    rows = [
        {
            "": f"Half {number} fits, half {3 - number} judges", "Temperature": decimal(half["temperature"], 2),
            "Calibration error": _before_after(half["ece"]), "Brier score": _before_after(half["brier"]),
            "Judged": f"{count(half['judged_images'], 'image')} of {count(half['judged_lesions'], 'lesion')}",
        }
        for number, half in enumerate(halves, 1)
    ]
    for row in rows:
        st.markdown(f"{row['']}: temperature **{row['Temperature']}**. On {row['Judged']}, before → after: calibration "
                    f"error **{row['Calibration error']}**, Brier score **{row['Brier score']}**.")
    ece = pd.DataFrame([half["ece"] for half in halves]).mean()
    brier = pd.DataFrame([half["brier"] for half in halves]).mean()
    st.markdown(f"Mean of both directions: calibration error **{_before_after(ece)}**, Brier score "
                f"**{_before_after(brier)}**.")
    st.caption("The lesions are halved at random; all images of a lesion are in the same half. A temperature judged on "
               "the lesions that it was fitted on would look better than it is.")


def _before_after(values) -> str:
    before, after = values
    return f"{decimal(before)} → {decimal(after)}"
