"""Pictures of every shape: what a network saw is shown unsquashed, and its regions lie where they belong."""

import io
import os
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from app.loaders import image_pixels
from app.loaders.image_pixels import SIDE, at_its_shape, regions_picture, with_regions
from app.words.seen_words import seen_of
from pipeline.configuration.presets import PRESETS
from pipeline.data.prepare import prepare_image

CONFIG = replace(PRESETS["quick"].config, width=96, height=64)
SHAPES = {"landscape": (600, 450), "portrait": (300, 800), "square": (256, 256), "panorama": (900, 120)}


def picture(size: tuple[int, int]) -> np.ndarray:
    """Grey with a white spot in its middle, as wide as high."""
    width, height = size
    down, across = np.mgrid[:height, :width]
    spot = np.hypot(across - width / 2, down - height / 2) < min(size) / 5
    return np.where(spot[..., None], 255, 90).astype(np.uint8).repeat(3, axis=2)


@pytest.mark.parametrize("view", ["whole", "square"])
@pytest.mark.parametrize("resize", ["squish", "crop"])
@pytest.mark.parametrize("shape", SHAPES)
def test_what_was_seen_is_shown_round_again(shape, resize, view):
    config = replace(CONFIG, resize=resize, view=view)
    pixels = picture(SHAPES[shape])
    seen = prepare_image(Image.fromarray(pixels), config.height, config.width, resize, view=view)
    shown = at_its_shape(seen, SHAPES[shape], config)
    rows, columns = np.nonzero(shown[..., 0] > 170)
    assert np.ptp(rows) == pytest.approx(np.ptp(columns), rel=0.2, abs=4)


@pytest.mark.parametrize(("size", "changes", "words", "unchanged"), [
    ((600, 400), {}, "The network sees all of it.", True),
    ((600, 450), {}, "The network sees all of it, squeezed to 89 % of its height. Here it has its true shape.", False),
    ((900, 120), {}, "The network sees all of it, squeezed to 20 % of its width. Here it has its true shape.", False),
    ((600, 450), {"resize": "crop"},
     "The network sees the middle of the picture, without 11 % of its area.", False),
    ((600, 400), {"view": "square"}, "The network sees the middle of the picture, without 33 % of its area, squeezed "
     "to 67 % of its height. Here it has its true shape.", False),
], ids=["the same shape", "squeezed down", "squeezed across", "cropped", "cropped and squeezed"])
def test_what_the_network_gets_of_a_picture_is_said(size, changes, words, unchanged):
    assert seen_of(size, replace(CONFIG, **changes)) == (words, unchanged)


@pytest.mark.parametrize("shape", SHAPES)
def test_regions_lie_on_the_whole_picture_where_the_network_saw_it(shape):
    width, height = SHAPES[shape]
    pixels = picture((width, height))
    laid = with_regions(pixels, np.ones((7, 7)), replace(CONFIG, view="square"), 1.0)
    assert max(laid.shape) <= SIDE and laid.shape[1] / laid.shape[0] == pytest.approx(width / height, rel=0.02)
    small = np.asarray(Image.fromarray(pixels).resize(laid.shape[1::-1], Image.Resampling.BICUBIC))
    changed = (np.abs(laid.astype(int) - small) > 40).any(axis=2)
    share = min(width, height) ** 2 / (width * height)
    assert changed.mean() == pytest.approx(share, abs=0.03)


def test_a_picture_with_regions_is_made_once_for_each_strength_and_file(tmp_path, monkeypatch):
    made, path = [], tmp_path / "a.png"
    monkeypatch.setattr(image_pixels, "with_regions", lambda *given: made.append(given[3]) or with_regions(*given))
    Image.fromarray(picture((300, 200))).save(path)
    heatmaps = [np.eye(7, dtype=np.float32), np.ones((7, 7), dtype=np.float32)]
    for _ in range(2):
        for heatmap in heatmaps:
            for opacity in (0.3, 0.6):
                content = regions_picture(path, heatmap, CONFIG, opacity)
    assert made == [0.3, 0.6, 0.3, 0.6]
    laid = np.asarray(Image.open(io.BytesIO(content))).astype(int)
    assert np.abs(laid - with_regions(picture((300, 200)), heatmaps[1], CONFIG, 0.6)).mean() < 4
    Image.fromarray(picture((200, 300))).save(path)
    os.utime(path, (1, 1))
    assert Image.open(io.BytesIO(regions_picture(path, heatmaps[0], CONFIG, 0.3))).size == (200, 300) and len(made) == 5
