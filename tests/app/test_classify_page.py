"""Classify in Streamlit's AppTest: uploads, example images and which of them a model may be shown."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from app.components.models.visitor_image import visitor_image
from app.loaders import resources
from app.loaders.examples import drawn, examples
from pipeline.classes import label
from pipeline.data.importing import import_dataset
from pipeline.errors import ImageError
from tests.app_pages import button, open_page, words
from tests.hand_made import CODES, image_bytes, make_dataset, make_run

SURE = "Model output: Actinic keratosis or Bowen's disease · akiec, 40.0\N{NO-BREAK SPACE}%"


def model():
    return resources.models()[0]


def offered() -> dict[str, pd.DataFrame]:
    return {offer.dataset.name: offer.images for offer in examples(model()).offers}


def uses(at) -> list:
    return [b for b in at.button if b.label.startswith("Use ")]


def import_with_a_new_image(workspace, tmp_path, name: str) -> None:
    """The generated images again but for IMG_0000, so that it is another data set."""
    source = shutil.copytree(tmp_path / "source-generated", tmp_path / f"source-{name}")
    (source / "IMG_0000.jpg").write_bytes(image_bytes(77, True))
    import_dataset(workspace, source, name)


def upload(at, *files: tuple[str, bytes]) -> None:
    at.radio(key="source").set_value("uploads").run()
    at.radio(key="dermatoscope").set_value("yes").run()
    at.file_uploader(key="uploads").set_value([(name, data, "image/jpeg") for name, data in files]).run()


def test_uploads_need_an_answer_and_a_dermatoscope(answering):
    at = open_page("classify")
    at.radio(key="source").set_value("uploads").run()
    at.file_uploader(key="uploads").set_value([("a.jpg", image_bytes(1, True), "image/jpeg")]).run()
    assert "Answer the question above" in words(at) and "Model output" not in words(at)
    at.radio(key="dermatoscope").set_value("no").run()
    assert "No model output" in words(at) and "Education only" not in words(at)
    at.radio(key="dermatoscope").set_value("yes").run()
    assert SURE in words(at)
    assert "Education only, not a medical device." in words(at)


def test_an_upload_that_is_no_image_and_one_that_is_real(answering):
    at = open_page("classify")
    upload(at, ("note.jpg", b"no image"), ("real.jpg", image_bytes(1, False)))
    assert at.error[0].value.startswith("note.jpg is not an image")
    assert "trained on generated drawings" in words(at) and "Education only" not in words(at)


def test_of_many_uploads_four_are_judged_at_a_time(answering):
    at = open_page("classify")
    upload(at, *((f"{n}.jpg", image_bytes(n, True)) for n in range(6)))
    assert words(at).count(SURE) == words(at).count("Education only") == 4
    button(at, "Show 2 more (4 of 6 shown)").click().run()
    assert words(at).count(SURE) == 6 and not at.exception


def test_another_session_does_not_see_uploads(answering):
    at = open_page("classify")
    upload(at, ("mine.jpg", image_bytes(1, True)))
    assert "mine.jpg" in words(at)
    assert "mine.jpg" not in words(open_page("classify"))


def test_an_example_with_its_truth_stands_in_the_address(answering):
    at = open_page("classify")
    assert [b.label for b in uses(at)] == [f"Use {n}" for n in range(1, len(CODES) + 1)]
    assert "Model output" not in words(at)
    uses(at)[2].click().run()
    name = at.query_params["example"]
    dataset, image_id = name.split("/")
    truth = resources.metadata(resources.datasets()[0]).at[image_id, "dx"]
    assert dataset == "generated" and SURE in words(at)
    assert f"**Drawn as:** {label(truth)}." in words(at) and "Generated – not for learning dermoscopy." in words(at)
    again = open_page("classify", example=name)
    assert SURE in words(again) and f"Image {image_id}." in words(again) and not again.warning[1:]


def test_show_others_shows_others_and_forgets_the_chosen_one(answering):
    at = open_page("classify")
    first = {b.key for b in uses(at)}
    uses(at)[0].click().run()
    button(at, "Show others").click().run()
    assert first.isdisjoint(b.key for b in uses(at)) and len(uses(at)) == len(CODES)
    assert "example" not in at.query_params and "Model output" not in words(at)


def test_examples_are_held_out_images_only(answering):
    _, _, run = answering
    split = run.split()
    train = set(split.loc[split["part"] == "train", "image_id"])
    assert train and set(offered()["generated"].index) == set(split["image_id"]) - train
    trained_on = f"generated/{sorted(train)[0]}"
    at = open_page("classify", example=trained_on)
    assert at.warning[0].value == (
        f"The address names the example image {trained_on}, which is no example for the model {run.name}: the model "
        "was trained on it, or on images of another kind."
    )
    assert "Model output" not in words(at)


def test_an_example_that_is_gone_says_so(answering):
    at = open_page("classify", example="generated/IMG_9999")
    assert [w.value for w in at.warning] == [
        "The address names the example image generated/IMG_9999, which is not here (any more)."
    ]


def test_test_images_are_examples_too(workspace, tmp_path):
    make_run(workspace, make_dataset(workspace, tmp_path), split="lesion-test")
    (offer,) = examples(model()).offers
    assert offer.origin == "From the model's validation and test parts: it was not trained on them."


def test_another_data_set_leaves_out_what_the_model_was_trained_on(answering, tmp_path):
    workspace, dataset, run = answering
    import_with_a_new_image(workspace, tmp_path, "copy")
    split = run.split()
    train = set(split.loc[split["part"] == "train", "image_id"])
    assert set(offered()) == {"generated", "copy"}
    assert set(offered()["copy"].index) == (set(split["image_id"]) - train) | {"IMG_0000"}
    at = open_page("classify")
    assert len(uses(at)) == 2 * len(CODES) and any(e.label == "copy" for e in at.expander)
    uses(at)[-1].click().run()
    assert at.query_params["example"].startswith("copy/") and SURE in words(at)


def test_copies_in_another_size_leave_out_the_same_images(answering, tmp_path):
    workspace, dataset, run = answering
    smaller = shutil.copytree(tmp_path / "source-generated", tmp_path / "smaller")
    for path in smaller.glob("*.jpg"):
        with Image.open(path) as image:
            small, mark = image.resize((24, 16)), image.getexif()
        small.save(path, exif=mark)
    import_dataset(workspace, smaller, "smaller")
    assert set(offered()["smaller"].index) == set(run.split().query("part != 'train'")["image_id"])


def test_a_copy_of_the_models_data_set_is_its_own(answering, tmp_path):
    workspace, dataset, run = answering
    import_dataset(workspace, tmp_path / "source-generated", "again")
    assert set(offered()["again"].index) == set(offered()["generated"].index)


def test_data_sets_of_the_other_kind_are_named_not_shown(answering, tmp_path):
    workspace, _, run = answering
    make_dataset(workspace, tmp_path, "real", generated=False)
    assert set(offered()) == {"generated"}
    assert examples(model()).left_out == [
        f"Not offered: real. Real images go with a model of their own; the model {run.name} was trained on generated "
        "drawings, so its output would mean nothing."
    ]
    real = make_run(workspace, resources.datasets()[1])
    at = open_page("classify", example=f"generated/{offered()['real'].index[0]}", model=real.name)
    assert "or on images of another kind" in at.warning[0].value


def test_choosing_another_model_drops_an_example_that_it_was_trained_on(answering):
    workspace, dataset, run = answering
    other = make_run(workspace, dataset, seed=5)
    held_out, seen = (set(r.split().query("part != 'train'")["image_id"]) for r in (run, other))
    at = open_page("classify", model=run.name, example=f"generated/{sorted(held_out - seen)[0]}")
    assert SURE in words(at)
    at.selectbox(key="pick.model").set_value(other.name).run()
    assert "example" not in at.query_params and "Model output" not in words(at) and "address" not in words(at)


def test_a_model_whose_run_and_data_set_are_gone(answering, tmp_path):
    workspace, dataset, run = answering
    shutil.copytree(run.model, workspace.models / "default")
    shutil.rmtree(run.folder)
    assert offered() == {}
    assert examples(model()).left_out == [
        f"No examples from generated: without the run {run.name} nobody knows which of its images the model default "
        "has not seen."
    ]
    import_with_a_new_image(workspace, tmp_path, "drawn")
    shutil.rmtree(dataset.folder)
    (offer,) = examples(model()).offers
    assert offer.dataset.name == "drawn" and offer.origin == (
        "Whether the model was trained on some of them cannot be checked: its data set generated or its run is not "
        "here."
    )
    at = open_page("classify")
    assert len(uses(at)) == len(CODES) and not at.error and not at.warning


def test_a_data_set_that_changed_since_the_training_gives_no_examples(answering):
    workspace, dataset, run = answering
    path = dataset.folder / "dataset.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "content_hash": "another"}))
    at = open_page("classify")
    assert "its images have changed since" in words(at)
    assert "There is no example image for this model." in words(at) and not uses(at)


def test_an_example_whose_file_is_gone_is_one_sentence(answering):
    _, dataset, _ = answering
    row = offered()["generated"].iloc[0]
    dataset.image_path(row["file"]).unlink()
    at = open_page("classify", example=f"generated/{row['image_id']}")
    assert len(at.error) == 1 and row["image_id"] in at.error[0].value and not at.exception


def test_a_truth_that_the_model_does_not_know_is_said(answering, tmp_path):
    workspace, dataset, run = answering
    path = run.model / "model.json"
    stored = json.loads(path.read_text())
    path.write_text(json.dumps({**stored, "classes": [c for c in stored["classes"] if c != "vasc"]}))
    images = offered()["generated"]
    image_id = images.index[images["dx"] == "vasc"][0]
    at = open_page("classify", example=f"generated/{image_id}")
    assert ("**Drawn as:** Vascular lesion or haemorrhage · vasc. It is not among the diagnoses that the model chooses"
            in words(at))


def test_drawn_goes_round_each_diagnosis():
    images = pd.DataFrame({"dx": ["mel"] * 3 + ["nv"] * 2}, index=list("abcde"))
    draws = [frozenset(drawn(images, n).index) for n in range(6)]
    assert all(len(d) == 2 for d in draws) and len({min(d) for d in draws}) == 3 and draws[0] != draws[1]
    assert list(drawn(images, 4).index) == list(drawn(images, 4).index)


def test_a_visitor_image_keeps_pixels_only():
    image = visitor_image(image_bytes(3, True), "x.jpg")
    assert image.generated and image.pixels.shape == (48, 64, 3) and image.pixels.dtype == np.uint8
    with pytest.raises(ImageError, match=r"^x.jpg is not an image"):
        visitor_image(b"text", "x.jpg")
