"""The page Data sets in Streamlit's AppTest: the wall first, counts, what is missing, and its address."""

import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.charts.dataset_figures import counts_figure, cross_figure
from app.loaders.image_pixels import SIDE, thumbnail
from app.words.factor_words import level_words
from pipeline.data.importing import set_sources
from pipeline.data.tables import counts_by_diagnosis, cross_table, described
from pipeline.errors import ImageError
from tests import app_pages
from tests.app_pages import button, words
from tests.hand_made import make_dataset


def open_page(**parameters: str) -> AppTest:
    at = app_pages.open_page("dataset", **parameters)
    assert not at.error
    return at


def captions(at: AppTest) -> list[str]:
    return [c.value for c in at.caption if " · lesion " in c.value]


def test_an_empty_workspace_has_one_way_on(workspace):
    at = open_page(data="gone")
    assert "gone" in at.warning[0].value
    assert [b.label for b in at.button if b.proto.type == "primary" and not b.proto.form_id] == [
        "Draw the generated images"
    ]


def test_what_is_here_comes_first_with_its_images(dataset):
    at = open_page()
    assert at.radio(key="dataset.view").options == ["Images", "Counts", "Get more"] and len(captions(at)) == 12
    assert "140 images of 70 lesions, 7 diagnoses." in words(at) and dataset.licence in words(at)
    assert not [b for b in at.button if b.label.startswith("Fetch")]
    at.radio(key="dataset.view").set_value("get").run()
    assert [b for b in at.button if b.label.startswith("Fetch")] and not captions(at)
    at.radio(key="dataset.view").set_value("images").run()
    button(at, "Train on it").click().run()
    assert at.title[0].value == "Train" and at.selectbox(key="train.data").value == "generated"


def test_after_a_first_data_set_came_its_images_are_shown(workspace, tmp_path):
    at = open_page(view="get")
    assert "No data set is here yet." in words(at) and "view" not in at.query_params
    make_dataset(workspace, tmp_path)
    assert len(captions(at.run())) == 12


def test_counts_spell_out_both_groups(dataset):
    text = words(open_page(view="counts"))
    assert "Malignant: **40 images** of 20 lesions, 28.6 % of all images" in text
    assert "- Basal cell carcinoma · bcc\n- Melanoma · mel: invasive or in situ" in text
    assert "Malignant or in situ/precursor: **60 images** of 30 lesions" in text
    assert "- Actinic keratosis or Bowen's disease · akiec" in text
    assert "generated – not for learning dermoscopy" in text


def test_image_sources_that_are_absent_and_how_to_add_them(dataset, workspace, tmp_path):
    at = open_page(view="counts")
    assert "Image source not recorded: 140 images of 70 lesions (100.0 %)" in words(at)
    assert "data import --name generated --sources CSV" in words(at)
    table = pd.DataFrame({"image_id": dataset.metadata()["image_id"], "dataset": "clinic"})
    table.to_csv(tmp_path / "sources.csv", index=False)
    set_sources(workspace, "generated", tmp_path / "sources.csv")
    assert "--sources CSV" not in words(open_page(view="counts"))


def test_what_is_missing_opens_its_images(dataset):
    at = open_page(view="counts")
    button(at, "Show them").click().run()
    assert at.query_params["source"] == "not-recorded" and len(captions(at)) == 12


def test_the_cross_table_stands_in_the_address(dataset):
    at = open_page(view="counts", by="localization", count="lesions")
    assert "**Localization within each diagnosis: lesions, and their share of the diagnosis**" in words(at)
    at.selectbox(key="cross.by").set_value("sex").run()
    assert at.query_params["by"] == "sex"
    assert "Shown instead: age band" in open_page(view="counts", by="shoe").warning[0].value


def test_a_click_on_a_cell_opens_its_images(dataset):
    at = open_page(view="counts")
    at.session_state["cross.0"] = {"selection": {"points": [{"customdata": ["mel", "40-59"]}]}}
    at.run()
    assert not at.exception
    assert (at.query_params["dx"], at.query_params["age"]) == ("mel", "40-59")
    assert len(captions(at)) == 12 and "1–12 of 20" in words(at)


def test_the_address_opens_filters_and_page(dataset):
    at = open_page(view="images", sex="male", page="12")
    assert "133–140 of 140" in words(at) and len(captions(at)) == 8
    assert captions(at)[-1] == "IMG_0139 · lesion LES_0069"
    assert at.selectbox(key="wall.sex").value == "male"
    assert "**Drawn as:** Vascular lesion or haemorrhage · vasc  \n50 years, male, back" in words(at)


def test_next_previous_and_a_new_filter(dataset):
    at = open_page(view="images")
    assert "1–12 of 140" in words(at) and button(at, "Previous").disabled
    button(at, "Next").click().run()
    assert "13–24 of 140" in words(at) and at.query_params["page"] == "2"
    at.selectbox(key="wall.dx").set_value("df").run()
    assert "**20 images** of 10 lesions match, out of 140 images." in words(at)
    assert "page" not in at.query_params and "1–12 of 20" in words(at)
    button(at, "Show all").click().run()
    assert "dx" not in at.query_params and "1–12 of 140" in words(at)


@pytest.mark.parametrize(
    ("parameter", "value"), [("dx", "zzz"), ("sex", "<b>"), ("page", "99"), ("page", "0"), ("page", "²"),
                             ("view", "attic"), ("data", "gone")]
)
def test_an_address_of_something_gone_says_so(dataset, parameter, value):
    at = open_page(**{parameter: value})
    assert at.warning[0].value.startswith("The address names") and len(at.warning) == 1


def test_filters_that_nothing_meets(dataset):
    at = open_page(age="80-up")
    assert "No image has all of these" in at.info[0].value and not at.warning


def test_another_data_set_forgets_filters_that_it_lacks(dataset, workspace, tmp_path):
    make_dataset(workspace, tmp_path, "mine", generated=False)
    table = pd.DataFrame({"image_id": dataset.metadata()["image_id"], "dataset": "clinic"})
    table.to_csv(tmp_path / "sources.csv", index=False)
    set_sources(workspace, "generated", tmp_path / "sources.csv")
    at = open_page(data="generated", source="clinic", dx="mel")
    assert "1–12 of 20" in words(at)
    at.selectbox(key="pick.data").set_value("mine").run()
    assert not at.exception and not at.warning
    assert "source" not in at.query_params and at.query_params["dx"] == "mel" and "1–12 of 20" in words(at)


def test_an_image_file_that_is_gone_is_said_in_its_place(dataset):
    dataset.image_path("IMG_0000.jpg").unlink()
    at = open_page(view="images")
    assert len(at.warning) == 1 and "IMG_0000.jpg is gone" in at.warning[0].value and len(captions(at)) == 12


def test_two_visitors_have_their_own_filters(dataset):
    one, other = open_page(view="images", dx="mel"), open_page(view="images")
    assert "1–12 of 20" in words(one) and "1–12 of 140" in words(other)


def test_thumbnails_reduce_large_files_only(tmp_path):
    small, large = tmp_path / "a.jpg", tmp_path / "b.jpg"
    Image.new("RGB", (40, 30)).save(small)
    Image.new("RGB", (2000, 1000)).save(large)
    assert thumbnail(small, 40, 30) == small.read_bytes()
    reduced = tmp_path / "c.jpg"
    reduced.write_bytes(thumbnail(large, 2000, 1000))
    assert Image.open(reduced).size == (SIDE, SIDE // 2)
    with pytest.raises(ImageError, match=r"^The image file gone.jpg is gone"):
        thumbnail(tmp_path / "gone.jpg", 40, 30)


@pytest.mark.parametrize("dark", [False, True])
def test_charts_have_titles_and_axis_names(dataset, dark):
    rows = described(dataset.metadata())
    for figure in (counts_figure(counts_by_diagnosis(rows), dark),
                   cross_figure(cross_table(rows, "age"), "age", "images", dark)):
        assert figure.layout.meta["title"] and figure.layout.xaxis.title.text and figure.layout.yaxis.title.text


def test_words_of_levels():
    assert level_words("age", "80-up") == "80 years and older" and level_words("age", "40-59") == "40–59 years"
    assert level_words("dx", "mel") == "Melanoma · mel" and level_words("source", "not-recorded") == "not recorded"
    assert level_words("dx_type", "follow_up") == "follow-up" and level_words("source", "vidir") == "vidir"
