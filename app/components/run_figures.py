"""The headline figures of a run's held-out part, with what they are figures of."""

from typing import Any

import pandas as pd
import streamlit as st

from app.components.figures import show_table
from app.components.metric_places import metric_number, metric_places
from app.components.run_page import FOLDS
from app.words.evaluation_words import PART_WORDS, interval
from pipeline.classes import label
from pipeline.metrics.metric_registry import Metric, metrics_of
from pipeline.metrics.units import figure_words, is_number
from pipeline.number_words import UNDEFINED, count, decimal, percent
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text
from pipeline.vocabulary import HeldOutPart


def run_figures(run: RunDir, results: dict[str, Any], part: HeldOutPart) -> None:
    """Metrics of `part`, the sentences that say how far to trust them, and a row for each diagnosis."""
    from pipeline.data.split import EXTERNAL, split_sentence
    from pipeline.evaluation.evaluate import CHOSE_EPOCH_SENTENCE

    figures = results[part]
    n = f"n = {count(figures['images'], 'image')} of {count(figures['lesions'], 'lesion')}"
    _headline(figures, part, n)
    folds, split = run.capabilities().has_folds, run.config().split
    sentences = [f"{PART_WORDS[part]} part, {n}.", FOLDS if folds else split_sentence(split)]
    if figures.get("chose_epoch"):
        sentences.append(CHOSE_EPOCH_SENTENCE)
    elif folds:
        sentences.append("They did not choose the epoch.")
    elif split != EXTERNAL:
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
               f"{run.name}-{part}-diagnoses", f"diagnoses.{part}")


def figures_chip(run: RunDir, results: dict[str, Any], part: HeldOutPart) -> None:
    """The first figure of `part`, and all of `run_figures` behind a click; nothing where it has no figures."""
    if part in results:
        first = next(metric for metric in metrics_of("part") if metric.interval)
        reached = figure_words(results[part].get(first.key), first.unit)
        with st.popover(as_text(f"{PART_WORDS[part]}: {first.name} {reached}"), icon=":material/monitoring:",
                        type="tertiary"):
            run_figures(run, results, part)


def _headline(figures: dict[str, Any], part: str, n: str) -> None:
    intervals = figures.get("intervals", {})  # runs that were evaluated before there were any have none
    shown = [metric for metric in metrics_of("part") if metric.interval]
    *places, size = metric_places(len(shown) + 1)
    for place, metric in zip(places, shown, strict=True):
        diagnoses = _diagnoses(figures, metric)
        metric_number(place, metric, figures.get(metric.key), f"{n}{diagnoses and f', mean over {diagnoses}'}.")
        baseline = f"The most frequent diagnosis alone: {figure_words(figures.get(metric.baseline))}" if (
            metric.baseline) else ""
        low, high = intervals.get(metric.key, (None, None))
        bounds = interval((None, low, high), metric.unit) if is_number(low) else diagnoses
        place.caption("  \n".join(filter(None, [bounds, baseline])))
    size.metric(f"{PART_WORDS[part]} images", f"{figures['images']:,}")
    size.caption(f"of {count(figures['lesions'], 'lesion')}")


def _diagnoses(figures: dict[str, Any], metric: Metric) -> str:
    """How many diagnoses a mean over them is of; empty for a figure that is no such mean."""
    if metric.mean_of is None:
        return ""
    defined = sum(of[metric.mean_of] is not None for of in figures["per_diagnosis"].values())
    return count(defined, "diagnosis", "diagnoses")


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
