"""A damaged data set hides no other, and both edges say which it is; an unusable workspace is said in words."""

import pytest

from pipeline.cli import main
from tests.app_pages import button, open_page
from tests.hand_made import make_dataset, make_run


@pytest.fixture
def damaged(workspace, tmp_path):
    make_dataset(workspace, tmp_path)
    folder = workspace.datasets / "broken"
    folder.mkdir()
    (folder / "dataset.json").write_text("{")
    return workspace


def test_data_list_names_it_and_lists_the_others(damaged, capfd):
    assert main(["data", "list"]) == 0
    out, err = capfd.readouterr()
    assert "generated" in out and "broken" not in out
    assert str(damaged.datasets / "broken" / "dataset.json") in err


def test_home_names_it_and_counts_the_others(damaged):
    at = open_page("home")
    assert any("broken" in error.value for error in at.error)
    assert button(at, "Choose how")  # on the other data set


@pytest.mark.parametrize("name", ["file", "file/below", "with-file"])
def test_a_workspace_that_cannot_be_written_is_said_in_words(tmp_path, monkeypatch, capfd, name):
    (tmp_path / "file").write_text("")
    (tmp_path / "with-file").mkdir()
    (tmp_path / "with-file" / "datasets").write_text("")
    monkeypatch.setenv("LESIONLAB_HOME", str(tmp_path / name))
    assert main(["demo"]) == 1
    assert "cannot be written" in (err := capfd.readouterr().err)
    assert "Set LESIONLAB_HOME to a folder that you may write to." in err


@pytest.mark.parametrize("page", ["home", "train", "errors", "classify", "runs"])
def test_a_damaged_run_closes_no_page(workspace, tmp_path, page):
    dataset = make_dataset(workspace, tmp_path)
    make_run(workspace, dataset)
    make_run(workspace, dataset).status_path.write_text("{")
    at = open_page(page)
    assert not at.error or page == "runs"
    assert at.title[0].value
