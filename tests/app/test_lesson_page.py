"""A teaching set gone through: one image at a time, its answer hidden until it is asked for."""

import pytest

from pipeline.runs.teaching import Remark, create_set, write_remark
from tests.app_pages import button, open_page, words


@pytest.fixture
def given(filled):
    """Workspace, run, and a set of three of its images, not in the order of their ids."""
    workspace, _, run = filled
    images = list(run.predictions()["image_id"].iloc[[4, 1, 7]])
    write_remark(workspace, "generated", images[0], Remark("See the network.", True))
    return workspace, run, create_set(workspace, "Three", "For Monday.", "generated", run, images)


def alts(at) -> list[str]:
    return [image.alt for element in at.get("image") for image in element.proto.imgs]


def test_the_answer_is_hidden_until_it_is_asked_for(given):
    _, run, one = given
    at = open_page("lesson", run=run.name, set=one.id)
    assert "1 of 3" in words(at)
    assert alts(at) == ["The lesion"] and at.subheader[0].value == "50 years, male, back"
    # the set's name may say it too
    hidden = ("Drawn as", "Prediction", "See the network.", "label doubtful", "Three", "For Monday.", one.images[0])
    assert not [word for word in hidden if word in words(at)]
    button(at, "Show the answer").click().run()
    said = words(at)
    assert all(word in said for word in hidden[:-1]) and "Education only, not a medical device." in said
    assert at.query_params["answer"] == "yes"


def test_it_goes_from_image_to_image_in_the_sets_order(given):
    _, run, one = given
    at = open_page("lesson", run=run.name, set=one.id, answer="yes")
    assert button(at, "Previous").disabled
    button(at, "Next").click().run()
    assert at.query_params["image"] == one.images[1] and "answer" not in at.query_params
    assert "Drawn as" not in words(at)
    button(at, "Next").click().run()
    assert "3 of 3" in words(at) and button(at, "Next").disabled
    button(at, "Previous").click().run()
    assert at.query_params["image"] == one.images[1]


def test_keys_do_what_the_buttons_do(given):
    _, run, one = given
    at = open_page("lesson", run=run.name, set=one.id)
    keys = {b.label: b.proto.shortcut for b in at.button if b.proto.shortcut}
    assert {name: key.lower() for name, key in keys.items()} == {
        "Show the answer": "a", "Previous": "left", "Next": "right"}


def test_an_image_that_the_run_did_not_judge_has_no_prediction(given):
    workspace, run, _ = given
    trained_on = next(image for image in run.split().query("part == 'train'")["image_id"])
    one = create_set(workspace, "Seen", "", "generated", run, [trained_on])
    said = words(open_page("lesson", run=run.name, set=one.id, answer="yes"))
    assert "**Drawn as:**" in said and "This run did not judge the image." in said and "Prediction" not in said


def test_an_address_of_nothing_says_so(given):
    _, run, one = given
    at = open_page("lesson", run=run.name, set="set-99")
    assert "names the teaching set set-99, which is not here" in at.warning[0].value
    at = open_page("lesson", run=run.name, set=one.id, image="IMG_gone")
    assert "names the image IMG_gone" in at.warning[0].value and "1 of 3" in words(at)
    at = open_page("lesson")
    button(at, "Teaching sets").click().run()
    assert not at.exception


def test_without_the_data_set_the_table_still_answers(given):
    workspace, run, one = given
    (workspace.datasets / "generated" / "dataset.json").unlink()
    at = open_page("lesson", run=run.name, set=one.id, answer="yes")
    assert "is no longer here, or has lost it" in words(at) and "**Prediction:**" in words(at)
