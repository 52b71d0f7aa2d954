"""The bundled model from its five folds: their calibration and figures, the description, the run, tables and card."""

import dataclasses
import math
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.data.dataset import Dataset, load_dataset
from pipeline.default_model.fold_explanations import FoldExplanations, read_explanations
from pipeline.default_model.fold_tables import Origin, read_predictions
from pipeline.default_model.folds import (
    Build,
    cross_fitted,
    file_digest,
    fold_path,
    fold_predictions,
    fold_weights,
    out_of_fold,
    run_table,
)
from pipeline.default_model.goals import against_goals
from pipeline.default_model.out_of_fold_run import write_explanations_of_run, write_out_of_fold_run
from pipeline.default_model.recipe import FOLDS, recipe_digest
from pipeline.default_model.reserved_figures import reserved_figures
from pipeline.errors import ModelError, WorkspaceError
from pipeline.evaluation.leakage import pair_path
from pipeline.explain.perturb import NAMED
from pipeline.files.disk import disk_errors, plain, read_json, replace_file, write_json
from pipeline.inference.classifier import open_classifier
from pipeline.inference.predict_data_set import prepared_images
from pipeline.metrics.class_priors import class_priors
from pipeline.metrics.decision_figures import decision_figures, figures_within
from pipeline.models.card import CARD_FILE
from pipeline.models.card_cross_validated import cross_validated_card
from pipeline.models.model_info import ExtraImages, FoldNetwork, ModelInfo, write_model_info
from pipeline.models.recognition import image_hash
from pipeline.models.training_images import write_training_images
from pipeline.runs.run_dir import RunDir
from pipeline.training.predict_held_out import described_model

NAME = "default"
FIGURES_FILE = "figures.json"
ROBUSTNESS_FILE = "robustness.json"


def cross_validate(build: Build, resamples: int = 1000) -> dict[str, Any]:
    """The five folds, their calibrated predictions as a run with all that its pages show, and the figures against the
    goals.

    Returns:
        What `figures.json` holds; what is undefined is None.

    Raises:
        DataError, ModelError, RunError: see `fold_predictions` and `out_of_fold`.
        WorkspaceError: a fold's explanations are damaged, or the disk is full or cannot be written.
    """
    predictions = out_of_fold([fold_predictions(build, fold) for fold in range(FOLDS)])
    origins, explained = _origins(build), _explanations(build)
    frequencies = class_priors(predictions["truth"])
    calibrated, temperatures = cross_fitted(predictions)
    build.say("Computes the figures and their intervals over lesions.")
    figures = decision_figures(calibrated, frequencies, resamples)
    config, seconds = build.recipe.folds[0], [origin.seconds or 0.0 for origin in origins]
    figures |= {
        "goals": against_goals(figures["overall"]), "recipe": recipe_digest(config),
        "data_hash": build.dataset.content_hash, "frequencies": frequencies,
        "per_source": figures_within(calibrated, _sources(build.dataset, calibrated), frequencies, resamples),
        "folds": [
            {"fold": k, "images": len(rows), "temperature": temperatures[k], "seconds": seconds[k],
             "overall": {key: figure.value for key, figure in decision_figures(
                 rows, frequencies, resamples=1)["overall"].items()}}
            for k, rows in calibrated.groupby("fold")
        ],
        "shipped": {
            "bytes": sum(fold_weights(build.out, k).stat().st_size for k in range(FOLDS)),
            "half_precision_difference": max(
                of for origin in origins if (of := origin.half_precision_difference) is not None),
            "config": config.to_json(), "made": time.time(),
        },
        "versions": origins[0].versions,
    }
    figures = plain(figures)
    write_json(build.out / FIGURES_FILE, figures)
    build.say("Writes the run: predictions, heatmaps, look-alikes, map and answers to changed pictures.")
    write_out_of_fold_run(build.out / "run", calibrated, config, frequencies, sum(seconds))
    write_explanations_of_run(
        build.out / "run", calibrated, explained, list(temperatures.values()), build.dataset, config.seed
    )
    return figures


def _origins(build: Build) -> list[Origin]:
    return [read_predictions(fold_path(build.out, k))[1] for k in range(FOLDS)]


def _explanations(build: Build) -> list[FoldExplanations]:
    """Raises a ModelError for one whose pictures were changed otherwise, as another version may have done."""
    paths = [fold_path(build.out, k).with_suffix(".npz") for k in range(FOLDS)]
    found = [read_explanations(path) for path in paths]
    for path, of in zip(paths, found, strict=True):
        if of.change.tolist() != list(NAMED):
            raise ModelError(f"{path} has answers to other changes of the pictures than this version makes.",
                             "Delete it: the fold's network is then asked again.")
    return found


def _sources(dataset: Dataset, predictions: pd.DataFrame) -> pd.Series:
    metadata = dataset.metadata().set_index("image_id")
    return metadata["source"].reindex(predictions["image_id"]).set_axis(predictions.index)


def figures_of(out: Path) -> dict[str, Any]:
    """What `figures.json` in the model's folder holds.

    Raises:
        MissingFileError, WorkspaceError: it is gone or damaged.
    """
    return _object(out / FIGURES_FILE)


def _object(path: Path) -> dict[str, Any]:
    found = read_json(path)
    if not isinstance(found, dict):
        raise WorkspaceError(f"{path} is damaged: it holds no figures.", "Make the model again.")
    return found


def finish(build: Build, figures: dict[str, Any], reserved: str | None = None, resamples: int = 1000) -> ModelInfo:
    """The description with the five networks' weights beside it, the list of their training images, the leakage
    lesson's tables, and the card.

    Args:
        figures: of `cross_validate`.
        reserved: the data set whose reserved images judge the model too, for the figures.

    Raises:
        DataError: the data set or the extra one is gone, has changed or lost an image.
        ModelError, RunError: see `fold_predictions`.
    """
    folds = []
    for fold in range(FOLDS):
        weights, beside = fold_weights(build.out, fold), build.out / f"fold{fold}.safetensors"
        if weights != beside:
            with disk_errors(beside):
                weights.rename(beside)
        folds.append(FoldNetwork(beside.name, file_digest(beside), figures["folds"][fold]["temperature"]))
    origins, extra = _origins(build), _extra_dataset(build)
    images = _training_images(build, extra)
    results = RunDir(build.out / "run").results()
    assert results is not None, "cross_validate wrote them"
    info = described_model(
        build.recipe.folds[0], build.dataset, extra, name=NAME, folder=build.out,
        run=", ".join(origin.run for origin in origins), training_images=len(images),
        training_lesions=int(images["lesion_id"].nunique()), validation=dict(results["validation"]),
        frequencies=figures["frequencies"], extra=_extra_images(origins, images, extra), folds=tuple(folds),
    )
    info = dataclasses.replace(info, detail=build.dataset.copy_size())  # a larger upload shows no more than they did
    write_model_info(info)
    images = images.assign(perceptual_hash=_hashes(build, info, images, extra))
    write_training_images(build.out, images, images["image_id"])
    if reserved is None:
        build.say("No reserved images of another data set were named, so the figures have none on them.")
    else:
        elsewhere, out_of_fold = load_dataset(build.workspace, reserved), RunDir(build.out / "run").predictions()
        judged = reserved_figures(info, elsewhere, out_of_fold, resamples, build.progress)
        write_json(build.out / FIGURES_FILE, plain({**figures, "reserved": judged}))
    write_card(info, build.dataset)
    make_lesson(build)
    return info


def make_lesson(build: Build) -> None:
    """The tables of the leakage lesson: what each of its trainings says of the images that it held out. Those that are
    there and of this recipe and data stay; of folds that the recipe lacks they go.

    Raises:
        DataError: the data set is gone or has changed.
        ModelError, RunError: see `fold_predictions`.
    """
    folder = build.out / "leakage"
    for split, configs in build.recipe.leakage.items():
        for fold in range(FOLDS):
            path = pair_path(folder, split, fold)
            if fold < len(configs):
                run_table(build, configs[fold], path)
            else:
                path.unlink(missing_ok=True)


def _extra_dataset(build: Build) -> Dataset | None:
    name = build.recipe.folds[0].extra
    return None if name is None else load_dataset(build.workspace, name)


def _training_images(build: Build, extra: Dataset | None) -> pd.DataFrame:
    """The images of the data set with the fold that left each out, and those of the extra one that any network was
    trained on, which count for all: image_id, lesion_id, sha256, data, fold (NaN: none)."""
    explained, columns = _explanations(build), ["image_id", "lesion_id", "sha256"]
    fold = {image_id: k for k, of in enumerate(explained) for image_id in of.image_id}
    own = build.dataset.metadata()[columns]
    own = own[own["image_id"].isin(fold)].assign(data=build.dataset.name, fold=own["image_id"].map(fold).astype(float))
    if extra is None:
        return own
    joined = {image_id for of in explained for image_id in of.extra}
    theirs = extra.metadata()[columns]
    theirs = theirs[theirs["image_id"].isin(joined)].assign(data=extra.name, fold=math.nan)
    return pd.concat([own, theirs], ignore_index=True)


def _extra_images(origins: list[Origin], images: pd.DataFrame, extra: Dataset | None) -> ExtraImages | None:
    """What joined any fold's training; what joined none is reserved, of other diagnoses, or an image of the data set
    under another name, which one fold holds out and the others train on already."""
    told = [origin.extra for origin in origins if origin.extra is not None]
    if extra is None or not told:
        return None
    joined = images[images["data"] == extra.name]
    left_out = {reason: n for reason, n in told[0].left_out.items() if reason in ("reserved", "diagnosis")}
    rest = extra.images - len(joined) - sum(left_out.values())
    return dataclasses.replace(
        told[0], images=len(joined), lesions=int(joined["lesion_id"].nunique()),
        left_out={**left_out, **({"training": rest} if rest else {})},
    )


def _hashes(build: Build, info: ModelInfo, images: pd.DataFrame, extra: Dataset | None) -> list[str]:
    """The perceptual hash of each image as the networks see it."""
    network = open_classifier(build.workspace, info)
    sets = {dataset.name: prepared_images(network, dataset) for dataset in filter(None, [build.dataset, extra])}

    def found() -> Iterable[str]:
        for number, row in enumerate(images.itertuples()):
            build.progress(number / len(images), "Notes what each training image looks like.")
            yield image_hash(sets[row.data](row.image_id))

    return list(found())


def write_card(info: ModelInfo, dataset: Dataset) -> None:
    """Writes the model's card from its figures and its data set.

    Raises:
        WorkspaceError: the disk is full or cannot be written, or the figures are damaged.
    """
    robustness = info.folder / ROBUSTNESS_FILE
    card = cross_validated_card(
        info, dataset, figures_of(info.folder), _object(robustness) if robustness.exists() else None
    )
    replace_file(info.folder / CARD_FILE, card.encode())
