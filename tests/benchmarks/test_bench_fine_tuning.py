"""The benchmark of fine-tuning works, and compares what it says it compares; times are not judged here."""

from dataclasses import replace

import pytest
import torch
from fastai.optimizer import Adam

from pipeline.configuration.presets import preset
from pipeline.data.importing import import_dataset
from pipeline.training.batches import PixelLoader
from pipeline.training.optimisation import FusedAdam
from tests.benchmarks import fine_tuning
from tests.benchmarks.fine_tuning_sides import config_of
from tests.benchmarks.training_steps import WITHOUT, WORKERS, accuracy, our_learner, parts_of, plain_learner, speed


@pytest.fixture
def small(workspace, tiny_set):
    """The data set, a config of small images, and its parts."""
    dataset = import_dataset(workspace, tiny_set, "tiny")
    config = replace(preset("quick").for_data("tiny", dataset.content_hash), width=48, height=32, weights="random",
                     batch_size=8, arch="resnet18")
    return dataset, config, parts_of(dataset, config)


def test_both_learners_begin_with_the_same_network_and_learn_the_same_images(small):
    theirs, ours = plain_learner(*small), our_learner(*small)
    for one, other in zip(theirs.model.state_dict().values(), ours.model.state_dict().values(), strict=True):
        assert torch.equal(one, other)
    assert theirs.dls.train.fake_l.num_workers == WORKERS and isinstance(ours.dls.train, PixelLoader)
    assert [len(dl.dataset) for dl in theirs.dls] == [len(dl.dataset) for dl in ours.dls]
    assert list(theirs.dls.vocab) == list(small[0].classes)
    assert (theirs.opt_func, ours.opt_func) == (Adam, FusedAdam)


@pytest.mark.parametrize(
    ("without", "absent"),
    [("bfloat16", {"Autocast"}), ("channels_last", {"ChannelsLast", "ChannelsLastInput"}),
     ("float32 depthwise gradients", {"QuickDepthwise"}), ("ReLU6 apart", {"QuickRelu6"}), ("fused optimizer", set()),
     ("cached pixels", set())],
)
def test_a_part_can_be_left_out(small, without, absent, monkeypatch):
    monkeypatch.setattr("pipeline.training.precision.cpu_computes_bf16", lambda: True)
    whole, learner = our_learner(*small), our_learner(*small, without)
    names = [{type(callback).__name__ for callback in one.cbs} for one in (whole, learner)]
    assert names[0] - names[1] == absent
    assert learner.opt_func is (Adam if without == "fused optimizer" else FusedAdam)
    assert isinstance(learner.dls.train, PixelLoader) is (without != "cached pixels")


def test_speeds_and_accuracies_are_measured(small):
    assert speed(our_learner(*small), warm_up=1, steps=2).images_per_second > 0
    found = accuracy(our_learner(*small), small[1])
    assert found["images"] == len(small[2]["validation"][0])
    assert 0 <= found["balanced_accuracy"] <= 1 and found["seconds"] > 0


def test_fewer_training_images_are_the_same_ones_each_time(small):
    dataset, config, whole = small
    some, again = (parts_of(dataset, config, 20) for _ in range(2))
    assert len(some["train"][0]) == 20 and set(some["train"][0]) < set(whole["train"][0])
    assert (some["train"][0] == again["train"][0]).all()
    assert (some["validation"][0] == whole["validation"][0]).all()


def test_the_quick_preset_is_changed_as_asked(small):
    config = config_of(small[0], {"epochs": [1, 2], "width": 96, "height": 72, "seed": 3})
    assert [stage.epochs for stage in config.stages] == [1, 2]
    assert [stage.lr_max for stage in config.stages] == [stage.lr_max for stage in preset("quick").config.stages]
    assert (config.width, config.height, config.seed) == (96, 72, 3)


class ByHand:
    """Stands in for a side's process."""

    def __init__(self, module, environment):
        self.rate = 30.0 if environment else 10.0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Nothing to end."""

    def ask(self, *, who, without=None, **task):
        assert (who == "ours") is (self.rate == 30.0)
        if "train_images" in task:
            return {"balanced_accuracy": 0.5 + (who == "ours") / 50, "accuracy": 0.7, "images": 100, "seconds": 9.0}
        return {"images_per_second": self.rate - 5 * (without is not None), "peak_mb": 900.0}


def test_the_table_has_a_row_for_each_variant(monkeypatch, capsys):
    monkeypatch.setattr(fine_tuning, "Apart", ByHand)
    found = {}
    fine_tuning.measure(found, {**fine_tuning.TINY, "resnet18": (40, 40)}, 2, 1, 1, 21, 4, fine_tuning.TINY_ACCURACY)
    result = fine_tuning.summary(found)
    assert [row["without"] for row in result["rows"]] == [None, None, *WITHOUT, None, None]
    assert result["ratios"][0] == {"network": "efficientnet_lite0 48×32", "theirs": 10.0, "ours": 30.0, "ratio": 3.0,
                                   "goal": 1.6}
    fine_tuning._print(result)
    out = capsys.readouterr().out
    lines = [line.split() for line in out.splitlines()]
    assert ["efficientnet_lite0", "48×32", "bfloat16", "25.00", "0.83", "25.00", "25.00", "2"] in lines
    assert "Ours less theirs: balanced accuracy +0.020, accuracy +0.000." in out
    assert result["complete"] and "Not complete" not in out


def test_what_was_measured_before_an_interruption_is_printed(capsys):
    speed = {"network": "resnet18 40×40", "who": "theirs", "without": None, "images_per_second": 9.0, "peak_mb": 800.0}
    fine_tuning._print(fine_tuning.summary({"complete": False, "conditions": {"cores": 2}, "speeds": [speed]}))
    out = capsys.readouterr().out
    assert "resnet18 40×40 theirs nothing" in " ".join(out.split())
    assert out.endswith("Not complete: it was interrupted.\n")
