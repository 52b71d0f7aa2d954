"""Addresses of all pages whose parameters are hostile: the page opens, in time, and draws none of them as markup."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.hostile.case import Case
from tests.hostile.texts import KNOWN, random_texts

PAGES: dict[str, tuple[str, ...]] = {
    "home": ("run", "data", "lesion", "guess"), "get_data": ("data",),
    "dataset": ("data", "view", "by", "count", "dx", "sex", "page"),
    "train": ("run", "start", "data", "preset", "rates"), "rates": ("search", "start"),
    "runs": ("runs", "search", "sort"), "errors": ("run", "part", "truth", "predicted", "quiz", "case"),
    "explore": (
        "run", "view", "page", "sort", "part", "truth", "predicted", "age", "sex", "localization", "dx_type", "source",
        "right", "confidence", "loss", "of", "share", "own", "called", "differs", "wrong", "judged", "seen", "evidence",
        "doubtful", "flips", "set", "area", "decision",
    ),
    "case": ("run", "image", "decision", "truth", "set", "sort"),
    "tour": ("stop", "answer"), "criteria": ("criterion", "view", "data", "image", "guess", "draw"),
    "lesson": ("run", "set", "image", "answer"),
    "evaluation": ("run", "part", "topic", "decision", "figure", "target", "prevalence", "threshold", "lesions"),
    "evaluate_on": ("model", "data", "run"), "leakage": ("data", "run", "topic", "part", "verdict"),
    "classify": ("model", "example"), "models": ("model",), "article": ("run",), "operator": ("run",),
    "teach": ("lesson", "room", "lang", "run", "set", "ready"),
    "take_part": ("room", "seat", "look", "lang", "kiosk", "lesson", "use"),
}
_OF_RESULTS = ("runs", "errors", "explore", "case", "lesson", "evaluation", "leakage")
_LONG = ("x" * 100_000, "," * 100_000, "1,2;" * 25_000, "9" * 100_000)
_ODD = ("\x00", "a\x00b", "nan", "inf..-inf", "1e999", "-1", "NaN..NaN", "\U0010ffff", "%ed%a0%80", "none")
_MOST_SECONDS = 20  # of one view on a busy machine, what it imports included
_LINK = re.compile(r"(?<!\\)(?:\\\\)*\]\(|https?://evil|www\.evil|\w@evil", re.IGNORECASE)


def drawn(at) -> Iterator[str]:
    """Every text that a page of an AppTest draws as Markdown, of whatever element."""
    for element in at.main:
        for name in ("body", "label", "help", "value", "text"):
            text = getattr(element.proto, name, None)
            if isinstance(text, str) and element.type not in ("code", "text_input", "text_area"):
                yield text


def _texts(number: int) -> list[str]:
    """One of the groups of values for every parameter of a page."""
    groups = (KNOWN[:2], KNOWN[6:11:2], (*KNOWN[40::30], *random_texts(1, seed=3)), (*_LONG[::2], *_ODD[::4]))
    return list(groups[number])


def _opened(page: str, number: int, whole: bool) -> Callable[[Path], None]:
    def hand_over(place: Path) -> None:
        from pipeline.files.workspace import Workspace
        from tests.app_pages import open_page
        from tests.hand_made import make_dataset, make_run

        workspace = Workspace(place / "home").create()
        run = make_run(workspace, make_dataset(workspace, place), "done" if page in _OF_RESULTS else "failed")
        for text in _texts(number):
            values = dict.fromkeys(PAGES[page], text)
            if whole and "run" in values:  # the rest of the address is then read
                values["run"] = run.name
            began = time.monotonic()
            at = open_page(page, **values)
            seconds = time.monotonic() - began
            assert not at.exception, at.exception[0].value
            assert at.title, "the page drew nothing"
            assert seconds < _MOST_SECONDS, f"{seconds:.1f} s"
            for said in drawn(at):
                assert not ("evil" in said and _LINK.search(said)), said
                assert len(said) < 20_000

    return hand_over


def cases() -> list[Case]:
    """Four groups of values for each page, every parameter of it at once."""
    return [
        Case(f"{page}-{number}", _opened(page, number, number % 2 == 0), "right", page == "runs" and number % 3 == 0)
        for page in PAGES for number in range(4)
    ]
