"""What killed imports, uploads, drawings and model imports have left is used or removed; what lives is left alone."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.data.dataset import damaged_datasets, list_datasets
from pipeline.data.importing import import_dataset
from pipeline.data.left_behind import import_lock, remove_left_behind, temporary_folder
from pipeline.data.masks import import_masks
from pipeline.files.locks import lock_if_free
from tests.small_archives import files_of, mask_png, rows, write_folder, write_zip

ROOT = Path(__file__).resolve().parents[3]
KILLED = """
import sys, time
from pathlib import Path
from pipeline.data.importing import import_dataset
from pipeline.data.masks import import_masks
from pipeline.data.left_behind import temporary_folder
from pipeline.files.workspace import Workspace

workspace, source, what = Workspace(Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[3]

def progress(fraction, sentence):
    if fraction:
        print("ready", flush=True)
        time.sleep(600)

with temporary_folder(workspace, ".upload-") as folder, temporary_folder(workspace, ".incoming-", workspace.models):
    (folder / "a.zip").write_bytes(b"x")
    if what == "masks":
        import_masks(workspace, source, "good", progress)
    import_dataset(workspace, source, "killed", progress=progress)
"""


@pytest.fixture
def good(workspace, tmp_path):
    return import_dataset(workspace, write_zip(tmp_path / "good.zip", files_of(rows())), "good")


def killed(workspace, source: Path, what: str) -> None:
    command = [sys.executable, "-c", KILLED, str(workspace.home), str(source), what]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == "ready\n"
            remove_left_behind(workspace)  # it lives: nothing of its is taken away
            assert list(workspace.home.glob(".upload-*/a.zip")) and list(workspace.models.glob(".incoming-*"))
            if what == "import":
                assert list(workspace.datasets.glob(".killed.incoming/images/*"))
        finally:
            child.kill()


def leftovers(workspace) -> list[str]:
    found = [*workspace.home.rglob(".*"), *workspace.home.rglob("*.partial")]
    return sorted(str(path.relative_to(workspace.home)) for path in found if "locks" not in path.parts)


def test_the_next_import_of_any_name_removes_what_a_kill_has_left(workspace, good, tmp_path):
    killed(workspace, write_zip(tmp_path / "a.zip", files_of(rows(80))), "import")
    assert any(".killed.incoming" in name for name in leftovers(workspace))
    assert [dataset.name for dataset in list_datasets(workspace)] == ["good"] and damaged_datasets(workspace) == {}
    import_dataset(workspace, write_zip(tmp_path / "b.zip", files_of(rows(4))), "other")
    assert leftovers(workspace) == []


def test_killed_masks_are_removed_too(workspace, good, tmp_path):
    masks = {f"{image_id}_segmentation.png": mask_png() for image_id in rows()["image_id"]}
    killed(workspace, write_zip(tmp_path / "m.zip", masks), "masks")
    assert any(".masks.incoming" in name for name in leftovers(workspace))
    import_dataset(workspace, write_zip(tmp_path / "b.zip", files_of(rows(4))), "other")
    assert leftovers(workspace) == [] and good.mask_path("ISIC_0000000") is None


def test_every_kind_of_remains(workspace, good):
    for name in (".upload-1", ".drawing-2", ".sharper-3", ".export-4"):
        write_folder(workspace.home / name, {"a": b"x"})
    write_folder(workspace.home / "derived", {"0123.onnx": b"x", "model/status.json": b"x"})  # of earlier versions
    write_folder(workspace.models / ".incoming-5", {"model.json": b"x"})
    write_folder(workspace.datasets / ".x.incoming" / "images", {"a.jpg": b"x", "b.partial": b"x"})
    write_folder(good.folder, {"images/a.partial": b"x", "metadata.partial": b"x", "masks/b.partial": b"x"})
    old, new = good.folder / ".audit.json.abcd", good.folder / ".dataset.json.efgh"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, times=(time.time() - 7200,) * 2)
    remove_left_behind(workspace)
    assert leftovers(workspace) == [str(new.relative_to(workspace.home))]  # one that is being written just now
    assert not (workspace.home / "derived").exists()
    assert len(list((good.folder / "images").iterdir())) == 24


def test_what_another_process_imports_is_left_alone(workspace):
    half = write_folder(workspace.datasets / ".x.incoming" / "images", {"a.jpg": b"x"})
    with lock_if_free(import_lock(workspace, "x")) as mine, temporary_folder(workspace, ".upload-") as upload:
        assert mine
        remove_left_behind(workspace)
        assert (half / "a.jpg").exists() and upload.is_dir()
    remove_left_behind(workspace, using="x")
    assert (half / "a.jpg").exists() and not upload.exists()
    remove_left_behind(workspace)
    assert not half.exists()


def test_masks_start_with_what_is_left_gone(workspace, good, tmp_path):
    write_folder(workspace.home / ".upload-1", {"a": b"x"})
    import_masks(workspace, write_zip(tmp_path / "m.zip", {"ISIC_0000001_segmentation.png": mask_png()}), "good")
    assert leftovers(workspace) == []
