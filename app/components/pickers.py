"""Choosing a run, a model, a part, a topic or a page; the choice stands in the address, and a stale address says so."""

from collections.abc import Callable, Collection, Mapping, Sequence

import streamlit as st

from app.addresses.links import Parameter, linked, remember
from app.words.run_titles import bundled_title
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

STATE_WORDS = {
    "queued": "waits its turn", "running": "is training", "done": "done", "failed": "failed", "cancelled": "stopped",
    "interrupted": "interrupted",
}


def state_words(run: RunDir) -> str:
    """How far the run is, in words."""
    state = run.status().state
    evaluating = state == "running" and run.capabilities().kind == "evaluation"
    return "is evaluating" if evaluating else STATE_WORDS[state]


def pick(
    label: str, parameter: Parameter, options: Sequence[str], *, default: str,
    words: Callable[[str], str] = str, help: str | None = None,
) -> str:
    """A select box whose value is the address's `parameter`; `default` where the address names none or a gone one."""
    link = linked(parameter, options)
    chosen = link.value or default
    if link.problem:
        st.warning(as_text(f"{link.problem} Shown instead: {words(chosen)}."), icon=":material/link_off:")
    else:
        remember(**{parameter: chosen})
    key = f"pick.{parameter}"
    st.session_state[key] = chosen
    return st.selectbox(
        label, options, key=key, format_func=words, help=help,
        on_change=_remember_known, args=(parameter, key, options),
    )


def _remember_known(parameter: Parameter, key: str, options: Sequence[str]) -> None:
    """Nothing, where the browser sent words that stand for no option any more: the state of a run has changed."""
    if st.session_state[key] in options:
        remember(**{parameter: st.session_state[key]})


def pick_run(runs: list[RunDir], default: RunDir, more: Callable[[RunDir], str] = state_words) -> RunDir:
    """The run that the address or the user chose; `more` is what stands behind the name of each but the bundled one."""
    by_name = {run.name: run for run in runs}

    def words(name: str) -> str:
        can = by_name[name].capabilities()
        return bundled_title(can) if can.read_only else f"{name} ({more(by_name[name])})"

    return by_name[pick("Run", "run", list(by_name), default=default.name, words=words)]


def address_radio(
    title: str, parameter: Parameter, options: Mapping[str, str], *, hidden: bool = False,
    forgets: Collection[str] = (),
) -> str:
    """The address's `parameter`, else the first of `options` (value to words); an unknown one is named in a warning.

    Args:
        hidden: without the title, which screen readers get all the same.
        forgets: parameters whose values depend on this choice; another choice takes them out of the address.
    """
    link = linked(parameter, options)
    chosen = link.value or next(iter(options))
    if link.problem:
        st.warning(as_text(f"{link.problem} Shown instead: {options[chosen]}."), icon=":material/link_off:")
    key = f"radio.{parameter}"
    st.session_state[key] = chosen
    return st.radio(
        title, list(options), key=key, format_func=lambda one: as_text(options[one]), horizontal=True,
        label_visibility="collapsed" if hidden else "visible",
        on_change=lambda: remember(**{parameter: st.session_state[key]}, **dict.fromkeys(forgets)),
    )


def page_of_address(pages: int) -> int:
    """The page (1..pages) that the address names, the first without one; says so where it names one that is not."""
    asked = st.query_params.get("page")
    if asked is None:
        return 1
    if asked.isascii() and asked.isdecimal() and 1 <= int(asked[:9]) <= pages:
        return int(asked[:9])
    st.warning(as_text(f"The address names page {asked[:20]}, but there is only "
                       f"{'one page' if pages == 1 else f'a page 1 to {pages:,}'}. Shown instead: page 1."),
               icon=":material/link_off:")
    return 1


def _turn_to(page: int) -> None:
    remember(page=None if page == 1 else str(page))


def pager(key: str, page: int, pages: int, size: int, total: int, noun: str = "") -> None:
    """Previous, next, and which of the `total` images, or of what `noun` names, stand on this `page` of `size` each."""
    first = (page - 1) * size + 1
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Previous", key=f"{key}.previous", disabled=page == 1, on_click=_turn_to, args=(page - 1,),
                  icon=":material/arrow_back:")
        st.button("Next", key=f"{key}.next", disabled=page == pages, on_click=_turn_to, args=(page + 1,),
                  icon=":material/arrow_forward:", icon_position="right")
        st.markdown(f"{first:,}–{min(first + size - 1, total):,} of {total:,} {noun}".rstrip(), width="content")
