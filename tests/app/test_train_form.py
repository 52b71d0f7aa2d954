"""The form of a new run: the device panel on other machines, the time estimate, every preset, each choice's line."""

import dataclasses
import time

import pytest

from app.components.training.more_choices import as_settings, set_by_the_preset
from app.components.training.time_estimate import ESTIMATE, in_words, parts_in_words
from app.components.training.train_form import START
from pipeline.configuration.presets import PRESETS, Preset
from pipeline.errors import JobError
from pipeline.networks.nvidia import TorchBuild
from pipeline.shown import as_text
from tests.app_pages import button, open_page, words
from tests.fake_nvidia import K80, T4, V100, install
from tests.hand_made import make_dataset
from tests.stand_in_work import StandInWork

ANSWER = {
    "seconds": 412.0, "batch_size": 32, "device": "processor", "beside": [],
    "parts": {"start": 8.0, "data": 0.0, "frozen": 62.0, "training": 290.0, "validation": 40.0, "judging": 12.0},
    "images_per_second": {"frozen": 131.6, "training": 92.4, "validation": 219.0, "judging": 301.0},
    "notes": ["Mixed precision on the processor: bfloat16, channels_last."],
}


@pytest.fixture
def form(workspace, tmp_path):
    make_dataset(workspace, tmp_path)
    return workspace


@pytest.fixture
def pose(form, monkeypatch):
    """Opens the form on a machine with these cards and the PyTorch of PyPI."""
    monkeypatch.setattr("pipeline.networks.device.torch_build", lambda: TorchBuild("2.14.1", "13.0"))

    def open_on(*machine):
        install(monkeypatch, *machine)
        return open_page("train")

    return open_on


def _about_this_computer(at) -> dict[str, str]:
    table = next(t.value for t in at.table if list(t.value.columns) == ["What", "Here"])
    return dict(zip(table["What"], table["Here"], strict=True))


def test_the_panel_of_a_t4(pose):
    at = pose(T4)
    assert f"**Tesla T4**, 15 GB, driver {as_text('580.82.07')}, CUDA {as_text('13.0')}: this" in words(at)
    about = _about_this_computer(at)
    assert (about["Compute capability"], about["This PyTorch can use it"]) == (as_text("7.5"), "yes")
    assert not at.warning


def test_the_panel_of_a_k80_says_why_and_what_happens_instead(pose):
    at = pose(K80)
    assert at.warning[0].value.startswith("The GPU Tesla K80 is too old for this PyTorch: it has compute capability 3")
    assert "Trains on the processor instead: **" in words(at)
    assert _about_this_computer(at)["Newest CUDA of the driver"] == as_text("11.4")


def test_the_panel_without_a_card(pose):
    at = pose()
    assert "Processor **" in words(at) and "; no GPU found." in words(at) and not at.warning
    assert _about_this_computer(at)["NVIDIA GPU"] == "none found: no driver answers (NVML)"


def test_the_panel_names_the_card_that_is_used_of_several(pose):
    at = pose(V100, T4)
    assert "It is the first that can be used; 1 further card will stay idle." in words(at)


class StandInEstimating(StandInWork):
    """A measurement whose end the test decides."""

    said = (0.3, "Trains some batches, head only.")

    def answer(self):
        return ANSWER


@pytest.fixture
def measuring(form, monkeypatch):
    StandInEstimating.started = []
    monkeypatch.setattr("app.components.long_work.ShortWork", StandInEstimating)
    at = open_page("train")
    at.number_input(key="train.demo.seed").set_value(7).run()
    button(at, ESTIMATE).click().run()
    assert not at.exception
    return at, StandInEstimating.started[0]


def test_an_estimate_is_measured_for_what_was_chosen_and_shown(measuring):
    at, job = measuring
    config = job.request.config
    assert (job.kind, config.data, config.preset, config.seed) == ("estimate", "generated", "demo", 7)
    assert button(at, ESTIMATE).disabled and not button(at, START).disabled
    job.running = False
    at.run()
    assert "**About 7 minutes** (measured just now, in images a second: 132 in training the head, 92 in fine-tuning, " \
           "219 in validation)." in words(at)
    assert "Loading the libraries a few seconds, training the head a minute, fine-tuning 5 minutes" in words(at)
    assert not button(at, ESTIMATE).disabled
    at.run()
    assert "About 7 minutes" in words(at) and len(StandInEstimating.started) == 1


def test_a_changed_choice_drops_the_estimate(measuring):
    at, job = measuring
    job.running = False
    at.run()
    at.number_input(key="train.demo.batch_size").set_value(16).run()
    assert "measured" not in words(at) and not at.exception
    at.number_input(key="train.demo.batch_size").set_value(32).run()
    assert "measured" not in words(at)  # gone for good: the computer may be busy with something else by now


def test_a_changed_or_wrong_choice_ends_the_measurement(measuring):
    at, job = measuring
    at.text_input(key="train.demo.size").set_value("big").run()
    assert job.cancelled and button(at, ESTIMATE).disabled
    assert not [b for b in at.button if b.label == "Cancel"]


def test_cancel_ends_the_measurement(measuring):
    at, job = measuring
    button(at, "Cancel").click().run()
    assert job.cancelled and not button(at, ESTIMATE).disabled and "measured" not in words(at)


def test_an_estimate_that_fails_is_said(measuring):
    at, job = measuring
    job.running, job.outcome = False, JobError("It could not be estimated: no memory.", "Start all the same.")
    at.run()
    assert [e.value for e in at.error] == ["It could not be estimated: no memory. Start all the same."]
    assert not button(at, ESTIMATE).disabled


def test_the_real_measurement_shows_its_steps_and_its_result(form):
    at = open_page("train")
    at.text_input(key="train.demo.size").set_value("32")
    at.number_input(key="train.demo.epochs.1").set_value(0).run()
    button(at, ESTIMATE).click().run()
    deadline = time.monotonic() + 150
    while "measured just now" not in words(at) and time.monotonic() < deadline:
        assert not at.exception and not at.error
        time.sleep(0.5)
        at.run()
    assert "in fine-tuning" in words(at) and "A rough figure." in words(at)


def test_an_estimate_in_words():
    assert in_words({**ANSWER, "seconds": 4.0}, 5).startswith("**A few seconds** (measured just now, in")
    old = in_words({**ANSWER, "images_per_second": {"training": 0.73}}, 1200)
    assert old == "**About 7 minutes** (measured 20 minutes ago, in images a second: 0.7 in fine-tuning)."
    assert "A rough figure. ham-1 was at work beside the measurement: alone it is quicker. Mixed" in parts_in_words(
        {**ANSWER, "beside": ["ham-1"]}
    )


@pytest.mark.parametrize("name", PRESETS)
def test_the_form_copes_with_every_preset(form, name):
    at = open_page("train")
    at.selectbox(key="train.preset.generated").set_value(name).run()
    assert not at.exception and not at.error
    assert not button(at, START).disabled


def test_settings_without_a_choice_stay_as_the_preset_has_them(form, monkeypatch):
    own = dataclasses.replace(PRESETS["quick"].config, weight_decay=0.05, dropout=0.25)
    monkeypatch.setitem(PRESETS, "quick", Preset("quick", "A line", "A reason.", own))
    sentence = "The preset also sets weight decay 0.05, dropout 0.25; the command line changes it with --set."
    assert set_by_the_preset(own) == sentence and set_by_the_preset(PRESETS["demo"].config) is None
    at = open_page("train")
    at.selectbox(key="train.preset.generated").set_value("quick").run()
    assert sentence in words(at)
    assert as_settings(own, {"arch": own.arch, "seed": "3"}) == ["seed=3"]


def test_every_choice_is_explained(form):
    at = open_page("train")
    widgets = [w for kind in (at.selectbox, at.number_input, at.text_input) for w in kind]
    mine = [w for w in widgets if w.key and w.key.startswith("train.")]
    assert len(mine) > 12
    assert [w.label for w in mine if not w.help] == []
