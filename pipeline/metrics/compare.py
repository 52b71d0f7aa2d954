"""Two or more runs on the held-out images that all of them judged: nothing else compares like with like.

Sensitivities and accuracies are shares of shared images. The accuracy by lesion counts each shared lesion once, by
the mean of its shared images' probabilities, and carries the 95 % Wilson interval: images of one lesion are not
independent, lesions are.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.errors import DataError, RunError
from pipeline.metrics.lesion_answers import lesion_means, melanoma_lesions_called_else
from pipeline.metrics.metric_registry import metrics_of
from pipeline.metrics.predictions_table import classes_of, probabilities_of
from pipeline.metrics.sampled import figure_of
from pipeline.metrics.wilson import wilson_interval

OF_IMAGES = tuple(metric.key for metric in metrics_of("comparison"))
OF_LESIONS = ("lesion_accuracy", "low", "high", "lesion_melanoma_sensitivity", "melanoma_low", "melanoma_high")


@dataclass(frozen=True)
class Comparison:
    """What runs share and how they fare on it; `run` columns hold the names that were given, in their order.

    Attributes:
        runs: the runs.
        counts: run, images, lesions (all that it judged), trained_lesion_images (shared images whose lesion has other
            images in this run's training part; NaN where its split was not given).
        images, lesions: how many all of them share.
        contradicted: images in all of them whose lesion or truth differs between runs; left out of what is shared.
        unknown: for each run the diagnoses among the shared images that it has no output for.
        figures: run, and a column each of `network_figures`; shares of 0..1, NaN where nothing is shared.
        sensitivity: dx, images, lesions, and a column a run with the share of its images that got it right.
        disagreements: image_id, lesion_id, truth, right (how many runs), and for each run `<run>: prediction` and
            `<run>: probability` (of that prediction); the images on which not all runs say the same.
    """

    runs: tuple[str, ...]
    counts: pd.DataFrame
    images: int
    lesions: int
    contradicted: int
    unknown: dict[str, list[str]]
    figures: pd.DataFrame
    sensitivity: pd.DataFrame
    disagreements: pd.DataFrame


def prediction_column(run: str) -> str:
    return f"{run}: prediction"


def probability_column(run: str) -> str:
    return f"{run}: probability"


def compare(
    predictions: Mapping[str, pd.DataFrame], trained_lesions: Mapping[str, set[str]] | None = None
) -> Comparison:
    """Compares runs on the images that all of them judged.

    Args:
        predictions: for each run the rows of one held-out part (image_id, lesion_id, truth, predicted, p_<code>…).
        trained_lesions: for each run the lesions of its training part, where known.

    Raises:
        RunError: fewer than two runs.
        DataError: a table lacks columns or names an image twice.
    """
    if len(predictions) < 2:
        raise RunError("A comparison needs two runs or more.", "Choose another run.")
    tables = {run: _indexed(run, table) for run, table in predictions.items()}
    images, contradicted = _shared_images(list(tables.values()))
    shared = {run: table.loc[images] for run, table in tables.items()}
    first = next(iter(shared.values()))
    return Comparison(
        runs=tuple(tables),
        counts=_counts(tables, first, trained_lesions or {}),
        images=len(images),
        lesions=int(first["lesion_id"].nunique()),
        contradicted=contradicted,
        unknown={run: sorted(set(first["truth"]) - set(classes_of(table))) for run, table in shared.items()},
        figures=pd.DataFrame([{"run": run, **network_figures(table)} for run, table in shared.items()]),
        sensitivity=_sensitivity(shared, first),
        disagreements=_disagreements(shared, first),
    )


def _indexed(run: str, table: pd.DataFrame) -> pd.DataFrame:
    classes_of(table)
    table = table.set_index("image_id", drop=False)
    if not table.index.is_unique:
        twice = table.index[table.index.duplicated()][0]
        raise DataError(f"The predictions of the run {run} name the image {twice} twice.", "Start a new run.")
    return table


def _shared_images(tables: list[pd.DataFrame]) -> tuple[pd.Index, int]:
    """The images of all tables, sorted, without those whose lesion or truth differs; and how many those are."""
    shared = tables[0].index
    for table in tables[1:]:
        shared = shared.intersection(table.index)
    shared = shared.sort_values()
    columns = ["lesion_id", "truth"]
    expected = tables[0].loc[shared, columns].to_numpy(dtype=object)
    same = np.ones(len(shared), dtype=bool)
    for table in tables[1:]:
        same &= (table.loc[shared, columns].to_numpy(dtype=object) == expected).all(axis=1)
    return shared[same], int((~same).sum())


def _counts(tables: dict[str, pd.DataFrame], first: pd.DataFrame, trained: Mapping[str, set[str]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "run": run, "images": len(table), "lesions": int(table["lesion_id"].nunique()),
                "trained_lesion_images": (
                    float(first["lesion_id"].isin(trained[run]).sum()) if run in trained else np.nan
                ),
            }
            for run, table in tables.items()
        ]
    )


def _sensitivity(shared: dict[str, pd.DataFrame], first: pd.DataFrame) -> pd.DataFrame:
    by_truth = first.groupby("truth")
    table = pd.DataFrame({"images": by_truth.size(), "lesions": by_truth["lesion_id"].nunique()})
    for run, rows in shared.items():
        table[run] = (rows["truth"] == rows["predicted"]).groupby(rows["truth"]).mean()
    return table.rename_axis("dx").reset_index()


def _disagreements(shared: dict[str, pd.DataFrame], first: pd.DataFrame) -> pd.DataFrame:
    predicted = pd.DataFrame({run: rows["predicted"] for run, rows in shared.items()}, index=first.index)
    table = first[["image_id", "lesion_id", "truth"]].copy()
    table["right"] = predicted.eq(first["truth"], axis=0).sum(axis=1).astype(int)
    for run, rows in shared.items():
        classes = classes_of(rows)
        table[prediction_column(run)] = predicted[run]
        table[probability_column(run)] = probabilities_of(rows, classes).max(axis=1) if len(rows) else 0.0
    return table[predicted.nunique(axis=1) > 1].reset_index(drop=True)


def network_figures(table: pd.DataFrame) -> dict[str, float]:
    """The figures OF_IMAGES and OF_LESIONS of a table of predictions; NaN for what is undefined.

    The images may show a diagnosis that the network has no output for: whatever it says of such an image is wrong.

    Returns:
        each of `metrics_of("comparison")` by its key.
        lesion_accuracy: share of lesions right, each by the mean of its images' probabilities; low and high bound it
            by the 95 % Wilson interval.
        lesion_melanoma_sensitivity: share of the melanoma lesions that it called melanoma, by that mean too, with
            melanoma_low and melanoma_high.

    Raises:
        DataError: the table lacks columns.
    """
    means = lesion_means(table)
    right = means["truth"] == means["predicted"]
    low, high = wilson_interval(int(right.sum()), len(right))
    return {
        **{metric.key: figure_of(metric.function, table) for metric in metrics_of("comparison")},
        "lesion_accuracy": float(right.mean()) if len(right) else math.nan, "low": low, "high": high,
        **_melanoma(table),
    }


def _melanoma(table: pd.DataFrame) -> dict[str, float]:
    found = melanoma_lesions_called_else(table)
    if found is None:
        return dict.fromkeys(OF_LESIONS[3:], math.nan)
    return {
        "lesion_melanoma_sensitivity": 1 - found["called_else"] / found["lesions"],
        "melanoma_low": 1 - found["high"], "melanoma_high": 1 - found["low"],
    }
