"""What a seat can tick of a picture beside its answer, never scored: the structures that it sees.

The six groups are those on which raters agree whatever the lesson is (PMC9892985). The features of melanocytic lesions
are those eight of 31 on whose presence experts agreed best on exemplar images (Gwet's AC above 0.75): Liopyris et al.,
J Invest Dermatol 2024;144:531-539, doi:10.1016/j.jid.2023.01.045. They are offered where all pictures of a lesson are
of melanocytic lesions: beside other pictures they would tell the diagnosis.
"""

from pipeline.classes import MELANOMA, NEVUS
from pipeline.classroom.clinical_terms import BLUE_WHITISH_VEIL, CRITERIA, STRUCTURES
from pipeline.classroom.lesson import Lesson
from pipeline.classroom.room_plan import Plan
from pipeline.languages import marked

MELANOCYTIC_FEATURES: dict[str, str] = {
    "peppering": marked("peppering (granularity)"), "shiny_white_streaks": marked("shiny white streaks"),
    "typical_network": marked("typical pigment network"), "irregular_blotch": marked("irregular blotch"),
    "negative_network": CRITERIA["negative_network"], "irregular_globules": marked("irregular globules"),
    "dotted_vessels": marked("dotted vessels"), "blue_whitish_veil": BLUE_WHITISH_VEIL,
}
POLARISED_ALONE = "shiny_white_streaks"  # no data set here says of its images whether the light was polarised
NOT_ASSESSABLE = marked("Shiny white streaks: not assessable, as it is not recorded whether the light was polarised.")
TICKS = STRUCTURES | MELANOCYTIC_FEATURES


def melanocytic_alone(lesson: Lesson) -> bool:
    """Whether each of its pictures is of a melanoma or a nevus."""
    return {item.dx for items in lesson.forms.values() for item in items} <= {MELANOMA, NEVUS}


def offered_ticks(plan: Plan) -> dict[str, str]:
    """What can be ticked, by code, in words to be said; nothing where the class is not asked."""
    if not plan.tick_criteria:
        return {}
    if not plan.melanocytic_ticks:
        return STRUCTURES
    return {code: words for code, words in MELANOCYTIC_FEATURES.items() if code != POLARISED_ALONE}
