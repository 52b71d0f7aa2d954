"""Extra training images: what joins the training part alone, what is left out, and that all who read a run know it."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from pipeline.cli import main
from pipeline.configuration.config import apply_settings
from pipeline.configuration.presets import preset
from pipeline.data.cache import JoinedPixels, OnTheFlyPixels
from pipeline.data.cache_space import cache_space, run_space
from pipeline.data.dataset import load_dataset
from pipeline.data.extra import LEFT_OUT, extra_sentences, left_out_of_extra
from pipeline.data.importing import import_dataset
from pipeline.data.reserved import reserve, reserved_images
from pipeline.errors import ConfigError, DataError, RunError
from pipeline.evaluation.decided import run_priors
from pipeline.inference.evaluation_plan import find_overlap, plan_evaluation
from pipeline.jobs.job_worker import work
from pipeline.models.card import model_card
from pipeline.models.decided_output import model_priors
from pipeline.models.model_info import find_model
from pipeline.models.trained_on import trained_on
from pipeline.models.training_images import training_images
from pipeline.networks.device import describe
from pipeline.runs.plan import create, other_split, plan_config
from pipeline.runs.resume import requeue
from pipeline.training.checkpoints import WriteCheckpoint
from pipeline.training.estimate import estimate_run
from pipeline.training.features import JoinedFeatures
from pipeline.training.losses import BalancedSoftmax, make_loss
from pipeline.training.preview import preview_batch
from tests.small_archives import encoded, files_of, jpeg, noise, rows, write_zip

SETTINGS = ["size=32x32", "epochs=0,1", "weights=random", "batch_size=8", "keep=last"]


def of(ids: list[str], lesions: list[str] | None = None, dx: str = "mel", content: str = "c") -> pd.DataFrame:
    return pd.DataFrame({
        "image_id": ids, "lesion_id": lesions or [f"L{i}" for i in ids], "dx": dx,
        "sha256": [f"{content}{n}" for n in range(len(ids))],
    })


def test_each_reason_is_found_and_what_trains_may_not_come_twice():
    own = of(["h1", "h2", "h3", "h4", "t1", "t2", "beyond"], content="own")
    part = pd.Series(["validation", "test", "validation", "reserved", "train", "train", np.nan], dtype=object)
    extra = of(
        ["h1_downsampled", "same", "lesion", "twin", "sibling", "friend", "t1", "copy", "kept", "kin", "odd", "new",
         "beyond"],
        ["A", "B", "Lh3", "C", "C", "D", "E", "F", "G", "G", "H", "I", "J"], content="x",
    )
    extra.loc[extra["image_id"] == "same", "sha256"] = "own1"
    extra.loc[extra["image_id"] == "copy", "sha256"] = "own5"
    extra.loc[extra["image_id"] == "odd", "dx"] = "xyz"
    found = left_out_of_extra(
        extra, own, part, {"kept"}, [("twin", "h4"), ("new", "t2")], [("friend", "twin")], ["mel", "nv"]
    )
    expected = {
        "h1_downsampled": "id", "same": "content", "lesion": "lesion", "twin": "near-twin", "sibling": "together",
        "friend": "together", "t1": "training", "copy": "training", "kept": "reserved", "kin": "reserved",
        "odd": "diagnosis",
    }
    assert dict(zip(extra["image_id"], found, strict=True)) == {
        image_id: expected.get(image_id, pd.NA) if image_id in expected else pytest.approx(np.nan, nan_ok=True)
        for image_id in extra["image_id"]
    }
    assert set(expected.values()) == set(LEFT_OUT) - {"limit"}
    words = " ".join(extra_sentences("other", extra.assign(left_out=found), own=8))
    assert "2 images of 2 lesions join the training part alone (mel 2): 20.0 % of the training images." in words
    assert "2 reserved, or of a reserved lesion; 1 of diagnoses" in words and "1 that look nearly like" in words


def squares(first: int, images: int, codes, size: int, same: dict[int, bytes] | None = None) -> dict[str, bytes]:
    """Images of noise, each its own, as squares; `same` gives some the bytes of others."""
    table = rows(images, codes)
    table["image_id"] = [f"ISIC_{first + n:07d}" for n in range(images)]
    table["lesion_id"] = [f"LES_{first + n // 2:07d}" for n in range(images)]
    files = files_of(table)
    for n, image_id in enumerate(table["image_id"]):
        coarse = Image.fromarray(noise(first + n, (12, 12))).resize((size, size), Image.Resampling.BICUBIC)
        pixels = np.asarray(Image.blend(coarse, Image.fromarray(noise(10_000 + first + n, (size, size))), 0.3))
        files[f"images/{image_id}.jpg"] = (same or {}).get(n) or encoded(pixels, quality=90)
    return files


@pytest.fixture
def sets(workspace, tmp_path):
    """Sixty squares of 48 pixels; forty extra ones of 96, of which one has the bytes of a square and ten are of a
    diagnosis that the squares lack."""
    own = squares(0, 60, ("bcc", "mel", "nv"), 48)
    dataset = import_dataset(workspace, write_zip(tmp_path / "own.zip", own), "own", view="square")
    more = squares(500, 40, ("mel", "nv", "mel", "bkl"), 96, {0: own["images/ISIC_0000003.jpg"]})
    extra = import_dataset(workspace, write_zip(tmp_path / "more.zip", more), "more", view="square")
    return dataset, extra


def trained(workspace, *settings: str):
    run = create(workspace, plan_config(workspace, "own", "demo", [*SETTINGS, "extra=more", *settings]))
    status = work(run, workspace)
    assert status.state == "done", status.error
    return run, status


def test_a_run_with_extra_images_and_all_who_read_it(workspace, sets):
    dataset, extra = sets
    run, status = trained(workspace)
    config, split, table = run.config(), run.split(), run.extra()
    assert (config.extra, config.extra_hash) == ("more", extra.content_hash)
    assert set(split["image_id"]) == set(dataset.metadata()["image_id"])  # none of the extra ones is in a part
    joins = table[table["left_out"].isna()]
    assert table["left_out"].value_counts().to_dict()["diagnosis"] == 10 and 28 <= len(joins) <= 30
    part = split.set_index("image_id")["part"]
    of_copy = table.set_index("image_id").loc["ISIC_0000500", "left_out"]
    assert of_copy == ("training" if part["ISIC_0000003"] == "train" else "content")
    assert any(note.startswith(f"Of the data set more {len(joins)} images of") for note in status.notes)
    assert any("10 of diagnoses that the run's data set does not have" in note for note in status.notes)

    info, own = find_model(workspace, run.name), int((split["part"] == "train").sum())
    assert info.training_images == own + len(joins) and info.extra.images == len(joins)
    assert (info.extra.data, info.extra.data_hash) == ("more", extra.content_hash)
    listed = training_images(info)
    assert listed["data"].value_counts().to_dict() == {"own": own, "more": len(joins)}
    assert set(listed.loc[listed["data"] == "more", "sha256"]) == set(joins["sha256"])
    known = trained_on(workspace, info).images
    assert set(joins["image_id"]) <= set(known["image_id"]) and len(known) == len(listed)
    # what its probabilities assume is the run's own training part
    frequencies = split.loc[split["part"] == "train", "dx"].value_counts(normalize=True).to_dict()
    assert model_priors(workspace, info) == info.training_frequencies == pytest.approx(frequencies)
    assert run_priors(run) == pytest.approx(frequencies)
    card = model_card(workspace, info)
    share = 100 * len(joins) / info.training_images
    assert f"Extra training images: {len(joins)} images of" in card and f"{share:.1f} % of all training images" in card
    assert "10 of diagnoses that the run's data set does not have" in card and extra.content_hash in card


def test_an_extra_image_does_not_judge_the_model(workspace, sets):
    """All that is left of the other data set to judge it by is what was reserved, which never joins."""
    _, extra = sets
    reserve(workspace, extra, [])
    run, _ = trained(workspace)
    table, known = run.extra().set_index("image_id")["left_out"], trained_on(workspace, find_model(workspace, run.name))
    assert set(table.loc[sorted(reserved_images(extra))]) == {"reserved"} and run.config().reserved is not None
    overlap = find_overlap(extra.metadata(), known.images)
    assert overlap.counts()["by_id"] == table.isna().sum()
    assert not reserved_images(extra) & set(overlap.images["image_id"])
    plan = plan_evaluation(workspace, run.name, "more", {"bkl": "none"}, "reserved")
    assert set(plan.images["image_id"]) | set(table[table == "diagnosis"].index) >= reserved_images(extra) - set(
        extra.metadata().loc[lambda images: images["dx"] == "bkl", "image_id"])
    assert plan.overlap.images.empty and set(plan.images["image_id"]) <= reserved_images(extra)


def test_its_own_reserved_images_are_held_out_from_the_extra_ones(workspace, sets, tmp_path):
    dataset, _ = sets
    kept = sorted(reserve(workspace, dataset, [])["images"])
    file = dataset.metadata().set_index("image_id").loc[kept[0], "file"]
    same = squares(700, 20, ("mel", "nv"), 96, {4: dataset.image_path(file).read_bytes()})
    import_dataset(workspace, write_zip(tmp_path / "again.zip", same), "again", view="square")
    run = create(workspace, plan_config(workspace, "own", "demo", [*SETTINGS, "extra=again"]))
    assert work(run, workspace).state == "done"
    assert run.extra().set_index("image_id").loc["ISIC_0000704", "left_out"] == "content"


def test_a_limit_holds_for_both_in_proportion(workspace, sets):
    run, _ = trained(workspace, "limit=30")
    table = run.extra()
    joins = int(table["left_out"].isna().sum())
    assert 10 <= joins <= 22 and (table["left_out"] == "limit").sum() >= 28 - joins


def test_extra_images_come_no_finer_than_the_others(sets):
    dataset, extra = sets
    own, other = (OnTheFlyPixels(dataset, 40, 40, "squish"), OnTheFlyPixels(extra, 40, 40, "squish", (48, 48)))
    joined = JoinedPixels(own, other)
    assert len(joined) == 100 and joined.pixels(60).shape == (40, 40, 3)
    with Image.open(extra.image_path(extra.metadata()["file"][5])) as image:
        small = image.convert("RGB").resize((48, 48), Image.Resampling.BILINEAR)
    assert (joined.pixels(65) == np.asarray(small.resize((40, 40), Image.Resampling.BILINEAR))).all()
    for places in ([3, 65, 0, 99], [1, 2], [60, 61]):
        assert (joined.gather(places) == np.stack([joined.pixels(row) for row in places])).all()
    space = run_space(dataset, extra, 40, 40, "squish")
    assert space.whole == 100 * 40 * 40 * 3 == cache_space(dataset, 40, 40, "squish").whole + 40 * 40 * 40 * 3


def test_joined_features_are_indexed_as_one():
    rng = np.random.default_rng(0)
    first, second = (rng.random((n, 4, 6)).astype(np.float16) for n in (5, 3))
    whole, joined = np.concatenate([first, second]), JoinedFeatures(first, second)
    places, flips = np.array([7, 0, 4, 5]), np.array([3, 1, 0, 2])
    assert (joined[places, flips] == whole[places, flips]).all() and (joined[places, 0] == whole[places, 0]).all()


def test_stored_features_of_both_sets(workspace, sets):
    run, _ = trained(workspace, "features=yes", "epochs=1,0", "arch=efficientnet_lite0")
    dataset, extra = sets
    (ours,), (theirs,) = ([path.name for path in (of.folder / "cache").glob("features-*")] for of in sets)
    assert theirs.replace("-of-48x48", "") == ours != theirs
    table = load_dataset(workspace, "more").metadata().merge(run.extra()[["image_id", "left_out"]], on="image_id")
    done = np.load(extra.folder / "cache" / theirs / "record.npz")["done"]
    assert (done.any(axis=1) == table["left_out"].isna().to_numpy()).all()


LOGITS = torch.tensor([[0.3, -0.2, 1.0], [2.0, 0.1, -1.0]])
OWN, ALL = np.array([0] * 60 + [1] * 30 + [2] * 10), np.array([0] * 70 + [1] * 80 + [2] * 50)


def loss_of(name: str, own=OWN):
    return make_loss(apply_settings(preset("quick").config, [f"loss={name}"]), ALL, ("a", "b", "c"), own)


@pytest.mark.parametrize("name", ["cross_entropy", "balanced_softmax"])
def test_the_softmax_means_what_it_means_without_extra_images(name):
    """At the loss's minimum a network that sees nothing answers with the frequencies that its softmax assumes."""
    loss, logits = loss_of(name), torch.zeros(3, requires_grad=True)
    optimizer, targets = torch.optim.LBFGS([logits], max_iter=200), torch.tensor(ALL)

    def closure():
        optimizer.zero_grad()
        value = loss(logits.expand(len(targets), 3), targets)
        value.backward()
        return value

    for _ in range(5):
        optimizer.step(closure)
    expected = [0.6, 0.3, 0.1] if name == "cross_entropy" else [1 / 3] * 3
    np.testing.assert_allclose(logits.detach().softmax(0), expected, atol=1e-3)


def test_the_validation_loss_is_at_the_frequencies_of_the_validation_images():
    targets = torch.tensor([0, 2])
    plain, shift = torch.nn.functional.cross_entropy, torch.tensor([0.6, 0.3, 0.1]).log()
    assert loss_of("cross_entropy").eval()(LOGITS, targets).item() == pytest.approx(plain(LOGITS, targets).item())
    balanced = loss_of("balanced_softmax").eval()
    assert balanced(LOGITS, targets).item() == pytest.approx(plain(LOGITS + shift, targets).item())
    without = BalancedSoftmax(torch.tensor([60, 30, 10]))
    assert without.train()(LOGITS, targets) == without.eval()(LOGITS, targets) == balanced(LOGITS, targets)
    assert not isinstance(loss_of("cross_entropy", None), BalancedSoftmax)
    weights = loss_of("weighted").func.weight
    np.testing.assert_allclose(weights, 200 / (3 * np.array([70, 80, 50])))


def test_a_run_that_was_broken_off_ends_as_one_that_was_not(workspace, sets, monkeypatch):
    longer = ("epochs=0,2", "keep=valid_loss")
    whole, _ = trained(workspace, *longer)
    run = create(workspace, plan_config(workspace, "own", "demo", [*SETTINGS, "extra=more", *longer]))
    kept = WriteCheckpoint.kept

    def stopped(self, row):
        kept(self, row)
        run.stop_path.touch()

    with monkeypatch.context() as broken:
        broken.setattr(WriteCheckpoint, "kept", stopped)
        assert work(run, workspace).state == "cancelled"
    requeue(run)
    chosen, status = run.extra(), work(run, workspace)
    assert status.state == "done", status.error
    pd.testing.assert_frame_equal(run.extra(), chosen)
    pd.testing.assert_frame_equal(run.predictions(), whole.predictions())


def test_estimate_and_preview_know_it(workspace, sets):
    config = plan_config(workspace, "own", "demo", [*SETTINGS, "extra=more"])
    dataset, extra = sets
    found = estimate_run(dataset, config, describe([]))
    assert any(note.startswith("Of the data set more") for note in found.notes)
    alone = estimate_run(dataset, dataclasses.replace(config, extra=None, extra_hash=None), describe([]))
    assert not any("more" in note for note in alone.notes)
    shown = {image.image_id for draw in range(6) for image in preview_batch(dataset, config, draw).images}
    assert shown & set(extra.metadata()["image_id"]) and shown & set(dataset.metadata()["image_id"])
    assert preview_batch(dataset, config).steps[-1].startswith("Extra images (extra=more). Of the data set more")


def test_what_cannot_join_is_refused_with_words(workspace, sets, tmp_path):
    import_dataset(workspace, write_zip(tmp_path / "whole.zip", files_of(rows())), "whole")
    import_dataset(workspace, write_zip(tmp_path / "twin.zip", squares(0, 60, ("bcc", "mel", "nv"), 48)), "same",
                   view="square")
    drawn = {name: jpeg(n, (48, 48), generated=True) if name.endswith(".jpg") else content
             for n, (name, content) in enumerate(squares(800, 20, ("mel", "nv"), 48).items())}
    import_dataset(workspace, write_zip(tmp_path / "drawn.zip", drawn), "drawn", view="square")
    other = squares(900, 20, ("df", "vasc"), 48)
    import_dataset(workspace, write_zip(tmp_path / "other.zip", other), "others", view="square")
    for name, why in (("nothing", "There is no data set named nothing"), ("whole", "other proportions"),
                      ("same", "adds none to it"), ("drawn", "has drawings"), ("others", "has no diagnosis of own")):
        with pytest.raises(DataError, match=why):
            plan_config(workspace, "own", "demo", [*SETTINGS, f"extra={name}"])
    with pytest.raises(ConfigError, match="no data set's name"):
        plan_config(workspace, "own", "demo", ["extra=../own"])
    assert plan_config(workspace, "own", "demo", ["extra=none"]).extra is None


def test_a_branch_and_the_other_split_keep_it(workspace, sets):
    run, _ = trained(workspace)
    branch = plan_config(workspace, None, "demo", ["size=32x32", "epochs=1"], f"{run.name}:1")
    assert (branch.extra, branch.extra_hash) == ("more", run.config().extra_hash)
    with pytest.raises(RunError, match="has its extra"):
        plan_config(workspace, None, "demo", ["extra=none"], f"{run.name}:1")
    child = create(workspace, branch)
    assert work(child, workspace).state == "done"
    pd.testing.assert_frame_equal(child.extra(), run.extra())
    assert other_split(workspace, run).extra_hash == run.config().extra_hash


def test_the_command(workspace, sets, capfd):
    settings = [part for setting in SETTINGS for part in ("--set", setting)]
    assert main(["train", "--data", "own", "--preset", "demo", *settings, "--set", "extra=more", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["state"] == "done"
