"""The one path by which an opened image reaches a network: its part, reduced, cropped or squished to its input."""

import numpy as np
from PIL import Image

from pipeline.vocabulary import View

# how copies are made of larger images: HAM10000's at 200×150 pixels and its central squares at 256×256, as measured on
# the originals (a mean error of 0.6 and 0.2 grey levels; with the other kernel 1.0 for the squares)
_KERNELS = {"whole": Image.Resampling.BICUBIC, "square": Image.Resampling.BILINEAR}


def square_box(size: tuple[int, int]) -> tuple[int, int, int, int]:
    """left, top, right and bottom, in pixels, of the central square over the shorter side of an image of `size` (width,
    height); of a square image all of it."""
    side = min(size)
    left, top = (size[0] - side) // 2, (size[1] - side) // 2
    return left, top, left + side, top + side


def viewed(image: Image.Image, view: View) -> Image.Image:
    """The part of the image that `view` names. A copy that shows the central square already is left as it is."""
    return image if view == "whole" or image.width == image.height else image.crop(square_box(image.size))


def covering_size(size: tuple[int, int], height: int, width: int) -> tuple[int, int]:
    """(height, width) to which an image of `size` (width, height) is scaled so that it just covers height × width."""
    scale = max(height / size[1], width / size[0])
    return max(height, round(size[1] * scale)), max(width, round(size[0] * scale))


def fit_for_cropping(image: Image.Image, height: int, width: int) -> np.ndarray:
    """The image scaled so that it just covers height × width: uint8 (at least height, at least width, 3)."""
    lines, columns = covering_size(image.size, height, width)
    return np.asarray(image.resize((columns, lines), Image.Resampling.BILINEAR))


def window(pixels: np.ndarray, height: int, width: int, place: tuple[float, float] = (0.5, 0.5)) -> np.ndarray:
    """The (height, width) part of an image that is at least that large; `place` 0..1 down and across, else central."""
    top, left = round((pixels.shape[0] - height) * place[0]), round((pixels.shape[1] - width) * place[1])
    return pixels[top : top + height, left : left + width]


def reduced_size(size: tuple[int, int], detail: tuple[int, int]) -> tuple[int, int]:
    """(width, height) to which an image of `size` is scaled down until it just covers `detail`; both width and height
    first. One that is no larger stays as it is."""
    lines, columns = covering_size(size, detail[1], detail[0])
    return size if lines * columns >= size[0] * size[1] else (columns, lines)


def reduced(image: Image.Image, detail: tuple[int, int], view: View = "whole") -> Image.Image:
    """The image at its `reduced_size`, with the kernel that copies of that view are made with."""
    size = reduced_size(image.size, detail)
    return image if size == image.size else image.resize(size, _KERNELS[view])


def prepare_image(
    image: Image.Image, height: int, width: int, resize: str, detail: tuple[int, int] | None = None,
    view: View = "whole",
) -> np.ndarray:
    """What the network sees: uint8 (height, width, 3).

    Args:
        image: RGB and upright, as `pipeline.images.reading.open_image` gives it.
        resize: "squish" changes the aspect to fit; "crop" scales until it covers and takes the middle.
        detail: (width, height) of the images that the network was trained on: a larger image is reduced to that first,
            so that the network sees no finer detail than it has learnt from.
        view: the part of the image that the images it was trained on show.
    """
    image = viewed(image, view)
    if detail is not None:
        image = reduced(image, detail, view)
    if resize == "crop":
        return np.ascontiguousarray(window(fit_for_cropping(image, height, width), height, width))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))


def seen_box(
    size: tuple[int, int], height: int, width: int, resize: str, view: View = "whole"
) -> tuple[float, float, float, float]:
    """left, top, right and bottom, in pixels of an image of `size` (width, height), of the part that `prepare_image`
    brings to the input: what lies at x, y of the image lies at (x - left) / (right - left) of the input's width and at
    (y - top) / (bottom - top) of its height. Right for any copy of an original, as masks and heatmaps need it.
    """
    left, top, right, bottom = square_box(size) if view == "square" else (0, 0, *size)
    if resize == "crop":
        columns, lines = right - left, bottom - top
        tall, wide = covering_size((columns, lines), height, width)
        down, across = round((tall - height) / 2), round((wide - width) / 2)
        top, bottom = top + down * lines / tall, top + (down + height) * lines / tall
        left, right = left + across * columns / wide, left + (across + width) * columns / wide
    return float(left), float(top), float(right), float(bottom)
