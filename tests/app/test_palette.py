"""The palette's contrast on both pages, its warm and cool halves, and that colour-blind eyes can tell it apart."""

import colorsys
import itertools

import numpy as np
import pytest

from app.palette import (
    DARK,
    DARK_BACKGROUND,
    LIGHT,
    LIGHT_BACKGROUND,
    MARKS,
    SECOND,
    TRAINING,
    VALIDATION,
    between,
    channels,
    contrast,
    mark,
    readable_on,
    sequential,
    tone,
)
from pipeline.classes import DIAGNOSES

HAM10000 = ("mel", "bcc", "akiec", "nv", "bkl", "df", "vasc")
ISIC2019 = ("mel", "bcc", "scc", "ak", "nv", "bkl", "df", "vasc", "unk")
LMS = np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005]])
LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.8086757660]])
SIGHTS = {  # Machado, Oliveira & Fernandes 2009, severity 1
    "normal": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                        [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                        [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                        [0.004733, 0.691367, 0.303900]]),
}


def oklab(colour: str, sight: np.ndarray) -> np.ndarray:
    return LAB @ np.cbrt(LMS @ np.clip(sight @ np.array(channels(colour)), 0, 1))


def hue(colour: str) -> float:
    """Degrees on the red-green-blue circle."""
    return 360 * colorsys.rgb_to_hls(*(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)))[0]


def test_contrast_of_known_colours():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("background", [LIGHT_BACKGROUND, DARK_BACKGROUND])
@pytest.mark.parametrize("shown", [*MARKS.values(), TRAINING, VALIDATION, SECOND], ids=lambda m: m.colour)
def test_each_mark_has_3_to_1(shown, background):
    assert contrast(shown.colour, background) >= 3


@pytest.mark.parametrize("shown", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_4_5_to_1(shown):
    assert contrast(shown.text, shown.background) >= 4.5
    assert contrast(shown.muted, shown.background) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
def test_numbers_in_cells_are_readable(dark):
    for _, colour in [*sequential(dark), *sequential(dark, wrong=True)]:
        assert contrast(readable_on(colour), colour) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("sight", SIGHTS)
def test_right_answers_and_errors_are_told_apart_from_half_a_row_on(dark, sight):
    for (_, right), (_, wrong) in zip(sequential(dark)[4:], sequential(dark, wrong=True)[4:], strict=True):
        assert np.linalg.norm(oklab(right, SIGHTS[sight]) - oklab(wrong, SIGHTS[sight])) > 0.05


@pytest.mark.parametrize("shown", [LIGHT, DARK], ids=["light", "dark"])
def test_the_strongest_cells_have_3_to_1(shown):
    assert contrast(shown.high, shown.background) >= 3 and contrast(shown.wrong, shown.background) >= 3


def test_every_diagnosis_has_a_mark_of_its_own():
    assert set(MARKS) == set(DIAGNOSES)
    assert len({m.colour for m in MARKS.values()}) == len({m.symbol for m in MARKS.values()}) == len(MARKS)
    assert mark("new").colour not in {m.colour for code, m in MARKS.items() if code != "unk"}


@pytest.mark.parametrize("code", [code for code in DIAGNOSES if code != "unk"])
def test_malignant_and_precursor_warm_benign_cool(code):
    warm = hue(MARKS[code].colour) < 60 or hue(MARKS[code].colour) > 320
    assert warm == (DIAGNOSES[code].group != "benign")


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("codes", [HAM10000, ISIC2019, ("benign", "malignant")],
                         ids=["7 diagnoses", "9 diagnoses", "2 classes"])
def test_colour_blind_eyes_tell_them_apart(codes, sight):
    colours = [oklab(MARKS[code].colour, SIGHTS[sight]) for code in codes]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(colours, 2)) > 0.05


def test_the_sequential_map_is_even():
    steps = [oklab(colour, np.eye(3))[0] for _, colour in sequential(False)]
    assert np.diff(steps) == pytest.approx(np.diff(steps).mean(), abs=0.01)
    assert between(tone(True).low, tone(True).high, 0) == tone(True).low
