"""Notices that nobody has touched the page for a while."""

import streamlit as st

_JS = """
export default function ({ data, setTriggerValue }) {
  let asked
  const wait = () => {
    clearTimeout(asked)
    asked = setTimeout(() => { setTriggerValue("idle", true); wait() }, 1000 * data.seconds)
  }
  const kinds = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]
  for (const kind of kinds) window.addEventListener(kind, wait, { capture: true, passive: true })
  wait()
  return () => {
    clearTimeout(asked)
    for (const kind of kinds) window.removeEventListener(kind, wait, { capture: true })
  }
}
"""


def idle_for(seconds: float) -> bool:
    """Whether the page was left alone for that long; draws nothing."""
    # registered with each mount: a name that the server has forgotten would not be there
    idle = st.components.v2.component("lesionlab.idle_time", js=_JS)
    return bool(idle(data={"seconds": seconds}, key="classroom.idle", on_idle_change=lambda: None).idle)
