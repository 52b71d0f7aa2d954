"""A lesson of the drawings that ship, with what a network said of them, and the data set that has them."""

from pathlib import Path
from shutil import copy

import pandas as pd

from pipeline.classroom.lesson import Item, Lesson
from pipeline.data.importing import import_dataset
from pipeline.explain.drawn_lesions import FOLDER, read_drawings
from pipeline.files.workspace import Workspace
from tests.small_lesson import PRIORS, small_lesson


def drawn_lesson(workspace: Workspace, folder: Path) -> Lesson:
    """The lesson, whose pictures the workspace has from now on; `folder` takes what is imported."""
    drawings, source = read_drawings().drawings, folder / "drawings"
    source.mkdir()
    for one in drawings:
        copy(FOLDER / one.file, source / one.file)
    pd.DataFrame([
        {"lesion_id": one.image_id.replace("GEN", "LES"), "image_id": one.image_id, "dx": one.drawn_as,
         "dx_type": "consensus", "age": one.age, "sex": one.sex, "localization": one.localization}
        for one in drawings
    ]).to_csv(source / "HAM10000_metadata.csv", index=False)
    import_dataset(workspace, source, "drawings")
    total = {one.image_id: sum(one.probabilities.values()) for one in drawings}
    items = tuple(
        Item(one.image_id, one.image_id.replace("GEN", "LES"), one.drawn_as, "consensus", one.sex, one.localization, "",
             one.age, {code: share / total[one.image_id] for code, share in one.probabilities.items()}, "any", False, 0)
        for one in drawings)
    assert set(PRIORS) == set(items[0].probabilities)
    return small_lesson(forms={"A": items}, generated=True, asks="diagnosis", licence="Apache-2.0")
