"""Home's wall: which eight lesions, the guess, and what is answered."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.loaders.first_lesions import first_lesions
from app.loaders.stand_items import stand_round
from pipeline.errors import DataError
from pipeline.explain.drawn_lesions import FOLDER, read_drawings, write_drawings
from pipeline.images.generated import NOTICE, is_generated
from pipeline.images.reading import open_image
from pipeline.metrics.chosen_lesions import chosen_lesions
from pipeline.models.model_info import bundled_model
from pipeline.runs.teaching import Remark, write_remark
from tests.app_pages import button, open_page, words
from tests.hand_made import make_dataset, make_run


@pytest.fixture
def judged() -> pd.DataFrame:
    """400 images of 200 lesions, a third of the answers wrong."""
    random = np.random.default_rng(0)
    truths = random.choice(["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"], 400)
    wrong = random.random(400) < 1 / 3
    return pd.DataFrame({
        "image_id": [f"I{n:03}" for n in range(400)], "lesion_id": [f"L{n // 2:03}" for n in range(400)],
        "truth": truths, "predicted": np.where(wrong, np.where(truths == "nv", "mel", "nv"), truths),
        "loss": random.exponential(1.0, 400),
    })


def test_eight_lesions_each_once_some_of_them_wrong_and_none_with_a_highest_loss(judged):
    highest = judged["loss"].quantile(0.95)
    for seed in range(20):
        chosen = judged.set_index("image_id").loc[chosen_lesions(judged, seed)]
        assert len(chosen) == 8 and chosen["lesion_id"].is_unique and (chosen["loss"] <= highest).all()
        right = chosen["truth"] == chosen["predicted"]
        kinds = set(zip(chosen["truth"], right, strict=True))
        assert {("mel", True), ("mel", False), ("nv", True), ("nv", False), ("bkl", False)} <= kinds


def test_the_same_seed_chooses_the_same_and_another_one_others(judged):
    assert chosen_lesions(judged, 3) == chosen_lesions(judged, 3)
    assert set(chosen_lesions(judged, 3)) != set(chosen_lesions(judged, 4))


def test_few_lesions_are_all_shown(judged):
    assert len(chosen_lesions(judged.head(6), 0)) <= 3


def test_the_drawings_that_ship_say_what_they_are():
    stored = read_drawings()
    assert len(stored.drawings) == 8 and 0 < stored.right <= stored.asked
    assert {one.predicted == one.drawn_as for one in stored.drawings} == {True, False}
    for one in stored.drawings:
        image = open_image(FOLDER / one.file, one.file)
        assert is_generated(image) and abs(sum(one.probabilities.values()) - 1) < 1e-3


def test_drawings_are_never_answered_by_a_model_of_real_images(workspace, bundle, tmp_path):
    info = bundled_model()
    assert info is not None
    with pytest.raises(DataError, match="real images"):
        write_drawings(workspace, replace(info, generated=False), tmp_path)


def test_the_model_in_the_box_answers_where_no_run_judged_the_real_images(workspace, bundle, tmp_path, monkeypatch):
    make_dataset(workspace, tmp_path, "mine", generated=False)
    monkeypatch.setattr("app.loaders.first_lesions._judging_run", lambda: None)
    wall = first_lesions(0)
    assert wall.model is not None and not wall.generated and len(wall.lesions) == 7
    at = open_page("home", lesion=next(iter(wall.lesions)), guess="unsure")
    assert "**Reference diagnosis:**" in words(at) and "Education only, not a medical device." in words(at)


def first_drawing() -> str:
    return read_drawings().drawings[0].image_id


def test_a_bare_machine_shows_drawings_and_says_so(workspace):
    at = open_page("home")
    assert f"Drawings: {NOTICE}." in words(at)
    at = open_page("home", lesion=first_drawing())
    assert "What do you see?" in words(at) and "Drawn as" not in words(at) and "Model:" not in words(at)
    button(at, "Malignant, in situ or precursor").click().run()
    assert at.query_params["guess"] == "malignant" and "**Drawn as:**" in words(at)
    assert "**Reference diagnosis:**" not in words(at) and "Education only, not a medical device." in words(at)


@pytest.mark.parametrize(("guess", "right"), [("benign", True), ("malignant", False), ("vasc", True), ("mel", False)])
def test_a_guess_is_right_by_its_group_or_by_its_name(workspace, guess, right):
    vascular = next(one for one in read_drawings().drawings if one.drawn_as == "vasc")
    at = open_page("home", lesion=vascular.image_id, guess=guess)
    yours = next(line for element in at.markdown for line in element.value.splitlines() if line.startswith("**You:**"))
    assert ("right" in yours) == right and ("wrong" in yours) != right


def test_who_cannot_tell_is_neither_right_nor_wrong(workspace):
    at = open_page("home", lesion=first_drawing(), guess="unsure")
    yours = next(line for element in at.markdown for line in element.value.splitlines() if line.startswith("**You:**"))
    assert "right" not in yours and "wrong" not in yours


def test_the_next_lesion_comes_without_the_answer(workspace):
    at = open_page("home", lesion=first_drawing(), guess="benign")
    button(at, "Next lesion").click().run()
    assert at.query_params["lesion"] == read_drawings().drawings[1].image_id and "guess" not in at.query_params
    button(at, "All eight").click().run()
    assert "lesion" not in at.query_params and not at.exception


@pytest.mark.parametrize("address", [{"lesion": "ISIC_none"}, {"guess": "nobody", "lesion": "GEN_none"},
                                     {"draw": "-1"}, {"draw": "9" * 400}, {"draw": "\u0661"}])
def test_an_address_of_nothing_shows_the_wall(workspace, address):
    at = open_page("home", **address)
    assert not at.exception and not at.error and at.title[0].value == "What do you see?"


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"no image")], ids=["gone", "damaged"])
def test_an_image_that_cannot_be_shown_is_counted_and_the_others_stand(workspace, tmp_path, damage):
    make_run(workspace, make_dataset(workspace, tmp_path, "mine", generated=False))
    damage(next(iter(first_lesions(0).lesions.values())).path)
    at = open_page("home")
    assert not at.exception and "1 more cannot be shown: their files are gone or cannot be read." in words(at)
    assert len(stand_round(None, 0).items) == 4


def test_real_images_that_a_run_held_out_come_first(workspace, tmp_path):
    dataset = make_dataset(workspace, tmp_path, "mine", generated=False)
    make_run(workspace, dataset)
    said = words(open_page("home"))
    assert "Chosen pictures of known diagnosis; not for judging your own skin." in said
    assert f"Images: {dataset.licence}" in said
    wall = first_lesions(0)
    assert len(wall.lesions) == 8 and not wall.generated and wall.run is not None
    one = next(iter(wall.lesions))
    at = open_page("home", lesion=one, guess="benign")
    assert "**Reference diagnosis:**" in words(at) and "Drawn as" not in words(at) and not at.exception
    assert any(link.label == "All about this case" for link in at.get("page_link"))
    write_remark(workspace, dataset.name, one, Remark("", True))  # its label is doubtful: not for a first look
    assert one not in first_lesions(0).lesions
