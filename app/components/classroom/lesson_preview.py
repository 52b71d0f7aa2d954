"""What a class will be shown, picture by picture, with what the educator must know of it before."""

import streamlit as st

from app.access import Right, may
from app.components.classroom.lesson_changer import lesson_changer
from app.components.classroom.lesson_facts import lesson_warnings
from app.components.picture_cards import Card, picture_cards
from app.loaders.class_pictures import content_of, picture_of
from app.words.spoken import say, say_count, spoken
from pipeline.classroom.clinical_terms import answer_words, diagnosis
from pipeline.classroom.lesson import Item, Lesson, asked_answer, called
from pipeline.shown import as_text
from pipeline.vocabulary import FORMS, Form


def lesson_preview(lesson: Lesson) -> None:
    """Draws the forms that the lesson has, and what it lacks."""
    _facts(lesson)
    for form in (form for form in FORMS if form in lesson.forms):
        if "B" in lesson.forms:
            heading = say("Form {form}", form=as_text(form))
            st.markdown(f"**{heading}**")
        _form(lesson, form)
    if may(Right.TEACH):
        with st.expander(say("Change pictures"), icon=":material/swap_horiz:"):
            lesson_changer(lesson)


def _facts(lesson: Lesson) -> None:
    items = [item for of in lesson.forms.values() for item in of]
    missing = sum(picture_of(lesson, item) is None for item in items)
    if missing:
        st.warning(say_count("{number} picture is not here. The page Data sets gets it.",
                             "{number} pictures are not here. The page Data sets gets them.", missing),
                   icon=":material/broken_image:")
    lesson_warnings(lesson)


def _form(lesson: Lesson, form: Form) -> None:
    cards, nowhere = [], []
    for position, item in enumerate(lesson.items(form), 1):
        content = content_of(picture_of(lesson, item))
        if content is None:
            nowhere.append(f"{position} · {item.image_id}")
            continue
        name = diagnosis(spoken(), item.dx)
        cards.append(Card(content, say("Picture {place}", place=position), f"{position} · {name}",
                          _models_words(lesson, item), trail=say("small picture") if item.small else ""))
    if cards:
        picture_cards(cards, f"teach.preview.{form}", wide=6, narrow=2)
    if nowhere:
        st.caption(say("Not here: {pictures}", pictures=as_text(", ".join(nowhere))))


def _models_words(lesson: Lesson, item: Item) -> str:
    said = asked_answer(lesson, called(lesson, item))
    words = say("the model is right") if said == asked_answer(lesson, item.dx) else say(
        "the model: {answer}", answer=answer_words(spoken(), lesson.asks, said))
    return words
