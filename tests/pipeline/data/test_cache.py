"""The pixel cache: what it gives is what prepare.py gives, made once, noticed when damaged, and never in the way."""

import errno
import io
import json
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.data import cache_record
from pipeline.data.cache import OnTheFlyPixels, PixelCache, build_cache, open_pixels
from pipeline.data.dataset import Dataset
from pipeline.data.importing import import_dataset
from pipeline.data.prepare import fit_for_cropping, prepare_image, window
from pipeline.errors import DataError, WorkspaceError
from pipeline.images.reading import open_image
from pipeline.progress import Cancelled, silent
from tests.small_archives import exactly, files_of, noise, rows, write_folder

ROOT = Path(__file__).resolve().parents[3]
Usage = namedtuple("Usage", "total used free")
IMAGES = 40


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(cache_record, "_CHUNK_IMAGES", 8)


@pytest.fixture
def dataset(workspace, tmp_path) -> Dataset:
    return import_dataset(workspace, write_folder(tmp_path / "source", files_of(rows(IMAGES))), "set")


@pytest.fixture
def mixed(workspace, tmp_path) -> Dataset:
    """Wide, tall, square and turned images."""
    files = files_of(rows(IMAGES))
    for number, size in enumerate([(32, 24), (24, 32), (30, 30), (50, 20), (20, 50)] * 8):
        exif = Image.Exif()
        if number % 3 == 0:
            exif[0x0112] = 6
        file = io.BytesIO()
        Image.fromarray(noise(number, size)).save(file, "JPEG", exif=exif)
        files[f"images/ISIC_{number:07d}.jpg"] = file.getvalue()
    return import_dataset(workspace, write_folder(tmp_path / "source", files), "mixed")


def images_of(dataset: Dataset) -> list[Image.Image]:
    return [open_image(dataset.image_path(file), file) for file in dataset.metadata()["file"]]


def expected(dataset: Dataset, height: int, width: int) -> np.ndarray:
    return np.stack([prepare_image(image, height, width, "squish") for image in images_of(dataset)])


def pixel_file(dataset: Dataset, name: str = "20x16-squish") -> Path:
    return dataset.folder / "cache" / name / "pixels.u8"


def decoded(dataset: Dataset) -> list[str]:
    """Builds the cache and returns what it said."""
    heard = []
    pixels = build_cache(dataset, 16, 20, "squish", lambda fraction, sentence: heard.append(sentence))
    assert np.array_equal(pixels.gather(range(IMAGES)), expected(dataset, 16, 20))
    return [sentence for sentence in heard if not sentence.startswith("Decodes images to the disk: ")]


def test_squished_pixels_are_what_prepare_image_gives(dataset):
    pixels = build_cache(dataset, 16, 20, "squish")
    assert isinstance(pixels, PixelCache) and len(pixels) == IMAGES
    wanted = expected(dataset, 16, 20)
    assert np.array_equal(pixels.gather([3, 0, 39]), wanted[[3, 0, 39]])
    assert all(np.array_equal(pixels.pixels(row), wanted[row]) for row in range(IMAGES))
    assert pixel_file(dataset).stat().st_size == IMAGES * 16 * 20 * 3


@pytest.mark.parametrize("size", [(16, 20), (30, 12)])
def test_cropped_pixels_of_mixed_shapes(mixed, size):
    pixels = build_cache(mixed, *size, "crop")
    on_the_fly = OnTheFlyPixels(mixed, *size, "crop")
    for row, image in enumerate(images_of(mixed)):
        assert np.array_equal(pixels.pixels(row), fit_for_cropping(image, *size))
        assert np.array_equal(pixels.pixels(row), on_the_fly.pixels(row))
        assert np.array_equal(window(pixels.pixels(row), *size), prepare_image(image, *size, "crop"))
    alike = [row for row in range(IMAGES) if pixels.pixels(row).shape == pixels.pixels(0).shape]
    assert len(alike) > 3 and np.array_equal(pixels.gather(alike), on_the_fly.gather(alike))
    again = build_cache(mixed, *size, "crop")
    assert all(np.array_equal(again.pixels(row), pixels.pixels(row)) for row in range(IMAGES))


def test_it_is_made_once(dataset):
    assert decoded(dataset) == [f"Decoded {n} of 40 images." for n in (8, 16, 24, 32, 40)]
    changed = pixel_file(dataset).stat().st_mtime_ns
    assert decoded(dataset) == []
    assert pixel_file(dataset).stat().st_mtime_ns == changed


def test_each_size_and_way_has_its_own(dataset):
    for height, width, resize in ((16, 20, "squish"), (16, 20, "crop"), (20, 16, "squish")):
        assert build_cache(dataset, height, width, resize).pixels(0).shape[0] >= height
    names = sorted(path.name for path in (dataset.folder / "cache").iterdir())
    assert names == ["16x20-squish", "20x16-crop", "20x16-squish"]


def test_new_content_makes_it_new_and_leaves_its_readers_alone(workspace, tmp_path, dataset):
    old = build_cache(dataset, 16, 20, "squish")
    before = old.gather(range(IMAGES)).copy()
    files = {path: content for path, content in files_of(rows(IMAGES + 3)).items() if "0000000" not in path}
    other = import_dataset(workspace, write_folder(tmp_path / "other", files), "other")
    # as if the data set had been deleted and imported anew
    shutil.copytree(dataset.folder / "cache", other.folder / "cache")
    shutil.rmtree(dataset.folder / "images")
    shutil.copytree(other.folder / "images", dataset.folder / "images")
    shutil.copy(other.folder / "metadata.parquet", dataset.folder / "metadata.parquet")
    renewed = Dataset(**{**dataset.__dict__, "content_hash": other.content_hash, "images": other.images})
    pixels = build_cache(renewed, 16, 20, "squish")
    assert np.array_equal(pixels.gather(range(other.images)), expected(renewed, 16, 20))
    assert np.array_equal(old.gather(range(IMAGES)), before)


def test_another_way_of_preparing_makes_it_new(dataset, monkeypatch):
    decoded(dataset)
    monkeypatch.setattr(cache_record, "_VERSION", 999)
    assert len(decoded(dataset)) == 5
    assert decoded(dataset) == []


CHECKS = ["Checks the decoded images, whose file was changed."] * 5


def test_a_changed_byte_is_noticed_and_only_its_chunk_is_made_again(dataset):
    decoded(dataset)
    with pixel_file(dataset).open("r+b") as file:
        file.seek(8 * 16 * 20 * 3 + 17)  # in the second chunk
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    assert decoded(dataset) == [*CHECKS, "Decoded 16 of 40 images."]
    assert decoded(dataset) == []


def test_a_truncated_file_is_noticed(dataset):
    decoded(dataset)
    path = pixel_file(dataset)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 10_000)
    assert decoded(dataset) == [*CHECKS, "Decoded 32 of 40 images.", "Decoded 40 of 40 images."]
    assert decoded(dataset) == []


def test_a_file_with_more_at_its_end_is_put_right(dataset):
    decoded(dataset)
    with pixel_file(dataset).open("ab") as file:
        file.write(b"more")
    assert decoded(dataset) == CHECKS
    assert decoded(dataset) == []


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"version": 2}'])
def test_a_damaged_record_makes_it_new(dataset, content):
    decoded(dataset)
    (pixel_file(dataset).parent / "cache.json").write_text(content)
    assert len(decoded(dataset)) == 5


def test_a_record_that_lacks_something_makes_it_new(dataset):
    decoded(dataset)
    path = pixel_file(dataset).parent / "cache.json"
    whole = json.loads(path.read_text())
    for key in ("shapes", "checksums", "stamp"):
        path.write_text(json.dumps({name: value for name, value in whole.items() if name != key}))
        assert len(decoded(dataset)) == 5


def test_a_lost_file_is_made_new(dataset):
    decoded(dataset)
    pixel_file(dataset).unlink()
    assert len(decoded(dataset)) == 5


def test_a_stop_keeps_what_is_decoded(dataset):
    def progress(fraction, sentence):
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        build_cache(dataset, 16, 20, "squish", progress)
    assert decoded(dataset) == [f"Decoded {n} of 40 images." for n in (24, 32, 40)]


KILLED = """
import sys, time
from pathlib import Path
from pipeline.data import cache_record
from pipeline.data.cache import build_cache
from pipeline.data.dataset import load_dataset
from pipeline.files.workspace import Workspace

cache_record._CHUNK_IMAGES = 8

def progress(fraction, sentence):
    if fraction > 0.3:
        print("ready", flush=True)
        time.sleep(600)

build_cache(load_dataset(Workspace(Path(sys.argv[1])), "set"), 16, 20, "squish", progress)
"""


def test_a_kill_keeps_what_is_decoded_and_frees_its_turn(workspace, dataset):
    class Waited(Exception):
        pass

    def progress(fraction, sentence):
        raise Waited(sentence)

    command = [sys.executable, "-c", KILLED, str(workspace.home)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == "ready\n"
            with pytest.raises(Waited, match=exactly("Waits for another process that decodes the same images.")):
                build_cache(dataset, 16, 20, "squish", progress)
        finally:
            child.kill()
    assert decoded(dataset) == [f"Decoded {n} of 40 images." for n in (24, 32, 40)]


def without_room(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(9e9, 8.9e9, 100e6))


NO_ROOM = "No room for the decoded images of set: 210 MB are needed and 100 MB are free."


def test_without_room_the_images_are_decoded_as_they_are_needed(dataset, monkeypatch):
    without_room(monkeypatch)
    notes = []
    pixels = open_pixels(dataset, 16, 20, "squish", silent, notes.append)
    assert isinstance(pixels, OnTheFlyPixels) and len(pixels) == IMAGES
    assert notes == [f"{NO_ROOM} The images are decoded as the training goes, which is slower."]
    assert np.array_equal(pixels.gather(range(IMAGES)), expected(dataset, 16, 20))
    assert not pixel_file(dataset).exists()
    monkeypatch.undo()
    monkeypatch.setattr(cache_record, "_CHUNK_IMAGES", 8)
    assert isinstance(open_pixels(dataset, 16, 20, "squish", silent, notes.append), PixelCache)
    assert len(notes) == 1


def test_a_finished_cache_needs_no_room(dataset, monkeypatch):
    decoded(dataset)
    without_room(monkeypatch)
    assert decoded(dataset) == []


def test_a_disk_that_fills_up_midway_gets_its_space_back(dataset, monkeypatch):
    untouched, calls = cache_record.write_json, []

    def full(path, value):
        calls.append(path)
        if len(calls) > 2:
            try:
                raise OSError(errno.ENOSPC, "No space left on device")
            except OSError as error:
                raise WorkspaceError(f"The disk is full: {path} could not be written.") from error
        untouched(path, value)

    monkeypatch.setattr(cache_record, "write_json", full)
    sentence = (
        r"^No room for the decoded images of set: 210 MB are needed and [\d,]+ MB are free\. Free some space, or train "
        r"at a smaller size\.$"
    )
    with pytest.raises(WorkspaceError, match=sentence):
        build_cache(dataset, 16, 20, "squish")
    assert [path.name for path in pixel_file(dataset).parent.iterdir()] == ["lock"]


@pytest.mark.parametrize("resize", ["squish", "crop"])
def test_a_lost_image_is_named_and_importing_again_restores_it(workspace, tmp_path, dataset, resize):
    path = dataset.image_path("ISIC_0000009.jpg")
    path.unlink()
    sentence = r"^The data set set has lost an image: .*ISIC_0000009\.jpg.* Import it again under the same name, which "
    with pytest.raises(DataError, match=sentence + r"restores its images\.$"):
        build_cache(dataset, 16, 20, resize)
    import_dataset(workspace, tmp_path / "source", "set")
    assert build_cache(dataset, 16, 20, resize).pixels(9).shape[2] == 3


def test_chunks_are_bounded_in_bytes(dataset, monkeypatch):
    monkeypatch.setattr(cache_record, "_CHUNK_BYTES", 3 * 16 * 20 * 3)
    heard = []
    build_cache(dataset, 16, 20, "squish", lambda fraction, sentence: heard.append(fraction))
    assert len(heard) == 15 and heard[0] == 0 and heard[1] == 3 / 40 and heard[-1] == 1.0
