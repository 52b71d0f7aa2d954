"""The one path by which any image reaches a network: open, orient, resize."""

import io
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from pipeline.errors import ImageError

# mean and deviation of ImageNet's red, green and blue on 0..1, as torchvision documents them
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_MOST_PIXELS = 60_000_000
_MOST_ELONGATED = 20  # a wider strip would grow without bound when it is scaled to cover a window
_FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP")  # Pillow would also hand PostScript to Ghostscript
_ORIENTATION = 0x0112
_TURNS = {  # EXIF 2.3, tag Orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING = {_TURNS[number] for number in (5, 6, 7, 8)}

# our own limit is lower and ends in a sentence; set once, because catch_warnings is not made for threads
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def _file(source: Path | bytes | BinaryIO, name: str) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if not isinstance(source, Path):
        return source
    try:
        return io.BytesIO(source.read_bytes())
    except FileNotFoundError as error:
        raise ImageError(f"There is no image {name}.", "Check the path.") from error
    except OSError as error:
        raise ImageError(f"{name} cannot be read: {error.strerror}.", "Check the path.") from error


def open_image(source: Path | bytes | BinaryIO, name: str) -> Image.Image:
    """The image, fully decoded, with its EXIF still on it.

    Raises:
        ImageError: no such file, no image, a truncated one, more than 60 million pixels, or a strip more than 20 times
            as long as wide; the sentence names `name`.
    """
    file = _file(source, name)
    try:
        image = Image.open(file, formats=_FORMATS)
        _check_size(image, name)
        image.load()
    except UnidentifiedImageError as error:
        raise ImageError(f"{name} is not an image that LesionLab can read.", "Use a JPEG or PNG file.") from error
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"{name} has more pixels than LesionLab opens (60 million).", "Make the image smaller and try again."
        ) from error
    except (OSError, SyntaxError, ValueError, TypeError, EOFError) as error:
        raise ImageError(
            f"{name} is damaged or incomplete and cannot be opened ({error}).", "Get a fresh copy of the file."
        ) from error
    if image.mode == "LAB":
        raise ImageError(f"{name} has Lab colours, which LesionLab cannot read.", "Save it as an RGB JPEG or PNG file.")
    return image


def _check_size(image: Image.Image, name: str) -> None:
    size = f"{image.width} × {image.height} pixels"
    if image.width * image.height > _MOST_PIXELS:
        raise ImageError(
            f"{name} has {size}, more than LesionLab opens (60 million).", "Make the image smaller and try again."
        )
    if max(image.size) > _MOST_ELONGATED * min(image.size):
        raise ImageError(
            f"{name} has {size}: a strip more than {_MOST_ELONGATED} times as long as wide.", "Cut it to the lesion."
        )


def _turn(image: Image.Image) -> Image.Transpose | None:
    """How to turn the image upright. ImageOps.exif_transpose also rewrites the EXIF, and fails where that is broken."""
    return _TURNS.get(image.getexif().get(_ORIENTATION))


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "I" or image.mode.startswith("I;16"):  # convert() would cut 16-bit grey off at 255
        return Image.fromarray((np.asarray(image).clip(0, 65535) // 257).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        # black, as outside of a dermatoscope's field; the colours beneath transparency are anything
        return Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image).convert("RGB")
    return image.convert("RGB")


def upright(image: Image.Image) -> Image.Image:
    """The image in RGB, turned as its EXIF says."""
    turn = _turn(image)
    image = _rgb(image)
    return image if turn is None else image.transpose(turn)


def covering_size(image: Image.Image, height: int, width: int) -> tuple[int, int]:
    """(height, width) to which an image is scaled so that it just covers height × width; reads its header only."""
    turn = _turn(image)
    lines, columns = (image.width, image.height) if turn in _LYING else (image.height, image.width)
    scale = max(height / lines, width / columns)
    return max(height, round(lines * scale)), max(width, round(columns * scale))


def fit_for_cropping(image: Image.Image, height: int, width: int) -> np.ndarray:
    """The image scaled so that it just covers height × width: uint8 (at least height, at least width, 3)."""
    lines, columns = covering_size(image, height, width)
    return np.asarray(upright(image).resize((columns, lines), Image.Resampling.BILINEAR))


def window(pixels: np.ndarray, height: int, width: int, place: tuple[float, float] = (0.5, 0.5)) -> np.ndarray:
    """The (height, width) part of an image that is at least that large; `place` 0..1 down and across, else central."""
    top, left = round((pixels.shape[0] - height) * place[0]), round((pixels.shape[1] - width) * place[1])
    return pixels[top : top + height, left : left + width]


def _reduced(image: Image.Image, detail: tuple[int, int]) -> Image.Image:
    """The image scaled down until it just covers `detail` (width, height); one that is no larger as it is."""
    lines, columns = covering_size(image, detail[1], detail[0])
    if lines * columns >= image.width * image.height:
        return image
    small = upright(image).resize((columns, lines), Image.Resampling.BICUBIC)
    return Image.fromarray(np.asarray(small))  # without the EXIF, which would turn it once more


def prepare_image(
    image: Image.Image, height: int, width: int, resize: str, detail: tuple[int, int] | None = None
) -> np.ndarray:
    """What the network sees: uint8 (height, width, 3), RGB, upright.

    Args:
        resize: "squish" changes the aspect to fit; "crop" scales until it covers and takes the middle.
        detail: (width, height) of the images that the network was trained on: a larger image is reduced to that first,
            so that the network sees no finer detail than it has learnt from.
    """
    if detail is not None:
        image = _reduced(image, detail)
    if resize == "crop":
        return np.ascontiguousarray(window(fit_for_cropping(image, height, width), height, width))
    return np.asarray(upright(image).resize((width, height), Image.Resampling.BILINEAR))
