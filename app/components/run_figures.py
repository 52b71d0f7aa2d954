"""The headline figures of a run's held-out part, with what they are figures of."""

from typing import Any

import pandas as pd
import streamlit as st

from app.components.figures import show_table
from app.wording import UNDEFINED, count, decimal, percent
from pipeline.classes import label
from pipeline.config import RunConfig

_METRIC_PIXELS = 165
PART_WORDS = {"validation": "Validation", "test": "Test"}


def metric_places(n: int) -> list:
    """Places for `n` numbers in a row, two in a row on a phone."""
    row = st.container(horizontal=True, gap="medium")
    return [row.container(width=_METRIC_PIXELS) for _ in range(n)]


def run_figures(results: dict[str, Any], part: str, config: RunConfig, name: str) -> None:
    """Metrics of `part`, the sentences that say how far to trust them, and a row for each diagnosis."""
    from pipeline.data.split import SPLIT_SENTENCES
    from pipeline.evaluation.evaluate import CHOSE_EPOCH_SENTENCE

    figures = results[part]
    n = f"n = {count(figures['images'], 'image')} of {count(figures['lesions'], 'lesion')}"
    balanced, accuracy, area, size = metric_places(4)
    balanced.metric("Balanced accuracy", percent(figures["balanced_accuracy"]),
                    help="Mean over the diagnoses of the share of its images that got it right.")
    accuracy.metric("Accuracy", percent(figures["accuracy"]), help="Share of all images that got their diagnosis.")
    accuracy.caption(f"The most frequent diagnosis alone: {percent(figures['majority_accuracy'])}")
    area.metric("AUC, mean of diagnoses", decimal(figures["macro_auc"]),
                help="Area under the ROC curve, each diagnosis against the rest: 0.5 is chance, 1 is perfect order.")
    size.metric(f"{PART_WORDS[part]} images", f"{figures['images']:,}")
    size.caption(f"of {count(figures['lesions'], 'lesion')}")
    balanced.caption("All diagnoses weigh alike")
    area.caption(f"{sum(f['auc'] is not None for f in figures['per_diagnosis'].values())} diagnoses")
    sentences = [f"{PART_WORDS[part]} part, {n}.", SPLIT_SENTENCES[config.split]]
    if figures.get("chose_epoch"):
        sentences.append(CHOSE_EPOCH_SENTENCE)
    else:
        sentences.append("These images chose nothing: neither the epoch nor anything else.")
    if melanoma := figures.get("melanoma"):
        sentences.append(
            f"{melanoma['called_else']:,} of {count(melanoma['lesions'], 'melanoma lesion')} called something else "
            f"(95 % Wilson interval {percent(melanoma['low'])} to {percent(melanoma['high'])})."
        )
    st.markdown(" ".join(sentences))
    show_table(_per_diagnosis(figures["per_diagnosis"]), "Each diagnosis: sensitivity, specificity, AUC",
               f"{name}-{part}-diagnoses", f"diagnoses.{part}")


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
