"""For what a lesson's images may be shown: many licences of dermatoscopic images forbid commercial use."""

import re
from collections.abc import Mapping
from dataclasses import replace

from pipeline.classroom.lesson import Lesson

_FREE = re.compile(r"\bCC0\b|\bpublic domain\b|\bCC BY(?:-SA|-ND)? \d", re.IGNORECASE)
_NON_COMMERCIAL = re.compile(r"\bNC\b|non-?commercial", re.IGNORECASE)


def is_free(licence: str) -> bool:
    """Whether images under that licence, in words, may be shown anywhere; not where none is known."""
    return _NON_COMMERCIAL.search(licence) is None and _FREE.search(licence) is not None


def non_commercial_alone(lesson: Lesson) -> bool:
    """Whether its images may be shown in non-commercial teaching alone; so they are where no licence is known. Drawings
    are free.
    """
    return not lesson.generated and not is_free(lesson.licence)


def free_part(lesson: Lesson, licences: Mapping[str, str]) -> Lesson | None:
    """What of the lesson may be shown anywhere; None where that is nothing. Where its forms would be of unequal length,
    form A alone.

    Args:
        licences: of its images, by image_id; one that has none here is left out.
    """
    if not non_commercial_alone(lesson):
        return lesson
    forms = {form: tuple(item for item in items if is_free(licences.get(item.image_id, "")))
             for form, items in lesson.forms.items()}
    if not forms["A"]:
        return None
    parallel = len({len(items) for items in forms.values()}) == 1
    return replace(lesson, forms=forms if parallel else {"A": forms["A"]})
