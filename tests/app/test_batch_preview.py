"""The batch preview on Train: asked for, shown, forgotten with another choice, cancelled, refused in words."""

import base64
import time

import pytest

from app.components.training.batch_preview import ANOTHER, PREVIEW
from app.components.training.time_estimate import ESTIMATE
from app.components.training.train_form import START
from pipeline.errors import JobError
from pipeline.jobs.tasks import PreviewRequest
from pipeline.shown import as_text
from tests.app_pages import button, open_page, words
from tests.hand_made import image_bytes, make_dataset
from tests.stand_in_work import StandInWork

PICTURE = base64.b64encode(image_bytes(1, generated=True)).decode()


def _answer(generated: bool = True) -> dict:
    images = [
        {"image_id": f"IMG_{n}", "truth": code, "truth_source": source, "width": 64, "height": 48, "imported": PICTURE,
         "fitted": PICTURE, "variants": [PICTURE, PICTURE]}
        for n, (code, source) in enumerate((("mel", "histo"), ("nv", None)))
    ]
    steps = ["Fitting (resize=squish). Squished.", "Augmentation (augment=light). Turned."]
    return {"width": 128, "height": 96, "generated": generated, "steps": steps, "images": images}


class StandIn(StandInWork):
    """A preview in the making whose end the test decides."""

    said = (0.6, "Splits the data set.")

    def answer(self):
        return _answer()


@pytest.fixture
def form(workspace, tmp_path):
    make_dataset(workspace, tmp_path)
    return workspace


@pytest.fixture
def making(form, monkeypatch):
    StandIn.started = []
    monkeypatch.setattr("app.components.long_work.ShortWork", StandIn)
    at = open_page("train")
    at.number_input(key="train.demo.seed").set_value(7).run()
    button(at, PREVIEW).click().run()
    assert not at.exception
    return at, StandIn.started[0]


def _finish(at, job, outcome=None):
    job.running, job.outcome = False, outcome or job.outcome
    at.run()
    assert not at.exception
    return at


def test_it_is_made_for_what_was_chosen_and_one_thing_at_a_time(making):
    at, job = making
    config = job.request.config
    assert (job.kind, config.data, config.preset, config.seed, job.request.draw) == (
        "preview", "generated", "demo", 7, 0)
    assert button(at, PREVIEW).disabled and button(at, ESTIMATE).disabled and not button(at, START).disabled
    assert "What the network sees" not in words(at)


def test_the_images_stand_in_rows_with_what_they_were_drawn_as(making):
    said = words(_finish(*making))
    assert f"**Drawn as:** Melanoma · mel · {as_text('IMG_0')}" in said
    assert f"**Drawn as:** Melanocytic nevus · nv · {as_text('IMG_1')}" in said and "histology" not in said
    assert "**Fitting** (resize=squish). Squished." in said
    captions = [c.value for c in making[0].caption]
    first = captions.index("As imported, 64×48")
    assert captions[first : first + 4] == [
        "As imported, 64×48", "Fitted, 128×96, enlarged", "In training, variant 1", "In training, variant 2",
    ]
    alts = [image.alt for element in making[0].get("image") for image in element.proto.imgs]
    assert alts[3:5] == ["IMG_0: Melanoma · mel, a generated drawing, training variant 2",
                         "IMG_1: Melanocytic nevus · nv, a generated drawing, as imported"] and len(alts) == 8


def test_generated_images_say_so_and_real_ones_do_not(making):
    at, job = making
    notice = "Generated – not for learning dermoscopy."
    assert words(_finish(at, job)).count(notice) == 2  # beside the data set, and here
    button(at, ANOTHER).click().run()
    real = words(_finish(at, StandIn.started[1], _answer(generated=False)))
    assert real.count(notice) == 1
    assert f"**Reference diagnosis:** Melanoma · mel (histology) · {as_text('IMG_0')}" in real
    assert f"Melanocytic nevus · nv (how it was made is not recorded) · {as_text('IMG_1')}" in real


def test_another_batch_is_another_draw(making):
    at, job = making
    _finish(at, job)
    button(at, ANOTHER).click().run()
    assert StandIn.started[1].request == PreviewRequest(job.request.config, 1)
    assert "Melanoma" not in words(at) and button(at, PREVIEW).disabled


def test_a_changed_choice_drops_the_preview(making):
    at, job = making
    _finish(at, job)
    at.selectbox(key="train.demo.augment").set_value("none").run()
    assert "What the network sees" not in words(at) and not at.exception
    at.selectbox(key="train.demo.augment").set_value("light").run()
    assert "What the network sees" not in words(at)
    button(at, PREVIEW).click().run()
    assert StandIn.started[1].request.draw == 0


def test_a_changed_or_wrong_choice_ends_the_work(making):
    at, job = making
    at.text_input(key="train.demo.size").set_value("big").run()
    assert job.cancelled and button(at, PREVIEW).disabled
    assert not [b for b in at.button if b.label == "Cancel"]


def test_cancel_and_close(making):
    at, job = making
    button(at, "Cancel").click().run()
    assert job.cancelled and not button(at, PREVIEW).disabled
    button(at, PREVIEW).click().run()
    _finish(at, StandIn.started[1])
    button(at, "Close").click().run()
    assert "What the network sees" not in words(at) and not button(at, PREVIEW).disabled


def test_a_refusal_is_said(making):
    at, job = making
    _finish(at, job, JobError("The data set generated has lost an image: There is no image IMG_0001.jpg."))
    assert [e.value for e in at.error] == ["The data set generated has lost an image: There is no image IMG_0001.jpg."]
    assert not button(at, PREVIEW).disabled


def test_the_real_preview_comes_to_the_page(form):
    at = open_page("train")
    at.text_input(key="train.demo.size").set_value("32").run()
    button(at, PREVIEW).click().run()
    deadline = time.monotonic() + 120
    while "What the network sees" not in words(at) and time.monotonic() < deadline:
        assert not at.exception and not at.error
        time.sleep(0.5)
        at.run()
    assert "Each image is squished to 32×32 pixels" in words(at)
    assert words(at).count("**Drawn as:** ") == 8
