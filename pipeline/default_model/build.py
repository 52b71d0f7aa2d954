"""The bundled model from a data set: five folds, their calibration and figures, the shipped network, tables, card."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.data.dataset import Dataset
from pipeline.data.reserved import metadata_to_split
from pipeline.default_model.fold_tables import read_predictions
from pipeline.default_model.folds import Build, cross_fitted, fold_path, fold_predictions, out_of_fold, run_table
from pipeline.default_model.goals import against_goals
from pipeline.default_model.half_weights import half_weights
from pipeline.default_model.out_of_fold_run import write_out_of_fold_run
from pipeline.default_model.recipe import FOLDS, recipe_digest
from pipeline.default_model.trainings import finished_run
from pipeline.errors import WorkspaceError
from pipeline.files.disk import plain, read_json, replace_file, write_json
from pipeline.metrics.calibration import fit_table_temperature
from pipeline.metrics.class_priors import class_priors
from pipeline.metrics.decision_figures import decision_figures, figures_within
from pipeline.models.card import CARD_FILE
from pipeline.models.card_cross_validated import cross_validated_card
from pipeline.models.model_info import WEIGHTS, ModelInfo, read_model_info, write_model_info
from pipeline.models.training_images import FILE as TRAINING_IMAGES_FILE
from pipeline.runs.run_dir import RunDir
from pipeline.training.parts import plan_split

NAME = "default"
FIGURES_FILE = "figures.json"
ROBUSTNESS_FILE = "robustness.json"


def cross_validate(build: Build, resamples: int = 1000) -> dict[str, Any]:
    """The five folds, their calibrated predictions as a run, and the figures against the goals.

    Returns:
        What `figures.json` holds; what is undefined is None.

    Raises:
        DataError, ModelError, RunError: see `fold_predictions` and `out_of_fold`.
    """
    tables = [fold_predictions(build, number) for number in range(len(build.recipe.folds))]
    predictions = out_of_fold(tables)
    origins = [read_predictions(fold_path(build.out, number))[1] for number in range(len(tables))]
    frequencies = class_priors(predictions["truth"])
    temperature = fit_table_temperature(predictions)
    calibrated, temperatures = cross_fitted(predictions)
    build.say("Computes the figures and their intervals over lesions.")
    figures = decision_figures(calibrated, frequencies, resamples)
    seconds = [origin.seconds or 0.0 for origin in origins]
    figures |= {
        "goals": against_goals(figures["overall"]), "recipe": recipe_digest(build.recipe.folds[0]),
        "data_hash": build.dataset.content_hash, "frequencies": frequencies, "temperature": temperature,
        "per_source": figures_within(calibrated, _sources(build.dataset, calibrated), frequencies, resamples),
        "folds": [
            {"fold": k, "images": len(rows), "temperature": temperatures[k], "seconds": seconds[k],
             "overall": {key: figure.value for key, figure in decision_figures(
                 rows, frequencies, resamples=1)["overall"].items()}}
            for k, rows in calibrated.groupby("fold")
        ],
        "versions": origins[0].versions,
    }
    figures = plain(figures)
    write_json(build.out / FIGURES_FILE, {**_stored_figures(build.out), **figures})
    write_out_of_fold_run(
        build.out / "run", calibrated, build.recipe.folds[0], frequencies, sum(seconds)
    )
    return figures


def _sources(dataset: Dataset, predictions: pd.DataFrame) -> pd.Series:
    metadata = dataset.metadata().set_index("image_id")
    return metadata["source"].reindex(predictions["image_id"]).set_axis(predictions.index)


def _stored_figures(out: Path) -> dict[str, Any]:
    return _object(out / FIGURES_FILE) if (out / FIGURES_FILE).exists() else {}


def _object(path: Path) -> dict[str, Any]:
    found = read_json(path)
    if not isinstance(found, dict):
        raise WorkspaceError(f"{path} is damaged: it holds no figures.", "Make the model again.")
    return found


def finish(build: Build, figures: dict[str, Any]) -> ModelInfo:
    """The shipped network on all images with its calibration, the leakage lesson's tables, and the card.

    A network that is there already, of this recipe and data, is kept; only what describes it is written anew.

    Args:
        figures: of `cross_validate`.

    Raises:
        DataError, ModelError, RunError: see `fold_predictions`.
    """
    info = _shipped_network(build)
    results = RunDir(build.out / "run").results()
    assert results is not None, "cross_validate wrote them"
    info = dataclasses.replace(
        info, name=NAME, folder=build.out, validation=dict(results["validation"]), temperature=figures["temperature"],
        frequencies=figures["frequencies"], detail=_detail(build),
    )
    write_model_info(info)
    write_card(info, build.dataset)
    for split, config in build.recipe.leakage.items():
        run_table(build, config, build.out / "leakage" / f"{split}.parquet")
    return info


def _shipped_network(build: Build) -> ModelInfo:
    config, out = build.recipe.final, build.out
    made_by = {"recipe": recipe_digest(config), "data_hash": config.data_hash}
    stored = _stored_figures(out)
    if stored.get("shipped", {}).get("made_by") == made_by and (out / WEIGHTS).exists():
        build.say("The shipped network is there already: made by this recipe on this data.")
        return read_model_info(out, NAME)
    run = finished_run(build.workspace, config, build.train, build.say)
    content = half_weights(run.model / WEIGHTS)
    replace_file(out / WEIGHTS, content)
    replace_file(out / TRAINING_IMAGES_FILE, (run.model / TRAINING_IMAGES_FILE).read_bytes())
    differences = (read_predictions(fold_path(out, k))[1].half_precision_difference for k in range(FOLDS))
    write_json(out / FIGURES_FILE, {**stored, "shipped": {
        "made_by": made_by, "bytes": len(content),
        "half_precision_difference": max(of for of in differences if of is not None),
        "seconds": run.status().seconds or 0.0, "config": config.to_json(), "made": time.time(),
    }})
    return read_model_info(run.model, NAME)


def _detail(build: Build) -> tuple[int, int] | None:
    """The size of the training images, where all have the same."""
    metadata, config = build.dataset.metadata(), build.recipe.final
    images = plan_split(config, metadata_to_split(build.dataset, config.same_lesion))["image_id"]
    sizes = metadata.loc[metadata["image_id"].isin(images), ["width", "height"]].drop_duplicates()
    return (int(sizes["width"].iloc[0]), int(sizes["height"].iloc[0])) if len(sizes) == 1 else None


def write_card(info: ModelInfo, dataset: Dataset) -> None:
    """Writes the model's card from its figures and its data set.

    Raises:
        WorkspaceError: the disk is full or cannot be written, or the figures are damaged.
    """
    robustness = info.folder / ROBUSTNESS_FILE
    card = cross_validated_card(
        info, dataset, _object(info.folder / FIGURES_FILE), _object(robustness) if robustness.exists() else None
    )
    replace_file(info.folder / CARD_FILE, card.encode())
