"""What surrounds a generated lesion: skin texture, hairs, gel bubbles and ruler marks.

Images are float32 arrays of shape (3, HEIGHT, WIDTH), 0..255: colour first, as NumPy is three times faster so.
"""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from pipeline.data.synthetic.fields import cloud, mesh, smoothstep

WIDTH, HEIGHT = 400, 300
SHAPE = (HEIGHT, WIDTH)
_OVERSAMPLING = 2
_DARK_HAIRS = ((38, 26, 20), (22, 17, 16), (66, 44, 30))
_LIGHT_HAIRS = ((206, 178, 140), (226, 214, 200))


@lru_cache(maxsize=1)
def pixels() -> tuple[np.ndarray, np.ndarray]:
    """x and y of every image pixel from the image's centre; read-only, shape (HEIGHT, WIDTH), float32."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    x, y = x - (WIDTH - 1) / 2, y - (HEIGHT - 1) / 2
    x.flags.writeable = y.flags.writeable = False
    return x, y


def skin_texture(rng: np.random.Generator, density: float) -> np.ndarray:
    """How skin deviates from its tone: furrows, follicles, mottled redness; factors near 1, float32,
    shape (3, HEIGHT, WIDTH).

    Args:
        density: the tone's own pigment, 0 (phototype I) to 1 (VI); dark skin shows a faint network of its own.
    """
    furrows = mesh(rng, rng.uniform(16, 26), 0.9, SHAPE)
    depth = rng.uniform(0.01, 0.045)
    relief = 1 - depth * smoothstep(0.25, 0.0, furrows) + 0.012 * cloud(rng, 3, SHAPE) + 0.018 * cloud(rng, 28, SHAPE)
    if rng.random() < 0.5:
        relief -= 0.07 * smoothstep(0.82, 0.95, mesh(rng, rng.uniform(26, 36), 1.0, SHAPE))
    if density > 0.5:
        relief -= 0.10 * density * smoothstep(0.5, 0.15, mesh(rng, 9, 0.6, SHAPE))
    redness = 0.015 * cloud(rng, 80, SHAPE) + 0.012 * cloud(rng, 22, SHAPE) + 0.01 * cloud(rng, 7, SHAPE)
    return np.stack([relief * (1 + weight * redness) for weight in (0.25, -1.0, -0.8)])


def lay_hairs(rng: np.random.Generator, image: np.ndarray, count: int) -> np.ndarray:
    """The image with `count` tapering hairs, dark or light, and the soft shadow beneath them."""
    if not count:
        return image
    size = (WIDTH * _OVERSAMPLING, HEIGHT * _OVERSAMPLING)
    layer = Image.new("L", size)
    draw = ImageDraw.Draw(layer)
    light = rng.random() < 0.25
    colour = (_LIGHT_HAIRS if light else _DARK_HAIRS)[rng.integers(2 if light else 3)]
    growth, thickness = rng.uniform(-np.pi, np.pi), rng.uniform(1.6, 3.6)
    t = np.linspace(0, 1, 22)[:, None]
    for _ in range(count):
        root = rng.uniform(-0.05, 1.05, 2) * size
        heading = growth + rng.normal(0, 0.5)
        length, bend = rng.uniform(120, 520), rng.normal(0, 0.22)
        along = np.array([np.cos(heading), np.sin(heading)])
        across = np.array([-along[1], along[0]])
        curve = root + length * (t * along + bend * t * (1 - t) * across + 0.2 * bend * t**3 * across)
        level = int(rng.uniform(150, 255))
        for i, share in ((0, 1.0), (8, 0.8), (15, 0.55)):
            part = [tuple(p) for p in curve[i : i + 9]]
            draw.line(part, fill=level, width=max(1, round(thickness * share)), joint="curve")
    hair = layer.reduce(_OVERSAMPLING)
    shadow = np.roll(_shares(hair, 2.2), (2, 2), axis=(0, 1))
    return _covered(image * (1 - 0.22 * shadow), _shares(hair) * (0.75 if light else 0.92), colour)


def lay_bubbles(rng: np.random.Generator, image: np.ndarray, count: int) -> np.ndarray:
    """The image with `count` air bubbles in the immersion gel: a dark rim, a bright inner arc."""
    if not count:
        return image
    size = (WIDTH * _OVERSAMPLING, HEIGHT * _OVERSAMPLING)
    bright, dark = Image.new("L", size), Image.new("L", size)
    glints, rims = ImageDraw.Draw(bright), ImageDraw.Draw(dark)
    middle = rng.uniform(0.05, 0.95, 2) * size
    for _ in range(count):
        # Most bubbles gather where the gel is thin; some stand alone.
        x, y = middle + rng.normal(0, 55, 2) if rng.random() < 0.6 else rng.uniform(0, 1, 2) * size
        r = min(6 + rng.exponential(11), 46)
        flat = r * rng.uniform(0.85, 1)
        box = (x - r, y - flat, x + r, y + flat)
        rims.ellipse(box, outline=120, width=3)
        inner = (x - r + 3, y - flat + 3, x + r - 3, y + flat - 3)
        glints.ellipse(inner, outline=90, width=2)
        glints.arc(inner, 190, 285, fill=235, width=3)
        glints.arc(inner, 20, 75, fill=150, width=2)
        if r > 12:
            gx, gy = x - 0.4 * r, y - 0.4 * flat
            glints.ellipse((gx - 3, gy - 3, gx + 3, gy + 3), fill=255)
    image = image * (1 - 0.35 * _shares(dark.reduce(_OVERSAMPLING), 0.8))
    return _covered(image, 0.65 * _shares(bright.reduce(_OVERSAMPLING), 0.5), (255, 255, 255))


def lay_ruler(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """The image with a millimetre scale along its upper or left edge."""
    layer = Image.new("L", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(layer)
    step, offset = rng.uniform(13, 17), rng.uniform(4, 12)
    along_top = rng.random() < 0.6
    for i in range(int((WIDTH if along_top else HEIGHT) / step)):
        at, tick = offset + i * step, 15 if i % 5 == 0 else 8
        draw.line((at, 0, at, tick) if along_top else (0, at, tick, at), fill=215, width=1)
        if i % 10 == 0:
            draw.text((at + 3, 8) if along_top else (9, at + 2), str(i // 10), fill=200)
    return _covered(image, _shares(layer), (28, 28, 28))


def _shares(layer: Image.Image, blur: float = 0.0) -> np.ndarray:
    """A grey layer as float32 shares in 0..1, shape (HEIGHT, WIDTH)."""
    return np.asarray(layer.filter(ImageFilter.GaussianBlur(blur)) if blur else layer, np.float32) / 255


def _covered(image: np.ndarray, shares: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.stack([plane + shares * (level - plane) for plane, level in zip(image, colour, strict=True)])
