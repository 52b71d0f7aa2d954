"""The accessibility scan: axe-core, from npm, run inside the page that the browser shows."""

from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page

_SCRIPT = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
BLOCKING = ("serious", "critical")


class Finding(NamedTuple):
    """One element that breaks one rule: axe's rule id and impact, a CSS selector, its HTML, and what axe says."""

    rule: str
    impact: str
    selector: str
    html: str
    words: str


def scan(page: Page) -> list[Finding]:
    """All findings on what the page shows now, of every rule that axe runs by itself."""
    if not _SCRIPT.exists():
        pytest.skip("axe-core is not installed: npm's registry could not be reached (npm ci --prefix tests/e2e)")
    if page.evaluate("typeof window.axe") == "undefined":
        page.evaluate(_SCRIPT.read_text(encoding="utf-8"))
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        Finding(violation["id"], violation["impact"], " ".join(map(str, node["target"])), node["html"],
                node["failureSummary"])
        for violation in result["violations"] for node in violation["nodes"]
    ]
