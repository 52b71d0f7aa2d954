"""How a class is to go through a lesson, and the press that opens it; of a stand, the address that it is opened at."""

import streamlit as st

from app.access import Right, require
from app.addresses.links import TEACH, go, shared_address
from app.components import problems
from app.components.classroom.joining import choose_language
from app.components.classroom.use_question import ANY_USE, NON_COMMERCIAL, Use, asked_use
from app.components.classroom.worksheet_downloads import worksheet_downloads
from app.loaders import resources
from app.loaders.class_pictures import licences_here
from app.words.spoken import say, say_count, spoken
from pipeline.classroom.lesson import Lesson
from pipeline.classroom.permitted_use import free_part
from pipeline.classroom.room import open_room
from pipeline.classroom.room_plan import Plan
from pipeline.classroom.tick_terms import melanocytic_alone
from pipeline.errors import RoomError
from pipeline.languages import marked
from pipeline.vocabulary import Arm, RoomMode

MODE_WORDS: dict[RoomMode, str] = {
    "class": marked("A class on its phones, at your pace"), "hands": marked("A class by a show of hands"),
    "self-paced": marked("Each at their own pace, at home"), "kiosk": marked("A stand"),
}
ARM_WORDS: dict[Arm, str] = {
    "model-after": marked("Alone first, then with the model"), "model-first": marked("The model's answer first"),
    "alone": marked("Without the model"),
}
_SECONDS = (None, 20, 30, 45, 60, 90, 120)


def plan_form(lesson: Lesson) -> None:
    """Draws the choices; opens the class, and leads to it.

    Args:
        lesson: as it is stored.
    """
    modes = {one: say(words) for one, words in MODE_WORDS.items()}
    arms = {one: say(words) for one, words in ARM_WORDS.items()}
    mode = st.radio(say("Who answers, and when"), list(modes), key="teach.mode", format_func=modes.get)
    if mode == "kiosk":
        _stand(lesson)
        return
    arm = st.radio(say("The model"), list(arms), key="teach.arm", format_func=arms.get)
    use = asked_use(lesson)
    shown = None if use is None else _for_use(lesson, use)
    plan = _plan(shown or lesson, mode, arm)
    if st.button(say("Open the class"), key="teach.open", type="primary", icon=":material/play_arrow:",
                 disabled=use is None):
        with problems.in_words():
            require(Right.OPEN_ROOM)
            if shown is None:
                raise RoomError("The licence of these images allows non-commercial teaching alone.",
                                "Choose a lesson of drawings, or of images under CC0.")
            go(TEACH, room=open_room(resources.workspace(), shown, plan).code)
    if shown is not None:
        worksheet_downloads(shown, plan)


def _for_use(lesson: Lesson, use: Use) -> Lesson | None:
    """What of the lesson may be shown for that use; None where that is nothing. Says what is left out."""
    if use == NON_COMMERCIAL:
        return lesson
    shown = free_part(lesson, licences_here(lesson))
    if shown is None:
        st.warning(say("Then these images may not be shown: drawings and images under CC0 may."),
                   icon=":material/copyright:")
    elif shown != lesson:
        st.info(say_count("One of its pictures may be shown then; the others are left out.",
                          "{number} of its pictures may be shown then; the others are left out.",
                          len(shown.items("A"))), icon=":material/copyright:")
    return shown


def _plan(lesson: Lesson, mode: RoomMode, arm: Arm) -> Plan:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seconds = None
        if mode == "class":
            times = {one: say("none: you close it") if one is None else f"{one} s" for one in _SECONDS}
            seconds = st.selectbox(say("Countdown for a picture"), list(times), key="teach.seconds", width=240,
                                   format_func=times.__getitem__)
        choose_language()
    feedback = st.toggle(
        say("Tell the reference diagnosis after each picture"), True, key="teach.feedback",
        help=say("Without it the answers come at the end: for a test, and for pictures at the collection's own mix."))
    patient = st.toggle(say("Show age, sex and site"), True, key="teach.patient")
    both = "B" in lesson.forms and mode != "hands" and st.toggle(
        say("Both forms: half of the seats begin with B"), key="teach.both",
        help=say("For before and after teaching: everybody goes through A and B, and neither is always first."))
    biopsy = mode != "hands" and st.toggle(say("Ask “biopsy, watch or leave?” beside, unscored"), key="teach.biopsy")
    ticks = mode != "hands" and st.toggle(say("Let structures be ticked, unscored"), key="teach.ticks")
    melanocytic = ticks and melanocytic_alone(lesson) and st.toggle(
        say("The features of nevi and melanomas instead of the six groups"), key="teach.melanocytic",
        help=say("Of 31 features those on which experts agreed best on exemplar images (Liopyris et al. 2024). Offered "
                 "where all pictures are of nevi and melanomas: elsewhere it would tell the diagnosis."))
    rehearsal = st.toggle(
        say("A rehearsal: nothing of it counts"), lesson.generated, key="teach.rehearsal", disabled=lesson.generated,
        help=say("Drawings are for rehearsals alone. With other pictures, take a seat of your own in a class that you "
                 "open for it."))
    return Plan(mode, arm, seconds, feedback, patient, biopsy, ticks, spoken().code, rehearsal or lesson.generated,
                both, melanocytic)


def _stand(lesson: Lesson) -> None:
    """The address of a stand's game with this lesson, and the line that opens it without a way out."""
    use = asked_use(lesson)
    if use is None:
        return
    if use == ANY_USE and free_part(lesson, licences_here(lesson)) is None:
        st.info(say("Then the stand shows drawings instead."), icon=":material/copyright:")
    address = shared_address("take-part", kiosk="1", lesson=lesson.id, use=use)
    st.markdown(say("Visitors play four pictures against the network; nothing of it is kept. The browser of the stand "
                    "opens this address:"))
    st.code(address, language=None, wrap_lines=True)
    st.code(f"chromium --kiosk --incognito '{address}'", language="sh", wrap_lines=True)
    st.caption(say("On the invitation a presenter's PageDown trains a network in front of the visitors; PageUp goes "
                   "back to the pictures. `make stand` allows it."))
