"""The family tree on the page Runs: who started from whom, ways on from a stage, and what a deletion leaves."""

import pytest

from app.components.runs.lineage_tree import Entry, families, origin_words
from app.components.runs.run_actions import branches_kept
from app.loaders import run_rows
from pipeline.configuration.presets import PRESETS
from pipeline.data.dataset import Dataset
from pipeline.files.workspace import Workspace
from pipeline.runs.labels import delete_run, label_run
from pipeline.runs.lineage import kept_stages
from pipeline.runs.run_dir import RunDir, list_runs
from tests.app_pages import button, open_page, words
from tests.hand_made import make_dataset, make_run

SECOND_STAGE = PRESETS["demo"].config.stages[1:]


@pytest.fixture
def dataset(workspace, tmp_path) -> Dataset:
    return make_dataset(workspace, tmp_path)


def branch(workspace: Workspace, dataset: Dataset, parent: RunDir, stage: int = 1, state: str = "done") -> RunDir:
    return make_run(workspace, dataset, state, parent=parent.name, parent_stage=stage, stages_before=stage,
                    epochs_before=1, stages=SECOND_STAGE)


@pytest.fixture
def family(workspace, dataset) -> tuple[Workspace, list[RunDir]]:
    """A root with the weights of its first stage kept, a branch, a failed branch of that one, and a run alone."""
    root = make_run(workspace, dataset)
    root.checkpoints.mkdir()
    root.stage_weights(1).write_bytes(b"weights")
    child = branch(workspace, dataset, root)
    grandchild = branch(workspace, dataset, child, state="failed")
    return workspace, [root, child, grandchild, make_run(workspace, dataset)]


def _trees(workspace: Workspace) -> list[list[tuple[str, int]]]:
    runs = list_runs(workspace)
    return [[(entry.run.name, entry.depth) for entry in tree] for tree in families(runs, run_rows.run_rows(runs))]


def test_families_stand_in_reading_order_without_runs_alone(family):
    workspace, (root, child, grandchild, _) = family
    assert _trees(workspace) == [[(root.name, 0), (child.name, 1), (grandchild.name, 2)]]


def test_a_branch_of_a_gone_run_is_a_tree_of_its_own(family):
    workspace, (root, child, grandchild, _) = family
    delete_run(workspace, root.name)
    assert _trees(workspace) == [[(child.name, 0), (grandchild.name, 1)]]
    said = words(open_page("runs"))
    assert f"From {root.name}, after stage 1, a run that was deleted and can be restored; stage 1: fine-tuning" in said
    delete_run(workspace, grandchild.name)
    assert _trees(workspace) == [[(child.name, 0)]]


def test_where_an_entry_starts_in_words(family):
    workspace, (root, child, _, _) = family
    of_root, of_child = (Entry(run, run_rows.run_row(run), 0) for run in (root, child))
    assert origin_words(of_root, {root.name}, set())[:2] == [
        "ImageNet weights", "stage 1: frozen, head only, 1 epoch, learning rate 0.004",
    ]
    assert origin_words(of_child, {root.name}, set())[0] == f"From {root.name}, after stage 1"
    assert origin_words(of_child, set(), set())[0] == f"From {root.name}, after stage 1, a run that was deleted"


def test_no_tree_without_branches(workspace, dataset):
    make_run(workspace, dataset)
    at = open_page("runs")
    assert "Where runs start from" not in [expander.label for expander in at.expander]


def test_an_entry_chooses_its_run_and_the_family_is_compared(family):
    workspace, (root, child, grandchild, _) = family
    label_run(workspace, child.name, "Low $1 rate", "")
    at = open_page("runs")
    assert "Where runs start from" in [expander.label for expander in at.expander]
    assert "on 28 validation images" in words(at) and "failed" in words(at)
    at.button(key=f"lineage.{grandchild.name}").click().run()
    assert at.query_params["runs"] == grandchild.name
    assert at.multiselect(key="runs.chosen").value == [grandchild.name] and not at.exception
    at.button(key=f"lineage.compare.{root.name}").click().run()
    assert at.query_params["runs"] == f"{root.name},{child.name}"  # the failed one has nothing to compare


def test_the_curve_of_a_branch_begins_where_its_parents_stage_ended(family):
    _, (root, child, _, _) = family
    at = open_page("runs", runs=f"{root.name},{child.name}")
    assert "counts its epochs on from that stage" in words(at)
    losses = next(frame.value for frame in at.dataframe if "epoch" in frame.value).set_index("epoch")
    assert losses[root.name].ne("–").all() and list(losses.index) == [1, 2, 3, 4, 5]
    assert list(losses.index[losses[child.name] == "–"]) == [1]


def test_the_table_says_where_each_run_starts(family):
    _, (root, child, _, _) = family
    starts = open_page("runs").dataframe[0].value.set_index("title")["start"]
    assert starts[child.name] == f"{root.name}:1" and starts[root.name] == "ImageNet weights"


def test_a_damaged_parent_is_still_in_the_tree(family):
    workspace, (root, child, grandchild, _) = family
    root.config_path.write_text("{")
    at = open_page("runs", runs=root.name)
    assert "Its configuration is damaged" in words(at) and not at.exception
    assert _trees(workspace) == [[(root.name, 0), (child.name, 1), (grandchild.name, 2)]]


def test_a_stage_is_restored_into_the_form_of_a_new_run(family):
    _, (root, *_) = family
    assert kept_stages(root) == [1]
    at = open_page("runs", runs=root.name)
    assert "**After stage 1** (frozen, head only, 1 epoch, learning rate 0.004)" in words(at)
    button(at, "Restore stage 1").click().run()
    assert at.title[0].value == "Train" and not at.exception and not at.warning
    assert at.selectbox(key=f"train.start.{root.config().data}.demo").value == f"{root.name}:1"


def test_the_learning_rate_is_searched_from_a_stage(family):
    _, (root, *_) = family
    at = open_page("runs", runs=root.name)
    button(at, "Search the learning rate").click().run()
    assert at.title[0].value == "Train" and at.query_params["tab"] == "learning-rate"
    assert not at.exception and not at.warning
    assert at.selectbox(key="rates.start").value == f"{root.name}:1" and "start" not in at.query_params


def test_a_stage_that_is_gone_is_said_on_the_page_of_rates(family):
    at = open_page("rates", start="gone-1:2")
    assert [warning.value for warning in at.warning] == [
        "The address names the stage gone-1:2, whose weights are not here (any more)."
    ]
    assert at.selectbox(key="rates.start").value == ""


def test_a_run_without_kept_weights_says_so(family):
    _, (_, child, _, _) = family
    said = words(open_page("runs", runs=child.name))
    assert "The weights at the end of its stages are not kept, so no other run can start from one." in said


def test_the_deletion_names_the_branches(family):
    _, (root, child, grandchild, alone) = family
    assert f"The run {child.name} started from it. It keeps working: it has weights of its own." in words(
        open_page("runs", runs=root.name))
    assert "started from it" not in words(open_page("runs", runs=alone.name))
    two = [run_rows.run_row(run) for run in (child, grandchild)]
    assert branches_kept(two) == (f"2 runs started from it: {child.name}, {grandchild.name}. They keep working: they "
                                  "have weights of their own.")
