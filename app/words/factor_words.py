"""The words of what a data set records of each image: its factors, and their levels."""

from pipeline.classes import label
from pipeline.data.tables import MISSING, NOT_RECORDED, TRUTH_WORDS, Factor
from pipeline.shown import as_text

FACTOR_WORDS: dict[Factor, str] = {
    "dx": "Diagnosis", "age": "Age band", "sex": "Sex", "localization": "Localization",
    "dx_type": "How the reference diagnosis was made", "source": "Image source",
    "fitzpatrick": "Fitzpatrick skin type",
}


def level_words(factor: str, level: str) -> str:
    """A level as a person would say it: "Melanoma · mel", "40–59 years", "histology", "not recorded"."""
    if level == NOT_RECORDED:
        return "not recorded"
    if factor == "dx":
        return label(level)
    if factor == "fitzpatrick":
        return f"type {level}"
    if factor == "age":
        return "80 years and older" if level == "80-up" else level.replace("-", "–") + " years"
    return TRUTH_WORDS.get(level, level) if factor == "dx_type" else level


def reference(dx: str, dx_type: str | None = None, *, generated: bool) -> str:
    """The reference diagnosis and how it was made, as markdown; of a drawing what it was drawn as, whatever its table
    says.

    Args:
        dx_type: a level of that factor; None leaves it unsaid.
    """
    if generated:
        return f"**Drawn as:** {as_text(label(dx))}"
    if dx_type is None:
        made = ""
    elif dx_type in MISSING:
        made = " (how it was made is not recorded)"
    else:
        made = f" ({as_text(level_words('dx_type', dx_type))})"
    return f"**Reference diagnosis:** {as_text(label(dx))}{made}"


def reference_noun(*, generated: bool) -> str:
    """What an image's reference diagnosis is called within a sentence."""
    return "what it was drawn as" if generated else "the reference diagnosis"
