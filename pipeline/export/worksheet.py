"""A lesson on paper, for a course without phones: numbered pictures with boxes to tick, and their key apart."""

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.classroom.answer_terms import MANAGEMENT_WORDS, STAGE_WORDS, SURE_WORDS
from pipeline.classroom.clinical_terms import (
    MALIGNANT_MEANS,
    answer_words,
    diagnosis,
    made_words,
    patient_words,
)
from pipeline.classroom.lesson import Item, Lesson, answer_of, asked_answer, called
from pipeline.classroom.room_plan import Plan
from pipeline.classroom.tick_terms import offered_ticks
from pipeline.export.paper import (
    ACROSS,
    BOTTOM,
    GREY,
    MARGIN,
    TOP,
    draw_box,
    draw_picture,
    draw_rows,
    footer,
    new_canvas,
    rows_height,
    write,
)
from pipeline.export.report_sentences import terms_words
from pipeline.languages import Language
from pipeline.vocabulary import Form

_PICTURE, _GAP = 190, 12  # points
_LINE, _SIZE = 11.5, 7.5
_IN_A_LINE = 3  # boxes of what is asked beside
_NAME, _STAGE = 169, 64  # columns of the answers and of the boxes of a stage
_KEY_COLUMNS = (24, 150, 84, 160, ACROSS - 418)


@dataclass(frozen=True)
class Worksheet:
    """A form of a lesson as it is printed.

    Attributes:
        plan: how the class goes through it: at which stages it answers, and what it is told and asked beside.
        pictures: by image_id; in the place of one that is not here it says so.
    """

    lesson: Lesson
    form: Form
    plan: Plan
    pictures: Mapping[str, Path]
    language: Language

    @property
    def items(self) -> tuple[Item, ...]:
        """In the order of their numbers."""
        return self.lesson.items(self.form)

    @property
    def on_a_page(self) -> int:
        """How many items; fewer where more is asked of each."""
        return 3 if self.plan.ask_biopsy or self.plan.tick_criteria else 4

    def title(self) -> str:
        """The lesson's, and the form where there are two."""
        if len(self.lesson.forms) == 1:
            return self.lesson.title
        return self.language.say("{title} – form {form}", title=self.lesson.title, form=self.form)


def worksheet_pdf(sheet: Worksheet) -> bytes:
    """Three or four items a page: the picture, what is known of the patient, and boxes; nothing tells an answer.

    Raises:
        ImageError: a picture cannot be read.
    """
    file = io.BytesIO()
    page = new_canvas(file, sheet.title())
    for start in range(0, len(sheet.items), sheet.on_a_page):
        y = write(page, sheet.title(), MARGIN, TOP, 10 if start else 14, ACROSS, 2, bold=True) - 4
        if not start:
            y = write(page, _task(sheet), MARGIN, y, 8, ACROSS, 3, grey=GREY)
        height = (y - BOTTOM) / sheet.on_a_page
        for place, item in enumerate(sheet.items[start : start + sheet.on_a_page]):
            _item(page, sheet, start + place + 1, item, y - place * height, height)
        footer(page, _terms(sheet))
        page.showPage()
    page.save()
    return file.getvalue()


def worksheet_key_pdf(sheet: Worksheet) -> bytes:
    """The key: of each number the reference diagnosis, how it was made, what the model says, and the image."""
    file, say = io.BytesIO(), sheet.language.say
    page = new_canvas(file, sheet.title())
    head = ("", say("Reference diagnosis"), "", say("The model"), say("Image"))
    rows = [_key_row(sheet, number, item) for number, item in enumerate(sheet.items, 1)]
    y = _key_head(page, sheet)
    y = draw_rows(page, [head], _KEY_COLUMNS, y)
    for row in rows:
        if y - rows_height([row], _KEY_COLUMNS) < BOTTOM:
            footer(page, _terms(sheet))
            page.showPage()
            y = draw_rows(page, [head], _KEY_COLUMNS, _key_head(page, sheet))
        y = draw_rows(page, [row], _KEY_COLUMNS, y, head=False)
    footer(page, _terms(sheet))
    page.showPage()
    page.save()
    return file.getvalue()


def _key_head(page, sheet: Worksheet) -> float:
    return write(page, sheet.language.say("Key: {title}", title=sheet.title()), MARGIN, TOP, 14, ACROSS, 2,
                 bold=True) - 4


def _key_row(sheet: Worksheet, number: int, item: Item) -> tuple[str, ...]:
    language, lesson = sheet.language, sheet.lesson
    said = called(lesson, item)
    right = asked_answer(lesson, said) == asked_answer(lesson, item.dx)
    model = language.say("{answer}, {share} ({verdict})", answer=diagnosis(language, said),
                         share=language.probability(answer_of(lesson, item)[said]),
                         verdict=language.say("right") if right else language.say("wrong"))
    made = language.say("drawn as it") if lesson.generated else made_words(language, item.dx_type)
    return str(number), diagnosis(language, item.dx), made, model, item.image_id


def _task(sheet: Worksheet) -> str:
    say = sheet.language.say
    task = (say("Tick your own answer and how sure you are, then once more when you know the model's.")
            if len(sheet.plan.stages) > 1 else say("Tick your answer and how sure you are."))
    return f"{task} {say(MALIGNANT_MEANS)}" if sheet.lesson.asks == "malignancy" else task


def _terms(sheet: Worksheet) -> str:
    terms = terms_words(sheet.lesson, sheet.language)
    if not sheet.lesson.generated:
        return terms
    return f"{sheet.language.say('Drawings: generated – not for learning dermoscopy.')} {terms}"


def _item(page, sheet: Worksheet, number: int, item: Item, top: float, height: float) -> None:
    language = sheet.language
    if (path := sheet.pictures.get(item.image_id)) is not None:
        drawn = draw_picture(page, path, MARGIN, top, _PICTURE, height - 2 * _GAP)
        if item.small:
            write(page, language.say("A small picture: dots and network cannot be judged on it."), MARGIN,
                  top - drawn - 8, 6.5, _PICTURE, 2, grey=GREY)
    else:
        write(page, language.say("The picture is not on this computer."), MARGIN, top - 20, 8, _PICTURE, 3, grey=GREY)
    x = MARGIN + _PICTURE + _GAP
    facts = patient_words(language, item.age, item.sex, item.localization) if sheet.plan.show_patient else ""
    write(page, str(number), x, top - 9, 9, 20, 1, bold=True)
    y = write(page, facts, x + 22, top - 9, 9, MARGIN + ACROSS - x - 22, 1, bold=True) if facts else top - 21
    y = _answers(page, sheet, x, y - 2)
    if sheet.plan.ask_biopsy:
        y = _beside(page, x, y, language.say("What would you do?"), [language.say(one) for one in
                                                                     MANAGEMENT_WORDS.values()])
    if ticks := offered_ticks(sheet.plan):
        _beside(page, x, y, language.say("What is there?"), [language.say(one) for one in ticks.values()])


def _answers(page, sheet: Worksheet, x: float, y: float) -> float:
    """A row an answer and one for each degree of sureness, a column of boxes for each stage; where the next may stand.
    """
    language, stages = sheet.language, sheet.plan.stages
    names = sorted(answer_words(language, sheet.lesson.asks, choice) for choice in sheet.lesson.choices())
    if sheet.lesson.asks == "malignancy":
        names = [answer_words(language, "malignancy", side) for side in ("malignant", "benign")]
    boxes = x + _NAME
    if len(stages) > 1:
        for place, stage in enumerate(stages):
            write(page, language.say(STAGE_WORDS[stage]), boxes + place * _STAGE, y, 6.5, _STAGE, 1,
                  grey=GREY)
        y -= _LINE - 2
    degrees = [language.say(words) for words in SURE_WORDS.values()]
    for name in (*names, language.say("not recognisable from the picture"), *degrees):
        if name == degrees[0]:
            y -= 3
        write(page, name, x, y, _SIZE, _NAME - 4, 1)
        for place in range(len(stages)):
            draw_box(page, boxes + place * _STAGE + 8, y - 1)
        y -= _LINE
    return y - 3


def _beside(page, x: float, y: float, question: str, words: list[str]) -> float:
    """A question with boxes, three in a line; where the next thing may stand."""
    width = (MARGIN + ACROSS - x) / _IN_A_LINE
    y = write(page, question, x, y, 6.5, MARGIN + ACROSS - x, 1, grey=GREY) - 1.5
    for place, word in enumerate(words):
        column, line = place % _IN_A_LINE, place // _IN_A_LINE
        draw_box(page, x + column * width, y - line * _LINE - 1)
        write(page, word, x + column * width + 11, y - line * _LINE, _SIZE, width - 14, 1)
    return y - math.ceil(len(words) / _IN_A_LINE) * _LINE - 1
