"""Long work on a page: started, watched, stopped, and found again after a refresh.

A job that outlives the page is found by its folder, whoever opens the page; short work belongs to the visitor who asked
for it, and is kept in the session until its answer is thrown away. Work in the page itself has a bar of its own.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from app.access import Right, later, require
from app.addresses.redraw import redraw_page
from app.components import problems
from app.loaders import resources
from pipeline.errors import LesionLabError, RunError
from pipeline.jobs.job_dirs import Kind
from pipeline.jobs.short_work import ShortWork
from pipeline.number_words import time_left
from pipeline.progress import Progress
from pipeline.runs.job_dir import JobDir
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import ENDED, Status
from pipeline.shown import as_text

_SECONDS_BETWEEN_UPDATES = 0.15
_KEPT = "work"
_beginning = threading.Lock()  # a press asks for its work twice: what it downloads, and the page
LEAVE = "Take it out of the queue"
DrawJob = Callable[[Any, Status], None]  # gets a job and its status


def watch(jobs: Callable[[], Sequence[JobDir]], draw: DrawJob) -> None:
    """Draws each job; while one of them is not at its end the view refreshes itself every second.

    Args:
        jobs: gives them anew at each refresh.
    """
    states = _states(jobs())
    st.fragment(_watched, run_every="1s" if any(state not in ENDED for _, state in states) else None)(
        jobs, states, draw)


def _states(jobs: Sequence[JobDir]) -> list[tuple[JobDir, str]]:
    return [(job, job.status().state) for job in jobs]


def _watched(jobs: Callable[[], Sequence[JobDir]], drawn_as: list[tuple[JobDir, str]], draw: DrawJob) -> None:
    with problems.in_words():
        statuses = [(job, job.status()) for job in jobs()]
        if [(job, status.state) for job, status in statuses] != drawn_as:
            redraw_page()  # all of it: its other parts say the states too, and at the end polling has to stop
        for job, status in statuses:
            draw(job, status)


def job_bar(job: JobDir, status: Status, stopping_words: str = "Stops.", knows_time: bool = True) -> bool:
    """How far a job is, and what it does now; whether it was asked to stop.

    Args:
        knows_time: the job tells how much time is left.
    """
    stopping = job.stop_path.exists()
    left = f" · {time_left(status.seconds_left)}" if knows_time and status.state == "running" else ""
    words = stopping_words if stopping else f"{status.doing.rstrip('.')}{left}"
    st.progress(min(max(status.fraction, 0.0), 1.0), text=as_text(words))
    return stopping


def stop_label(status: Status, running: str) -> str:
    """What the button that stops a job says: `running` of one that has begun."""
    return LEAVE if status.state == "queued" else running


def stop(job: JobDir) -> None:
    """Asks the job to stop; for callbacks."""
    from pipeline.jobs.launch import request_stop

    with problems.in_words():
        require(Right.STOP)
        with contextlib.suppress(RunError):  # it ended between the last look and the click: the page shows how
            request_stop(job)


def resume(run: RunDir) -> None:
    """Lets a run that broke off go on; for callbacks."""
    from pipeline.jobs.launch import resume_run

    with problems.in_words():
        require(Right.TRAIN, "resumes a run")
        resume_run(resources.workspace(), run)


@dataclass
class _Kept:
    """This visitor's work: `about` something, by `work` while it goes on, then its `answer` or the `problem`."""

    about: Any
    request: Any
    work: ShortWork | None
    answer: Any = None
    problem: LesionLabError | None = None
    at: float = field(default_factory=time.monotonic)
    taking: threading.Lock = field(default_factory=threading.Lock)


class OnDemand(NamedTuple):
    """Work that a download button asks for: the press calls both, each in a thread of its own, in any order."""

    begin: Callable[[], None]  # in the page's script, for `on_click`
    wait: Callable[[], Any]  # outside it, for `data`: gives the answer, or raises what went wrong


@dataclass(frozen=True)
class SessionWork:
    """A kind of short work of this visitor, about one thing at a time: its button, how it goes, and its answer.

    Attributes:
        kind: of the task; its widgets' keys begin so.
        doing: stands before each step ("Measures").
        show: draws the answer; gets the seconds since it came, too.
        read: makes of the ended work what is kept as its answer; by default what the task gave.
        cancels: there is a button that ends it.
        during: draws what can be seen of it while it goes on.
        right: what starting it takes; None where whoever starts it has asked already.
    """

    kind: Kind
    doing: str
    show: Callable[[Any, float], None] = lambda answer, seconds: None
    read: Callable[[ShortWork], Any] = lambda work: work.result()
    cancels: bool = True
    during: Callable[[ShortWork], None] = lambda work: None
    right: Right | None = Right.COMPUTE

    def _kept(self) -> _Kept | None:
        return _all_kept().get(self.kind)

    @property
    def request(self) -> Any:
        """What the work that is kept was asked; None where none is."""
        kept = self._kept()
        return kept and kept.request

    @property
    def answer(self) -> Any:
        """The answer that is kept; None where there is none."""
        kept = self._kept()
        return kept and kept.answer

    @property
    def goes_on(self) -> bool:
        """Whether the work is not at its end."""
        kept = self._kept()
        return kept is not None and kept.work is not None

    def start(self, about: Any, request: Any, bring: Callable[[Path], Any] | None = None) -> None:
        """Begins the work; it may take the place of another about something else, which ends.

        Raises:
            AccessError: this session may not.
            WorkspaceError: the workspace cannot be written.
        """
        self._ask()
        self.forget()
        _all_kept()[self.kind] = _Kept(about, request, ShortWork(resources.workspace(), self.kind, request, bring))

    def _ask(self) -> None:
        if self.right:
            require(self.right)

    def forget(self) -> None:
        """Ends the work, or throws its answer away."""
        kept = _all_kept().pop(self.kind, None)
        if kept and kept.work:
            kept.work.cancel()

    def is_about(self, about: Any) -> bool:
        """Whether the work that is kept is about this."""
        kept = self._kept()
        return kept is not None and kept.about == about

    def has_begun(self, about: Any) -> bool:
        """Whether it is about this; work about something else is forgotten."""
        if not self.is_about(about):
            self.forget()
        return self._kept() is not None

    def has_answer(self, about: Any) -> bool:
        """Whether the answer about this is there; work about something else is forgotten."""
        return self.has_begun(about) and self._kept().answer is not None

    def broke_off(self, about: Any) -> bool:
        """Whether the work about this was refused or broke off; work about something else is forgotten."""
        return self.has_begun(about) and self._kept().problem is not None

    def button(self, label: str, icon: str, help: str, about: Any, request: Any) -> None:
        """The button that starts the work; disabled where `about` is None, or short work of this visitor goes on."""
        self.has_begun(about)
        if st.button(label, key=self.kind, disabled=about is None or _at_work(), icon=icon, help=help):
            with problems.in_words():
                self.start(about, request)
                st.rerun()

    def on_demand(self, about: Any, request: Any) -> OnDemand:
        """For a download button whose one press begins the work and brings its answer, kept for the next press."""
        everything = _all_kept()  # of this visitor: where the answer is waited for, nobody knows the session

        def begun() -> _Kept:
            with _beginning:
                kept = everything.get(self.kind)
                if kept is None or kept.about != about or kept.problem:
                    if kept and kept.work:
                        kept.work.cancel()
                    work = ShortWork(resources.workspace(), self.kind, request)
                    kept = everything[self.kind] = _Kept(about, request, work)
                return kept

        def begin() -> None:
            with problems.in_words():
                self._ask()
                begun()

        def wait() -> Any:
            kept = begun()
            while (work := kept.work) and work.running:
                time.sleep(_SECONDS_BETWEEN_UPDATES)
            self._take_answer(kept)
            if kept.problem:
                raise kept.problem
            return kept.answer

        return OnDemand(begin, later(self.right, wait) if self.right else wait)

    def view(self) -> None:
        """The work as it goes, with a way to end it, then its answer; nothing before it was asked for."""
        kept = self._kept()
        with st.container():  # one place, so that what follows keeps its own
            if kept:
                st.fragment(self._view, run_every="1s" if kept.work else None)()

    def _view(self) -> None:
        kept = self._kept()
        if kept is None:
            return
        if work := kept.work:
            if not work.running:
                self._take_answer(kept)
                redraw_page()
            self._progress(work)
            self.during(work)
        elif kept.problem:
            problems.show(kept.problem)
        else:
            self.show(kept.answer, time.monotonic() - kept.at)

    def _take_answer(self, kept: _Kept) -> None:
        with kept.taking:  # the page and a download may both wait for it
            if kept.work is None:
                return
            try:
                kept.answer = self.read(kept.work)
            except LesionLabError as error:
                kept.problem = error
            kept.work.cancel()  # its folder goes now: the error holds on to it
            kept.work, kept.at = None, time.monotonic()

    def _progress(self, work: ShortWork) -> None:
        fraction, sentence = work.step()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(fraction, text=as_text(f"{self.doing}: {sentence}"))
            if self.cancels and st.button("Cancel", key=f"{self.kind}.cancel", icon=":material/close:"):
                self.forget()
                st.rerun()


def _at_work() -> bool:
    """Whether any short work of this visitor goes on: the computer has little to share."""
    return any(kept.work for kept in _all_kept().values())


def _all_kept() -> dict[str, _Kept]:
    return st.session_state.setdefault(_KEPT, {})


@contextlib.contextmanager
def progress_bar(sentence: str, key: str) -> Iterator[Progress]:
    """Yields a `Progress` that draws itself, for what the page waits for.

    Cancel needs no code: a click makes Streamlit leave this script at the next update, and what runs in the block
    cleans up behind itself.
    """
    place = st.empty()
    with place.container():
        bar = st.progress(0.0, text=as_text(sentence))
        st.button("Cancel", key=f"{key}.cancel", icon=":material/close:")
    last = [0.0, 0.0]  # time of the last update, fraction

    def progress(fraction: float | None, words: str) -> None:
        now = time.monotonic()
        last[1] = last[1] if fraction is None else min(max(fraction, 0.0), 1.0)
        if now - last[0] > _SECONDS_BETWEEN_UPDATES or last[1] == 1.0:
            last[0] = now
            bar.progress(last[1], text=as_text(words))

    try:
        yield progress
    except LesionLabError:
        place.empty()  # the error's words stand alone; a cancelled script cannot draw any more
        raise
    place.empty()
