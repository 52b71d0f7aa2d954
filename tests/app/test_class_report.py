"""A class's report on Teach: the figures and pictures of a class that has ended, and what can be taken along."""

import io

import pandas as pd
import pytest
from pypdf import PdfReader

from app.components.classroom import class_report, worksheet_downloads
from pipeline.classroom.lesson_files import save_lesson
from pipeline.export.report_tables import report_tables
from pipeline.export.room_report import room_report
from pipeline.languages import language
from pipeline.shown import as_text
from tests.app_pages import open_page, words
from tests.class_reports import answered
from tests.class_rooms import class_of
from tests.lesson_of_drawings import lesson_of_drawings


@pytest.fixture
def made(monkeypatch) -> list:
    """What the page's downloads make, in their order, once a page was drawn."""
    found = []
    for module in (class_report, worksheet_downloads):
        monkeypatch.setattr(module, "later", lambda right, make: found.append(make) or make)
    return found


def ended(workspace, lesson, seats: int, **plan):
    room = class_of(workspace, lesson, arm="model-after", **plan)
    answered(room, seats, lambda number, one, stage: (
        "nv" if stage == "with-model" and number < 3 else "mel" if number else "nv", "sure"))
    room.end()
    return room


@pytest.mark.parametrize("code", ["en", "de"])
def test_a_class_that_has_ended_has_its_report(workspace, tmp_path, made, code):
    lesson = lesson_of_drawings(workspace, tmp_path, generated=False)
    room = ended(workspace, lesson, 9, language=code)
    at = open_page("teach", room=room.code)
    report, says = room_report(room), language(code)
    (table,) = report_tables(report, says)
    assert at.table[0].value.to_numpy().tolist() == [list(map(as_text, row)) for row in table.rows[1:]]
    assert {"en": "9 seats · 3 pictures · 27 answers", "de": "9 Plätze · 3 Bilder · 27 Antworten"}[code] in words(at)
    assert {"en": "2 of 9 followed it", "de": "2 von 9 folgten ihm"}[code] in words(at)
    assert len(at.get("image")) == len(report.followed) + len(report.hardest) == 4
    assert not any(str(seat.nickname) in words(at) for seat in room.seats()[0])
    pdf, csv = (make() for make in made[-2:])
    text = " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages)
    assert all(cell in text for row in table.rows for cell in row)
    assert "seconds" not in pd.read_csv(io.BytesIO(csv)).columns
    at.toggle(key="report.seconds").set_value(True).run()
    assert "seconds" in pd.read_csv(io.BytesIO(made[-1]())).columns


def test_a_rehearsal_nobody_and_a_damaged_seat(workspace, tmp_path, made):
    lesson = lesson_of_drawings(workspace, tmp_path)
    room = ended(workspace, lesson, 2)
    with room.seats()[0][0].path.open("a", encoding="utf-8") as file:
        file.write("{}\n{}\n")
    at = open_page("teach", room=room.code)
    assert not at.table and "A rehearsal: nothing of it counts." in words(at) and "1 seat ·" in words(at)
    assert "1 seat cannot be read" in words(at) and str(workspace.home) not in words(at)
    empty = class_of(workspace, lesson)
    empty.end()
    assert "0 seats · 0 pictures · 0 answers" in words(open_page("teach", room=empty.code))


def test_hands_are_counted(workspace, tmp_path, made):
    room = class_of(workspace, lesson_of_drawings(workspace, tmp_path, generated=False), mode="hands")
    room.open(0)
    room.tally(0, "alone", {"mel": 4, "nv": 9})
    room.end()
    at = open_page("teach", room=room.code)
    assert "13 hands · 1 picture · 13 answers" in words(at) and "4 of 13 right" in words(at)
    assert pd.read_csv(io.BytesIO(made[-1]()))["count"].sum() == 13


def test_the_worksheet_is_made_as_the_class_was_planned(workspace, tmp_path, made):
    lesson = save_lesson(workspace, lesson_of_drawings(workspace, tmp_path))
    at = open_page("teach", lesson=lesson.id)
    assert not made or all("worksheet" not in make.__module__ for make in made)
    at.session_state["worksheet"] = True
    at.toggle(key="teach.patient").set_value(False).run()
    sheet, key = (" ".join(PdfReader(io.BytesIO(make())).pages[0].extract_text().split()) for make in made[-2:])
    assert "45 years" not in sheet and "With the model" in sheet and "IMG_" not in sheet
    assert all(item.image_id in key for item in lesson.items("A")) and "drawn as it" in key
