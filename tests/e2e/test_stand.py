"""A visitor at a stand classifies an example and one of their own images, and starts over: the next sees nothing of it,
and meets the first screen, not what was trained before.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from pipeline.data.dataset import list_datasets
from pipeline.models.model_info import list_models
from pipeline.runs.run_dir import list_runs
from tests.e2e.serving import RunningApp
from tests.e2e.steps import choose, follow, press, rerun

pytestmark = pytest.mark.browser
NOTICE = "Education only, not a medical device. The model can only choose among the 7 diagnoses"
FIRST_OUTPUT_MS = 60_000  # the network is loaded for it


def files_below(app: RunningApp) -> set[str]:
    return {str(path) for path in app.home.rglob("*") if "locks" not in path.parts}


def classify_an_example(page: Page, app: RunningApp) -> None:
    follow(page, "Classify")
    choose(page, "Model", list_models(app.workspace)[0].name)  # it opens on the model in the box
    page.get_by_role("button", name="Use 1", exact=True).click()
    expect(page.get_by_text(NOTICE)).to_be_visible(timeout=FIRST_OUTPUT_MS)
    expect(page.get_by_text("Model output: a probability for each diagnosis").first).to_be_visible()
    page.get_by_text("Regions that raised the output", exact=True).click()
    expect(page.get_by_alt_text(re.compile("laid over the image"))).to_be_visible()
    assert "example=" in page.url


def classify_an_own_image(page: Page, app: RunningApp) -> None:
    (dataset,) = list_datasets(app.workspace)
    picture = dataset.image_path(dataset.metadata()["file"].iloc[0])
    with rerun(page):
        page.get_by_text("My images", exact=True).first.click()
    page.locator("input[type=file]").first.set_input_files(
        {"name": "my-mole.jpg", "mimeType": "image/jpeg", "buffer": picture.read_bytes()}
    )
    expect(page.get_by_text("Answer the question above")).to_be_visible()
    page.get_by_text("Yes", exact=True).click()
    expect(page.get_by_text(re.compile("^Model output: .+%$"))).to_be_visible()
    expect(page.get_by_alt_text("Untouched image my-mole.jpg")).to_be_visible()
    expect(page.get_by_text("Education only, not a medical device. A low melanoma probability")).to_be_visible()


def test_after_start_over_nothing_of_the_visit_is_left(stocked_app: RunningApp, visitor) -> None:
    before = files_below(stocked_app)
    page = visitor(stocked_app.url)
    classify_an_example(page, stocked_app)
    classify_an_own_image(page, stocked_app)

    press(page, "Start over")
    expect(page.get_by_role("heading", name="What do you see?")).to_be_visible()
    assert "example=" not in page.url

    follow(page, "Classify")
    expect(page.get_by_text(NOTICE)).to_have_count(0)
    page.get_by_text("My images", exact=True).first.click()
    expect(page.locator("input[type=file]")).to_have_count(1)
    expect(page.get_by_text("my-mole.jpg")).to_have_count(0)
    expect(page.get_by_role("radio", name="Yes")).to_have_count(0)
    with rerun(page):
        page.go_back()
    expect(page.get_by_text("my-mole.jpg")).to_have_count(0)
    assert files_below(stocked_app) == before, "the visit left files"


def test_the_next_visitor_s_pages_do_not_open_on_the_last_ones_run(generated_app: RunningApp, visitor) -> None:
    name = list_runs(generated_app.workspace)[0].name
    trained = re.compile(f"The model {re.escape(name)} is trained")
    page = visitor(generated_app.url)
    expect(page.get_by_text(trained)).to_be_visible()
    follow(page, "Classify")
    press(page, "Start over")
    expect(page.get_by_role("button", name="Train one now")).to_be_visible()
    expect(page.get_by_text(trained)).to_have_count(0)
    page.reload()  # the address keeps it
    expect(page.get_by_role("button", name="Train one now")).to_be_visible()
    expect(page.get_by_text(trained)).to_have_count(0)

    follow(page, "Runs")
    expect(page.get_by_role("button", name="Train a classifier")).to_be_visible()  # nothing of this visit yet
    with rerun(page):
        page.get_by_text("With 2 runs of earlier visits").click()
    expect(page.get_by_role("combobox", name="Runs to look at or compare")).to_be_visible()
    assert [run.name for run in list_runs(generated_app.workspace)][0] == name, "nothing is deleted"
