"""What decoded images take on the disk: known before they are decoded, told as they are, counted as the build does."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from pipeline.data import cache_record
from pipeline.data.cache import build_cache
from pipeline.data.cache_space import cache_space
from pipeline.data.dataset import Dataset
from pipeline.data.importing import import_dataset
from pipeline.progress import Cancelled
from tests.small_archives import encoded, files_of, noise, rows, write_folder

Usage = namedtuple("Usage", "total used free")
IMAGES = 40


@pytest.fixture
def dataset(workspace, tmp_path) -> Dataset:
    return import_dataset(workspace, write_folder(tmp_path / "source", files_of(rows(IMAGES))), "set")


def pixel_file(dataset: Dataset, name: str = "20x16-squish") -> Path:
    return dataset.folder / "cache" / name / "pixels.u8"


def free(monkeypatch, number: float) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(9e12, 9e12 - number, number))


def test_it_says_what_it_takes_and_what_is_free(dataset, monkeypatch):
    monkeypatch.setattr(cache_record, "_CHUNK_IMAGES", 8)
    free(monkeypatch, 8e12)
    heard = []
    build_cache(dataset, 300, 400, "squish", lambda fraction, sentence: heard.append((fraction, sentence)))
    assert heard[0] == (0, "Decodes images to the disk: 14 MB, where 8,000,000 MB are free.")
    with pixel_file(dataset, "400x300-squish").open("r+b") as file:
        file.write(bytes(100))  # in the first of five chunks
    heard.clear()
    build_cache(dataset, 300, 400, "squish", lambda fraction, sentence: heard.append((fraction, sentence)))
    assert (0.8, "Decodes images to the disk: 3 MB, where 8,000,000 MB are free.") in heard


@pytest.mark.parametrize("resize", ["squish", "crop"])
def test_its_size_is_known_before_it_is_built(workspace, tmp_path, resize):
    files = files_of(rows(IMAGES))
    for number, size in enumerate([(32, 24), (24, 32), (31, 17), (50, 20)] * 10):
        files[f"images/ISIC_{number:07d}.jpg"] = encoded(noise(number, size))
    dataset = import_dataset(workspace, write_folder(tmp_path / "source", files), "set")
    before = cache_space(dataset, 15, 21, resize)
    assert before.whole == before.missing > 0 and before.fits
    assert not (dataset.folder / "cache").exists()
    build_cache(dataset, 15, 21, resize)
    after = cache_space(dataset, 15, 21, resize)
    assert after.whole == before.whole == pixel_file(dataset, f"21x15-{resize}").stat().st_size
    assert after.missing == 0


def test_what_a_stopped_build_still_needs(dataset, monkeypatch):
    monkeypatch.setattr(cache_record, "_CHUNK_IMAGES", 8)

    def progress(fraction, sentence):
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        build_cache(dataset, 16, 20, "squish", progress)
    assert cache_space(dataset, 16, 20, "squish").missing == 24 * 16 * 20 * 3
    pixel_file(dataset).unlink()
    assert cache_space(dataset, 16, 20, "squish").missing == IMAGES * 16 * 20 * 3


def test_room_is_counted_as_the_build_counts_it(dataset, monkeypatch):
    free(monkeypatch, 100e6)
    space = cache_space(dataset, 16, 20, "squish")
    assert space.free == 100e6 and not space.fits
    monkeypatch.undo()
    build_cache(dataset, 16, 20, "squish")
    free(monkeypatch, 100e6)
    assert cache_space(dataset, 16, 20, "squish").fits
