"""Criteria: exemplars with what was marked outlined, a class that is asked, and drawings where no image is here."""

import pytest

from app.loaders.criteria_rows import asked_about, exemplars
from app.words.criteria_words import CRITERIA_WORDS
from pipeline.data.criterion_masks import import_criteria
from pipeline.data.importing import import_dataset
from pipeline.vocabulary import CRITERIA
from tests.app_pages import button, open_page, words
from tests.pipeline.data.test_criterion_masks import EMPTY, named
from tests.small_archives import files_of, mask_png, rows, write_zip


@pytest.fixture
def marked(workspace, tmp_path):
    """A data set of 24 images: globules are marked on every other one; of streaks nothing is known."""
    table = rows(24)
    dataset = import_dataset(workspace, write_zip(tmp_path / "images.zip", files_of(table)), "some")
    files = {named(image_id, "globules"): EMPTY if n % 2 else mask_png()
             for n, image_id in enumerate(table["image_id"])}
    import_criteria(workspace, write_zip(tmp_path / "c.zip", files), "some")
    return dataset, set(table["image_id"][::2])


def _pictures(at) -> list[str]:
    return [image.alt for element in at.get("image") for image in element.proto.imgs]


def test_without_images_each_criterion_is_a_schematic_drawing(workspace):
    for criterion in CRITERIA:
        at = open_page("criteria", criterion=criterion)
        drawing = at.get("image")[0].proto.imgs[0]
        assert drawing.alt == f"Schematic drawing of {CRITERIA_WORDS[criterion].lower}"
        assert drawing.caption == "Schematic drawing, no photograph" and CRITERIA_WORDS[criterion].meaning in words(at)
        assert "it proves none of them" in words(at) and not at.exception


def test_the_terms_are_those_of_the_consensus():
    assert {criterion: said.term for criterion, said in CRITERIA_WORDS.items()} == {
        "pigment_network": "lines, reticular",
        "negative_network": "lines, reticular, hypopigmented, around brown clods",
        "streaks": "lines, radial (always at the periphery)",
        "milia_like_cyst": "dots or clods, white, clustered or disseminated",
        "globules": "clods, round or oval",
    }


def test_exemplars_are_images_on_which_it_is_marked(marked):
    dataset, ids = marked
    at = open_page("criteria", criterion="globules")
    shown = {alt.split(",")[0].removeprefix("Image ") for alt in _pictures(at)}
    assert len(shown) == 8 and shown <= ids
    assert all(alt.endswith("with the outline of what was marked as globules") for alt in _pictures(at))
    at.toggle(key="criteria.outline").set_value(False).run()
    assert not any("outline" in alt for alt in _pictures(at))
    button(at, "Others").click().run()
    assert shown != {alt.removeprefix("Image ") for alt in _pictures(at)} <= ids
    assert exemplars(dataset, "globules", 0, 8) == exemplars(dataset, "globules", 0, 8)
    at = open_page("criteria", criterion="streaks")
    assert "has no image on which this criterion was marked" in at.info[0].value and not at.exception


def test_a_class_is_asked_and_an_empty_mask_is_never_called_absent(marked):
    dataset, ids = marked
    asked = asked_about(dataset, "globules", 20)
    assert len(asked) == 20 and sum(asked.values()) == 10 and {one for one, yes in asked.items() if yes} <= ids
    said = {}
    for mark in (True, False):
        image = next(one for one, yes in asked.items() if yes == mark)
        at = open_page("criteria", criterion="globules", view="ask", image=image)
        assert "Reference diagnosis" not in words(at) and not any("outline" in alt for alt in _pictures(at))
        button(at, "Yes").click().run()
        said[mark] = words(at)
        assert any("outline" in alt for alt in _pictures(at)) == mark and "Reference diagnosis" in said[mark]
    assert "As you say: globules: **marked** here." in said[True]
    assert "You say otherwise: globules: **not marked** here. That does not show that there is none." in said[False]
    button(at, "Next").click().run()
    assert "Reference diagnosis" not in words(at)


