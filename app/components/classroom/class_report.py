"""The report of a class as a page that prints well, and as files to take along."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from app.access import Right, later, may
from app.components.classroom.print_frame import print_frame
from app.loaders.class_pictures import content_of, picture_of
from app.loaders.room_reports import report_of
from app.words.spoken import say, spoken
from pipeline.classroom.answers import answers_csv, tallies
from pipeline.classroom.hardest import SHOWN
from pipeline.classroom.room import Room
from pipeline.export.report_pdf import room_report_pdf
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
from pipeline.files.csv_cells import table_as_csv
from pipeline.shown import as_text


def class_report(room: Room) -> None:
    """Draws what the class did, in the session's language.

    Raises:
        WorkspaceError: the file of what its educator did is damaged.
    """
    print_frame()
    report, language = report_of(room), spoken()
    st.caption(as_text(about_class(report, language)))
    st.markdown(f"**{as_text(turnout_words(report, language))}**")
    for line in damage_words(report, language):
        st.warning(as_text(line), icon=":material/broken_image:")
    for line in lesson_words(report, language):
        st.markdown(as_text(line))
    for table in report_tables(report, language):
        _table(table)
    _pictures(report, report.followed, say("Where most followed a wrong model"), followed=True)
    _pictures(report, report.hardest, say("The hardest"), followed=False)
    for line in (no_clinic_words(report, language), caveat_words(report, language), origin_words(report, language),
                 terms_words(report.lesson, language)):
        if line:
            st.caption(as_text(line))
    _downloads(room, report)


def _table(table: ReportTable) -> None:
    head, *rows = table.rows
    st.markdown(f"**{as_text(table.title)}**")
    st.table(pd.DataFrame(rows, columns=list(map(as_text, head))).map(as_text), hide_index=True)
    if table.note:
        st.caption(as_text(table.note))


def _pictures(report: RoomReport, items: Sequence[ReportItem], title: str, *, followed: bool) -> None:
    if not items:
        return
    st.markdown(f"**{title}**")
    for column, one in zip(st.columns(SHOWN), items, strict=False):
        reference, model, count = item_words(report, one, spoken(), followed)
        content = _content(report, one)
        with column:
            if content is None:
                st.caption(say("The picture is not on this computer."))
            else:
                st.image(content, width="stretch", alt=as_text(reference))
            st.caption(f"**{as_text(reference)}**  \n{as_text(model)}  \n{as_text(count)}")


def _content(report: RoomReport, one: ReportItem) -> bytes | None:
    return content_of(picture_of(report.lesson, one.item))


def _paths(report: RoomReport) -> dict[str, Path]:
    found = {one.item.image_id: picture_of(report.lesson, one.item) for one in (*report.followed, *report.hardest)}
    return {image_id: picture.path for image_id, picture in found.items() if picture is not None}


def _downloads(room: Room, report: RoomReport) -> None:
    """The report as PDF, and all answers as CSV, how long each took only where that is chosen."""
    if not may(Right.TAKE_AWAY):
        return
    paths, language, name = _paths(report), spoken(), f"lesionlab-{room.code}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            say("The report as PDF"), later(Right.TAKE_AWAY, lambda: room_report_pdf(report, paths, language)),
            f"{name}.pdf", "application/pdf", key="report.pdf", on_click="ignore", icon=":material/print:")
        if room.plan.mode == "hands":
            st.download_button(
                say("The counts as CSV"), later(Right.TAKE_AWAY, lambda: table_as_csv(tallies(room))), f"{name}.csv",
                "text/csv", key="report.counts", on_click="ignore", icon=":material/download:")
            return
        seconds = st.toggle(say("With how long each answer took"), key="report.seconds")
        st.download_button(
            say("The answers as CSV"), later(Right.TAKE_AWAY, lambda: answers_csv(room, seconds)), f"{name}.csv",
            "text/csv", key="report.csv", on_click="ignore", icon=":material/download:",
            help=say("A row for each seat, picture and stage, under drawn nicknames."))
