"""The two keys of a presenter, and the page of a running class on a projector that they turn: large, without a menu."""

from typing import Literal

import streamlit as st

from app.words.spoken import spoken

Pressed = Literal["forward", "back"]
PICTURE, CODE, COUNT = "teach-picture", "teach-code", "teach-count"  # keys of containers that are drawn large

# below Streamlit's own containers, so not kept within the component
_CSS = """
header[data-testid="stHeader"], [data-testid="stSidebar"] { display: none; }
[data-testid="stMainBlockContainer"] { padding: 1rem 2rem; max-width: none; }
@media (min-width: 1600px) {
  [data-testid="stMainBlockContainer"] p, [data-testid="stMainBlockContainer"] label,
  [data-testid="stMainBlockContainer"] button { font-size: 1.35rem; }
}
.st-key-teach-picture img { max-height: calc(100dvh - 6rem); object-fit: contain; }
.st-key-teach-code p { font-size: clamp(3rem, 9vw, 11rem); line-height: 1; font-weight: 700; letter-spacing: 0.15em;
  font-family: monospace; }
.st-key-teach-count p { font-size: clamp(1.3rem, 2.2vw, 3rem); line-height: 1.2; font-variant-numeric: tabular-nums; }
"""
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
  document.documentElement.lang = data.language
  const shown = { at: data.at, send: setTriggerValue }
  window.lesionlabPresenter = shown
  if (!window.lesionlabListens) {
    window.lesionlabListens = true
    window.addEventListener("keydown", press, true)
  }
  return () => { if (window.lesionlabPresenter === shown) window.lesionlabPresenter = null }
}
"""


def presenter(at: str) -> Pressed | None:
    """Makes the page so as long as it draws this; PageDown is "forward", PageUp "back".

    Args:
        at: names what is on the screen: a press that was meant for something else counts for nothing.
    """
    return _listening("lesionlab.presenter", at, _CSS)


def presenters_key(at: str) -> Pressed | None:
    """Listens for the keys as `presenter` does, and leaves the page as it looks."""
    return _listening("lesionlab.presenters_key", at, None)


def _listening(name: str, at: str, css: str | None) -> Pressed | None:
    # registered with each mount: a name that the server has forgotten would not be there
    listening = st.components.v2.component(name, css=css, js=_JS, isolate_styles=False)
    pressed = listening(data={"language": spoken().code, "at": at}, key="teach.presenter",
                        on_pressed_change=lambda: None).pressed
    forward: Pressed = "forward"
    back: Pressed = "back"
    return next((key for key in (forward, back) if pressed == f"{key} {at}"), None)
