"""A class without phones: the educator counts the hands for each answer, and types how many."""

from functools import partial

import streamlit as st

from app.components.classroom.asking import answer_options
from app.components.classroom.class_steps import act
from app.words.spoken import say
from pipeline.classroom.answer_terms import STAGE_WORDS
from pipeline.classroom.answers import tallies
from pipeline.classroom.room import Room
from pipeline.limits import MOST_HANDS
from pipeline.shown import as_text


def hands_tally(room: Room, position: int) -> None:
    """A form for each stage of the picture at `position`, with what was counted last."""
    table = tallies(room)
    for stage in room.plan.stages:
        own = table[(table["position"] == position) & (table["stage"] == stage)]
        counted = dict(zip(own["answer"], own["count"], strict=True))
        with st.form(f"teach.hands.{position}.{stage}", border=False):
            st.markdown(f"**{say(STAGE_WORDS[stage])}**")
            counts = {
                option.value: st.number_input(as_text(option.label), 0, MOST_HANDS, int(counted.get(option.value, 0)),
                                              key=f"teach.hands.{position}.{stage}.{option.value}")
                for option in answer_options(room.lesson.asks, room.choices())
            }
            if st.form_submit_button(say("Keep the count"), icon=":material/back_hand:"):
                act(partial(room.tally, position, stage, counts))
