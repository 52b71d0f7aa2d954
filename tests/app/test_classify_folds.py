"""Classify and Models with a cross-validation's networks: who answers, and that the page says so."""

import numpy as np
import pytest
from PIL import Image

from app.components.models.visitor_image import visitor_image
from app.loaders import resources
from app.loaders.examples import examples
from pipeline.data.dataset import load_dataset
from pipeline.inference.predictor import Predictor
from pipeline.models.model_info import find_model
from pipeline.models.training_images import training_images
from tests.app_pages import open_page, words
from tests.cross_validation import relist
from tests.hand_made import image_bytes

ALONE = "The answer is that of the one of 5 networks that was trained without its lesion"


@pytest.fixture
def info(cross_validated):
    return find_model(cross_validated, "cv")


def _image(cross_validation, name: str = "a photo.jpg"):
    return visitor_image(cross_validation / "source" / "IMG_0007.jpg", name)


def test_a_known_upload_is_answered_and_explained_by_the_network_that_left_it_out(info, cross_validation):
    image, ask = _image(cross_validation), resources.output.__wrapped__  # what is kept is a session's own
    output = ask(info, image.pixels, image.digest, name="a photo")
    fold = int(training_images(info).set_index("image_id")["fold"]["IMG_0007"])
    assert (output.network, output.recognised.image_id) == (fold, "IMG_0007")
    network = Predictor(info.of_fold(fold))
    assert output.probabilities == pytest.approx(network.probabilities([output.seen])[0], abs=1e-6)
    heatmap = resources.explanation.__wrapped__(info, output, image.digest, "nv", output.network)
    assert heatmap == pytest.approx(network.explain(output.seen, "nv"), rel=1e-4, abs=1e-6)
    mean = ask(info, image.pixels, image.digest)
    assert (mean.network, mean.recognised) == (None, None)
    assert np.abs(mean.probabilities - output.probabilities).max() > 1e-4
    one = ask(info, image.pixels, image.digest, network=(fold + 1) % 5)
    assert np.abs(one.probabilities - output.probabilities).max() > 1e-4


def test_the_page_says_which_image_an_upload_is_and_who_answered(info, cross_validation, tmp_path):
    with Image.open(cross_validation / "source" / "IMG_0007.jpg") as image:
        image.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png")
    at = open_page("classify", model="cv")
    at.radio(key="source").set_value("uploads").run()
    at.file_uploader(key="uploads").set_value([("t.png", (tmp_path / "turned.png").read_bytes(), "image/png")]).run()
    at.radio(key="dermatoscope").set_value("yes").run()
    assert "This is the image IMG_0007 of the data set tiny." in words(at) and ALONE in words(at)
    at.file_uploader(key="uploads").set_value([("new.jpg", image_bytes(9999, False), "image/jpeg")]).run()
    assert "Model output:" in words(at) and "This is the image" not in words(at) and not at.exception
    assert "These are the 5 networks of one cross-validation" in words(at)


def test_examples_are_all_that_one_network_was_trained_without(info, cross_validated):
    (offer,) = examples(info).offers
    assert len(offer.images) == load_dataset(cross_validated, "tiny").images
    assert offer.origin.startswith("A training image has the answer of the one network that was trained without its")
    listed = training_images(info)
    relist(info, listed.assign(fold=listed["fold"].where(listed.index >= 6)))
    (offer,) = examples(find_model(cross_validated, "cv")).offers
    assert len(offer.images) == 50 and "Those that every network was trained on are left out: 6 of 56." in offer.origin
    at = open_page("classify", model="cv", example=f"tiny/{offer.images.index[0]}")
    assert ALONE in words(at) and not at.exception


def test_the_page_models_says_what_it_is(info):
    at = open_page("models", model="cv")
    assert "5 × EfficientNet-Lite0 with a linear head" in words(at) and not at.exception
    assert words(at).count("These are the 5 networks of one cross-validation, each trained without another part") == 2
    assert at.dataframe[0].value.set_index("title")["size"]["cv"] == pytest.approx(
        sum(path.stat().st_size for path in info.folder.glob("fold*.safetensors")) / 1e6)
