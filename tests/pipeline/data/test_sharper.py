"""Sharper copies of the central square set into a data set's images: aligned, without a seam, where they fit."""

import io

import numpy as np
import pytest
from PIL import Image

from pipeline.cli import main
from pipeline.data.dataset import list_datasets
from pipeline.data.importing import import_dataset, set_sources
from pipeline.data.sharper import sharpen_dataset, with_sharper_centre
from pipeline.errors import DataError
from pipeline.images.reading import open_image
from pipeline.progress import Cancelled
from tests.small_archives import exactly

SIZE = (200, 150)
FINE = {"quality": 95, "subsampling": "4:4:4"}


@pytest.fixture(scope="module")
def originals(tiny_set):
    """Twelve generated images at 400×300, by image_id."""
    files = sorted((tiny_set / "images").glob("*.jpg"))[:12]
    return {file.stem: Image.open(file).convert("RGB") for file in files}


@pytest.fixture
def dataset(workspace, tiny_set, originals, tmp_path):
    """The same images at 200×150, with sources."""
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "HAM10000_metadata.csv").write_bytes((tiny_set / "HAM10000_metadata.csv").read_bytes())
    for image_id in originals:
        mark = Image.open(tiny_set / "images" / f"{image_id}.jpg").getexif()
        originals[image_id].resize(SIZE, Image.Resampling.BICUBIC).save(folder / f"{image_id}.jpg", exif=mark, **FINE)
    made = import_dataset(workspace, folder, "small")
    sources = tmp_path / "sources.csv"
    sources.write_text("image_id,dataset\n" + "".join(f"{image_id},one\n" for image_id in originals))
    return set_sources(workspace, made.name, sources)


@pytest.fixture
def copies(originals, tmp_path):
    """A folder with the central square of every second of them at 224×224."""
    folder = tmp_path / "copies"
    folder.mkdir()
    for image_id in sorted(originals)[::2]:
        square = originals[image_id].crop((50, 0, 350, 300))
        square.resize((224, 224), Image.Resampling.LANCZOS).save(folder / f"{image_id}.jpg", **FINE)
    return folder


def difference(first: Image.Image, second: Image.Image) -> float:
    return float(np.abs(np.asarray(first, float) - np.asarray(second, float)).mean())


def pixels(dataset, image_id: str) -> Image.Image:
    return open_image(dataset.image_path(f"{image_id}.jpg"), image_id).convert("RGB")


def test_the_centre_has_the_detail_and_everything_else_stays(workspace, dataset, originals, copies):
    made = sharpen_dataset(workspace, copies, "small", "sharp")
    assert (made.sharper, made.problems) == (6, [])
    before, after = dataset.metadata(), made.dataset.metadata()
    same = ["image_id", "lesion_id", "dx", "dx_type", "age", "sex", "localization", "source"]
    assert after[same].equals(before[same]) and after["source"].eq("one").all()
    assert set(zip(after["width"], after["height"], strict=True)) == {(300, 225)}
    assert made.dataset.generated and made.dataset.licence == dataset.licence
    centre = (60, 20, 240, 205)
    for number, image_id in enumerate(sorted(originals)):
        truth = originals[image_id].resize((300, 225), Image.Resampling.LANCZOS).crop(centre)
        plain = pixels(dataset, image_id).resize((300, 225), Image.Resampling.BICUBIC)
        apart, usual = difference(pixels(made.dataset, image_id).crop(centre), truth), difference(
            plain.crop(centre), truth
        )
        assert apart < 0.85 * usual if number % 2 == 0 else apart == pytest.approx(usual, abs=0.5), (apart, usual)


def test_the_square_fades_into_the_image_around_it():
    image, centre = Image.new("RGB", SIZE, (100, 100, 100)), Image.new("RGB", (224, 224), (108, 108, 108))
    line = np.asarray(with_sharper_centre(image, centre))[112, :, 0].astype(int)
    assert line[0] == line[30] == line[-1] == 100 and line[150] == 108
    assert np.abs(np.diff(line)).max() <= 2


@pytest.mark.parametrize(
    ("size", "centre_size", "grey", "sentence"),
    [
        (SIZE, (224, 200), 100, "the sharper copy is no square from the middle of a lying image"),
        ((150, 200), (224, 224), 100, "the sharper copy is no square from the middle of a lying image"),
        (SIZE, (224, 224), 130, "the sharper copy shows something else (30 grey levels away on average)"),
    ],
)
def test_a_copy_that_does_not_fit_is_refused(size, centre_size, grey, sentence):
    with pytest.raises(DataError, match=exactly(sentence)):
        with_sharper_centre(Image.new("RGB", size, (100,) * 3), Image.new("RGB", centre_size, (grey,) * 3))


def test_an_image_whose_copy_does_not_fit_keeps_its_own_centre(workspace, dataset, originals, copies, capfd):
    first, other, whole = sorted(originals)[0], sorted(originals)[2], sorted(originals)[4]
    Image.new("RGB", (224, 224), (0, 0, 0)).save(copies / f"{first}.jpg")
    (copies / f"{other}.jpg").write_bytes(b"no image")
    note = "Hairs were painted over in the copies."
    assert main(["data", "sharpen", str(copies), "--data", "small", "--name", "sharp", "--note", note]) == 0
    told = capfd.readouterr().out
    assert "sharp: 12 images of" in told and "4 with a sharper centre." in told
    assert f"  {first}: the sharper copy shows something else" in told
    assert f"  {other}: {other}.jpg is not an image that LesionLab can read." in told
    sharp = next(found for found in list_datasets(workspace) if found.name == "sharp")
    made_of = ("Made from the data set small: all 12 images enlarged 1.5 times, with a sharper copy of the central "
               "square set into 4 of them.")
    assert sharp.notes[:2] == [made_of, note]
    plain = pixels(dataset, first).resize((300, 225), Image.Resampling.BICUBIC)
    assert difference(pixels(sharp, first), plain) < 1 < difference(pixels(sharp, whole), pixels(
        dataset, whole).resize((300, 225), Image.Resampling.BICUBIC))


def test_nothing_of_it_stays_after_an_error_or_a_stop(workspace, dataset, copies, tmp_path):
    def stop(share, words):
        raise Cancelled()

    empty = tmp_path / "none"
    empty.mkdir()
    with pytest.raises(DataError, match="^none holds no image of small. Copies are named after"):
        sharpen_dataset(workspace, empty, "small", "sharp")
    with pytest.raises(Cancelled):
        sharpen_dataset(workspace, copies, "small", "sharp", progress=stop)
    assert [found.name for found in list_datasets(workspace)] == ["small"]
    assert not list(workspace.home.glob(".sharper-*"))
    content = io.BytesIO((dataset.image_path(dataset.metadata()["file"][0])).read_bytes())
    assert Image.open(content).size == SIZE


def test_again_gives_the_same_set(workspace, dataset, copies):
    first = sharpen_dataset(workspace, copies, "small", "sharp").dataset
    assert sharpen_dataset(workspace, copies, "small", "sharp").dataset.content_hash == first.content_hash
