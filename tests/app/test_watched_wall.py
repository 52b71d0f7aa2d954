"""What Train shows of a run: held-out lesions with their answers, the batch at work, and what its buttons say."""

import json

import pytest

from app.components.data.generated_drawing import newest_drawings
from app.components.long_work import LEAVE
from app.components.training import watched_wall
from app.components.training.live_run import RESUME, STOP
from app.components.training.train_form import QUEUE, START
from pipeline.runs.events import EventLog
from pipeline.runs.shown_batch import Shown, ShownBatch, write_batch
from tests.app_pages import button, open_page, words
from tests.hand_made import image_bytes, make_dataset, make_run


@pytest.fixture
def drawn(monkeypatch) -> list:
    """What is drawn as cards: (key, cards), in order."""
    found = []
    monkeypatch.setattr(watched_wall, "picture_cards", lambda cards, key, **shape: found.append((key, cards)))
    return found


def tell(run, overall: int, **shares: dict[str, float] | None) -> None:
    """An event of the lesions IMG_0002 (bcc) and IMG_0008 (mel)."""
    log = EventLog(run.events_path)
    log.write("watched", stage=1, epoch=overall, overall=overall, lesions=[
        {"image_id": image_id, "truth": truth, "probabilities": shares.get(truth)}
        for image_id, truth in (("IMG_0002", "bcc"), ("IMG_0008", "mel"))])
    log.close()


def test_before_the_first_epoch_the_lesions_stand_without_an_answer(workspace, tmp_path, drawn):
    run = make_run(workspace, make_dataset(workspace, tmp_path), "running")
    tell(run, 0)
    at = open_page("train", run=run.name)
    (key, cards), = drawn
    assert key == f"watched.{run.name}" and not at.exception
    assert [(card.title, card.words, card.share) for card in cards] == [
        ("Basal cell carcinoma", "No answer yet", None), ("Melanoma", "No answer yet", None)]
    assert "2 lesions that it does not learn from" in words(at) and "what it was drawn as" in words(at)


def test_the_answers_change_with_each_epoch_and_the_trail_grows(workspace, tmp_path, drawn):
    run = make_run(workspace, make_dataset(workspace, tmp_path, "real", generated=False), "running")
    tell(run, 1, bcc={"bcc": 0.2, "mel": 0.8}, mel={"bcc": 0.4, "mel": 0.6})
    at = open_page("train", run=run.name)
    assert [card.words for card in drawn[-1][1]] == ["✗ wrong: Melanoma, 80.0 %", "✓ right: Melanoma, 60.0 %"]
    tell(run, 2, bcc={"bcc": 0.9, "mel": 0.1}, mel=None)
    at.run()
    bcc, mel = drawn[-1][1]
    assert (bcc.words, bcc.share, bcc.trail) == ("✓ right: Basal cell carcinoma, 90.0 %", 0.9, "mel bcc")
    assert bcc.share_words == "Probability of Basal cell carcinoma: 90.0 %"
    assert (mel.words, mel.share, mel.trail) == ("No finite answer", None, "mel –")
    assert "the reference diagnosis" in words(at) and "drawn as" not in words(at)


def test_a_finished_run_goes_back_through_its_epochs(workspace, tmp_path, drawn):
    run = make_run(workspace, make_dataset(workspace, tmp_path))
    for epoch, share in enumerate((0.2, 0.6, 0.9), start=1):
        tell(run, epoch, bcc={"bcc": share, "nv": 1 - share}, mel={"mel": 1.0})
    at = open_page("train", run=run.name)
    assert drawn[-1][1][0].words == "✓ right: Basal cell carcinoma, 90.0 %"
    at.slider(key=f"watched.epoch.{run.name}").set_value(1).run()
    assert drawn[-1][1][0].words == "✗ wrong: Melanocytic nevus, 80.0 %" and drawn[-1][1][0].trail == ""
    assert "after epoch 1" in words(at)


def test_a_lesion_whose_image_is_gone_is_counted(workspace, tmp_path, drawn):
    dataset = make_dataset(workspace, tmp_path)
    run = make_run(workspace, dataset, "running")
    tell(run, 0)
    (dataset.folder / "images" / "IMG_0008.jpg").unlink()
    at = open_page("train", run=run.name)
    assert len(drawn[-1][1]) == 1 and "1 more lesion cannot be shown" in words(at)


def test_the_batch_stands_there_while_the_run_is_at_work(workspace, tmp_path, drawn):
    dataset = make_dataset(workspace, tmp_path)
    for state, shown in (("running", True), ("cancelled", False)):
        run = make_run(workspace, dataset, state)
        write_batch(run.batch_path, ShownBatch(1, 1, [Shown("mel", image_bytes(1, True)), Shown("nv", image_bytes(2,
                                                                                                                 True))]))
        drawn.clear()
        at = open_page("train", run=run.name)
        assert [key for key, _ in drawn] == [f"batch.{run.name}"] * shown and not at.exception
    assert not at.error


def test_a_damaged_batch_is_said_and_the_rest_stays(workspace, tmp_path):
    run = make_run(workspace, make_dataset(workspace, tmp_path), "running")
    run.batch_path.write_text(json.dumps({"stage": 1, "epoch": 1, "images": [{"truth": "mel", "picture": "x"}]}))
    at = open_page("train", run=run.name)
    assert [e.value for e in at.error if "is damaged: its picture 1" in e.value] and button(at, STOP)


def test_buttons_say_whether_a_run_starts_or_waits(workspace, tmp_path):
    dataset = make_dataset(workspace, tmp_path)
    assert button(open_page("train"), START)
    waiting = make_run(workspace, dataset, "queued")
    at = open_page("train", run=waiting.name)
    labels = [b.label for b in at.button]
    assert QUEUE in labels and LEAVE in labels and START not in labels and STOP not in labels
    assert waiting.name in next(b.help for b in at.button if b.label == QUEUE).replace("\\", "")
    stopped = make_run(workspace, dataset, "cancelled")
    stopped.checkpoints.mkdir()
    stopped.resume_path.write_bytes(b"a checkpoint")
    at = open_page("train", run=stopped.name)
    assert waiting.name in next(b.help for b in at.button if b.label == RESUME).replace("\\", "")


def test_drawings_are_shown_when_they_are_written_to_their_end(tmp_path):
    assert newest_drawings(tmp_path / "none") == []
    whole = image_bytes(1, True)
    (tmp_path / "a.jpg").write_bytes(whole)
    (tmp_path / "b.jpg").write_bytes(whole[: len(whole) // 2])
    assert newest_drawings(tmp_path) == [whole]
