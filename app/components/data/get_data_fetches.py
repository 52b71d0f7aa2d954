"""Downloads as they go. Each is a process of its own: closing or refreshing the page changes nothing."""

import streamlit as st

from app.access import Right, may, require
from app.addresses.links import DATASET, go
from app.components import problems
from app.components.long_work import job_bar, watch
from app.loaders import resources
from pipeline.jobs.fetching import damaged_fetches, dismiss_fetch, list_fetches, start_fetch, stop_fetch
from pipeline.jobs.job_dirs import Fetch
from pipeline.runs.status import ENDED, Status
from pipeline.shown import as_text


def running_sources(fetches: list[Fetch]) -> set[str]:
    """The sources that are being fetched now."""
    return {fetch.source.id for fetch in fetches if fetch.status().state not in ENDED}


def fetches_here() -> list[Fetch]:
    """Shows each fetch that has begun and was not dismissed; refreshes itself while one is at work."""
    for error in damaged_fetches(resources.workspace()):
        problems.show(error)
    watch(lambda: list_fetches(resources.workspace()), _view)
    return list_fetches(resources.workspace())


def _view(fetch: Fetch, status: Status) -> None:
    with st.container(border=True):
        if status.state in ENDED:
            _ended(fetch, status)
        else:
            _active(fetch, status)


def _active(fetch: Fetch, status: Status) -> None:
    words, button = st.columns([4, 1], vertical_alignment="center")
    words.markdown(f"**{as_text(fetch.source.title)}**, as the data set {as_text(fetch.name)}")
    with button.container(horizontal=True, horizontal_alignment="right"):
        if may(Right.FETCH) and st.button("Cancel", key=f"cancel.{fetch.source.id}", icon=":material/close:",
                                    help="What has come so far is kept; the next try goes on from there."):
            with problems.in_words():
                require(Right.FETCH, "stops a download")
                stop_fetch(fetch)
    job_bar(fetch, status, knows_time=False)
    st.caption("You may close this page: the download goes on.")


def _ended(fetch: Fetch, status: Status) -> None:
    name = fetch.name
    if status.state == "done":
        st.success(as_text(f"{fetch.source.title} is here, as the data set {name}."), icon=":material/check:")
    else:
        said = st.info if status.state == "cancelled" else st.error
        reason = status.error if may(Right.FETCH) else None  # it names folders of the server
        said(as_text(f"{fetch.source.title}: {reason or status.doing}"))
    with st.container(horizontal=True):
        if status.state != "done":
            if may(Right.FETCH) and st.button("Try again", key=f"again.{fetch.source.id}", icon=":material/refresh:"):
                with problems.in_words():
                    require(Right.FETCH, "starts a download")
                    start_fetch(resources.workspace(), fetch.source, name)
                    st.rerun()
        elif st.button("Look at it", key=f"fetched.{fetch.source.id}", icon=":material/database:"):
            go(DATASET, data=name)
        if may(Right.FETCH):
            st.button("Dismiss", key=f"dismiss.{fetch.source.id}", icon=":material/close:", on_click=_dismiss,
                      args=(fetch,),
                      help=None if status.state == "done" else "Forgets it, and throws away what has come.")


def _dismiss(fetch: Fetch) -> None:
    with problems.in_words():
        require(Right.FETCH, "throws away what a download has brought")
        dismiss_fetch(fetch)
