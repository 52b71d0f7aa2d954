"""An image of any mode in sRGB: the pixels that every network, page and file gets."""

import numpy as np
from PIL import Image

from pipeline.errors import ImageError
from pipeline.images.profiles import to_srgb

STRIP_PIXELS = 4_000_000  # what is converted at once: a large image is not held three times over


def _deep_grey(image: Image.Image, inverted: bool) -> Image.Image:
    """16-bit grey as 8-bit: convert() would cut it off at 255."""
    levels = np.asarray(image).clip(0, 65535)
    return Image.fromarray(((65535 - levels if inverted else levels) // 257).astype(np.uint8))


def _coloured(image: Image.Image, profile: bytes) -> Image.Image:
    """RGB or CMYK pixels in sRGB."""
    transform = to_srgb(profile, image.mode)
    return image.convert("RGB") if transform is None else transform.apply(image)


def _rgb(image: Image.Image, profile: bytes, inverted: bool) -> Image.Image:
    if image.mode.startswith("I;16"):
        return _deep_grey(image, inverted).convert("RGB")
    if image.has_transparency_data:
        grey = image.mode.startswith("L")
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        if not grey and profile:
            image = _coloured(image.convert("RGB"), profile).convert("RGBA")
            image.putalpha(alpha)
        # black, as outside of a dermatoscope's field; the colours beneath transparency are anything
        return Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image).convert("RGB")
    if image.mode in ("RGB", "CMYK"):
        return _coloured(image, profile)
    if image.mode in ("P", "YCbCr"):
        return _coloured(image.convert("RGB"), profile)
    return image.convert("RGB")


def by_strips(image: Image.Image) -> list[tuple[int, int, int, int]]:
    """The boxes of strips that make up the image."""
    lines = max(1, STRIP_PIXELS // image.width)
    return [(0, top, image.width, min(top + lines, image.height)) for top in range(0, image.height, lines)]


def in_srgb(image: Image.Image, profile: bytes, name: str, *, inverted: bool = False) -> Image.Image:
    """The decoded image in RGB, its colours brought to sRGB, what is transparent black.

    Args:
        profile: its ICC profile, or nothing.
        inverted: whether 16-bit grey levels have white at 0.

    Raises:
        ImageError: its pixels are Lab colours, or whole numbers or fractions of which it is not known which is white.
    """
    if image.mode == "LAB":
        raise ImageError(f"{name} has Lab colours, which LesionLab cannot read.", "Save it as an RGB JPEG or PNG file.")
    if image.mode in ("I", "F"):
        raise ImageError(f"{name} has pixels of 32 bits: which value is white is not known.",
                         "Save it with 8 or 16 bits a colour.")
    if image.mode == "RGB" and not image.has_transparency_data and to_srgb(profile, "RGB") is None:
        return image
    if image.width * image.height <= STRIP_PIXELS:
        return _rgb(image, profile, inverted)
    whole = Image.new("RGB", image.size)
    for box in by_strips(image):
        whole.paste(_rgb(image.crop(box), profile, inverted), box)
    return whole


def pixels_of(image: Image.Image) -> np.ndarray:
    """uint8 (H, W, 3) of an RGB image; strip by strip, because Pillow's own way holds them three times over."""
    pixels = np.empty((image.height, image.width, 3), dtype=np.uint8)
    for box in by_strips(image):
        pixels[box[1] : box[3]] = np.asarray(image.crop(box))
    return pixels
