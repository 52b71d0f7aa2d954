"""Start over at a stand: teaching sets and notes stay, unless the operator lets this visit's or all be put away."""

import json

import pytest

from pipeline.runs.teaching import (
    Kept,
    Remark,
    create_set,
    list_sets,
    read_remarks,
    remarks_path,
    restore_set,
    set_path,
    write_remark,
    written_since,
)
from tests.app_pages import button, open_page
from tests.hand_made import make_dataset, make_run

CHOICE = "start_over.teaching"


@pytest.fixture
def prepared(workspace, tmp_path):
    """A workspace in which the educator made a set and a note an hour ago."""
    run = make_run(workspace, make_dataset(workspace, tmp_path))
    one = create_set(workspace, "The educator's", "", "generated", run, ["IMG_0001"])
    write_remark(workspace, "generated", "IMG_0001", Remark("Look here.", True))
    for path in (set_path(workspace, one.id), remarks_path(workspace, "generated")):
        told = json.loads(path.read_text())
        (told if "created" in told else told["IMG_0001"]).update({"created" if "created" in told else "written": 1.0})
        path.write_text(json.dumps(told))
    return workspace, run


def visited(prepared):
    """The page Home of a visitor who made a set and two notes."""
    workspace, run = prepared
    at = open_page("home")
    create_set(workspace, "A visitor's", "", "generated", run, ["IMG_0002"])
    write_remark(workspace, "generated", "IMG_0002", Remark("Ugly."))
    write_remark(workspace, "generated", "IMG_0003", Remark("", True))
    return at.run()


def names(workspace):
    return [one.name for one in list_sets(workspace)]


def test_nothing_is_asked_where_nothing_was_written(workspace):
    assert CHOICE not in [radio.key for radio in open_page("home").radio]


def test_they_stay_unless_something_else_is_chosen(prepared):
    at = visited(prepared)
    box = at.radio(key=CHOICE)
    assert box.value == "keep" and box.options[0] == "Keep all: 2 teaching sets, notes on 3 images"
    assert box.options[1].endswith(": 1 teaching set, notes on 2 images")
    assert box.options[2] == "Put away all, the educator's too: 2 teaching sets, notes on 3 images"
    button(at, "Start over").click().run()
    assert names(prepared[0]) == ["A visitor's", "The educator's"] and not at.exception
    assert len(read_remarks(prepared[0], "generated")) == 3


def test_this_visits_are_put_away_and_the_educators_stay(prepared):
    workspace, _ = prepared
    at = visited(prepared)
    at.radio(key=CHOICE).set_value("visit").run()
    button(at, "Start over").click().run()
    assert names(workspace) == ["The educator's"] and not at.exception
    assert read_remarks(workspace, "generated") == {"IMG_0001": Remark("Look here.", True)}
    assert f"Teaching sets and notes were put away into {workspace.bin / 'teaching'}." in at.toast[0].value
    assert at.run().radio(key=CHOICE).value == "keep"  # for the next visitor nothing is chosen


def test_all_are_put_away_and_can_be_taken_back(prepared):
    workspace, _ = prepared
    at = visited(prepared)
    at.radio(key=CHOICE).set_value("all").run()
    button(at, "Start over").click().run()
    assert written_since(workspace, 0.0) == Kept(0, 0) and not at.exception
    assert CHOICE not in [radio.key for radio in at.radio]
    assert restore_set(workspace, "set-1").name == "The educator's"
    (away,) = (workspace.bin / "teaching").glob("images-*/generated.json")
    assert json.loads(away.read_text())["IMG_0001"]["note"] == "Look here."


def test_a_note_of_an_older_version_is_nobodys_visit(prepared):
    workspace, _ = prepared
    remarks_path(workspace, "generated").write_text('{"IMG_0001": {"note": "old", "doubtful": false}}')
    assert written_since(workspace, 1.0) == Kept(1, 0) and written_since(workspace, 0.0) == Kept(1, 1)
