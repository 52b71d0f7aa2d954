"""An image that a visitor brings: read in memory, its generated mark noted, then reduced to its pixels."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from app.loaders.image_pixels import digest_of
from pipeline.images.colours import pixels_of
from pipeline.images.generated import is_generated
from pipeline.images.reading import opened


class Truth(NamedTuple):
    """The diagnosis code of an image in its data set, and how it was made: a level of the factor dx_type."""

    dx: str
    dx_type: str


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
        ImageError: as `open_image`.
    """
    with opened(source, name) as image:
        generated, pixels = is_generated(image), pixels_of(image)
    return VisitorImage(name, pixels, digest_of(pixels), generated, truth)
