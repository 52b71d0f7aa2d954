"""Lessons that somebody sent: what comes in is sound, stored as it was sent and shown as text; the rest is refused."""

import dataclasses
import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from pipeline.classroom.lesson import answer_of, called
from pipeline.classroom.lesson_caveats import lesson_caveats
from pipeline.classroom.lesson_files import import_lesson, lesson_bytes, lesson_path, list_lessons
from pipeline.classroom.lesson_pictures import find_pictures
from pipeline.errors import LesionLabError
from pipeline.files.workspace import current_workspace
from pipeline.limits import MOST_LESSON_BYTES, MOST_LESSON_ITEMS
from tests.hostile.case import Case
from tests.hostile.old_home import BYTES, JSON
from tests.hostile.workspaces import command_says
from tests.small_lesson import CODES, item, small_lesson

PRELOAD = ("tests.hostile.lessons", "pipeline.commands.lesson_text")
_FOREIGN = ("boil", "wart", "passwd", "exam", "AAAA", "pixels", "\x1b")  # of the files below; no refusal may quote them
_TIMES = 4  # that each way to damage bytes is tried


def _hand_over(content: bytes, folder: Path) -> None:
    workspace = current_workspace().create()
    (folder / "sent.json").write_bytes(content)
    try:
        come = import_lesson(workspace, content, "sent.json")
    except LesionLabError as error:
        said = str(error) + command_says("lessons", "show", str(folder / "sent.json"))
        assert "sent.json" in said and not [word for word in _FOREIGN if word in said], said
        assert list_lessons(workspace) == [] and not lesson_path(workspace, "lesson-1").exists()
        raise
    assert list_lessons(workspace) == [come] and find_pictures(workspace, come) == {}
    for items in come.forms.values():
        for one in items:
            answer = answer_of(come, one)
            assert abs(sum(answer.values()) - 1) < 0.01 and called(come, one) in CODES
    lesson_caveats(come)
    assert import_lesson(workspace, lesson_bytes(come)) == dataclasses.replace(come, id="lesson-2")
    shown = json.loads(command_says("lessons", "show", str(lesson_path(workspace, "lesson-1"))))
    assert shown["title"] == come.title


def _changed(**fields: object) -> bytes:
    return json.dumps({**json.loads(lesson_bytes(small_lesson())), **fields}).encode()


def _first_item(**fields: object) -> bytes:
    forms = json.loads(lesson_bytes(small_lesson()))["forms"]
    forms["A"][0] |= fields
    return _changed(forms=forms)


def _items(number: int) -> list[dict]:
    return [dataclasses.asdict(item(n, "mel", "mel")) for n in range(number)]


_EACH = dict.fromkeys(CODES, 1 / 7)
_RIGHT: dict[str, Callable[[], bytes]] = {
    "sound": _changed, "html-in-the-title": lambda: _changed(title='<script>alert(1)</script><img src="x">'),
    "markdown-in-the-aim": lambda: _changed(aim="# Big\n![x](http://example.org/x.png) $\\alpha$ :material/star:"),
    "a-formula": lambda: _changed(title="=HYPERLINK(0)"), "to-the-left": lambda: _changed(title="\u202eoma"),
    "no-text": lambda: _changed(aim="", questions=[], model="", licence=""),
    "as-many-as-may-be": lambda: _changed(forms={"A": _items(MOST_LESSON_ITEMS)}),
    "one-certain": lambda: _first_item(probabilities={**dict.fromkeys(CODES, 0.0), "mel": 1.0}),
    "whole-numbers": lambda: _first_item(age=45, probabilities={**dict.fromkeys(CODES, 0), "mel": 1}),
    "another-source": lambda: _first_item(source="<b>here</b>"),
    "an-unknown-stratum": lambda: _first_item(stratum="../.."), "one-form": lambda: _changed(forms={"A": _items(3)}),
    "a-rare-prior": lambda: _changed(class_priors={**_EACH, "df": 1e-300}, decision="balanced"),
}
_REFUSED: dict[str, Callable[[], bytes]] = {
    "a-field-of-another-type": lambda: _changed(minutes="45"), "no-form-a": lambda: _changed(forms={"B": _items(3)}),
    "no-forms": lambda: _changed(forms={}), "an-unknown-field": lambda: _changed(pixels="AAAA"),
    "an-unknown-kind": lambda: _changed(kind="exam"), "an-unknown-decision": lambda: _changed(decision="boil"),
    "an-unknown-question": lambda: _changed(asks="wart"), "an-id": lambda: _changed(id="lesson-1"),
    "a-control-character": lambda: _first_item(sex="female\x1b[2J"),
    "a-control-in-the-title": lambda: _changed(title="a\0b"),
    "an-endless-title": lambda: _changed(title="a" * 10**6), "no-title": lambda: _changed(title=""),
    "a-thousand-questions": lambda: _changed(questions=["Why?"] * 1000),
    "thousands-of-items": lambda: _changed(forms={"A": _items(3000)}),
    "one-item-too-many": lambda: _changed(forms={"A": _items(MOST_LESSON_ITEMS + 1)}),
    "no-items": lambda: _changed(forms={"A": []}),
    "another-form": lambda: _changed(forms={"A": _items(3), "C": _items(3)}),
    "forms-of-two-lengths": lambda: _changed(forms={"A": _items(3), "B": _items(9)[5:]}),
    "a-lesion-in-both-forms": lambda: _changed(forms={"A": _items(3), "B": _items(3)}),
    "an-image-twice": lambda: _changed(forms={"A": _items(2) + _items(1)}),
    "probabilities-above-1": lambda: _first_item(probabilities={**_EACH, "mel": 1.7}),
    "probabilities-that-miss-1": lambda: _first_item(probabilities={**_EACH, "mel": 0.9}),
    "no-probability": lambda: _first_item(probabilities={}),
    "a-probability-of-null": lambda: _first_item(probabilities={**_EACH, "mel": None}),
    "a-probability-as-text": lambda: _first_item(probabilities={**_EACH, "mel": "0.2"}),
    "unknown-codes": lambda: _first_item(probabilities={"boil": 0.5, "wart": 0.5}),
    "other-codes": lambda: _first_item(probabilities={"mel": 0.5, "nv": 0.5}),
    "an-unknown-reference": lambda: _first_item(dx="boil"),
    "a-code-of-markup": lambda: _first_item(dx="<i>mel</i>"),
    "a-path": lambda: _first_item(image_id="../../etc/passwd"), "no-image": lambda: _first_item(image_id=""),
    "a-negative-age": lambda: _first_item(age=-1), "an-age-as-text": lambda: _first_item(age="45"),
    "a-prior-of-nothing": lambda: _changed(class_priors={**_EACH, "mel": 0}),
    "priors-of-others": lambda: _changed(class_priors={"mel": 1.0}),
    "a-share-of-2": lambda: _changed(error_share=2), "no-number": lambda: _changed(error_share=float("nan")),
    "before-1970": lambda: _changed(created=-1), "a-shortfall-of-text": lambda: _changed(shortfalls=["mel"]),
    "a-malignancy-left-open": lambda: _changed(
        asks="malignancy", class_priors={"mel": 0.5, "unk": 0.5},
        forms={"A": [dataclasses.asdict(item(1, "mel", "mel", probabilities={"mel": 0.5, "unk": 0.5}))]}),
    "too-large": lambda: _changed() + b" " * MOST_LESSON_BYTES,
}


def _is_fast(name: str) -> bool:
    """A third of them: each takes a second in a process of its own."""
    return random.Random(name).random() < 1 / 3


def cases() -> Iterator[Case]:
    """What may be, what may not be, and a sound lesson whose bytes or values are damaged by chance."""
    for expect, known in (("right", _RIGHT), ("refused", _REFUSED)):
        for name, make in known.items():
            yield Case(name, lambda folder, make=make: _hand_over(make(), folder), expect, fast=_is_fast(name))
    sound = lesson_bytes(small_lesson())
    for way, damage in {**BYTES, **JSON}.items():
        for time in range(_TIMES):
            content = damage(sound, random.Random(f"lesson {way} {time}"))
            yield Case(f"{way}-{time}", partial(_hand_over, content), fast=not time and _is_fast(way))
