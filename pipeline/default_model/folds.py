"""The five folds: a table of held-out predictions for each, from the one that is there or from a training; and their
calibration.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.configuration.config import RunConfig
from pipeline.data.dataset import Dataset
from pipeline.data.reserved import metadata_to_split
from pipeline.default_model.fold_tables import Origin, check_images, read_predictions, write_predictions
from pipeline.default_model.joint import joint_predictions
from pipeline.default_model.recipe import recipe_digest
from pipeline.default_model.trainings import Say, Train, finished_run
from pipeline.errors import DataError
from pipeline.files.workspace import Workspace
from pipeline.metrics.calibration import calibrated, fit_table_temperature
from pipeline.metrics.class_priors import at_training_priors, class_priors, prior_vector
from pipeline.metrics.predictions_table import classes_of, probabilities_of, with_probabilities
from pipeline.runs.run_dir import RunDir
from pipeline.training.parts import plan_split


def fold_path(out: Path, fold: int) -> Path:
    return out / "folds" / f"fold{fold}.parquet"


def fold_predictions(
    workspace: Workspace, dataset: Dataset, configs: tuple[RunConfig, ...], path: Path, train: Train, say: Say
) -> pd.DataFrame:
    """The held-out predictions of one network, or of several side by side, read from `path` where its recipe and data
    are these, else made.

    Args:
        configs: of the trainings, on one split.

    Returns:
        image_id, lesion_id, truth, predicted, and p_<code> at the data set's frequencies, not yet calibrated.

    Raises:
        ModelError: the file at `path` is damaged, or is not about the images that are held out here.
        RunError: the training did not end as done.
    """
    config, recipe = configs[0], recipe_digest(configs)
    split = plan_split(config, metadata_to_split(dataset, config.same_lesion))
    try:
        predictions, origin = read_predictions(path)
    except FileNotFoundError:
        pass
    else:
        if origin.recipe == recipe and origin.data_hash == config.data_hash:
            check_images(path, predictions, split)
            say(f"{path.name} is there already: made by this recipe on this data.")
            return predictions
        say(f"{path.name} was made by another recipe or on other data: it is made anew.")
    runs = [finished_run(workspace, of_one, train, say) for of_one in configs]
    frequencies = class_priors(split["dx"])
    if len(runs) == 1:
        predictions = run_predictions(runs[0], frequencies)
    else:
        say("Asks the networks side by side about the images that they left out.")
        predictions = joint_predictions(workspace, runs, dataset, frequencies)
    write_predictions(path, predictions, Origin(
        recipe=recipe, fold=config.fold, data_hash=config.data_hash, frequencies=frequencies,
        config=config.to_json(), versions=runs[0].about().get("versions", {}), run=", ".join(run.name for run in runs),
        seconds=sum(run.status().seconds or 0.0 for run in runs),
    ))
    say(f"{path} is written: {path.stat().st_size / 1000:.0f} kB.")
    return read_predictions(path)[0]


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
