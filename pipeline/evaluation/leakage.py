"""What a split that puts a lesion on both sides does: the sides of a run's own images, and the pair of trainings on
both splits that comes with LesionLab.
"""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pipeline.classes import MELANOMA
from pipeline.data.seen_lesions import seen_in_training
from pipeline.errors import DataError, LesionLabError, WorkspaceError
from pipeline.evaluation.paired_splits import PairedSplits, paired_splits
from pipeline.files.parquet import SHARE, TEXT, read_table
from pipeline.files.workspace import bundled_folder
from pipeline.metrics.predictions_table import PREFIX, check_probabilities, classes_of, highest, probabilities_of
from pipeline.runs.run_dir import RunDir

_BUNDLED = ("image_id", "lesion_id", "truth")
BY_LESION, BY_IMAGE = "lesion", "random"  # as the files of the pair begin


class Side(NamedTuple):
    """How many images, lesions, wrong images and melanoma images one side of a run's validation part has."""

    images: int
    lesions: int
    wrong: int
    melanomas: int


def run_sides(run: RunDir) -> dict[str, Side]:
    """The validation images whose lesion training saw as "seen", the others as "not_seen"; a side without images is
    left out.

    The two are images of other lesions, so how a network does on the one and the other says little of leakage:
    lesions with several images are often the suspicious ones.

    Raises:
        RunError: it has no predictions yet.
    """
    predictions, split = run.predictions(), run.split()
    rows = predictions[predictions["part"] == "validation"]
    seen = rows["image_id"].isin(split.loc[seen_in_training(split), "image_id"])
    return {
        name: Side(len(side), int(side["lesion_id"].nunique()), int((side["truth"] != side["predicted"]).sum()),
                   int((side["truth"] == MELANOMA).sum()))
        for name, side in {"seen": rows[seen], "not_seen": rows[~seen]}.items() if len(side)
    }


def run_pair(by_lesion: RunDir, by_image: RunDir) -> PairedSplits:
    """Two runs of one recipe on both splits, on the images that both held out for validation.

    Raises:
        RunError: one has no predictions yet.
        DataError: their data sets contradict each other.
    """
    split = by_image.split()
    seen = set(split.loc[seen_in_training(split), "image_id"])
    return paired_splits(_validation(by_lesion), _validation(by_image), seen)


def _validation(run: RunDir) -> pd.DataFrame:
    predictions = run.predictions()
    return predictions[predictions["part"] == "validation"]


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


def pair_path(folder: Path, split: str, fold: int) -> Path:
    """The table of a fold (0..4) of the pair on a split, BY_LESION or BY_IMAGE."""
    return folder / f"{split}{fold or ''}.parquet"


def bundled_tables(folder: Path) -> tuple[list[Path], list[Path]] | None:
    """The tables of the trainings split by lesion, and of those split by image; None where either has none."""
    found = [[path for fold in range(5) if (path := pair_path(folder, split, fold)).exists()]
             for split in (BY_LESION, BY_IMAGE)]
    return (found[0], found[1]) if all(found) else None


def bundled_pair(folder: Path, lesions: pd.Series | None) -> PairedSplits | None:
    """The bundled trainings of one short recipe, each on the images that it held out; None where they are not there.

    A table has image_id, lesion_id, truth and p_<code>; predicted is the highest probability.

    Args:
        lesions: the lesion of every image of their data set, by image_id; None where that is not known.

    Raises:
        DataError: a table is damaged or lacks columns, or they contradict each other.
    """
    paths = bundled_tables(folder)
    if paths is None:
        return None
    by_lesion, by_image = ([_bundled_table(path) for path in of] for of in paths)
    seen = None if lesions is None else _seen_by(by_image, lesions)
    # of a small set a fold without a diagnosis gets one from another, whose image then stands in both
    joined = [pd.concat(tables).drop_duplicates("image_id") for tables in (by_lesion, by_image)]
    return paired_splits(joined[0], joined[1], seen)


def _seen_by(tables: list[pd.DataFrame], lesions: pd.Series) -> set[str] | None:
    """Images whose lesion has another image that their table does not hold out; None where one is not in `lesions`."""
    images = lesions.groupby(lesions).size()
    seen: set[str] = set()
    for table in tables:
        if not table["image_id"].isin(lesions.index).all():
            return None
        held_out = table.groupby("lesion_id")["image_id"].transform("size")
        seen |= set(table.loc[table["lesion_id"].map(images) > held_out, "image_id"])
    return seen


def bundled_lesions() -> pd.Series | None:
    """The lesion of every image that the bundled run judged, by image_id; None where that run is not there."""
    try:
        split = RunDir(bundled_folder() / "run").split()
    except (LesionLabError, FileNotFoundError):
        return None
    return split.set_index("image_id")["lesion_id"]
