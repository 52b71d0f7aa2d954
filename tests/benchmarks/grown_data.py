"""Generated metadata of any number of rows with HAM10000's shares, over a few tiny JPEGs under many names; and what an
audit would compare of as many images."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from tests.hand_made import image_bytes

# HAM10000's images of each diagnosis; 7,470 lesions of 10,015 images
_IMAGES_OF = {"akiec": 327, "bcc": 514, "bkl": 1099, "df": 115, "mel": 1113, "nv": 6705, "vasc": 142}
_LESIONS_PER_IMAGE = 0.746
_LEAST = 10  # lesions of each diagnosis
_FILES, _SIZE = 64, (16, 12)
_CHUNK, _TWINS = 10_000, 50  # rows that are made together; of so many one is a twin of the row before it
FEATURES, ORIENTATIONS = 1280, 8  # of an image, as the audit computes them
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
    """A folder to import, whose images lie in one HDF5 file, as ISIC 2024's do: a zip or a folder may not hold as many.
    """
    folder.mkdir()
    pictures = [np.bytes_(image_bytes(number, generated=False, size=_SIZE)) for number in range(_FILES)]
    table = grown_rows(rows, seed)
    with h5py.File(folder / "images.hdf5", "w") as file:
        for number, image_id in enumerate(table["image_id"]):
            file.create_dataset(image_id, data=pictures[number % _FILES])
    table.to_csv(folder / "HAM10000_metadata.csv", index=False)
    return folder


def write_grown_features(folder: Path, rows: int, seed: int = 0) -> Path:
    """`features.f4` (rows, FEATURES) and `hashes.u8` (rows, ORIENTATIONS) in a new folder: noise along a few
    directions, and here and there a twin."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(64, FEATURES)).astype(np.float32)
    with (folder / "features.f4").open("wb") as features, (folder / "hashes.u8").open("wb") as hashes:
        for start in range(0, rows, _CHUNK):
            some = min(_CHUNK, rows - start)
            found = rng.standard_normal((some, 64), dtype=np.float32) @ directions
            found += rng.standard_normal((some, FEATURES), dtype=np.float32)
            bits = rng.integers(0, 2**63, (some, ORIENTATIONS), dtype=np.uint64)
            twins = np.arange(1, some, _TWINS)
            found[twins], bits[twins] = found[twins - 1] + 0.1, bits[twins - 1]
            found.tofile(features)
            bits.tofile(hashes)
    return folder
