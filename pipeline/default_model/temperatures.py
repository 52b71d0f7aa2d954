"""Temperatures of out-of-fold predictions: for each fold from the others, so that no image calibrates itself."""

import pandas as pd

from pipeline.metrics.calibration import calibrated, fit_table_temperature


def cross_fitted(predictions: pd.DataFrame) -> tuple[pd.DataFrame, dict[int, float]]:
    """The predictions of each fold at the temperature that fits all other folds best.

    Args:
        predictions: with truth, p_<code> and `fold`; at least two folds.

    Returns:
        The calibrated table in the same order, and the temperature of each fold.
    """
    temperatures = {
        int(fold): fit_table_temperature(predictions[predictions["fold"] != fold])
        for fold in sorted(predictions["fold"].unique())
    }
    parts = [calibrated(rows, temperatures[int(fold)]) for fold, rows in predictions.groupby("fold")]
    return pd.concat(parts).loc[predictions.index], temperatures
