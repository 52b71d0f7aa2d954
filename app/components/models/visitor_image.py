"""An image that a visitor brings: read in memory, its generated mark noted, then reduced to its pixels."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ImageOps

from pipeline.data.generated import is_generated
from pipeline.data.prepare import open_image


class Truth(NamedTuple):
    """The diagnosis code of an image in its data set, and what established it, where that is recorded."""

    dx: str
    source: str | None


@dataclass(frozen=True)
class VisitorImage:
    """Upright pixels, uint8 (H, W, 3), without EXIF, comments or any other metadata; `digest` names them.

    `truth` is that of an example image, None for an upload.
    """

    name: str
    pixels: np.ndarray
    digest: str
    generated: bool
    truth: Truth | None = None


def visitor_image(source: bytes | Path, name: str, truth: Truth | None = None) -> VisitorImage:
    """The image in `source`.

    Raises:
        ImageError: it is no image, or a damaged one.
    """
    image = open_image(source, name)
    generated = is_generated(image)  # before everything but the pixels is dropped
    pixels = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    digest = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
    return VisitorImage(name, pixels, digest, generated, truth)
