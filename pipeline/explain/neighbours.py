"""The training lesions that a network's own embedding finds nearest to an image: alike for the network, not for eyes.

Similarity is the cosine of two embeddings; a lesion is as similar as its most similar image.
"""

import numpy as np
import pandas as pd

COLUMNS = ["image_id", "kind", "rank", "neighbour", "lesion_id", "dx", "similarity"]
_AT_ONCE = 256  # images whose similarities are in memory together, where not more than _MOST_SIMILARITIES come of it
_MOST_SIMILARITIES = 2**26
_TRAINING_ROWS = 8192  # of training images that are in memory together


def normalised(embeddings: np.ndarray) -> np.ndarray:
    """(N, D) float32 rows of length 1; a row of zeros stays one."""
    rows = np.asarray(embeddings, dtype=np.float32)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1)


def nearest_lesions(
    queries: pd.DataFrame, embeddings: np.ndarray, training: pd.DataFrame, training_embeddings: np.ndarray, k: int = 4
) -> pd.DataFrame:
    """For each image the `k` most similar training lesions of its own diagnosis and the `k` of other diagnoses.

    The image's own lesion is left out where training saw it. The embeddings may be mapped from files: some of them are
    in memory together.

    Args:
        queries: image_id, lesion_id, dx (the truth) of the images asked about.
        embeddings: (N, D), a row for each of them.
        training: image_id, lesion_id, dx of the training images.
        training_embeddings: (M, D).
        k: fewer are given where training has fewer lesions.

    Returns:
        COLUMNS: image_id; kind, "same" or "other"; rank from 1; neighbour, the lesion's most similar image; its
        lesion_id and dx; similarity, -1..1.
    """
    order = np.argsort(training["lesion_id"].to_numpy(dtype=str), kind="stable")
    training = training.iloc[order].reset_index(drop=True)
    lesion, names = pd.factorize(training["lesion_id"])
    starts = np.flatnonzero(np.diff(lesion, prepend=-1))
    ends = np.append(starts[1:], len(order)) if len(starts) else starts
    codes = training["dx"].to_numpy(dtype=object)[starts]
    found = []
    at_once = max(1, min(_AT_ONCE, _MOST_SIMILARITIES // max(len(starts), 1)))
    for begin in range(0, len(queries), at_once):
        asked = normalised(embeddings[begin : begin + at_once])
        by_lesion = _by_lesion(asked, training_embeddings, order, starts, ends)
        for row, query in enumerate(queries.iloc[begin : begin + at_once].itertuples()):
            other_lesion = names != query.lesion_id
            for kind, wanted in (("same", codes == query.dx), ("other", codes != query.dx)):
                candidates = np.flatnonzero(wanted & other_lesion)
                best = candidates[np.argsort(-by_lesion[row, candidates], kind="stable")[:k]]
                for rank, chosen in enumerate(best, start=1):
                    own = normalised(training_embeddings[order[starts[chosen] : ends[chosen]]])
                    image = starts[chosen] + int((own @ asked[row]).argmax())
                    found.append((query.image_id, kind, rank, training["image_id"].iat[image], names[chosen],
                                  codes[chosen], float(by_lesion[row, chosen])))
    return pd.DataFrame(found, columns=COLUMNS)


def _by_lesion(
    asked: np.ndarray, embeddings: np.ndarray, order: np.ndarray, starts: np.ndarray, ends: np.ndarray
) -> np.ndarray:
    """(N, L) float32: how similar each lesion's most similar image is.

    Args:
        asked: (N, D) of length 1.
        embeddings: (M, D) of the training images; in `order` (M,) those of lesion n lie from `starts[n]` to `ends[n]`.
    """
    found = np.empty((len(asked), len(starts)), dtype=np.float32)
    first = 0
    while first < len(starts):
        last = max(first + 1, int(np.searchsorted(ends, starts[first] + _TRAINING_ROWS, side="right")))
        rows = order[starts[first] : ends[last - 1]]
        similarity = asked @ normalised(embeddings[rows]).T
        found[:, first:last] = np.maximum.reduceat(similarity, starts[first:last] - starts[first], axis=1)
        first = last
    return found
