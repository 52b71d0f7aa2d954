"""What a split that puts a lesion on both sides does to a run's figures."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from typing_extensions import TypedDict

from pipeline.classes import MELANOMA
from pipeline.data.seen_lesions import seen_in_training
from pipeline.errors import DataError, WorkspaceError
from pipeline.evaluation.kept import keep, kept_path
from pipeline.files.bounds import Count, Share
from pipeline.files.disk import read_bytes
from pipeline.files.parquet import SHARE, TEXT, read_table
from pipeline.files.records import record
from pipeline.files.workspace import bundled_folder
from pipeline.limits import MOST_JSON_BYTES
from pipeline.metrics.part_figures import BOUNDED, lesion_bootstrap, summarise
from pipeline.metrics.predictions_table import PREFIX, check_probabilities, classes_of, highest, probabilities_of
from pipeline.runs.results import Intervals, OfPart
from pipeline.runs.run_dir import RunDir

_KEPT = "seen-{}.json"
_BUNDLED = ("image_id", "lesion_id", "truth")


class _Melanomas(TypedDict):
    images: Count
    lesions: Count
    sensitivity: Share | None


class _Side(OfPart):
    """See `part_figures`."""

    images: Count
    lesions: Count
    intervals: Intervals
    diagnoses: Count
    melanoma: _Melanomas


class _Sides(TypedDict):
    seen: _Side
    not_seen: _Side


def _melanoma_sensitivity(rows: pd.DataFrame) -> dict[str, Any]:
    melanomas = rows[rows["truth"] == MELANOMA]
    return {
        "images": len(melanomas), "lesions": int(melanomas["lesion_id"].nunique()),
        "sensitivity": float((melanomas["predicted"] == MELANOMA).mean()) if len(melanomas) else float("nan"),
    }


def part_figures(rows: pd.DataFrame) -> dict[str, Any]:
    """The headline figures of some held-out images.

    Returns:
        images, lesions, and the figures BOUNDED as `summarise` has them; intervals of those by `lesion_bootstrap`;
        diagnoses: how many occur; melanoma: {images, lesions, sensitivity}.
    """
    figures = summarise(rows, None)
    return {
        **{key: figures[key] for key in ("images", "lesions", *BOUNDED)},
        "intervals": lesion_bootstrap(rows), "diagnoses": int(rows["truth"].nunique()),
        "melanoma": _melanoma_sensitivity(rows),
    }


def seen_and_not(predictions: pd.DataFrame, split: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The figures of validation images whose lesion training saw, and of those whose lesion it did not see.

    Args:
        predictions: a run's, with part.
        split: the run's, with image_id, lesion_id, part.

    Returns:
        `part_figures` as "seen" and "not_seen"; a side without images is left out.
    """
    return {name: part_figures(side) for name, side in _sides(predictions, split).items()}


def _sides(predictions: pd.DataFrame, split: pd.DataFrame) -> dict[str, pd.DataFrame]:
    rows = predictions[predictions["part"] == "validation"]
    seen = rows["image_id"].isin(split.loc[seen_in_training(split), "image_id"])
    return {name: side for name, side in {"seen": rows[seen], "not_seen": rows[~seen]}.items() if len(side)}


def _undefined(value: Any) -> Any:
    """`value` with NaN for what is None, as the figures have it before they are stored."""
    if isinstance(value, dict):
        return {key: _undefined(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_undefined(one) for one in value]
    return float("nan") if value is None else value


def _kept_sides(path: Path) -> dict[str, dict[str, Any]] | None:
    """The figures in the file at `path`; None where there is none, or a damaged one, which is then made anew."""
    try:
        content = read_bytes(path, MOST_JSON_BYTES).replace(b"NaN", b"null")  # which no other JSON reader knows
        return _undefined(record(content, _Sides, str(path)))
    except WorkspaceError:
        return None


def run_sides(run: RunDir) -> dict[str, dict[str, Any]]:
    """`seen_and_not` of a run, kept beside its predictions, since its bootstrap takes a second; of a run with one side
    alone only its number of `images`.

    Raises:
        RunError: it has no predictions yet.
        WorkspaceError: the run's folder cannot be written.
    """
    path = kept_path(run.folder, _KEPT, (run.predictions_path, run.split_path))
    if path is not None and (kept := _kept_sides(path)):
        return kept
    predictions, split = run.predictions(), run.split()
    sides = _sides(predictions, split)
    if len(sides) < 2:
        return {name: {"images": len(side)} for name, side in sides.items()}
    found = seen_and_not(predictions, split)
    if path is not None:
        keep(path, _KEPT, json.dumps(found).encode())
    return found


class BundledPair(NamedTuple):
    """`part_figures` of the same short recipe trained on the split by lesion and on the article's, by image."""

    lesion: dict[str, Any]
    random: dict[str, Any]


def _bundled_table(path: Path) -> pd.DataFrame:
    try:
        table = read_table(path, dict.fromkeys(_BUNDLED, TEXT), "Get it again.", prefixed={PREFIX: SHARE},
                           unique="image_id")
        check_probabilities(table, path, "Get it again.")
    except WorkspaceError as error:
        raise DataError(f"{path.name}, a table that comes with LesionLab, is damaged.", "Get it again.") from error
    classes = classes_of(table, _BUNDLED)
    return table.assign(predicted=highest(classes, probabilities_of(table, classes)))


def leakage_folder() -> Path:
    """Where the bundled pair of tables lies, whether it is there or not."""
    return bundled_folder() / "leakage"


def bundled_tables(folder: Path) -> tuple[Path, Path] | None:
    """The files `lesion.parquet` and `random.parquet`; None where they are not both there."""
    paths = folder / "lesion.parquet", folder / "random.parquet"
    return paths if all(path.exists() for path in paths) else None


def bundled_pair(folder: Path) -> BundledPair | None:
    """The figures of the two bundled tables; None where they are not there.

    A table has image_id, lesion_id, truth and p_<code>; predicted is the highest probability.

    Raises:
        DataError: a table is damaged or lacks columns.
    """
    paths = bundled_tables(folder)
    return None if paths is None else BundledPair(*(part_figures(_bundled_table(path)) for path in paths))
