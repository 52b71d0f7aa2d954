"""The outline of a mask drawn around what it marks, so that the structure itself stays untouched."""

import numpy as np
from PIL import Image, ImageFilter

_LINE, _HALO = 5, 9  # pixels: what the mask is widened by, in all, for the light line and for the dark one around it
_LIGHT, _DARK = (255, 255, 255), (0, 0, 0)


def outlined(picture: Image.Image, mask: Image.Image, threshold: int) -> Image.Image:
    """The RGB `picture` with a light line, dark on its outer side, around each part that `mask` marks.

    Args:
        mask: 8-bit grey of any size, brought to the picture's; at least `threshold` is marked.
    """
    marked = mask.resize(picture.size).point(lambda grey: 255 * (grey >= threshold))
    line, halo = (np.asarray(marked.filter(ImageFilter.MaxFilter(width))) > 0 for width in (_LINE, _HALO))
    pixels = np.array(picture)
    pixels[halo & ~line] = _DARK
    pixels[line & ~(np.asarray(marked) > 0)] = _LIGHT
    return Image.fromarray(pixels)
