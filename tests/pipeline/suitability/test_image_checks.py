"""Checks of a picture: each finds what was done to it, says where, and leaves a drawn lesion on skin alone."""

import numpy as np
import pytest

from pipeline.suitability.checks import CHECKS, check_picture
from pipeline.suitability.lesion_area import lesion_area
from pipeline.suitability.standard import SMALL, standard
from tests.benchmarks.image_checks import BUBBLES, CHANGES, found
from tests.lesion_on_skin import HIGH, lesion_on_skin

_ALWAYS = {"Gaussian blur, 4 pixels": 0.95, "JPEG, quality 10": 0.95, "luma × 0.4": 0.95, "grey": 0.95,
           "black corners": 0.95, "150 pixels high": 1.0, "all black": 1.0, "all of one colour": 1.0, "pen's arc": 0.8,
           "ruler at the lower edge": 0.95, "ticks at the left edge": 0.95, "three bubbles": 0.95}


def keys(pixels: np.ndarray) -> set[str]:
    return {one.key for one in check_picture(pixels)}


def test_a_lesion_on_skin_is_left_alone():
    assert keys(lesion_on_skin()) == set()


@pytest.mark.parametrize("words", CHANGES)
def test_what_was_done_to_a_picture_is_found(words):
    key, change = CHANGES[words]
    if words == "Gaussian blur, 2 pixels":
        pytest.skip("the drawn grain is coarser than what a blur of 2 pixels takes")
    assert key in keys(change(lesion_on_skin()))


@pytest.mark.parametrize(("key", "centre", "radius"), [
    ("lesion-small", (0.5, 0.5), 0.06), ("lesion-at-edge", (0.95, 0.9), 0.4),
])
def test_a_lesion_that_is_small_or_at_the_edge_is_found(key, centre, radius):
    fired = {one.key: one for one in check_picture(lesion_on_skin(centre, radius))}
    assert key in fired and fired[key].mask is not None and fired[key].mask.any()


def test_two_lesions_are_more_than_one():
    both = np.minimum(lesion_on_skin((0.5, 0.3), 0.15), lesion_on_skin((0.5, 0.7), 0.15))
    assert "several" in keys(both)


def test_hair_is_found_where_it_lies():
    pixels = lesion_on_skin()
    for row in range(60, 400, 34):
        pixels[row:row + 3, 90:510] = 25
    hair = next(one for one in check_picture(pixels) if one.key == "hair")
    assert hair.mask.shape == (SMALL, 200)
    rows = np.flatnonzero(hair.mask.any(axis=1)) * HIGH / SMALL
    assert hair.mask[:, :20].sum() == 0 and all(min(abs(row - at) for at in range(60, 400, 34)) < 8 for row in rows)


def mask_of(key: str, pixels: np.ndarray) -> np.ndarray:
    """Where the check says that it is, (150, 200) bool."""
    return next(one.mask for one in check_picture(pixels) if one.key == key)


def test_a_scale_is_marked_where_its_ticks_are():
    mask = mask_of("ruler", CHANGES["ticks at the left edge"][1](lesion_on_skin()))
    assert mask[:, :26].sum() >= 100 and not mask[:, 26:].any()


def test_bubbles_are_marked_and_nothing_else():
    mask = mask_of("gel-bubbles", CHANGES["three bubbles"][1](lesion_on_skin()))
    down, right = np.ogrid[:SMALL, :200]
    bubbles = np.logical_or.reduce([np.hypot(down - at * SMALL, right - across * 200) <= (radius + 0.05) * SMALL
                                    for at, across, radius in BUBBLES])
    assert all(mask[round(at * SMALL), round(across * 200)] for at, across, _ in BUBBLES) and not mask[~bubbles].any()


def test_dark_corners_are_marked_in_the_corners():
    mask = mask_of("dark-corners", CHANGES["black corners"][1](lesion_on_skin()))
    assert mask[:10, :10].all() and mask[-10:, -10:].all() and not mask[:, 75:125].any()


def test_the_lesion_lies_where_it_was_drawn():
    area = lesion_area(standard(lesion_on_skin((0.4, 0.6), 0.2)).whole)
    middle = np.argwhere(area.mask).mean(axis=0) / area.mask.shape
    assert np.allclose(middle, (0.4, 0.6), atol=0.02) and area.share == pytest.approx(np.pi * 0.2**2 * 0.75, rel=0.15)


@pytest.mark.parametrize("shape", [(1, 1), (2, 40), (4000, 200), (149, 151), (256, 256), (3000, 2000)])
@pytest.mark.parametrize("level", [0, 127, 255])
def test_any_picture_is_answered(shape, level):
    found_ones = check_picture(np.full((*shape, 3), level, np.uint8))
    assert "no-lesion" in {one.key for one in found_ones}


def test_keys_are_one_each_and_words_are_sentences():
    assert len({check.key for check in CHECKS}) == len(CHECKS)
    assert all(check.words.endswith(".") and check.low < check.high for check in CHECKS)


def test_on_real_images_what_was_done_is_found_and_few_others_fire(real_data):
    table, _ = found(every=6)
    for words, least in _ALWAYS.items():
        assert table.loc[words, "found"] >= least, words
    assert table["unchanged"].drop(["nothing", "black corners", "three bubbles"]).max() <= 0.1
