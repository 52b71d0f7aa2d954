"""Frozen stages on stored features: the stored outputs, the runs that use them, and what is said of them."""

import dataclasses
import os
import re
import shutil
import threading
import time

import numpy as np
import pandas as pd
import pytest
import torch
from fastai.callback import schedule  # noqa: F401  fit_one_cycle is patched in
from safetensors.torch import load_file

from pipeline.configuration.config import apply_settings
from pipeline.configuration.network_registry import IMAGENET, UNCHANGED
from pipeline.configuration.presets import preset
from pipeline.data.cache import OnTheFlyPixels
from pipeline.data.dataset import load_dataset
from pipeline.data.importing import import_dataset
from pipeline.errors import ConfigError, WorkspaceError
from pipeline.files.workspace import Workspace
from pipeline.jobs.job_worker import work
from pipeline.jobs.launch import request_stop
from pipeline.networks.architectures import build_network
from pipeline.networks.device import describe
from pipeline.networks.torch_network import TorchBody
from pipeline.progress import Cancelled, silent
from pipeline.runs.plan import create, plan_config
from pipeline.runs.resume import requeue
from pipeline.training import features as computing
from pipeline.training.callbacks import SeedEpochs
from pipeline.training.estimate import estimate_run
from pipeline.training.feature_store import FLIPS
from pipeline.training.features import fast_body, missing_features, open_features, wanted_features
from pipeline.training.head_stage import head_learner
from pipeline.training.losses import make_loss
from pipeline.training.parts import plan_split, rows_and_targets
from pipeline.training.preview import network_inputs, steps_in_words
from tests.loose_trainings import loose_training

SMALL = ["size=64x48", "batch_size=8", "epochs=3"]
TIMES = ["at", "seconds", "images_per_second"]


@pytest.fixture(scope="module")
def home(tmp_path_factory, tiny_set):
    home = Workspace(tmp_path_factory.mktemp("features")).create()
    import_dataset(home, tiny_set, "tiny")
    return home


@pytest.fixture(scope="module")
def finished(home):
    """A whole run of the preset; its features are stored."""
    run = create(home, plan_config(home, "tiny", "instant", SMALL))
    assert work(run, home).state == "done", run.status().error
    return run


class Bench:
    """What `open_features` needs, on a data set folder of its own, without ONNX Runtime; counts what is computed."""

    def __init__(self, home, folder, *settings):
        whole = load_dataset(home, "tiny")
        self.dataset = dataclasses.replace(whole, folder=folder)
        shutil.copytree(whole.folder, folder, ignore=shutil.ignore_patterns("cache"))
        self.config = plan_config(home, "tiny", "instant", [*SMALL, *settings])
        torch.manual_seed(0)
        self.network = build_network(self.config.arch, 7, "imagenet")
        metadata = whole.metadata()
        self.parts = rows_and_targets(plan_split(self.config, metadata), metadata, whole.classes)
        self.pixels = OnTheFlyPixels(whole, 48, 64, "squish")
        self.wanted = wanted_features(self.config, self.parts, whole.images)
        self.images = 0

    def body(self):
        body = TorchBody(self.network[0], "cpu")

        def counting(images):
            self.images += len(images)
            return body(images)

        return counting

    def open(self, progress=silent):
        self.images = 0
        training = loose_training(self.dataset, self.config, self.parts, self.pixels, self.network, progress)
        return open_features(training, self.wanted, self.body)


@pytest.fixture
def bench(home, tmp_path, monkeypatch):
    monkeypatch.setattr(computing, "_CHUNK_BATCHES", 2)
    return Bench(home, tmp_path / "set")


def _image_by_image(bench) -> np.ndarray:
    """The features by torch alone: one image at a time through the body in eval mode and the head's own pooling."""
    network = bench.network.eval()
    found = np.zeros((*bench.wanted.shape, 2560), dtype=np.float32)
    mean, deviation = (torch.tensor(x).view(1, 3, 1, 1) for x in bench.config.normalisation)
    for row, flip in np.argwhere(bench.wanted):
        image = torch.tensor(bench.pixels.pixels(row)).permute(2, 0, 1)[None].float() / 255
        image = torch.flip(image, [axis for axis, bit in ((3, 1), (2, 2)) if flip & bit])
        with torch.inference_mode():
            found[row, flip] = network[1][:2](network[0]((image - mean) / deviation))[0].numpy()
    return found


def _balanced_accuracy(bench, features) -> tuple[float, np.ndarray]:
    """Of the validation part after the config's stage on `features`; and the probabilities."""
    torch.manual_seed(0)
    network = build_network(bench.config.arch, 7, "imagenet")
    loss = make_loss(bench.config, bench.parts["train"][1], bench.dataset.classes)
    training = loose_training(bench.dataset, bench.config, bench.parts, bench.pixels, network)
    learner = head_learner(training, features, loss)
    with learner.no_bar(), learner.no_logging():
        learner.fit_one_cycle(3, 2e-3, cbs=[SeedEpochs(0, 0)])
    rows, targets = bench.parts["validation"]
    targets = torch.tensor(targets)
    with torch.inference_mode():
        logits = learner.model.eval()(torch.tensor(features[rows, 0], dtype=torch.float32))
    hits = logits.argmax(1) == targets
    return float(np.mean([hits[targets == c].float().mean() for c in targets.unique()])), logits.softmax(1).numpy()


def test_features_of_another_normalisation_are_others(bench):
    first = bench.open().copy()
    assert bench.images and missing_features(bench.dataset, bench.config, bench.wanted, 2560) == 0
    for other in (IMAGENET, UNCHANGED):
        bench.config = dataclasses.replace(bench.config, mean=other.mean, std=other.std)
        assert missing_features(bench.dataset, bench.config, bench.wanted, 2560) == bench.wanted.sum()
        assert np.abs(bench.open()[bench.wanted] - first[bench.wanted]).max() > 0.1 and bench.images
    assert len(list((bench.dataset.folder / "cache").glob("features-*/features.f16"))) == 3


def test_stored_features_are_those_of_the_backbone_image_by_image(home, tmp_path, monkeypatch):
    monkeypatch.setattr(computing, "_CHUNK_BATCHES", 2)
    monkeypatch.setattr(computing, "compute_threads", lambda: 2)  # so many batches at a time, also in `make test`
    bench = Bench(home, tmp_path / "set", "limit=42")
    expected = _image_by_image(bench)
    training = loose_training(bench.dataset, bench.config, bench.parts, bench.pixels, bench.network)
    body = fast_body(training)
    assert not training.reporter.notes
    bench.body = lambda: body
    stored = bench.open()
    assert stored.dtype == np.float16 and np.abs(expected).max() > 1
    np.testing.assert_allclose(stored[bench.wanted], expected[bench.wanted], rtol=2e-3, atol=2e-3)
    assert not stored[~bench.wanted].any()
    flips = expected[bench.parts["train"][0]]
    assert min(np.abs(flips[:, a] - flips[:, b]).max(axis=1).min() for a in range(4) for b in range(a)) > 0.05
    ours, shares = _balanced_accuracy(bench, stored)
    theirs, expected_shares = _balanced_accuracy(bench, expected)
    assert abs(ours - theirs) <= 0.01 and np.abs(shares - expected_shares).max() < 0.02


def test_what_is_wanted_and_nothing_else_is_computed(bench):
    training = len(bench.parts["train"][0])
    bench.open()
    assert bench.images == FLIPS * training + len(bench.parts["validation"][0])
    bench.open()
    assert bench.images == 0
    bench.config = dataclasses.replace(bench.config, augment="none")
    assert wanted_features(bench.config, bench.parts, 84).sum() == 84


def test_a_stopped_computation_goes_on_where_it_was(bench):
    def stop(fraction, sentence):
        assert re.fullmatch(r"Computed 64 of [\d,]+ outputs of the backbone\.", sentence)
        raise Cancelled

    whole = int(bench.wanted.sum())
    with pytest.raises(Cancelled):
        bench.open(stop)
    assert bench.images == 64
    stored = bench.open()
    assert bench.images == whole - 64 and stored[bench.wanted].any(axis=1).all()


def test_lost_and_foreign_features_are_computed_again(bench):
    stored = bench.open().copy()
    (file,) = bench.dataset.folder.glob("cache/features-64x48-squish-*/features.f16")
    row = int(bench.parts["train"][0][3])
    with file.open("r+b") as content:
        content.seek((row * FLIPS + 2) * 2560 * 2)
        content.write(b"\xff" * 100)
    os.utime(file, ns=(1, 1))
    again = bench.open()
    assert bench.images == 1
    np.testing.assert_allclose(again, stored, rtol=2e-3, atol=2e-3)  # a batch of one rounds otherwise
    (file.parent / "record.npz").write_bytes(b"half a rec")
    bench.open()
    assert bench.images == bench.wanted.sum()
    bench.dataset = dataclasses.replace(bench.dataset, content_hash="other images")
    bench.open()
    assert bench.images == bench.wanted.sum()
    with torch.no_grad():
        bench.network[0].model.bn1.running_mean += 1
    assert not np.array_equal(bench.open(), stored) and bench.images == bench.wanted.sum()


def test_no_room_is_said_before_anything_is_computed(bench, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=100_000_000))
    sentence = r"No room for the features: 21\d MB are needed and 100 MB are free\."
    with pytest.raises(WorkspaceError, match=sentence):
        bench.open()
    assert bench.images == 0


def test_the_run_trains_the_head_alone_and_keeps_a_whole_network(finished):
    stage, model = load_file(finished.stage_weights(1)), load_file(finished.model / "model.safetensors")
    torch.manual_seed(finished.config().seed)
    before = build_network("efficientnet_lite0", 7, "imagenet").state_dict()
    assert stage.keys() == model.keys() == before.keys()
    assert all(torch.equal(stage[name], before[name]) for name in before if name.startswith("0."))
    assert not torch.equal(stage["1.4.weight"], before["1.4.weight"])
    assert finished.config().features_words in finished.status().notes
    spent = {e["part"] for e in finished.events() if e["kind"] == "time"}
    assert {"data", "features", "training", "judging"} <= spent


def test_how_far_a_run_is_counts_its_outputs(workspace, tiny_set, monkeypatch):
    """So the time that is left, which is told from it, is measured from the first output on."""
    monkeypatch.setattr(computing, "_CHUNK_BATCHES", 1)
    monkeypatch.setattr("pipeline.runs.reporter._SECONDS_BETWEEN_WRITES", 0.0)
    import_dataset(workspace, tiny_set, "tiny")
    run, told = create(workspace, plan_config(workspace, "tiny", "instant", SMALL)), []
    assert work(run, workspace, lambda *step: told.append(step)).state == "done", run.status().error
    fractions = [fraction for fraction, sentence in told if sentence.startswith("Computed")]
    assert len(fractions) > 3 and fractions == sorted(fractions) and 0 < fractions[0] < fractions[-1] < 1


def test_the_run_s_curves_are_those_of_its_predictions(finished):
    epochs = [e for e in finished.events() if e["kind"] == "epoch"]
    batches = len(finished.split().query("part == 'train'")) // 8
    assert len(epochs) == 3 and len([e for e in finished.events() if e["kind"] == "batch"]) == 3 * batches
    kept = max(epochs, key=lambda e: e["balanced_accuracy"])
    found = finished.results()["validation"]
    assert kept["balanced_accuracy"] == pytest.approx(found["balanced_accuracy"], abs=1e-9)
    assert kept["valid_loss"] > 0 and np.load(finished.heatmaps_path)["predicted"].max() > 0


def test_a_broken_off_run_goes_on_as_if_it_had_not_been(home, finished):
    run = create(home, finished.config())
    thread = threading.Thread(target=work, args=(run, home))
    thread.start()
    while thread.is_alive() and not any(e["kind"] == "epoch" for e in run.events()):
        time.sleep(0.002)
    request_stop(run)
    thread.join(60)
    assert run.status().state == "cancelled"
    requeue(run)
    assert work(run, home).state == "done", run.status().error
    for kind in ("stage", "batch", "epoch"):
        one, other = (
            pd.DataFrame([e for e in r.events() if e["kind"] == kind]).drop(columns=TIMES, errors="ignore")
            for r in (run, finished)
        )
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    pd.testing.assert_frame_equal(run.predictions(), finished.predictions(), check_exact=True)


def test_its_result_is_fine_tuned_like_any_first_stage(home, finished):
    config = plan_config(home, None, "demo", ["size=64x48", "batch_size=8", "epochs=1"], f"{finished.name}:1")
    assert [stage.freeze for stage in config.stages] == [False] and not config.features
    run = create(home, config)
    assert work(run, home).state == "done", run.status().error
    assert f"Started from stage 1 of the run {finished.name}." in run.status().notes


def test_two_stages_the_second_on_images(home):
    config = plan_config(home, "tiny", "demo", ["size=64x48", "batch_size=8", "epochs=2,1", "features=yes"])
    run = create(home, config)
    assert work(run, home).state == "done", run.status().error
    first, second = (load_file(run.stage_weights(n)) for n in (1, 2))
    name = "0.model.bn1.running_mean"
    assert not torch.equal(first[name], second[name])
    assert [(e["stage"], e["overall"]) for e in run.events() if e["kind"] == "epoch"] == [(1, 1), (1, 2), (2, 3)]


def test_features_need_a_frozen_stage():
    sentence = "features=yes needs a stage that trains the head alone, and this run has none."
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)} Set features=no, or keep a frozen stage.$"):
        apply_settings(preset("quick").config, ["epochs=0,3", "features=yes"])
    with pytest.raises(ConfigError, match=r"^features=maybe is not known\."):
        apply_settings(preset("quick").config, ["features=maybe"])
    assert apply_settings(preset("quick").config, ["features=yes"]).only_features is False
    assert preset("instant").config.only_features and preset("quick").config.features_words is None


def test_the_preview_shows_flips_alone(home):
    config = plan_config(home, "tiny", "instant", SMALL)
    rows = np.arange(12)
    fitted, variants = network_inputs(load_dataset(home, "tiny"), config, rows, seed=3)
    places = set()
    for variant in variants:
        for image, whole in zip(variant, fitted, strict=True):
            (flip,) = [n for n in range(FLIPS) if np.array_equal(image, computing.flipped(whole, n))]
            places.add(flip)
    assert places == set(range(FLIPS))
    assert steps_in_words(config)[1] == (
        "Augmentation (augment=flips). The head learns from stored outputs of the backbone for each image and its "
        "three flips, one of the four at random in each epoch."
    )
    light = dataclasses.replace(config, augment="light").features_words
    assert light == config.features_words.removesuffix(".") + "; nothing else of augment=light applies to it."
    config = dataclasses.replace(config, augment="none")
    assert all(np.array_equal(one, fitted) for one in network_inputs(load_dataset(home, "tiny"), config, rows, 3)[1])
    assert "at random in training" not in steps_in_words(dataclasses.replace(config, resize="crop"))[0]


def test_the_estimate_counts_what_is_missing(home, finished, monkeypatch):
    from pipeline.training import estimate as measuring

    monkeypatch.setattr(measuring, "_WARM_UP_SECONDS", 0.0)
    monkeypatch.setattr(measuring, "_MEASURED_SECONDS", 0.0)
    dataset, before = load_dataset(home, "tiny"), sorted(home.home.rglob("*"))
    found = estimate_run(dataset, finished.config(), describe())
    assert found.parts["features"] == 0 and finished.config().features_words in found.notes
    assert set(found.images_per_second) == {"features", "frozen", "validation", "judging"}
    other = estimate_run(dataset, dataclasses.replace(finished.config(), seed=1), describe())
    assert other.parts["features"] > 0
    assert sorted(home.home.rglob("*")) == before
