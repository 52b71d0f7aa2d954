"""The bundled model from a data set: five folds, their calibration and figures, the shipped network, tables, card."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.configuration.config import RunConfig
from pipeline.data.dataset import Dataset, load_dataset
from pipeline.data.reserved import metadata_to_split
from pipeline.default_model.fold_tables import read_predictions
from pipeline.default_model.folds import cross_fitted, fold_path, fold_predictions, out_of_fold
from pipeline.default_model.goals import against_goals
from pipeline.default_model.half_weights import WEIGHTS_FILE, largest_difference, write_half_weights
from pipeline.default_model.joint import joint_predictor
from pipeline.default_model.out_of_fold_run import write_out_of_fold_run
from pipeline.default_model.recipe import Recipe, recipe_digest
from pipeline.default_model.trainings import Say, Train, finished_run
from pipeline.errors import WorkspaceError
from pipeline.files.disk import plain, read_json, replace_file, write_json
from pipeline.files.workspace import Workspace
from pipeline.metrics.calibration import fit_table_temperature
from pipeline.metrics.class_priors import class_priors
from pipeline.metrics.decision_figures import decision_figures, figures_within
from pipeline.models.card import CARD_FILE
from pipeline.models.card_cross_validated import cross_validated_card
from pipeline.models.model_info import ModelInfo, read_model_info, write_model_info
from pipeline.models.training_images import FILE as TRAINING_IMAGES_FILE
from pipeline.runs.run_dir import RunDir
from pipeline.training.parts import plan_split

NAME = "default"
FIGURES_FILE = "figures.json"
ROBUSTNESS_FILE = "robustness.json"


@dataclasses.dataclass(frozen=True)
class Build:
    """Where the model is made and by what: `train` works on a queued run, `say` tells what is done."""

    workspace: Workspace
    dataset: Dataset
    recipe: Recipe
    out: Path
    train: Train
    say: Say

    def predictions(self, configs: tuple[RunConfig, ...], path: Path) -> pd.DataFrame:
        """Held-out predictions of trainings on one split; see `fold_predictions`."""
        return fold_predictions(self.workspace, self.dataset, configs, path, self.train, self.say)

    def fold(self, number: int) -> pd.DataFrame:
        """Those of fold `number`, 0..4."""
        return self.predictions(self.recipe.folds[number], fold_path(self.out, number))


def start_build(workspace: Workspace, recipe: Recipe, out: Path, train: Train, say: Say) -> Build:
    """A build of `recipe` into the folder `out`; nothing is done yet.

    Raises:
        DataError: the data set of the recipe is gone.
    """
    return Build(workspace, load_dataset(workspace, recipe.final[0].data), recipe, out, train, say)


def cross_validate(build: Build, resamples: int = 1000) -> dict[str, Any]:
    """The five folds, their calibrated predictions as a run, and the figures against the goals.

    Returns:
        What `figures.json` holds; what is undefined is None.

    Raises:
        DataError, ModelError, RunError: see `fold_predictions` and `out_of_fold`.
    """
    tables = [build.fold(number) for number in range(len(build.recipe.folds))]
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
        build.out / "run", calibrated, build.recipe.folds[0][0], frequencies, sum(seconds)
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
        build.predictions((config,), build.out / "leakage" / f"{split}.parquet")
    return info


def _shipped_network(build: Build) -> ModelInfo:
    configs, out = build.recipe.final, build.out
    made_by = {"recipe": recipe_digest(configs), "data_hash": configs[0].data_hash}
    stored = _stored_figures(out)
    if stored.get("shipped", {}).get("made_by") == made_by and (out / WEIGHTS_FILE).exists():
        build.say("The shipped network is there already: made by this recipe on this data.")
        return read_model_info(out, NAME)
    runs = [finished_run(build.workspace, config, build.train, build.say) for config in configs]
    models = [run.model for run in runs]
    size = write_half_weights([model / WEIGHTS_FILE for model in models], out / WEIGHTS_FILE)
    replace_file(out / TRAINING_IMAGES_FILE, (models[0] / TRAINING_IMAGES_FILE).read_bytes())
    info = dataclasses.replace(
        read_model_info(models[0], NAME), run=", ".join(run.name for run in runs), networks=len(runs)
    )
    calibrated = dataclasses.replace(
        info, folder=out, temperature=stored["temperature"], frequencies=stored["frequencies"]
    )
    difference = largest_difference(calibrated, joint_predictor(models).network, build.dataset)
    build.say(
        f"Weights as 16-bit floats: {size / 2**20:.1f} MiB; the largest difference of any probability is "
        f"{difference:.5f}."
    )
    write_json(out / FIGURES_FILE, {**stored, "shipped": {
        "made_by": made_by, "bytes": size, "half_precision_difference": difference,
        "seconds": sum(run.status().seconds or 0.0 for run in runs), "config": configs[0].to_json(),
        "made": time.time(),
    }})
    return info


def _detail(build: Build) -> tuple[int, int] | None:
    """The size of the training images, where all have the same."""
    metadata, config = build.dataset.metadata(), build.recipe.final[0]
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
