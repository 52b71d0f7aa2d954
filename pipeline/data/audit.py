"""The audit of a data set: what would let a network's figures flatter it. Stored with the data set; pages only read it.

    datasets/<name>/audit.json
"""

import hashlib
import time
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.data.dataset import Dataset
from pipeline.data.label_leaks import LEAK_FACTORS, label_leak
from pipeline.data.near_duplicates import MOST, THRESHOLD, describe_images, similar_pairs
from pipeline.data.seen_lesions import seen_shares
from pipeline.data.turns import turn
from pipeline.errors import DataError
from pipeline.files import read_json, write_json
from pipeline.progress import Progress, silent
from pipeline.workspace import Workspace


def audit_path(dataset: Dataset) -> Path:
    return dataset.folder / "audit.json"


def _table_digest(dataset: Dataset) -> str:
    """SHA-256 of the table's file: image sources may come later than the images, which the content hash leaves out."""
    return hashlib.sha256((dataset.folder / "metadata.parquet").read_bytes()).hexdigest()


def pair_rows(metadata: pd.DataFrame, pairs: pd.DataFrame) -> tuple[list[dict[str, Any]], int]:
    """`similar_pairs` in the data set's words.

    Returns:
        Those with different lesion_ids as {image_a, image_b, lesion_a, lesion_b, similarity}, in their order; and how
        many more share one.
    """
    images, lesions = (metadata[column].to_numpy(dtype=object) for column in ("image_id", "lesion_id"))
    apart = pairs[lesions[pairs["a"]] != lesions[pairs["b"]]]
    rows = [
        {
            "image_a": images[a], "image_b": images[b], "lesion_a": lesions[a], "lesion_b": lesions[b],
            "similarity": round(float(similarity), 4),
        }
        for a, b, similarity in apart.itertuples(index=False, name=None)
    ]
    return rows, len(pairs) - len(rows)


def audit_dataset(workspace: Workspace, dataset: Dataset, progress: Progress = silent) -> dict[str, Any]:
    """Audits the data set and stores what it found.

    Returns:
        images, lesions, content_hash, table_digest, threshold, seconds (it took), created (since 1970); seen: as
        `seen_shares`, None where the set is too small to split; near_duplicates: the most similar MOST pairs with
        different lesion_ids, as `pair_rows`; pairs_in_all: how many there are; pairs_of_one_lesion: similar pairs that
        share a lesion_id; label_leaks: `label_leak` of "dx_type" and "source".

    Raises:
        DataError, WeightsError, ModelError: as `describe_images`.
        WorkspaceError: the disk is full or cannot be written.
        Cancelled: by `progress`; nothing is stored.
    """
    with turn(workspace.locks / f"audit-{dataset.name}.lock", progress, "Waits for another audit of this data set."):
        begun, digest, metadata = time.monotonic(), _table_digest(dataset), dataset.metadata()
        features, hashes = describe_images(workspace, dataset, progress)
        pairs, of_one_lesion = pair_rows(metadata, similar_pairs(features, hashes, progress))
        progress(0.95, "Counts lesions that training would have seen.")
        try:
            seen = seen_shares(metadata)
        except DataError:  # too small to split at all: then there is nothing to count
            seen = None
        found = {
            "images": dataset.images, "lesions": dataset.lesions, "content_hash": dataset.content_hash,
            "table_digest": digest, "threshold": THRESHOLD, "seen": seen, "near_duplicates": pairs[:MOST],
            "pairs_in_all": len(pairs), "pairs_of_one_lesion": of_one_lesion,
            "label_leaks": [label_leak(metadata, factor) for factor in LEAK_FACTORS],
            "seconds": time.monotonic() - begun, "created": time.time(),
        }
        write_json(audit_path(dataset), found)
        progress(1.0, "The audit is done.")
        return found


def stored_audit(dataset: Dataset) -> dict[str, Any] | None:
    """What `audit_dataset` stored, with None for NaN; None where there was no audit yet.

    Raises:
        WorkspaceError: the file is damaged.
    """
    path = audit_path(dataset)
    return read_json(path) if path.exists() else None


def is_current(dataset: Dataset, audit: dict[str, Any]) -> bool:
    """Whether the data set is as it was when it was audited."""
    return audit["content_hash"] == dataset.content_hash and audit["table_digest"] == _table_digest(dataset)
