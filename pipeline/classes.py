"""The diagnoses: code, full name, what the name covers, and the malignancy group, as the field uses them.

Names and groups follow Tschandl et al. 2018 (HAM10000) and the ISIC challenges of 2018 and 2019. Which of them a
data set has is the data set's own affair: nothing here fixes a class list.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Group = Literal["malignant", "in situ or precursor", "benign", "unknown"]


@dataclass(frozen=True)
class Diagnosis:
    """One diagnosis: lower-case `code`, `name` for headings, `covers` in words, and its `group`."""

    code: str
    name: str
    covers: str
    group: Group

    @property
    def label(self) -> str:
        """Full name first, code second, as every page shows it."""
        return f"{self.name} · {self.code}"


DIAGNOSES: dict[str, Diagnosis] = {
    d.code: d
    for d in (
        Diagnosis("mel", "Melanoma", "invasive or in situ", "malignant"),
        Diagnosis("bcc", "Basal cell carcinoma", "all types", "malignant"),
        Diagnosis("scc", "Squamous cell carcinoma", "invasive or in situ, as ISIC 2019 labels it", "malignant"),
        Diagnosis(
            "akiec",
            "Actinic keratosis or Bowen's disease",
            "actinic keratosis, or squamous cell carcinoma in situ (Bowen's disease)",
            "in situ or precursor",
        ),
        Diagnosis("ak", "Actinic keratosis", "actinic keratosis alone, as ISIC 2019 labels it", "in situ or precursor"),
        Diagnosis("nv", "Melanocytic nevus", "all types", "benign"),
        Diagnosis(
            "bkl",
            "Benign keratosis",
            "seborrhoeic keratosis, solar lentigo, lichen planus-like keratosis",
            "benign",
        ),
        Diagnosis("df", "Dermatofibroma", "all types", "benign"),
        Diagnosis(
            "vasc",
            "Vascular lesion or haemorrhage",
            "angioma, angiokeratoma, pyogenic granuloma, haemorrhage",
            "benign",
        ),
        Diagnosis("unk", "None of the others", "ISIC 2019's unknown class", "unknown"),
        Diagnosis("benign", "Benign lesion", "any benign diagnosis; which one is not recorded", "benign"),
        Diagnosis("malignant", "Malignant lesion", "any malignant diagnosis; which one is not recorded", "malignant"),
    )
}

MELANOMA, NEVUS = "mel", "nv"


def label(code: str) -> str:
    """"Melanoma · mel" for a known code; the code itself for one that this table lacks."""
    return DIAGNOSES[code].label if code in DIAGNOSES else code


def malignant(codes: Iterable[str]) -> list[str]:
    """Those of `codes` whose group is malignant."""
    return [c for c in codes if DIAGNOSES[c].group == "malignant"]


def malignant_or_precursor(codes: Iterable[str]) -> list[str]:
    """Those of `codes` that are malignant, in situ or a precursor."""
    return [c for c in codes if DIAGNOSES[c].group in ("malignant", "in situ or precursor")]
