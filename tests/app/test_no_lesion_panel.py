"""What a model says of pictures without a lesion, on Classify: computed when it is opened, beside what checks say."""

import numpy as np
import pytest
from PIL import Image

from app.components.models.no_lesion_panel import FOLD, PICTURES
from app.loaders import resources
from pipeline.classes import label
from pipeline.suitability.checks import check_picture
from tests.app_pages import open_page, words
from tests.fixtures.draw_no_lesion import DRAWN, FOLDER
from tests.stand_in import StandInPredictor


def opened():
    at = open_page("classify")
    assert "The checks:" not in words(at), "nothing is asked of a network before somebody looks"
    at.session_state[FOLD] = True
    return at.run()


def test_each_picture_has_the_models_answer_and_what_the_checks_say(workspace, bundle, stand_in):
    at = opened()
    said, code = words(at), resources.models()[0].classes[0]
    assert not at.exception and "nothing here is an answer about a lesion" in said
    assert said.count(f"**The model:** {label(code)}, 40.0") == said.count("**The checks:**") == len(PICTURES)
    assert "Very dark. " in said and "No lesion stands out from its surroundings." in said
    assert "Education only, not a medical device." in said
    drawn = [image.alt for element in at.get("image") for image in element.proto.imgs]
    assert drawn == [picture.words for picture in PICTURES]


def test_the_answer_is_the_models_of_the_moment(workspace, bundle, monkeypatch):
    class Sure(StandInPredictor):
        def probabilities(self, images):
            return np.tile(np.eye(len(self.info.classes), dtype=np.float32)[-1], (len(images), 1))

    monkeypatch.setattr(resources, "predictor", Sure)
    assert words(opened()).count(f"**The model:** {label(resources.models()[0].classes[-1])}, ") == len(PICTURES)


def test_without_a_model_for_real_images_there_is_none(answering):
    assert not [fold for fold in open_page("classify").expander if fold.label.startswith("No lesion")]


@pytest.mark.parametrize("name", DRAWN)
def test_what_ships_is_what_is_drawn(name):
    with Image.open(FOLDER / name) as shipped:
        assert np.array_equal(np.asarray(shipped.convert("RGB")), np.asarray(DRAWN[name]()))


def test_the_checks_fire_on_each_of_them():
    fired = {}
    for picture in PICTURES:
        with Image.open(picture.path) as image:
            fired[picture.words] = [one.key for one in check_picture(np.asarray(image.convert("RGB")))]
    assert all(fired.values()), fired
