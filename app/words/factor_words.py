"""The words of what a data set records of each image: its factors, and their levels."""

from pipeline.classes import label
from pipeline.data.tables import NOT_RECORDED, TRUTH_WORDS, Factor

FACTOR_WORDS: dict[Factor, str] = {
    "dx": "Diagnosis", "age": "Age band", "sex": "Sex", "localization": "Localization",
    "dx_type": "How the truth was established", "source": "Image source",
}


def level_words(factor: str, level: str) -> str:
    """A level as a person would say it: "Melanoma · mel", "40–59 years", "histology", "not recorded"."""
    if level == NOT_RECORDED:
        return "not recorded"
    if factor == "dx":
        return label(level)
    if factor == "age":
        return "80 years and older" if level == "80-up" else level.replace("-", "–") + " years"
    return TRUTH_WORDS.get(level, level) if factor == "dx_type" else level
