"""HDF5 files and tables laid out like ISIC 2024's, small."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.small_archives import jpeg

HDF5, METADATA = "train-image.hdf5", "train-metadata.csv"
_HEADER = (
    "isic_id,target,patient_id,age_approx,sex,anatom_site_general,image_type,tbp_lv_A,attribution,copyright_license,"
    "lesion_id,iddx_full,iddx_1,iddx_2,iddx_3\n"
)
_BENIGN = "0,IP_{patient},60.0,male,lower extremity,TBP tile: close-up,20.24,{centre},CC-BY,,Benign,Benign,,\n"
_MALIGNANT = (
    "1,IP_{patient},75.0,female,posterior torso,TBP tile: close-up,21.5,{centre},CC-BY-NC,IL_{number},"
    "Malignant::Melanoma,Malignant,Malignant melanocytic proliferations (Melanoma),Melanoma Invasive\n"
)
_CENTRES = ("Memorial Sloan Kettering Cancer Center", '"Department of Dermatology, Hospital Clínic de Barcelona"')


def isic_ids(images: int) -> list[str]:
    return [f"ISIC_{number:07d}" for number in range(15_670, 15_670 + images)]


def pictures(images: int) -> dict[str, bytes]:
    """JPEGs by isic_id: squares of about 130 pixels, each of its own size."""
    return {isic_id: jpeg(n, (130 + n, 130 + n)) for n, isic_id in enumerate(isic_ids(images))}


def write_hdf5(
    path: Path, images: Mapping[str, bytes], stored: Callable[[bytes], Any] = np.bytes_, **options: Any
) -> Path:
    """A data set for each image; `stored` gives its value, as ISIC 2024's a string of fixed length."""
    with h5py.File(path, "w", **options) as file:
        for isic_id, content in images.items():
            file.create_dataset(isic_id, data=stored(content))
    return path


def metadata(images: int) -> bytes:
    """The table: every fourth image malignant, two images a patient."""
    rows = (
        f"{isic_id}," + (_MALIGNANT if n % 4 == 1 else _BENIGN).format(
            patient=n // 2, centre=_CENTRES[n % 2], number=n)
        for n, isic_id in enumerate(isic_ids(images))
    )
    return (_HEADER + "".join(rows)).encode()


def isic_2024(folder: Path, images: int = 8) -> Path:
    """A folder as one downloads it."""
    folder.mkdir(parents=True)
    write_hdf5(folder / HDF5, pictures(images))
    (folder / METADATA).write_bytes(metadata(images))
    return folder
