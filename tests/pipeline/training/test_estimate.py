"""The time estimate for real, on a few generated images: what is measured, multiplied, said, kept and cancelled."""

import dataclasses

import numpy as np
import pytest

from pipeline.data.dataset import load_dataset
from pipeline.data.importing import import_dataset
from pipeline.errors import DataError, JobError
from pipeline.jobs.short_work import ShortWork
from pipeline.jobs.tasks import EstimateRequest
from pipeline.networks.device import describe
from pipeline.progress import Cancelled
from pipeline.runs.plan import plan_config
from pipeline.training import estimate as measuring
from pipeline.training.estimate import FewPixels, _multiply, estimate_run
from pipeline.training.parts import plan_split
from tests.waiting import steps_of

SMALL = ["size=32", "batch_size=8"]


@pytest.fixture
def quick(monkeypatch):
    """Measurements that end at once."""
    monkeypatch.setattr(measuring, "_WARM_UP_SECONDS", 0.0)
    monkeypatch.setattr(measuring, "_MEASURED_SECONDS", 0.0)


@pytest.fixture
def tiny(workspace, tiny_set, quick):
    """The small data set, and measurements that end at once."""
    import_dataset(workspace, tiny_set, "tiny")
    return workspace


def _estimate(workspace, *settings, progress=lambda fraction, sentence: None):
    config = plan_config(workspace, "tiny", "demo", [*SMALL, *settings])
    return config, estimate_run(load_dataset(workspace, "tiny"), config, describe(), progress)


def test_what_the_run_has_is_measured_and_multiplied(tiny):
    config, found = _estimate(tiny, "epochs=2,3")
    rates, parts = found.images_per_second, found.parts
    assert set(rates) == {"decoding", "frozen", "training", "validation", "judging"} and min(rates.values()) > 0
    split = plan_split(config, load_dataset(tiny, "tiny").metadata())["part"].value_counts()
    assert parts["frozen"] == pytest.approx(2 * (split["train"] // 8) * 8 / rates["frozen"])
    assert parts["training"] == pytest.approx(3 * (split["train"] // 8) * 8 / rates["training"])
    assert parts["validation"] == pytest.approx(5 * split["validation"] / rates["validation"])
    assert parts["judging"] == pytest.approx(split["validation"] / rates["judging"])
    assert parts["data"] == pytest.approx(84 / rates["decoding"])
    assert found.seconds == pytest.approx(sum(parts.values())) and parts["start"] > 0
    assert found.batch_size == 8 and any("channels_last" in note for note in found.notes)


def test_what_is_not_needed_is_neither_measured_nor_downloaded_nor_kept(tiny, monkeypatch):
    monkeypatch.setattr("torch.hub.load_state_dict_from_url", lambda *a, **k: pytest.fail("a download"))
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", lambda *a, **k: pytest.fail("a download"))
    before = sorted(tiny.home.rglob("*"))
    _, found = _estimate(tiny, "epochs=0,1", "arch=resnet18", "weights=imagenet", "resize=crop")
    assert "frozen" not in found.images_per_second and "frozen" not in found.parts and found.seconds > 0
    assert sorted(tiny.home.rglob("*")) == before


def test_decoded_images_are_used_where_they_are_there(trained, quick):
    home, run = trained
    found = estimate_run(load_dataset(home, "tiny"), run.config(), describe())
    assert found.parts["data"] == 0 and "decoding" not in found.images_per_second


def test_the_test_part_is_judged_too(tiny):
    config = plan_config(tiny, "tiny", "demo", [*SMALL, "epochs=1,1"])
    rates = {"frozen": 10.0, "training": 10.0, "validation": 20.0, "judging": 5.0}
    parts = {name: (np.zeros(n), np.zeros(n)) for name, n in (("train", 45), ("validation", 10), ("test", 5))}
    seconds = _multiply(config, 8, rates, parts, 60, 3.0)
    assert seconds == {"start": 3.0, "data": 0.0, "frozen": 4.0, "training": 4.0, "validation": 1.0, "judging": 3.0}


def test_a_batch_larger_than_the_set_is_estimated(tiny):
    config, found = _estimate(tiny, "epochs=0,1", "batch_size=500", "limit=40")
    assert found.parts["training"] > 0


def test_progress_can_end_it(tiny):
    def stop(fraction, sentence):
        if sentence.startswith("Trains"):
            raise Cancelled

    with pytest.raises(Cancelled):
        _estimate(tiny, progress=stop)


def test_few_pixels_are_those_of_the_files(tiny):
    source = measuring.OnTheFlyPixels(load_dataset(tiny, "tiny"), 24, 32, "squish")
    few = FewPixels(source, np.array([5, 2]))
    assert np.array_equal(few.gather([2, 5, 2]), source.gather([2, 5, 2]))
    assert np.array_equal(few.pixels(5), source.pixels(5))


def test_a_set_that_cannot_be_split_is_said(tiny):
    with pytest.raises(DataError):
        estimate_run(load_dataset(tiny, "gone"), None, describe())


def _asked(workspace, *settings: str) -> EstimateRequest:
    return EstimateRequest(plan_config(workspace, "tiny", "demo", [*SMALL, *settings]))


def test_the_apps_process_measures_and_says_how_far_it_is(workspace, tiny_set):
    import_dataset(workspace, tiny_set, "tiny")
    work = ShortWork(workspace, "estimate", _asked(workspace, "epochs=0,1", "limit=40"))
    assert work.step() == (0.0, "Starts.") and work.running
    heard = steps_of(work)
    answer = work.result()
    assert answer["seconds"] > 0 and answer["beside"] == []
    assert (0.0, "Loads fastai and the network.") in heard and heard[-1][0] >= 0.3
    assert [fraction for fraction, _ in heard] == sorted(fraction for fraction, _ in heard)
    folder = work.job.folder
    assert folder.exists()
    del work
    assert not folder.exists() and not list(workspace.home.glob(".*"))


def test_what_the_process_cannot_do_is_said(workspace, tiny_set):
    import_dataset(workspace, tiny_set, "tiny")
    config = dataclasses.replace(_asked(workspace).config, data="gone")
    with pytest.raises(JobError, match="^There is no data set named gone. The workspace has: tiny."):
        ShortWork(workspace, "estimate", EstimateRequest(config)).result()


def test_a_process_that_is_cancelled_or_killed_is_said(workspace, tiny_set):
    import_dataset(workspace, tiny_set, "tiny")
    work = ShortWork(workspace, "estimate", _asked(workspace))
    work.cancel()
    assert not work.running
    with pytest.raises(JobError, match="^The time could not be estimated: its process ended with code -15."):
        work.result()
