"""The browser's Back goes one step of the visitor at a time, to an address that the page itself had.

Streamlit makes an entry of the history of each change of the address. A page that fills in what it chose itself would
need a press of Back for each parameter; and as the new page's parameters reach the browser before its path does, the
old page is left with an entry that has the new page's parameters. Here one step of the visitor makes one entry:
whatever changes the address again before anything was pressed, chosen or typed takes the place of that entry.
"""

import streamlit as st

_JS = """
export default function () {
  if (window.lesionlabSteps) return
  window.lesionlabSteps = true
  let stepped = false
  for (const kind of ["pointerdown", "keydown", "click", "change"])
    window.addEventListener(kind, () => { stepped = true }, true)
  window.addEventListener("popstate", () => { stepped = false }, true)
  const push = history.pushState.bind(history), replace = history.replaceState.bind(history)
  history.pushState = (...entry) => {
    (stepped ? push : replace)(...entry)
    stepped = false
  }
}
"""


def one_entry_a_step() -> None:
    """Draws nothing; the first time in a browser it changes how entries of its history are made."""
    # registered with each mount: a name that the server has forgotten would not be there
    st.components.v2.component("lesionlab.history_steps", js=_JS)(key="history.steps")
