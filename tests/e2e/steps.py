"""What a person does on a page, by the names that the page shows."""

import contextlib
import re
import time
from collections.abc import Callable, Iterator

from playwright.sync_api import Locator, Page, WebSocket, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pipeline.classes import label

A_PAIR = re.compile(r" called .*: [\d,]+ (of|image)")  # a button of the most confused pairs
_AT_REST = """
  document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
  && !document.querySelector('[data-stale=true], [data-testid=stSkeleton]')
"""
_TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_THEME = "theme => getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme === theme"
_SECONDS = 30
_ends: dict[Page, int] = {}


def watch(page: Page) -> None:
    """Counts how often the page's script comes to its end, as the server says it; call it before the first address."""

    def count_end(frame: bytes | str) -> None:
        message = ForwardMsg.FromString(frame) if isinstance(frame, bytes) else ForwardMsg()
        if message.WhichOneof("type") == "script_finished":
            _ends[page] += message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def opened(socket: WebSocket) -> None:
        socket.on("framereceived", count_end)

    def begin(_: Page) -> None:
        _ends[page] = 0

    begin(page)
    page.on("domcontentloaded", begin)  # once a document, before it talks to the server
    page.on("websocket", opened)


def _wait(page: Page, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not reached():
        assert time.monotonic() < deadline, f"the script of {page.url} did not come to its end"
        page.wait_for_timeout(10)  # the counting happens in here
    page.evaluate(_TWO_FRAMES)  # what the last message brought is drawn
    page.wait_for_function(_AT_REST)


def settled(page: Page) -> None:
    """Waits until a page that was just opened has come to its end and is drawn."""
    _wait(page, lambda: _ends[page] > 0)
    expect(page.locator("[data-testid=stMainBlockContainer] h1").first).to_be_visible()


def open_address(page: Page, address: str) -> None:
    """Opens an address as if it had been typed, and waits until the page is drawn."""
    page.goto(address)
    settled(page)


def put_into(page: Page, theme: str) -> None:
    """Turns the page, as it stands, "light" or "dark", as a visitor's system does."""
    page.emulate_media(color_scheme=theme)
    page.wait_for_function(_THEME, arg=theme)
    page.evaluate(_TWO_FRAMES)
    page.wait_for_function(_AT_REST)


@contextlib.contextmanager
def rerun(page: Page) -> Iterator[None]:
    """Waits for the end of the script run that the steps in the block cause."""
    before = _ends[page]
    yield
    _wait(page, lambda: _ends[page] > before)


def choose(page: Page, box: str, option: str | re.Pattern) -> None:
    """Chooses an option of the select box named `box`; one that is chosen already causes no run."""
    page.get_by_role("combobox", name=re.compile(re.escape(box))).first.click()
    wanted = page.get_by_role("option", name=option, exact=isinstance(option, str)).first
    with contextlib.nullcontext() if wanted.get_attribute("aria-selected") == "true" else rerun(page):
        wanted.click()


def press(page: Page, name: str | re.Pattern) -> None:
    """Clicks the button of that name and waits for what it causes."""
    with rerun(page):
        page.get_by_role("button", name=name).first.click()


def unfold(page: Page, name: str) -> None:
    """Opens what is folded and waits until it lies still: a list that opens on something that moves closes again."""
    page.get_by_text(name, exact=True).click()
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => null)))")


def open_tab(page: Page, name: str) -> None:
    """Opens a tab of a page; the browser has them all, so nothing is run."""
    tab = page.get_by_role("tab", name=name)
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")


def of_reference(code: str) -> re.Pattern:
    """What a page says of an image's reference diagnosis, or of what a drawing was drawn as."""
    return re.compile(rf"(Reference diagnosis|Drawn as): {re.escape(label(code))}")


def open_pair(page: Page) -> None:
    """Filters the wall of errors by the pair that is confused most often."""
    page.get_by_text("Most confused pairs").click()
    press(page, A_PAIR)


def cards(page: Page) -> Locator:
    """The links of the cards on a wall of lesions, each with the id of its image."""
    return page.get_by_role("link", name=re.compile("^Open [A-Z]+_"))


def ids_on_the_wall(page: Page) -> list[str]:
    """The images that this page of a wall shows, one a lesion."""
    return [name.split()[1] for name in cards(page).all_inner_texts()]


def follow(page: Page, name: str) -> None:
    """Opens another page by its name in the menu of a wide screen."""
    entry = page.get_by_role("menuitem", name=name, exact=True)
    for section in page.get_by_test_id("stTopNavSection").all():
        section.click()
        if entry.count():
            break
        section.click()  # closes it again
    with rerun(page):
        entry.click()


def cell_of_matrix(page: Page, place: int) -> Locator:
    """The place-th cell of the confusion matrix, row by row."""
    matrix = page.locator(".js-plotly-plot").first
    matrix.scroll_into_view_if_needed()
    return matrix.locator(".scatterlayer path.point").nth(place)


def click_mark(page: Page, at: Locator) -> None:
    """A click on the middle of something that Plotly drew: its overlay takes the clicks, not the mark."""
    expect(at).to_be_attached()
    box = at.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
