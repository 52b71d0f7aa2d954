"""What is here beside a lesson's picture comes from the very run that the lesson was drawn from."""

import dataclasses

import pytest

from app.loaders import told_pictures
from app.loaders.told_pictures import look_alikes_here, note_on, regions_here
from pipeline.metrics.predictions_table import probability_column
from pipeline.runs.teaching import Remark, taught_data, write_remark
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


def test_regions_are_of_what_the_run_said(drawn):
    run, lesson = drawn
    one = lesson.items("A")[0]
    found = regions_here(lesson, one)
    predicted = run.predictions().set_index("image_id").at[one.image_id, "predicted"]
    assert found is not None and found.content.startswith(b"\xff\xd8") and found.code == predicted
    assert look_alikes_here(lesson, one, 0) == [], "none were computed"


def test_another_run_of_the_same_name_says_nothing(drawn):
    _, lesson = drawn
    one = lesson.items("A")[0]
    other = dataclasses.replace(one, probabilities=item(1, "mel", "mel").probabilities)
    assert regions_here(lesson, other) is None and look_alikes_here(lesson, other, 0) == []


def test_a_note_is_the_educators(drawn, workspace):
    run, lesson = drawn
    one = lesson.items("A")[0]
    assert note_on(lesson, one) == ""
    write_remark(workspace, taught_data(run), one.image_id, Remark("Mind the border."))
    assert note_on(lesson, one) == "Mind the border."
    astray = dataclasses.replace(lesson, data="../../elsewhere", run="none")
    assert note_on(astray, one) == "", "a lesson from elsewhere names no path"
