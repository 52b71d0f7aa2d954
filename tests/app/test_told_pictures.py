"""What is here beside a lesson's picture comes from the very run that the lesson was drawn from."""

import dataclasses

import pandas as pd
import pytest

from app.loaders import told_pictures
from app.loaders.told_pictures import look_alikes_here, note_on, regions_here
from pipeline.classroom.lesson_look_alikes import confused_with
from pipeline.explain.neighbours import COLUMNS
from pipeline.metrics.predictions_table import probability_column
from pipeline.runs.teaching import Remark, taught_data, write_remark
from tests.class_rooms import class_of
from tests.hand_made import CODES, make_dataset, make_run
from tests.small_lesson import item, small_lesson


@pytest.fixture
def drawn(workspace, tmp_path):
    """A run, and a lesson of one image that it judged."""
    run = make_run(workspace, make_dataset(workspace, tmp_path))
    row = told_pictures.evaluation_rows.decided(run, "as-data").iloc[0]
    shares = {code: float(row[probability_column(code)]) for code in CODES}
    one = item(1, row["truth"], row["truth"], image_id=row["image_id"], lesion_id=row["lesion_id"],
               probabilities=shares)
    return run, small_lesson(forms={"A": (one,)}, generated=True, run=run.name, data="generated")


def test_regions_are_of_what_the_run_said(drawn, workspace):
    run, lesson = drawn
    one = lesson.items("A")[0]
    found = regions_here(lesson, one)
    predicted = run.predictions().set_index("image_id").at[one.image_id, "predicted"]
    assert found is not None and found.content.startswith(b"\xff\xd8") and found.code == predicted
    assert look_alikes_here(class_of(workspace, lesson), one, 0) == [], "none were computed"


def test_another_run_of_the_same_name_says_nothing(drawn, workspace):
    _, lesson = drawn
    one = lesson.items("A")[0]
    other = dataclasses.replace(one, probabilities=item(1, "mel", "mel").probabilities)
    assert regions_here(lesson, other) is None and look_alikes_here(class_of(workspace, lesson), other, 0) == []


def test_a_note_is_the_educators(drawn, workspace):
    run, lesson = drawn
    one = lesson.items("A")[0]
    assert note_on(lesson, one) == ""
    write_remark(workspace, taught_data(run), one.image_id, Remark("Mind the border."))
    assert note_on(lesson, one) == "Mind the border."
    astray = dataclasses.replace(lesson, data="../../elsewhere", run="none")
    assert note_on(astray, one) == "", "a lesson from elsewhere names no path"


def test_look_alikes_that_were_computed_are_shown_with_their_pictures(drawn, workspace):
    run, lesson = drawn
    one, confused = lesson.items("A")[0], confused_with(lesson, lesson.items("A")[0])
    table = told_pictures.resources.metadata(told_pictures.resources.datasets()[0]).reset_index(drop=True)
    rows = []
    for kind, dx in (("same", one.dx), ("other", confused)):
        found = table[(table["dx"] == dx) & (table["lesion_id"] != one.lesion_id)].drop_duplicates("lesion_id").head(3)
        rows += [(one.image_id, kind, rank, image.image_id, image.lesion_id, dx, 0.9 - rank / 10)
                 for rank, image in enumerate(found.itertuples(), 1)]
    pd.DataFrame(rows, columns=COLUMNS).assign(data="generated").to_parquet(run.neighbours_path, index=False)
    found = look_alikes_here(class_of(workspace, lesson), one, 0)
    assert [picture.code for picture in found] == [one.dx, one.dx, confused, confused]
    assert all(picture.content.startswith(b"\xff\xd8") for picture in found)
