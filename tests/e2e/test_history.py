"""Back and a refresh: each page comes back at its own address, with what was chosen and answered on it."""

import re

import pytest
from playwright.sync_api import Page, expect

from pipeline.runs.run_dir import list_runs
from tests.e2e.serving import RunningApp
from tests.e2e.steps import choose, follow, press, rerun, settled

pytestmark = pytest.mark.browser


def back(page: Page, address: str, heading: str) -> None:
    """One press of Back leads to exactly this address, and to its page."""
    with rerun(page):
        page.go_back(wait_until="commit")
    expect(page).to_have_url(address)
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()


def test_back_leads_through_each_page_at_its_own_address(generated_app: RunningApp, visitor) -> None:
    newest, older = (run.name for run in list_runs(generated_app.workspace)[:2])
    page = visitor(f"{generated_app.url}/case")
    press(page, "Choose an image")
    expect(page).to_have_url(re.compile(rf"/(explore|errors)\?.*run={newest}"))
    first, heading = page.url, page.get_by_role("heading", level=1).first.inner_text()
    choose(page, "Run", re.compile(older))
    expect(page).to_have_url(re.compile(rf"run={older}"))
    second = page.url
    follow(page, "Classify")
    expect(page).to_have_url(re.compile(r"/classify\?"))
    back(page, second, heading)
    back(page, first, heading)
    back(page, f"{generated_app.url}/case", "Case")


def test_a_refresh_of_home_keeps_what_was_answered(generated_app: RunningApp, visitor) -> None:
    page = visitor(generated_app.url)
    with rerun(page):
        page.get_by_role("button", name="Lesion 3", exact=True).click()
    press(page, "Benign")
    answered = page.get_by_text("You:", exact=False).first
    expect(answered).to_be_visible()
    address, said = page.url, page.get_by_test_id("stMainBlockContainer").inner_text()
    assert {"lesion", "guess"} <= set(re.findall(r"(\w+)=", address))
    page.reload()
    settled(page)
    expect(answered).to_be_visible()
    expect(page).to_have_url(address)
    assert page.get_by_test_id("stMainBlockContainer").inner_text() == said
    with rerun(page):
        page.go_back(wait_until="commit")
    expect(page.get_by_text("What do you see?", exact=True).last).to_be_visible()
    expect(answered).to_have_count(0)
