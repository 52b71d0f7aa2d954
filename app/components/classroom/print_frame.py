"""The page as it is printed: what is pressed is left out, and no row, picture or title is cut by the end of a sheet."""

import streamlit as st

# of Streamlit's own elements, so not kept within the component
_CSS = """
@media print {
  [data-testid="stButton"], [data-testid="stDownloadButton"], [data-testid="stPopover"], [data-testid="stPageLink"],
  [data-testid="stCheckbox"] { display: none; }
  tr, [data-testid="stImage"], [data-testid="stColumn"] { break-inside: avoid; }
  [data-testid="stMarkdown"]:has(strong) { break-after: avoid; }
}
"""
_JS = "export default function () {}"


def print_frame() -> None:
    """Makes it so, as long as the page draws it; on the screen nothing is drawn."""
    # registered with each mount: a name that the server has forgotten would not be there
    frame = st.components.v2.component("lesionlab.print_frame", css=_CSS, js=_JS, isolate_styles=False)
    frame(key="report.frame")
