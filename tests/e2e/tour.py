"""The tour of screenshots: each page, empty and full, light and dark, on three screens. `make screenshots` runs it.

It makes its own workspaces: an empty one, one with the generated set and a demo run, and one with the real HAM10000
where `../shared/data` is. `--only` limits it to some of them. The pictures lie in tests/e2e/screenshots/tour,
beside them a table of each view's words and heights.
"""

import argparse
import csv
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from pipeline.data.embedded import ensure_generated
from pipeline.files.workspace import Workspace
from pipeline.jobs.job_worker import work
from pipeline.jobs.launch import request_stop, start_run
from pipeline.runs.plan import create, plan_config
from pipeline.runs.run_dir import RunDir
from tests.conftest import SHARED_DATA
from tests.e2e.conftest import SCREENSHOTS, chromium
from tests.e2e.furnish import furnish
from tests.e2e.page_size import PageSize, page_size
from tests.e2e.serving import RunningApp, serve
from tests.e2e.steps import watch
from tests.e2e.stock import stock_real
from tests.e2e.views import View, empty_views, full_views, furnished_views

# the first two show what is above the fold as well: the height is the screen's
SCREENS = {"1440": (1440, 900), "1366": (1366, 768), "390": (390, 844)}
KINDS = ("empty", "generated", "live", "ham10000")
_TALLEST = 8000  # pixels
_SECONDS_TO_LEARN = 600


def photograph(page: Page, folder: Path, name: str) -> list[PageSize]:
    """The view on each screen: as it opens, and in its full length where that is more; its size on each."""
    sizes = []
    page.mouse.move(0, 0)  # no tooltip of what was clicked last
    for screen, (width, height) in SCREENS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(400)  # charts follow a new width after a pause of their own
        page.screenshot(path=folder / f"{name}-{screen}.png")
        sizes.append(page_size(page))
        if (whole := sizes[-1].height) > height:
            page.set_viewport_size({"width": width, "height": min(whole + 60, _TALLEST)})
            page.wait_for_timeout(400)
            page.screenshot(path=folder / f"{name}-{screen}-whole.png")
    return sizes


def tour(browser: Browser, app: RunningApp, views: list[View], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "sizes.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["view", *(f"{field}-{screen}" for screen in SCREENS for field in PageSize._fields)])
        _tour(browser, app, views, folder, table)


def _tour(browser: Browser, app: RunningApp, views: list[View], folder: Path, table) -> None:
    for theme in ("light", "dark"):
        context = browser.new_context(color_scheme=theme)
        page = context.new_page()
        watch(page)
        for view in views:
            page.set_viewport_size({"width": 1440, "height": 900})
            sizes = photograph(view.show(page, app.url), folder, f"{view.name}-{theme}")
            if theme == "light":
                table.writerow([view.name, *(number for size in sizes for number in size)])
            print(f"{folder.name}: {view.name}, {theme}", flush=True)
        context.close()


def demo_run(workspace: Workspace) -> None:
    """The generated set with a finished demo run, and a shorter one to compare it with."""
    dataset = ensure_generated(workspace)
    for settings in (["epochs=1,2"], []):
        run = create(workspace, plan_config(workspace, dataset.name, "demo", settings))
        status = work(run, workspace)
        assert status.state == "done", status.error


def run_at_work(workspace: Workspace) -> RunDir:
    """A run in a process of its own that has some epochs behind it and many before it."""
    run = start_run(workspace, plan_config(workspace, "generated", "demo", ["epochs=1,30"]))
    deadline = time.monotonic() + _SECONDS_TO_LEARN
    while sum(event["kind"] == "epoch" for event in run.events()) < 4:
        assert time.monotonic() < deadline, run.status()
        time.sleep(1)
    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND",
                        help=f"some of {', '.join(KINDS)}")
    kinds = parser.parse_args().only
    out = SCREENSHOTS / "tour"
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        place = Path(temporary)
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        if "empty" in kinds:
            with serve(place / "empty", place / "empty.log") as app:
                tour(browser, app, empty_views(), out / "empty")
        if {"generated", "live"} & set(kinds):
            workspace = Workspace(place / "generated").create()
            demo_run(workspace)
            with serve(workspace.home, place / "generated.log") as app:
                if "generated" in kinds:
                    furnish(workspace, "generated")
                    views = full_views(workspace, "generated") + furnished_views(workspace, "generated")
                    tour(browser, app, views, out / "generated")
                if "live" in kinds:
                    run = run_at_work(workspace)
                    tour(browser, app, [View("train-live", f"train?run={run.name}")], out / "live")
                    request_stop(run)
        if "ham10000" in kinds and SHARED_DATA.is_dir():
            stock_real(place / "real", SHARED_DATA)
            workspace = Workspace(place / "real")
            furnish(workspace, "ham10000")
            with serve(place / "real", place / "real.log") as app:
                views = full_views(workspace, "ham10000") + furnished_views(workspace, "ham10000")
                tour(browser, app, views, out / "ham10000")
        browser.close()
    print(f"The pictures are in {out}.")


if __name__ == "__main__":
    main()
