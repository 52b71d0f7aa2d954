"""The audit of a data set: what would let a network's figures flatter it. Stored with the data set; pages only read it.

    datasets/<name>/audit.json
"""

import hashlib
import os
import time
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired

import pandas as pd
from annotated_types import Len
from typing_extensions import TypedDict

from pipeline.audit.image_features import describe_images
from pipeline.audit.label_leaks import LEAK_FACTORS, label_leak
from pipeline.audit.near_duplicates import MOST, similar_pairs
from pipeline.data.dataset import Dataset
from pipeline.data.seen_lesions import seen_shares
from pipeline.errors import DataError, WorkspaceError
from pipeline.files.bounds import Count, Figure, Moment, Seconds, Share, Word
from pipeline.files.disk import read_bytes, write_json
from pipeline.files.locks import file_lock
from pipeline.files.records import read_record
from pipeline.files.workspace import Workspace
from pipeline.limits import MOST_TABLE_BYTES
from pipeline.progress import Progress, silent

_REPAIR = "Delete it, and audit the data set again."


class SeenCounts(TypedDict):
    """See `seen_counts`."""

    images: Count
    seen: Count
    share: Share | None
    melanomas: Count
    melanomas_seen: Count
    melanomas_share: Share | None


class SeenShares(TypedDict):
    """See `seen_shares`."""

    lesion: SeenCounts
    random: SeenCounts
    random_mean: dict[Literal["seeds", "share", "melanomas_share"], Figure | None]
    random_expected: dict[Literal["share", "melanomas_share"], Share | None]


class NearPair(TypedDict):
    """See `pair_rows`."""

    image_a: Word
    image_b: Word
    lesion_a: Word
    lesion_b: Word
    similarity: Figure


class Leak(TypedDict):
    """See `label_leak`."""

    factor: Word
    recorded: Count
    values: Count
    accuracy: Share | None
    balanced_accuracy: Share | None
    weighed_balanced_accuracy: Share | None
    majority_accuracy: Share | None
    chance_balanced_accuracy: Share | None
    cramers_v: Share | None


class Audit(TypedDict):
    """What `audit_dataset` gives; an earlier version compared all pairs, and said nothing of their share."""

    images: Count
    lesions: Count
    content_hash: Word
    table_digest: Word
    threshold: Figure
    found_share: NotRequired[Share | None]
    seen: SeenShares | None
    near_duplicates: Annotated[list[NearPair], Len(0, MOST)]
    pairs_in_all: Count
    pairs_of_one_lesion: Count
    label_leaks: Annotated[list[Leak], Len(1, 10)]
    seconds: Seconds
    created: Moment


def audit_path(dataset: Dataset) -> Path:
    return dataset.folder / "audit.json"


def _table_digest(dataset: Dataset) -> str:
    """SHA-256 of the table's file: image sources may come later than the images, which the content hash leaves out."""
    return hashlib.sha256(read_bytes(dataset.folder / "metadata.parquet", MOST_TABLE_BYTES)).hexdigest()


def pair_rows(metadata: pd.DataFrame, pairs: pd.DataFrame) -> tuple[list[dict[str, Any]], int, int]:
    """The table that `similar_pairs` gives in the data set's words.

    Returns:
        The first MOST with different lesion_ids as {image_a, image_b, lesion_a, lesion_b, similarity}, in their order;
        how many there are; and how many more share one.
    """
    images, lesions = (metadata[column].to_numpy(dtype=object) for column in ("image_id", "lesion_id"))
    apart = pairs[lesions[pairs["a"]] != lesions[pairs["b"]]]
    rows = [
        {
            "image_a": images[a], "image_b": images[b], "lesion_a": lesions[a], "lesion_b": lesions[b],
            "similarity": round(float(similarity), 4),
        }
        for a, b, similarity in apart.head(MOST).itertuples(index=False, name=None)
    ]
    return rows, len(apart), len(pairs) - len(apart)


def audit_dataset(workspace: Workspace, dataset: Dataset, progress: Progress = silent) -> dict[str, Any]:
    """Audits the data set and stores what it found.

    Returns:
        images, lesions, content_hash, table_digest, seconds (it took), created (since 1970); threshold and found_share:
        as of `SimilarPairs`; seen: as `seen_shares`, None where the set is too small to split; near_duplicates: the
        most similar MOST pairs with different lesion_ids, as `pair_rows`; pairs_in_all: how many there are;
        pairs_of_one_lesion: similar pairs that share a lesion_id; label_leaks: `label_leak` of "dx_type" and "source".

    Raises:
        DataError, WeightsError, WorkspaceError: as `describe_images`.
        Cancelled: by `progress`; nothing is stored.
    """
    lock = workspace.locks / f"audit-{dataset.name}.lock"
    with file_lock(lock, progress, "Waits for another audit of this data set."):
        begun, digest, metadata = time.monotonic(), _table_digest(dataset), dataset.metadata()
        described = describe_images(dataset, progress)
        similar = similar_pairs(described.array("features"), described.array("hashes"), progress)
        pairs, in_all, of_one_lesion = pair_rows(metadata, similar.pairs)
        progress(0.95, "Counts lesions that training would have seen.")
        try:
            seen = seen_shares(metadata)
        except DataError:  # too small to split at all: then there is nothing to count
            seen = None
        found = {
            "images": dataset.images, "lesions": dataset.lesions, "content_hash": dataset.content_hash,
            "table_digest": digest, "threshold": similar.threshold, "found_share": similar.found_share, "seen": seen,
            "near_duplicates": pairs, "pairs_in_all": in_all, "pairs_of_one_lesion": of_one_lesion,
            "label_leaks": [label_leak(metadata, factor) for factor in LEAK_FACTORS],
            "seconds": time.monotonic() - begun, "created": time.time(),
        }
        write_json(audit_path(dataset), found)
        described.remove()
        progress(1.0, "The audit is done.")
        return found


def stored_audit(dataset: Dataset) -> Audit | None:
    """What `audit_dataset` stored, with None for NaN; None where there was no audit yet.

    Raises:
        WorkspaceError: the file is damaged.
    """
    path = audit_path(dataset)
    if not os.path.lexists(path):
        return None
    found = read_record(path, Audit, _REPAIR)
    if {leak["factor"] for leak in found["label_leaks"]} != set(LEAK_FACTORS):
        raise WorkspaceError(f"{path} is damaged: its field label_leaks has other factors.", _REPAIR)
    return found


def is_current(dataset: Dataset, audit: Audit) -> bool:
    """Whether the data set is as it was when it was audited."""
    return audit["content_hash"] == dataset.content_hash and audit["table_digest"] == _table_digest(dataset)
