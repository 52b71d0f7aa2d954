"""A wall of pictures, each one a button: what was tapped comes back to the page."""

import base64
from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

# widths in the page's own unit: four pictures in a row on a laptop, two on a phone
_CSS = """
.wall { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(10rem, 45%), 1fr)); gap: 0.75rem; }
@media (min-width: 800px) { .wall { grid-template-columns: repeat(4, 1fr); } }
button { padding: 0; border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius); cursor: pointer;
  background: var(--st-secondary-background-color); overflow: hidden; aspect-ratio: 4 / 3; min-height: 44px; }
button:hover { border-color: var(--st-primary-color); }
button:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
img { width: 100%; height: 100%; object-fit: cover; display: block; }
"""
_HTML = '<div class="wall"></div>'
_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  const wall = parentElement.querySelector(".wall")
  wall.replaceChildren(...data.pictures.map((picture) => {
    const button = document.createElement("button"), image = document.createElement("img")
    button.type = "button"
    image.src = picture.source
    image.alt = picture.alt
    button.append(image)
    button.onclick = () => setTriggerValue("tapped", picture.id)
    return button
  }))
}
"""


class Picture(NamedTuple):
    """One picture: what it is called when it comes back, a JPEG or PNG file's bytes, and what it shows in words."""

    id: str
    content: bytes
    alt: str


def picture_wall(pictures: Sequence[Picture], key: str) -> str | None:
    """Draws the wall; the centre of a picture of another shape is shown.

    Returns:
        The id of the picture that was just tapped, else None.
    """
    # registered with each mount: a name that the server has forgotten would draw nothing
    wall = st.components.v2.component("lesionlab.picture_wall", html=_HTML, css=_CSS, js=_JS)
    shown = [{"id": picture.id, "alt": picture.alt, "source": address(picture.content)} for picture in pictures]
    result = wall(data={"pictures": shown}, key=key, on_tapped_change=lambda: None)
    tapped = result.tapped
    return tapped if tapped in {picture.id for picture in pictures} else None


def address(content: bytes) -> str:
    """A JPEG or PNG file's bytes as an address that holds them."""
    kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
