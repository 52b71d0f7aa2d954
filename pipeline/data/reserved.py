"""Reserved images of a data set: they join no training and no choice, and judge a model only where that is asked for.

    datasets/<name>/reserved.json
"""

import hashlib
import os
import time
from collections.abc import Iterable
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Interval, Len
from typing_extensions import TypedDict

from pipeline.data.dataset import Dataset
from pipeline.data.same_lesion import confirmed_pairs, lesion_groups, metadata_by_lesion
from pipeline.errors import DataError, WorkspaceError
from pipeline.files.bounds import Count, Moment, Share, Whole, Word
from pipeline.files.disk import to_json, write_json
from pipeline.files.locks import file_lock
from pipeline.files.records import read_record
from pipeline.files.workspace import Workspace
from pipeline.limits import MOST_TABLE_ROWS
from pipeline.progress import silent

SHARE = 0.2
_REPAIR = "Bring it back from a copy: what trains without it may learn what was reserved."


class Reservation(TypedDict):
    """What `reserve` stores: the ids of the reserved images in alphabetical order, and how they were chosen."""

    content_hash: Word
    seed: Whole
    share: Annotated[Share, Interval(gt=0, lt=1)]
    near_twins: Count
    images: Annotated[list[Word], Len(1, MOST_TABLE_ROWS)]
    created: Moment


def reservation(dataset: Dataset) -> Reservation | None:
    """What is reserved; None where nothing is.

    Raises:
        WorkspaceError: the file is damaged or of another data set.
    """
    path = dataset.folder / "reserved.json"
    if not os.path.lexists(path):
        return None
    found = read_record(path, Reservation, _REPAIR)
    if found["content_hash"] != dataset.content_hash:
        raise WorkspaceError(f"{path} is damaged: it is of images that the data set {dataset.name} does not hold.",
                             _REPAIR)
    return found


def reserved_images(dataset: Dataset) -> frozenset[str]:
    """The ids of the reserved images; empty where none are. Raises as `reservation`."""
    found = reservation(dataset)
    return frozenset(found["images"]) if found else frozenset()


def reserved_digest(*datasets: Dataset) -> str | None:
    """SHA-256 over what is reserved of the data sets, for a run's config; None where nothing is."""
    found = [(of.content_hash, sorted(images)) for of in datasets if (images := reserved_images(of))]
    return hashlib.sha256(to_json(found).encode()).hexdigest() if found else None


def check_reserved(digest: str | None, *datasets: Dataset) -> None:
    """Whether of the data sets the same images are reserved as when a run was planned.

    Raises:
        DataError: others are.
    """
    if reserved_digest(*datasets) != digest:
        raise DataError("Which images are reserved has changed since this run was planned.", "Start a new run.")


def without_reserved(dataset: Dataset, table: pd.DataFrame) -> pd.DataFrame:
    """The rows of `table`, the data set's table or one with `group_id`, whose lesion has no reserved image."""
    reserved = table["image_id"].isin(reserved_images(dataset))
    if not reserved.any():
        return table
    group = table["group_id" if "group_id" in table else "lesion_id"]
    return table[~group.isin(group[reserved])]


def metadata_to_split(dataset: Dataset, same_lesion: str | None) -> pd.DataFrame:
    """The images that a run's parts are made of: `metadata_by_lesion`, without what is reserved.

    Raises:
        DataError: other pairs are confirmed than when the run was planned.
        WorkspaceError: what is reserved cannot be read.
    """
    return without_reserved(dataset, metadata_by_lesion(dataset, same_lesion))


def choose_reserved(table: pd.DataFrame, group: pd.Series, seed: int, share: float = SHARE) -> pd.Series:
    """Which images to reserve: of each diagnosis whole groups, in an order that the images' content and the seed
    decide, until `share` of its images is reached. The order of the rows and the ids decide nothing.

    Args:
        table: image_id, dx, sha256.
        group: what must stay together, on the index of `table`; one with several diagnoses counts for its most
            frequent one, the first in the alphabet among equals.

    Returns:
        bool, on the index of `table`. A diagnosis of one group alone has nothing reserved.
    """
    of_group = table.groupby(group)
    first, size = of_group["sha256"].min(), of_group.size()
    diagnosis = of_group["dx"].agg(lambda codes: codes.mode().min())
    rank = first.map(lambda content: hashlib.sha256(f"{seed} {content}".encode()).hexdigest())
    chosen: list[str] = []
    for _, ranks in rank.groupby(diagnosis):
        ranks = ranks.sort_values()
        before = size[ranks.index].cumsum() - size[ranks.index]
        enough = before >= share * size[ranks.index].sum()
        needed = int(np.argmax(enough)) if enough.any() else len(ranks)
        chosen.extend(ranks.index[: min(needed, len(ranks) - 1)])
    return group.isin(chosen)


def reserve(
    workspace: Workspace, dataset: Dataset, near_twins: Iterable[tuple[str, str]], seed: int = 0
) -> Reservation:
    """Reserves a fifth of the images by `choose_reserved`, where nothing is reserved yet; else gives what is.

    Args:
        near_twins: pairs of image ids that show nearly the same; they stay together, as lesions and pairs that were
            confirmed to show one lesion do.

    Raises:
        DataError: it was reserved with another seed, or each diagnosis has but one lesion.
        WorkspaceError: what is stored is damaged, or the disk is full or cannot be written.
    """
    with file_lock(workspace.locks / f"reserve-{dataset.name}.lock", silent, "Waits for another reservation."):
        if (known := reservation(dataset)) is not None:
            if known["seed"] != seed:
                raise DataError(
                    f"Images of {dataset.name} are reserved already, with seed {known['seed']}. Others would be images "
                    "that models have learnt from.", f"Use that seed: --seed {known['seed']}.",
                )
            return known
        table, pairs = dataset.metadata(), list(near_twins)
        chosen = choose_reserved(table, lesion_groups(table, [*pairs, *confirmed_pairs(dataset)]), seed)
        if not chosen.any():
            raise DataError(f"Each diagnosis of {dataset.name} has one lesion, so none can be reserved.",
                            "Use a larger data set.")
        found: Reservation = {
            "content_hash": dataset.content_hash, "seed": seed, "share": SHARE, "near_twins": len(pairs),
            "images": sorted(table.loc[chosen, "image_id"]), "created": time.time(),
        }
        write_json(dataset.folder / "reserved.json", found)
        return found
