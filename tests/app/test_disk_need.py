"""What the form of a new run says of the disk: what the decoded images take, that they are there, or have no room."""

import shutil
from collections import namedtuple

import pytest

from app.components.training.disk_need import in_words
from pipeline.data.cache import build_cache
from pipeline.data.cache_space import CacheSpace
from pipeline.data.dataset import load_dataset
from pipeline.runs.plan import plan_config
from tests.app_pages import open_page, words
from tests.hand_made import make_dataset

Usage = namedtuple("Usage", "total used free")
MB = 10**6


@pytest.fixture
def config(workspace, tmp_path):
    make_dataset(workspace, tmp_path)
    return plan_config(workspace, "generated", "demo", ["size=448"])


@pytest.mark.parametrize("space, sentence", [
    (CacheSpace(6030 * MB, 6030 * MB, 41_200 * MB),
     "The images are decoded once at 448×448 pixels, which takes 6.0 GB of disk; 41.2 GB are free."),
    (CacheSpace(6030 * MB, 210 * MB, 900 * MB),
     "The images are decoded once at 448×448 pixels, which takes 210 MB of disk; 900 MB are free."),
    (CacheSpace(1000, 0, 900), "The images are decoded at 448×448 pixels already: 1 MB on the disk."),
    (CacheSpace(6030 * MB, 6030 * MB, 6100 * MB),
     "The images decoded at 448×448 pixels take 6.0 GB of disk, too much for the 6.1 GB that are free: they are "
     "decoded as the training goes, which is slower. Free some space, or train at a smaller size."),
])
def test_the_sentence(config, space, sentence):
    assert in_words(space, config) == sentence


def test_the_form_says_what_the_disk_will_hold(config, workspace, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(9e12, 1e12, 41.2e9))
    plan = plan_config(workspace, "generated", "demo", [])
    size = f"{plan.width}×{plan.height} pixels"
    need = 140 * plan.width * plan.height * 3 / 1e6
    at = open_page("train")
    assert f"The images are decoded once at {size}, which takes {need:.0f} MB of disk; 41.2 GB are free." in words(at)
    build_cache(load_dataset(workspace, "generated"), plan.height, plan.width, plan.resize)
    assert f"The images are decoded at {size} already: {need:.0f} MB on the disk." in words(open_page("train"))


def test_without_room_it_is_a_warning(config, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(9e12, 9e12, 1e6))
    at = open_page("train")
    assert "too much for the 1 MB that are free: they are decoded as the training goes" in at.warning[0].value
