"""The benchmark of the pages opens every page, in states that have something to show; times are not judged here."""

import re

from tests.benchmarks.page_times import TINY, _print, measure
from tests.e2e.serving import ROOT


def test_each_page_is_opened_and_none_shows_an_error(monkeypatch, capsys):
    from tests.benchmarks import page_times

    asked = {}
    found_addresses = page_times.addresses
    monkeypatch.setattr(page_times, "addresses", lambda *of: asked.update(found_addresses(*of)) or asked)
    found = {}
    measure(found, **TINY)
    assert found["complete"] and [row["page"] for row in found["pages"]] == list(asked)
    assert all(row["p95_ms"] > 0 and row["n"] == TINY["reruns"] for row in found["pages"])
    pages = set(re.findall(r'url_path="([\w-]+)"', (ROOT / "app" / "main.py").read_text(encoding="utf-8")))
    assert pages <= {address.partition("?")[0] for address in asked.values()}
    _print(found)
    assert "noise: 210 images with masks; 3 runs" in capsys.readouterr().out
