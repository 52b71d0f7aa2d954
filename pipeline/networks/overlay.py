"""A heatmap laid over exactly the image that the network saw."""

import numpy as np
from PIL import Image
from plotly.colors import sample_colorscale

COLOUR_MAP = "Viridis"  # perceptually uniform, and its blues and greens do not occur in skin; plotly knows the name

_COLOURS = np.array(sample_colorscale(COLOUR_MAP, np.linspace(0, 1, 256), colortype="tuple"), dtype=np.float32) * 255


def has_evidence(heatmap: np.ndarray) -> bool:
    """Whether the heatmap has any positive value; without one there is no region to show."""
    peak = np.asarray(heatmap, dtype=np.float32).max(initial=0)
    return bool(np.isfinite(peak) and peak > 0)


def enlarge(heatmap: np.ndarray, height: int, width: int) -> np.ndarray:
    """The heatmap on an image's grid by bilinear interpolation between the centres of its cells.

    Args:
        heatmap: (h, w), at least 0.

    Returns:
        (height, width) float32 in the heatmap's unit.
    """
    cells = Image.fromarray(np.ascontiguousarray(heatmap, dtype=np.float32))
    return np.asarray(cells.resize((width, height), Image.Resampling.BILINEAR))


def overlay(
    pixels: np.ndarray, heatmap: np.ndarray, opacity: float, peak: float | None = None,
    box: tuple[float, float, float, float] | None = None,
) -> np.ndarray:
    """`pixels` with the heatmap in colour over it: the stronger the evidence, the more it covers.

    Args:
        pixels: (H, W, 3) uint8, the picture at whatever shape it has.
        heatmap: (h, w), at least 0; scaled by its own maximum, so two images' colours are not comparable.
        opacity: 0..1, how much the strongest region covers.
        peak: scales by this instead, so that several heatmaps with the same peak are comparable.
        box: left, top, right and bottom, in pixels, of the part of the picture that the heatmap covers
            (`data.prepare.seen_box`), at least a pixel each way; all of it unless given.

    Returns:
        (H, W, 3) uint8; a copy of `pixels` where the heatmap has no positive evidence.

    Raises:
        ValueError: a shape, a type or the opacity is not as said above.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"pixels must be uint8 (H, W, 3), not {pixels.dtype} {pixels.shape}.")
    if heatmap.ndim != 2:
        raise ValueError(f"heatmap must be (h, w), not {heatmap.shape}.")
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity must be from 0 to 1, not {opacity}.")
    if not has_evidence(heatmap):
        return pixels.copy()
    heatmap = np.asarray(heatmap, dtype=np.float32)
    left, top, right, bottom = (0, 0, pixels.shape[1], pixels.shape[0]) if box is None else map(round, box)
    value = np.clip(enlarge(heatmap / (peak or heatmap.max()), bottom - top, right - left), 0, 1)
    colour = _COLOURS[np.rint(value * 255).astype(np.intp)]
    alpha = (value * opacity)[..., None]
    laid = pixels.copy()
    laid[top:bottom, left:right] = np.rint(pixels[top:bottom, left:right] * (1 - alpha) + colour * alpha)
    return laid
