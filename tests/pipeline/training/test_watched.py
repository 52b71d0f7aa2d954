"""What a run shows of itself: six held-out lesions with their answers after each epoch, and pictures of a batch."""

import io
import json

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from pipeline.data.importing import import_dataset
from pipeline.data.prepare import window
from pipeline.errors import WorkspaceError
from pipeline.images.generated import is_generated
from pipeline.jobs.job_worker import work
from pipeline.runs.events import read_events
from pipeline.runs.plan import create, plan_config
from pipeline.runs.shown_batch import NUMBER, SIDE, Shown, ShownBatch, read_batch, write_batch
from pipeline.runs.watched import watched
from pipeline.training.batch_pictures import ShowBatch
from pipeline.training.watched_lesions import choose_watched

SHORT = ["size=48x32", "batch_size=8", "limit=84"]


@pytest.fixture
def home(workspace, tiny_set):
    import_dataset(workspace, tiny_set, "tiny")
    return workspace


def _held_out(**lesions: int) -> pd.DataFrame:
    """Two images of each of so many lesions by diagnosis."""
    rows = [(f"{dx}-{n}", dx) for dx, number in lesions.items() for n in range(number) for _ in range(2)]
    return pd.DataFrame(rows, columns=["lesion_id", "dx"])


@pytest.mark.parametrize("seed", range(5))
def test_one_of_each_diagnosis_is_watched_and_melanoma_always(seed):
    held_out = _held_out(nv=30, mel=1, bcc=3, bkl=3, df=2, vasc=2, akiec=2)
    chosen = held_out.iloc[choose_watched(held_out, seed)]
    assert len(chosen) == 6 and chosen["dx"].is_unique and chosen["dx"].iloc[0] == "mel"


def test_fewer_diagnoses_give_further_lesions_and_no_lesion_twice():
    held_out = _held_out(nv=4, mel=2)
    chosen = held_out.iloc[choose_watched(held_out, 1)]
    assert chosen["lesion_id"].is_unique and sorted(chosen["dx"]) == ["mel"] * 2 + ["nv"] * 4
    assert len(choose_watched(_held_out(nv=2), 1)) == 2 and len(choose_watched(_held_out(), 1)) == 0


def test_the_seed_decides():
    held_out = _held_out(nv=30, mel=20)
    first, again, other = (choose_watched(held_out, seed).tolist() for seed in (3, 3, 4))
    assert first == again != other


@pytest.mark.parametrize("preset", ["demo", "instant"])
def test_the_answers_of_the_kept_epoch_are_the_stored_predictions(home, preset):
    run = create(home, plan_config(home, "tiny", preset, [*SHORT, f"epochs={'1,1' if preset == 'demo' else '2'}"]))
    assert work(run, home).state == "done", run.status().error
    events = run.events()
    found = watched(events)
    stored = run.predictions().set_index("image_id")
    assert (stored.loc[found.image_ids, "part"] == "validation").all()
    assert stored.loc[found.image_ids, "lesion_id"].is_unique
    assert stored.loc[found.image_ids, "truth"].tolist() == found.truths
    epochs = {event["overall"]: event["balanced_accuracy"] for event in events if event["kind"] == "epoch"}
    assert [answer.overall for answer in found.answers] == list(epochs) == [1, 2]
    kept = found.answers[max(epochs, key=epochs.get) - 1].probabilities
    for image_id, shares in zip(found.image_ids, kept, strict=True):
        own = {code: stored.at[image_id, f"p_{code}"] for code in shares}
        assert shares == pytest.approx(own, abs=2e-3) and sum(shares.values()) == pytest.approx(1, abs=1e-3)
    assert found.answers[0].probabilities != found.answers[1].probabilities
    assert not run.batch_path.exists()  # of no use once it is done


def test_the_lesions_are_told_before_the_first_epoch_and_the_answers_before_the_epoch(trained):
    kinds = [event["kind"] for event in trained[1].events() if event["kind"] in ("watched", "stage", "epoch")]
    assert kinds == ["watched", "stage", "watched", "epoch", "stage", "watched", "epoch"]
    first = trained[1].events()[0]
    assert first["overall"] == 0 and {lesion["probabilities"] for lesion in first["lesions"]} == {None}


def test_nothing_held_out_is_nothing_watched(home):
    run = create(home, plan_config(home, "tiny", "demo", [*SHORT, "epochs=0,1", "split=all", "keep=last"]))
    assert work(run, home).state == "done", run.status().error
    assert watched(run.events()) is None


def test_an_older_run_watches_none(old_workspace):
    from pipeline.runs.run_dir import list_runs

    done = [run for run in list_runs(old_workspace) if run.events()]
    assert done and [watched(run.events()) for run in done] == [None] * len(done)


def test_an_answer_that_is_no_share_is_a_damaged_event(tmp_path):
    lesion = {"image_id": "a", "truth": "nv", "probabilities": {"nv": 1.5}}
    (tmp_path / "events.jsonl").write_text(json.dumps(
        {"kind": "watched", "stage": 1, "epoch": 1, "overall": 1, "lesions": [lesion]}) + "\n")
    with pytest.raises(WorkspaceError, match="damaged"):
        read_events(tmp_path / "events.jsonl")


class _Seen(ShowBatch):
    """Keeps what was written beside what the network got."""

    seen: list = []

    def before_batch(self):
        super().before_batch()
        if self.training and self.last is not None:
            given = self.dls.train.given if self.on_features else self.xb[0].clone()
            self.seen.append((read_batch(self.of.run.batch_path), given, self.yb[0].clone(), self.of))


@pytest.mark.parametrize("preset", ["demo", "instant"])
def test_the_pictures_are_the_batch_as_the_network_gets_it(home, monkeypatch, preset):
    from pipeline.training import stages

    monkeypatch.setattr(stages, "ShowBatch", _Seen)
    monkeypatch.setattr("pipeline.training.batch_pictures._SECONDS_BETWEEN", 0.0)
    _Seen.seen = []
    run = create(home, plan_config(home, "tiny", preset, [*SHORT, f"epochs={'1,1' if preset == 'demo' else '1'}"]))
    assert work(run, home).state == "done", run.status().error
    shown, given, targets, of = _Seen.seen[-1]
    classes = of.data.dataset.classes
    assert (shown.stage, shown.epoch) == (2 if preset == "demo" else 1, 1)
    assert [one.truth for one in shown.images] == [classes[target] for target in targets[:NUMBER]]
    for place, one in enumerate(shown.images):
        with Image.open(io.BytesIO(one.picture)) as image:
            assert image.size == (48, 32)
            pixels = np.asarray(image.convert("RGB"), dtype=float)
        if preset == "demo":
            mean, std = (torch.tensor(numbers).view(3, 1, 1) for numbers in of.config.normalisation)
            expected = ((given[place] * std + mean) * 255).permute(1, 2, 0).numpy()
        else:
            row, flip = given[0][place], given[1][place]
            stored = window(of.data.pixels.pixels(int(row)), 32, 48)
            expected = stored[:: -1 if flip & 2 else 1, :: -1 if flip & 1 else 1]
        assert np.abs(pixels - expected).mean() < 6  # what a JPEG loses


def test_a_batch_is_written_every_two_seconds_at_most(home, monkeypatch):
    written = []
    monkeypatch.setattr("pipeline.training.batch_pictures.write_batch", lambda path, batch: written.append(batch))
    run = create(home, plan_config(home, "tiny", "demo", [*SHORT, "epochs=0,1"]))
    assert work(run, home).state == "done", run.status().error
    seconds = run.status().seconds
    assert 1 <= len(written) <= 1 + seconds / 2


def _picture(size=(40, 30), kind="JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (90, 40, 30)).save(file, kind)
    return file.getvalue()


def test_a_batch_is_read_as_it_was_written(tmp_path):
    batch = ShownBatch(2, 3, [Shown("mel", _picture()), Shown("nv", _picture())])
    write_batch(tmp_path / "batch.json", batch)
    read = read_batch(tmp_path / "batch.json")
    assert (read.stage, read.epoch, [one.truth for one in read.images]) == (2, 3, ["mel", "nv"])
    with Image.open(io.BytesIO(read.images[0].picture)) as image:
        assert image.size == (40, 30) and not is_generated(image)
    assert read_batch(tmp_path / "none.json") is None


@pytest.mark.parametrize("picture", [b"", b"no picture", _picture((SIDE + 1, 4))])
def test_what_is_no_picture_of_a_batch_is_damage(tmp_path, picture):
    write_batch(tmp_path / "batch.json", ShownBatch(1, 1, [Shown("mel", picture)]))
    with pytest.raises(WorkspaceError, match="picture 1 is none"):
        read_batch(tmp_path / "batch.json")
