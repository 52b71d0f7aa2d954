"""One visit from the empty first page to a model's output for an upload, as a person would make it."""

import io
import re
import time

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from pipeline.files.workspace import Workspace
from pipeline.images.generated import NOTICE
from pipeline.runs.run_dir import RunDir, find_run
from tests.e2e.serving import RunningApp
from tests.e2e.steps import press, rerun, settled

pytestmark = pytest.mark.browser
DRAWING_MS = 120_000  # 20 s on two free cores
TRAINING_MS = 240_000


def test_from_an_empty_page_to_a_models_output(page: Page, running_app: RunningApp) -> None:
    draw_the_embedded_set(page)
    first = start_training(page, running_app, epochs=(1, 50), limit=300)
    watch_the_curve_grow(page)
    refresh_and_find_the_run_again(page, first)
    stop(page, first)
    second = start_training(page, running_app, epochs=(1, 2), limit=420)
    assert second.name != first.name
    wait_until_done(page, second)
    open_a_confusion_cell(page)
    lay_a_heatmap_over_the_top_loss(page)
    classify_an_upload(page, running_app)


def heading_of(page: Page, run: RunDir, state: str) -> Locator:
    return page.get_by_role("heading", name=re.compile(f"{re.escape(run.name)}: {state}"))


def draw_the_embedded_set(page: Page) -> None:
    expect(page.get_by_role("heading", name="What do you see?")).to_be_visible()
    page.get_by_role("button", name="Bring images").click()
    page.get_by_role("button", name="Draw the generated images").click()
    expect(page.get_by_text("The data set generated is here: 600 images")).to_be_visible(timeout=DRAWING_MS)
    expect(page.get_by_text(re.compile("not for learning dermoscopy", re.IGNORECASE)).first).to_be_visible()
    press(page, "Train on it")


def start_training(page: Page, running_app: RunningApp, epochs: tuple[int, int], limit: int) -> RunDir:
    """Starts a short run by the form and gives the run that the address then names."""
    before = page.url
    settled(page)
    page.get_by_text("More choices").click()
    fill(page, "Epochs, stage 1 (head only)", epochs[0])
    fill(page, "Epochs, stage 2 (all layers)", epochs[1])
    fill(page, "Image size, WIDTHxHEIGHT in pixels", "96x72")
    fill(page, "Use about so many images (0: all)", limit)
    plan = rf"at 96×72 pixels, .*head only, {epochs[0]} epoch.*all layers, {epochs[1]} epochs"
    expect(page.get_by_text(re.compile(plan))).to_be_visible()
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url(lambda url: url != before and "/train?run=" in url)
    return find_run(Workspace(running_app.home), page.url.partition("run=")[2])


def fill(page: Page, label: str, value: object) -> None:
    field = page.get_by_label(label, exact=True)
    if field.input_value() != str(value):
        with rerun(page):
            field.fill(str(value))
            field.press("Enter")


def loss_points(page: Page) -> int:
    """How many points the first line of the loss chart has."""
    path = page.locator(".js-plotly-plot").first.locator("path.js-line").first
    return len(re.findall(r"[ML]", path.get_attribute("d") or "")) if path.count() else 0


def watch_the_curve_grow(page: Page) -> None:
    expect(page.get_by_text("Loss: it should fall", exact=False).first).to_be_visible(timeout=TRAINING_MS)
    deadline = time.monotonic() + 120
    seen: list[int] = []
    while len(seen) < 3 and time.monotonic() < deadline:
        if (points := loss_points(page)) > (seen[-1] if seen else 1):
            seen.append(points)
        page.wait_for_timeout(300)
    assert len(seen) == 3, f"the loss curve did not grow: {seen}"


def refresh_and_find_the_run_again(page: Page, run: RunDir) -> None:
    page.reload()
    expect(heading_of(page, run, "is training")).to_be_visible()
    expect(page.locator(".js-plotly-plot").first.locator("path.js-line").first).to_be_attached()
    page.goto(page.url.partition("?")[0])  # another window, without the run in its address
    expect(heading_of(page, run, "is training")).to_be_visible()


def stop(page: Page, run: RunDir) -> None:
    page.get_by_role("button", name="Stop this run").click()
    expect(heading_of(page, run, "stopped")).to_be_visible()
    assert run.status().state == "cancelled"


def wait_until_done(page: Page, run: RunDir) -> None:
    expect(heading_of(page, run, "done")).to_be_visible(timeout=TRAINING_MS)
    expect(page.get_by_text("Training and evaluation are done.")).to_be_visible()
    page.get_by_role("button", name="Study its errors").click()
    expect(page).to_have_url(re.compile(f"/errors\\?run={run.name}"))


def open_a_confusion_cell(page: Page) -> None:
    expect(page.get_by_text("Confusion matrix: right answers on the diagonal").first).to_be_visible()
    expect(page.get_by_role("radiogroup", name="Right or wrong")).to_be_visible()
    matrix = page.locator(".js-plotly-plot").first
    matrix.scroll_into_view_if_needed()
    cell = matrix.locator(".scatterlayer path.point").nth(5 * 7 + 5)  # truth nv, predicted nv, in alphabetical order
    expect(cell).to_be_attached()
    box = cell.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_role("button", name="Prediction: Melanocytic nevus · nv")).to_be_visible()
    expect(page).to_have_url(re.compile("truth=nv&predicted=nv"))
    expect(page.get_by_alt_text(re.compile(": Melanocytic nevus · nv, a generated drawing$")).first).to_be_visible()


def lay_a_heatmap_over_the_top_loss(page: Page) -> None:
    press(page, "Show all")
    expect(page.get_by_text("all that were judged")).to_be_visible()
    images = page.get_by_alt_text(re.compile("^Image "))
    plain = [image.get_attribute("src") for image in images.all()]
    with rerun(page):
        page.get_by_text("Regions that raised the output", exact=True).click()
    expect(page.get_by_alt_text(re.compile("with the regions that raised the output for")).first).to_be_visible()
    expect(images).to_have_count(len(plain))
    laid = [image.get_attribute("src") for image in images.all()]
    assert sum(one != other for one, other in zip(plain, laid, strict=True)) >= len(plain) - 1


def an_image_that_is_not_generated() -> bytes:
    pixels = np.random.default_rng(3).integers(60, 200, (90, 120, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def classify_an_upload(page: Page, running_app: RunningApp) -> None:
    page.get_by_role("button", name="Classify images with this model").click()
    page.get_by_text("My images").click()
    drawn = next(running_app.home.glob("datasets/generated/**/*.jpg"))
    page.get_by_label("Images (JPEG or PNG)").locator("input[type=file]").or_(
        page.locator("input[type=file]")
    ).first.set_input_files([
        {"name": "drawn.jpg", "mimeType": "image/jpeg", "buffer": drawn.read_bytes()},
        {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear doctor"},
        {"name": "photo.png", "mimeType": "image/png", "buffer": an_image_that_is_not_generated()},
    ])
    expect(page.get_by_text("Answer the question above")).to_be_visible()
    expect(page.get_by_alt_text("Untouched image drawn.jpg")).to_be_visible()
    page.get_by_text("No, or I do not know").click()
    expect(page.get_by_text("No model output: the model has seen only dermatoscopic images")).to_be_visible()
    expect(page.get_by_text("Education only")).to_have_count(0)
    page.get_by_text("Yes", exact=True).click()
    expect(page.get_by_text("Education only, not a medical device. The model can only choose among the 7 diagnoses"
                            )).to_be_visible(timeout=60_000)
    expect(page.get_by_text("letter.jpg is not an image")).to_be_visible()
    expect(page.get_by_text("was trained on generated drawings")).to_be_visible()
    expect(page.get_by_text("Model output: a probability for each diagnosis").first).to_be_visible()
    page.get_by_text("Regions that raised the output", exact=True).first.click()
    expect(page.get_by_alt_text(re.compile("laid over the image drawn.jpg"))).to_be_visible()
    expect(page.get_by_text(NOTICE.capitalize()).first).to_be_visible()
    assert not list(running_app.home.rglob("*drawn*")), "the upload was stored"
