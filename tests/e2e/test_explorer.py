"""An educator from a number to its images: a cell of the matrix, the filtered wall, one case with its look-alikes and
what if, a teaching set, and its link on another machine.
"""

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from app.components.errors.wall_view import PAGE
from pipeline.metrics.confusion import cell, most_confused
from pipeline.runs.teaching import list_sets, teaching_folder
from tests.e2e.serving import RunningApp
from tests.e2e.steps import choose, ids_on_the_wall, of_reference, open_tab, press, rerun
from tests.e2e.test_student import newest_errors
from tests.embedded import embed_by_hand

pytestmark = pytest.mark.browser
_PATIENT_MS = 240_000  # a job, or the first time that the app loads torch


@pytest.fixture
def untouched_app(stocked_app: RunningApp) -> Iterator[RunningApp]:
    """The app; what a test adds to its runs and sets is taken away again."""
    yield stocked_app
    shutil.rmtree(teaching_folder(stocked_app.workspace), ignore_errors=True)
    run, _, _ = newest_errors(stocked_app)
    shutil.rmtree(run.folder / "embedding", ignore_errors=True)
    for path in (run.embeddings_path, run.neighbours_path, run.map_path, run.what_if_path):
        path.unlink(missing_ok=True)


def _follow(page: Page, name: str | re.Pattern) -> None:
    with rerun(page):
        page.get_by_role("link", name=name).first.click()


def test_from_a_cell_to_a_teaching_set_on_another_machine(untouched_app: RunningApp, visitor) -> None:
    run, rows, _ = newest_errors(untouched_app)
    pair = most_confused(rows, sorted(set(rows["truth"])), 1)[0]
    images = cell(rows, pair.truth, pair.predicted)
    first = images["image_id"].iloc[0]
    page = visitor(f"{untouched_app.url}/errors?run={run.name}&truth={pair.truth}&predicted={pair.predicted}")
    expect(page.get_by_text(f"{len(images)} image").first).to_be_visible()
    assert ids_on_the_wall(page) == list(images.drop_duplicates("lesion_id")["image_id"])[:PAGE]

    _follow(page, f"Open {first}")
    expect(page.get_by_role("heading", name=f"Image {first}")).to_be_visible()
    expect(page.get_by_text(of_reference(pair.truth)).first).to_be_visible()
    expect(page.get_by_alt_text(f"Untouched image {first}", exact=True)).to_be_visible()
    open_tab(page, "Look-alikes in training")
    press(page, "Compute map, neighbours and what flips")
    expect(page.get_by_text("Look-alikes of another diagnosis")).to_be_visible(timeout=_PATIENT_MS)
    expect(page.get_by_alt_text(re.compile("^Training image ")).first).to_be_visible()

    open_tab(page, "What if")
    expect(page.get_by_text(re.compile(r"mirrored left to right: .* \(95 % interval"))).to_be_visible()
    truth = page.get_by_text(re.compile("the reference diagnosis: .* → "))
    before = truth.inner_text()
    page.get_by_role("slider", name="Brightness").focus()
    page.keyboard.press("Home")
    expect(truth).not_to_have_text(before, timeout=_PATIENT_MS)
    expect(page.get_by_text("Education only, not a medical device.").first).to_be_visible()
    press(page, "Reset")
    expect(truth).to_have_text(before)

    open_tab(page, "Note")
    page.get_by_role("textbox", name="Name of the new set").fill("Journey")
    press(page, "Put it in")
    expect(page.get_by_text("The teaching set “Journey” has 1 image.")).to_be_visible()
    one = list_sets(untouched_app.workspace)[0]
    assert one.images == (first,)

    other = visitor(f"{untouched_app.url}/explore?run={run.name}&set={one.id}")
    assert ids_on_the_wall(other) == [first]
    _follow(other, f"Open {first}")
    open_tab(other, "Note")
    expect(other.get_by_text("In the teaching sets: Journey")).to_be_visible()


def test_a_filter_by_keyboard_opens_the_same_wall_elsewhere(untouched_app: RunningApp, visitor) -> None:
    run, rows, _ = newest_errors(untouched_app)
    page = visitor(f"{untouched_app.url}/explore?run={run.name}")
    with rerun(page):
        page.get_by_role("radiogroup", name="Right or wrong").get_by_role("radio", name="Wrong").press("Space")
    page.get_by_role("button", name="Filters, order").click()
    choose(page, "Order", "Least confident first")
    wrong = rows[rows["truth"] != rows["predicted"]]
    expect(page.get_by_text(f"{len(wrong):,} image").first).to_be_visible()
    assert re.search("right=no&.*sort=confidence-up", page.url)  # the run stands between them: explore was sent on
    shown = ids_on_the_wall(page)
    assert len(shown) == min(wrong["lesion_id"].nunique(), PAGE) and set(shown) <= set(wrong["image_id"])
    assert ids_on_the_wall(visitor(page.url)) == shown


def test_an_outline_drawn_on_the_map_opens_its_images(untouched_app: RunningApp, visitor) -> None:
    run, _, _ = newest_errors(untouched_app)
    embed_by_hand(run)  # the images in a row, from left to right
    page = visitor(f"{untouched_app.url}/explore?run={run.name}&view=map")
    plot = page.locator(".js-plotly-plot .nsewdrag").first
    plot.scroll_into_view_if_needed()
    area = plot.bounding_box()
    left, middle = area["x"] + 3, area["y"] + area["height"] / 2
    page.mouse.move(left, middle - 60)
    page.mouse.down()
    for x, y in ((area["width"] / 2, -60), (area["width"] / 2, 60), (0, 60), (0, -55)):
        page.mouse.move(left + x, middle + y, steps=5)
    with rerun(page):
        page.mouse.up()
    expect(page.get_by_role("button", name="Within an area of the map")).to_be_visible()
    shown = int(re.match(r"([\d,]+) image", page.get_by_text("match, out of").inner_text())[1].replace(",", ""))
    assert 0.3 < shown / len(run.predictions()) < 0.6 and "area=" in page.url and "view=map" not in page.url
