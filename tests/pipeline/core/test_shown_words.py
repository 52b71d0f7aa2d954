"""Plain words are shown as they are without a search for marks; that changes no text."""

import random
import re

from pipeline import shown
from pipeline.limits import MOST_WORD


def test_words_are_what_the_whole_search_gives(monkeypatch):
    rng = random.Random(7)
    texts = ["".join(rng.choices(letters, k=rng.randint(0, 30)))
             for letters in ("aZ09 ,·-_:.*w@#", "abwZ9 ,·") for _ in range(9_000)]
    texts += ["Melanoma · mel", "www a", "1 a", " a", "a ", "a  b", "a" * 600, "ab " * 200, "a\n", "http,", "aא"]
    quick = [shown.as_text(text) for text in texts]
    words = [text for text in texts if shown._WORDS.fullmatch(text)]
    monkeypatch.setattr(shown, "_WORDS", re.compile("(?!)"))
    assert quick == [shown.as_text(text) for text in texts]
    assert 500 < len(words) < 9_000 and max(map(len, words)) <= MOST_WORD


def test_a_text_of_words_is_cut_too():
    assert shown.as_text("abc def", 5) == "abc …"
