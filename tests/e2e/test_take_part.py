"""Phones in a class and a visitor at a stand: one screen, targets for a thumb, zoom, and the way back to the seat."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from pipeline.classroom.room import Room
from tests.class_rooms import class_of
from tests.drawn_lesson import drawn_lesson
from tests.e2e.axe import BLOCKING, scan
from tests.e2e.serving import RunningApp
from tests.e2e.steps import press, rerun, settled
from tests.e2e.test_phone_menu import PHONE

pytestmark = pytest.mark.browser
SMALL_PHONE = PHONE | {"viewport": {"width": 360, "height": 740}}
_TARGETS = """() => {
  const card = [...document.querySelectorAll("*")].map((one) => one.shadowRoot?.querySelector(".card")).find(Boolean)
  const box = (one) => [one.textContent, ...["left", "top", "right", "bottom"].map(
    (side) => one.getBoundingClientRect()[side])]
  return [...card.querySelectorAll("label, button, .view")].map(box)
}"""
_SIDEWAYS = "document.querySelector('[data-testid=stMain]').scrollWidth > window.innerWidth"


def _on_one_screen(page: Page) -> None:
    """Picture, answers, sureness and the lock are all on the screen, and a thumb can hit each of them."""
    width, height = page.viewport_size["width"], page.viewport_size["height"]
    targets = page.evaluate(_TARGETS)
    assert len(targets) >= 8
    for words, left, top, right, bottom in targets:
        assert left >= 0 and top >= 0 and right <= width and bottom <= height, (words, top, bottom)
        assert right - left >= 44 and bottom - top >= 44, (words, right - left, bottom - top)
    assert not page.evaluate(_SIDEWAYS)


def _scale(page: Page) -> float:
    return float(re.search(r"scale\((.+?)\)", page.locator(".view img").get_attribute("style"))[1])


def _choice(page: Page, words: str) -> Locator:
    return page.get_by_role("radio", name=re.compile(f"^{re.escape(words)}"))


def _lock(page: Page, answer: str, sure: str, lock: str) -> None:
    _choice(page, answer).tap()
    _choice(page, sure).tap()
    with rerun(page):
        page.get_by_role("button", name=lock).tap()


def _joined(visitor, app: RunningApp, room: Room, enter: str, phone: dict) -> Page:
    page = visitor(f"{app.url}/take-part?room={room.code}", **phone)
    press(page, enter)
    expect(page).to_have_url(re.compile("seat="))
    return page


def test_a_phone_goes_through_a_class(running_app: RunningApp, visitor, tmp_path) -> None:
    lesson = drawn_lesson(running_app.workspace, tmp_path)
    room = class_of(running_app.workspace, lesson, arm="model-after", language="de")
    page = _joined(visitor, running_app, room, "Teilnehmen", PHONE)
    expect(page.get_by_text("Sie sind dabei")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "de"
    room.open(0)
    expect(page.get_by_text("Was sehen Sie?")).to_be_visible()  # by itself
    _on_one_screen(page)
    _choice(page, "Dermatofibrom").tap()
    page.wait_for_timeout(4500)  # two looks at the class
    expect(_choice(page, "Dermatofibrom")).to_be_checked()
    page.locator(".view img").dblclick()
    assert _scale(page) == 2.5
    page.get_by_role("button", name="Ganzes Bild").tap()
    assert _scale(page) == 1
    page.reload()
    settled(page)
    _lock(page, "Dermatofibrom", "geraten", "Antwort festlegen")
    expect(page.get_by_text("Beibehalten oder ändern?")).to_be_visible()
    _on_one_screen(page)
    _lock(page, "Vaskuläre Läsion oder Einblutung", "sicher", "Antwort festlegen")
    expect(page.get_by_text("Festgelegt: Dermatofibrom, geraten")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Festgelegt: Dermatofibrom, geraten")).to_be_visible()
    room.reveal()
    expect(page.get_by_text("Gezeichnet als:")).to_be_visible()
    room.end()
    expect(page.get_by_role("heading", name=re.compile("^Ihre Antworten, "))).to_be_visible()
    assert not page.evaluate(_SIDEWAYS)
    seats, damaged = room.seats()
    assert not damaged and [[given.answer for given in seat.answers().values()] for seat in seats] == [["df", "vasc"]]


def test_a_small_phone_has_it_on_one_screen_too(running_app: RunningApp, visitor, tmp_path) -> None:
    lesson = drawn_lesson(running_app.workspace, tmp_path)
    room = class_of(running_app.workspace, lesson, "self-paced", "model-first")
    page = _joined(visitor, running_app, room, "Take part", SMALL_PHONE)
    _on_one_screen(page)
    _lock(page, "Melanoma", "fairly sure", "Lock the answer")
    press(page, "Next picture")
    expect(page.get_by_role("heading", name=re.compile("^2 of 8"))).to_be_visible()
    assert [finding for finding in scan(page) if finding.impact in BLOCKING] == []


def test_a_stands_visitor_plays_and_the_screen_starts_over(empty_app: RunningApp, visitor) -> None:
    page = visitor(f"{empty_app.url}/take-part?kiosk=1", viewport={"width": 1366, "height": 768})
    page.clock.install()
    page.reload()
    settled(page)
    assert all(link.get_attribute("href").startswith("#") for link in page.get_by_role("link").all())
    press(page, "Start")
    for place in range(1, 5):
        expect(page.get_by_role("heading", name=f"{place} of 4")).to_be_visible()
        with rerun(page):
            _choice(page, "Benign").click()
        press(page, re.compile("Next picture|To the end"))
    expect(page.get_by_role("heading", name=re.compile(r"^You \d, the network \d$"))).to_be_visible()
    expect(page.get_by_text("4 chosen pictures say nothing about either.")).to_be_visible()
    page.clock.fast_forward(55_000)
    page.wait_for_timeout(500)
    expect(page.get_by_role("heading", name="What do you see?")).to_be_hidden()
    page.clock.fast_forward(6_000)
    expect(page.get_by_role("heading", name="What do you see?")).to_be_visible()
