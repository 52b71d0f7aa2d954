"""An item on the screen of a seat: it is asked, the answer is locked, and the reference diagnosis is told."""

import streamlit as st

from app.components.classroom.asking import UNRECOGNISABLE, form_of, model_says
from app.components.classroom.item_card import Form, Shown, Tapped, item_card
from app.loaders.class_pictures import content_of, is_larger, picture_of
from app.words.refusal_words import refusal
from app.words.spoken import say, spoken
from pipeline.classroom.answer_terms import SURE_WORDS
from pipeline.classroom.clinical_terms import answer_words, diagnosis, made_words, patient_words
from pipeline.classroom.lesson import SMALL, Item, Lesson, asked_answer, called
from pipeline.classroom.room import Room
from pipeline.classroom.room_files import Given
from pipeline.classroom.seat import Seat
from pipeline.errors import LesionLabError
from pipeline.shown import as_text
from pipeline.vocabulary import Stage

_ZOOMED = "classroom.zoomed"  # the item whose larger copy this session wants


def ask(seat: Seat, position: int, stage: Stage, left: float | None = None) -> bool:
    """Asks the stage, and stores what is locked; True when that was done just now.

    Args:
        left: seconds until it closes.
    """
    room, item = seat.room, seat.items[position]
    own = seat.answers().get((position, "alone")) if stage == "with-model" else None
    form = form_of(room.lesson, room.plan, room.choices(), item, stage, own)
    locked = _card(seat, position, f"{position}.{stage}", form, left).locked
    if locked is None:
        return False
    nothing = locked.answer == UNRECOGNISABLE
    try:
        seat.answer(position, stage, None if nothing else locked.answer, None if nothing else locked.sure,
                    unrecognisable=nothing, biopsy=locked.biopsy, ticks=locked.ticks)
    except LesionLabError as error:
        st.error(as_text(refusal(error)), icon=":material/error:")
        return False
    return True


def look(seat: Seat, position: int) -> None:
    """The picture of the item without a question."""
    _card(seat, position, f"{position}.look", None, None)


def _card(seat: Seat, position: int, name: str, form: Form | None, left: float | None) -> Tapped:
    room, item = seat.room, seat.items[position]
    wanted = f"{room.code}.{position}"
    patient = patient_words(spoken(), item.age, item.sex, item.localization) if room.plan.show_patient else ""
    place = say("{place} of {all}", place=position + 1, all=len(seat.items))
    head = f"{place} · {patient}" if patient else place
    shown = picture_shown(room, item, position, large=st.session_state.get(_ZOOMED) == wanted)
    tapped = item_card(f"{room.code}.{name}", shown, head, form, left)
    if tapped.zoomed:
        st.session_state[_ZOOMED] = wanted
        st.rerun()
    return tapped


def picture_shown(room: Room, item: Item, position: int, *, large: bool = False) -> Shown:
    """An item's picture for a card; where it is not here, the words that say so."""
    picture = picture_of(room.lesson, item)
    content = content_of(picture, large=large)
    if picture is None or content is None:
        return Shown(None, say("The picture is not on the computer that shows this class."))
    small = say("A small picture: dots and network cannot be judged on it.") if picture.short_side < SMALL else ""
    return Shown(content, say("Picture {place}", place=position + 1), is_larger(picture) and not large, small)


def given_words(seat: Seat, given: Given) -> str:
    """An answer in words: "Melanoma, fairly sure"."""
    if given.answer is None:
        return say("not recognisable from the picture")
    answer = answer_words(spoken(), seat.room.lesson.asks, given.answer)
    return say("{answer}, {sure}", answer=answer, sure=say(SURE_WORDS[given.sure]) if given.sure else "")


def reference_words(lesson: Lesson, item: Item) -> str:
    """The reference diagnosis and how it was made, as Markdown; of a drawing what it was drawn as."""
    name = as_text(diagnosis(spoken(), item.dx))
    if lesson.generated:
        return say("**Drawn as:** {diagnosis}", diagnosis=name)
    return say("**Reference diagnosis:** {diagnosis} ({made})", diagnosis=name,
               made=as_text(made_words(spoken(), item.dx_type)))


def is_right(seat: Seat, item: Item, answer: str | None) -> bool:
    """Whether an answer is that of the reference diagnosis, as the lesson asks."""
    return answer == asked_answer(seat.room.lesson, item.dx)


def model_is_right(seat: Seat, item: Item) -> bool:
    """Whether the model's answer is that of the reference diagnosis, as the lesson asks."""
    return is_right(seat, item, asked_answer(seat.room.lesson, called(seat.room.lesson, item)))


def told(seat: Seat, position: int) -> None:
    """The picture with its reference diagnosis, the seat's answers and the model's."""
    look(seat, position)
    lesson, item, answers = seat.room.lesson, seat.items[position], seat.answers()
    st.markdown(reference_words(lesson, item))
    for stage in seat.room.plan.stages:
        if (given := answers.get((position, stage))) is not None:
            who = say("**You, with the model:**") if stage == "with-model" else say("**You:**")
            st.markdown(f"{who} {judged(given_words(seat, given), is_right(seat, item, given.answer))}")
    if seat.room.plan.arm != "alone":
        st.markdown(judged(model_says(lesson, item), model_is_right(seat, item)))


def judged(said: str, right: bool) -> str:
    """An answer in words with "right" or "wrong", as Markdown."""
    verdict = say("right") if right else say("wrong")
    icon = ":material/check:" if right else ":material/close:"
    return f"{as_text(said)} · {icon} {verdict}"
