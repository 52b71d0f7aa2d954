"""Two browsers on one server see nothing of each other, and a stand's next visitor nothing of the last."""

import re
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from pipeline.data.dataset import list_datasets
from pipeline.models.model_info import list_models
from tests.e2e.serving import RunningApp
from tests.e2e.steps import choose, follow, press, rerun, settled, unfold

pytestmark = pytest.mark.browser
FIRST_OUTPUT_MS = 60_000  # the network is loaded for it
GUESSES = re.compile(r"You \d of \d, the model \d of \d on the same images")


def an_image(app: RunningApp, place: int) -> bytes:
    dataset = list_datasets(app.workspace)[0]
    return dataset.image_path(dataset.metadata()["file"].iloc[place]).read_bytes()


def untouched(page: Page, name: str):
    return page.get_by_alt_text(f"Untouched image {name}")


def classify_with_an_own_model(page: Page, app: RunningApp) -> None:
    """The page opens on the model in the box, which has no drawings to show."""
    follow(page, "Classify")
    choose(page, "Model", list_models(app.workspace)[0].name)
    expect(page.get_by_role("button", name="Use 1", exact=True)).to_be_visible()
    settled(page)


def upload(page: Page, app: RunningApp, name: str, place: int) -> None:
    classify_with_an_own_model(page, app)
    with rerun(page):
        page.get_by_text("My images", exact=True).first.click()
    page.locator("input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "image/jpeg", "buffer": an_image(app, place)}
    )
    expect(page.get_by_text("Answer the question above")).to_be_visible()
    page.get_by_text("Yes", exact=True).click()
    expect(untouched(page, name)).to_be_visible(timeout=FIRST_OUTPUT_MS)


def show_regions(page: Page, name: str) -> None:
    """Lays the regions over the picture of that name, which therefore is still there."""
    page.get_by_text("Regions that raised the output", exact=True).click(timeout=FIRST_OUTPUT_MS)
    expect(page.get_by_alt_text(f"laid over the image {name}")).to_be_visible(timeout=FIRST_OUTPUT_MS)


def filter_the_wall(page: Page, app: RunningApp) -> None:
    page.goto(f"{app.url}/dataset?view=images")
    settled(page)
    unfold(page, "Filter")
    choose(page, "Diagnosis", "Melanoma · mel")
    expect(page.get_by_text("match, out of")).to_be_visible()
    assert "dx=mel" in page.url


def guess(page: Page, app: RunningApp) -> None:
    page.goto(f"{app.url}/errors?quiz=all")
    settled(page)
    page.get_by_text("Melanoma · mel", exact=True).first.click()
    press(page, "Reveal")
    expect(page.get_by_text(GUESSES)).to_be_visible()


def test_two_browsers_see_nothing_of_each_other(generated_app: RunningApp, visitor) -> None:
    one, other = visitor(generated_app.url), visitor(generated_app.url)
    upload(one, generated_app, "one.jpg", 0)
    upload(other, generated_app, "other.jpg", 1)
    show_regions(one, "one.jpg")
    expect(one.get_by_text("other.jpg")).to_have_count(0)
    expect(other.get_by_text("one.jpg")).to_have_count(0)

    press(one, "Start over")
    show_regions(other, "other.jpg")
    assert "visit=" not in other.url

    filter_the_wall(one, generated_app)
    follow(other, "Data sets")
    settled(other)
    expect(other.get_by_text("1–12 of ").first).to_be_visible()
    expect(other.get_by_text(" match, out of ")).to_have_count(0)

    other.goto(f"{generated_app.url}/errors?quiz=all")
    settled(other)
    guess(one, generated_app)
    press(other, "Next")
    expect(other.get_by_text("Guess, then reveal.")).to_be_visible()


def test_the_back_button_after_start_over_finds_pages_without_the_last_visitors_choices(
    generated_app: RunningApp, visitor
) -> None:
    page = visitor(generated_app.url)
    follow(page, "Data sets")
    settled(page)
    unfold(page, "Filter")
    choose(page, "Diagnosis", "Melanoma · mel")
    classify_with_an_own_model(page, generated_app)
    with rerun(page):
        page.get_by_role("button", name="Use 2", exact=True).press("Enter")
    assert "example=" in page.url
    upload(page, generated_app, "mine.jpg", 2)
    picture = urljoin(page.url, untouched(page, "mine.jpg").get_attribute("src"))
    assert page.request.get(picture).ok

    press(page, "Start over")
    expect(page.get_by_role("heading", name="What do you see?")).to_be_visible()
    expect(page.get_by_text("Started over: uploads, filters")).to_be_visible()
    assert re.fullmatch(rf"{re.escape(generated_app.url)}/\?visit=\d{{10}}", page.url)
    assert page.request.get(picture).status == 404, "the server still has the last visitor's picture"

    seen = set()
    for _ in range(12):
        if page.evaluate("window.navigation.currentEntry.index") == 0:
            break
        page.go_back()
        settled(page)
        page.wait_for_timeout(300)  # until the address is put right
        seen.add(page.url.partition("?")[0].rpartition("/")[2])
        assert not re.search(r"dx=|example=|view=", page.url), page.url
        expect(page.get_by_text("mine.jpg")).to_have_count(0)
        expect(page.get_by_text("Model output: a probability")).to_have_count(0)
        expect(page.get_by_text("match, out of")).to_have_count(0)
    assert {"classify", "dataset"} <= seen


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_the_output_of_an_example_is_seen_without_scrolling(
    generated_app: RunningApp, visitor, width: int, height: int
) -> None:
    model = list_models(generated_app.workspace)[0].name
    page = visitor(f"{generated_app.url}/classify?model={model}", viewport={"width": width, "height": height})
    page.get_by_role("button", name="Use 1", exact=True).click()
    expect(page.get_by_text("Model output: a probability for each diagnosis").first).to_be_visible(
        timeout=FIRST_OUTPUT_MS)
    settled(page)
    for words in (re.compile("^Model output: .+%$"), re.compile("^(Reference diagnosis|Drawn as): ")):
        box = page.get_by_text(words).first.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= height, box
        assert box["x"] >= 0 and box["x"] + box["width"] <= width, box
