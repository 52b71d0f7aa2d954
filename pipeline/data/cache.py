"""Decoded pixels: each image decoded once per data set and size, then read from a memory-mapped file."""

import fcntl
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from pipeline.data.dataset import Dataset
from pipeline.data.prepare import fit_for_cropping, open_image, prepare_image
from pipeline.errors import WorkspaceError
from pipeline.files import disk_errors, read_json, write_json
from pipeline.progress import Progress, silent

_CHUNK = 256
_SPARE_BYTES = 200 * 2**20


class OnTheFlyPixels:
    """Decodes as it goes; the same reading interface as `PixelCache`, for a disk without room."""

    def __init__(self, dataset: Dataset, height: int, width: int, resize: str):
        self._dataset, self._files = dataset, dataset.metadata()["file"].tolist()
        self._height, self._width, self._resize = height, width, resize

    def __len__(self) -> int:
        return len(self._files)

    def pixels(self, row: int) -> np.ndarray:
        """uint8 (height, width, 3); with resize "crop" the longer side may be longer."""
        file = self._files[row]
        image = open_image(self._dataset.image_path(file), file)
        if self._resize == "crop":
            return fit_for_cropping(image, self._height, self._width)
        return prepare_image(image, self._height, self._width, self._resize)

    def gather(self, rows) -> np.ndarray:
        """uint8 (N, height, width, 3); the images must have one shape."""
        return np.stack([self.pixels(int(row)) for row in rows])


class PixelCache:
    """Reads the pixels of each row of the data set's table from one flat file."""

    def __init__(self, folder: Path, shapes: np.ndarray):
        self._shapes = shapes
        sizes = shapes.prod(axis=1) * 3
        self._starts = np.concatenate([[0], sizes.cumsum()])
        self._flat = np.memmap(folder / "pixels.u8", dtype=np.uint8, mode="r")
        same = (shapes == shapes[0]).all()
        self._block = self._flat.reshape(len(shapes), *shapes[0], 3) if same else None

    def __len__(self) -> int:
        return len(self._shapes)

    def pixels(self, row: int) -> np.ndarray:
        """uint8 (height, width, 3); with resize "crop" the longer side may be longer."""
        start, end = self._starts[row], self._starts[row + 1]
        return self._flat[start:end].reshape(*self._shapes[row], 3)

    def gather(self, rows) -> np.ndarray:
        """uint8 (N, height, width, 3); the images must have one shape."""
        if self._block is not None:
            return self._block[np.asarray(rows)]
        return np.stack([self.pixels(int(row)) for row in rows])


def _shapes(dataset: Dataset, height: int, width: int, resize: str) -> np.ndarray:
    """(N, 2) stored height and width of each image."""
    if resize != "crop":
        return np.tile([height, width], (dataset.images, 1))
    files = dataset.metadata()["file"]
    # PIL's own rounding and EXIF turns decide, so the shape is that of the prepared image's header
    return np.array([_crop_shape(dataset.image_path(file), file, height, width) for file in files])


def _crop_shape(path: Path, name: str, height: int, width: int) -> tuple[int, int]:
    from PIL import Image

    with Image.open(path) as image:
        turned = image.getexif().get(0x0112, 1) >= 5
        columns, lines = (image.height, image.width) if turned else image.size
    scale = max(height / lines, width / columns)
    return max(height, round(lines * scale)), max(width, round(columns * scale))


def build_cache(dataset: Dataset, height: int, width: int, resize: str, progress: Progress = silent) -> PixelCache:
    """The cache of that size, built where it is missing, incomplete or of older content; resumable after a kill.

    Raises:
        WorkspaceError: there is no room for it; the sentence names needed and free.
    """
    folder = dataset.folder / "cache" / f"{width}x{height}-{resize}"
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with disk_errors(folder), (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        record = folder / "cache.json"
        done = read_json(record) if record.exists() else {}
        if done.get("content_hash") != dataset.content_hash:
            done = {"content_hash": dataset.content_hash, "chunks": 0, "shapes": None}
        if done["shapes"] is None:
            done["shapes"] = _shapes(dataset, height, width, resize).tolist()
        shapes = np.array(done["shapes"])
        chunks = -(-len(shapes) // _CHUNK)
        if done["chunks"] < chunks:
            _fill(dataset, folder, shapes, done, OnTheFlyPixels(dataset, height, width, resize), progress)
    return PixelCache(folder, shapes)


def _fill(dataset: Dataset, folder: Path, shapes: np.ndarray, done: dict, source: OnTheFlyPixels, progress) -> None:
    path, total = folder / "pixels.u8", int((shapes.prod(axis=1) * 3).sum())
    held = path.stat().st_blocks * 512 if path.exists() else 0
    free = shutil.disk_usage(folder).free
    if total - held + _SPARE_BYTES > free:
        raise WorkspaceError(
            f"No room for the decoded images of {dataset.name}: {total / 1e6:,.0f} MB are needed and "
            f"{free / 1e6:,.0f} MB are free.",
            "Free some space, or train at a smaller size.",
        )
    starts = np.concatenate([[0], (shapes.prod(axis=1) * 3).cumsum()])
    if not path.exists() or path.stat().st_size != total:
        with path.open("wb") as file:
            file.truncate(total)
        done["chunks"] = 0
    flat = np.memmap(path, dtype=np.uint8, mode="r+")

    def decode(row: int) -> None:
        flat[starts[row] : starts[row + 1]] = source.pixels(row).ravel()

    with ThreadPoolExecutor(4) as pool:
        for first in range(done["chunks"] * _CHUNK, len(shapes), _CHUNK):
            rows = range(first, min(first + _CHUNK, len(shapes)))
            list(pool.map(decode, rows))
            flat.flush()
            done["chunks"] += 1
            write_json(folder / "cache.json", done)
            progress(rows.stop / len(shapes), f"Decoded {rows.stop:,} of {len(shapes):,} images.")


def open_pixels(
    dataset: Dataset, height: int, width: int, resize: str, progress: Progress, note: Callable[[str], None]
) -> PixelCache | OnTheFlyPixels:
    """The cache, or where the disk has no room for it a reader that decodes as it goes, which `note` is told."""
    try:
        return build_cache(dataset, height, width, resize, progress)
    except WorkspaceError as error:
        note(f"{error.problem} The images are decoded as the training goes, which is slower.")
        return OnTheFlyPixels(dataset, height, width, resize)
