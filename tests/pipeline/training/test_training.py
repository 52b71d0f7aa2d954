"""The training loop for real, on generated images: a run's files, its numbers, its repeatability."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from pipeline.data.dataset import load_dataset
from pipeline.data.importing import import_dataset
from pipeline.errors import RunError
from pipeline.export.fastai_export import export_fastai
from pipeline.export.onnx_export import export_onnx
from pipeline.images.reading import open_image
from pipeline.inference.predictor import Predictor
from pipeline.jobs.job_worker import work
from pipeline.models.card import model_card
from pipeline.models.model_info import find_model
from pipeline.networks.architectures import build_network
from pipeline.runs.plan import create, plan_config

RANDOM = ["weights=random", "size=32", "batch_size=8"]


def _train(workspace, *settings, preset="demo"):
    run = create(workspace, plan_config(workspace, "tiny", preset, [*RANDOM, *settings]))
    return run, work(run, workspace)


@pytest.fixture
def with_data(workspace, tiny_set):
    import_dataset(workspace, tiny_set, "tiny")
    return workspace


def test_a_run_writes_its_epochs_batches_and_stages(trained):
    _, run = trained
    events = run.events()
    epochs = [e for e in events if e["kind"] == "epoch"]
    assert [(e["stage"], e["epoch"], e["overall"]) for e in epochs] == [(1, 1, 1), (2, 1, 2)]
    figures = [[e[key] for key in ("train_loss", "valid_loss", "accuracy", "balanced_accuracy")] for e in epochs]
    assert np.isfinite(figures).all()
    train = (run.split()["part"] == "train").sum()
    batches = [e for e in events if e["kind"] == "batch"]
    assert len(batches) == 2 * (train // 8)
    rates = [e["lr"] for e in batches if e["stage"] == 1]
    assert max(rates) <= run.config().stages[0].lr_max and len(set(rates)) > 1
    parts = {e["part"] for e in events if e["kind"] == "time"}
    assert parts == {"data", "training", "validation", "judging", "explaining", "writing"}


def test_the_epochs_train_loss_is_the_mean_of_its_batches(trained):
    _, run = trained
    events = run.events()
    losses = [e["loss"] for e in events if e["kind"] == "batch" and e["stage"] == 2]
    row = next(e for e in events if e["kind"] == "epoch" and e["stage"] == 2)
    assert row["train_loss"] == pytest.approx(np.mean(losses), rel=1e-6)


def test_the_kept_epochs_metrics_are_those_of_the_stored_predictions(trained):
    _, run = trained
    kept = max((e for e in run.events() if e["kind"] == "epoch"), key=lambda e: e["balanced_accuracy"])
    validation = run.results()["validation"]
    assert validation["accuracy"] == pytest.approx(kept["accuracy"])
    assert validation["balanced_accuracy"] == pytest.approx(kept["balanced_accuracy"])


def test_predictions_are_those_of_the_held_out_lesions(trained):
    _, run = trained
    table, split = run.predictions(), run.split()
    assert set(table["image_id"]) == set(split.loc[split["part"] != "train", "image_id"])
    assert not set(table["lesion_id"]) & set(split.loc[split["part"] == "train", "lesion_id"])
    shares = table[[c for c in table if c.startswith("p_")]]
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)
    truth = shares.to_numpy()[np.arange(len(table)), [list(shares).index(f"p_{t}") for t in table["truth"]]]
    assert np.allclose(table["loss"], -np.log(truth), rtol=1e-4)


def test_the_predictor_gives_the_stored_probabilities_and_heatmaps(trained):
    home, run = trained
    dataset = load_dataset(home, "tiny")
    metadata = dataset.metadata().set_index("image_id")
    predictor = Predictor(find_model(home, run.name))
    row = run.predictions().iloc[3]
    path = dataset.image_path(metadata.loc[row["image_id"], "file"])
    pixels = predictor.prepare(open_image(path, path.name))
    shares = predictor.probabilities([pixels])[0]
    assert np.allclose(shares, row[[f"p_{c}" for c in predictor.info.classes]].astype(float), atol=1e-5)
    stored = np.load(run.heatmaps_path)
    at = list(stored["image_id"]).index(row["image_id"])
    assert np.allclose(predictor.explain(pixels, row["predicted"]), stored["predicted"][at], rtol=0.02, atol=1e-3)


def test_the_same_seed_gives_the_same_run(with_data):
    first, _ = _train(with_data, "epochs=1,1", "limit=60")
    second, _ = _train(with_data, "epochs=1,1", "limit=60")
    third, _ = _train(with_data, "epochs=1,1", "limit=60", "seed=5")
    pd.testing.assert_frame_equal(first.predictions(), second.predictions())
    assert not first.predictions().equals(third.predictions())


def test_one_batch_can_be_learnt_by_heart():
    torch.manual_seed(0)
    network = build_network("efficientnet_lite0", 3, "imagenet")
    images, targets = torch.randn(6, 3, 64, 64), torch.tensor([0, 1, 2, 0, 1, 2])
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    for _ in range(30):
        loss = torch.nn.functional.cross_entropy(network(images), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


@pytest.mark.parametrize("setting", ["split=random", "split=lesion-test", "resize=crop", "loss=balanced_softmax"])
def test_each_choice_runs(with_data, setting):
    run, status = _train(with_data, "epochs=0,1", setting)
    assert status.state == "done", status.error
    assert set(run.predictions()["part"]) == (
        {"validation", "test"} if setting == "split=lesion-test" else {"validation"}
    )


def test_weights_that_cannot_be_had_fail_the_run_in_words(with_data, monkeypatch, tmp_path):
    from urllib.error import URLError

    def unreachable(*args, **kwargs):
        raise URLError("no network")

    monkeypatch.setattr("torch.hub.load_state_dict_from_url", unreachable)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", unreachable)
    run = create(with_data, plan_config(with_data, "tiny", "demo", ["arch=resnet18", "size=32", "epochs=0,1"]))
    status = work(run, with_data)
    assert status.state == "failed"
    assert "ImageNet weights of ResNet18 are not on this computer" in status.error
    assert "weights=random" in status.error


def test_a_loss_that_is_no_number_fails_the_run_in_words(with_data):
    config = plan_config(with_data, "tiny", "demo", [*RANDOM, "epochs=0,1"])
    stages = (dataclasses.replace(config.stages[0], lr_max=1e30),)
    run = create(with_data, dataclasses.replace(config, stages=stages))
    status = work(run, with_data)
    assert status.state == "failed" and "Try a learning rate ten times smaller" in status.error


def test_a_linear_head_goes_through_training_model_and_exports(with_data, tmp_path):
    run, status = _train(with_data, "head=linear", "features=yes", "epochs=1,1", "limit=60")
    assert status.state == "done", status.error
    info = find_model(with_data, run.name)
    assert run.config().head == info.head == "linear"
    assert "1.3.weight" in load_file(info.folder / "model.safetensors")
    predictor, stored = Predictor(info), run.predictions()
    files = load_dataset(with_data, "tiny").metadata().set_index("image_id")["file"]
    dataset = load_dataset(with_data, "tiny")
    images = [predictor.prepare(open_image(dataset.image_path(files[i]), files[i])) for i in stored["image_id"]]
    told = stored[[f"p_{code}" for code in info.classes]].to_numpy()
    np.testing.assert_allclose(predictor.probabilities(images), told, atol=1e-4)
    assert predictor.explain(images[0], info.classes[0]).shape == (1, 1)
    assert export_onnx(info, tmp_path / "linear.onnx") < 1e-3 and export_fastai(info, tmp_path / "export.pkl") < 1e-5
    assert "EfficientNet-Lite0 with a linear head" in model_card(with_data, info)
    assert plan_config(with_data, None, "demo", [], f"{run.name}:1").head == "linear"
    with pytest.raises(RunError, match="has its head, which is linear, not fastai"):
        plan_config(with_data, None, "demo", ["head=fastai"], f"{run.name}:1")
