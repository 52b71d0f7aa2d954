"""A disk without room: whatever cannot be written down is refused in words, and leaves nothing half made."""

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.configuration.presets import preset
from pipeline.data.importing import import_dataset
from pipeline.data.masks import import_masks
from pipeline.data.sources.catalogue import SOURCES
from pipeline.errors import LesionLabError
from pipeline.export.bundle_import import import_bundle
from pipeline.files.workspace import Workspace
from pipeline.inference.evaluation_plan import plan_evaluation
from pipeline.jobs.evaluating import start_evaluation
from pipeline.jobs.fetching import start_fetch
from pipeline.jobs.launch import resume_run, start_embedding, start_run, start_search
from pipeline.models.combined import combine
from pipeline.models.library import check_free, label_model
from pipeline.runs.labels import label_run
from pipeline.runs.new_folder import make_folder
from pipeline.runs.plan import plan_config
from pipeline.runs.run_dir import create_run, find_run
from pipeline.runs.searches import plan_first_search, plan_search
from pipeline.runs.teaching import Remark, create_set, write_remark
from tests.fixtures.packing import unpack
from tests.small_archives import files_of, mask_png, rows, write_zip

RUN, ANOTHER_RUN = "tiny-instant-1", "tiny-quick-1"
ARCHIVE = "tests/fixtures/old_workspace.tar.xz"
CONFIG = preset("demo").for_data("tiny", "hash")


def _masks(home):
    images = find_run(home, RUN).predictions()["image_id"]
    files = {f"{image_id}_segmentation.png": mask_png(size=(64, 48)) for image_id in images}
    return import_masks(home, write_zip(home.home.parent.parent / "masks.zip", files), "tiny")


WRITERS = {
    "a run": lambda home: start_run(home, plan_config(home, "tiny", "demo", [])),
    "a branch": lambda home: start_run(home, plan_config(home, None, "instant", [], f"{RUN}:1")),
    "a search": lambda home: start_search(home, plan_first_search(home, "tiny", "demo", [])),
    "a search from a stage": lambda home: start_search(home, plan_search(home, f"{RUN}:1")),
    "an evaluation": lambda home: start_evaluation(home, plan_evaluation(home, RUN, "other")),
    "embeddings": lambda home: start_embedding(home, find_run(home, RUN)),
    "going on": lambda home: resume_run(home, find_run(home, ANOTHER_RUN)),
    "a fetch": lambda home: start_fetch(home, next(iter(SOURCES.values())), "fetched"),
    "a data set": lambda home: import_dataset(
        home, write_zip(home.home.parent.parent / "images.zip", files_of(rows(12))), "brought"),
    "masks": _masks,
    "a model": lambda home: import_bundle(home, home.home.parent.parent / "bundle.zip", "again"),
    "a mean of models": lambda home: combine(home, "mean", [RUN], True),
    "a teaching set": lambda home: create_set(home, "Some", "", "tiny", find_run(home, RUN), ["IMG_0001"]),
    "a note": lambda home: write_remark(home, "tiny", "IMG_0001", Remark("Look." * 300)),
    "a run's name": lambda home: label_run(home, RUN, "Another", ""),
    "a model's name": lambda home: label_model(home, "brought", "Another", ""),
}


def _nobody(*arguments, **more):
    """Stands in for a process that was started and is gone."""
    return SimpleNamespace(pid=2**22 + 1)


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A disk of 200 MB of memory with the workspace of an earlier LesionLab; (workspace, how to leave so much free)."""
    place = tmp_path_factory.mktemp("disk") / "mounted"
    place.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", place], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a file system in memory is not permitted here")
    try:
        unpack(ARCHIVE, place)
        shutil.move(place / "bundle.zip", place.parent)
        ballast = place / "ballast"

        def leave(free: int) -> None:
            ballast.unlink(missing_ok=True)
            if (left := shutil.disk_usage(place).free - free) > 0:
                os.posix_fallocate(os.open(ballast, os.O_CREAT | os.O_RDWR), 0, left)

        yield Workspace(place / "home").create(), leave
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def _all(home) -> dict[str, bytes | None]:
    """All that the workspace holds but for locks and places for things to come, and the bytes of what is small."""
    paths = [path for path in home.home.rglob("*") if home.locks not in path.parents and path.name != "lock"]
    paths = [path for path in paths if path.name not in (".downloads", "searches")]
    return {
        str(path): path.read_bytes() if path.is_file() and path.stat().st_size < 2**16 else None for path in paths
    }


@pytest.mark.parametrize("free", [0, 4096])
@pytest.mark.parametrize("what", WRITERS)
def test_what_cannot_be_written_down_leaves_nothing(disk, monkeypatch, what, free):
    home, leave = disk
    monkeypatch.setattr("pipeline.jobs.launch.subprocess.Popen", _nobody)
    leave(2**20)
    before = _all(home)
    leave(free)
    try:
        WRITERS[what](home)
        done = True
    except LesionLabError as error:
        assert "disk is full" in str(error) or "MB" in str(error), str(error)
        done = False
    leave(2**20)
    after = _all(home)
    if not done:
        assert after == before
        return
    assert free, "nothing can be written where there is no room"
    for name in set(after) - set(before):  # it was small enough; what it made is taken back
        shutil.rmtree(name, ignore_errors=True) if os.path.isdir(name) else os.path.exists(name) and os.unlink(name)
    for name, content in before.items():
        if content is not None and after[name] != content:
            Path(name).write_bytes(content)


def _aged(folder: Path) -> Path:
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (1e9, 1e9))
    return folder


def test_what_earlier_versions_left_half_made_is_cleared_away(workspace):
    """A run and a search without a status, and a mean of models without a description."""
    empty, begun, fresh, own = (workspace.runs / f"tiny-demo-{n}" for n in (1, 2, 3, 4))
    for folder in (empty, begun, fresh, own):
        folder.mkdir()
    (begun / "config.json").write_text("{}")
    (begun / "checkpoints").mkdir()
    (begun / "checkpoints" / "start.safetensors").touch()
    (own / "predictions.parquet").touch()
    for folder in (empty, begun, own):
        _aged(folder)
    (workspace.models / "mean").mkdir()
    (workspace.models / "mean" / "training_images.parquet").touch()
    assert create_run(workspace, CONFIG, {}).name == "tiny-demo-5"
    assert sorted(path.name for path in workspace.runs.iterdir()) == ["tiny-demo-3", "tiny-demo-4", "tiny-demo-5"]
    check_free(workspace, "mean")
    assert not (workspace.models / "mean").exists()


def test_a_name_that_another_took_meanwhile_is_left_to_it(workspace):
    (workspace.runs / "tiny-demo-1").mkdir()
    (workspace.runs / "tiny-demo-1" / "config.json").touch()
    made = make_folder(workspace, workspace.runs, "tiny-demo", [], lambda folder: (folder / "status.json").touch())
    assert made.name == "tiny-demo-2" and [path.name for path in made.iterdir()] == ["status.json"]


def test_a_run_whose_process_cannot_be_started_has_never_been(workspace, monkeypatch):
    def refuse(*arguments, **more):
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("pipeline.jobs.launch.start_pipeline", refuse)
    with pytest.raises(OSError):
        start_run(workspace, CONFIG)
    assert list(workspace.runs.iterdir()) == [] and list(workspace.home.glob(".incoming-*")) == []
