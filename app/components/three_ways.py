"""The pictures of Home's three ways, made of the lesions of its wall."""

import contextlib
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from app.loaders.file_cache import kept
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
            _show(_strip([untouched(lesion.path), answer.with_regions(0.6)], 2),
                  "A lesion, and the regions of it that raised a model's output")
            return
    _show(_strip_of(_paths(wall, slice(2)), 2), "Two lesions")


def picture_of_training(wall: FirstLesions) -> None:
    """Several lesions, as a network gets them."""
    _show(_strip_of(_paths(wall, slice(6)), 3), "Six lesions, as a network gets them")


def picture_of_lesson(wall: FirstLesions) -> None:
    """Three lesions side by side."""
    _show(_strip_of(_paths(wall, slice(-3, None)), 3), "Three lesions side by side")


def _paths(wall: FirstLesions, which: slice) -> str:
    """Some of the wall's files, a line each."""
    return "\n".join(str(lesion.path) for lesion in [*wall.lesions.values()][which])


@kept(lambda paths, columns: [Path(path) for path in paths.splitlines()], entries=32, copied=True)
def _strip_of(paths: str, columns: int) -> np.ndarray | None:
    """The strip of those files that can be read; None where none can."""
    pictures = []
    for path in paths.splitlines():
        with contextlib.suppress(LesionLabError):
            pictures.append(untouched(Path(path)))
    return _strip(pictures, columns) if pictures else None


def _show(strip: np.ndarray | None, alt: str) -> None:
    if strip is not None:
        st.image(strip, width="stretch", output_format="JPEG", alt=alt)


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
