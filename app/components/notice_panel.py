"""The notice beside a model's answer: in full with the first answer of a visit, then one line that opens it."""

import streamlit as st

from pipeline.models.model_info import ModelInfo
from pipeline.models.notice import notice, notice_line

_FIRST = "notice.first"


def notice_panel(info: ModelInfo, answer: str) -> None:
    """Draws it.

    Args:
        answer: names the answer, so that the first one keeps the whole notice when its page is drawn again.
    """
    if st.session_state.setdefault(_FIRST, answer) == answer:
        st.warning(notice(info), icon=":material/info:")
        return
    with st.expander(notice_line(info), icon=":material/info:"):
        st.markdown(notice(info))
