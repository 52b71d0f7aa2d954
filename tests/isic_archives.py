"""Archives in the shape of the ISIC challenges, made of generated drawings or of noise, as files by their path."""

import numpy as np
import pandas as pd

from pipeline.data.sources.isic import COLUMNS
from tests.small_archives import write_zip


def one_hot(ids: list[str], codes: list[str], year: str) -> pd.DataFrame:
    """A ground truth: `image`, and 1.0 in the column of each image's diagnosis."""
    columns = COLUMNS[year]
    marks = np.array([[float(column.lower() == code) for column in columns] for code in codes])
    return pd.DataFrame(marks, columns=list(columns)).assign(image=ids)[["image", *columns]]


def zipped(tmp_path, files: dict[str, bytes]) -> bytes:
    return write_zip(tmp_path / "zipped.zip", files).read_bytes()


def csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False).encode()


def isic2018(tmp_path, part: str, images: dict[str, bytes], codes: list[str], lesions: list[str] | None = None) -> dict:
    """The files of one part of ISIC 2018, Task 3, by their path below the base address."""
    stem = f"ISIC2018_Task3_{part}"
    truth = {f"{stem}_GroundTruth/{stem}_GroundTruth.csv": csv(one_hot(list(images), codes, "2018")),
             f"{stem}_GroundTruth/LICENSE.txt": b"CC BY-NC", f"{stem}_GroundTruth/ATTRIBUTION.txt": b"x"}
    files = {
        f"/2018/{stem}_GroundTruth.zip": zipped(tmp_path, truth),
        f"/2018/{stem}_Input.zip": zipped(tmp_path, {f"{stem}_Input/{i}.jpg": c for i, c in images.items()}),
    }
    if lesions:
        words = ["histopathology", "serial imaging showing no change", "single image expert consensus",
                 "confocal microscopy with consensus dermoscopy"]
        table = pd.DataFrame({"image": list(images), "lesion_id": lesions})
        table["diagnosis_confirm_type"] = [words[n % 4] for n in range(len(table))]
        files[f"/2018/{stem}_LesionGroupings.csv"] = csv(table)
    return files


def isic2019(tmp_path, images: dict[str, bytes], codes: list[str], lesions: list[str | None]) -> dict[str, bytes]:
    """The files of ISIC 2019, by their path below the base address; a lesion id may be missing."""
    table = pd.DataFrame({"image": list(images), "age_approx": 55.0, "anatom_site_general": "anterior torso"})
    table["lesion_id"], table["sex"] = lesions, "female"
    table.loc[0, ["age_approx", "anatom_site_general", "sex"]] = None
    return {
        "/2019/ISIC_2019_Training_GroundTruth.csv": csv(one_hot(list(images), codes, "2019")),
        "/2019/ISIC_2019_Training_Metadata.csv": csv(table),
        "/2019/ISIC_2019_Training_Input.zip": zipped(
            tmp_path, {f"ISIC_2019_Training_Input/{i}.jpg": c for i, c in images.items()}
        ),
    }
