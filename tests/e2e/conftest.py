"""Running apps with workspaces of their own, one browser, and pages of it that are open on them.

A second `sync_playwright()` cannot run beside this one: a test that needs another visitor asks `browser` for one.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.conftest import SHARED_DATA
from tests.e2e.serving import RunningApp, serve
from tests.e2e.steps import open_address, watch
from tests.e2e.stock import stock_generated, stock_real

SCREENSHOTS = Path(__file__).parent / "screenshots"
LECTURER = {"width": 1366, "height": 768}
_TIMEOUT_MS = 30_000
expect.set_options(timeout=_TIMEOUT_MS)  # Playwright's own 5 s are less than a page takes beside a training
_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Leaves a note of a failure for the fixtures' ends."""
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


def chromium() -> str | None:
    """The browser that `make test` names, else one that is on the path."""
    named = os.environ.get("CHROMIUM")
    found = (shutil.which(name) for name in (named, "chromium", "chromium-browser", "google-chrome") if name)
    return next(filter(None, found), None)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all browser tests."""
    executable = chromium()
    if executable is None:
        pytest.skip("no Chromium here; `make test` installs it, or name one in the variable CHROMIUM")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield opened
        opened.close()


@pytest.fixture
def running_app(tmp_path) -> Iterator[RunningApp]:
    """An app on an empty workspace of this test's own."""
    with serve(tmp_path / "home", tmp_path / "app.log") as app:
        yield app


@pytest.fixture(scope="package")
def empty_app(tmp_path_factory) -> Iterator[RunningApp]:
    """An app on an empty workspace that no test changes."""
    folder = tmp_path_factory.mktemp("empty")
    with serve(folder / "home", folder / "app.log") as app:
        yield app


@pytest.fixture(scope="package")
def generated_app(tmp_path_factory, trained) -> Iterator[RunningApp]:
    """An app on the generated data set "tiny" and two finished runs; a test leaves the workspace as it found it."""
    folder = tmp_path_factory.mktemp("generated")
    stock_generated(folder / "home", trained[0])
    with serve(folder / "home", folder / "app.log") as app:
        yield app


@pytest.fixture(scope="package")
def real_app(tmp_path_factory, real_data) -> Iterator[RunningApp]:
    """The same on the real HAM10000, where it is."""
    folder = tmp_path_factory.mktemp("real")
    stock_real(folder / "home", real_data)
    with serve(folder / "home", folder / "app.log") as app:
        yield app


_SECOND = pytest.mark.slow if SHARED_DATA.is_dir() else ()


@pytest.fixture(params=[pytest.param("generated_app", marks=_SECOND, id="generated"),
                        pytest.param("real_app", id="ham10000")])
def stocked_app(request) -> RunningApp:
    """Either of the two, for the journeys that both allow: the real images where they are, else the generated ones."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def visitor(browser, request) -> Iterator[Callable[..., Page]]:
    """Gives a page of a new visitor (a browser context of its own, nothing remembered) on `url`.

    Arguments go to `Browser.new_context`. What each page of a failed test showed last is kept as a picture.
    """
    contexts: list[BrowserContext] = []
    with ExitStack() as closing:

        def open_page(url: str, **options) -> Page:
            context = browser.new_context(**{"viewport": LECTURER, **options})
            closing.callback(context.close)
            contexts.append(context)
            context.set_default_timeout(_TIMEOUT_MS)
            page = context.new_page()
            watch(page)
            open_address(page, url)
            return page

        yield open_page
        if not request.node.stash.get(_FAILED, False):
            return
        SCREENSHOTS.mkdir(exist_ok=True)
        for number, page in enumerate(page for context in contexts for page in context.pages):
            page.screenshot(path=SCREENSHOTS / f"{request.node.name}-end-{number}.png", full_page=True)


@pytest.fixture
def page(running_app, visitor) -> Page:
    """A lecturer's screen (1366×768) open on the first page of `running_app`."""
    return visitor(running_app.url)
