"""Compared runs in a table: their figures on the shared images, their training and size; the article's below."""

from typing import Any

import pandas as pd
import streamlit as st

from app.addresses.links import ARTICLE, go
from app.components.figures import csv_download
from app.components.metric_places import metric_columns, metric_values
from app.components.runs.article_table import article_table
from app.loaders import run_rows
from pipeline.classes import MELANOMA
from pipeline.configuration.network_registry import network_title
from pipeline.metrics.compare import Comparison
from pipeline.metrics.metric_registry import metrics_of
from pipeline.metrics.units import with_interval
from pipeline.number_words import UNDEFINED, count
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

_ROW = 35  # pixels
_SHARES = [metric for metric in metrics_of("comparison") if metric.unit.percent]
_OTHERS = [metric for metric in metrics_of("comparison") if not metric.unit.percent]


def shared_figures(found: Comparison, names: dict[str, str], runs: list[RunDir], rows: list[dict[str, Any]]) -> None:
    """A row a run, what the figures are of, and, where it is asked for, what the article reports."""
    table = figures_table(found, names, runs, rows)
    st.dataframe(table, hide_index=True, key="runs.shared", width="stretch", row_height=_ROW, placeholder=UNDEFINED,
                 height=_ROW * (len(table) + 1) + 3, column_config=_columns())
    csv_download(table, "shared-figures", "runs.shared")
    _caption(found, names, rows)
    _article(rows)


def figures_table(
    found: Comparison, names: dict[str, str], runs: list[RunDir], rows: list[dict[str, Any]]
) -> pd.DataFrame:
    """The columns of `_columns`, a row a run in the order of `found.runs`; shares in percent, NaN where undefined."""
    figures = found.figures
    sizes = [run_rows.size(run) for run in runs]
    columns = metric_values(metrics_of("comparison"), figures.to_dict("records"))
    return pd.DataFrame(
        {
            "title": [names[run] for run in found.runs], **{metric.key: columns[metric.key] for metric in _SHARES},
            "lesions": _bounded(figures, "lesion_accuracy", "low", "high"),
            "melanomas": _bounded(figures, "lesion_melanoma_sensitivity", "melanoma_low", "melanoma_high"),
            **{metric.key: columns[metric.key] for metric in _OTHERS},
            "arch": [network_title(row["arch"]) for row in rows], "epochs": [_epochs(row) for row in rows],
            "minutes": pd.to_numeric(pd.Series([row["seconds"] for row in rows])) / 60,
            "parameters": pd.Series([size and size.parameters / 1e6 for size in sizes], dtype=float),
            "size": pd.Series([size and size.size / 1e6 for size in sizes], dtype=float),
            "chose": ["yes" if row["chose_epoch"] else "no" for row in rows],
        }
    )


def _bounded(figures: pd.DataFrame, *columns: str) -> list[str]:
    """Value, low and high of each run, in words."""
    return [with_interval(bounded) for bounded in figures[list(columns)].itertuples(index=False, name=None)]


def _epochs(row: dict[str, Any]) -> str:
    """ "4", or "3 + 1 before" for a run that starts from a stage of another."""
    return str(row["epochs"]) + (f" + {row['epochs_before']} before" if row["epochs_before"] else "")


def _columns() -> dict[str, Any]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "title": text("Run", pinned=True, help="Its name, with its id."),
        **metric_columns(_SHARES),
        "lesions": text("Lesions right", help="Each lesion counts once, by the mean probabilities of its shared "
                        "images; in brackets the 95 % Wilson interval."),
        "melanomas": text("Melanoma sensitivity", help="Share of the melanoma lesions that it called melanoma, each "
                          "lesion counted once, with the 95 % Wilson interval."),
        **metric_columns(_OTHERS),
        "arch": text("Network", help="Its architecture."),
        "epochs": text("Epochs", help="That this run trained; “before”: what the weights that it started from had "
                       "gone through in other runs."),
        "minutes": number("Minutes", format="%.1f", help="This run's own, from its start to its end, evaluation "
                          "included; they depend on the machine and on what else it did."),
        "parameters": number("Parameters, millions", format="%.1f", help="Numbers that training can change, head "
                             "included."),
        "size": number("Weights, MB", format="%.1f", help="Size of the file with the weights; a MB is a million "
                       "bytes."),
        "chose": text("Chose the epoch", help="Whether its validation images also chose which epoch to keep."),
    }


def _caption(found: Comparison, names: dict[str, str], rows: list[dict[str, Any]]) -> None:
    from pipeline.evaluation.evaluate import CHOSE_EPOCH_SENTENCE

    by_truth = found.sensitivity.set_index("dx")["lesions"]
    melanomas = int(by_truth.get(MELANOMA, 0))
    words = (f"n = {count(found.images, 'image')} of {count(found.lesions, 'lesion')}, "
             f"{count(melanomas, 'melanoma lesion')} among them. In brackets the 95 % Wilson interval, by lesion.")
    flattered = [names[row["run"]] for row in rows if row["chose_epoch"]]
    if flattered:
        words += f" {', '.join(flattered)}: {CHOSE_EPOCH_SENTENCE}"
    st.caption(as_text(words))


def _article(rows: list[dict[str, Any]]) -> None:
    repeats = any((row["preset"] or "").startswith("article-") for row in rows)
    if not st.toggle("Show what the article reports", value=repeats, key=f"runs.article.{repeats}",
                     help="Accuracies from the article that LesionLab follows. They are of other images."):
        return
    with st.container(border=True):
        st.markdown("**As the article reports, not measured here**")
        article_table("runs.article.figures")
        st.caption("Accuracy on HAM10000, split at random, image by image: not on the images that these runs share, "
                   "and among lesions that the networks had seen in training. Its accuracies only.")
        if st.button("What the article says, what its code does", key="runs.to_article", icon=":material/article:"):
            go(ARTICLE)
