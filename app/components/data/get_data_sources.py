"""The collections that can be fetched: what each holds, its terms, and the button that starts the download."""

import streamlit as st

from app.access import Right, may, require
from app.components import problems
from app.components.run_page import chip
from app.loaders import resources
from pipeline.data.sources.catalogue import Source
from pipeline.jobs.fetching import start_fetch
from pipeline.number_words import count
from pipeline.shown import as_text


def size_words(size: float) -> str:
    """ "54 MB", "5.6 GB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _taken(source: Source, names: set[str]) -> str:
    """The name that the data set gets: the source's own, or with a number where that is taken. What comes image by
    image joins what is here.
    """
    if source.by_image:
        return source.name
    numbered = (f"{source.name}-{number}" for number in range(2, len(names) + 3))
    return source.name if source.name not in names else next(name for name in numbered if name not in names)


def source_terms(source: Source) -> None:
    """What it holds, and on what terms, before anything is fetched."""
    images = f"{'About ' if source.by_image else ''}{count(source.images, 'image')}"
    st.markdown(as_text(f"{images}, {count(len(source.diagnoses), 'diagnosis', 'diagnoses')}, "
                        f"about {size_words(source.size)} to download. {source.remark}"))
    chip(as_text(f"Licence: {source.licence}"), "  \n".join([
        as_text(f"Licence: {source.licence} ({source.terms}). {source.attribution}."),
        as_text(f"Diagnoses: {', '.join(source.diagnoses)}."),
        f"[About this collection]({as_text(source.page)})",
    ]), "license")


def fetch_button(source: Source, names: set[str], running: set[str], *, label: str, ready: bool = True) -> None:
    """Starts the fetch of `source`; for the person who runs the server, whose disk, network and login it takes.

    Args:
        names: of the data sets that are here.
        running: sources that are being fetched now.
        ready: whether everything that it needs is here.
    """
    if not may(Right.FETCH):
        return
    name = _taken(source, names)
    if source.name in names:
        again = "what it lacks is fetched" if source.by_image else f"fetched again it becomes {name}"
        st.caption(as_text(f"{source.name} is here already; {again}."))
    waits = source.id in running or not ready
    if st.button(label, key=f"fetch.{source.id}", icon=":material/download:", disabled=waits,
                 help=f"By downloading you accept its terms. It becomes the data set {as_text(name)}."):
        with problems.in_words():
            require(Right.FETCH, "starts a download")
            start_fetch(resources.workspace(), source, name)
            st.rerun()


def source_card(source: Source, names: set[str], running: set[str], *, label: str = "Fetch") -> None:
    """One collection that needs no login."""
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{as_text(source.title)}**")
        source_terms(source)
        fetch_button(source, names, running, label=label)
