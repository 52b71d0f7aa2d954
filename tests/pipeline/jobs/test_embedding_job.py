"""The job that embeds a run's images, on a run that was trained: its files, its status, its refusals and its stop."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import RunError
from pipeline.explain.perturb import NAMED
from pipeline.inference.predictor import Predictor
from pipeline.jobs.job_dirs import embedding_job, is_embedded
from pipeline.jobs.job_worker import work
from pipeline.jobs.launch import queue_embedding
from pipeline.progress import Cancelled
from pipeline.runs.run_dir import find_run, list_runs


@pytest.fixture
def home(trained, workspace):
    """A workspace with the data set "tiny" and a finished run, of this test's own."""
    shutil.copytree(trained[0].home, workspace.home, dirs_exist_ok=True)
    return workspace, find_run(workspace, trained[1].name)


def test_it_writes_all_that_the_pages_read(home):
    workspace, run = home
    assert work(queue_embedding(run), workspace).state == "done"
    assert embedding_job(run).status().state == "done" and is_embedded(run) and len(list_runs(workspace)) == 1
    predictions, split = run.predictions(), run.split()
    train = split[split["part"] == "train"]
    with np.load(run.embeddings_path, allow_pickle=False) as stored:
        assert stored["embedding"].shape[0] == len(predictions) + len(train)
        assert set(stored["part"]) == {"validation", "train"}
        assert np.isfinite(stored["embedding"]).all() and stored["embedding"].std() > 0
    neighbours = pd.read_parquet(run.neighbours_path)
    assert set(neighbours["image_id"]) == set(predictions["image_id"])
    assert set(neighbours["neighbour"]) <= set(train["image_id"])
    truth = predictions.set_index("image_id")["truth"]
    same = neighbours["dx"] == neighbours["image_id"].map(truth)
    assert (same == (neighbours["kind"] == "same")).all() and neighbours["rank"].max() == 4
    places = pd.read_parquet(run.map_path)
    assert places["image_id"].tolist() == predictions["image_id"].tolist()
    shares = json.loads(run.what_if_path.read_text())
    assert list(shares) == list(NAMED)
    lesions = set(predictions["lesion_id"])
    for share in shares.values():
        assert share["lesions"] == len(lesions) and set(share["flipped"]) <= lesions
        assert share["low"] <= len(share["flipped"]) / share["lesions"] <= share["high"]


def test_a_job_is_queued_once_stops_and_can_be_started_again(home):
    workspace, run = home
    job = queue_embedding(run)
    with pytest.raises(RunError, match="are being computed already. Wait until they are done."):
        queue_embedding(run)
    job.stop_path.touch()
    assert work(embedding_job(run), workspace).state == "cancelled" and not is_embedded(run)
    queue_embedding(run)
    assert not job.stop_path.exists() and embedding_job(run).status().state == "queued"


def test_what_a_stop_leaves_is_used_the_next_time(home, monkeypatch):
    workspace, run = home
    asked = []
    embedding = Predictor.embedding

    def broken_off(network, images):
        asked.append(len(images))
        if len(asked) == 3:
            raise Cancelled()
        return embedding(network, images)

    monkeypatch.setattr(Predictor, "embedding", broken_off)
    monkeypatch.setattr("pipeline.explain.embed_run._CHUNK", 4)
    assert work(queue_embedding(run), workspace).state == "cancelled"
    assert work(queue_embedding(run), workspace).state == "done"
    images = len(run.predictions()) + (run.split()["part"] == "train").sum()
    assert sum(asked[3:]) == images + 2 - 4  # an image of each part tells how large an embedding is
    assert not (run.folder / "embedding" / "rows").exists()


def test_a_changed_data_set_is_refused_in_words(home):
    workspace, run = home
    path = workspace.datasets / "tiny" / "dataset.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "content_hash": "other"}))
    queue_embedding(run)
    status = work(embedding_job(run), workspace)
    assert (status.state, status.error) == (
        "failed", f"The data set tiny has changed since the run {run.name}. Start a new run on it.")
    assert not is_embedded(run) and embedding_job(run).status_path.exists()


def test_a_run_without_model_is_refused(home):
    _, run = home
    shutil.rmtree(run.model)
    with pytest.raises(RunError, match="has no model or no predictions. Wait until it is done."):
        queue_embedding(run)
