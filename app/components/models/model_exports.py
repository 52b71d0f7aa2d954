"""Taking a model out: the card at once, the other forms made on demand in a process of their own."""

import streamlit as st

from app.components.data.data_intake import Pending, in_place
from app.components.long_work import progress_bar
from app.loaders import resources
from app.loaders.file_cache import stamp
from pipeline.data.left_behind import temporary_folder
from pipeline.export.formats import FORMAT_WORDS, Format, file_name, left_out
from pipeline.jobs.short_work import run_short
from pipeline.jobs.tasks import ExportRequest
from pipeline.models.model_info import ModelInfo
from pipeline.shown import as_plain, as_text

_READY = "models.export"  # the last file that this visitor asked for: {of, file, content}
_BUTTONS: dict[Format, tuple[str, str, str]] = {
    "bundle": ("LesionLab bundle", ":material/inventory_2:", "application/zip"),
    "onnx": ("ONNX", ":material/hub:", "application/octet-stream"),
    "fastai": ("fastai learner", ":material/school:", "application/octet-stream"),
}
_SECONDS = {"bundle": "a few seconds", "onnx": "about 15 seconds", "fastai": "about 10 seconds"}


def exports(info: ModelInfo, card: str) -> Pending | None:
    """A button for each form; the work to do, if one was clicked."""
    asked = None
    ready = st.session_state.get(_READY, {"of": None})
    with st.container(horizontal=True):
        st.download_button("Model card", card.encode(), file_name(info, "card"), "text/markdown", key="export.card",
                           on_click="ignore", icon=":material/description:", help=FORMAT_WORDS["card"])
        for kind, (words, icon, mime) in _BUTTONS.items():
            if ready["of"] == _of(info, kind):
                name = file_name(info, kind)
                st.download_button(f"Download {as_text(name)}", ready["content"], as_plain(name), mime,
                                   key=f"download.{kind}", type="primary", on_click="ignore",
                                   icon=":material/download:")
            elif st.button(words, key=f"export.{kind}", icon=icon,
                           help=f"{FORMAT_WORDS[kind]}. Takes {_SECONDS[kind]}."):
                asked = kind
    for kind in _BUTTONS:
        if sentence := left_out(info, kind):
            st.caption(as_text(sentence))
    return in_place(asked is not None, lambda: _make(info, asked))


def _of(info: ModelInfo, kind: Format) -> tuple:
    """What an exported file depends on."""
    return kind, *(stamp(info.folder / file) for file in ("model.safetensors", "model.json", "label.json"))


def _make(info: ModelInfo, kind: Format) -> None:
    """Has a process write the file, keeps its content for this visitor, and draws the page anew."""
    workspace = resources.workspace()
    of = _of(info, kind)
    with temporary_folder(workspace, ".export-") as folder:
        path = folder / file_name(info, kind)
        with progress_bar(f"Makes the file: {_SECONDS[kind]}.", f"export.{kind}") as progress:
            run_short(workspace, "export", ExportRequest(info.name, kind, str(path)), progress)
        st.session_state[_READY] = {"of": of, "content": path.read_bytes()}
    st.rerun()
