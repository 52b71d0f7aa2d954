"""A run watched in the browser: pictures of a batch, and held-out lesions whose answers change with an epoch."""

import re
import shutil
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from pipeline.jobs.launch import request_stop, start_run
from pipeline.runs.plan import plan_config
from pipeline.runs.run_dir import list_runs
from pipeline.runs.watched import watched
from tests.e2e.serving import RunningApp, serve
from tests.e2e.steps import press, settled

pytestmark = pytest.mark.browser
TRAINING_MS = 240_000
LESION = re.compile(r"^Drawing \d: ")


@pytest.fixture
def lab(tmp_path, trained) -> Iterator[RunningApp]:
    """An app on the data set "tiny" and one finished run."""
    shutil.copytree(trained[0].home, tmp_path / "home")
    with serve(tmp_path / "home", tmp_path / "app.log") as app:
        yield app


def answers(page: Page) -> list[str]:
    """What stands below the held-out lesions."""
    return page.locator("figure", has=page.get_by_alt_text(LESION)).locator(".words").all_inner_texts()


def until_they_change(page: Page, before: list[str]) -> None:
    deadline = time.monotonic() + TRAINING_MS / 1000
    while answers(page) == before:
        assert time.monotonic() < deadline, f"the answers stay: {before}"
        page.wait_for_timeout(200)


def test_a_run_shows_what_it_gets_and_how_its_answers_change(lab: RunningApp, visitor) -> None:
    page = visitor(lab.url)
    run = start_run(lab.workspace, plan_config(lab.workspace, "tiny", "demo",
                                               ["size=48x32", "batch_size=8", "epochs=0,40"]))
    page.goto(f"{lab.url}/train?run={run.name}")
    settled(page)
    lesions, batch = page.get_by_alt_text(LESION), page.get_by_alt_text(re.compile(r"^Training image \d: "))
    expect(lesions).to_have_count(6, timeout=TRAINING_MS)
    expect(batch).to_have_count(8, timeout=TRAINING_MS)
    first = batch.first.get_attribute("src")
    expect(batch.first).not_to_have_attribute("src", first, timeout=TRAINING_MS)  # the next batch

    expect(page.get_by_text(re.compile("(right|wrong): ")).first).to_be_visible(timeout=TRAINING_MS)
    until_they_change(page, answers(page))
    page.get_by_role("button", name="Stop this run").click()
    expect(page.get_by_role("heading", name=f"{run.name}: stopped")).to_be_visible(timeout=TRAINING_MS)
    expect(batch).to_have_count(0)
    expect(lesions).to_have_count(6)  # how its answers came to be stays

    epochs = len(watched(run.events()).answers)
    assert epochs >= 2
    slider = page.get_by_role("slider", name="Answers after epoch")
    expect(slider).to_have_value(str(epochs))
    last = answers(page)
    slider.press("ArrowLeft")
    expect(slider).to_have_value(str(epochs - 1))
    expect(page.get_by_text(f"after epoch {epochs - 1},")).to_be_visible()
    until_they_change(page, last)


def test_a_button_says_whether_a_training_starts_or_waits(lab: RunningApp, visitor) -> None:
    page = visitor(f"{lab.url}/train")
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    run = start_run(lab.workspace, plan_config(lab.workspace, "tiny", "demo", ["epochs=0,200"]))
    page.reload()
    settled(page)
    press(page, "Queue this training")
    expect(page.get_by_role("button", name="Take it out of the queue")).to_be_visible()
    press(page, "Take it out of the queue")
    page.goto(f"{lab.url}/train?run={run.name}")
    settled(page)
    page.get_by_role("button", name="Stop this run").click()
    expect(page.get_by_role("button", name="Start training")).to_be_visible(timeout=TRAINING_MS)


class HeldNetwork:
    """Between a browser and the server: what the server says waits while `held` is true."""

    def __init__(self, page: Page) -> None:
        self.held, self._waiting = False, []
        page.route_web_socket(re.compile("_stcore/stream"), self._joined)

    def _joined(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            self._waiting.append(message)
            if not self.held:
                self._let_go(browser)

        browser.on_message(server.send)
        server.on_message(pass_on)
        self.let_go = lambda: self._let_go(browser)

    def _let_go(self, browser: WebSocketRoute) -> None:
        self.held = False
        while self._waiting:
            browser.send(self._waiting.pop(0))


def test_a_refresh_that_crosses_a_press_does_not_take_the_visitor_back(lab: RunningApp, visitor) -> None:
    page = visitor(lab.url)
    network = HeldNetwork(page)
    first = start_run(lab.workspace, plan_config(lab.workspace, "tiny", "demo", ["epochs=0,200"]))
    page.goto(f"{lab.url}/train?run={first.name}")
    settled(page)
    expect(page.get_by_role("button", name="Stop this run")).to_be_visible(timeout=TRAINING_MS)
    before = {run.name for run in list_runs(lab.workspace)}
    network.held = True  # the browser goes on asking, with the address that it knows
    page.get_by_role("button", name="Queue this training").click()
    deadline = time.monotonic() + TRAINING_MS / 1000
    while not (new := [run for run in list_runs(lab.workspace) if run.name not in before]):
        assert time.monotonic() < deadline, "no run was queued"
        page.wait_for_timeout(100)
    page.wait_for_timeout(3_000)
    request_stop(first)  # a state that the page shows changes meanwhile
    while first.status().state != "cancelled" or new[0].status().state == "queued":
        assert time.monotonic() < deadline, "the queued run did not begin"
        page.wait_for_timeout(100)
    page.wait_for_timeout(3_000)
    network.let_go()
    expect(page.get_by_role("heading", name=new[0].name)).to_be_visible(timeout=TRAINING_MS)
    expect(page).to_have_url(re.compile(rf"run={new[0].name}\b"))
    request_stop(new[0])
