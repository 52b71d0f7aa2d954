"""A class of three phones before its educator's projector: one loses its network, one is late, the server starts anew;
and a class that raises its hands.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from pipeline.classroom.answers import answers
from pipeline.classroom.lesson_files import save_lesson
from pipeline.classroom.room import find_room
from pipeline.files.workspace import Workspace
from tests.e2e.serving import RunningApp, free_port, serve
from tests.e2e.steps import press, settled
from tests.e2e.test_phone_menu import PHONE
from tests.pictured_lesson import pictured_lesson

pytestmark = pytest.mark.browser
PROJECTOR = {"viewport": {"width": 1920, "height": 1080}}


class Network:
    """Between a phone and the server; while it is `cut`, nothing gets through and no connection is made."""

    def __init__(self, page: Page) -> None:
        self.cut = False
        self._open: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("_stcore/stream"), self._joined)

    def _joined(self, browser: WebSocketRoute) -> None:
        if self.cut:
            browser.close()
            return
        self._open.append(browser)
        browser.connect_to_server()

    def fails(self) -> None:
        self.cut = True
        while self._open:
            self._open.pop().close()


def _joined(visitor: Callable[..., Page], url: str, code: str) -> Page:
    page = visitor(f"{url}/take-part?room={code}", **PHONE)
    press(page, "Take part")
    expect(page.get_by_text("You are in.")).to_be_visible()
    return page


def _locks(page: Page, answer: str, picture: int) -> None:
    """The phone shows the picture by itself; an answer is locked, and kept once the model's is there."""
    _taps(page, answer, picture)
    _keeps(page, answer)


def _taps(page: Page, answer: str, picture: int) -> None:
    expect(page.get_by_role("heading", name=re.compile(f"^{picture} of 3"))).to_be_visible()
    for words in (answer, "fairly sure"):
        page.get_by_role("radio", name=re.compile(f"^{words}")).tap()
    page.get_by_role("button", name="Lock the answer").tap()


def _keeps(page: Page, answer: str) -> None:
    expect(page.get_by_text("Keep or change?")).to_be_visible()
    expect(page.get_by_text("The model: Melanocytic nevus")).to_be_visible()
    page.get_by_role("button", name="Lock the answer").tap()
    expect(page.get_by_text(f"Locked: {answer}, fairly sure")).to_have_count(2)


def _code(projector: Page) -> str:
    expect(projector).to_have_url(re.compile("room=[A-Z]{4}"))
    return re.search("room=([A-Z]{4})", projector.url)[1]


def _lesson(home: Path, folder: Path) -> str:
    workspace = Workspace(home).create()
    return save_lesson(workspace, pictured_lesson(workspace, folder, 3)).id


def test_a_class_of_three_phones(visitor, tmp_path) -> None:
    home, port = tmp_path / "home", free_port()
    lesson = _lesson(home, tmp_path)
    with serve(home, tmp_path / "first.log", port=port) as app:
        projector = visitor(f"{app.url}/teach?lesson={lesson}&lang=en", **PROJECTOR)
        projector.get_by_role("radiogroup", name="Non-commercial teaching?").get_by_text("Yes").click()
        press(projector, "Open the class")
        code = _code(projector)
        expect(projector.get_by_role("img", name=re.compile("^QR code of the address"))).to_be_visible()
        first = _joined(visitor, app.url, code)
        second = visitor(app.url, **PHONE)
        network = Network(second)
        second.goto(f"{app.url}/take-part?room={code}")
        settled(second)
        press(second, "Take part")
        expect(second.get_by_text("You are in.")).to_be_visible()
        expect(projector.get_by_text("2 joined")).to_be_visible()

        press(projector, "First picture")
        expect(second.get_by_role("heading", name=re.compile("^1 of 3"))).to_be_visible()
        network.fails()
        _taps(second, "Melanocytic nevus", 1)
        _locks(first, "Melanoma", 1)
        expect(projector.get_by_text("1 of 2 answered")).to_be_visible()
        network.cut = False  # the phone comes back to its seat by itself, and what was tapped meanwhile is not lost
        _keeps(second, "Melanocytic nevus")
        expect(projector.get_by_text("2 of 2 answered")).to_be_visible()
        press(projector, "Close now")
        late = visitor(f"{app.url}/take-part?room={code}", **PHONE)
        press(late, "Take part")
        expect(late.get_by_text("counts as not seen")).to_be_visible()
        press(projector, "Tell the reference diagnosis")
        expect(first.get_by_text("Reference diagnosis:")).to_be_visible()
    with serve(home, tmp_path / "second.log", port=port) as app:
        _after_a_restart(app, projector, [first, second, late])
    table = answers(find_room(Workspace(home), code))
    assert table["missing"].value_counts().to_dict() == {"": 14, "not answered": 2, "not seen": 2}
    assert table[table["missing"] == ""]["answer"].value_counts().to_dict() == {"mel": 12, "nv": 2}


def _after_a_restart(app: RunningApp, projector: Page, phones: list[Page]) -> None:
    """Who was in the class is in it still; its educator goes on, and prints what came of it."""
    press(projector, "Next picture")
    for phone in phones:
        _locks(phone, "Melanoma", 2)
    expect(projector.get_by_text("3 of 3 answered")).to_be_visible()
    projector.keyboard.press("PageDown")  # a presenter's key: it closes the picture
    press(projector, "Tell the reference diagnosis")
    press(projector, "Next picture")
    for phone in phones[:2]:
        _locks(phone, "Melanoma", 3)
    press(projector, "Close now")
    expect(phones[2].get_by_text("Too late")).to_be_visible()
    projector.get_by_text("End", exact=True).click()
    press(projector, "End this class")
    expect(projector.get_by_role("heading", name=re.compile("has ended$"))).to_be_visible()
    expect(projector.get_by_text("3 seats").first).to_be_visible()
    for phone in phones:
        expect(phone.get_by_role("heading", name=re.compile("^Your answers, "))).to_be_visible()
    for words in ("PDF", "CSV"):
        expect(projector.get_by_role("button", name=re.compile(words)).first).to_be_visible()
    with projector.expect_download() as download:
        projector.get_by_role("button", name=re.compile("PDF")).first.click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")


def test_a_class_that_raises_its_hands(visitor, tmp_path) -> None:
    home = tmp_path / "home"
    lesson = _lesson(home, tmp_path)
    with serve(home, tmp_path / "app.log") as app:
        projector = visitor(f"{app.url}/teach?lesson={lesson}&lang=en", **PROJECTOR)
        projector.get_by_text(re.compile("show of hands", re.IGNORECASE)).first.click()
        projector.get_by_role("radiogroup", name="Non-commercial teaching?").get_by_text("Yes").click()
        press(projector, "Open the class")
        code = _code(projector)
        press(projector, "First picture")
        projector.get_by_role("spinbutton", name="Melanoma").first.fill("5")
        projector.get_by_role("spinbutton", name="Melanocytic nevus").first.fill("3")
        press(projector, "Keep the count")
        press(projector, "Close now")
        press(projector, "Tell the reference diagnosis")
        expect(projector.get_by_text("Reference diagnosis:")).to_be_visible()
        counts = [event.counts for event in find_room(Workspace(home), code).events() if event.do == "tally"]
        assert counts[-1]["mel"] == 5 and counts[-1]["nv"] == 3
