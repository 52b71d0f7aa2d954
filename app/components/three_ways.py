"""The pictures of Home's three ways, made of the lesions of its wall."""

import numpy as np
import streamlit as st
from PIL import Image

from app.loaders.first_lesions import FirstLesions
from app.loaders.image_pixels import untouched
from pipeline.errors import LesionLabError
from pipeline.networks.overlay import has_evidence

_WIDTH, _HEIGHT = 480, 180  # pixels
_GAP = 6


def picture_of_question(wall: FirstLesions) -> None:
    """A lesion, and the same one with the regions that raised an output."""
    for lesion in wall.lesions.values():
        if wall.model is not None and wall.run is None:
            break  # its regions would have to be computed
        try:
            answer = lesion.answer()
        except LesionLabError:
            continue
        if answer.regions is not None and has_evidence(answer.regions):
            _show([untouched(lesion.path), answer.with_regions(0.6)],
                  "A lesion, and the regions of it that raised a model's output")
            return
    _show(_pixels(wall)[:2], "Two lesions")


def picture_of_training(wall: FirstLesions) -> None:
    """Several lesions, as a network gets them."""
    _show(_pixels(wall)[:6], "Six lesions, as a network gets them", columns=3)


def picture_of_lesson(wall: FirstLesions) -> None:
    """Three lesions side by side."""
    _show(_pixels(wall)[-3:], "Three lesions side by side")


def _pixels(wall: FirstLesions) -> list[np.ndarray]:
    found = []
    for lesion in wall.lesions.values():
        try:
            found.append(untouched(lesion.path))
        except LesionLabError:
            continue
    return found


def _show(pictures: list[np.ndarray], alt: str, columns: int | None = None) -> None:
    if pictures:
        st.image(_strip(pictures, columns or len(pictures)), width="stretch", output_format="JPEG", alt=alt)


def _strip(pictures: list[np.ndarray], columns: int) -> np.ndarray:
    """The pictures in rows of `columns`, each cut to the same shape, uint8 (_HEIGHT, _WIDTH, 3)."""
    rows = -(-len(pictures) // columns)
    width = (_WIDTH - _GAP * (columns - 1)) // columns
    height = (_HEIGHT - _GAP * (rows - 1)) // rows
    strip = Image.new("RGB", (_WIDTH, _HEIGHT), (128, 128, 128))
    for place, pixels in enumerate(pictures):
        image = Image.fromarray(pixels)
        scale = max(width / image.width, height / image.height)
        large = image.resize((max(round(image.width * scale), width), max(round(image.height * scale), height)),
                             Image.Resampling.BICUBIC)
        left, top = (large.width - width) // 2, (large.height - height) // 2
        strip.paste(large.crop((left, top, left + width, top + height)),
                    ((width + _GAP) * (place % columns), (height + _GAP) * (place // columns)))
    return np.asarray(strip)
