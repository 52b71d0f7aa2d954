"""The page of a seat at the end: its own answers beside the reference diagnoses, and nobody else's."""

import streamlit as st

from app.components.classroom.item_screens import (
    given_words,
    is_right,
    judged,
    model_is_right,
    picture_shown,
    reference_words,
)
from app.words.nickname_words import nickname_words
from app.words.spoken import not_reviewed, say, spoken
from pipeline.classroom.answer_terms import MISSING_WORDS
from pipeline.classroom.seat import Seat
from pipeline.shown import as_text
from pipeline.vocabulary import Missing

_SIDE = 96  # points of a picture's width in the list


def own_page(seat: Seat) -> None:
    """Draws it.

    Raises:
        WorkspaceError: the files of the class are damaged.
    """
    st.title(say("Your answers, {nickname}", nickname=as_text(nickname_words(*seat.nickname))))
    seen = opened_items(seat)
    if not seen:
        st.info(say("No picture was opened while you were here."), icon=":material/hourglass_disabled:")
        return
    _counts(seat, seen)
    for position, missing in seen.items():
        _item(seat, position, missing)
    st.caption(say("Only you see this page, as long as the class is kept. Images: {licence}",
                   licence=as_text(seat.room.lesson.licence)))
    st.caption(as_text(not_reviewed()))


def opened_items(seat: Seat) -> dict[int, Missing]:
    """The items that were opened, in order, each with why the seat has no answer to it, if so."""
    answered = {position for position, _ in seat.answers()}
    if seat.room.plan.own_pace:
        return dict.fromkeys(sorted(answered), "")
    found: dict[int, Missing] = {}
    for opening in seat.room.openings():
        late = opening.closed_at is not None and opening.closed_at <= seat.joined
        if opening.item in answered:
            found[opening.item] = ""
        elif found.get(opening.item) != "not answered":
            found[opening.item] = "not seen" if late else "not answered"
    return dict(sorted(found.items()))


def _counts(seat: Seat, seen: dict[int, Missing]) -> None:
    """How often the seat and the model were right, at each stage, and of a lesson about the model what that means."""
    answers, lesson, lines = seat.answers(), seat.room.lesson, []
    for stage in seat.room.plan.stages:
        given = {position: answers[position, stage] for position in seen if (position, stage) in answers}
        right = sum(is_right(seat, seat.items[position], one.answer) for position, one in given.items())
        words = (say("**You, with the model: {right} of {all}**", right=right, all=len(given)) if stage == "with-model"
                 else say("**You: {right} of {all}**", right=right, all=len(given)))
        lines.append(words)
    if seat.room.plan.arm != "alone":
        same = {position for position, _ in answers}
        right = sum(model_is_right(seat, seat.items[position]) for position in same)
        lines.append(say("**The model: {right} of {all}**", right=right, all=len(same)))
    st.markdown("  \n".join(lines))
    if lesson.kind == "model" and seat.room.plan.arm != "alone":
        wrong = sum(not model_is_right(seat, item) for item in seat.items) / len(seat.items)
        chosen = say("The model is wrong in {wrong} of these pictures because they were chosen so.",
                     wrong=spoken().percent(wrong, 0))
        everywhere = "" if lesson.error_share is None else say(
            "In the whole collection it is wrong in {share} of the lesions.",
            share=spoken().percent(lesson.error_share))
        st.markdown(f"{chosen} {everywhere}")


def _item(seat: Seat, position: int, missing: Missing) -> None:
    item, answers = seat.items[position], seat.answers()
    with st.container(horizontal=True, border=True):
        shown = picture_shown(seat.room, item, position)
        if shown.content is not None:
            st.image(shown.content, width=_SIDE, alt=shown.alt)
        lines = [f"{position + 1} · {reference_words(seat.room.lesson, item)}"]
        for stage in seat.room.plan.stages:
            if (given := answers.get((position, stage))) is not None:
                who = say("With the model:") if stage == "with-model" else say("You:")
                lines.append(f"{who} {judged(given_words(seat, given), is_right(seat, item, given.answer))}")
        with st.container(width="stretch"):
            st.markdown("  \n".join([*lines, say(MISSING_WORDS[missing])] if missing else lines))
