"""How often and how much the visitors of a shared server may, each session and all together; each limit says so."""

import shutil
from dataclasses import dataclass

import streamlit as st

from app.budgets import Budget
from pipeline.errors import LimitError
from pipeline.files.workspace import current_workspace
from pipeline.limits import (
    LEAST_FREE_BYTES,
    MOST_ANSWERS_A_MINUTE,
    MOST_ANSWERS_A_MINUTE_IN_ALL,
    MOST_JOINING_A_MINUTE,
    MOST_JOINING_A_MINUTE_IN_ALL,
    MOST_TRAININGS_AN_HOUR,
    MOST_TRAININGS_AN_HOUR_IN_ALL,
)


@dataclass(frozen=True)
class Pace:
    """How often within `seconds`.

    Attributes:
        of_session, in_all: times.
        does, within: what is limited, in words.
        writes: it fills the disk, which must not run full.
    """

    of_session: int
    in_all: int
    seconds: float
    does: str
    within: str
    writes: bool = False


PACES: dict[str, Pace] = {
    "classify": Pace(MOST_ANSWERS_A_MINUTE, MOST_ANSWERS_A_MINUTE_IN_ALL, 60.0, "images classified", "a minute"),
    "train-one": Pace(MOST_TRAININGS_AN_HOUR, MOST_TRAININGS_AN_HOUR_IN_ALL, 3600.0, "trainings started", "an hour",
                      writes=True),
    "join": Pace(MOST_JOINING_A_MINUTE, MOST_JOINING_A_MINUTE_IN_ALL, 60.0, "classes joined", "a minute"),
}
_of_all = {action: Budget(pace.in_all, pace.seconds) for action, pace in PACES.items()}


def keep_pace(action: str) -> None:
    """Counts what a visitor does now.

    Raises:
        LimitError: this session, or all together, have done it too often, or the disk is nearly full.
    """
    if (pace := PACES.get(action)) is None:
        return
    if pace.writes and shutil.disk_usage(current_workspace().create().home).free < LEAST_FREE_BYTES:
        raise LimitError("The server's disk is nearly full.", "Tell the person who runs it.")
    own: Budget = st.session_state.setdefault(f"limits.{action}", Budget(pace.of_session, pace.seconds))
    if not own.take():
        raise LimitError(f"At most {pace.of_session} {pace.does} {pace.within} for each visitor.", "Wait a little.")
    if not _of_all[action].take():
        raise LimitError(f"At most {pace.in_all} {pace.does} {pace.within} for all visitors together.",
                         "Wait a little.")
