"""Opening the app's pages in Streamlit's AppTest, and reading what they say."""

from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from app import access
from app.old_addresses import MOVED

OPERATOR = {"Host": "127.0.0.1:8501"}
VISITOR = OPERATOR | {"X-Forwarded-For": "192.0.2.7"}
access.request_headers = lambda: OPERATOR  # AppTest has no browser: unless a test says otherwise, its pages are opened
# by the person who runs the server

INSTALLED = manifest_scanner.scan_component_manifests()
manifest_scanner.scan_component_manifests = lambda: INSTALLED  # AppTest searches all packages again for each: 0.15 s

PROJECT = Path(__file__).resolve().parents[1]


@cache
def _menu() -> dict:
    """The app's pages as AppTest knows them after a first run: with them a page opens without Home before it."""
    return AppTest.from_file(str(PROJECT / "app" / "main.py"), default_timeout=30).run()._registered_pages


def place_of(page: str) -> tuple[str, dict[str, str]]:
    """The file of a page, by its name or that which it had in an earlier version, and what its address must say."""
    address = {"rates": "learning-rate"}.get(page, page).replace("_", "-")
    if address not in MOVED:
        return f"views/{page}_page.py", {}
    moved = MOVED[address]
    return f"views/{moved.page}_page.py", dict(parse_qsl(moved.query))


def _unsaid(page: str) -> dict[str, str]:
    """What the address of a page of an earlier version asks for where it does not say otherwise."""
    return dict(parse_qsl(MOVED[page].unsaid)) if page in MOVED else {}


def open_page(page: str, /, **parameters: str) -> AppTest:
    """The page as its address with these parameters opens it."""
    at = AppTest.from_file(str(PROJECT / "app" / "main.py"), default_timeout=30)
    at._registered_pages = _menu()
    file, more = place_of(page)
    for parameter, value in {**_unsaid(page), **parameters, **more}.items():
        at.query_params[parameter] = value
    at.switch_page(file).run()
    assert not at.exception
    return at


def words(at: AppTest) -> str:
    """Everything that the page says."""
    kinds = (at.title, at.subheader, at.markdown, at.caption, at.info, at.warning, at.error, at.success, at.code)
    return " ".join(str(element.value) for kind in kinds for element in kind)


def cards(at: AppTest) -> list[str]:
    """The ids of the images on the wall, in their order."""
    return [box.label.removeprefix("Select ") for box in at.checkbox if box.label.startswith("Select IMG")]


def button(at: AppTest, start: str):
    return next(b for b in at.button if b.label.startswith(start))
