"""A running class on the projector: how it gets in, picture after picture, what the class is told, and its end."""

import streamlit as st

from app.addresses.links import TEACH, go
from app.components.classroom.after_class import after_class
from app.components.classroom.class_entrance import class_entrance
from app.components.classroom.class_numbers import class_numbers
from app.components.classroom.class_steps import Step, act, is_told, next_step, take_step
from app.components.classroom.hands_tally import hands_tally
from app.components.classroom.presenter import PICTURE, presenter
from app.components.classroom.told_item import told_item
from app.loaders.class_pictures import content_of, picture_of
from app.words.spoken import say, say_count, spoken
from pipeline.classroom.clinical_terms import MALIGNANT_MEANS, patient_words
from pipeline.classroom.lesson import SMALL, Item
from pipeline.classroom.room import Room
from pipeline.classroom.room_state import RoomState
from pipeline.languages import marked
from pipeline.shown import as_text
from pipeline.vocabulary import Form

_STEP_WORDS: dict[Step, str] = {
    "next": marked("Next picture"), "close": marked("Close now"), "reveal": marked("Tell the reference diagnosis"),
    "resume": marked("Go on"),
}
_STEP_ICONS: dict[Step, str] = {"next": "arrow_forward", "close": "timer_off", "reveal": "visibility",
                                "resume": "replay"}


def class_run(room: Room) -> None:
    """Draws where the class is.

    Raises:
        WorkspaceError: its files are damaged.
    """
    state = room.state()
    step = next_step(room, state)
    looked = _looked_at(room, state)
    pressed = presenter(f"{state.phase} {state.item} {looked}")
    if pressed == "back" and state.opened_at is not None:
        _look(room, max((state.item if looked is None else looked) - 1, 0), state)
    if pressed == "forward":
        if looked is not None:
            _look(room, looked + 1, state)
        elif step is not None:
            take_step(room, step)
    if state.phase == "ended":
        _ended(room, state, step)
    elif room.plan.own_pace or state.phase == "waiting":
        _waiting(room, state, step)
    else:
        _item(room, state, step, looked)


def _key(room: Room) -> str:
    return f"teach.look.{room.code}"


def _looked_at(room: Room, state: RoomState) -> int | None:
    """The earlier picture that the educator turned back to; None: the one where the class is."""
    looked = st.session_state.get(_key(room))
    return looked if isinstance(looked, int) and 0 <= looked < state.item and state.phase != "ended" else None


def _look(room: Room, position: int, state: RoomState) -> None:
    st.session_state[_key(room)] = position if position < state.item else None
    st.rerun()


def _step_button(room: Room, state: RoomState, step: Step | None) -> None:
    if step is None:
        return
    words = say("First picture") if state.phase == "waiting" else say(_STEP_WORDS[step])
    if st.button(words, key="teach.step", type="primary", icon=f":material/{_STEP_ICONS[step]}:", width="stretch"):
        take_step(room, step)


def _end_button(room: Room) -> None:
    with st.popover(say("End"), icon=":material/stop_circle:", width="stretch"):
        st.markdown(say("Nobody can answer any more. The answers stay until the class is forgotten."))
        if st.button(say("End this class"), key="teach.end", icon=":material/stop_circle:"):
            act(room.end)
    st.page_link(TEACH, label=say("All classes and lessons"), icon=":material/arrow_back:")


def _waiting(room: Room, state: RoomState, step: Step | None) -> None:
    left, right = st.columns([4, 1], gap="large")
    with left:
        class_entrance(room)
    with right:
        class_numbers(room, state)
        _step_button(room, state, step)
        _end_button(room)


def _item(room: Room, state: RoomState, step: Step | None, looked: int | None) -> None:
    current = int(state.item)
    position = current if looked is None else looked
    shown: list[tuple[Form, Item]] = [(form, room.items(form)[position])
                                      for form in (("A", "B") if room.plan.both_forms else ("A",))]
    left, right = st.columns([5, 3], gap="medium")
    with left, st.container(key=PICTURE):
        for column, (form, item) in zip(st.columns(len(shown)), shown, strict=True):
            with column:
                _picture(room, position, item, form if len(shown) > 1 else "")
    with right:
        place = say("{place} of {all}", place=position + 1, all=len(room.items()))
        st.markdown(f"{place} · **{as_text(room.code)}**" if room.plan.mode != "hands" else place)
        if looked is not None:
            st.info(say("An earlier picture. The class is at {place}.", place=current + 1),
                    icon=":material/history:")
        else:
            class_numbers(room, state)
            _step_button(room, state, step)
            if state.phase == "closed" and not is_told(room, position) and st.button(
                    say("Open it again"), key="teach.reopen", icon=":material/lock_open:"):
                act(lambda: room.open(position))
            if room.plan.mode == "hands":
                hands_tally(room, position)
        if is_told(room, position):
            for form, item in shown:
                if len(shown) > 1:
                    st.markdown(f"**{as_text(form)}**")
                told_item(room, position, item)
        elif room.lesson.asks == "malignancy":
            st.caption(say(MALIGNANT_MEANS))
        _turning(room, state, looked)
        _end_button(room)


def _turning(room: Room, state: RoomState, looked: int | None) -> None:
    with st.container(horizontal=True):
        at = state.item if looked is None else looked
        if st.button(say("Back"), key="teach.back", icon=":material/chevron_left:", disabled=at == 0,
                     help=say("An earlier picture; PageUp does the same, PageDown goes on.")):
            _look(room, at - 1, state)
        if looked is not None and st.button(say("To the class"), key="teach.here", icon=":material/chevron_right:"):
            _look(room, state.item, state)


def _picture(room: Room, position: int, item: Item, form: str) -> None:
    picture = picture_of(room.lesson, item)
    patient = patient_words(spoken(), item.age, item.sex, item.localization) if room.plan.show_patient else ""
    content = content_of(picture, large=True)
    if picture is None or content is None:
        st.warning(say("The picture is not on the computer that shows this class."), icon=":material/broken_image:")
    else:
        st.image(content, width="stretch", alt=say("Picture {place}", place=position + 1))
        if picture.short_side < SMALL:
            st.caption(say("A small picture: dots and network cannot be judged on it."))
    st.markdown(as_text(" · ".join(filter(None, (form, patient)))))


def _ended(room: Room, state: RoomState, step: Step | None) -> None:
    st.title(say("Class {code} has ended", code=as_text(room.code)))
    st.markdown(as_text(room.lesson.title) + " · " + say_count("{number} seat", "{number} seats", int(state.seats)))
    if step is not None:
        st.markdown(say("Half an hour went by in which nothing happened, so it ended by itself."))
        _step_button(room, state, step)
    after_class(room)
    with st.popover(say("Forget this class"), icon=":material/delete_forever:"):
        st.markdown(say("Deletes the class with all its answers at once and for good."))
        if st.button(say("Forget it"), key="teach.forget", type="primary", icon=":material/delete_forever:"):
            act(lambda: _forget(room))
    st.page_link(TEACH, label=say("All classes and lessons"), icon=":material/arrow_back:")


def _forget(room: Room) -> None:
    room.forget()
    go(TEACH)
