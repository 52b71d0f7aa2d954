"""Parts of a page: each keeps its own parameters, and the address has those of the one that is shown."""

from tests.app_pages import open_page
from tests.hand_made import make_run


def _turn(at, key: str, tab: str):
    at.radio(key=key).set_value(tab).run()
    assert not at.exception and not at.warning
    return at


def _said(at) -> dict[str, str]:
    """The address; AppTest gives a list for what was set before the run."""
    return {name: value[0] if isinstance(value, list) else value for name, value in at.query_params.items()}


def test_parameters_of_two_parts_do_not_meet(filled):
    workspace, dataset, run = filled
    other = make_run(workspace, dataset, split="random")
    at = open_page("judge", run=run.name, topic="subgroups")
    before = _said(at)
    assert before["run"] == run.name
    at = _turn(at, "tab.evaluation", "leakage")
    assert _said(at)["tab"] == "leakage" and "topic" not in _said(at)
    assert _said(at)["run"] == other.name  # the part's own first choice: a run on the split by image
    at.radio(key="radio.topic").set_value("pairs").run()
    at = _turn(at, "tab.evaluation", "evaluation")
    assert _said(at) == before and at.radio(key="radio.topic").value == "subgroups"
    at = _turn(at, "tab.evaluation", "leakage")
    assert at.radio(key="radio.topic").value == "pairs" and _said(at)["tab"] == "leakage"


def test_a_part_that_is_not_there_is_named(dataset):
    at = open_page("judge", tab="attic")
    assert at.warning[0].value == (
        "The address names the part of the page attic, which is not here (any more). Shown instead: Evaluation."
    )
    assert open_page("train", tab="leakage").warning[0].value.endswith("Shown instead: Training.")
