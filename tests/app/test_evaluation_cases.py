"""An evaluation's Case and Explore pages: what-if, neighbours, map and flips, of one model and of a mean of models."""

import shutil

import numpy as np
import pandas as pd
import pytest

from app.loaders import resources
from app.loaders.image_pixels import seen_by
from app.loaders.run_data import can_answer, model_of
from pipeline.explain.perturb import NAMED
from pipeline.inference.evaluation_plan import plan_evaluation
from pipeline.jobs.evaluating import create_evaluation
from pipeline.jobs.job_dirs import embedding_job, is_embedded
from pipeline.jobs.job_worker import work
from pipeline.jobs.launch import queue_embedding
from pipeline.models.combined import combine
from pipeline.runs.run_dir import find_run
from tests.app_pages import button, open_page, words
from tests.other_data import with_other_data, write_other_set

MAPPING = {"ak": "akiec", "scc": "none"}


def _embedded(workspace, run):
    queue_embedding(run)
    assert work(embedding_job(run), workspace).state == "done", embedding_job(run).status().error


@pytest.fixture(scope="module")
def judged(tmp_path_factory, trained):
    """The folder of a workspace with an evaluation of a run's model, looked at again, and one of a mean of its flips.
    """
    from pipeline.files.workspace import Workspace

    home = Workspace(tmp_path_factory.mktemp("judged")).create()
    workspace, run = with_other_data(trained, write_other_set(tmp_path_factory.mktemp("drawn")), home)
    combine(workspace, "flipped", [run.name], flips=True)
    for model in (run.name, "flipped"):
        evaluation = create_evaluation(workspace, plan_evaluation(workspace, model, "other", MAPPING))
        assert work(evaluation, workspace).state == "done"
    _embedded(workspace, find_run(workspace, f"{run.name}-on-other-1"))
    return home.home


@pytest.fixture
def place(judged, workspace):
    """A copy of it that a test may change: (workspace, evaluation of one model, evaluation of the mean)."""
    shutil.copytree(judged, workspace.home, dirs_exist_ok=True)
    return workspace, find_run(workspace, "tiny-demo-1-on-other-1"), find_run(workspace, "flipped-on-other-1")


def test_the_models_door_gives_again_what_the_evaluation_stored(place):
    for run in place[1:]:
        info, (dataset,) = model_of(run), [one for one in resources.datasets() if one.name == "other"]
        assert can_answer(info)
        for row in run.predictions().head(3).to_dict("records"):
            seen = seen_by(info, dataset.image_path(resources.metadata(dataset).at[row["image_id"], "file"]))
            told = resources.predictor(info).output(seen)[0]
            assert told == pytest.approx([row[f"p_{code}"] for code in info.classes], abs=2e-4)


def test_its_neighbours_are_training_lesions_of_another_data_set(place):
    _, run, _ = place
    near = pd.read_parquet(run.neighbours_path)
    assert set(near["data"]) == {"tiny"} and set(near["image_id"]) == set(run.predictions()["image_id"])
    split = find_run(place[0], "tiny-demo-1").split()
    assert set(near["neighbour"]) <= set(split.loc[split["part"] == "train", "image_id"])
    at = open_page("case", run=run.name, image=near["image_id"].iloc[0])
    assert "Look-alikes of another diagnosis" in words(at) and "· data set tiny" in words(at) and not at.error
    assert "**Over all images of this evaluation**" in words(at) and f"**{NAMED['zoom'][0]}: " in words(at)
    assert "Colour" in [radio.label for radio in open_page("explore", run=run.name, view="map").radio]
    assert len(pd.read_parquet(run.map_path)) == len(run.predictions())


def test_what_if_asks_the_model_that_judged(place):
    for run in place[1:]:
        at = open_page("case", run=run.name, image=run.predictions()["image_id"].iloc[0])
        at.slider(key="what_if.brightness").set_value(-50).run()
        assert not at.exception and not at.error and "##### The prediction" in words(at)


def test_a_mean_has_flips_and_says_why_it_has_no_map(place):
    workspace, _, run = place
    why = "flipped is a mean of several outputs and has no embedding of its own"
    image = run.predictions()["image_id"].iloc[0]
    at = open_page("case", run=run.name, image=image)
    assert button(at, "Compute what flips") and not any("Look-alikes" in tab.label for tab in at.tabs)
    assert why in words(open_page("explore", run=run.name, view="map"))
    _embedded(workspace, run)
    assert is_embedded(run) and not run.map_path.exists() and not run.neighbours_path.exists()
    assert f"**{NAMED['zoom'][0]}: " in words(open_page("case", run=run.name, image=image))


def test_without_the_training_images_it_says_which_are_missing(place):
    workspace, run, _ = place
    shutil.rmtree(workspace.datasets / "tiny")
    _embedded(workspace, run)
    assert run.map_path.exists() and not run.neighbours_path.exists()
    at = open_page("case", run=run.name, image=run.predictions()["image_id"].iloc[0])
    assert ("found none of the images that tiny-demo-1 was trained on (data set tiny) among the data sets here"
            in words(at)) and button(at, "Compute map")


def test_without_its_model_each_part_says_so(place):
    workspace, run, _ = place
    shutil.rmtree(workspace.runs / "tiny-demo-1" / "model")
    run.neighbours_path.unlink()
    at = open_page("case", run=run.name, image=run.predictions()["image_id"].iloc[0])
    assert "It needs the model tiny-demo-1, which is not here (any more)." in words(at) and not at.error
    assert "This needs the image and the model that judged it; one of them is no longer here." in words(at)
    queue_embedding(run)
    assert work(embedding_job(run), workspace).state == "failed"
    assert "There is no run or model named tiny-demo-1" in embedding_job(run).status().error or (
        "tiny-demo-1 has no model" in embedding_job(run).status().error)
    assert np.isfinite(run.predictions()["loss"]).all()
