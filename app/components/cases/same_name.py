"""Images go into a teaching set; where a new one would have the name of another, the page asks what is meant."""

from typing import Literal, NamedTuple

import streamlit as st

from app.access import Right, may, not_offered, require
from app.components import problems
from app.loaders import resources
from pipeline.errors import NameTakenError, TeachingError
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import (
    LONGEST_NAME,
    TeachingSet,
    add_images,
    create_set,
    find_set,
    replace_set,
    taught_data,
)
from pipeline.shown import as_text

PUT_AWAY = "explore.put_away"  # the set that was put away last, and can be taken back
NEW = ""  # among the ids of sets: one that is to be made


class PutAway(NamedTuple):
    """A teaching set that was put away, and how."""

    set_id: str
    name: str
    how: Literal["deleted", "replaced"]


class _Wanted(NamedTuple):
    """A set that was to be made, and the id of the one that has its name already."""

    note: str
    images: tuple[str, ...]
    taken: str


def _place(key: str) -> str:
    return f"{key}.wanted"


def put_into(key: str, run: RunDir, into: str, name: str, note: str, images: list[str]) -> TeachingSet | None:
    """Puts images into the set `into`, or with NEW into a new one of that name.

    Args:
        key: of the place on the page where `name_question` asks.

    Returns:
        The set; None where its name is another's, so that there is something to ask.

    Raises:
        AccessError: this session may not change teaching sets.
        TeachingError: it has no name or no image, or is gone.
    """
    require(Right.TEACH, "makes teaching sets")
    place = resources.workspace()
    if into != NEW:
        return add_images(place, into, images)
    try:
        return create_set(place, name, note, taught_data(run), run, images)
    except NameTakenError as error:
        st.session_state[_place(key)] = _Wanted(note, tuple(images), error.set_id)
        return None


def asks(key: str) -> bool:
    """Whether there is something to ask."""
    return _place(key) in st.session_state


def name_question(key: str, run: RunDir) -> TeachingSet | None:
    """Asks whether the other set's images are to be replaced, or the new one gets another name; a third button cancels.

    Returns:
        The set that has just been made or changed.
    """
    wanted: _Wanted = st.session_state[_place(key)]
    try:
        other = find_set(resources.workspace(), wanted.taken)
    except TeachingError:  # it was deleted meanwhile, and its name is free
        del st.session_state[_place(key)]
        st.rerun()
    st.markdown(f"There is a teaching set “{as_text(other.name)}” already, with {count(len(other.images), 'image')}.")
    made = None
    with problems.in_words(), st.form(f"{key}.other", border=False):
        name = st.text_input("Another name", key=f"{key}.other.name", max_chars=LONGEST_NAME)
        if st.form_submit_button("Save under this name", key=f"{key}.other.save", icon=":material/save:"):
            made = put_into(key, run, NEW, name, wanted.note, list(wanted.images))
            if made is None:
                st.warning("That name is taken too.", icon=":material/info:")
    with problems.in_words(), st.container(horizontal=True):
        words = f"Replace its {count(len(other.images), 'image')} with these {len(wanted.images):,}"
        if may(Right.DELETE) and st.button(words, key=f"{key}.replace", icon=":material/find_replace:"):
            require(Right.DELETE, "replaces teaching sets")
            made = replace_set(resources.workspace(), other.id, wanted.note, run, wanted.images)
            st.session_state[PUT_AWAY] = PutAway(other.id, other.name, "replaced")
        if st.button("Cancel", key=f"{key}.cancel", icon=":material/close:"):
            del st.session_state[_place(key)]
            st.rerun()
    not_offered(Right.DELETE, "Replacing teaching sets")
    if made is not None:
        del st.session_state[_place(key)]
    return made
