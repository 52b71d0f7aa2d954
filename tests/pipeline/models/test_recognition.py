"""Training images found again by what they look like, so that a network that was not trained on the lesion answers."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.data.prepare import prepare_image
from pipeline.errors import ModelError
from pipeline.models.model_info import FoldNetwork, ModelInfo
from pipeline.models.recognition import KnownImages, Recognised, image_hash, recognised_sentences
from pipeline.models.training_images import FILE, write_training_images

IDS = ("A", "B", "C", "D", "E")


def _info(folder: Path, images: int) -> ModelInfo:
    folds = tuple(FoldNetwork(f"fold{fold}.safetensors", "0" * 64, 1.0) for fold in range(5))
    return ModelInfo(
        name="cv", folder=folder, classes=("mel", "nv"), run="r", data="ham10000", data_hash="", generated=False,
        arch="efficientnet_lite0", weights="imagenet", width=224, height=224, resize="squish", normalize=True,
        loss="cross_entropy", training_images=images, training_lesions=images, split="lesion", validation=None,
        created=1.0, licence="", attribution="", frequencies={"mel": 0.2, "nv": 0.8}, folds=folds,
    )


def _listed(folder: Path, hashes: dict[str, str], folds: list[float]) -> ModelInfo:
    table = pd.DataFrame({"image_id": list(hashes), "fold": folds, "perceptual_hash": list(hashes.values())})
    table = table.assign(lesion_id="L" + table["image_id"], sha256=table["image_id"],
                         data=np.where(table["fold"].isna(), "isic-task12", "ham10000"))
    write_training_images(folder, table, table["image_id"])
    return _info(folder, len(table))


def _seen(image: Image.Image) -> np.ndarray:
    """As a network sees it that was trained on central squares at 256 px."""
    return prepare_image(image.convert("RGB"), 224, 224, "squish", (256, 256), "square")


def _lesion(seed: int) -> Image.Image:
    """A dark, uneven spot on skin, 600×450."""
    rng = np.random.default_rng(seed)
    coarse = np.asarray(Image.fromarray(rng.integers(90, 200, (30, 40), dtype=np.uint8)).resize((600, 450)), float)
    down, across = np.mgrid[:450, :600]
    far = np.hypot((across - rng.integers(220, 380)) / rng.integers(60, 150), (down - 225) / rng.integers(60, 150))
    return Image.fromarray(np.where(far < 1, coarse * 0.4, coarse).astype(np.uint8)).convert("RGB")


def _saved(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


CHANGES = {
    "as it is": lambda image: image,
    "quality 50": lambda image: _saved(image, 50),
    "2000×1500": lambda image: _saved(image.resize((2000, 1500)), 92),
    "200×150": lambda image: _saved(image.resize((200, 150), Image.Resampling.BICUBIC), 75),
    "square of 512": lambda image: _saved(image.crop((75, 0, 525, 450)).resize((512, 512)), 90),
    **{turn.name: lambda image, turn=turn: _saved(image.transpose(turn), 90) for turn in Image.Transpose},
    "brighter": lambda image: _saved(image.point(lambda level: min(255, 1.2 * level)), 92),
}


@pytest.fixture
def known(tmp_path):
    """Five lesions; the first four left out by the folds 0 to 3, the last by none."""
    return KnownImages(_listed(
        tmp_path, {name: image_hash(_seen(_lesion(seed))) for seed, name in enumerate(IDS)}, [0, 1, 2, 3, np.nan]))


@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_is_found_whatever_it_is_called(known, change):
    for seed, (name, fold) in enumerate(zip(IDS[:4], range(4), strict=True)):
        found = known.find(_seen(CHANGES[change](_lesion(seed))), "IMG_0001")
        assert found == Recognised(name, "ham10000", (), fold)


def test_another_image_is_not_found_even_under_an_id_that_is(known):
    for seed in range(100, 130):
        assert known.find(_seen(_lesion(seed)), "A") is None
    assert known.find(np.zeros((224, 224, 3), dtype=np.uint8), "A") is None


def test_the_id_helps_where_the_copy_is_less_alike(known):
    cropped = _seen(_lesion(2).crop((12, 9, 588, 441)))
    assert known.find(cropped, "holiday") is None
    assert known.find(cropped, "C") == known.find(cropped, "C_downsampled") == Recognised("C", "ham10000", (), 2)
    assert known.find(cropped, "B") is None


def test_no_network_answers_alone_where_each_was_trained_on_the_image_or_one_that_looks_the_same(tmp_path, known):
    assert known.find(_seen(_lesion(4)), "") == Recognised("E", "isic-task12", (), None)
    one = image_hash(_seen(_lesion(0)))
    near = f"{int(one, 16) ^ 0b1111:064x}"
    for folds, network in (([1, 2], None), ([1, 1], 1), ([1, np.nan], None)):
        info = _listed(tmp_path, {"A": one, "near": near}, folds)
        for name in ("", "A", "near"):
            found = KnownImages(info).find(_seen(_lesion(0)), name)
            first, other = ("near", "A") if name == "near" else ("A", "near")
            assert (found.image_id, found.alike, found.network) == (first, (other,), network)


def test_the_words_say_whose_answer_it_is(tmp_path):
    info = _info(tmp_path, 5)
    assert recognised_sentences(info, Recognised("ISIC_1", "ham10000", (), 3)) == (
        "This is the image ISIC_1 of the data set ham10000. The answer is that of the one of 5 networks that was "
        "trained without its lesion (fold 3).")
    assert recognised_sentences(info, Recognised("ISIC_1", "ham10000", ("ISIC_2",), None)) == (
        "This is the image ISIC_1 of the data set ham10000, or one of those that look the same (ISIC_2): each of the 5 "
        "networks was trained on one of them. The answer is the mean of all, and too good to judge them by.")
    assert "on which each of the 5 networks was trained" in recognised_sentences(
        info, Recognised("ISIC_1", "isic-task12", (), None))


@pytest.mark.parametrize("spoil", [
    lambda table: table.drop(columns="fold"), lambda table: table.drop(columns="perceptual_hash"),
    lambda table: table.assign(fold=5.0), lambda table: table.assign(fold=-1.0), lambda table: table.assign(fold=0.5),
    lambda table: table.assign(fold="0"), lambda table: table.assign(perceptual_hash="0"),
    lambda table: table.assign(perceptual_hash="G" * 64), lambda table: table.assign(perceptual_hash=None),
    lambda table: table.iloc[1:],
])
def test_a_list_that_does_not_say_who_left_an_image_out_is_refused(tmp_path, spoil):
    info = _listed(tmp_path, {"A": "0" * 64, "B": "f" * 64}, [0, np.nan])
    KnownImages(info)
    spoil(pd.read_parquet(tmp_path / FILE)).to_parquet(tmp_path / FILE)
    with pytest.raises(ModelError, match=re.escape("training images")):
        KnownImages(info)


def _images(archive: Path, *within: str) -> Iterator[tuple[str, Image.Image]]:
    """Id and image of each JPEG of a zip, of those whose ids are `within` where any are named."""
    with zipfile.ZipFile(archive) as files:
        for name in sorted(files.namelist()):
            if name.endswith(".jpg") and (not within or Path(name).stem in within):
                yield Path(name).stem, Image.open(io.BytesIO(files.read(name)))


@pytest.fixture
def originals(real_data):
    """124 of HAM10000's images as they were published, 600×450."""
    return dict(_images(real_data / "ham10000-600x450-sample.zip"))


def _known_squares(folder: Path, real_data: Path, *ids: str) -> KnownImages:
    squares = {name: image_hash(_seen(image)) for name, image in _images(real_data / "ham10000-256-centre.zip", *ids)}
    return KnownImages(_listed(folder, squares, [0.0] * len(squares)))


def test_every_copy_of_a_published_image_is_found_by_its_square(originals, real_data, tmp_path):
    known = _known_squares(tmp_path, real_data, *originals)
    for words, change in CHANGES.items():
        found = {name: known.find(_seen(change(image)), "photo") for name, image in originals.items()}
        assert [one and one.image_id for one in found.values()] == list(found), words


@pytest.mark.slow
def test_of_other_clinics_images_none_is_taken_for_one_of_ham10000_and_no_copy_for_another(real_data, tmp_path):
    known = _known_squares(tmp_path, real_data)
    others = [known.find(_seen(image), name) for name, image in _images(real_data / "isic2018-task12-512.zip")]
    assert len(others) > 2800 and not any(others)
    copies = _images(real_data / "ham10000-200x150.zip")
    wrong = [name for name, image in copies if (found := known.find(_seen(image), "")) is None
             or name not in (found.image_id, *found.alike)]
    assert not wrong
