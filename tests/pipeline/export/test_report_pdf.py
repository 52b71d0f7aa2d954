"""A class's report and worksheets on paper, read back: their numbers are the figures', in both languages."""

import dataclasses
import io

import pytest
from pypdf import PdfReader

from pipeline.classroom.clinical_terms import STRUCTURES
from pipeline.classroom.room_plan import Plan
from pipeline.errors import ImageError
from pipeline.export.report_pdf import room_report_pdf
from pipeline.export.report_tables import estimate_words, report_tables
from pipeline.export.room_report import room_report
from pipeline.export.worksheet import Worksheet, worksheet_key_pdf, worksheet_pdf
from pipeline.languages import LANGUAGES, language
from tests.class_reports import answered, long_lesson, some_follow
from tests.class_rooms import class_of
from tests.hand_made import image_bytes


@pytest.fixture
def pictures(tmp_path):
    """Of all items of the long lesson but the last."""
    found = {}
    for number in range(11):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(image_bytes(number, False, (60, 45)))
        found[f"ISIC_{number:07d}"] = path
    return found


def read(content: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages]


def images(content: bytes) -> list[int]:
    return [len(page.images) for page in PdfReader(io.BytesIO(content)).pages]


def reported(workspace, seats=12, lesson=None, **plan):
    room = class_of(workspace, lesson or long_lesson(asks="malignancy"), arm="model-after", **plan)
    return room_report(answered(room, seats, some_follow(room)))


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_numbers_on_paper_are_the_figures(workspace, pictures, code):
    report, says = reported(workspace), language(code)
    content = room_report_pdf(report, pictures, says)
    pages = read(content)
    text = " ".join(pages)
    assert len(pages) <= 2 and content == room_report_pdf(report, pictures, says)
    figures = report.scores.at["alone"]
    shown = (figures.right, figures.dichotomy.sensitivity, figures.dichotomy.specificity, report.switches.led_astray,
             report.scores.compared["sensitivity"].model)
    for one in shown:
        assert estimate_words(says, one) in text and says.percent(one.value) in text
    assert estimate_words(says, figures.dichotomy.d_prime, "number") in text
    for table in report_tables(report, says):
        assert table.title in text
    hardest = report.hardest[0]
    listed = {one.item.image_id for one in (*report.followed, *report.hardest)}
    assert sum(images(content)) == len(listed) > 5
    assert {"en": f"{hardest.count} of 12 right", "de": f"{hardest.count} von 12 richtig"}[code] in text
    for words in {
        "en": ("Malignant, in situ or precursor", "no melanoma of a nail or of mucosa", "Seed: 7", "Lite0",
               "actinic keratosis or Bowen's disease in HAM10000 come from one source"),
        "de": ("Maligne, In-situ-Karzinom oder Vorläuferläsion", "kein Melanom der Nägel oder der Schleimhaut",
               "Startwert: 7", "Lite0", "Nävi mit Histologie waren verdächtig genug für eine Biopsie"),
    }[code]:
        assert words in text
    for page in pages:
        assert "CC BY-NC 4.0 Tschandl et al., HAM10000" in page
        assert says.say("For teaching, never for diagnosis.") in page


@pytest.mark.parametrize("code", LANGUAGES)
def test_all_that_can_be_asked_fits_two_pages_and_foreign_text_is_text(workspace, pictures, code):
    items, markup = long_lesson().items("A"), '<b>bold</b> **x** <img src="file:///etc/passwd"/>'
    others = tuple(dataclasses.replace(one, image_id=f"B_{one.image_id}", lesion_id=f"B_{one.lesion_id}")
                   for one in items)
    lesson = long_lesson(asks="malignancy", title=markup, model=markup, forms={"A": items, "B": others},
                         licence="CC BY-NC 4.0 " + "Tschandl, P., Rosendahl, C. & Kittler, H. HAM10000. " * 3)
    room = class_of(workspace, lesson, arm="model-after", both_forms=True, ask_biopsy=True, tick_criteria=True)
    ticks = tuple(STRUCTURES)
    report = room_report(answered(room, 9, some_follow(room), biopsy="watch", ticks=ticks))
    pages = read(room_report_pdf(report, pictures, language(code)))
    assert len(pages) == 2 and markup in pages[0] and len(report_tables(report, language(code))) == 7
    for page in pages:
        assert page.count("Kittler, H. HAM10000.") == 3 and "…" not in page


def test_what_few_answers_do_not_define_is_a_dash(workspace, pictures):
    for seats in (0, 1):
        report = reported(workspace, seats)
        figures = report_tables(report, language("en"))[0]
        rows = {row[0]: row[1:] for row in figures.rows}
        assert rows["Sensitivity"] == rows["d′"] == rows["AUC"] == ("–", "–")
        text = " ".join(read(room_report_pdf(report, pictures, language("en"))))
        assert "nan" not in text.split() and f"{seats} seat" in text and "8 seats on" in text


def test_a_rehearsal_has_no_score_on_paper(workspace, pictures):
    for report in (reported(workspace, 8, rehearsal=True), reported(workspace, 8, long_lesson(generated=True))):
        content = room_report_pdf(report, pictures, language("en"))
        assert "A rehearsal: nothing of it counts." in read(content)[0] and images(content) == [0]
        assert "Sensitivity" not in read(content)[0] and report_tables(report, language("en")) == []


def test_a_damaged_seat_is_named_on_paper_by_its_place_in_the_workspace(workspace, pictures):
    room = class_of(workspace, long_lesson())
    answered(room, 2, some_follow(room))
    broken = room.seats()[0][0].path
    broken.write_text("{}\n", encoding="utf-8")
    (page, *_) = read(room_report_pdf(room_report(room), pictures, language("de")))
    assert "1 Platz · 12 Bilder · 12 Antworten" in page and "1 Platz ist nicht lesbar" in page
    assert str(broken.relative_to(workspace.home)) in page and str(workspace.home) not in page


def test_a_lesson_about_the_model_has_no_score_on_paper(workspace, pictures):
    report = reported(workspace, lesson=long_lesson(kind="model"))
    text = " ".join(read(room_report_pdf(report, pictures, language("en"))))
    assert "Right to wrong, after a wrong model" in text and "wrong in 25 % of these pictures" in text
    assert "20.0 % of the lesions" in text and "Sensitivity" not in text and "How sure" not in text


def test_the_worksheet_tells_nothing_and_its_key_all(pictures):
    lesson, plan = long_lesson(error_share=None), Plan("hands", "model-after", tick_criteria=True)
    items = tuple(dataclasses.replace(one, short_side=150 if place == 1 else 450)
                  for place, one in enumerate(lesson.items("A")))
    sheet = Worksheet(dataclasses.replace(lesson, forms={"A": items}), "A", plan, pictures, language("de"))
    pages = read(worksheet_pdf(sheet))
    assert images(worksheet_pdf(sheet)) == [3, 3, 3, 2] and "Das Bild ist nicht auf diesem Computer." in pages[3]
    assert pages[0].count("Ein kleines Bild: Punkte") == 1 and "Ein kleines Bild" not in " ".join(pages[1:])
    for page in pages:
        assert page.count("45 Jahre, weiblich, Rücken") == page.count("Aktinische Keratose oder Morbus Bowen") == 3
        assert "ISIC_" not in page and "histologisch" not in page and "rosendahl" not in page
        assert page.count("Globuli") == page.count("ziemlich sicher") == 3
    (key,) = read(worksheet_key_pdf(sheet))
    assert all(item.image_id in key for item in lesson.items("A")) and key.count("(falsch)") == 3
    assert "histologisch gesichert" in key and "70,0 %" in key and "rosendahl" not in key
    hidden = dataclasses.replace(sheet, plan=Plan("hands", "alone", show_patient=False))
    assert images(worksheet_pdf(hidden)) == [4, 4, 3] and "45 Jahre" not in " ".join(read(worksheet_pdf(hidden)))


def test_of_two_forms_each_has_its_sheet_and_drawings_are_called_so(pictures):
    items = long_lesson().items("A")
    lesson = long_lesson(forms={"A": items[:4], "B": items[4:8]}, asks="malignancy", generated=True)
    sheet = Worksheet(lesson, "B", Plan("hands", "alone"), pictures, language("en"))
    (page,), (key,) = read(worksheet_pdf(sheet)), read(worksheet_key_pdf(sheet))
    assert "form B" in page and page.count("Malignant, in situ or precursor ") == 4 and "not for learning" in page
    assert key.count("drawn as it") == 4 and "histology" not in key and items[4].image_id in key


def test_a_picture_that_cannot_be_read_is_named(workspace, pictures):
    report = reported(workspace)
    pictures[report.hardest[0].item.image_id].write_bytes(b"no picture")
    with pytest.raises(ImageError, match=pictures[report.hardest[0].item.image_id].name):
        room_report_pdf(report, pictures, language("en"))
