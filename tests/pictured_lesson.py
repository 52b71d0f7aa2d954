"""A lesson whose pictures are here and are no drawings."""

from pathlib import Path

from pipeline.classroom.lesson import Lesson
from pipeline.data.importing import import_dataset
from pipeline.files.workspace import Workspace
from tests.small_archives import files_of, rows, write_zip
from tests.small_lesson import item, small_lesson


def pictured_lesson(workspace: Workspace, folder: Path, items: int, size: tuple[int, int] = (600, 450)) -> Lesson:
    """One form of images of `size` (width, height) that the workspace has from now on; the model calls each a nevus.

    Args:
        folder: takes what is imported.
    """
    dataset = import_dataset(workspace, write_zip(folder / "images.zip", files_of(rows(2 * items), size=size)),
                             "pictures")
    first = dataset.metadata().drop_duplicates("lesion_id").head(items)
    chosen = tuple(item(n, row.dx, "nv", image_id=row.image_id, lesion_id=row.lesion_id)
                   for n, row in enumerate(first.itertuples()))
    return small_lesson(forms={"A": chosen}, data="pictures")
