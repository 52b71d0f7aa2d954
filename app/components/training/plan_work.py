"""Short work on the form's configuration: done on request in a process of its own, kept for exactly that configuration.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from app.components import problems
from app.loaders import resources
from pipeline.config import RunConfig
from pipeline.errors import LesionLabError
from pipeline.jobs.plan_work import PlanWork
from pipeline.shown import as_text

_KEPT = "train.work"


@dataclass
class _Kept:
    """This visitor's work: on `plan`, by `job` while it goes on, then its `answer` or the `problem`."""

    plan: RunConfig
    job: PlanWork | None
    answer: Any = None
    problem: LesionLabError | None = None
    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class WorkOnPlan:
    """One kind of such work, with its button and its view. One at a time: the computer has little to share.

    Attributes:
        name: of its widgets; the button has it as key.
        doing: stands before each step ("Measures").
        show: draws the answer; gets the seconds since it came, too.
        read: makes of the process's result what is kept.
    """

    name: str
    doing: str
    show: Callable[[Any, float], None]
    read: Callable[[dict[str, Any]], Any] = lambda found: found

    def _kept(self) -> _Kept | None:
        return _all_kept().get(self.name)

    def forget(self) -> None:
        """Ends the work, or throws its answer away."""
        kept = _all_kept().pop(self.name, None)
        if kept and kept.job:
            kept.job.cancel()

    def drop_other(self, plan: RunConfig | None) -> bool:
        """Forgets work on another configuration than `plan`; whether there is an answer for this one."""
        kept = self._kept()
        if kept and kept.plan != plan:
            self.forget()
        return self._kept() is not None and self._kept().answer is not None

    def button(
        self, label: str, icon: str, help: str, plan: RunConfig | None, settings: list[str],
        begin: Callable[..., PlanWork],
    ) -> None:
        """The button that calls `begin` as `PlanWork` is called."""
        self.drop_other(plan)
        busy = any(kept.job for kept in _all_kept().values())
        if st.button(label, key=self.name, disabled=plan is None or busy, icon=icon, help=help):
            with problems.in_words():
                start = None if plan.parent is None else f"{plan.parent}:{plan.parent_stage}"
                job = begin(resources.workspace(), plan.data, plan.preset, settings, start)
                _all_kept()[self.name] = _Kept(plan, job)
                st.rerun()

    def view(self) -> None:
        """The work as it goes, with a way to end it, then its result; nothing before it was asked for."""
        kept = self._kept()
        with st.container():  # one place, so that what follows keeps its own
            if kept:
                st.fragment(self._view, run_every="1s" if kept.job else None)()

    def _view(self) -> None:
        kept = self._kept()
        if kept is None:
            return
        if kept.job:
            if not kept.job.running:
                self._take_result(kept)
                st.rerun()
            self._progress(kept.job)
        elif kept.problem:
            problems.show(kept.problem)
        else:
            self.show(kept.answer, time.monotonic() - kept.at)

    def _take_result(self, kept: _Kept) -> None:
        try:
            kept.answer = self.read(kept.job.result())
        except LesionLabError as error:
            kept.problem = error
        kept.job, kept.at = None, time.monotonic()

    def _progress(self, job: PlanWork) -> None:
        bar, button = st.columns([4, 1], vertical_alignment="center")
        fraction, sentence = job.step()
        bar.progress(fraction, text=as_text(f"{self.doing}: {sentence}"))
        if button.button("Cancel", key=f"{self.name}.cancel", icon=":material/close:"):
            self.forget()
            st.rerun()


def _all_kept() -> dict[str, _Kept]:
    return st.session_state.setdefault(_KEPT, {})
