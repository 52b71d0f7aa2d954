"""Dermoscopic criteria in plain words, each with its term of the third consensus of the International Dermoscopy
Society (Kittler et al., J Am Acad Dermatol 2016;74:1093-1106, doi:10.1016/j.jaad.2015.12.038).
"""

from typing import NamedTuple

from pipeline.vocabulary import Criterion

CONSENSUS = ("Kittler et al., J Am Acad Dermatol 2016;74:1093–1106 (third consensus conference of the International "
             "Dermoscopy Society)")


class CriterionWords(NamedTuple):
    """A criterion.

    Attributes:
        name: its metaphoric term; lower: the same within a sentence.
        term: its descriptive term of the consensus.
        meaning: what it looks like, in a sentence.
        seen_in: the diagnoses that the consensus names for it; it proves none of them.
        ask: the question to a class.
    """

    name: str
    term: str
    meaning: str
    seen_in: str
    ask: str

    @property
    def lower(self) -> str:
        return self.name[0].lower() + self.name[1:]


CRITERIA_WORDS: dict[Criterion, CriterionWords] = {
    "pigment_network": CriterionWords(
        "Pigment network", "lines, reticular",
        "Brown lines that cross each other like a net and leave lighter holes between them.",
        "melanocytic lesions, dermatofibroma, solar lentigo", "Is there a pigment network?"),
    "negative_network": CriterionWords(
        "Negative pigment network", "lines, reticular, hypopigmented, around brown clods",
        "Light, winding lines that join each other around elongated, curved brown globules: a network whose lines are "
        "lighter than what they enclose.",
        "melanoma, Spitz nevus", "Is there a negative pigment network?"),
    "streaks": CriterionWords(
        "Streaks", "lines, radial (always at the periphery)",
        "Dark lines at the edge of the lesion that point outwards.",
        "Reed nevus, melanoma, recurrent nevus", "Are there streaks?"),
    "milia_like_cyst": CriterionWords(
        "Milia-like cysts", "dots or clods, white, clustered or disseminated",
        "Round white or yellowish spots, some small and bright like stars, some larger and cloudy.",
        "seborrhoeic keratosis", "Are there milia-like cysts?"),
    "globules": CriterionWords(
        "Globules", "clods, round or oval",
        "Round or oval spots, larger than dots, often brown. Even in size, shape and spacing they are called regular, "
        "else irregular.",
        "melanocytic lesions", "Are there globules?"),
}
