"""Cached pixels of image files: untouched, as a network sees them, and small enough for the browser's walls."""

import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image

from app.loaders.file_cache import kept
from pipeline.configuration.config import RunConfig
from pipeline.data.prepare import prepare_image, seen_box, viewed
from pipeline.errors import ImageError
from pipeline.images.colours import pixels_of
from pipeline.images.reading import bytes_for_browsers, opened
from pipeline.models.model_info import ModelInfo
from pipeline.networks.overlay import overlay
from pipeline.vocabulary import View

_MOST_UNTOUCHED = 300 * 2**20  # bytes; 256 usual images take 200 MB, and one large image alone 180
_QUALITY = 88  # of a JPEG
SIDE = 640  # pixels: twice the width of a column, for dense screens


@kept(lambda path: [path], entries=256, copied=True, most_bytes=_MOST_UNTOUCHED)
def untouched(path: Path) -> np.ndarray:
    """The upright pixels of an image file, uint8 (H, W, 3).

    Raises:
        ImageError: it cannot be read.
    """
    with opened(path, path.name) as image:
        return pixels_of(image)


@kept(lambda path, *shape: [path], entries=512, copied=True)
def as_seen(path: Path, height: int, width: int, resize: str, view: View) -> np.ndarray:
    """The image as a network with this input sees it, uint8 (height, width, 3)."""
    return prepare_image(Image.fromarray(untouched(path)), height, width, resize, view=view)


@kept(lambda path, *shape: [path], entries=64, copied=True)
def _at_its_detail(
    path: Path, height: int, width: int, resize: str, detail: tuple[int, int], view: View
) -> np.ndarray:
    return prepare_image(Image.fromarray(untouched(path)), height, width, resize, detail, view)


def seen_by(info: ModelInfo, path: Path) -> np.ndarray:
    """An image file as the model prepares it, uint8 (H, W, 3): a mean of models whose members squish takes all
    of the part that they see.

    Raises:
        ImageError: it cannot be read.
    """
    if info.members and info.resize != "crop":
        return np.asarray(viewed(Image.fromarray(untouched(path)), info.view))
    if info.detail is None:
        return as_seen(path, info.height, info.width, info.resize, info.view)
    return _at_its_detail(path, info.height, info.width, info.resize, info.detail, info.view)


def with_regions(
    pixels: np.ndarray, heatmap: np.ndarray, how: ModelInfo | RunConfig, opacity: float, peak: float | None = None
) -> np.ndarray:
    """A picture at its own shape with the heatmap over the part that the network saw; at most SIDE pixels long.

    Args:
        pixels: uint8 (H, W, 3), untouched.
        how: by whose input it was seen; the others as in `overlay`.
    """
    picture = Image.fromarray(pixels)
    picture.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC)
    box = seen_box(picture.size, how.height, how.width, how.resize, how.view)
    return overlay(np.asarray(picture), heatmap, opacity, peak, box)


def regions_picture(path: Path, heatmap: np.ndarray, how: ModelInfo | RunConfig, opacity: float) -> bytes:
    """`with_regions` of an image file, as a JPEG that is kept: to lay regions over a picture takes 15 ms.

    Raises:
        ImageError: it cannot be read.
    """
    seen_as = how.height, how.width, how.resize, how.view
    return _regions_picture(path, digest_of(heatmap), *seen_as, opacity, heatmap, how)


@kept(lambda path, *rest: [path], entries=512, copied=True)
def _regions_picture(
    path: Path, digest: str, height: int, width: int, resize: str, view: View, opacity: float, _heatmap: np.ndarray,
    _how: ModelInfo | RunConfig,
) -> bytes:
    file = io.BytesIO()
    Image.fromarray(with_regions(untouched(path), _heatmap, _how, opacity)).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def at_its_shape(seen: np.ndarray, size: tuple[int, int], how: ModelInfo | RunConfig) -> np.ndarray:
    """What a network saw of a picture of `size` (width, height), stretched back to the shape of the part that it shows;
    at most SIDE pixels long.
    """
    left, top, right, bottom = seen_box(size, how.height, how.width, how.resize, how.view)
    scale = max(seen.shape[1] / (right - left), seen.shape[0] / (bottom - top))
    scale = min(scale, SIDE / max(right - left, bottom - top))
    shape = (max(round((right - left) * scale), 1), max(round((bottom - top) * scale), 1))
    return np.asarray(Image.fromarray(seen).resize(shape, Image.Resampling.BILINEAR))


@kept(lambda path, side: [path], entries=512, copied=True, most_bytes=_MOST_UNTOUCHED)
def _reduced(path: Path, side: int) -> bytes:
    with opened(path, path.name) as image:
        image.thumbnail((side, side))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def thumbnail(path: Path, width: int, height: int, side: int = SIDE) -> bytes:
    """An image file's bytes for the browser: the file itself up to `side` pixels, where a browser shows what LesionLab
    reads from it, else reduced to that and decoded.

    Raises:
        ImageError: the file is gone or cannot be read.
    """
    if not path.is_file():
        raise ImageError(
            f"The image file {path.name} is gone or cannot be read.", "Import the data set again under the same name."
        )
    if max(width, height) <= side and (content := bytes_for_browsers(path, path.name, side)) is not None:
        return content
    return _reduced(path, side)


def digest_of(pixels: np.ndarray) -> str:
    """The SHA-256 of an image's shape and pixels, which stands for them where outputs are kept."""
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
