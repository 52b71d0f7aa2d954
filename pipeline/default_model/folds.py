"""The five folds of the bundled model, each from the files that are there or from a training; and their calibration.

    folds/fold<k>.safetensors  the network's weights as 16-bit floats, as they are shipped, until the model is put
                               together
    folds/fold<k>.npz          what it gives beside its predictions: `fold_explanations`
    folds/fold<k>.parquet      what it says of the images that it left out, and the recipe, written last: `fold_tables`
"""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.configuration.config import RunConfig
from pipeline.data.dataset import Dataset, load_dataset
from pipeline.data.reserved import metadata_to_split
from pipeline.default_model.fold_explanations import explain_fold, write_explanations
from pipeline.default_model.fold_tables import Origin, check_images, read_predictions, write_predictions
from pipeline.default_model.half_weights import half_weights
from pipeline.default_model.recipe import Recipe, recipe_digest
from pipeline.default_model.trainings import Say, Train, finished_run
from pipeline.errors import DataError
from pipeline.files.disk import disk_errors, replace_file
from pipeline.files.workspace import Workspace
from pipeline.inference.predictor import Predictor
from pipeline.metrics.calibration import calibrated, fit_table_temperature
from pipeline.metrics.class_priors import at_training_priors, class_priors, prior_vector
from pipeline.metrics.predictions_table import classes_of, probabilities_of, with_probabilities
from pipeline.models.model_info import ModelInfo, read_model_info
from pipeline.models.training_images import training_images
from pipeline.progress import Progress, silent
from pipeline.runs.run_dir import RunDir
from pipeline.training.parts import plan_split


@dataclasses.dataclass(frozen=True)
class Build:
    """Where the model is made and by what: `train` works on a queued run, `say` tells what is done."""

    workspace: Workspace
    dataset: Dataset
    recipe: Recipe
    out: Path
    train: Train
    say: Say
    progress: Progress = silent

    @property
    def folds(self) -> Path:
        return self.out / "folds"


def start_build(
    workspace: Workspace, recipe: Recipe, out: Path, train: Train, say: Say, progress: Progress = silent
) -> Build:
    """A build of `recipe` into the folder `out`; nothing is done yet.

    Raises:
        DataError: the data set of the recipe is gone.
    """
    return Build(workspace, load_dataset(workspace, recipe.folds[0].data), recipe, out, train, say, progress)


def fold_path(out: Path, fold: int) -> Path:
    """The table of a fold; its weights and explanations lie beside it."""
    return out / "folds" / f"fold{fold}.parquet"


def fold_weights(out: Path, fold: int) -> Path:
    """The weights of a fold: beside its table until the model is put together, then beside its description."""
    beside_table = fold_path(out, fold).with_suffix(".safetensors")
    beside_description = out / beside_table.name
    return beside_description if beside_description.exists() and not beside_table.exists() else beside_table


def fold_predictions(build: Build, fold: int) -> pd.DataFrame:
    """What the network of `fold` says of the images that it left out, with the weights as they are shipped: read where
    all three files of the fold are there, made by this recipe on this data; else made.

    Returns:
        image_id, lesion_id, truth, predicted, and p_<code> at the data set's frequencies, not yet calibrated.

    Raises:
        ModelError: the table is damaged, or is not about the images that are held out here; or a weight is too large
            for 16 bits.
        RunError: the training did not end as done.
        Cancelled: by `progress`.
    """
    path = fold_path(build.out, fold)
    kept = _kept_table(build, build.recipe.folds[fold], path)
    if kept is not None and _files_are_of(build, path, kept[1]):
        return kept[0]
    return _make_fold(build, fold, path)


def run_table(build: Build, config: RunConfig, path: Path) -> pd.DataFrame:
    """The held-out predictions of a training of `config` alone, without its weights; read from `path` where they are
    of this recipe and data, else made.

    Returns, Raises:
        As `fold_predictions`.
    """
    kept = _kept_table(build, config, path)
    if kept is not None:
        return kept[0]
    run = finished_run(build.workspace, config, build.train, build.say)
    frequencies = class_priors(_split(build, config)["dx"])
    _write_table(build, path, run_predictions(run, frequencies), _origin(run, config, frequencies))
    return read_predictions(path)[0]


def _split(build: Build, config: RunConfig) -> pd.DataFrame:
    return plan_split(config, metadata_to_split(build.dataset, config.same_lesion))


def _kept_table(build: Build, config: RunConfig, path: Path) -> tuple[pd.DataFrame, Origin] | None:
    """The table at `path` where its recipe and data are those of `config`."""
    try:
        predictions, origin = read_predictions(path)
    except FileNotFoundError:
        return None
    if origin.recipe != recipe_digest(config) or origin.data_hash != config.data_hash:
        build.say(f"{path.name} was made by another recipe or on other data: it is made anew.")
        return None
    check_images(path, predictions, _split(build, config))
    build.say(f"{path.name} is there already: made by this recipe on this data.")
    return predictions, origin


def _files_are_of(build: Build, path: Path, origin: Origin) -> bool:
    """Whether weights and explanations are the ones that the table was made with."""
    for file, digest in ((fold_weights(build.out, origin.fold), origin.weights),
                         (path.with_suffix(".npz"), origin.explanations)):
        if not file.exists() or file_digest(file) != digest:
            build.say(f"{file.name} is not the one that {path.name} was made with: the fold is made anew.")
            return False
    return True


def file_digest(path: Path) -> str:
    """SHA-256 of the file, 64 hexadecimal digits."""
    with disk_errors(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _make_fold(build: Build, fold: int, path: Path) -> pd.DataFrame:
    config = build.recipe.folds[fold]
    run = finished_run(build.workspace, config, build.train, build.say)
    split, trained = _split(build, config), read_model_info(run.model, run.name)
    frequencies = class_priors(split["dx"])
    weights, explanations = path.with_suffix(".safetensors"), path.with_suffix(".npz")
    replace_file(weights, half_weights(trained.weights_path))
    info = dataclasses.replace(trained, folder=weights.parent, weights_file=weights.name, frequencies=frequencies)
    build.say("Asks the network, with its weights as 16-bit floats, about the images that it left out.")
    probabilities, explained = explain_fold(
        Predictor(info), build.dataset, split, _extra_ids(trained, build.dataset), build.progress
    )
    write_explanations(explanations, explained)
    images = split.set_index("image_id").loc[explained.image_id].reset_index().rename(columns={"dx": "truth"})
    table = with_probabilities(images, info.classes, probabilities)
    difference = _largest_difference(table, run_predictions(run, frequencies))
    build.say(f"Weights as 16-bit floats: {weights.stat().st_size / 2**20:.1f} MiB; the largest difference of any "
              f"probability is {difference:.5f}.")
    _write_table(build, path, table, dataclasses.replace(
        _origin(run, config, frequencies), weights=file_digest(weights), explanations=file_digest(explanations),
        half_precision_difference=difference, extra=trained.extra,
    ))
    return read_predictions(path)[0]


def _extra_ids(info: ModelInfo, dataset: Dataset) -> list[str]:
    """The images of the extra data set that the model was trained on too."""
    images = training_images(info)
    return images.loc[images["data"] != dataset.name, "image_id"].tolist() if "data" in images else []


def _largest_difference(table: pd.DataFrame, other: pd.DataFrame) -> float:
    """Of any probability of the same images, 0..1."""
    codes = classes_of(table)
    both = (probabilities_of(of.sort_values("image_id"), codes) for of in (table, other))
    return float(abs(next(both) - next(both)).max())


def _origin(run: RunDir, config: RunConfig, frequencies: dict[str, float]) -> Origin:
    return Origin(
        recipe=recipe_digest(config), fold=config.fold, data_hash=config.data_hash, frequencies=frequencies,
        config=config.to_json(), versions=run.about().get("versions", {}), run=run.name, seconds=run.status().seconds,
    )


def _write_table(build: Build, path: Path, predictions: pd.DataFrame, origin: Origin) -> None:
    write_predictions(path, predictions, origin)
    build.say(f"{path} is written: {path.stat().st_size / 1000:.0f} kB.")


def run_predictions(run: RunDir, frequencies: dict[str, float]) -> pd.DataFrame:
    """A run's validation predictions at `frequencies`.

    Raises:
        RunError: it has none.
    """
    table = run.predictions()
    table = table[table["part"] == "validation"].reset_index(drop=True)
    classes = classes_of(table)
    probabilities = at_training_priors(
        probabilities_of(table, classes), prior_vector(frequencies, classes), run.config().loss
    )
    return with_probabilities(table, classes, probabilities)


def out_of_fold(folds: list[pd.DataFrame]) -> pd.DataFrame:
    """The tables of all folds under each other, with `fold` (0..4).

    Raises:
        DataError: an image is held out in two folds, as happens where a diagnosis has fewer lesions than folds.
    """
    table = pd.concat([rows.assign(fold=np.int8(k)) for k, rows in enumerate(folds)], ignore_index=True)
    twice = table.loc[table["image_id"].duplicated(), "truth"]
    if len(twice):
        raise DataError(
            f"The folds share {len(twice):,} images ({', '.join(sorted(twice.unique()))}): a diagnosis has too few "
            "lesions to be in each of them.",
            "Use a data set with at least five lesions of each diagnosis, or a higher limit.",
        )
    return table


def cross_fitted(predictions: pd.DataFrame) -> tuple[pd.DataFrame, dict[int, float]]:
    """The predictions of each fold at the temperature that fits all other folds best: no image calibrates itself.

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
