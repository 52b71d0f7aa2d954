"""A fresh machine on which nothing was downloaded or trained: the bundled model answers, and its errors are there."""

import re

import pytest
from playwright.sync_api import expect

from pipeline.data.importing import import_dataset
from pipeline.files.workspace import RUN_NAME
from tests.e2e.conftest import SCREENSHOTS
from tests.e2e.serving import serve
from tests.e2e.steps import open_address, press, rerun, settled
from tests.hand_made import image_bytes

pytestmark = pytest.mark.browser
NOTICE = re.compile(r"in cross-validation, its sibling networks called \d+ of 8 melanoma lesions something else")
SCREENS = ({"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
           {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"})


@pytest.fixture
def fresh_app(tmp_path, bundle):
    """An app on an empty workspace with the tiny bundled model."""
    with serve(tmp_path / "home", tmp_path / "app.log") as app:
        yield app


@pytest.mark.parametrize("screen", SCREENS, ids=["1440-light", "390-dark"])
def test_the_bundled_model_answers_and_its_errors_are_there(fresh_app, visitor, tiny_bundle, screen):
    page = visitor(fresh_app.url, **screen)
    picture = SCREENSHOTS / f"bundled-{screen['viewport']['width']}"

    def photograph(name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        page.set_viewport_size({**screen["viewport"], "height": 3000})
        page.wait_for_timeout(400)  # charts follow a new width after a pause of their own
        page.screenshot(path=f"{picture}-{name}.png")
        page.set_viewport_size(screen["viewport"])

    photograph("home")
    press(page, "Classify an image")
    expect(page.get_by_role("combobox", name=re.compile("Model"))).to_have_value("default (bundled with LesionLab)")
    with rerun(page):
        page.locator("input[type=file]").set_input_files(
            {"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": image_bytes(7, False, (640, 480))}
        )
    expect(page.get_by_alt_text("Untouched image mine.jpg")).to_be_visible()
    with rerun(page):
        page.get_by_role("radiogroup", name="Were your images").get_by_text("Yes").click()
    page.get_by_text(re.compile("^(Both decisions answer so|Two decisions, two answers)$")).click(timeout=60_000)
    expect(page.get_by_text("Highest probability (as-data):")).to_be_visible()
    expect(page.get_by_text("All diagnoses weighed alike (balanced):")).to_be_visible()
    expect(page.get_by_text(NOTICE)).to_be_visible()
    with rerun(page):
        page.get_by_text("Regions that raised the output", exact=True).click()
    expect(page.get_by_alt_text(re.compile("laid over the image mine.jpg"))).to_be_visible()
    photograph("classify")

    open_address(page, fresh_app.url)
    press(page, "See where it errs")
    press(page, "All its errors")
    expect(page).to_have_url(re.compile(f"run={RUN_NAME}"))
    page.get_by_role("button", name="About", exact=True).click()
    expect(page.get_by_text("five sibling networks, not the shipped one")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Get data")).to_be_visible()
    photograph("errors")
    for address in ("runs?runs=", "errors?right=all&run=", "models?model="):
        open_address(page, f"{fresh_app.url}/{address}{'default' if 'model' in address else RUN_NAME}")
        photograph(address.partition("?")[0])

    import_dataset(fresh_app.workspace, tiny_bundle[1], "mine")
    open_address(page, f"{fresh_app.url}/errors?run={RUN_NAME}")
    expect(page.get_by_alt_text(re.compile("^Image IMG_")).first).to_be_visible()
    photograph("errors-with-images")
    open_address(page, f"{fresh_app.url}/case?run={RUN_NAME}&image=IMG_0004")
    settled(page)
    expect(page.get_by_text(NOTICE)).to_be_visible()
    photograph("case")


def test_the_bundled_networks_are_asked_about_what_they_had_not_seen(tmp_path, bundled_networks, visitor, tiny_bundle):
    with serve(tmp_path / "home", tmp_path / "app.log") as app:
        page = visitor(app.url, **SCREENS[0])
        open_address(page, f"{app.url}/case?run={RUN_NAME}&image=IMG_0004")
        page.get_by_role("button", name="The five networks of the model in the box").click()
        expect(page.get_by_text("the five networks of the model in the box, each on the images that it had not seen")
               ).to_be_visible()
        page.keyboard.press("Escape")  # it lies over the tabs
        page.get_by_role("tab", name="What if").click()
        expect(page.get_by_text("What it said of changed pictures is stored.")).to_be_visible()
        import_dataset(app.workspace, tiny_bundle[1], "mine")
        open_address(page, f"{app.url}/case?run={RUN_NAME}&image=IMG_0004")
        settled(page)
        expect(page.get_by_alt_text("Untouched image IMG_0004")).to_be_visible()
        page.get_by_role("tab", name="What if").click()
        expect(page.get_by_alt_text("Image IMG_0004 as the network saw it").first).to_be_visible()
        expect(page.get_by_alt_text(re.compile("Training image IMG_"))).to_have_count(8)
        with rerun(page):
            page.get_by_role("radiogroup", name="Mirror").get_by_text("Left to right").click()
        expect(page.get_by_text(re.compile("The prediction (stays|flips)"))).to_be_visible(timeout=60_000)
