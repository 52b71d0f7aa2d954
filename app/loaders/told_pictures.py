"""What is here beside a lesson's picture: regions that its run stored, look-alikes that were computed, and a note."""

from typing import NamedTuple

import numpy as np

from app.loaders import case_tables, evaluation_rows, resources
from app.loaders.class_pictures import content_of, picture_named, picture_of
from app.loaders.image_pixels import regions_picture
from pipeline.classroom.lesson import Item, Lesson
from pipeline.classroom.lesson_look_alikes import confused_with, look_alikes, still_to_come
from pipeline.classroom.room import Room
from pipeline.errors import ImageError, RunError
from pipeline.metrics.predictions_table import probability_column
from pipeline.networks.overlay import has_evidence
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import read_remarks, taught_data

_OPACITY = 0.6
_SAME = 1e-4  # by which probabilities of one answer may differ: files round them


class ToldPicture(NamedTuple):
    """A JPEG or PNG file's bytes, and a diagnosis, a code: that of the output that the regions raised, or a
    look-alike's reference diagnosis.
    """

    content: bytes
    code: str


def _run_of(lesson: Lesson, item: Item) -> RunDir | None:
    """The run that the item's probabilities come from; a lesson from elsewhere may name another one of that name."""
    run = next((run for run in resources.runs() if run.name == lesson.run and run.predictions_path.exists()), None)
    if run is None:
        return None
    try:
        said = evaluation_rows.decided(run, "as-data").set_index("image_id")
    except RunError:
        return None
    columns = {probability_column(code): share for code, share in item.probabilities.items()}
    if item.image_id not in said.index or not columns.keys() <= set(said.columns):
        return None
    same = np.allclose(said.loc[item.image_id, list(columns)].to_numpy(dtype=float), list(columns.values()), atol=_SAME)
    return run if same else None


def regions_here(lesson: Lesson, item: Item) -> ToldPicture | None:
    """The picture with the regions that raised the run's own answer; None where they, or the picture, are not here.

    Raises:
        WorkspaceError: the file of heatmaps is damaged.
    """
    run, picture = _run_of(lesson, item), picture_of(lesson, item)
    stored = resources.heatmaps(run) if run else None
    index = stored.row.get(item.image_id) if stored else None
    if run is None or stored is None or index is None or picture is None:
        return None
    heatmap = stored.predicted[index].astype(np.float32)
    if not has_evidence(heatmap):
        return None
    try:
        content = regions_picture(picture.path, heatmap, run.config(), _OPACITY)
    except ImageError:
        return None
    return ToldPicture(content, str(case_tables.cases(run).at[item.image_id, "predicted"]))


def look_alikes_here(room: Room, item: Item, position: int) -> list[ToldPicture]:
    """Look-alikes of the reference diagnosis and of the one that the item is confused with, whose pictures are here;
    none of a lesion that the class may still be asked about after `position`.

    Raises:
        WorkspaceError: the file of look-alikes is damaged.
    """
    lesson = room.lesson
    run = _run_of(lesson, item)
    stored = case_tables.neighbours(run) if run else None
    if stored is None:
        return []
    rows = look_alikes(stored, item, confused_with(lesson, item), still_to_come(room, position))
    found = []
    for row in rows.itertuples():
        content = content_of(picture_named(lesson.generated, str(row.neighbour), str(row.dx)))
        if content is not None:
            found.append(ToldPicture(content, str(row.dx)))
    return found


def note_on(lesson: Lesson, item: Item) -> str:
    """What the educator wrote down beside the image; "" where nothing.

    Raises:
        WorkspaceError: the file of notes is damaged.
    """
    run = _run_of(lesson, item)
    here = [dataset.name for dataset in resources.datasets() if dataset.name == lesson.data]
    for data in dict.fromkeys([*([taught_data(run)] if run else []), *here]):
        remark = read_remarks(resources.workspace(), data).get(item.image_id)
        if remark is not None and remark.note:
            return remark.note
    return ""
