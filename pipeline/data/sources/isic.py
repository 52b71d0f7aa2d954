"""The ISIC challenge archives of 2018 (Task 3) and 2019: their addresses, files and columns, all in this one place; and
where the ISIC archive itself answers about single images.

As their documentation gives them: https://challenge.isic-archive.com/data and, of single images,
https://api.isic-archive.com/api/docs/swagger/. Other addresses that serve the same (a mirror in a hospital, a test) are
set in the environment as $LESIONLAB_ISIC and $LESIONLAB_ISIC_IMAGES.
"""

import os
from dataclasses import dataclass

BASE_VARIABLE = "LESIONLAB_ISIC"
_BASE = "https://isic-challenge-data.s3.amazonaws.com"
PAGE = "https://challenge.isic-archive.com/data"
IMAGES_VARIABLE = "LESIONLAB_ISIC_IMAGES"
_IMAGES_BASE = "https://api.isic-archive.com/api/v2"
GALLERY = "https://gallery.isic-archive.com"

# the diagnoses' columns of a ground truth: one of them is 1 in each row
COLUMNS = {
    "2018": ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC"),
    "2019": ("MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC", "UNK"),
}
OTHER_COLUMNS = ("image", "score_weight", "validation_weight")
# the table beside a ground truth, and what its columns are called here
BESIDE = {
    "2018": ("LesionGroupings", {"lesion_id": "lesion_id", "diagnosis_confirm_type": "dx_type"}),
    "2019": (
        "Metadata",
        {"lesion_id": "lesion_id", "age_approx": "age", "sex": "sex", "anatom_site_general": "localization"},
    ),
}
# 2018's words for how the truth was established, as HAM10000's own table abbreviates them
CONFIRM_TYPES = {
    "histopathology": "histo",
    "serial imaging showing no change": "follow_up",
    "single image expert consensus": "consensus",
    "confocal microscopy with consensus dermoscopy": "confocal",
}
# 2019's lesion ids begin with the collection that the image comes from
COLLECTIONS = {"HAM": "HAM10000", "BCN": "BCN_20000", "MSK": "MSK"}

LICENCE = "CC BY-NC 4.0"
ATTRIBUTION = {
    "task12": "ISIC archive, images of the ISIC 2017 and 2018 challenges with the labels of ISIC 2019 (Codella et al., "
    "arXiv:1710.05006, arXiv:1902.03368; Combalia et al., arXiv:1908.02288)",
    "2018": "ISIC 2018 challenge, Task 3 (Codella et al., arXiv:1902.03368); Tschandl, Rosendahl & Kittler 2018, "
    "HAM10000, doi:10.7910/DVN/DBW86T",
    "2019": "ISIC 2019 challenge: HAM10000 (Tschandl et al. 2018, doi:10.7910/DVN/DBW86T, ViDIR Group, Medical "
    "University of Vienna), BCN_20000 (Hospital Clínic de Barcelona, arXiv:1908.02288), MSK (Codella et al. 2017, "
    "arXiv:1710.05006)",
}


@dataclass(frozen=True)
class ChallengeFiles:
    """Paths below the base address: the tables, and the zip of the images."""

    tables: tuple[str, ...]
    images: str

    @property
    def all(self) -> tuple[str, ...]:
        """The small ones first, so that what is wrong with them shows before gigabytes have come."""
        return (*self.tables, self.images)


_TASK = "2018/ISIC2018_Task3"
FILES = {
    "isic2018-training": ChallengeFiles(
        (f"{_TASK}_Training_GroundTruth.zip", f"{_TASK}_Training_LesionGroupings.csv"), f"{_TASK}_Training_Input.zip"
    ),
    "isic2018-validation": ChallengeFiles((f"{_TASK}_Validation_GroundTruth.zip",), f"{_TASK}_Validation_Input.zip"),
    "isic2018-test": ChallengeFiles((f"{_TASK}_Test_GroundTruth.zip",), f"{_TASK}_Test_Input.zip"),
    "isic2019": ChallengeFiles(
        ("2019/ISIC_2019_Training_GroundTruth.csv", "2019/ISIC_2019_Training_Metadata.csv"),
        "2019/ISIC_2019_Training_Input.zip",
    ),
}


def address(path: str) -> str:
    """Where the file at `path` is served."""
    return f"{(os.environ.get(BASE_VARIABLE) or _BASE).rstrip('/')}/{path}"


def image_address(isic_id: str) -> str:
    """Where the archive answers about the image."""
    return f"{(os.environ.get(IMAGES_VARIABLE) or _IMAGES_BASE).rstrip('/')}/images/{isic_id}/"
