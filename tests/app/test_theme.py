"""The theme's contrasts, as far as the theme decides them: text on its page, and white on the primary colour."""

import tomllib

import pytest

from app.palette import contrast
from tests.app_pages import PROJECT

THEME = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_and_links_are_readable(name):
    theme = THEME[name]
    for background in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(theme["textColor"], theme[background]) >= 4.5
        assert contrast(theme["linkColor"], theme[background]) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
def test_a_primary_button_is_readable_and_stands_out(name):
    theme = THEME[name]
    assert contrast("#ffffff", theme["primaryColor"]) >= 4.5  # Streamlit writes white on it
    assert contrast(theme["primaryColor"], theme["backgroundColor"]) >= 3
