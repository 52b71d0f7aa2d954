"""Pictures with a few words each, side by side; drawn anew without a flicker, for what changes while one looks."""

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from app.components.picture_wall import address

_CSS = """
.cards { display: grid; gap: 0.75rem; grid-template-columns: repeat(var(--narrow), minmax(0, 1fr)); }
@media (min-width: 800px) { .cards { grid-template-columns: repeat(var(--wide), minmax(0, 1fr)); } }
figure { margin: 0; color: var(--st-text-color); font-family: var(--st-font); font-size: 0.875rem; line-height: 1.35; }
img { width: 100%; aspect-ratio: 4 / 3; object-fit: cover; display: block; border-radius: var(--st-base-radius);
  background: var(--st-secondary-background-color); }
figcaption { padding-top: 0.3rem; overflow-wrap: anywhere; }
.title { font-weight: 600; }
.bar { height: 0.4rem; margin: 0.25rem 0; border-radius: 0.2rem; background: var(--st-secondary-background-color); }
.bar div { height: 100%; border-radius: inherit; background: var(--st-primary-color); transition: width 0.4s; }
.trail { font-family: var(--st-code-font); font-size: 0.75rem; }
@media (prefers-reduced-motion: reduce) { .bar div { transition: none; } }
"""
_HTML = '<div class="cards"></div>'
_JS = """
const PARTS = ["title", "words", "trail"]

function made() {
  const figure = document.createElement("figure"), caption = document.createElement("figcaption")
  figure.append(document.createElement("img"), caption)
  for (const name of ["title", "words", "bar", "trail"]) {
    const part = document.createElement("div")
    part.className = name
    caption.append(part)
  }
  figure.querySelector(".bar").append(document.createElement("div"))
  return figure
}

function fill(figure, card) {
  const image = figure.querySelector("img"), bar = figure.querySelector(".bar")
  if (image.getAttribute("src") !== card.source) image.src = card.source
  image.alt = card.alt
  for (const name of PARTS) {
    const part = figure.querySelector("." + name)
    part.textContent = card[name]
    part.hidden = !card[name]
  }
  bar.hidden = card.share === null
  bar.setAttribute("role", "img")
  bar.setAttribute("aria-label", card.share_words)
  bar.firstChild.style.width = `${100 * (card.share ?? 0)}%`
}

export default function ({ data, parentElement }) {
  const cards = parentElement.querySelector(".cards")
  cards.style.setProperty("--wide", data.wide)
  cards.style.setProperty("--narrow", data.narrow)
  while (cards.children.length > data.cards.length) cards.lastChild.remove()
  while (cards.children.length < data.cards.length) cards.append(made())
  data.cards.forEach((card, place) => fill(cards.children[place], card))
}
"""


class Card(NamedTuple):
    """A picture as a JPEG or PNG file's bytes, what it shows in words, and what stands below it.

    Attributes:
        share, share_words: 0..1, drawn as a bar, and what it is, for who cannot see the bar; None: no bar.
        trail: a line in small letters.
    """

    content: bytes
    alt: str
    title: str = ""
    words: str = ""
    share: float | None = None
    share_words: str = ""
    trail: str = ""


def picture_cards(cards: Sequence[Card], key: str, *, wide: int, narrow: int) -> None:
    """Draws the cards; the centre of a picture of another shape is shown.

    Args:
        wide, narrow: how many stand in a row on a laptop, and on a phone.
    """
    # registered with each mount: a name that the server has forgotten would draw nothing
    drawn = st.components.v2.component("lesionlab.picture_cards", html=_HTML, css=_CSS, js=_JS)
    drawn(data={"wide": wide, "narrow": narrow, "cards": [
        {"source": address(card.content), "alt": card.alt, "title": card.title, "words": card.words,
         "share": card.share, "share_words": card.share_words, "trail": card.trail} for card in cards
    ]}, key=key)
