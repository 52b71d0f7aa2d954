"""Embedded colour profiles: what takes an image's colours to sRGB, and nothing where they are sRGB's already."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

# a photograph's white is to be white and its colours within sRGB are to stay as they are; perceptual rendering would
# move those too, by as much as the profile's maker liked, and most cameras' profiles have no table for it
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_SPACES = {"RGB": "RGB ", "CMYK": "CMYK"}
_CLASSES = {"mntr", "scnr", "prtr", "spac"}  # those of a device or a space; links and names map no pixels
_SAME = 2  # grey levels: sRGB's many versions differ by their rounding


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _samples() -> Image.Image:
    """729 colours, dark and bright, in one line."""
    levels = np.linspace(0, 255, 9).round().astype(np.uint8)
    return Image.fromarray(np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3))


@lru_cache(maxsize=16)
def to_srgb(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """What takes pixels of `mode`, RGB or CMYK, from the ICC `profile` to sRGB.

    Returns:
        None where nothing is to be done: the profile is sRGB's, is broken, or is not one of such pixels.
    """
    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        found = source.profile
        if found.xcolor_space != _SPACES[mode] or found.device_class not in _CLASSES:
            return None
        transform = ImageCms.ImageCmsTransform(source, _srgb(), mode, "RGB", _INTENT, flags=_FLAGS)
        if mode == "RGB":
            before = _samples()
            after = np.asarray(transform.apply(before), dtype=int)
            if np.abs(after - np.asarray(before, dtype=int)).max() <= _SAME:
                return None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return transform
