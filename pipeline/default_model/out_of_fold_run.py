"""The cross-validation as a run that can be read like any other: what each network says of the images that it left out,
and what else it gives for them.
"""

import io
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.configuration.config import RunConfig
from pipeline.data.dataset import Dataset
from pipeline.default_model.fold_explanations import FoldExplanations
from pipeline.evaluation.evaluate import evaluate_run
from pipeline.explain.image_map import beside, image_map
from pipeline.files.disk import replace_file, write_json
from pipeline.files.workspace import RUN_NAME
from pipeline.metrics.calibration import apply_temperature
from pipeline.metrics.lesion_answers import flip_share
from pipeline.metrics.predictions_table import class_indices, classes_of, probabilities_of
from pipeline.runs.labels import Label, label_path
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import Status, write_status

RUN_WORDS = (
    "The five networks of the bundled model, each on the images that it had not seen: each was trained on four fifths "
    "of the lesions and judged the images of the others. Probabilities are calibrated, each fold's by the temperature "
    "that fits the other four, at the data's own frequencies."
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


def write_explanations_of_run(
    folder: Path, predictions: pd.DataFrame, folds: Sequence[FoldExplanations], temperatures: Sequence[float],
    dataset: Dataset, seed: int,
) -> None:
    """Writes heatmaps, nearest training lesions, map, answers to changed pictures and what flips the predictions, in
    the files of any run.

    The map is five, one for each network: each finds other images alike.

    Args:
        predictions: as those of `write_out_of_fold_run`.
        folds: of each fold, in their order; `temperatures` calibrate their answers.
        dataset: whose images they are.
        seed: of the maps' starting points.
    """
    run, classes = RunDir(folder), classes_of(predictions)
    ids = np.concatenate([of.image_id for of in folds])
    order = np.argsort(ids)

    def stacked(arrays: Sequence[np.ndarray]) -> np.ndarray:
        return np.concatenate(arrays)[order]

    _write_arrays(run.heatmaps_path, image_id=ids[order], predicted=stacked([of.predicted for of in folds]),
                  truth=stacked([of.truth for of in folds]))
    changed = stacked([_calibrated(of.changed, by) for of, by in zip(folds, temperatures, strict=True)])
    _write_arrays(run.changed_path, image_id=ids[order], change=folds[0].change,
                  probabilities=changed.astype(np.float16))
    table = predictions.set_index("image_id").loc[ids[order]]
    before, truths = probabilities_of(table, classes), class_indices(table["truth"], classes)
    write_json(run.what_if_path, {
        str(name): flip_share(before, changed[:, place], table["lesion_id"], truths)
        for place, name in enumerate(folds[0].change)
    })
    places = stacked([beside([image_map(of.embedding, seed) for of in folds])])
    _write_table(run.map_path, pd.DataFrame({"image_id": ids[order], "x": places[:, 0], "y": places[:, 1]}))
    neighbours = pd.concat([of.neighbours(dataset) for of in folds])
    _write_table(run.neighbours_path, neighbours.sort_values(["image_id", "kind", "rank"], ignore_index=True).astype(
        {"rank": np.int8}))


def _calibrated(changed: np.ndarray, temperature: float) -> np.ndarray:
    """(N, P, C) float64 from such probabilities that are not calibrated yet."""
    flat = changed.astype(np.float64).reshape(-1, changed.shape[-1])
    return apply_temperature(flat, temperature).reshape(changed.shape)


def _write_table(path: Path, table: pd.DataFrame) -> None:
    content = io.BytesIO()
    table.to_parquet(content, index=False, compression="zstd", compression_level=19)
    replace_file(path, content.getvalue())


def _write_arrays(path: Path, **arrays: np.ndarray) -> None:
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    replace_file(path, content.getvalue())
