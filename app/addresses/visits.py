"""Visits at a stand: what one visitor left is out of the next one's reach, in the browser's history too.

An address can carry a filter or an example. After a start over every address carries the number of the visit, which is
the moment of that start over in seconds since 1970, and an address of an earlier visit, which the browser's Back button
still reaches, loses its parameters. What earlier visits trained stays, but no page opens on it by itself.
"""

import contextlib
import time
from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app import passphrase
from app.loaders import resources
from pipeline.errors import LesionLabError
from pipeline.models.model_info import ModelInfo
from pipeline.runs.run_dir import RunDir

_PARAMETER = "visit"
_KEY = "visit.number"
_BEGAN = "visit.began"
_DRAWN = "visit.drawn"  # how many pages this visit has drawn
_DIGITS = 11  # of a number
_A_MOMENT = 10**9  # numbers of earlier versions, which counted, are smaller


def mark() -> dict[str, str]:
    """What an address of this visit carries: nothing before the first start over."""
    number = st.session_state.get(_KEY)
    return {_PARAMETER: number} if number else {}


def keep_apart() -> None:
    """At the start of every page: an address of an earlier visit opens the page, but not what was chosen there."""
    st.session_state.setdefault(_BEGAN, time.time())
    st.session_state[_DRAWN] = st.session_state.get(_DRAWN, 0) + 1
    asked = st.query_params.get(_PARAMETER, "")
    if _KEY not in st.session_state and asked.isascii() and asked.isdecimal():
        st.session_state[_KEY] = asked[:_DIGITS]  # this visitor has loaded the page anew
    number = st.session_state.get(_KEY)
    if number and asked != number:
        st.query_params.from_dict({_PARAMETER: number})


def something_done() -> bool:
    """Whether this visit has done anything yet that a start over would undo, its address counted."""
    return st.session_state[_DRAWN] > 1 or bool(st.query_params.to_dict().keys() - {_PARAMETER})


def _started_over() -> float | None:
    """The moment of the start over that this visit began with, which an address keeps; None without one."""
    number = int(st.session_state.get(_KEY, "0"))
    return float(number) if number >= _A_MOMENT else None


def began() -> float:
    """When this visit began, in seconds since 1970 (UTC); without a start over, when its page was last loaded anew."""
    return _started_over() or st.session_state[_BEGAN]


def is_earlier(made: float | None) -> bool:
    """Whether what was made then (seconds since 1970) is of an earlier visit, so that no page of this one opens on it
    by itself. Before the first start over nothing is.
    """
    moment = _started_over()
    return moment is not None and made is not None and made < moment


def of_earlier_visit(run: RunDir) -> bool:
    """`is_earlier` of a run; the bundled one, and one whose making cannot be read, are of no visit."""
    with contextlib.suppress(LesionLabError, FileNotFoundError):
        return not run.capabilities().read_only and is_earlier(run.about()["created"])
    return False


def first_run(runs: Sequence[RunDir], preferred: Callable[[RunDir], bool]) -> RunDir:
    """The run that a page opens on where nobody chose: the first of this visit or of none that is `preferred`, else the
    first such; one of an earlier visit where there is no other.

    Args:
        runs: at least one, the best first.
    """
    now = [run for run in runs if not of_earlier_visit(run)] or runs
    return next(filter(preferred, now), now[0])


def first_model(models: Sequence[ModelInfo]) -> ModelInfo:
    """The model that a page opens on where nobody chose: the first that is not of an earlier visit; see `first_run`."""
    return min(models, key=lambda info: not info.read_only and is_earlier(info.created))


def start_over() -> None:
    """Forgets the session: uploads, filters, guesses, choices, the address, the outputs, that it knew the
    passphrase; nothing on the disk.
    """
    number = max(int(time.time()), int(st.session_state.get(_KEY, "0")) + 1)
    passphrase.leave()
    st.session_state.clear()
    resources.forget_outputs()
    context = get_script_run_ctx()
    assert context is not None  # this runs in a page's script
    context.uploaded_file_mgr.remove_session_files(context.session_id)  # else they stay until the browser leaves
    st.session_state[_KEY] = str(number)
    st.query_params.from_dict(mark())
