"""What an educator must know of a lesson: its kind and length, how often the model errs in it, what is not
balanced.
"""

import streamlit as st

from app.words.spoken import say, say_count, spoken
from pipeline.classroom.lesson import Lesson
from pipeline.classroom.lesson_caveats import lesson_caveats, wrong_share
from pipeline.classroom.lesson_words import CAVEATS
from pipeline.languages import marked
from pipeline.shown import as_text
from pipeline.vocabulary import Asked, LessonKind

KIND_WORDS: dict[LessonKind, str] = {"model": marked("about the model"), "test": marked("a test")}
ASKS_WORDS: dict[Asked, str] = {
    "diagnosis": marked("the diagnosis"), "malignancy": marked("malignant, in situ or precursor, or benign"),
}


def lesson_line(lesson: Lesson) -> str:
    """Kind, number of pictures and minutes in a line, as Markdown."""
    facts = [say(KIND_WORDS[lesson.kind]), say_count("{number} picture", "{number} pictures", len(lesson.items("A"))),
             say_count("{number} minute", "{number} minutes", int(lesson.minutes))]
    if "B" in lesson.forms:
        facts.append(say("two forms"))
    if lesson.generated:
        facts.append(say("drawings, for rehearsal"))
    return " · ".join(facts)


def lesson_warnings(lesson: Lesson) -> None:
    """Draws how often the model errs, what is not balanced, and what the collection lacks."""
    share = spoken().percent(lesson.error_share)
    if lesson.kind == "model":
        st.markdown(say("The model has {wrong} of these pictures wrong, by choice; in the whole collection {share}.",
                        wrong=spoken().percent(wrong_share(lesson), 0), share=share))
    else:
        st.markdown(say("Drawn without looking at the model, which has {share} of the whole collection wrong.",
                        share=share))
    for caveat in lesson_caveats(lesson):
        st.caption(":material/balance: " + say(CAVEATS[caveat]))
    for one in lesson.shortfalls:
        st.caption(":material/playlist_remove: " + say(
            "{stratum}, form {form}: {found} of {wanted}; the collection has no more that fit.",
            stratum=as_text(one.stratum), form=one.form, found=int(one.found), wanted=int(one.wanted)))
    st.caption(say("Collection {data} · {model} · seed {seed}", data=as_text(lesson.data), model=as_text(lesson.model),
                   seed=int(lesson.seed)))
