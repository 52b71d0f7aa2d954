"""The out-of-fold predictions as a run that can be read like any other; five networks made it, and none is shipped."""

import io
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.configuration.config import RunConfig
from pipeline.evaluation.evaluate import evaluate_run
from pipeline.files.disk import replace_file, write_json
from pipeline.runs.labels import Label, label_path
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import Status, write_status

RUN_NAME = "default-out-of-fold"
RUN_WORDS = (
    "Five sibling networks, not the shipped one: each was trained on four fifths of the lesions and judged the images "
    "of the others. Probabilities are calibrated, each fold's by the temperature that fits the other four, at the "
    "data's own frequencies."
)


def write_out_of_fold_run(
    folder: Path, predictions: pd.DataFrame, config: RunConfig, frequencies: dict[str, float], seconds: float
) -> dict[str, Any]:
    """Writes config, status, label, split, predictions and results of the run, all images in the part "validation".

    Args:
        predictions: calibrated, at `frequencies`, with `fold`.
        config: of fold 0.
        frequencies: stands in config.json beside the config, and says that the stored probabilities are at these
            frequencies whatever the loss.
        seconds: that the five trainings took.

    Returns:
        What `results.json` holds.
    """
    run, now = RunDir(folder), time.time()
    table = predictions.sort_values("image_id", ignore_index=True)
    table.insert(0, "part", "validation")
    split = table[["image_id", "lesion_id", "truth", "part"]].rename(columns={"truth": "dx"})
    _write_table(run.split_path, split)
    _write_table(run.predictions_path, table)
    write_json(label_path(run), asdict(Label(RUN_NAME, RUN_WORDS)))
    write_json(run.config_path, {
        "kind": "bundled", "config": config.to_json(), "versions": {}, "created": now, "frequencies": frequencies,
    })
    write_status(run.status_path, Status(
        "done", now, started=now - seconds, ended=now, fraction=1.0, doing="Done.", notes=(RUN_WORDS,),
    ))
    return evaluate_run(run)


def _write_table(path: Path, table: pd.DataFrame) -> None:
    content = io.BytesIO()
    table.to_parquet(content, index=False, compression="zstd")
    replace_file(path, content.getvalue())
