"""The two keys of a presenter, PageDown and PageUp, wherever a page listens for them."""

from typing import Literal

import streamlit as st

Pressed = Literal["forward", "back"]

_JS = """
const MEANT = { PageDown: "forward", PageUp: "back" }

function press(event) {
  const typed = event.target.closest?.("input:not([type=radio], [type=checkbox]), textarea, [contenteditable=true]")
  if (!window.lesionlabPresenter || !MEANT[event.key] || event.repeat || typed) return
  event.preventDefault()
  const { at, send } = window.lesionlabPresenter
  send("pressed", `${MEANT[event.key]} ${at}`)
}

export default function ({ data, setTriggerValue }) {
  const shown = { at: data.at, send: setTriggerValue }
  window.lesionlabPresenter = shown
  if (!window.lesionlabListens) {
    window.lesionlabListens = true
    window.addEventListener("keydown", press, true)
  }
  return () => { if (window.lesionlabPresenter === shown) window.lesionlabPresenter = null }
}
"""


def presenters_keys(at: str) -> Pressed | None:
    """Which key was pressed: PageDown is "forward", PageUp "back"; listens as long as the page draws it.

    Args:
        at: names what is on the screen: a press that was meant for something else counts for nothing.
    """
    # registered with each mount: a name that the server has forgotten would not be there
    listening = st.components.v2.component("lesionlab.presenters_keys", js=_JS)
    pressed = listening(data={"at": at}, key="teach.presenter", on_pressed_change=lambda: None).pressed
    forward: Pressed = "forward"
    back: Pressed = "back"
    return next((key for key in (forward, back) if pressed == f"{key} {at}"), None)
