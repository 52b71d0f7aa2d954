"""The one path by which any image reaches a network: open, orient, resize."""

import io
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.errors import ImageError

_MOST_PIXELS = 60_000_000


def open_image(source: Path | bytes | BinaryIO, name: str) -> Image.Image:
    """The image, fully decoded, with its EXIF still on it.

    Raises:
        ImageError: no such file, no image, a truncated one, or more than 60 million pixels; the sentence names `name`.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(file)
            if image.width * image.height > _MOST_PIXELS:
                raise ImageError(
                    f"{name} has {image.width} × {image.height} pixels, more than LesionLab opens (60 million).",
                    "Make the image smaller and try again.",
                )
            image.load()
    except FileNotFoundError as error:
        raise ImageError(f"There is no image {name}.", "Check the path.") from error
    except UnidentifiedImageError as error:
        raise ImageError(f"{name} is not an image that LesionLab can read.", "Use a JPEG or PNG file.") from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name} has more pixels than LesionLab opens (60 million).", "Make it smaller.") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError(
            f"{name} is damaged or incomplete and cannot be opened ({error}).", "Get a fresh copy of the file."
        ) from error
    return image


def _upright(image: Image.Image) -> Image.Image:
    return ImageOps.exif_transpose(image).convert("RGB")


def fit_for_cropping(image: Image.Image, height: int, width: int) -> np.ndarray:
    """The image scaled so that it just covers height × width: uint8 (at least height, at least width, 3)."""
    image = _upright(image)
    scale = max(height / image.height, width / image.width)
    size = (max(width, round(image.width * scale)), max(height, round(image.height * scale)))
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR))


def central_window(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """The middle (height, width) of an image that is at least that large."""
    top, left = round((pixels.shape[0] - height) * 0.5), round((pixels.shape[1] - width) * 0.5)
    return pixels[top : top + height, left : left + width]


def prepare_image(image: Image.Image, height: int, width: int, resize: str) -> np.ndarray:
    """What the network sees: uint8 (height, width, 3), RGB, upright.

    Args:
        resize: "squish" changes the aspect to fit; "crop" scales until it covers and takes the middle.
    """
    if resize == "crop":
        return np.ascontiguousarray(central_window(fit_for_cropping(image, height, width), height, width))
    return np.asarray(_upright(image).resize((width, height), Image.Resampling.BILINEAR))
