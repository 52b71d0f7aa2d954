"""The one path by which an opened image reaches a network: reduced, cropped or squished to its input."""

import numpy as np
from PIL import Image

# mean and deviation of ImageNet's red, green and blue on 0..1, as torchvision documents them
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


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


def _reduced(image: Image.Image, detail: tuple[int, int]) -> Image.Image:
    """The image scaled down until it just covers `detail` (width, height); one that is no larger as it is."""
    lines, columns = covering_size(image.size, detail[1], detail[0])
    if lines * columns >= image.width * image.height:
        return image
    return image.resize((columns, lines), Image.Resampling.BICUBIC)


def prepare_image(
    image: Image.Image, height: int, width: int, resize: str, detail: tuple[int, int] | None = None
) -> np.ndarray:
    """What the network sees: uint8 (height, width, 3).

    Args:
        image: RGB and upright, as `pipeline.images.reading.open_image` gives it.
        resize: "squish" changes the aspect to fit; "crop" scales until it covers and takes the middle.
        detail: (width, height) of the images that the network was trained on: a larger image is reduced to that first,
            so that the network sees no finer detail than it has learnt from.
    """
    if detail is not None:
        image = _reduced(image, detail)
    if resize == "crop":
        return np.ascontiguousarray(window(fit_for_cropping(image, height, width), height, width))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
