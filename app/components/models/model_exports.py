"""Taking a model out: the card at once, the other forms made by one press in a process of their own."""

import streamlit as st

from app.access import Right, later
from app.components.long_work import SessionWork
from app.loaders.file_cache import stamp
from pipeline.export.formats import FORMAT_WORDS, Format, file_name, left_out
from pipeline.jobs.short_work import ShortWork
from pipeline.jobs.tasks import ExportRequest
from pipeline.models.model_info import ModelInfo
from pipeline.models.weights_files import own_weights
from pipeline.shown import as_plain, as_text

_BUTTONS: dict[Format, tuple[str, str, str]] = {
    "bundle": ("LesionLab bundle", ":material/inventory_2:", "application/zip"),
    "onnx": ("ONNX", ":material/hub:", "application/octet-stream"),
    "fastai": ("fastai learner", ":material/school:", "application/octet-stream"),
}
_SECONDS = {"bundle": "a few seconds", "onnx": "about 15 seconds for each network", "fastai": "about 10 seconds"}


def _content(work: ShortWork) -> bytes:
    work.result()
    return (work.job.folder / work.request.file).read_bytes()


_WORK = SessionWork("export", "Makes the file", read=_content, right=Right.TAKE_AWAY)


def exports(info: ModelInfo, card: str) -> None:
    """A button for each form: one press makes the file, shows how far that is, and hands it to the browser."""
    if not any(_WORK.is_about(_of(info, kind)) for kind in _BUTTONS):
        _WORK.forget()
    with st.container(horizontal=True):
        st.download_button("Model card", later(Right.TAKE_AWAY, card.encode), file_name(info, "card"), "text/markdown",
                           key="export.card", on_click="ignore", icon=":material/description:",
                           help=FORMAT_WORDS["card"])
        for kind, (words, icon, mime) in _BUTTONS.items():
            name = file_name(info, kind)
            file = _WORK.on_demand(_of(info, kind), ExportRequest(info.name, kind, name))
            st.download_button(words, file.wait, as_plain(name), mime, key=f"export.{kind}", on_click=file.begin,
                               icon=icon, help=f"{FORMAT_WORDS[kind]}. Takes {_SECONDS[kind]}.")
    _WORK.view()
    for kind in _BUTTONS:
        if sentence := left_out(info, kind):
            st.caption(as_text(sentence))


def _of(info: ModelInfo, kind: Format) -> tuple:
    """What an exported file depends on."""
    return kind, *map(stamp, [*own_weights(info), *(info.folder / file for file in ("model.json", "label.json"))])
