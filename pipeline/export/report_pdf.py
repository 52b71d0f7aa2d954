"""A class's report on paper: a PDF of one or two pages with its figures, and the pictures that say most."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.export.paper import (
    ACROSS,
    BOTTOM,
    GREY,
    MARGIN,
    TOP,
    draw_picture,
    draw_rows,
    footer,
    new_canvas,
    rows_height,
    write,
)
from pipeline.export.report_sentences import (
    about_class,
    caveat_words,
    damage_words,
    item_words,
    lesson_words,
    no_clinic_words,
    origin_words,
    terms_words,
    turnout_words,
)
from pipeline.export.report_tables import ReportTable, report_tables
from pipeline.export.room_report import ReportItem, RoomReport
from pipeline.languages import Language

_GAP = 8
_FIRST_COLUMN = {2: 0.4, 3: 0.4, 4: 0.22, 6: 0.16}  # of the width, of a table with so many columns
_PICTURES = 5  # beside each other
_PICTURE = (ACROSS - (_PICTURES - 1) * _GAP) / _PICTURES
_ROW = _PICTURE * 0.75 + 62  # a row of pictures with its words
_MOST_DAMAGED = 4  # lines


def room_report_pdf(report: RoomReport, pictures: Mapping[str, Path], language: Language) -> bytes:
    """The report as a PDF; the same report gives the same bytes.

    Args:
        pictures: by image_id; in the place of one that is not here it says so.

    Raises:
        ImageError: a picture cannot be read.
    """
    file = io.BytesIO()
    page = new_canvas(file, report.lesson.title)
    y = _head(page, report, language)
    for table in report_tables(report, language):
        y = _table(page, report, language, table, y)
    for title, items, followed in (
        (language.say("Where most followed a wrong model"), report.followed, True),
        (language.say("The hardest"), report.hardest, False),
    ):
        if items:
            y = _room_for(page, report, language, y, _ROW + 18)
            y = write(page, title, MARGIN, y, 10, ACROSS, 1, bold=True) - 1
            y = _pictures(page, report, language, items, followed, pictures, y)
    _end(page, report, language)
    page.save()
    return file.getvalue()


def _head(page, report: RoomReport, language: Language) -> float:
    y = write(page, report.lesson.title, MARGIN, TOP, 15, ACROSS, 2, bold=True)
    y = write(page, about_class(report, language), MARGIN, y - 1, 9, ACROSS, 1, grey=GREY)
    y = write(page, turnout_words(report, language), MARGIN, y - 3, 10, ACROSS, 2, bold=True)
    damaged = damage_words(report, language)
    shown = damaged if len(damaged) <= _MOST_DAMAGED else [*damaged[:_MOST_DAMAGED], "…"]
    for line in (*shown, *lesson_words(report, language), no_clinic_words(report, language),
                 caveat_words(report, language), origin_words(report, language)):
        y = write(page, line, MARGIN, y - 2, 8, ACROSS, 6) if line else y
    return y - _GAP


def _table(page, report: RoomReport, language: Language, table: ReportTable, y: float) -> float:
    columns = len(table.rows[0])
    first = ACROSS * _FIRST_COLUMN[columns]
    widths = [first, *[(ACROSS - first) / max(columns - 1, 2)] * (columns - 1)]
    y = _room_for(page, report, language, y, 16 + rows_height(table.rows, widths) + (20 if table.note else 0))
    y = write(page, table.title, MARGIN, y, 10, ACROSS, 1, bold=True) - 1
    y = draw_rows(page, table.rows, widths, y)
    if table.note:
        y = write(page, table.note, MARGIN, y, 6.5, ACROSS, 4, grey=GREY)
    return y - _GAP


def _pictures(
    page, report: RoomReport, language: Language, items: Sequence[ReportItem], followed: bool,
    pictures: Mapping[str, Path], y: float,
) -> float:
    height = _PICTURE * 0.75
    for place, one in enumerate(items):
        x = MARGIN + place * (_PICTURE + _GAP)
        if (path := pictures.get(one.item.image_id)) is not None:
            draw_picture(page, path, x, y + 6, _PICTURE, height)
        else:
            write(page, language.say("The picture is not on this computer."), x, y - 6, 7, _PICTURE, 4, grey=GREY)
        reference, model, count = item_words(report, one, language, followed)
        under = write(page, reference, x, y - height - 3, 6.5, _PICTURE, 3, bold=True)
        under = write(page, model, x, under, 6.5, _PICTURE, 3)
        write(page, count, x, under, 6.5, _PICTURE, 1)
    return y - _ROW


def _room_for(page, report: RoomReport, language: Language, y: float, height: float) -> float:
    """Where the next thing of this height may stand: here, or at the top of a new page."""
    if y - height >= BOTTOM:
        return y
    _end(page, report, language)
    return TOP


def _end(page, report: RoomReport, language: Language) -> None:
    footer(page, terms_words(report.lesson, language))
    page.showPage()
