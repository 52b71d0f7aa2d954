"""Runs that start from a stage of another run: its weights, its split, the family tree, and what does not fit."""

import dataclasses
import json
import re
import shutil

import pandas as pd
import pytest
from safetensors.torch import load_file

from pipeline import cli
from pipeline.configuration.network_registry import HALF, IMAGENET
from pipeline.errors import DataError, RunError
from pipeline.files.workspace import Workspace
from pipeline.jobs.job_worker import work
from pipeline.runs.lineage import find_start, lineage
from pipeline.runs.plan import create, plan_config
from pipeline.runs.run_dir import RunDir, list_runs
from pipeline.runs.searches import plan_search
from pipeline.runs.summary import run_summary

SMALL = ["size=32", "batch_size=8"]


@pytest.fixture
def with_run(trained, tmp_path, monkeypatch):
    """A copy of the workspace with one finished run of two stages: (workspace, run)."""
    home, run = trained
    copy = Workspace(tmp_path / "copy")
    shutil.copytree(home.home, copy.home)
    monkeypatch.setenv("LESIONLAB_HOME", str(copy.home))
    return copy, next(r for r in list_runs(copy) if r.name == run.name)


def _branch(home, start: str, *settings, preset="demo"):
    return create(home, plan_config(home, None, preset, [*SMALL, *settings], start))


def test_a_branch_trains_the_stages_that_are_left_on_its_parents_split(with_run):
    home, parent = with_run
    run = _branch(home, f"{parent.name}:1", "epochs=1", "lr=1e-8")
    config = run.config()
    assert (config.parent, config.parent_stage) == (parent.name, 1)
    assert [stage.freeze for stage in config.stages] == [False]
    assert work(run, home).state == "done", run.status().error
    pd.testing.assert_frame_equal(run.split(), parent.split())
    before, after = load_file(parent.stage_weights(1)), load_file(run.stage_weights(1))
    assert (after["1.8.weight"] - before["1.8.weight"]).abs().max() < 1e-6  # so low a rate leaves the weights
    assert not run.start_weights.exists()
    summary = run_summary(run)
    assert (summary["parent"], summary["parent_stage"]) == (parent.name, 1)
    assert f"Started from stage 1 of the run {parent.name}." in summary["notes"]
    assert run_summary(parent)["parent"] is None


def test_a_branch_without_a_change_is_what_the_parent_did_itself(with_run):
    """The second stage from the first one's stored weights gives what the run that trained both got, to the digit."""
    home, parent = with_run
    run = create(home, plan_config(home, None, "demo", ["size=48x32", "epochs=1", "batch_size=8"], f"{parent.name}:1"))
    assert work(run, home).state == "done", run.status().error
    losses = [[e["loss"] for e in r.events() if e["kind"] == "batch"] for r in (run, parent)]
    assert losses[0] == losses[1][-len(losses[0]):] and len(losses[1]) == 2 * len(losses[0])
    rows = [[e for e in r.events() if e["kind"] == "epoch"][-1] for r in (run, parent)]
    assert rows[0]["valid_loss"] == rows[1]["valid_loss"] and rows[0]["f_beta"] == rows[1]["f_beta"]


def test_the_parent_may_be_deleted_once_the_branch_is_planned(with_run):
    home, parent = with_run
    run = _branch(home, f"{parent.name}:2", "epochs=1")
    shutil.rmtree(parent.folder)
    assert work(run, home).state == "done", run.status().error


def test_a_branch_leaves_out_what_its_weights_have_gone_through(with_run):
    home, parent = with_run
    plans = {text: plan_config(home, None, "demo", [], text) for text in (f"{parent.name}:1", f"{parent.name}:2")}
    assert [[s.freeze for s in plan.stages] for plan in plans.values()] == [[False], [False]]
    child = _branch(home, f"{parent.name}:2", "epochs=1")
    plan = plan_config(home, None, "demo", [], f"{parent.name}:2")
    assert (plan.stages_before, plan.epochs_before) == (2, 2)
    work(child, home)
    grandchild = plan_config(home, None, "demo", [], f"{child.name}:1")
    assert (grandchild.stages_before, grandchild.epochs_before) == (3, 3)


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        ("{run}", "{run} does not name a stage of a run. Write RUN:STAGE; stages count from 1."),
        ("{run}:0", "{run}:0 does not name a stage of a run. Write RUN:STAGE; stages count from 1."),
        ("{run}:x", "{run}:x does not name a stage of a run. Write RUN:STAGE; stages count from 1."),
        ("{run}:3", "The run {run} has 2 stages, so there is no stage 3. The last one is {run}:2."),
        ("no-run:1", "There is no run named no-run. `python -m pipeline runs list` lists those that there are."),
    ],
)
def test_a_start_that_is_none_is_refused(with_run, start, sentence):
    home, parent = with_run
    with pytest.raises(RunError, match=f"^{re.escape(sentence.format(run=parent.name))}$"):
        find_start(home, start.format(run=parent.name))


def test_a_stage_without_weights_is_refused(with_run):
    home, parent = with_run
    parent.stage_weights(2).unlink()
    sentence = (
        f"The run {parent.name} has no weights from the end of its stage 2. It has those of {parent.name}:1."
    )
    with pytest.raises(RunError, match=f"^{re.escape(sentence)}$"):
        find_start(home, f"{parent.name}:2")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (["arch=resnet18"], "The weights of {run} are those of efficientnet_lite0, not of resnet18. Choose a preset "
         "with efficientnet_lite0, or start without them."),
        (["seed=4"], "A run that starts from {run} has its seed, which is 0, not 4. Leave that setting out."),
        (["split=random"], "A run that starts from {run} has its split, which is lesion, not random. Leave that "
         "setting out."),
        (["limit=60"], "A run that starts from {run} has its limit, which is None, not 60. Leave that setting out."),
        (["weights=random"], "A run that starts from {run} has its weights, which is imagenet, not random. Leave that "
         "setting out."),
    ],
)
def test_what_does_not_fit_the_parent_is_refused(with_run, settings, sentence):
    home, parent = with_run
    with pytest.raises(RunError, match=f"^{re.escape(sentence.format(run=parent.name))}$"):
        plan_config(home, "tiny", "demo", settings, f"{parent.name}:1")


def test_what_is_the_parents_anyway_may_be_said(with_run):
    home, parent = with_run
    assert plan_config(home, "tiny", "demo", ["seed=0", "weights=imagenet"], f"{parent.name}:1").seed == 0


@pytest.mark.parametrize(("arch", "own"), [("efficientnet_lite0", HALF), ("resnet18", IMAGENET)])
def test_a_new_run_has_its_networks_normalisation_and_a_branch_its_parents(with_run, monkeypatch, arch, own):
    home, parent = with_run
    for weights in ("imagenet", "random"):
        assert plan_config(home, "tiny", "demo", [f"arch={arch}", f"weights={weights}"]).normalisation == own
    assert plan_config(home, None, "demo", [], f"{parent.name}:1").normalisation == HALF
    before = dataclasses.replace(parent.config(), mean=IMAGENET.mean, std=IMAGENET.std)  # as it was without numbers
    monkeypatch.setattr(RunDir, "config", lambda self: before)
    for settings in ([], ["arch=efficientnet_lite0"]):
        assert plan_config(home, None, "demo", settings, f"{parent.name}:1").normalisation == IMAGENET
    assert plan_search(home, f"{parent.name}:1").normalisation == IMAGENET


def test_a_data_set_that_changed_since_is_refused(with_run, monkeypatch):
    home, parent = with_run
    from pipeline.runs import plan

    load = plan.load_dataset
    monkeypatch.setattr(plan, "load_dataset", lambda *a: dataclasses.replace(load(*a), content_hash="other"))
    with pytest.raises(DataError, match=f"^The data set tiny has changed since the run {parent.name} was trained"):
        plan_config(home, None, "demo", [], f"{parent.name}:1")


def test_the_family_tree(with_run):
    home, root = with_run
    first = _branch(home, f"{root.name}:1", "epochs=1")
    second = _branch(home, f"{root.name}:2", "epochs=1")
    assert work(first, home).state == "done"
    grandchild = _branch(home, f"{first.name}:1", "epochs=1")
    tree = lineage([root, second, grandchild, first])
    assert tree == [(root, 0), (second, 1), (first, 1), (grandchild, 2)]
    assert lineage([grandchild]) == [(grandchild, 0)]
    assert lineage([]) == []


def test_the_command_line_names_the_start(with_run, capfd):
    home, parent = with_run
    code = cli.main([
        "train", "--preset", "demo", "--from", f"{parent.name}:1", "--set", "size=32", "--set", "batch_size=8", "--set",
        "epochs=1", "--json",
    ])
    answer = json.loads(capfd.readouterr().out)
    assert code == 0 and (answer["state"], answer["parent"], answer["parent_stage"]) == ("done", parent.name, 1)
    assert cli.main(["resume", answer["run"], "--json"]) == 1
    assert json.loads(capfd.readouterr().out) == {
        "error": f"The run {answer['run']} is done: there is nothing to resume. Start a new run."
    }
    with pytest.raises(SystemExit, match="2"):
        cli.main(["train", "--preset", "demo"])
    assert "one of the arguments --data and --from is required" in capfd.readouterr().err
