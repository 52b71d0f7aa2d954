"""The menu on a phone: it closes after a tap, so that the page that was asked for is seen."""

import pytest
from playwright.sync_api import expect

from tests.e2e.serving import RunningApp
from tests.e2e.steps import rerun

pytestmark = pytest.mark.browser
# Streamlit closes the menu for what says that it is a phone, not for a narrow window
PHONE = {
    "viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True,
    "user_agent": "Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Mobile Safari/537.36",
}


def test_the_menu_closes_after_a_tap(empty_app: RunningApp, visitor) -> None:
    page = visitor(empty_app.url, **PHONE)
    page.get_by_test_id("stExpandSidebarButton").click()
    entry = page.get_by_role("link", name="Judge", exact=True)
    expect(entry).to_be_in_viewport()
    with rerun(page):
        entry.click()
    expect(page.get_by_role("heading", name="Judge")).to_be_visible()
    expect(entry).not_to_be_in_viewport()
    expect(page.get_by_test_id("stExpandSidebarButton")).to_be_visible()
