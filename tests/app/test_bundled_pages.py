"""The pages with the bundled model and its run, on a fresh workspace and beside own runs; and without them."""

import io
import shutil

import pandas as pd
import pytest
from PIL import Image

from app.loaders import resources
from app.loaders.examples import examples
from app.loaders.run_data import found_data
from app.words.first_bundled_words import TITLE
from pipeline.data.importing import import_dataset
from pipeline.files.disk import read_json, write_json
from pipeline.files.workspace import MODEL_NAME, RUN_NAME
from tests.app_pages import button, open_page, words
from tests.hand_made import image_bytes, make_run
from tests.hand_made import make_dataset as make_generated

pytestmark = pytest.mark.usefixtures("stand_in")
NOTICE = "in cross-validation, its sibling networks called "
SIBLINGS = "bundled with LesionLab: **five sibling networks, not the shipped one**"
NOT_HERE = "The images of this run are not bundled"


def labels(at) -> list[str]:
    return [b.label for b in at.button]


def larger_copies(source, target):
    """The same images under the same ids, twice as large, as another source of the data set has them."""
    shutil.copytree(source, target)
    for path in target.glob("*.jpg"):
        image, file = Image.open(path), io.BytesIO()
        image.resize((image.width * 2, image.height * 2)).save(file, "JPEG")
        path.write_bytes(file.getvalue())
    return target


def change_diagnosis(folder, image_id: str, dx: str) -> None:
    path = folder / "HAM10000_metadata.csv"
    table = pd.read_csv(path)
    lesion = table.loc[table["image_id"] == image_id, "lesion_id"].iloc[0]
    table.loc[table["lesion_id"] == lesion, "dx"] = dx
    table.to_csv(path, index=False)


def upload(at, *names: str) -> None:
    at.radio(key="source").set_value("uploads").run()
    at.file_uploader(key="uploads").set_value([(name, image_bytes(5, False), "image/jpeg") for name in names]).run()
    at.radio(key="dermatoscope").set_value("yes").run()


def test_home_offers_both_on_a_fresh_machine(workspace, bundle):
    at = open_page("home")
    assert "Question the model in the box" in words(at)
    button(at, "See where it errs").click().run()
    assert at.title[0].value == "Instructive errors" and not at.exception
    at = open_page("tour")
    button(at, "All its errors").click().run()
    assert at.query_params["run"] == RUN_NAME and not at.exception
    at = open_page("home")
    button(at, "Classify an image").click().run()
    assert at.query_params["model"] == MODEL_NAME and not at.exception


def test_without_a_bundle_nothing_of_it_is_said(workspace):
    said = " ".join(words(open_page(page)) for page in ("home", "classify", "runs", "errors", "models", "explore"))
    assert "bundled" not in said


def test_the_model_in_the_box_stays_the_first_once_another_was_trained(workspace, bundle, tmp_path):
    run = make_run(workspace, make_generated(workspace, tmp_path))
    at = open_page("home")
    assert f"The model **{run.name}** is trained." in words(at)
    button(at, "Classify an image").click().run()
    assert at.query_params["model"] == MODEL_NAME and not at.exception


def test_classify_answers_with_both_decisions(workspace, bundle, tmp_path, monkeypatch):
    skewed = shutil.copytree(bundle, tmp_path / "skewed")
    info = read_json(skewed / "model.json")
    frequencies = dict.fromkeys(info["classes"], 0.05) | {"akiec": 0.7}
    write_json(skewed / "model.json", {**info, "frequencies": frequencies})
    monkeypatch.setenv("LESIONLAB_BUNDLED", str(skewed))
    at = open_page("classify")
    assert at.selectbox(key="pick.model").options == ["default (bundled with LesionLab)"]
    assert at.radio(key="source").value == "uploads"
    upload(at, "a.jpg")
    said = words(at)
    assert "Highest probability (as-data): **Actinic keratosis or Bowen's disease · akiec**" in said
    assert "All diagnoses weighed alike (balanced): **Basal cell carcinoma · bcc**" in said
    assert NOTICE in said and not at.exception
    assert "sibling networks that each left some out" in said


def test_after_a_training_on_drawings_the_box_stays_the_default_on_classify(workspace, bundle, tmp_path):
    make_run(workspace, make_generated(workspace, tmp_path))
    at = open_page("classify")
    assert at.selectbox(key="pick.model").value == MODEL_NAME and at.radio(key="source").value == "uploads"


def test_no_example_is_an_image_that_it_was_trained_on(workspace, bundle, tiny_bundle, tmp_path):
    make_generated(workspace, tmp_path)
    copies = larger_copies(tiny_bundle[1], tmp_path / "copies")
    (copies / "IMG_0000.jpg").rename(copies / "NEW_0000.jpg")
    table = (copies / "HAM10000_metadata.csv").read_text().replace("IMG_0000", "NEW_0000")
    (copies / "HAM10000_metadata.csv").write_text(table)
    import_dataset(workspace, copies, "other")
    info = next(info for info in resources.models() if info.read_only)
    found = examples(info)
    assert [list(offer.images.index) for offer in found.offers] == [["NEW_0000"]]
    assert found.left_out[0].startswith("The model default was trained on all 56 images of tiny, so none of them can")
    assert any("Generated drawings go with a model of their own" in sentence for sentence in found.left_out)


def test_errors_stand_without_any_image(workspace, bundle):
    at = open_page("errors")
    said = words(at)
    assert SIBLINGS in said and "The recipe was chosen on one of the five folds" in said and NOT_HERE in said
    assert at.selectbox(key="pick.run").options == [TITLE]
    assert "56 images" in said and "Classify images with the bundled model" in labels(at)
    assert "The image is not here" not in said and "No heatmaps" not in said  # said once, for all of them
    button(at, "Get data").click().run()
    assert at.title[0].value == "Data sets"


@pytest.mark.parametrize("page", ["explore", "evaluation", "case"])
def test_the_other_pages_of_a_run_show_it(workspace, bundle, page):
    at = open_page(page, run=RUN_NAME, **({"image": "IMG_0003"} if page == "case" else {}))
    assert SIBLINGS in words(at) and not at.exception and not at.error
    assert "Compute" not in " ".join(labels(at))
    if page == "case":
        assert NOTICE in words(at) and NOT_HERE in words(at)
        assert not any("Look-alikes" in tab.label for tab in at.tabs)  # the five networks are not here
    elif page == "explore":
        assert NOT_HERE in words(at)
        assert "No map and no neighbours" in words(open_page(page, run=RUN_NAME, view="map"))


def test_its_images_appear_under_any_name(workspace, bundle, tiny_bundle):
    import_dataset(workspace, tiny_bundle[1], "mine")
    run = resources.runs()[0]
    assert (found_data(run).dataset.name, found_data(run).note) == ("mine", None)
    at = open_page("errors", run=RUN_NAME)
    assert NOT_HERE not in words(at) and "No heatmaps: the five networks are not here" in words(at)
    alts = [image.alt for element in at.get("image") for image in element.proto.imgs]
    assert any(alt.startswith("Image IMG_") for alt in alts) and not at.exception


def test_other_copies_are_found_by_id_and_diagnosis_and_said(workspace, bundle, tiny_bundle, tmp_path):
    make_generated(workspace, tmp_path)
    assert found_data(resources.runs()[-1]).dataset is None  # some of its drawings have the same ids
    copies = larger_copies(tiny_bundle[1], tmp_path / "copies")
    change_diagnosis(copies, "IMG_0003", "nv")
    import_dataset(workspace, copies, "kaggle")
    run = resources.runs()[-1]
    found = found_data(run)
    assert found.dataset.name == "kaggle" and len(found.images) == 55 and "IMG_0003" not in found.images
    at = open_page("errors", run=RUN_NAME)
    assert ("Images of the data set kaggle, found by id and diagnosis: 55 images of the 56 that the networks judged."
            in words(at))
    at = open_page("case", run=RUN_NAME, image="IMG_0003")
    assert NOT_HERE in words(at) and not at.exception
    at = open_page("case", run=RUN_NAME, image="IMG_0004")
    assert NOT_HERE not in words(at) and not at.exception


def test_runs_lists_it_read_only(workspace, bundle):
    at = open_page("runs")
    table = at.dataframe[0].value
    assert list(table["source"]) == ["bundled"]
    assert list(table["title"]) == [TITLE]
    at = open_page("runs", runs=RUN_NAME)
    said = words(at)
    assert SIBLINGS in said and "The curves of the trainings are not bundled" in said
    assert "it can be neither named nor deleted" in said
    assert not [name for name in labels(at) if name.startswith(("Delete", "Restore", "Save", "Its curves"))]
    at.text_input(key="runs.search").set_value("bundled").run()
    assert len(at.dataframe[0].value) == 1


def test_it_is_compared_with_an_own_run_on_what_they_share(workspace, bundle, tiny_bundle):
    dataset = import_dataset(workspace, tiny_bundle[1], "mine")
    own = make_run(workspace, dataset)
    held_out = (own.predictions()["part"] == "validation").sum()
    at = open_page("runs", runs=f"{own.name},{RUN_NAME}")
    assert f"Shared: {held_out} images" in words(at) and not at.exception and not at.error


def test_train_and_the_forms_know_own_runs_only(workspace, bundle, tiny_bundle):
    import_dataset(workspace, tiny_bundle[1], "tiny")
    at = open_page("train")
    assert RUN_NAME not in words(at) and not any(RUN_NAME in str(box.options) for box in at.selectbox)
    at = open_page("train", run=RUN_NAME)
    assert "which is not here (any more)" in words(at)


def test_models_shows_its_card_and_no_way_to_change_it(workspace, bundle):
    at = open_page("models", model=MODEL_NAME)
    said = words(at)
    assert "In cross-validation its sibling networks, not it, reached on 56 images" in said
    assert "It came with LesionLab, so it can be neither named nor deleted." in said
    assert "Education only, not a medical device." in said and "CLAIM" not in said[:20]
    assert "The fastai learner gives the network's plain output" in said
    assert "This card came with the model" not in said
    assert not [name for name in labels(at) if name.startswith("Delete")]
    button(at, "Errors of its siblings").click().run()
    assert at.query_params["run"] == RUN_NAME


def test_a_model_whose_frequencies_nobody_knows_has_one_decision(workspace, tmp_path):
    run = make_run(workspace, make_generated(workspace, tmp_path))
    shutil.copytree(run.model, workspace.models / "alone")
    at = open_page("classify", model="alone")
    at.radio(key="source").set_value("uploads").run()
    at.file_uploader(key="uploads").set_value([("a.jpg", image_bytes(5, True), "image/jpeg")]).run()
    at.radio(key="dermatoscope").set_value("yes").run()
    assert "(as-data)" in words(at) and "(balanced)" not in words(at)
    assert "How frequent each diagnosis is in the training images of the model alone is not known here" in words(at)


def test_the_run_judged_what_the_box_says(bundle):
    assert read_json(bundle / "figures.json")["overall"]["accuracy"][0] == pytest.approx(
        read_json(bundle / "run" / "results.json")["validation"]["accuracy"])
