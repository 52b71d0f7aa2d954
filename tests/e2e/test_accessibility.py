"""axe-core finds nothing serious on any page, empty or full, light or dark, that is not Streamlit's own.

Nothing is switched off: every rule runs on the whole page, and each finding that is let pass stands in NOT_OURS.
"""

import re
from typing import NamedTuple

import pytest
from playwright.sync_api import Page

from tests.e2e.axe import BLOCKING, Finding, scan
from tests.e2e.serving import RunningApp
from tests.e2e.steps import put_into
from tests.e2e.views import View, empty_views, full_views

pytestmark = pytest.mark.browser


class NotOurs(NamedTuple):
    """A finding inside one of Streamlit's widgets: axe's rule, what its HTML looks like, why it is not ours, and what
    axe's words have to say.
    """

    rule: str
    html: str
    why: str
    words: str = ""


NOT_OURS = (
    NotOurs(
        "color-contrast", r"^<p>-?[\d.]+( %|°|×)</p>$",
        "The number above a slider's knob: Streamlit writes it, in 14 px, in the primary colour, and fills buttons "
        "under white text with the same. No colour has 4.5:1 against white and against a dark page that is not "
        "black; the dark theme's has 4.5:1 against white and 4:1 here.",
    ),
    NotOurs(
        "color-contrast", r"^<p>[^<]+</p>$",
        "The label of a widget that is switched off, in Streamlit's grey for that: WCAG 1.4.3 leaves inactive controls "
        "out, but nothing tells axe that the label belongs to one.", "foreground color: (#9fa3a6|#676c71)",
    ),
)


def _ours(finding: Finding) -> bool:
    return not any(
        known.rule == finding.rule and re.search(known.html, finding.html) and re.search(known.words, finding.words)
        for known in NOT_OURS
    )


def scan_all(page: Page, views: list[View], server: str) -> None:
    """Scans each view in the light and, as it stands there, in the dark."""
    serious, themes = [], ("light", "dark")
    for view in views:
        view.show(page, server)
        for theme in themes:
            put_into(page, theme)
            serious += [f"{view.name}, {theme}: {finding.rule} ({finding.impact}) {finding.html}\n  {finding.words}"
                        for finding in scan(page) if finding.impact in BLOCKING and _ours(finding)]
        themes = themes[::-1]
    assert not serious, "\n".join(serious)


def test_empty_pages(empty_app: RunningApp, visitor) -> None:
    scan_all(visitor(empty_app.url, color_scheme="light"), empty_views(), empty_app.url)


def test_full_pages(generated_app: RunningApp, visitor) -> None:
    page = visitor(generated_app.url, color_scheme="light")
    scan_all(page, full_views(generated_app.workspace, "tiny"), generated_app.url)
