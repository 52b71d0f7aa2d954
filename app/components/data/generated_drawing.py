"""Drawing the generated set: in a process of its own, its pictures on the page as they are drawn; then what it was for.
"""

import os
from pathlib import Path

import streamlit as st

from app.access import Right, require
from app.addresses.links import TRAIN, go
from app.components import problems
from app.components.long_work import SessionWork
from app.components.picture_cards import Card, picture_cards
from app.components.training.one_click import start_to_watch
from app.loaders import resources
from pipeline.data.dataset import load_dataset
from pipeline.images.generated import NOTICE
from pipeline.jobs.short_work import ShortWork
from pipeline.jobs.tasks import DrawRequest
from pipeline.number_words import count

DRAW = "Draw the generated images"
_SHOWN = 6
_END = b"\xff\xd9"  # of a JPEG file
_SET, _TRAINING = "set", "training"  # what it is drawn for


def newest_drawings(folder: Path, number: int = _SHOWN) -> list[bytes]:
    """The newest pictures in the folder that are written to their end, the newest first; none before the first."""
    try:
        found = sorted(((entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(folder)), reverse=True)
    except FileNotFoundError:  # not begun, or taken away this moment
        return []
    whole: list[bytes] = []
    for _, path in found:
        if len(whole) == number:
            break
        try:
            content = Path(path).read_bytes()
        except FileNotFoundError:
            continue
        if content.endswith(_END):
            whole.append(content)
    return whole


def _pictures(work: ShortWork) -> None:
    drawn = newest_drawings(work.job.drawn_path / "images")
    picture_cards([Card(content, "A generated drawing of a lesion") for content in drawn], "drawing.pictures", wide=3,
                  narrow=3)
    st.caption(f"The drawings are {NOTICE}.")


_WORK = SessionWork("drawing", "Draws", during=_pictures, right=None)


def at_work() -> bool:
    """Whether this visitor waits for the drawings."""
    return _WORK.goes_on


def draw_to_train() -> None:
    """Begins to draw; `drawing_view` then starts the training."""
    _start(_TRAINING)


def _start(about: str) -> None:
    with problems.in_words():
        require(Right.TRAIN_ONE if about == _TRAINING else Right.DRAW)
        _WORK.start(about, DrawRequest())
        st.rerun()


def drawing_view() -> None:
    """The drawings as they come, with a way to end it; once they are there, says so or starts the training."""
    _WORK.view()
    take_drawings()


def take_drawings() -> None:
    """Once the drawings are there, says so or starts the training; a page may show something else from then on."""
    if _WORK.answer is None:
        return
    name, for_training = _WORK.answer["data"], _WORK.is_about(_TRAINING)
    _WORK.forget()
    with problems.in_words():
        dataset = load_dataset(resources.workspace(), name)
        if for_training:
            go(TRAIN, run=start_to_watch(dataset).name)
        problems.say_later(
            f"The data set {name} is here: {count(dataset.images, 'image')} of {count(dataset.lesions, 'lesion')}, "
            f"{len(dataset.classes)} diagnoses."
        )
        st.rerun()


def draw_button(primary: bool) -> None:
    """One button that makes the generated set, and how that goes."""
    if st.button(DRAW, type="primary" if primary else "secondary", key="draw", icon=":material/draw:",
                 disabled=at_work(), help="600 drawings with 7 diagnoses. Test data, not teaching material."):
        _start(_SET)
    drawing_view()
