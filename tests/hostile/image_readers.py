"""Every way by which an image comes to its pixels: of the page, the command line, the wall and the import."""

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image

from pipeline.data.copying import Copied, _copy
from pipeline.data.member import Member
from pipeline.errors import ImageError
from pipeline.images.colours import pixels_of
from pipeline.inference.predict_files import predict_files

Found = np.ndarray | ImageError  # uint8 (H, W, 3)
_ONE = SimpleNamespace(
    prepare=pixels_of, info=SimpleNamespace(classes=["nv"]), probabilities=lambda images: np.ones((len(images), 1))
)


def by_command_line(path: Path) -> Found:
    """As `predict` reads a file; the network is one that takes any image."""
    seen: list[Found] = []
    network = SimpleNamespace(**vars(_ONE))
    network.probabilities = lambda images: seen.extend(images) or np.ones((len(images), 1))
    predict_files(network, [path], lambda _, error: seen.append(error))
    return seen[0]


def by_page(path: Path) -> Found:
    """As the page *Classify* reads an upload, or an example from its file."""
    from app.components.models.visitor_image import visitor_image

    try:
        return visitor_image(path.read_bytes() if path.is_file() else path, path.name).pixels
    except ImageError as error:
        return error


def by_wall(path: Path) -> Found:
    """As a browser shows what the walls of images send it."""
    from app.loaders.image_pixels import thumbnail

    try:
        content = thumbnail(path, 1, 1)
    except ImageError as error:
        return error
    try:
        return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    except OSError:  # a damaged file that goes out as it is: browsers show none, or a part
        return ImageError(f"{path.name} is shown as far as it goes.")


def by_import(path: Path) -> Found:
    """As an import checks a file and notes its size: pixels of that size, all of them zero."""
    class Folder:
        name = "folder"

        def read(self, key, said, most):
            return key.read_bytes()

    found: Copied = _copy(Member(f"{path.stem}.png", path.stat().st_size, Folder(), path), "image", path.parent, False)
    return ImageError(found.problem) if found.problem else np.zeros((found.height, found.width, 3), dtype=np.uint8)


READERS: dict[str, Callable[[Path], Found]] = {
    "command line": by_command_line, "page": by_page, "wall": by_wall, "import": by_import,
}


def read_alike(path: Path, expected: np.ndarray | None = None, tolerance: float = 0, wall: bool = True) -> np.ndarray:
    """The pixels of an image, which all readers must agree on; the wall's may be a JPEG of them.

    Args:
        expected: what the pixels must be, on average `tolerance` levels apart and ten times that anywhere.
        wall: whether the wall must refuse what the others refuse, and shows nearly what they read.

    Raises:
        ImageError: all refuse it, with one sentence.
    """
    found = {name: read(path) for name, read in READERS.items()}
    refusals = {name: one for name, one in found.items() if isinstance(one, ImageError)}
    first = found["command line"]
    if isinstance(first, ImageError):
        assert {"page", "import"} <= refusals.keys() and ("wall" in refusals or not wall), (first, refusals.keys())
        assert str(first) == str(found["page"]) and path.name in str(first), (first, refusals)
        raise first
    assert not refusals, refusals
    assert np.array_equal(first, found["page"])
    assert first.shape == found["import"].shape
    smaller = found["wall"]
    if wall and smaller.shape == first.shape:
        assert np.abs(first.astype(float) - smaller).mean() <= 6, np.abs(first.astype(float) - smaller).mean()
    if expected is not None:
        apart = np.abs(first.astype(float) - expected)
        assert apart.mean() <= tolerance and apart.max() <= 10 * tolerance + 1e-9, (apart.mean(), apart.max())
    return first
