"""Every page in its states, by address: for the accessibility scan and for the tour of screenshots."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from pipeline.data.dataset import list_datasets
from pipeline.inference.model_info import list_models
from pipeline.jobs.run_dir import list_runs
from pipeline.workspace import Workspace
from tests.e2e.serving import ROOT
from tests.e2e.steps import open_address, rerun

# the addresses of all pages in the navigation, so that a new page is looked at too
PAGES = ("", *re.findall(r'url_path="([\w-]+)"', (ROOT / "app" / "main.py").read_text(encoding="utf-8")))


def _nothing(page: Page) -> None:
    """No step beside the address."""


@dataclass(frozen=True)
class View:
    """`address` opens it, after the server's own; `steps` are what a person then does."""

    name: str
    address: str
    steps: Callable[[Page], None] = _nothing

    def show(self, page: Page, server: str) -> Page:
        """Opens the view and waits until it is complete; the page."""
        open_address(page, f"{server}/{self.address}")
        self.steps(page)
        page.wait_for_load_state("networkidle")
        drawn = "[...document.images].every((image) => image.complete)"
        page.wait_for_function(drawn)
        return page


def empty_views() -> list[View]:
    """Each page on a workspace that has nothing."""
    return [View(f"{page or 'home'}-empty", page) for page in PAGES]


def full_views(workspace: Workspace, data: str) -> list[View]:
    """Each page with the data set `data` and its finished runs, in each of the states that differ much."""
    runs = [run.name for run in list_runs(workspace) if run.status().state == "done" and run.config().data == data]
    model = next(info.name for info in list_models(workspace) if info.data == data)
    assert data in [dataset.name for dataset in list_datasets(workspace)]
    views = [
        View("home", ""),
        View("dataset-counts", f"dataset?data={data}"),
        View("dataset-images", f"dataset?data={data}&view=images&dx=mel"),
        View("train-form", "train", _unfold),
        View("train-done", f"train?run={runs[0]}"),
        View("runs", "runs"),
        View("runs-compared", f"runs?runs={','.join(runs[:2])}"),
        View("errors", f"errors?run={runs[0]}", _unfold),
        View("errors-cell", f"errors?run={runs[0]}&truth=nv&predicted=nv", _heatmaps),
        View("errors-hidden", f"errors?run={runs[0]}", _hide_the_truth),
        View("errors-revealed", f"errors?run={runs[0]}&quiz=all", _guess_and_reveal),
        View("classify", f"classify?model={model}"),
        View("classify-example", f"classify?model={model}", _use_an_example),
        View("classify-uploads", f"classify?model={model}", _own_images),
    ]
    shown = {view.address.partition("?")[0] for view in views}
    return views + [View(page, page) for page in PAGES if page not in shown]


def _unfold(page: Page) -> None:
    """Opens everything that is folded."""
    folded = page.locator("[data-testid=stExpander] details:not([open]) > summary")
    while folded.count():
        folded.first.click()


def _heatmaps(page: Page) -> None:
    with rerun(page):
        page.get_by_text("Heatmap", exact=True).first.click()


def _hide_the_truth(page: Page) -> None:
    with rerun(page):
        page.get_by_text("Hide the truth", exact=True).first.click()


def _guess_and_reveal(page: Page) -> None:
    with rerun(page):
        page.get_by_role("radiogroup", name="Your guess").get_by_text("Melanoma").click()
    with rerun(page):
        page.get_by_role("button", name="Reveal").click()


def _use_an_example(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Use ")).first.click()
    expect(page.get_by_text("Education only, not a medical device.").first).to_be_visible(timeout=60_000)


def _own_images(page: Page) -> None:
    with rerun(page):
        page.get_by_text("My images", exact=True).first.click()
