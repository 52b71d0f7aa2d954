"""The article's presets: its numbers, its code's behaviour, and each of them trained in miniature."""

import time

import numpy as np
import pytest
import torch
from fastai.vision.augment import Dihedral
from sklearn.metrics import fbeta_score

from pipeline.configuration.config import Stage
from pipeline.configuration.presets import PRESETS
from pipeline.data.importing import import_dataset
from pipeline.jobs.job_worker import work
from pipeline.runs.plan import create, plan_config
from pipeline.training.augmentation import AUGMENTATIONS
from pipeline.training.losses import make_loss

FROZEN_10, FROZEN_15 = Stage(True, 10, 3e-3, 3e-4, 0.3), Stage(True, 15, 3e-3, 3e-4, 0.3)
HIGH_30, HIGH_35, LOW_35 = (Stage(False, n, b, a, 0.3) for n, a, b in ((30, 1e-4, 1e-5), (35, 1e-4, 1e-5),
                                                                    (35, 1e-5, 1e-6)))
NUMBERS = {
    "article-resnet34": ("resnet34", 64, (FROZEN_10, HIGH_30)),
    "article-resnet34-longer": ("resnet34", 64, (FROZEN_10, HIGH_30, HIGH_30)),
    "article-resnet50-exp1": ("resnet50", 28, (FROZEN_15, LOW_35)),
    "article-resnet50-exp2": ("resnet50", 28, (FROZEN_15, HIGH_35)),
    "article-resnet18-exp1": ("resnet18", 48, (FROZEN_15, LOW_35)),
    "article-resnet18-exp2": ("resnet18", 48, (FROZEN_15, HIGH_35)),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_the_articles_numbers(name):
    config = PRESETS[name].config
    assert (config.arch, config.batch_size, config.stages) == NUMBERS[name]
    assert (config.width, config.height, config.resize, config.augment) == (448, 448, "crop", "article")
    assert (config.normalize, config.split, config.keep, config.keep_epochs) == (False, "random", "last", True)
    assert (config.weights, config.loss, config.weight_decay) == ("imagenet", "cross_entropy", 0.01)


def test_each_article_preset_says_why():
    assert {name for name in PRESETS if name.startswith("article-")} == set(NUMBERS)
    for name in NUMBERS:
        reason = PRESETS[name].reason
        assert "slice(a, b)" in reason and "squished" in reason and "Dice" in reason and "split=lesion" in reason
    reverses = {name: PRESETS[name].reason.partition("--set lr=")[2].partition(" ")[0] for name in NUMBERS}
    assert reverses["article-resnet34"] == "0.0003:0.003,1e-05:0.0001"
    assert reverses["article-resnet34-longer"].count(",") == 2


def test_every_reverse_is_one_that_can_be_set():
    from pipeline.configuration.config import apply_settings

    for name in NUMBERS:
        config = PRESETS[name].config
        text = PRESETS[name].reason.partition("--set ")[2].partition(" ")[0]
        changed = apply_settings(config, [text])
        pairs = list(zip(config.stages, changed.stages, strict=True))
        assert all((a.lr_earliest, a.lr_max) == (b.lr_max, b.lr_earliest) for a, b in pairs[1:])
        assert pairs[0][0] == pairs[0][1]


def test_the_articles_augmentation_is_eight_orientations_for_every_image_and_light_for_three_of_four():
    transforms = AUGMENTATIONS["article"].make()
    assert [t.p for t in transforms if isinstance(t, Dihedral)] == [1.0]
    torch.manual_seed(0)
    dihedral = next(t for t in transforms if isinstance(t, Dihedral))
    from fastai.vision.core import TensorImage

    image = torch.arange(16.0).reshape(1, 4, 4).expand(1, 3, 4, 4) / 16
    seen = {}
    for _ in range(100):
        out = dihedral(TensorImage(image.repeat(16, 1, 1, 1)), split_idx=0)
        for one in out:
            key = tuple(one[0].flatten().mul(16).round().int().tolist())
            seen[key] = seen.get(key, 0) + 1
    assert len(seen) == 8
    shares = np.array(list(seen.values())) / 1600
    assert (abs(shares - 1 / 8) < 0.03).all()


def test_f_beta_is_fastai_1s(trained):
    """beta 2, the mean over the diagnoses, from precision and recall of each."""
    truths, predicted = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 2, 2])
    precision, recall = np.array([1, 1 / 2, 1 / 2]), np.array([2 / 3, 1 / 2, 1])
    expected = np.mean(5 * precision * recall / (4 * precision + recall))
    assert fbeta_score(truths, predicted, beta=2.0, average="macro", zero_division=0.0) == pytest.approx(expected)
    epochs = [e for e in trained[1].events() if e["kind"] == "epoch"]
    assert all(0 <= e["f_beta"] <= 1 and e["error_rate"] == pytest.approx(1 - e["accuracy"]) for e in epochs)
    table = trained[1].predictions()
    kept = max(epochs, key=lambda e: e["balanced_accuracy"])
    stored = fbeta_score(table["truth"], table["predicted"], beta=2.0, average="macro", zero_division=0.0)
    assert kept["f_beta"] == pytest.approx(stored)


def test_the_one_cycle_of_an_article_preset_rises_for_three_tenths(workspace, tiny_set):
    import_dataset(workspace, tiny_set, "tiny")
    settings = ["weights=random", "size=32", "batch_size=4", "epochs=0,1", "limit=60"]
    run = create(workspace, plan_config(workspace, "tiny", "article-resnet18-exp2", settings))
    assert work(run, workspace).state == "done", run.status().error
    rates = [e["lr"] for e in run.events() if e["kind"] == "batch"]
    top, bottom, risen = 1e-5, 1e-5 / 25, 1 / len(rates) / 0.3  # `risen`: share of the rise after one batch
    second = bottom + (1 + np.cos(np.pi * (1 - risen))) * (top - bottom) / 2
    assert max(rates) <= top and rates[:2] == pytest.approx([bottom, second], rel=1e-6)
    assert run.epoch_weights(1, 1).exists()


def test_the_weighted_loss_counts_each_diagnosis_alike():
    from dataclasses import replace

    targets = np.array([0] * 8 + [1] * 2)
    loss = make_loss(replace(PRESETS["balanced"].config, loss="weighted"), targets, ("a", "b"))
    logits = torch.zeros(10, 2)
    parts = [loss.func.weight[t].item() for t in targets]
    assert sum(parts[:8]) == pytest.approx(sum(parts[8:])) and np.mean(parts) == pytest.approx(1)
    assert loss(logits, torch.tensor(targets)).item() == pytest.approx(np.log(2))


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_runs_in_miniature(workspace, name, tmp_path):
    from pipeline.data.synthetic.generated_set import write_generated_set

    import_dataset(workspace, write_generated_set(tmp_path, images=400, seed=2), "made")
    stages = len(PRESETS[name].config.stages)
    settings = ["weights=random", "epochs=" + ",".join("2" * stages), "size=64", "limit=300"]
    start = time.monotonic()
    run = create(workspace, plan_config(workspace, "made", name, settings))
    status = work(run, workspace)
    print(f"{name}: {status.state} in {time.monotonic() - start:.0f} s, {len(run.split())} images")
    assert status.state == "done", status.error
    assert sum(e["kind"] == "epoch" for e in run.events()) == 2 * stages
