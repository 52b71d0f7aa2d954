"""Classify in Streamlit's AppTest: uploads, example images and which of them a model may be shown."""

import io
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from app.components.models.other_model import one_that_answers, usual_model
from app.components.models.visitor_image import visitor_image
from app.loaders import resources
from app.loaders.examples import drawn, examples
from pipeline.classes import label
from pipeline.data.importing import import_dataset
from pipeline.errors import ImageError
from pipeline.explain.perturb import Perturbation, perturb
from pipeline.models.prediction_sets import model_sets, set_sentences
from pipeline.suitability.checks import CHECKS, NOTHING_FOUND
from tests.app_pages import button, open_page, words
from tests.hand_made import CODES, image_bytes, make_dataset, make_run
from tests.held_out_lesions import hold_out
from tests.lesion_on_skin import lesion_on_skin
from tests.stand_in import StandInPredictor

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
    bring(at, *files)
    at.radio(key="dermatoscope").set_value("yes").run()


def bring(at, *files: tuple[str, bytes]) -> None:
    """Uploads the files; the question is not answered."""
    at.radio(key="source").set_value("uploads").run()
    at.file_uploader(key="uploads").set_value([(name, data, "image/jpeg") for name, data in files]).run()


def pictures(at) -> list[str]:
    """The alternative texts of all pictures, in their order."""
    return [image.alt for element in at.get("image") for image in element.proto.imgs]


def test_uploads_need_an_answer_and_a_dermatoscope(answering):
    at = open_page("classify")
    at.radio(key="source").set_value("uploads").run()
    assert not [radio for radio in at.radio if radio.key == "dermatoscope"]  # it is asked over the picture
    bring(at, ("a.jpg", image_bytes(1, True)))
    assert "Answer the question above" in words(at) and "Model output" not in words(at)
    assert pictures(at) == ["Untouched image a.jpg"]
    at.radio(key="dermatoscope").set_value("no").run()
    assert "No model output" in words(at) and "Education only" not in words(at)
    assert pictures(at) == ["Untouched image a.jpg"]
    at.radio(key="dermatoscope").set_value("yes").run()
    assert SURE in words(at)
    assert "Education only, not a medical device." in words(at)


def test_under_the_answer_stands_what_the_model_does_not_separate(answering):
    workspace, _, run = answering
    at = open_page("classify")
    upload(at, ("a.jpg", image_bytes(1, True)))
    assert "No prediction set. No diagnosis has 9 lesions that the model" in words(at)
    hold_out(run, "validation", 19)
    at.run()
    shares = StandInPredictor(model()).probabilities([None])
    found = model_sets(workspace, model()).of(shares, "a")
    assert set_sentences(model(), found, "akiec") in words(at) and len(found.codes) > 1 and not at.exception
    assert "The model does not separate: actinic keratosis or Bowen's disease, basal cell carcinoma" in words(at)
    assert "a set without melanoma rules nothing out." in words(at)
    assert "Ranked among the 133 lesions of its validation part." in words(at)


def test_an_upload_that_is_no_image_and_one_that_is_real(answering):
    at = open_page("classify")
    bring(at, ("note.jpg", b"no image"), ("real.jpg", image_bytes(1, False)))
    assert at.error[0].value.startswith("note.jpg is not an image")
    assert "trained on generated drawings" in words(at) and "Education only" not in words(at)
    # refused whatever is answered, so nothing is asked
    assert pictures(at) == ["Untouched image real.jpg"] and not [r for r in at.radio if r.key == "dermatoscope"]


def test_an_upload_is_checked_before_anything_is_answered_and_a_place_is_shown(answering):
    lesion = lesion_on_skin()
    at = open_page("classify")
    bring(at, *((name, jpeg_of(pixels)) for name, pixels in {
        "plain.jpg": lesion, "black.jpg": np.zeros_like(lesion),
        "inked.jpg": perturb(lesion, Perturbation(ink="pen", across=0.25, down=0.25))}.items()))
    assert words(at).count(NOTHING_FOUND) == 1 and "Model output:" not in words(at)
    found = [warning.value for warning in at.warning if any(check.words in warning.value for check in CHECKS)]
    assert len(found) == 2 and "Very dark." in found[0] and "No lesion stands out" in found[0]
    assert "Ink or a marker" in found[1]
    assert [alt for alt in pictures(at) if alt.startswith("Where in inked.jpg: Ink")]


def test_drawings_are_not_checked(answering):
    at = open_page("classify")
    bring(at, ("a.jpg", image_bytes(1, True)))
    assert NOTHING_FOUND not in words(at) and not any(check.words in words(at) for check in CHECKS)


def jpeg_of(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


@pytest.fixture
def both_kinds(answering, tmp_path):
    """Names of a model trained on drawings and of a newer one trained on real images; both answer."""
    workspace, _, drawn = answering
    return drawn.name, make_run(workspace, make_dataset(workspace, tmp_path, "real", generated=False)).name


@pytest.mark.parametrize("generated", [True, False], ids=["a drawing", "a real image"])
def test_a_model_that_refuses_an_upload_offers_the_one_that_answers(both_kinds, generated):
    that_answers, that_refuses = both_kinds if generated else both_kinds[::-1]
    at = open_page("classify", model=that_refuses)
    bring(at, ("a.jpg", image_bytes(1, generated)))
    assert "No model output." in words(at) and "Model output:" not in words(at)
    button(at, f"Ask {that_answers}").click().run()
    assert at.selectbox(key="pick.model").value == at.query_params["model"] == that_answers
    at.radio(key="dermatoscope").set_value("yes").run()
    assert SURE in words(at) and "No model output" not in words(at) and not at.exception


def test_where_no_model_answers_a_training_is_offered(answering):
    at = open_page("classify")
    bring(at, ("a.jpg", image_bytes(1, False)))
    assert not [b for b in at.button if b.label.startswith("Ask ")]
    assert "Train a model on real images" in [link.proto.label for link in at.get("page_link")]


def test_a_training_on_drawings_does_not_change_who_answers_real_images():
    def told(name, generated, read_only=False):
        return SimpleNamespace(name=name, generated=generated, read_only=read_only, created=1.0)

    drawn, real, box = told("drawn", True), told("real", False), told("box", False, True)
    assert [usual_model(models).name for models in ([drawn, real, box], [drawn, box], [drawn, real], [drawn])] == [
        "box", "box", "real", "drawn"]
    assert one_that_answers([drawn, real, box], True) is drawn and one_that_answers([drawn, real], False) is real
    assert one_that_answers([drawn], False) is None


def test_the_regions_lie_on_the_picture_after_one_press_and_never_beside_it(answering):
    at = open_page("classify")
    upload(at, ("a.jpg", image_bytes(1, True)))
    seen = "What the network sees of the image a.jpg"
    assert pictures(at) == ["Untouched image a.jpg", seen]
    at.toggle(key="regions.shown.0").set_value(True).run()
    assert pictures(at) == ["Regions that raised the output for akiec, laid over the image a.jpg", seen]
    at.slider(key="opacity.0").set_value(20).run()
    at.toggle(key="regions.shown.0").set_value(False).run()
    assert pictures(at) == ["Untouched image a.jpg", seen] and not at.exception


def _seen_fold(at):
    return next(fold for fold in at.expander if fold.label.startswith("What the network sees"))


@pytest.mark.parametrize(("size", "said"), [
    ((64, 48), None), ((96, 48), "squeezed to 67 % of its width"), ((48, 64), "squeezed to 56 % of its height"),
])
def test_an_upload_of_another_shape_is_not_squashed_in_silence(answering, size, said):
    at = open_page("classify")
    upload(at, ("a.jpg", image_bytes(1, True, size)))
    caption = next(image.caption for element in at.get("image") for image in element.proto.imgs
                   if image.alt.startswith("What the network sees"))
    assert _seen_fold(at).proto.expanded == (said is not None)
    assert caption == "The network sees all of it." if said is None else said in caption


def test_the_notice_stands_in_full_once_a_visit_and_then_in_a_line_that_opens_it(answering):
    at = open_page("classify")
    upload(at, *((f"{n}.jpg", image_bytes(n, True)) for n in range(2)))
    full = [w.value for w in at.warning if w.value.startswith("Education only")]
    lines = [fold for fold in at.expander if fold.label.startswith("Education only, not a medical device. A low melan")]
    assert len(full) == len(lines) == 1 and lines[0].markdown[0].value == full[0]
    at.radio(key="source").set_value("examples").run()
    uses(at)[0].click().run()
    assert not [w for w in at.warning if w.value.startswith("Education only")] and full[0] in words(at)


def test_the_two_decisions_are_folded_and_the_fold_says_whether_they_differ(answering):
    at = open_page("classify")
    upload(at, ("a.jpg", image_bytes(1, True)))
    fold = next(fold for fold in at.expander if fold.label.endswith(("two answers", "answer so")))
    lines = fold.markdown[0].value.split("  \n")
    assert len(lines) == 2 and "(as-data)" in lines[0] and "(balanced)" in lines[1] and not fold.proto.expanded
    assert (len({line.split(": ")[1] for line in lines}) == 2) == (fold.label == "Two decisions, two answers")


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
