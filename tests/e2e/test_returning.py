"""Somebody who comes back: an address from yesterday opens the same view in a browser that remembers nothing."""

import re

import pytest
from playwright.sync_api import Page, expect

from pipeline.data.dataset import list_datasets
from pipeline.metrics.confusion import most_confused
from pipeline.metrics.predictions_table import classes_of
from pipeline.runs.labels import delete_run, restore_run
from pipeline.runs.run_dir import list_runs
from tests.e2e.serving import RunningApp
from tests.e2e.steps import A_PAIR, choose, open_address, open_pair, press, unfold

pytestmark = pytest.mark.browser
LAST = {"errors": "Classify images with this model", "dataset": "Next", "runs": "Save name and note"}  # at the bottom

_ICON = re.compile("[a-z]+(_[a-z0-9]+)+")  # the name of one; what was once unfolded shows another in its place


def text_of(page: Page) -> list[str]:
    """What the page says, line by line, once its last line and its charts are there."""
    expect(page.get_by_role("button", name=LAST[page.url.partition("?")[0].rpartition("/")[2]]).last).to_be_visible()
    expect(page.locator("[data-testid=stPlotlyChart]:not(:has(.js-plotly-plot .main-svg))")).to_have_count(0)
    lines = page.locator("[data-testid=stMainBlockContainer]").inner_text().splitlines()
    return [line for line in lines if not _ICON.fullmatch(line)]


def test_an_address_opens_the_same_cell_wall_and_comparison(stocked_app: RunningApp, visitor) -> None:
    run = list_runs(stocked_app.workspace)[0]
    rows = run.predictions().query("part == 'validation'")
    pair = most_confused(rows, classes_of(rows), 1)[0]
    yesterday = visitor(f"{stocked_app.url}/errors?run={run.name}")
    open_pair(yesterday)
    expect(yesterday).to_have_url(re.compile(f"truth={pair.truth}&predicted={pair.predicted}"))
    yesterday.get_by_text("Most confused pairs").click()  # folded again, as the address opens it
    expect(yesterday.get_by_role("button", name=A_PAIR).first).to_be_hidden()
    left = {yesterday.url: text_of(yesterday)}

    open_address(yesterday, f"{stocked_app.url}/dataset")
    unfold(yesterday, "Filter")
    choose(yesterday, "Diagnosis", "Melanoma · mel")
    left[yesterday.url] = text_of(yesterday)

    open_address(yesterday, f"{stocked_app.url}/runs")
    press(yesterday, "Compare the two newest evaluated runs")
    expect(yesterday.get_by_role("heading", name="Curves")).to_be_visible()
    left[yesterday.url] = text_of(yesterday)
    yesterday.context.close()

    assert len(left) == 3
    for address, lines in left.items():
        today = visitor(address)
        assert text_of(today) == lines
        assert today.url == address


def test_an_address_of_a_deleted_run_says_so_on_each_page(stocked_app: RunningApp, visitor) -> None:
    (kept, gone) = (run.name for run in list_runs(stocked_app.workspace)[:2])
    (dataset,) = list_datasets(stocked_app.workspace)
    said = {
        f"errors?run={gone}": f"The address names the run {gone}, which is not here (any more). Shown instead: {kept}",
        f"train?run={gone}": f"The address names the run {gone}, which is not here (any more).",
        f"runs?runs={kept},{gone}": f"The address names the run {gone}, which is not here (any more).",
        f"classify?model={gone}": f"The address names the model {gone}, which is not here (any more).",
        "dataset?data=gone": f"The address names the data set gone, which is not here (any more). Shown instead: "
                             f"{dataset.name}",
    }
    delete_run(stocked_app.workspace, gone)
    try:
        page = visitor(stocked_app.url)
        for address, sentence in said.items():
            open_address(page, f"{stocked_app.url}/{address}")
            expect(page.get_by_text(sentence)).to_be_visible()
    finally:
        restore_run(stocked_app.workspace, gone)
