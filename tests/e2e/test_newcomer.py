"""Somebody with nothing: three clicks from the empty first page to the errors of a finished run, watched as it goes."""

import re

import pytest
from playwright.sync_api import Page, expect

from pipeline.runs.run_dir import list_runs
from tests.e2e.serving import RunningApp
from tests.e2e.steps import open_pair, rerun

pytestmark = pytest.mark.browser
DRAWING_MS = 120_000  # 20 s on two free cores
TRAINING_MS = 240_000


def look_at_a_drawing(page: Page) -> None:
    """Two taps from the first picture to what it was drawn as and what a model says."""
    page.get_by_role("button", name="Lesion 3", exact=True).click()
    page.get_by_role("button", name="Benign", exact=True).click()
    expect(page.get_by_text("Drawn as:", exact=True)).to_be_visible()
    expect(page.get_by_text("Model:", exact=True)).to_be_visible()
    expect(page.get_by_text("Education only, not a medical device.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Drawn as:", exact=True)).to_be_visible()  # a refresh keeps what was answered
    with rerun(page):
        page.get_by_text("Regions that raised this output").click()
    expect(page.get_by_alt_text("The lesion with the regions that raised the model's output")).to_be_visible()
    page.get_by_role("button", name="All eight").click()
    expect(page.get_by_role("button", name="Lesion 3", exact=True)).to_be_visible()


def watch_it_being_drawn(page: Page) -> None:
    """The pictures appear as they are drawn, and others after them."""
    drawn = page.get_by_alt_text("A generated drawing of a lesion")
    expect(drawn.first).to_be_visible(timeout=DRAWING_MS)
    first = drawn.first.get_attribute("src")
    expect(drawn.first).not_to_have_attribute("src", first, timeout=DRAWING_MS)
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()


def test_three_clicks_from_nothing_to_the_errors_of_a_run(page: Page, running_app: RunningApp) -> None:
    look_at_a_drawing(page)

    page.get_by_role("button", name="Draw images and train on them").click()
    watch_it_being_drawn(page)
    page.wait_for_url(re.compile(r"/train\?run=generated-instant-1"), timeout=DRAWING_MS)
    expect(page.get_by_alt_text(re.compile("^Drawing 6: "))).to_be_visible(timeout=TRAINING_MS)  # one that is held out
    expect(page.get_by_role("heading", name="generated-instant-1: done")).to_be_visible(timeout=TRAINING_MS)

    page.get_by_role("button", name="Study its errors").click()
    expect(page).to_have_url(re.compile(r"/errors\?run=generated-instant-1"))
    expect(page.get_by_text("Confusion matrix: right answers on the diagonal").first).to_be_visible()

    open_pair(page)
    expect(page.get_by_text(re.compile(r"^\d+ images? of \d+ lesions? match"))).to_be_visible()
    expect(page.get_by_alt_text(re.compile("^Image .*, a generated drawing$")).first).to_be_visible()
    (run,) = list_runs(running_app.workspace)
    assert run.status().state == "done"
