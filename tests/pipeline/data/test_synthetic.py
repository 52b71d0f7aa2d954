"""The generated data set: reproducible, marked as generated, with the promised shares, and nothing left of a stop."""

import hashlib
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.classes import DIAGNOSES
from pipeline.data.synthetic import generated_set as synthetic
from pipeline.data.synthetic.cases import planned_cases
from pipeline.data.synthetic.image import SOURCES
from pipeline.data.synthetic.structures import STRUCTURES
from pipeline.errors import DataError, WorkspaceError
from pipeline.images import generated
from pipeline.progress import Cancelled

IMAGES = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("generated") / "set"
    return synthetic.write_generated_set(target, images=IMAGES, seed=5, lesions_per_diagnosis=4)


@pytest.fixture(scope="module")
def table(folder) -> pd.DataFrame:
    return pd.read_csv(folder / synthetic.METADATA)


def checksums(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_files_with_any_number_of_threads(tmp_path, monkeypatch):
    settings = {"images": 14, "lesions_per_diagnosis": 1}
    first = synthetic.write_generated_set(tmp_path / "a", seed=3, **settings)
    monkeypatch.setattr(synthetic.os, "cpu_count", lambda: 1)
    second = synthetic.write_generated_set(tmp_path / "b", seed=3, **settings)
    other = synthetic.write_generated_set(tmp_path / "c", seed=4, **settings)
    assert checksums(first) == checksums(second)
    assert not set(checksums(first).values()) & set(checksums(other).values())


def test_the_table_has_ham10000s_columns_and_words(table):
    assert tuple(table.columns) == synthetic.COLUMNS
    assert len(table) == IMAGES
    assert table["image_id"].is_unique
    assert table["image_id"].str.fullmatch(r"GEN_\d{7}").all()
    assert table["lesion_id"].str.fullmatch(r"GENL_\d{7}").all()
    assert set(table["dx"]) == set(STRUCTURES) <= set(DIAGNOSES)
    assert set(table["sex"]) <= {"male", "female", "unknown"}
    assert set(table["dataset"]) <= set(SOURCES)
    ages = table["age"].dropna()
    assert (ages % 5 == 0).all() and ages.between(5, 85).all()


def test_all_images_of_a_lesion_agree_on_everything_clinical(table):
    clinical = ["dx", "dx_type", "age", "sex", "localization", "dataset"]
    assert (table.groupby("lesion_id")[clinical].nunique(dropna=False) == 1).all(axis=None)


def test_the_default_set_keeps_the_promised_lesions_shares_and_confirmations():
    cases = planned_cases(600, seed=0, lesions_per_diagnosis=24)
    images = Counter(case.dx for case in cases)
    lesions = Counter(dx for _, dx in {(case.lesion_id, case.dx) for case in cases})
    views = Counter(case.lesion_id for case in cases)
    assert len(cases) == 600 and len({case.image_id for case in cases}) == 600
    assert set(lesions) == set(STRUCTURES) and min(lesions.values()) >= 24
    assert images.most_common(1)[0][0] == "nv" and images["nv"] <= 300
    assert sum(count > 1 for count in views.values()) > 50
    for case in cases:
        assert case.dx_type == "histo" or case.dx not in ("mel", "bcc", "akiec")
        assert case.dx_type != "follow_up" or case.dx == "nv"
        assert case.dx_type != "confocal" or case.dx == "bkl"
    assert any(case.age is None for case in cases)
    assert len({(case.lesion_seed, case.view_seed) for case in cases}) == 600


@pytest.mark.parametrize("images", [7, 8, 13, 99, 168, 1001])
def test_exactly_as_many_images_as_asked_for(images):
    cases = planned_cases(images, seed=1, lesions_per_diagnosis=1)
    assert len(cases) == images
    assert Counter(case.dx for case in cases)["nv"] * 2 <= images


def test_every_image_opens_is_marked_and_has_its_mask(folder, table):
    for image_id in table["image_id"]:
        with Image.open(folder / "images" / f"{image_id}.jpg") as image:
            assert generated.is_generated(image)
            assert (image.mode, image.size, image.format) == ("RGB", (400, 300), "JPEG")
            image.load()
        with Image.open(folder / "masks" / f"{image_id}_segmentation.png") as mask:
            assert (mask.mode, mask.size) == ("L", (400, 300))
            levels = np.asarray(mask)
        assert set(np.unique(levels)) == {0, 255}
        assert 0.01 < (levels == 255).mean() < 0.6
    assert len(list((folder / "images").iterdir())) == len(list((folder / "masks").iterdir())) == IMAGES


def test_the_notice_is_readable_at_half_size_and_no_lesion_reaches_it(folder, table):
    for image_id in table["image_id"]:
        half = Image.open(folder / "images" / f"{image_id}.jpg").convert("L").resize((200, 150))
        band = np.asarray(half, float)[140:]
        assert band.max() > 190 and np.median(band) < 80
        mask = np.asarray(Image.open(folder / "masks" / f"{image_id}_segmentation.png"))
        assert not mask[279:].any()


def test_two_views_of_a_lesion_are_two_pictures(folder, table):
    several = table.groupby("lesion_id").filter(lambda views: len(views) > 1)
    assert len(several)
    for _, views in several.groupby("lesion_id"):
        assert len({(folder / "images" / f"{image_id}.jpg").read_bytes() for image_id in views["image_id"]}) == len(
            views
        )


def test_inside_the_mask_the_colours_differ_from_the_skin(folder, table):
    differences = []
    for image_id in table["image_id"]:
        pixels = np.asarray(Image.open(folder / "images" / f"{image_id}.jpg"), float)[30:270, 60:340]
        inside = np.asarray(Image.open(folder / "masks" / f"{image_id}_segmentation.png"))[30:270, 60:340] == 255
        differences.append(np.abs(pixels[inside].mean(axis=0) - np.median(pixels[~inside], axis=0)).max())
    assert np.median(differences) > 25


def test_too_few_images_are_refused(tmp_path):
    words = (
        "A generated set of 100 images cannot hold 24 lesions of each of the 7 diagnoses. Ask for at least 168 images"
    )
    with pytest.raises(DataError, match=re.escape(words)):
        synthetic.write_generated_set(tmp_path / "set", images=100)
    with pytest.raises(DataError, match="cannot hold 0 lesions"):
        synthetic.write_generated_set(tmp_path / "set", images=100, lesions_per_diagnosis=0)
    with pytest.raises(DataError, match="cannot have the seed -1"):
        synthetic.write_generated_set(tmp_path / "set", seed=-1)
    assert not (tmp_path / "set").exists()


def test_a_folder_with_a_data_set_is_left_alone(folder):
    before = checksums(folder)
    with pytest.raises(DataError, match=r"already holds HAM10000_metadata\.csv and images and masks"):
        synthetic.write_generated_set(folder, images=7, lesions_per_diagnosis=1)
    assert checksums(folder) == before


def test_a_file_in_the_way_is_told_in_words(tmp_path):
    (tmp_path / "set").write_text("no folder")
    with pytest.raises(WorkspaceError, match="set cannot be written"):
        synthetic.write_generated_set(tmp_path / "set", images=7, lesions_per_diagnosis=1)
    assert (tmp_path / "set").read_text() == "no folder"


def test_progress_rises_to_one_and_a_stop_leaves_nothing_behind(tmp_path):
    told: list[tuple[float, str]] = []
    synthetic.write_generated_set(
        tmp_path / "whole", images=10, lesions_per_diagnosis=1, progress=lambda *report: told.append(report)
    )
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions) and fractions[0] == 0 and fractions[-1] == 1
    assert told[-1][1] == "10 generated images are ready"

    def stop(fraction: float, sentence: str) -> None:
        if fraction > 0.3:
            raise Cancelled

    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "notes.txt").write_text("mine")
    for target in (tmp_path / "stopped", tmp_path / "own"):
        with pytest.raises(Cancelled):
            synthetic.write_generated_set(target, images=14, lesions_per_diagnosis=1, progress=stop)
    assert not (tmp_path / "stopped").exists()
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["notes.txt"]
