"""Answers to held-out lesions, by hand, so many that a model's prediction sets can be ranked among them."""

import numpy as np
import pandas as pd

from pipeline.metrics.predictions_table import with_probabilities
from pipeline.runs.run_dir import RunDir
from pipeline.vocabulary import HeldOutPart
from tests.hand_made import CODES


def hold_out(run: RunDir, part: HeldOutPart, lesions: int, folds: int = 0) -> pd.DataFrame:
    """Gives the run answers to that many held-out lesions of each diagnosis, of one image each; lesion n of a diagnosis
    has n / (lesions + 1) for its own, the others share the rest."""
    rows = [(f"{code}_{n}", code, n / (lesions + 1)) for code in CODES for n in range(1, lesions + 1)]
    table = pd.DataFrame(rows, columns=["image_id", "truth", "own"]).assign(part=part)
    table["lesion_id"] = "L" + table["image_id"]
    shares = np.repeat((1 - table["own"].to_numpy())[:, None] / (len(CODES) - 1), len(CODES), axis=1)
    shares[np.arange(len(table)), table["truth"].map(CODES.index)] = table["own"]
    if folds:
        table["fold"] = np.arange(len(table)) % folds
    table = with_probabilities(table.drop(columns="own"), CODES, shares)
    table.to_parquet(run.predictions_path, index=False)
    return table
