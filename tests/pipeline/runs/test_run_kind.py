"""What a run is, as its config.json says or as an earlier version's is known; and what pages offer of each kind."""

import ast

import pytest

from app.loaders import resources
from pipeline.data.importing import import_dataset
from pipeline.errors import WorkspaceError
from pipeline.files.disk import read_json, write_json
from pipeline.files.workspace import RUN_NAME
from pipeline.inference.evaluation_plan import plan_evaluation
from pipeline.jobs.evaluating import create_evaluation
from pipeline.runs.run_dir import RunDir, find_run
from pipeline.runs.run_kind import CAPABILITIES, FIRST_BUNDLED
from pipeline.runs.searches import create_search, find_search, plan_search
from tests.app_pages import open_page, words
from tests.hand_made import make_dataset, make_run
from tests.source_reading import modules

OF_BEFORE = {"tiny-instant-1": "training", "tiny-quick-1": "training", "tiny-instant-1-on-other-1": "evaluation"}
READS_THE_RECORD = {  # of an evaluation, for its words and figures
    "app.components.run_page", "app.components.runs.evaluation_run", "app.components.cases.embedding_job",
    "app.loaders.other_answers",
}
OFFERED = {
    "training": {"model", "curves", "heatmaps", "neighbours", "what if", "changes"},
    "evaluation": {"heatmaps", "neighbours", "what if", "changes"},
    "bundled": {"heatmaps", "neighbours", "what if", "folds"},
}


def test_a_new_run_says_what_it_is(old_workspace, bundle):
    of_before = find_run(old_workspace, "tiny-instant-1")
    made = {
        "training": make_run(old_workspace, make_dataset(old_workspace, old_workspace.home.parent), "queued"),
        "evaluation": create_evaluation(old_workspace, plan_evaluation(old_workspace, of_before.name, "other", {})),
        "search": create_search(old_workspace, plan_search(old_workspace, f"{of_before.name}:1")),
        "bundled": RunDir(bundle / "run"),
    }
    assert {kind: run.about()["kind"] for kind, run in made.items()} == {kind: kind for kind in CAPABILITIES}
    assert {kind: run.kind() for kind, run in made.items()} == {kind: kind for kind in CAPABILITIES}


def test_a_run_of_an_earlier_version_is_known_all_the_same(old_workspace, bundle):
    runs = {name: find_run(old_workspace, name) for name in OF_BEFORE}
    assert not any("kind" in run.about() for run in runs.values())
    assert {name: run.kind() for name, run in runs.items()} == OF_BEFORE
    assert find_search(old_workspace, "tiny-rates-1").kind() == "search"
    run = RunDir(bundle / "run")
    about = read_json(run.config_path)
    del about["kind"]
    write_json(run.config_path, about)
    assert run.kind() == "bundled"


def test_what_lies_in_the_box_is_the_bundled_run_whatever_it_says(bundle):
    run = RunDir(bundle / "run")
    write_json(run.config_path, {**read_json(run.config_path), "kind": "training"})
    assert run.capabilities().read_only


def test_an_unknown_kind_is_a_damaged_file(workspace, tmp_path):
    run = make_run(workspace, make_dataset(workspace, tmp_path))
    write_json(run.config_path, {**read_json(run.config_path), "kind": "tournament"})
    with pytest.raises(WorkspaceError, match=r"config\.json"):
        run.kind()


def _offered(run: RunDir) -> set[str]:
    """What the pages offer of a run and its first image."""
    image = resources.predictions(run)["image_id"].iloc[0]
    case, errors, runs = (open_page("case", run=run.name, image=image), open_page("errors", run=run.name),
                          open_page("runs", runs=run.name))
    assert not case.error and not errors.error and not runs.error
    found = {
        "model": any(button.label == "Classify images with this model" for button in errors.button),
        "curves": bool(runs.get("plotly_chart")),
        "heatmaps": any(choice.key == "case.regions" for choice in case.radio),
        "neighbours": any(tab.label.startswith("Look-alikes") for tab in case.tabs),
        "what if": any(tab.label == "What if" for tab in case.tabs),
        "changes": any(button.label == "Save name and note" for button in runs.button),
        "folds": "This run is bundled with LesionLab" in words(errors),
    }
    return {name for name, there in found.items() if there}


@pytest.mark.parametrize("kind", OFFERED)
def test_pages_offer_what_a_kind_can(old_workspace, tiny_bundle, bundled_networks, kind):
    import_dataset(old_workspace, tiny_bundle[1], "bundled-images")
    run = {"training": "tiny-instant-1", "evaluation": "tiny-instant-1-on-other-1", "bundled": RUN_NAME}[kind]
    assert _offered(find_run(old_workspace, run)) == OFFERED[kind]
    can = CAPABILITIES[kind]
    assert OFFERED[kind] == {
        name for name, there in (
            ("model", can.has_model), ("curves", can.has_curves), ("heatmaps", can.has_heatmaps),
            ("neighbours", can.has_neighbours), ("what if", can.has_what_if), ("folds", can.has_folds),
            ("changes", not can.read_only),
        ) if there
    }


def test_of_the_bundled_run_of_before_pages_offer_its_predictions(old_workspace, tiny_bundle, bundle):
    import_dataset(old_workspace, tiny_bundle[1], "bundled-images")
    run = find_run(old_workspace, RUN_NAME)
    assert _offered(run) == {"folds"} and run.capabilities() == FIRST_BUNDLED


def test_no_page_asks_whether_a_run_is_the_bundled_one_or_an_evaluation():
    asking = {
        name for name, module in modules().items() if name.startswith("app.") for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in ("bundled", "evaluation")
    }
    assert asking == READS_THE_RECORD
