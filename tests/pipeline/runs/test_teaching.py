"""Teaching sets and remarks on the disk: made, changed, put away and taken back."""

import json

import pandas as pd
import pytest

from pipeline.errors import NameTakenError, TeachingError
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import (
    Remark,
    add_images,
    change_set,
    create_set,
    delete_set,
    find_set,
    list_sets,
    read_remarks,
    replace_set,
    restore_set,
    set_path,
    set_table,
    write_remark,
)


@pytest.fixture
def run(workspace):
    return RunDir(workspace.runs / "run-1")


def test_a_set_lives(workspace, run):
    one = create_set(workspace, "  Looks like\na nevus ", "Note.", "data", run, ["b", "a", "b"])
    assert (one.id, one.name, one.images, one.run) == ("set-1", "Looks like a nevus", ("b", "a"), "run-1")
    assert find_set(workspace, "set-1") == one
    assert change_set(workspace, "set-1", "Renamed", "More.").name == "Renamed"
    assert add_images(workspace, "set-1", ["a", "c"]).images == ("b", "a", "c")
    delete_set(workspace, "set-1")
    assert list_sets(workspace) == []
    # a deleted set's id is not given again: its links must not open another
    assert create_set(workspace, "Second", "", "data", run, ["x"]).id == "set-2"
    assert restore_set(workspace, "set-1").images == ("b", "a", "c")
    assert [one.id for one in list_sets(workspace)] == ["set-2", "set-1"]


def test_two_sets_of_one_data_set_never_share_a_name(workspace, run):
    one = create_set(workspace, "Nevi", "", "data", run, ["a"])
    two = create_set(workspace, "Others", "", "data", run, ["a"])
    with pytest.raises(NameTakenError) as taken:
        create_set(workspace, " nevi", "", "data", run, ["b"])
    assert taken.value.set_id == one.id and list_sets(workspace) == [two, one]
    with pytest.raises(NameTakenError):
        change_set(workspace, two.id, "NEVI", "")
    assert change_set(workspace, one.id, "nevi", "Its own name.").name == "nevi"
    assert create_set(workspace, "Nevi", "", "other data", run, ["a"]).id == "set-3"


def test_a_replaced_set_keeps_its_id_and_comes_back(workspace, run):
    one = create_set(workspace, "Nevi", "Old.", "data", run, ["a"])
    new = replace_set(workspace, one.id, " New. ", run, ["b", "c", "b"])
    assert (new.id, new.name, new.note, new.images) == (one.id, "Nevi", "New.", ("b", "c"))
    assert list_sets(workspace) == [new]
    with pytest.raises(TeachingError, match="No image is selected"):
        replace_set(workspace, one.id, "", run, [])
    assert restore_set(workspace, one.id) == one and list_sets(workspace) == [one]


@pytest.mark.parametrize("name", ["", "  ", "x" * 61])
def test_a_set_needs_a_name(workspace, run, name):
    with pytest.raises(TeachingError, match="A teaching set needs a name of 1 to 60 characters. Give it one."):
        create_set(workspace, name, "", "data", run, ["a"])
    assert list_sets(workspace) == []


def test_a_set_needs_an_image_and_an_id_that_is_one(workspace, run):
    with pytest.raises(TeachingError, match="No image is selected. Select some first."):
        create_set(workspace, "Empty", "", "data", run, [])
    for wrong in ("set-7", "../runs", "set-1/../x"):
        with pytest.raises(TeachingError, match="There is no teaching set"):
            find_set(workspace, wrong)


def test_a_damaged_set_is_left_out(workspace, run):
    create_set(workspace, "Good", "", "data", run, ["a"])
    create_set(workspace, "Bad", "", "data", run, ["a"])
    set_path(workspace, "set-2").write_text(json.dumps({"name": "Bad"}))
    assert [one.name for one in list_sets(workspace)] == ["Good"]


def test_remarks_hold_for_an_image_and_go_when_empty(workspace):
    write_remark(workspace, "data", "a", Remark(" See the network. ", True))
    write_remark(workspace, "data", "b", Remark("b"))
    write_remark(workspace, "data", "b", Remark())
    assert read_remarks(workspace, "data") == {"a": Remark("See the network.", True)}
    assert read_remarks(workspace, "other") == {}


def test_the_table_of_a_set_keeps_its_order_and_images_that_were_not_judged(workspace, run):
    one = create_set(workspace, "Set", "", "data", run, ["b", "gone", "a"])
    cases = pd.DataFrame({"image_id": ["a", "b"], "truth": ["mel", "nv"]}, index=["a", "b"])
    table = set_table(one, cases, {"a": Remark("note", True)})
    assert table["image_id"].tolist() == ["b", "gone", "a"] and table["truth"].isna().tolist() == [False, True, False]
    assert table["label_doubtful"].tolist() == [False, False, True] and table["note"].tolist() == ["", "", "note"]
