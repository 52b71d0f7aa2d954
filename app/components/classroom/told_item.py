"""What a class is told of a picture: its reference diagnosis, what was answered, and by one press each the model's
answer, regions, look-alikes and the educator's note.
"""

from collections.abc import Mapping

import streamlit as st

from app.components.classroom.asking import answer_options, model_says
from app.components.classroom.item_screens import judged, reference_words
from app.components.picture_cards import Card, picture_cards
from app.loaders.told_pictures import look_alikes_here, note_on, regions_here
from app.words.spoken import say, spoken
from pipeline.classroom.answer_terms import STAGE_WORDS
from pipeline.classroom.answers import LEAST_SEATS_SHOWN, answers, distribution, tallies
from pipeline.classroom.clinical_terms import diagnosis
from pipeline.classroom.lesson import Item, answer_of, asked_answer, called
from pipeline.classroom.lesson_look_alikes import confused_with
from pipeline.classroom.room import Room
from pipeline.shown import as_lines, as_text
from pipeline.vocabulary import Stage


def told_item(room: Room, position: int, item: Item) -> None:
    """Draws it beside the picture.

    Args:
        position: at which the class was asked, from 0.
    """
    lesson, key = room.lesson, f"teach.told.{room.code}.{item.image_id}"
    st.markdown(reference_words(lesson, item))
    for stage in room.plan.stages:
        _given(room, position, item, stage)
    right = asked_answer(lesson, called(lesson, item)) == asked_answer(lesson, item.dx)
    if st.toggle(say("What the model says"), key=f"{key}.model"):
        st.markdown(judged(model_says(lesson, item), right))
        _probabilities(answer_of(lesson, item))
    if st.toggle(say("Regions that raised its output"), key=f"{key}.regions"):
        _regions(room, item)
    if st.toggle(say("Look-alikes"), key=f"{key}.alike"):
        _look_alikes(room, position, item)
    if (note := note_on(lesson, item)) and st.toggle(say("Note"), key=f"{key}.note"):
        st.markdown(as_lines(note))


def _given(room: Room, position: int, item: Item, stage: Stage) -> None:
    """What was answered at a stage, where so many answered that it tells nobody's answer."""
    if room.plan.mode == "hands":
        table = tallies(room)
        own = table[(table["position"] == position) & (table["stage"] == stage)]
        counts: Mapping[str, int] | None = dict(zip(own["answer"], own["count"].astype(int), strict=True)) or None
    else:
        counts = distribution(answers(room), item.image_id, stage, room.choices())
    words = say(STAGE_WORDS[stage])
    if counts is None:
        st.caption(say("{stage}: no hands were counted.", stage=words) if room.plan.mode == "hands" else
                   say("{stage}: what was answered is shown from {seats} answers on.", stage=words,
                       seats=LEAST_SEATS_SHOWN))
        return
    st.markdown(f"**{words}**")
    most, right = sum(counts.values()), asked_answer(room.lesson, item.dx)
    for option in answer_options(room.lesson.asks, room.choices()):
        number = counts.get(option.value, 0)
        mark = ":material/check: " if option.value == right else ""
        st.progress(number / most if most else 0.0, text=f"{mark}{as_text(option.label)} · {number:,}")


def _probabilities(shares: Mapping[str, float]) -> None:
    for code in sorted(shares, key=shares.__getitem__, reverse=True):
        st.progress(shares[code], text=f"{as_text(diagnosis(spoken(), code))} · {spoken().probability(shares[code])}")


def _regions(room: Room, item: Item) -> None:
    found = regions_here(room.lesson, item)
    if found is None:
        st.caption(say("The run that this lesson was drawn from stored no regions of this picture here."))
        return
    name = diagnosis(spoken(), found.code)
    st.image(found.content, width="stretch",
             alt=say("The picture with the regions that raised the output {diagnosis}", diagnosis=name))
    st.caption(say("What raised the output {diagnosis}; not where the lesion is, nor which structures it has.",
                   diagnosis=as_text(name)))


def _look_alikes(room: Room, position: int, item: Item) -> None:
    found = look_alikes_here(room, item, position)
    if not found:
        st.caption(say("No look-alikes of this picture were computed, or their pictures are not here; the page Errors "
                       "computes them under Map."))
        return
    names = [diagnosis(spoken(), one.code) for one in found]
    cards = [Card(one.content, name, name) for one, name in zip(found, names, strict=True)]
    picture_cards(cards, f"teach.alike.{item.image_id}", wide=2, narrow=2)
    st.caption(say("Training lesions of {reference} and of {other} that the network finds nearest: alike for it, not "
                   "for a dermatologist.", reference=as_text(diagnosis(spoken(), item.dx)),
                   other=as_text(diagnosis(spoken(), confused_with(room.lesson, item)))))
