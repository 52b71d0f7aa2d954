"""What happens to an image on its way here: made smaller and larger again, and compressed, through real codecs."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

RESAMPLED = 0.3  # share of the images
SMALLEST = 0.5  # of the width and height
DOWN = (Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
UP = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)
COMPRESSED = 0.5  # share of the images
QUALITY = (40, 95)
SUBSAMPLING = {"4:2:0": 0.6, "4:2:2": 0.2, "4:4:4": 0.2}
_THREADS = 4  # Pillow resizes, encodes and decodes without Python's lock


def resampled(image: Image.Image, share: float, down: Image.Resampling, up: Image.Resampling) -> Image.Image:
    """The image at `share` of its width and height, enlarged again."""
    small = max(1, round(image.width * share)), max(1, round(image.height * share))
    return image.resize(small, down).resize(image.size, up)


def compressed(image: Image.Image, quality: int, subsampling: str) -> Image.Image:
    """The image after JPEG at `quality` (1..95) with `subsampling` of the colours ("4:2:0", "4:2:2" or "4:4:4")."""
    content = io.BytesIO()
    image.save(content, "JPEG", quality=quality, subsampling=subsampling)
    return Image.open(content, formats=["JPEG"])


def degrade(images: np.ndarray) -> None:
    """Resamples some of the images, compresses some, in place: uint8 (N, H, W, 3).

    All is drawn from numpy's global generator before the threads start, so that a seed repeats it.
    """
    n = len(images)
    shares = np.where(np.random.random(n) < RESAMPLED, np.random.uniform(SMALLEST, 1, n), 1.0)
    downs, ups = np.random.randint(len(DOWN), size=n), np.random.randint(len(UP), size=n)
    qualities = np.where(np.random.random(n) < COMPRESSED, np.random.randint(QUALITY[0], QUALITY[1] + 1, n), 0)
    subsamplings = np.random.choice(list(SUBSAMPLING), n, p=list(SUBSAMPLING.values()))

    def change(i: int) -> None:
        image = Image.fromarray(images[i])
        if shares[i] < 1:
            image = resampled(image, shares[i], DOWN[downs[i]], UP[ups[i]])
        if qualities[i]:
            image = compressed(image, int(qualities[i]), str(subsamplings[i]))
        images[i] = np.asarray(image)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(change, np.flatnonzero((shares < 1) | (qualities > 0))))
