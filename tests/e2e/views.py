"""Every page in its states, by address: for the accessibility scan and for the tour of screenshots."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from playwright.sync_api import Page, expect

from pipeline.data.dataset import list_datasets
from pipeline.files.workspace import Workspace
from pipeline.models.model_info import list_models
from pipeline.runs.run_dir import list_runs
from pipeline.runs.teaching import list_sets
from tests.e2e.serving import ROOT
from tests.e2e.steps import open_address, rerun

# the addresses of all pages in the navigation, so that a new page is looked at too
PAGES = ("", *re.findall(r'url_path="([\w-]+)"', (ROOT / "app" / "main.py").read_text(encoding="utf-8")))
_PARTS = {"data-get": "dataset?view=get", "learning-rate": "train?tab=learning-rate", "leakage": "judge?tab=leakage",
          "stand": "take-part?kiosk=1"}
# a case's tabs beside the first, by a view's name; another view has What if
_CASE_TABS = {"look-alikes": "Look-alikes in training", "other-answers": "Other answers", "note": "Note"}


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
    parts = {name: _PARTS[name] for name in ("learning-rate", "leakage", "stand")}
    pages = {page or "home": page for page in PAGES} | parts
    return [View(f"{name}-empty", address) for name, address in pages.items()]


def full_views(workspace: Workspace, data: str) -> list[View]:
    """Each page with the data set `data` and its finished runs, in each of the states that differ much."""
    runs = [run.name for run in list_runs(workspace) if run.status().state == "done" and run.config().data == data]
    model = next(info.name for info in list_models(workspace) if info.data == data)
    assert data in [dataset.name for dataset in list_datasets(workspace)]
    evaluation = f"judge?run={runs[0]}"
    case = list_runs(workspace)[0].predictions()["image_id"].iloc[0]
    views = [
        View("home", ""),
        View("dataset-counts", f"dataset?data={data}&view=counts"),
        View("dataset-images", f"dataset?data={data}&view=images&dx=mel"),
        View("train-form", "train", _unfold),
        View("train-done", f"train?run={runs[0]}"),
        View("runs", "runs"),
        View("runs-compared", f"runs?runs={','.join(runs[:2])}"),
        View("errors", f"errors?run={runs[0]}", _unfold),
        View("errors-filters", f"errors?run={runs[0]}&right=all&predicted=nv", _open_filters),
        View("errors-selected", f"errors?run={runs[0]}&predicted=nv", _select_all),
        View("errors-cell", f"errors?run={runs[0]}&truth=nv&predicted=nv", _heatmaps),
        View("errors-hidden", f"errors?run={runs[0]}", _hide_the_truth),
        View("errors-revealed", f"errors?run={runs[0]}&quiz=all", _guess_and_reveal),
        View("evaluation-diagnoses", evaluation, _unfold),
        View("evaluation-calibration", f"{evaluation}&topic=calibration", _unfold),
        View("evaluation-operating-point", f"{evaluation}&topic=operating-point", _unfold),
        View("evaluation-flagged", f"{evaluation}&topic=operating-point&threshold=0.0&lesions=flagged"),
        View("evaluation-subgroups", f"{evaluation}&topic=subgroups", _unfold),
        View("evaluation-sets", f"{evaluation}&topic=sets", _unfold),
        View("case", f"case?run={runs[0]}&image={case}", _unfold),
        View("leakage", f"{_PARTS['leakage']}&data={data}", _unfold),
        View("another-data-set", f"another-data-set?model={model}&data={data}", _unfold),
        View("classify", f"classify?model={model}"),
        View("classify-example", f"classify?model={model}", _use_an_example),
        View("classify-uploads", f"classify?model={model}", _own_images),
    ]
    shown = {view.address.partition("?")[0] for view in views}
    views += [View(name, _PARTS[name]) for name in ("data-get", "learning-rate")]
    return views + [View(page, page) for page in PAGES if page not in shown]


def furnished_views(workspace: Workspace, data: str) -> list[View]:
    """What `furnish` brings to the pages: map, look-alikes, what flips, an audit, a teaching set with notes."""
    run = list_runs(workspace)[0]
    errors, leakage = f"errors?run={run.name}", f"{_PARTS['leakage']}&data={data}"
    teaching = list_sets(workspace)[0]
    return [
        View("errors-map", f"{errors}&view=map"),
        View("errors-sets", f"{errors}&view=sets", _unfold),
        View("errors-set", f"{errors}&set={teaching.id}"),
        View("case-furnished", f"case?run={run.name}&image={teaching.images[0]}", _unfold),
        *(View(f"case-{name}", f"case?run={run.name}&image={teaching.images[0]}", partial(_turn_to, tab))
          for name, tab in _CASE_TABS.items()),
        View("case-what-if", f"case?run={run.name}&image={teaching.images[0]}", _brighten),
        View("leakage-lesions", leakage, _unfold),
        View("leakage-pairs", f"{leakage}&topic=pairs"),
        View("leakage-metadata", f"{leakage}&topic=metadata", _unfold),
        View("leakage-evidence", f"{leakage}&topic=evidence&run={run.name}", _unfold),
    ]


def _unfold(page: Page) -> None:
    """Opens everything that is folded."""
    folded = page.locator("[data-testid=stExpander] details:not([open]) > summary").locator("visible=true")
    while folded.count():
        folded.first.click()


def _heatmaps(page: Page) -> None:
    with rerun(page):
        page.get_by_text("Regions that raised the output", exact=True).first.click()


def _open_filters(page: Page) -> None:
    page.get_by_role("button", name="Filters, order").click()


def _select_all(page: Page) -> None:
    with rerun(page):
        page.get_by_role("button", name="Select this page").click()


def _turn_to(tab: str, page: Page) -> None:
    page.get_by_role("tab", name=tab).click()
    _unfold(page)


def _brighten(page: Page) -> None:
    page.get_by_role("tab", name="What if").click()
    slider = page.get_by_role("slider", name="Brightness")
    slider.scroll_into_view_if_needed()
    slider.focus()
    with rerun(page):
        page.keyboard.press("Home")
    expect(page.get_by_text("Education only, not a medical device.").first).to_be_visible(timeout=60_000)


def _hide_the_truth(page: Page) -> None:
    with rerun(page):
        page.get_by_text("Hide the diagnosis", exact=True).first.click()


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
