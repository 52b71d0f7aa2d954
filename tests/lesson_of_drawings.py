"""A lesson of images that are here, drawings or not, for tests of the pages of a class."""

import dataclasses
from pathlib import Path

from pipeline.classroom.lesson import Lesson
from pipeline.files.workspace import Workspace
from tests.hand_made import CODES, make_dataset
from tests.small_lesson import item, small_lesson


def lesson_of_drawings(workspace: Workspace, folder: Path, generated: bool = True) -> Lesson:
    """A melanoma, a melanoma that the model takes for a nevus, and a nevus; not stored yet.

    Args:
        generated: whether they are marked as drawings.
    """
    make_dataset(workspace, folder, generated=generated)
    lesion = {code: 2 * place for place, code in enumerate(CODES)}
    items = tuple(
        dataclasses.replace(item(1, dx, said), image_id=f"IMG_{number:04d}", lesion_id=f"LES_{number // 2:04d}")
        for dx, said, number in (("mel", "mel", lesion["mel"]), ("mel", "nv", lesion["mel"] + 14),
                                 ("nv", "nv", lesion["nv"])))
    return small_lesson(forms={"A": items}, generated=generated)
