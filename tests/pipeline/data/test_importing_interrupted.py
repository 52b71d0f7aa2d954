"""An import that is stopped, killed or begun twice leaves nothing in sight, and the next one uses its copies."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipeline.data.dataset import damaged_datasets, list_datasets, load_dataset
from pipeline.data.importing import import_dataset
from pipeline.errors import DataError
from pipeline.progress import Cancelled
from tests.small_archives import exactly, files_of, jpeg, rows, write_zip

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def good(tmp_path) -> Path:
    return write_zip(tmp_path / "good.zip", files_of(rows()))


def stop_after(calls: int):
    """A progress callable that asks to stop at its n-th call."""
    heard = []

    def progress(fraction, sentence):
        heard.append(sentence)
        if len(heard) == calls:
            raise Cancelled

    return progress


def test_a_stop_leaves_nothing_in_sight_and_the_copies_are_used(workspace, tmp_path):
    source = write_zip(tmp_path / "source.zip", files_of(rows(80)))
    with pytest.raises(Cancelled):
        import_dataset(workspace, source, "set", progress=stop_after(3))
    assert list_datasets(workspace) == [] and damaged_datasets(workspace) == {}
    sentence = "There is no data set named set. The workspace has: none yet. Import it first."
    with pytest.raises(DataError, match=exactly(sentence)):
        load_dataset(workspace, "set")
    copies = workspace.datasets / ".set.incoming" / "images"
    times = {path.name: path.stat().st_mtime_ns for path in copies.iterdir()}
    assert len(times) == 64
    # what an interruption, or an earlier import under this name, may have left
    (copies / "ISIC_0000000.jpg").write_bytes(b"\0" * len(jpeg(0)))
    (copies / "ISIC_0000070.partial").write_bytes(b"half")
    (copies / "ISIC_9999999.jpg").write_bytes(jpeg(9))
    dataset = import_dataset(workspace, source, "set")
    assert dataset.images == 80 and dataset.problems == []
    now = {path.name: path.stat().st_mtime_ns for path in (dataset.folder / "images").iterdir()}
    assert len(now) == 80 and dataset.image_path("ISIC_0000000.jpg").read_bytes() == jpeg(0)
    assert {name for name, time in times.items() if now[name] == time} == set(times) - {"ISIC_0000000.jpg"}
    assert [path.name for path in workspace.datasets.iterdir()] == ["set"]


KILLED = """
import sys, time
from pathlib import Path
from pipeline.data.importing import import_dataset
from pipeline.files.workspace import Workspace

def progress(fraction, sentence):
    if fraction > 0.3:
        print("ready", flush=True)
        time.sleep(600)

import_dataset(Workspace(Path(sys.argv[1])), Path(sys.argv[2]), "set", progress=progress)
"""


def test_a_kill_midway_leaves_nothing_in_sight_and_the_copies_are_used(workspace, tmp_path):
    source = write_zip(tmp_path / "source.zip", files_of(rows(80)))
    command = [sys.executable, "-c", KILLED, str(workspace.home), str(source)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == "ready\n"
            sentence = "The data set set is being imported already. Wait until that has ended."
            with pytest.raises(DataError, match=exactly(sentence)):
                import_dataset(workspace, source, "set")
        finally:
            child.kill()
    assert list_datasets(workspace) == []
    copies = {path.name: path.stat().st_mtime_ns for path in workspace.datasets.glob(".set.incoming/images/*")}
    assert len(copies) == 32
    dataset = import_dataset(workspace, source, "set")
    assert dataset.images == 80 and dataset.problems == []
    assert all(dataset.image_path(name).stat().st_mtime_ns == time for name, time in copies.items())


def test_two_imports_of_one_name_at_once(workspace, good, tmp_path):
    waiting, go_on, made = threading.Event(), threading.Event(), []

    def progress(fraction, sentence):
        waiting.set()
        assert go_on.wait(30)

    first = threading.Thread(
        target=lambda: made.append(import_dataset(workspace, good, "set", progress=progress))
    )
    first.start()
    assert waiting.wait(30)
    try:
        sentence = "The data set set is being imported already. Wait until that has ended."
        with pytest.raises(DataError, match=exactly(sentence)):
            import_dataset(workspace, good, "set")
        assert import_dataset(workspace, good, "other").images == 24
    finally:
        go_on.set()
        first.join()
    assert made[0].images == 24
    assert {dataset.name for dataset in list_datasets(workspace)} == {"set", "other"}
