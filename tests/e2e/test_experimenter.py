"""The article's protocol in the browser: search a rate on a stage, branch, compare, export a model and import it."""

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from pipeline.models.model_info import list_models
from pipeline.runs.run_dir import find_run
from tests.e2e.serving import RunningApp, serve
from tests.e2e.steps import choose, follow, press, rerun

pytestmark = pytest.mark.browser
JOB_MS = 120_000  # loading fastai and some batches: 15 s on two free cores


@pytest.fixture
def lab(tmp_path, trained) -> Iterator[RunningApp]:
    """An app on the data set "tiny" and one finished run."""
    shutil.copytree(trained[0].home, tmp_path / "home")
    with serve(tmp_path / "home", tmp_path / "app.log") as app:
        yield app


def test_search_branch_compare_export_import(lab: RunningApp, visitor, tmp_path) -> None:
    page = visitor(lab.url)
    follow(page, "Train")
    with rerun(page):
        page.get_by_role("radiogroup", name="Part of Train").get_by_text("Learning rate").click()
    search_after_stage_1(page)
    take_the_rates_into_a_branch(page, lab)
    see_where_it_started(page, lab)
    bring_its_model_out_and_in(page, lab, tmp_path)


def search_after_stage_1(page: Page) -> None:
    choose(page, "Starting point", re.compile("^tiny-demo-1, after stage 1"))
    page.get_by_role("button", name="Search the learning rate").click()
    expect(page.get_by_role("progressbar").or_(page.get_by_text("Suggestions")).first).to_be_visible()
    expect(page.get_by_role("heading", name="Suggestions")).to_be_visible(timeout=JOB_MS)
    expect(page.get_by_text("Loss at each learning rate: usable is where it still falls").first).to_be_visible()
    expect(page).to_have_url(re.compile("search=tiny-rates-1"))
    field = page.get_by_label("Learning rate of the stage", exact=True)
    with rerun(page):
        field.fill("1e-5:1e-4")
        field.press("Enter")
    press(page, "Use these rates")


def take_the_rates_into_a_branch(page: Page, app: RunningApp) -> None:
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    plan = "the weights of tiny-demo-1 after its stage 1; stage 1: fine-tuning, all layers"
    expect(page.get_by_text(re.compile(f"{plan}, .*learning rate 1e-05 to 0.0001"))).to_be_visible()
    page.get_by_text("More choices").click()
    for label, value in (("Epochs, stage 1 (all layers)", "1"), ("Image size, WIDTHxHEIGHT in pixels", "48x32"),
                         ("Images in a batch", "8")):
        field = page.get_by_label(label, exact=True)
        with rerun(page):
            field.fill(value)
            field.press("Enter")
    page.get_by_role("button", name=re.compile("^Start training")).click()
    page.wait_for_url(re.compile(r"/train\?run="))
    name = re.search(r"run=([\w.-]+)", page.url)[1]
    expect(page.get_by_role("heading", name=f"{name}: done")).to_be_visible(timeout=JOB_MS)
    config = find_run(app.workspace, name).config()
    assert (config.parent, config.parent_stage) == ("tiny-demo-1", 1)
    assert (config.stages[0].lr_earliest, config.stages[0].lr_max) == (1e-5, 1e-4)


def see_where_it_started(page: Page, app: RunningApp) -> None:
    follow(page, "Runs")
    expect(page.get_by_text("Where runs start from")).to_be_visible()
    expect(page.get_by_text(re.compile("^From tiny-demo-1, after stage 1; stage 1: fine-tuning"))).to_be_visible()
    press(page, "Compare the two newest evaluated runs")
    expect(page.get_by_role("heading", name="On the validation images that they share")).to_be_visible()


def bring_its_model_out_and_in(page: Page, app: RunningApp, folder) -> None:
    follow(page, "Models")
    press(page, re.compile("Card and files$"))
    with page.expect_download(timeout=JOB_MS) as download:
        page.get_by_role("button", name="LesionLab bundle").click()
        expect(page.get_by_text(re.compile("^Makes the file: "))).to_be_visible()
    bundle = folder / download.value.suggested_filename
    download.value.save_as(bundle)
    page.get_by_text("Import a model").first.click()
    page.locator("input[type=file]").first.set_input_files(bundle)
    page.get_by_label("Name", exact=True).fill("brought-back")
    page.get_by_role("button", name="Import the bundle").click()
    expect(page.get_by_text("The model brought-back is here.")).to_be_visible(timeout=JOB_MS)
    assert "brought-back" in [info.name for info in list_models(app.workspace)]
