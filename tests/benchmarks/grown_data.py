"""Generated metadata of any number of rows with HAM10000's shares, over a few tiny JPEGs under many names."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from tests.hand_made import image_bytes

# HAM10000's images of each diagnosis; 7,470 lesions of 10,015 images
_IMAGES_OF = {"akiec": 327, "bcc": 514, "bkl": 1099, "df": 115, "mel": 1113, "nv": 6705, "vasc": 142}
_LESIONS_PER_IMAGE = 0.746
_LEAST = 10  # lesions of each diagnosis
_FILES, _SIZE = 64, (16, 12)
_PLACES = ("abdomen", "back", "chest", "face", "foot", "hand", "lower extremity", "neck", "scalp", "trunk", "unknown",
           "upper extremity")


def grown_rows(rows: int, seed: int) -> pd.DataFrame:
    """HAM10000's columns and `dataset`, a row an image; all images of a lesion have its diagnosis."""
    rng = np.random.default_rng(seed)
    lesions = max(round(_LESIONS_PER_IMAGE * rows), len(_IMAGES_OF))
    lesion = np.concatenate([np.arange(lesions), rng.integers(0, lesions, rows - lesions)])
    shares = np.array([*_IMAGES_OF.values()]) / sum(_IMAGES_OF.values())
    dx = rng.choice([*_IMAGES_OF], lesions, p=shares)
    dx[: _LEAST * len(_IMAGES_OF)] = np.resize([*_IMAGES_OF], _LEAST * len(_IMAGES_OF))[:lesions]
    return pd.DataFrame({
        "lesion_id": [f"HAM_{number:07d}" for number in lesion], "image_id": [f"ISIC_{n:07d}" for n in range(rows)],
        "dx": dx[lesion], "dx_type": rng.choice(["histo", "follow_up", "consensus", "confocal"], rows),
        "age": 5 * rng.integers(1, 18, rows), "sex": rng.choice(["male", "female", "unknown"], rows),
        "localization": rng.choice(_PLACES, rows), "dataset": rng.choice(["one", "two", "three", "four"], rows),
    })


def write_grown_folder(folder: Path, rows: int, seed: int = 0) -> Path:
    """A folder to import, made in seconds: its images are hard links to a few files."""
    folder.mkdir()
    first = folder.with_name(f"{folder.name}-files")
    first.mkdir()
    for number in range(_FILES):
        (first / f"{number}.jpg").write_bytes(image_bytes(number, generated=False, size=_SIZE))
    table = grown_rows(rows, seed)
    for number, image_id in enumerate(table["image_id"]):
        os.link(first / f"{number % _FILES}.jpg", folder / f"{image_id}.jpg")
    table.to_csv(folder / "HAM10000_metadata.csv", index=False)
    return folder
