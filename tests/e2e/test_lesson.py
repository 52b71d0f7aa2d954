"""A lesson in the browser: images ticked while the page stays as it is, a set made with a key and gone through by keys;
its link opens it on another machine.
"""

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from pipeline.runs.run_dir import list_runs
from pipeline.runs.teaching import list_sets, teaching_folder
from tests.e2e.serving import RunningApp
from tests.e2e.steps import open_address, press, rerun

pytestmark = pytest.mark.browser


@pytest.fixture
def app(generated_app: RunningApp) -> Iterator[RunningApp]:
    yield generated_app
    shutil.rmtree(teaching_folder(generated_app.workspace), ignore_errors=True)


def _tick(page: Page, place: int) -> str:
    """Ticks an image of the wall; its id."""
    box = page.get_by_role("checkbox", name=re.compile("^Select ")).nth(place)
    name = box.get_attribute("aria-label")
    assert name is not None
    with rerun(page):
        page.get_by_test_id("stCheckbox").filter(has=page.get_by_label(name, exact=True)).locator("label").click()
    return name.removeprefix("Select ")


def _open_maker(page: Page) -> None:
    with rerun(page):
        page.get_by_role("button", name="Make a teaching set").click()
    expect(page.get_by_role("textbox", name="Name of the new set")).to_be_visible()


def test_a_set_is_made_gone_through_and_handed_on(app: RunningApp, visitor) -> None:
    run = list_runs(app.workspace)[0].name
    page = visitor(f"{app.url}/explore?run={run}", permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("document.querySelector('[data-testid=stMain] h1').dataset.drawn = 'before'")
    images = [_tick(page, place) for place in (0, 5)]
    expect(page.get_by_text("2 images selected")).to_be_in_viewport()  # wherever the page was scrolled to
    expect(page.locator("h1[data-drawn=before]")).to_have_count(1)

    _open_maker(page)
    page.get_by_role("textbox", name="Name of the new set").fill("Monday")
    with rerun(page):
        page.keyboard.press("Enter")
    expect(page.get_by_text("The teaching set “Monday” has 2 images.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Name of the new set")).to_be_hidden()
    (one,) = list_sets(app.workspace)
    assert set(one.images) == set(images)

    _tick(page, 1)
    _open_maker(page)
    page.get_by_role("textbox", name="Name of the new set").fill("monday")
    press(page, "Save")
    expect(page.get_by_text("There is a teaching set “Monday” already, with 2 images.")).to_be_visible()
    page.get_by_role("textbox", name="Another name").fill("Tuesday")
    with rerun(page):
        page.keyboard.press("Enter")
    expect(page.get_by_text("The teaching set “Tuesday” has 1 image.")).to_be_visible()
    assert [len(found.images) for found in list_sets(app.workspace)] == [1, 2]

    open_address(page, f"{app.url}/explore?run={run}&view=sets")
    page.get_by_role("button", name="Copy link").last.click()
    page.get_by_test_id("stCode").last.hover()
    page.get_by_role("button", name="Copy to clipboard").last.click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{app.url}/lesson?run={run}&set={one.id}"

    other = visitor(link)
    expect(other.get_by_alt_text("The lesion")).to_be_in_viewport()
    expect(other.get_by_text("Drawn as:")).to_have_count(0)
    with rerun(other):
        other.keyboard.press("a")
    expect(other.get_by_text("Drawn as:")).to_be_visible()
    with rerun(other):
        other.keyboard.press("ArrowRight")
    expect(other.get_by_text("2 of 2")).to_be_visible()
    expect(other.get_by_text("Drawn as:")).to_have_count(0)
    other.reload()
    expect(other.get_by_text("2 of 2")).to_be_visible()
