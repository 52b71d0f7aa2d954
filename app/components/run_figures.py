"""The headline figures of a run's held-out part, with what they are figures of."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from app.components.figures import show_table
from app.components.siblings import FOLDS
from pipeline.bundled import RUN_NAME
from pipeline.classes import label
from pipeline.config import RunConfig
from pipeline.number_words import UNDEFINED, count, decimal, percent
from pipeline.vocabulary import HeldOutPart

_METRIC_PIXELS = 165
PART_WORDS = {"validation": "Validation", "test": "Test"}


def metric_places(n: int) -> list:
    """Places for `n` numbers in a row, two in a row on a phone."""
    row = st.container(horizontal=True, gap="small")
    return [row.container(width=_METRIC_PIXELS) for _ in range(n)]


def run_figures(results: dict[str, Any], part: HeldOutPart, config: RunConfig, name: str) -> None:
    """Metrics of `part`, the sentences that say how far to trust them, and a row for each diagnosis."""
    from pipeline.data.split import EXTERNAL, split_sentence
    from pipeline.evaluation.evaluate import CHOSE_EPOCH_SENTENCE

    figures = results[part]
    n = f"n = {count(figures['images'], 'image')} of {count(figures['lesions'], 'lesion')}"
    _headline(figures, part, n)
    bundled = name == RUN_NAME
    sentences = [f"{PART_WORDS[part]} part, {n}.", FOLDS if bundled else split_sentence(config.split)]
    if figures.get("chose_epoch"):
        sentences.append(CHOSE_EPOCH_SENTENCE)
    elif bundled:
        sentences.append("They did not choose the epoch.")
    elif config.split != EXTERNAL:
        sentences.append("These images chose nothing: neither the epoch nor anything else.")
    if melanoma := figures.get("melanoma"):
        sentences.append(
            f"{melanoma['called_else']:,} of {count(melanoma['lesions'], 'melanoma lesion')} called something else "
            f"(95 % Wilson interval {percent(melanoma['low'])} to {percent(melanoma['high'])})."
        )
    if "intervals" in figures:
        sentences.append("The intervals beside the figures: bootstrap over lesions.")
    st.markdown(" ".join(sentences))
    show_table(_per_diagnosis(figures["per_diagnosis"]), "Each diagnosis: sensitivity, specificity, AUC",
               f"{name}-{part}-diagnoses", f"diagnoses.{part}")


def _headline(figures: dict[str, Any], part: HeldOutPart, n: str) -> None:
    intervals = figures.get("intervals", {})  # runs that were evaluated before there were any have none
    diagnoses = count(sum(f["auc"] is not None for f in figures["per_diagnosis"].values()), "diagnosis", "diagnoses")
    balanced, accuracy, area, size = metric_places(4)
    balanced.metric(
        "Balanced accuracy", percent(figures["balanced_accuracy"]),
        help=f"Mean over the diagnoses of the share of its images that got it right: all diagnoses weigh alike. {n}.",
    )
    balanced.caption(_interval(intervals.get("balanced_accuracy"), percent) or "All diagnoses weigh alike")
    accuracy.metric("Accuracy", percent(figures["accuracy"]),
                    help=f"Share of all images that got their diagnosis. {n}.")
    accuracy.caption(f"{_interval(intervals.get('accuracy'), percent)}  \nThe most frequent diagnosis alone: "
                     f"{percent(figures['majority_accuracy'])}".strip())
    area.metric("AUC, mean of diagnoses", decimal(figures["macro_auc"]),
                help="Area under the ROC curve, each diagnosis against the rest: 0.5 is chance, 1 is perfect order. "
                f"Mean over {diagnoses}.")
    area.caption(_interval(intervals.get("macro_auc"), decimal) or diagnoses)
    size.metric(f"{PART_WORDS[part]} images", f"{figures['images']:,}")
    size.caption(f"of {count(figures['lesions'], 'lesion')}")


def _interval(bounds: list[float | None] | None, words: Callable[[float], str]) -> str:
    """ "95 % interval 62.4 % to 70.1 %" in two lines; empty where there is none."""
    if not bounds or None in bounds:
        return ""
    return f"95 % interval  \n{words(bounds[0])} to {words(bounds[1])}"


def _per_diagnosis(figures: dict[str, dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Diagnosis": label(code), "Images": f["images"], "Lesions": f["lesions"],
                "Sensitivity": percent(f["sensitivity"]), "Specificity": percent(f["specificity"]),
                "AUC": decimal(f["auc"]),
            }
            for code, f in figures.items()
        ]
    ).replace({None: UNDEFINED})
