"""Small archives laid out like HAM10000, as a mapping of path to bytes that a test bends before it is written."""

import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from pipeline.images.generated import exif_with_notice

CODES = ("bcc", "mel", "nv")
TABLE = "HAM10000_metadata.csv"


def exactly(sentence: str) -> str:
    """A pattern for `match=` that only the whole sentence fits."""
    return f"^{re.escape(sentence)}$"


def encoded(pixels: np.ndarray, kind: str = "JPEG", **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def noise(seed: int, size: tuple[int, int] = (32, 24)) -> np.ndarray:
    """uint8 (height, width, 3), another for each seed."""
    return np.random.default_rng(seed).integers(60, 220, (size[1], size[0], 3), dtype=np.uint8)


def jpeg(seed: int, size: tuple[int, int] = (32, 24), generated: bool = False) -> bytes:
    return encoded(noise(seed, size), **({"exif": exif_with_notice()} if generated else {}))


def mask_png(size: tuple[int, int] = (32, 24)) -> bytes:
    pixels = np.zeros((size[1], size[0]), dtype=np.uint8)
    pixels[8:16, 8:16] = 255
    return encoded(pixels, "PNG")


def rows(images: int = 24, codes: tuple[str, ...] = CODES) -> pd.DataFrame:
    """Two images a lesion, the diagnoses in turn."""
    lesions = [n // 2 for n in range(images)]
    return pd.DataFrame(
        {
            "lesion_id": [f"HAM_{n:07d}" for n in lesions],
            "image_id": [f"ISIC_{n:07d}" for n in range(images)],
            "dx": [codes[n % len(codes)] for n in lesions],
            "dx_type": "histo", "age": "50.0", "sex": "male", "localization": "back",
        }
    )


def files_of(table: pd.DataFrame, folder: str = "images/", suffix: str = ".jpg", **of_image) -> dict[str, bytes]:
    """The table and an image for each of its rows."""
    images = {f"{folder}{i}{suffix}": jpeg(n, **of_image) for n, i in enumerate(table["image_id"])}
    return {TABLE: table.to_csv(index=False).encode(), **images}


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def everything(folder: Path) -> dict[str, bytes]:
    """Each file below `folder` with its content, locks and markers left aside."""
    files = (path for path in folder.rglob("*") if path.is_file() and "locks" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
