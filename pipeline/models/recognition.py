"""Images that a cross-validation's networks know: found again by what they look like, so that the network that was
trained without the lesion can answer.

What is compared is the image as the networks see it, so that an original and a copy of its central square are the same.
"""

from typing import NamedTuple

import numpy as np

from pipeline.audit.perceptual_hash import WORDS, detailed_hashes, grey_square
from pipeline.models.model_info import ModelInfo
from pipeline.models.training_images import training_images

# bits of 256. Copies of HAM10000's images, saved, scaled, turned or mirrored, differ in at most 30; of 2,891 images of
# other clinics none in fewer than 38 from any of them (`tests/pipeline/models/test_recognition.py`)
SAME_BITS = 32
# bits in which a copy with the image's own id may differ: 68 where a 20th of each side is cut off; of the pairs of
# HAM10000's images one in 5,000 differs in no more than these
SAME_ID_BITS = 80
_NAMED = 3  # ids that a sentence names


class Recognised(NamedTuple):
    """A training image that was found again.

    Attributes:
        image_id: the image's, or of several that look the same the most similar one's.
        data: the name of its data set.
        alike: the ids of the others that look the same.
        network: the fold whose network was trained without the lesions of all of them; None: there is none.
    """

    image_id: str
    data: str
    alike: tuple[str, ...]
    network: int | None


def image_hash(pixels: np.ndarray) -> str:
    """The perceptual hash of an image as a network sees it, uint8 (height, width, 3): 64 hexadecimal digits."""
    return detailed_hashes(grey_square(pixels)[None])[0, 0].tobytes().hex()


class KnownImages:
    """The training images of a cross-validation's networks.

    Args:
        info: a description with folds.

    Raises:
        ModelError: the list of training images is missing or damaged.
    """

    def __init__(self, info: ModelInfo):
        table = training_images(info)
        self._ids = table["image_id"].to_numpy(dtype=str)
        self._data = table["data"].to_numpy(dtype=str) if "data" in table else np.full(len(table), info.data)
        self._folds = table["fold"].to_numpy(dtype=float)
        self._hashes = np.frombuffer(bytes.fromhex("".join(table["perceptual_hash"])), dtype=np.uint64).reshape(
            len(table), WORDS)

    def find(self, pixels: np.ndarray, name: str) -> Recognised | None:
        """The training image that an image shows, in any of its eight orientations; None where it shows none.

        Args:
            pixels: the image as the networks see it, uint8 (height, width, 3).
            name: of its file without the ending; one that has a training image's id may look a little less like it.
        """
        bits = self._distances(pixels)
        named = (self._ids == name.removesuffix("_downsampled")) & (bits <= SAME_ID_BITS)
        rows = np.flatnonzero((bits <= SAME_BITS) | named)
        if not len(rows):
            return None
        first, *others = rows[np.lexsort((bits[rows], ~named[rows]))]
        folds = set(self._folds[rows])
        alone = len(folds) == 1 and not np.isnan(self._folds[first])
        return Recognised(
            str(self._ids[first]), str(self._data[first]), tuple(str(self._ids[row]) for row in others),
            int(self._folds[first]) if alone else None,
        )

    def _distances(self, pixels: np.ndarray) -> np.ndarray:
        """(N,) fewest bits in which any orientation of the image differs from each training image."""
        oriented = detailed_hashes(grey_square(pixels)[None])[0]
        return np.bitwise_count(self._hashes[:, None] ^ oriented[None]).sum(axis=2).min(axis=1)


def networks_sentence(info: ModelInfo) -> str:
    """What a cross-validation's networks are and which of them answer, in words."""
    return (f"These are the {len(info.folds)} networks of one cross-validation, each trained without another part of "
            "the lesions. A new image gets the mean of their calibrated probabilities, a training image the answer of "
            "the one network that was trained without its lesion.")


def recognised_sentences(info: ModelInfo, found: Recognised) -> str:
    """Which image it is, and whose answer that is, in words."""
    image = f"This is the image {found.image_id} of the data set {found.data}"
    networks, mean = len(info.folds), "The answer is the mean of all, and too good to judge them by."
    if found.network is not None:
        return (f"{image}. The answer is that of the one of {networks} networks that was trained without its lesion "
                f"(fold {found.network}).")
    if found.alike:
        return (f"{image}, or one of those that look the same ({', '.join(found.alike[:_NAMED])}): each of the "
                f"{networks} networks was trained on one of them. {mean}")
    return f"{image}, on which each of the {networks} networks was trained. {mean}"
