"""The worksheet of a lesson to print before a course without phones, and its key."""

import streamlit as st

from app.access import Right, later, may
from app.loaders.class_pictures import picture_of
from app.words.spoken import say, spoken
from pipeline.classroom.lesson import Lesson
from pipeline.classroom.room_plan import Plan
from pipeline.export.worksheet import Worksheet, worksheet_key_pdf, worksheet_pdf
from pipeline.shown import as_text
from pipeline.vocabulary import Form


def worksheet_downloads(lesson: Lesson, plan: Plan) -> None:
    """Offers both, of each form of the lesson; until it is unfolded no picture is looked for."""
    if not may(Right.TAKE_AWAY):
        return
    folded = st.popover(say("Worksheet"), icon=":material/print:", key="worksheet", on_change="rerun")
    if folded.open:
        with folded:
            st.markdown(say("Numbered pictures with boxes to tick, and the key on a sheet of its own."))
            for form in sorted(lesson.forms):
                _buttons(lesson, plan, form)


def _buttons(lesson: Lesson, plan: Plan, form: Form) -> None:
    found = {item.image_id: picture_of(lesson, item) for item in lesson.items(form)}
    paths = {image_id: picture.path for image_id, picture in found.items() if picture is not None}
    sheet, suffix = Worksheet(lesson, form, plan, paths, spoken()), f" {form}" if len(lesson.forms) > 1 else ""
    with st.container(horizontal=True):
        st.download_button(
            say("Sheet{form}", form=as_text(suffix)), later(Right.TAKE_AWAY, lambda: worksheet_pdf(sheet)),
            f"worksheet-{form}.pdf", "application/pdf", key=f"worksheet.sheet.{form}", on_click="ignore",
            icon=":material/print:")
        st.download_button(
            say("Key{form}", form=as_text(suffix)), later(Right.TAKE_AWAY, lambda: worksheet_key_pdf(sheet)),
            f"worksheet-{form}-key.pdf", "application/pdf", key=f"worksheet.key.{form}", on_click="ignore",
            icon=":material/key:")
