"""A photograph of a generated lesion: the plane laid onto skin from one angle, under one source's dermatoscope."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from pipeline.data.synthetic.colour import SKIN_TONES, colours
from pipeline.data.synthetic.fields import SIDE, smoothstep
from pipeline.data.synthetic.skin import HEIGHT, SHAPE, WIDTH, lay_bubbles, lay_hairs, lay_ruler, pixels, skin_texture
from pipeline.data.synthetic.structures import draw_lesion
from pipeline.images import generated

_BAND = 21  # pixels at the bottom that the notice takes
_TONE_SHARES = {"I": 0.20, "II": 0.34, "III": 0.26, "IV": 0.11, "V": 0.06, "VI": 0.03}


@dataclass(frozen=True)
class Source:
    """How one image source's dermatoscope sees: its cast, vignette, and how often its gel bubbles or its field shows.

    Attributes:
        cast: factors on red, green and blue.
        vignette: darkening in the corners, 0..1.
        round_field: share of images with a black surround outside a round field.
        bubbles: share of images with gel bubbles (contact with immersion gel; none under polarised light).
    """

    cast: tuple[float, float, float]
    vignette: float
    round_field: float
    bubbles: float


SOURCES = {
    "generated_a": Source((1.0, 0.985, 0.97), 0.14, 0.0, 0.30),
    "generated_b": Source((0.965, 0.985, 1.02), 0.30, 0.45, 0.40),
    "generated_c": Source((1.025, 0.99, 0.94), 0.22, 0.08, 0.05),
}


@dataclass(frozen=True)
class Subject:
    """A lesion ready to be photographed.

    Attributes:
        picture: the lesion plane on plain skin, RGB, SIDE × SIDE.
        coverage: how much of each pixel is lesion, "L", the same size.
        reach: pixels from the lesion's centre to its farthest border.
        phototype: Fitzpatrick's, a key of SKIN_TONES.
        tone: the patient's own shade of it, red, green and blue in 0..255.
    """

    picture: Image.Image
    coverage: Image.Image
    reach: float
    phototype: str
    tone: tuple[int, int, int]


def draw_subject(dx: str, seed: tuple[int, ...]) -> Subject:
    """A patient's skin tone and lesion of diagnosis `dx` (a key of `synthetic_structures.STRUCTURES`)."""
    rng = np.random.default_rng(seed)
    phototype = str(rng.choice(list(_TONE_SHARES), p=list(_TONE_SHARES.values())))
    tone = tuple(int(c) for c in np.clip(np.array(SKIN_TONES[phototype]) + rng.normal(0, 5, 3), 30, 245))
    lesion = draw_lesion(rng, dx)
    coverage = Image.fromarray((lesion.outline.coverage * 255).astype(np.uint8))
    picture = Image.fromarray(colours(lesion.amounts, tone))
    return Subject(picture, coverage, float(lesion.outline.radius.max()), phototype, tone)


def photograph(subject: Subject, seed: tuple[int, ...], source: str) -> tuple[Image.Image, Image.Image]:
    """One view of the subject, decided by the arguments alone.

    Args:
        seed: decides angle, zoom, lighting, hairs and what else lies on the skin.
        source: a key of SOURCES.

    Returns:
        The image with the notice in its lower edge (RGB, WIDTH × HEIGHT) and the lesion's mask ("L", the same size,
        0 skin, 255 lesion).
    """
    rng = np.random.default_rng(seed)
    size, affine, bilinear = (WIDTH, HEIGHT), Image.Transform.AFFINE, Image.Resampling.BILINEAR
    aspect = _aspect(rng, subject.reach)
    mask = subject.coverage.transform(size, affine, aspect, bilinear)
    mask = mask.point([255 if level >= 128 else 0 for level in range(256)])
    view = subject.picture.transform(size, affine, aspect, bilinear, fillcolor=subject.tone)
    image = np.stack([np.asarray(band, np.float32) for band in view.split()])
    image *= skin_texture(rng, list(SKIN_TONES).index(subject.phototype) / 5)
    image = _strewn(rng, image, SOURCES[source])
    return _with_notice(_lighted(rng, image, SOURCES[source])), mask


def _aspect(rng: np.random.Generator, reach: float) -> tuple[float, ...]:
    """The affine map from image pixels to lesion-plane pixels: turned, zoomed, a little foreshortened, off-centre.

    The lesion, `reach` pixels from its centre to its farthest border, stays above the notice.
    """
    # Eight pixels of skin around it: the border is uneven by a few.
    free = (HEIGHT - _BAND) / 2 - 8
    zoom = min(rng.uniform(0.88, 1.28), free / reach)
    turn, tilt_axis, tilt = rng.uniform(-np.pi, np.pi), rng.uniform(0, np.pi), rng.uniform(0.9, 1.0)
    axis = _rotation(tilt_axis)
    forward = zoom * axis @ np.diag([1.0, tilt]) @ axis.T @ _rotation(turn)
    room_x, room_y = min(WIDTH / 2 - 8 - zoom * reach, 45), min(free - zoom * reach, 22)
    centre = np.array([WIDTH / 2 + rng.uniform(-room_x, room_x), (HEIGHT - _BAND) / 2 + rng.uniform(-room_y, room_y)])
    back = np.linalg.inv(forward)
    shift = np.array([SIDE / 2, SIDE / 2]) - back @ centre
    return (*back[0], shift[0], *back[1], shift[1])


def _rotation(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _strewn(rng: np.random.Generator, image: np.ndarray, source: Source) -> np.ndarray:
    """The image with hairs, gel bubbles and ruler marks, each on some images only."""
    hairs = int(rng.integers(2, 9)) if rng.random() < 0.45 else int(rng.integers(10, 26)) if rng.random() < 0.2 else 0
    image = lay_hairs(rng, image, hairs)
    image = lay_bubbles(rng, image, int(rng.integers(2, 14)) if rng.random() < source.bubbles else 0)
    return lay_ruler(rng, image) if rng.random() < 0.12 else image


def _lighted(rng: np.random.Generator, image: np.ndarray, source: Source) -> Image.Image:
    """The image under uneven light and the source's optics: exposure, cast, vignette, round field, focus, noise."""
    x, y = pixels()
    slope, towards = rng.uniform(0, 0.10), rng.uniform(-np.pi, np.pi)
    light = 1 + np.float32(slope * np.cos(towards) / 200) * x + np.float32(slope * np.sin(towards) / 150) * y
    off_x, off_y = rng.normal(0, 12), rng.normal(0, 12)
    distance = np.hypot(x - off_x, y - off_y)
    light *= 1 - source.vignette * rng.uniform(0.7, 1.3) * smoothstep(90, 270, distance)
    if rng.random() < source.round_field:
        radius = rng.uniform(186, 225)
        light *= 0.06 + 0.94 * smoothstep(radius + 4, radius - 4, distance)
    noise = np.float32(rng.uniform(1.2, 3.0)) * rng.standard_normal(SHAPE, dtype=np.float32)
    cast = rng.uniform(0.92, 1.08) * np.array(source.cast) * rng.normal(1, 0.015, 3)
    bands = [np.clip(image[c] * (light * np.float32(cast[c])) + noise, 0, 255) for c in range(3)]
    picture = Image.merge("RGB", [Image.fromarray(band.astype(np.uint8)) for band in bands])
    focus = rng.uniform(0.3, 0.8)
    return picture.filter(ImageFilter.GaussianBlur(focus)) if rng.random() < 0.25 else picture


def _with_notice(picture: Image.Image) -> Image.Image:
    """The picture with the notice in white on a darkened band along its lower edge."""
    box = (0, HEIGHT - _BAND, WIDTH, HEIGHT)
    picture.paste(picture.crop(box).point([int(level * 0.28) for level in range(256)] * 3), box)
    picture.paste((255, 255, 255), box[:2], _notice())
    return picture


@lru_cache(maxsize=1)
def _notice() -> Image.Image:
    """The notice as a mask of WIDTH × _BAND; Pillow's own font, so that every machine draws the same."""
    band = Image.new("L", (WIDTH, _BAND))
    draw, font = ImageDraw.Draw(band), ImageFont.load_default(17)
    before, after = (part.strip() for part in generated.NOTICE.split("–"))
    widths, dash, space = [font.getlength(part) for part in (before, after)], 9, 5
    left, middle = (WIDTH - sum(widths) - dash - 2 * space) / 2, _BAND // 2
    draw.text((left, middle), before, fill=255, font=font, anchor="lm")
    # Pillow's own font lacks the en dash.
    start = left + widths[0] + space
    draw.line((start, middle + 1, start + dash, middle + 1), fill=255, width=2)
    draw.text((start + dash + space, middle), after, fill=255, font=font, anchor="lm")
    return band
