"""The front end itself: what it makes of hostile texts is the texts."""

import re

import pytest

from pipeline.shown import as_plain
from tests.e2e.serving import serve
from tests.e2e.shown_texts import EVERY, NOTHING, TEXTS

pytestmark = pytest.mark.browser

_READ = """boxes => boxes.map(box => ({
    number: Number([...box.classList].find(name => /^st-key-text-\\d+$/.test(name)).slice(12)),
    parts: [...box.querySelectorAll('[data-testid=stMarkdownContainer], [data-testid=stCaptionContainer]')].map(
        part => [part.innerText,
                 [...part.querySelectorAll('a, img, code, pre, em, del, sup, table, hr, blockquote, ol, input, ' +
                                           '.katex, span[style]')]
                 .filter(one => !one.closest('[data-testid=stHeaderActionElements]')).map(one => one.outerHTML)]),
}))"""


def _seen(text: str) -> str:
    return re.sub("[\u2060\u2068\u2069]", "", " ".join(text.split()))


def test_hostile_texts_are_shown_as_they_are(tmp_path, visitor):
    with serve(tmp_path / "home", tmp_path / "app.log", "tests/e2e/shown_texts.py") as app:
        page = visitor(app.url)
        page.get_by_text("All drawn").wait_for(timeout=60_000)
        page.wait_for_timeout(500)
        found = page.eval_on_selector_all("[class*='st-key-text-']", _READ)
        lines = page.locator(".st-key-lines p").inner_html()
    assert len(found) == len(TEXTS)
    wrong = []
    for box in found:
        text = as_plain(TEXTS[box["number"]])
        alone = text if text.strip() else NOTHING
        expected = [f"({text})", alone, None, text, f"{text} x", f"x {text}", alone, f"x {text}"]
        assert len(box["parts"]) >= (8 if box["number"] % EVERY == 0 else 4)
        for (said, markup), wanted in zip(box["parts"], expected, strict=False):
            if markup or (wanted is not None and _seen(said) != _seen(wanted)):
                wrong.append((TEXTS[box["number"]], wanted, said, markup))
    assert not wrong, f"{len(wrong)}: {wrong[:12]}"
    assert lines.count("<br>") == 2
