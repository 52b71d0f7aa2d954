"""Which images a model was trained on: written at the end of a training, and read by whoever tests it later."""

import dataclasses
import hashlib
import re

import pandas as pd
import pytest

from pipeline.data.dataset import load_dataset
from pipeline.errors import ModelError
from pipeline.models.model_info import find_model
from pipeline.models.training_images import COLUMNS, FILE, training_images, write_training_images


def test_a_trained_model_names_exactly_its_training_images(trained):
    workspace, run = trained
    info, dataset, split = find_model(workspace, run.name), load_dataset(workspace, "tiny"), run.split()
    table = training_images(info)
    assert list(table.columns) == COLUMNS and len(table) == info.training_images
    assert set(table["image_id"]) == set(split.loc[split["part"] == "train", "image_id"])
    assert table["lesion_id"].nunique() == info.training_lesions
    held_out = split.loc[split["part"] != "train", "lesion_id"]
    assert not table["lesion_id"].isin(held_out).any()
    files = dataset.metadata().set_index("image_id")["file"]
    for row in table.head(3).itertuples():
        content = dataset.image_path(files[row.image_id]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row.sha256


@pytest.fixture
def info(trained, tmp_path):
    """The trained model's description in a folder that a test may spoil."""
    workspace, run = trained
    found = find_model(workspace, run.name)
    (tmp_path / FILE).write_bytes((found.folder / FILE).read_bytes())
    return dataclasses.replace(found, name="m", folder=tmp_path)


def test_an_older_model_says_that_it_has_no_list(info):
    (info.folder / FILE).unlink()
    sentence = ("The model m does not say which images it was trained on: it was made before models carried that list. "
                "Train it again to have it.")
    with pytest.raises(ModelError, match=f"^{re.escape(sentence)}$"):
        training_images(info)


@pytest.mark.parametrize("spoil", [
    lambda table: table.drop(columns="sha256"),
    lambda table: table.assign(sha256=table["sha256"].where(table.index != 0)),
    lambda table: table.assign(image_id=table["image_id"].iloc[0]),
])
def test_a_damaged_list_is_refused(info, spoil):
    spoil(training_images(info)).to_parquet(info.folder / FILE)
    with pytest.raises(ModelError, match=r"^The list of training images of the model m is damaged: .*parquet is "):
        training_images(info)
    (info.folder / FILE).write_bytes(b"PAR1")
    with pytest.raises(ModelError, match="is damaged"):
        training_images(info)


def test_a_list_of_another_length_is_refused(info):
    training_images(info).iloc[1:].to_parquet(info.folder / FILE, index=False)
    n = info.training_images
    sentence = f"The model m was trained on {n} images, but its list of training images has {n - 1}. Train it again."
    with pytest.raises(ModelError, match=f"^{re.escape(sentence)}$"):
        training_images(info)


def test_eight_thousand_images_stay_small(tmp_path):
    ids = pd.Series([f"ISIC_{number:07d}" for number in range(8000)])
    metadata = pd.DataFrame({
        "image_id": ids, "lesion_id": [f"HAM_{number * 7 // 10:07d}" for number in range(8000)],
        "sha256": [hashlib.sha256(image_id.encode()).hexdigest() for image_id in ids],
    })
    write_training_images(tmp_path, metadata, ids)
    assert (tmp_path / FILE).stat().st_size < 400_000
    assert pd.read_parquet(tmp_path / FILE).equals(metadata)
