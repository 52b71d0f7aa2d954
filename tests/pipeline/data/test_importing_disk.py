"""Importing on a full disk, into a workspace that cannot be written, beside damaged data sets; and the real data."""

import errno
import json
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from pipeline.data.dataset import damaged_datasets, list_datasets, load_dataset
from pipeline.data.embedded import ensure_generated
from pipeline.data.importing import import_dataset
from pipeline.errors import DataError, WorkspaceError
from pipeline.files.workspace import Workspace
from tests.small_archives import everything, exactly, files_of, rows, write_folder, write_zip

Usage = namedtuple("Usage", "total used free")
REPAIR = "Import the data set again under the same name."


@pytest.fixture
def good(tmp_path) -> Path:
    return write_zip(tmp_path / "good.zip", files_of(rows()))


def too_full(free: int) -> str:
    return exactly(
        f"The disk is too full: the import needs 210 MB and {free} MB are free. Free some space, or set LESIONLAB_HOME "
        "to a folder on a larger disk."
    )


def test_a_disk_without_room(workspace, good, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(9e9, 8.9e9, 100e6))
    with pytest.raises(WorkspaceError, match=too_full(100)):
        import_dataset(workspace, good, "good")
    assert list(workspace.datasets.iterdir()) == []


@pytest.mark.parametrize("method", ["write_bytes", "replace"])
def test_a_disk_that_fills_up_midway(workspace, good, monkeypatch, method):
    untouched, calls = getattr(Path, method), []

    def full(self, *arguments):
        calls.append(self)
        if len(calls) > 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        return untouched(self, *arguments)

    monkeypatch.setattr(Path, method, full)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(9e9, 8.7e9, 300e6))
    with pytest.raises(WorkspaceError, match=too_full(300)):
        import_dataset(workspace, good, "good")
    assert list(workspace.datasets.iterdir()) == []
    monkeypatch.undo()
    assert import_dataset(workspace, good, "good").images == 24


def test_a_workspace_that_cannot_be_written(tmp_path, good):
    home = tmp_path / "a file"
    home.write_text("in the way")
    sentence = f"{home} cannot be written: Not a directory. Set LESIONLAB_HOME to a folder that you may write to."
    with pytest.raises(WorkspaceError, match=exactly(sentence)):
        import_dataset(Workspace(home), good, "good")
    assert home.read_text() == "in the way"


def damage_json(folder: Path) -> str:
    (folder / "dataset.json").write_text('{"name": "bad", ')
    return f"{folder / 'dataset.json'} is damaged: "


def damage_fields(folder: Path) -> str:
    path = folder / "dataset.json"
    path.write_text(json.dumps({"name": "bad", "classes": ["nv"]}))
    return f"{path} is damaged: "


def damage_table(folder: Path) -> str:
    path = folder / "metadata.parquet"
    path.write_bytes(path.read_bytes()[:-40])
    return f"{path} is damaged or gone."


def lose_table(folder: Path) -> str:
    (folder / "metadata.parquet").unlink()
    return f"{folder / 'metadata.parquet'} is damaged or gone."


@pytest.mark.parametrize("damage", [damage_json, damage_fields, damage_table, lose_table])
def test_a_damaged_data_set_hides_no_other_and_can_be_imported_again(workspace, good, damage):
    for name in ("a", "bad", "c"):
        import_dataset(workspace, good, name)
    problem = damage(workspace.datasets / "bad")
    assert [dataset.name for dataset in list_datasets(workspace)] == ["a", "c"]
    (name, error), = damaged_datasets(workspace).items()
    assert name == "bad" and error.problem.startswith(problem) and error.next_step == REPAIR
    with pytest.raises(WorkspaceError, match=exactly(str(error))):
        load_dataset(workspace, "bad")
    assert import_dataset(workspace, good, "bad").images == 24
    assert [dataset.name for dataset in list_datasets(workspace)] == ["a", "bad", "c"]
    aside, = (workspace.bin / "datasets").iterdir()
    assert len(list((aside / "images").iterdir())) == 24


def test_a_table_damaged_in_its_middle_is_named_when_it_is_read(workspace, good):
    dataset = import_dataset(workspace, good, "good")
    path = dataset.folder / "metadata.parquet"
    path.write_bytes(b"\0" * (path.stat().st_size - 4) + b"PAR1")
    with pytest.raises(WorkspaceError, match=exactly(f"{path} is damaged: it is no parquet table. {REPAIR}")):
        dataset.metadata()
    assert import_dataset(workspace, good, "good").metadata().shape == (24, 12)


def test_a_renamed_folder_is_known_by_its_new_name(workspace, good):
    import_dataset(workspace, good, "old").folder.rename(workspace.datasets / "new")
    assert [dataset.name for dataset in list_datasets(workspace)] == ["new"]
    assert load_dataset(workspace, "new").name == "new"


def test_a_half_made_folder_is_never_listed(workspace, good):
    import_dataset(workspace, good, "good").folder.rename(workspace.datasets / ".good.incoming")
    assert list_datasets(workspace) == [] and damaged_datasets(workspace) == {}
    assert import_dataset(workspace, good, "good").images == 24


def test_the_name_of_the_generated_set_taken_by_real_images(workspace, good):
    import_dataset(workspace, good, "generated")
    before = everything(workspace.home)
    sentence = "The name generated is taken by a data set with real images. Rename its folder in the workspace."
    with pytest.raises(DataError, match=exactly(sentence)):
        ensure_generated(workspace)
    assert everything(workspace.home) == before


def test_the_generated_set_is_drawn_once(workspace, tiny_set, monkeypatch):
    drawn = []

    def draw(folder, **options):
        drawn.append(folder)
        assert list(workspace.home.glob(".drawing-*")) == [folder]
        return shutil.copytree(tiny_set, folder, dirs_exist_ok=True)

    write_folder(workspace.home / ".drawing-left-by-a-kill", {"a.jpg": b"x"})
    monkeypatch.setattr("pipeline.data.embedded.write_generated_set", draw)
    first = ensure_generated(workspace)
    assert first.generated and ensure_generated(workspace) == first
    assert len(drawn) == 1 and not list(workspace.home.glob(".drawing-*"))


def test_the_real_data_set(workspace, real_data):
    """The counts of ../shared/data/README.md."""
    dataset = import_dataset(
        workspace, real_data / "ham10000-200x150.zip", "ham10000", sources=real_data / "ham10000-sources.csv"
    )
    assert (dataset.images, dataset.lesions, dataset.problems) == (10_015, 7_470, [])
    assert {code: counts["images"] for code, counts in dataset.diagnoses.items()} == {
        "nv": 6705, "mel": 1113, "bkl": 1099, "bcc": 514, "akiec": 327, "vasc": 142, "df": 115,
    }
    assert {code: counts["lesions"] for code, counts in dataset.diagnoses.items()} == {
        "nv": 5403, "bkl": 727, "mel": 614, "bcc": 327, "akiec": 228, "vasc": 98, "df": 73,
    }
    table = dataset.metadata()
    assert table["dx_type"].value_counts().to_dict() == {
        "histo": 5340, "follow_up": 3704, "consensus": 902, "confocal": 69,
    }
    assert table["age"].isna().sum() == 57 and table["source"].notna().all()
    assert set(table["width"]) == {200} and set(table["height"]) == {150}
    assert (dataset.licence, dataset.generated) == ("CC BY-NC 4.0", False)
