"""Choosing a run, a model or a part; the choice stands in the address, and a stale address says so."""

from collections.abc import Callable, Sequence

import streamlit as st

from app.addresses.links import Parameter, linked, remember
from app.loaders import resources
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

STATE_WORDS = {
    "queued": "waits its turn", "running": "is training", "done": "done", "failed": "failed", "cancelled": "stopped",
    "interrupted": "interrupted",
}


def state_words(run: RunDir) -> str:
    """How far the run is, in words."""
    state = run.status().state
    evaluating = state == "running" and resources.capabilities(run).kind == "evaluation"
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
        on_change=lambda: remember(**{parameter: st.session_state[key]}),
    )


def pick_run(runs: list[RunDir], default: RunDir) -> RunDir:
    """The run that the address or the user chose."""
    by_name = {run.name: run for run in runs}

    def words(name: str) -> str:
        if resources.capabilities(by_name[name]).read_only:
            return f"{name} (bundled with LesionLab)"
        return f"{name} ({state_words(by_name[name])})"

    return by_name[pick("Run", "run", list(by_name), default=default.name, words=words)]
