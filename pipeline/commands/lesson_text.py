"""What `lessons draw` and `lessons show` print of a lesson."""

from dataclasses import asdict
from typing import Any

from pipeline.classes import label
from pipeline.classroom.lesson import Item, Lesson, answer_of, asked_answer, called
from pipeline.classroom.lesson_caveats import lesson_caveats, wrong_share
from pipeline.classroom.lesson_words import CAVEATS
from pipeline.data.tables import TRUTH_WORDS
from pipeline.number_words import UNDEFINED, count, percent, probability
from pipeline.text_tables import facts, table

_KINDS = {"model": "about the model", "test": "a test, drawn without looking at the model"}
_ASKS = {"diagnosis": "the diagnosis", "malignancy": "malignant, in situ or precursor, or benign"}


def lesson_answer(lesson: Lesson) -> dict[str, Any]:
    """A lesson as an object, with what the model says of each item and what a teacher must know."""
    told = {key: value for key, value in asdict(lesson).items() if key not in ("id", "forms")}
    return {
        **told,
        "wrong_share": {form: wrong_share(lesson, form) for form in lesson.forms},
        "caveats": list(lesson_caveats(lesson)),
        "forms": {form: [{**asdict(item), "model": called(lesson, item)} for item in items]
                  for form, items in lesson.forms.items()},
    }


def lesson_text(lesson: Lesson) -> str:
    """A lesson in words and tables, the answers included."""
    head = facts([
        ("kind", _KINDS[lesson.kind]), ("asks for", _ASKS[lesson.asks]),
        ("minutes", str(lesson.minutes)), ("model", lesson.model), ("predictions", f"run {lesson.run}, {lesson.data}"),
        ("decision", lesson.decision), ("seed", str(lesson.seed)),
        ("the model is wrong in", f"{percent(lesson.error_share)} of the collection's lesions"),
    ])
    parts = [f"{lesson.title}\n{lesson.aim}".rstrip(), head, *(_form(lesson, form) for form in sorted(lesson.forms))]
    if lesson.questions:
        parts.append("\n".join(["Questions", *(f"  {question}" for question in lesson.questions)]))
    if lesson.shortfalls:
        rows = [[f"  {one.stratum}", one.form, str(one.wanted), str(one.found)] for one in lesson.shortfalls]
        parts.append(table(["Not filled", "form", "wanted", "found"], rows, right=(2, 3)))
    if caveats := lesson_caveats(lesson):
        parts.append("\n".join(CAVEATS[caveat] for caveat in caveats))
    return "\n\n".join(parts)


def _form(lesson: Lesson, form) -> str:
    items = lesson.items(form)
    wrong = round(wrong_share(lesson, form) * len(items))
    rows = [_row(lesson, number, item) for number, item in enumerate(items, 1)]
    header = ["", "image", "reference diagnosis", "made by", "the model says", "", "", "image source", "px", "stratum"]
    return f"Form {form}: {count(len(items), 'item')}, {wrong:,} of them wrong by the model\n" + table(
        header, rows, right=(0, 5, 8))


def _row(lesson: Lesson, number: int, item: Item) -> list[str]:
    said = called(lesson, item)
    right = asked_answer(lesson, said) == asked_answer(lesson, item.dx)
    return [
        str(number), item.image_id, label(item.dx), TRUTH_WORDS.get(item.dx_type, item.dx_type) or UNDEFINED,
        label(said), probability(answer_of(lesson, item)[said]), "right" if right else "wrong",
        item.source or UNDEFINED, str(item.short_side) if item.short_side else UNDEFINED, item.stratum,
    ]
