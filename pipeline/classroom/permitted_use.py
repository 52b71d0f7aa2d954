"""For what a lesson's images may be shown: many licences of dermatoscopic images forbid commercial use."""

import re

from pipeline.classroom.lesson import Lesson

_FREE = re.compile(r"\bCC0\b|\bpublic domain\b|\bCC BY(?:-SA|-ND)? \d", re.IGNORECASE)
_NON_COMMERCIAL = re.compile(r"\bNC\b|non-?commercial", re.IGNORECASE)


def non_commercial_alone(lesson: Lesson) -> bool:
    """Whether its images may be shown in non-commercial teaching alone; so they are where no licence is known. Drawings
    are free.
    """
    if lesson.generated:
        return False
    return _NON_COMMERCIAL.search(lesson.licence) is not None or _FREE.search(lesson.licence) is None
