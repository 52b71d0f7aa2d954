"""The screen of an item: the picture, which zooms under two fingers, and beneath it what is asked.

What is tapped stays in the browser until it is locked, so that a lost network or another look at the class loses
nothing of it. The card fills the screen of a phone; on a wide one picture and questions stand side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.components.picture_wall import address
from app.words.spoken import say

_CSS = """
.card { display: flex; flex-direction: column; gap: 0.4rem; height: calc(100dvh - 1.5rem); min-height: 30rem;
  max-height: 60rem; font-size: 0.95rem; }
.card.looking { height: auto; min-height: 0; }
.head { display: flex; justify-content: space-between; gap: 0.5rem; min-height: 1.4rem; }
h1 { font: inherit; margin: 0; padding: 0; }
.left { font-variant-numeric: tabular-nums; font-weight: 600; }
.view { position: relative; flex: 1 1 0; min-height: 11rem; overflow: hidden; touch-action: pan-y; cursor: zoom-in;
  border-radius: var(--st-base-radius); background: #000; }
.looking .view { flex: none; height: min(75vw, 45dvh); }
.view.zoomed { touch-action: none; cursor: grab; }
.view img { width: 100%; height: 100%; object-fit: contain; transform-origin: 0 0; display: block; user-select: none;
  -webkit-user-drag: none; }
.view button { position: absolute; right: 0.25rem; top: 0.25rem; width: 44px; height: 44px; border-radius: 50%;
  border: 1px solid #fff; background: rgba(0, 0, 0, 0.6); color: #fff; font-size: 1.4rem; line-height: 1; }
.view p { color: #fff; padding: 1rem; }
.note { font-size: 0.85rem; }
.said { font-weight: 600; }
form { display: flex; flex-direction: column; gap: 0.4rem; flex: none; }
fieldset { border: 0; padding: 0; margin: 0; min-width: 0; display: grid; gap: 0.35rem;
  grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); }
legend { padding: 0 0 0.15rem; font-weight: 600; }
label { position: relative; display: flex; align-items: center; justify-content: space-between; gap: 0.3rem;
  min-height: 44px; padding: 0.1rem 0.5rem; border: 1px solid var(--st-border-color); overflow: hidden;
  border-radius: var(--st-base-radius); line-height: 1.15; cursor: pointer; box-sizing: border-box; hyphens: auto;
  overflow-wrap: anywhere; }
label::before { content: ""; position: absolute; inset: auto auto 0 0; height: 5px; background: var(--st-primary-color);
  width: calc(100% * var(--share, 0)); }
label:has(input:checked) { background: var(--st-primary-color); border-color: var(--st-primary-color); color: #fff; }
label:has(input:checked)::before { background: #fff; }
label:has(input:focus-visible), button:focus-visible, .view:focus-visible {
  outline: 3px solid var(--st-link-color); outline-offset: 2px; }
label.wide { grid-column: 1 / -1; }
input { position: absolute; opacity: 0; inset: 0; margin: 0; cursor: pointer; }
small { font-variant-numeric: tabular-nums; white-space: nowrap; }
.lock { min-height: 48px; border: 0; border-radius: var(--st-base-radius); background: var(--st-primary-color);
  color: #fff; font: inherit; font-weight: 600; cursor: pointer; }
.lock:disabled { background: var(--st-secondary-background-color); color: var(--st-text-color); opacity: 0.7;
  cursor: default; }
@media (min-width: 800px) {
  .card, .card.looking { display: grid; height: auto; grid-template-columns: 3fr 2fr; align-items: start; gap: 1rem; }
  .card.looking { grid-template-columns: 1fr; }
  .head { grid-column: 1 / -1; }
  .view, .looking .view { height: min(70dvh, 44rem); }
  .card:not(.looking) .view { grid-column: 1; grid-row: 2 / span 3; }
}
"""
_HTML = '<div class="card"></div>'
_JS = """
const MOST = 6, TAPPED = 2.5
const held = new WeakMap()

const make = (tag, properties = {}, ...inner) => {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...inner)
  return element
}

function zoomable(view, image, button, words, wanted) {
  let scale = 1, x = 0, y = 0, last = 0
  const fingers = new Map()
  const draw = () => {
    x = Math.min(0, Math.max(view.clientWidth * (1 - scale), x))
    y = Math.min(0, Math.max(view.clientHeight * (1 - scale), y))
    image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`
    view.classList.toggle("zoomed", scale > 1)
    button.textContent = scale > 1 ? "\\u2212" : "+"
    button.ariaLabel = scale > 1 ? words.out : words.in
  }
  const to = (next, atX, atY) => {
    const before = scale
    scale = Math.min(MOST, Math.max(1, next))
    x = atX - (atX - x) * scale / before
    y = atY - (atY - y) * scale / before
    draw()
    if (scale > 1) wanted()
  }
  const place = (event) => {
    const box = view.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }
  const toggle = (atX, atY) => to(scale > 1 ? 1 : TAPPED, atX, atY)
  const middle = () => [view.clientWidth / 2, view.clientHeight / 2]
  const spread = () => {
    const [one, two] = [...fingers.values()]
    return [Math.hypot(one[0] - two[0], one[1] - two[1]), (one[0] + two[0]) / 2, (one[1] + two[1]) / 2]
  }
  view.onpointerdown = (event) => {
    if (event.target === button) return
    fingers.set(event.pointerId, place(event))
    view.setPointerCapture(event.pointerId)
  }
  view.onpointermove = (event) => {
    if (!fingers.has(event.pointerId)) return
    const now = place(event), then = fingers.get(event.pointerId)
    if (fingers.size === 2) {
      const [before] = spread()
      fingers.set(event.pointerId, now)
      const [after, atX, atY] = spread()
      to(scale * after / Math.max(before, 1), atX, atY)
    } else {
      fingers.set(event.pointerId, now)
      if (scale > 1) { x += now[0] - then[0]; y += now[1] - then[1]; draw() }
    }
  }
  view.onpointerup = view.onpointercancel = (event) => {
    fingers.delete(event.pointerId)
    if (event.type !== "pointerup" || event.target === button || fingers.size) return
    const twice = event.timeStamp - last < 320
    last = twice ? 0 : event.timeStamp
    if (twice) toggle(...place(event))
  }
  view.onwheel = (event) => { event.preventDefault(); to(scale * Math.exp(-event.deltaY / 400), ...place(event)) }
  button.onclick = () => toggle(...middle())
  draw()
}

function group(name, asked, many, taken, changed) {
  const fieldset = make("fieldset", {}, make("legend", { textContent: asked.question }))
  fieldset.style.setProperty("--columns", asked.columns)
  for (const option of asked.options) {
    const input = make("input", { type: many ? "checkbox" : "radio", name, value: option.value })
    input.checked = taken(option.value)
    input.onchange = () => changed(option.value, input.checked)
    const label = make("label", { className: option.wide ? "wide" : "" }, input,
      make("span", { textContent: option.label }))
    if (option.share !== null) {
      label.style.setProperty("--share", option.share)
      label.append(make("small", { textContent: option.shareWords }))
    }
    fieldset.append(label)
  }
  return fieldset
}

function asking(form, state, setTriggerValue) {
  const given = state.given
  const lock = make("button", { type: "submit", className: "lock", textContent: form.lock })
  const enough = () => given.answer !== null
    && (given.answer === form.unrecognisable || given.sure !== null || !form.sure)
  const told = () => { lock.disabled = !enough() }
  let again
  const send = (times = 20) => {
    clearTimeout(again)
    if (!enough()) return
    lock.disabled = true
    setTriggerValue("locked", { ...given, ticks: [...given.ticks], id: state.id })
    // what is sent while the network is away is lost: once more, until the form is gone or something else is tapped
    again = setTimeout(() => { if (times && shown.isConnected) send(times - 1); else told() }, 3000)
  }
  const tapped = () => { clearTimeout(again); told() }
  const one = (name) => (value) => { given[name] = value; tapped(); if (form.direct) send() }
  const shown = make("form", {}, ...(form.said ? [make("div", { className: "said", textContent: form.said })] : []),
    group("answer", form.answer, false, (value) => given.answer === value, one("answer")))
  if (form.ticks) {
    const tick = (value, on) => { given.ticks[on ? "add" : "delete"](value); tapped() }
    shown.append(group("ticks", form.ticks, true, (value) => given.ticks.has(value), tick))
  }
  for (const name of ["biopsy", "sure"]) {
    if (form[name]) shown.append(group(name, form[name], false, (value) => given[name] === value, one(name)))
  }
  if (!form.direct) shown.append(lock)
  shown.onsubmit = (event) => { event.preventDefault(); send() }
  told()
  return shown
}

function counting(state) {
  const tick = () => { state.left.textContent = `${Math.max(0, Math.ceil((state.end - performance.now()) / 1000))} s` }
  clearInterval(state.ticking)
  if (state.end === null) return
  tick()
  state.ticking = setInterval(tick, 500)
}

export default function ({ data, parentElement, setTriggerValue }) {
  const card = parentElement.querySelector(".card")
  const before = held.get(parentElement)
  const stop = () => clearInterval(held.get(parentElement)?.ticking)
  if (before && before.id === data.id) {
    if (before.image && before.image.src !== data.picture.source) before.image.src = data.picture.source
    before.wanted = data.picture.more
    counting(before)
    return stop
  }
  stop()
  const form = data.form
  const state = { id: data.id, wanted: data.picture.more, left: make("span", { className: "left" }),
    end: data.left === null ? null : performance.now() + 1000 * data.left,
    given: { answer: form?.answer.chosen ?? null, sure: form?.sure?.chosen ?? null, biopsy: null, ticks: new Set() } }
  held.set(parentElement, state)
  const view = make("div", { className: "view" })
  if (data.picture.source) {
    state.image = make("img", { src: data.picture.source, alt: data.picture.alt, draggable: false })
    const button = make("button", { type: "button" })
    view.append(state.image, button)
    zoomable(view, state.image, button, data.picture, () => {
      if (state.wanted) { state.wanted = false; setTriggerValue("zoomed", state.id) }
    })
  } else view.append(make("p", { textContent: data.picture.alt }))
  const note = data.picture.note ? [make("div", { className: "note", textContent: data.picture.note })] : []
  card.className = form ? "card" : "card looking"
  card.replaceChildren(
    make("div", { className: "head" }, make("h1", { textContent: data.head }), state.left), view, ...note,
    ...(form ? [asking(form, state, setTriggerValue)] : []))
  counting(state)
  return stop
}
"""


@dataclass(frozen=True)
class Option:
    """Something to tap: what comes back, what it says, and of an answer the model's probability, 0..1, and in words.

    `wide`: over the whole width.
    """

    value: str
    label: str
    share: float | None = None
    share_words: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Asked:
    """A question, its options in so many columns, and which was chosen before."""

    question: str
    options: tuple[Option, ...]
    columns: int
    chosen: str | None = None


@dataclass(frozen=True)
class Form:
    """What is asked of an item.

    Attributes:
        unrecognisable: the value of the answer that needs no sureness.
        lock: what the button says that locks the answer.
        direct: the first tap on an answer locks it.
        said: what the model says, above the answers.
    """

    answer: Asked
    unrecognisable: str | None
    lock: str
    sure: Asked | None = None
    biopsy: Asked | None = None
    ticks: Asked | None = None
    direct: bool = False
    said: str = ""


@dataclass(frozen=True)
class Shown:
    """The picture of an item.

    Attributes:
        content: a JPEG or PNG file's bytes; None where the picture is not here.
        alt: what it shows, in words; of one that is not here, that it is not.
        more: whether there is a larger copy.
        note: what is to be known of it, beside it.
    """

    content: bytes | None
    alt: str
    more: bool = False
    note: str = ""


@dataclass(frozen=True)
class Locked:
    """What was tapped when it was locked, of the options that were offered."""

    answer: str
    sure: str | None
    biopsy: str | None
    ticks: tuple[str, ...]


@dataclass(frozen=True)
class Tapped:
    """What came of the card: `locked`, or that the picture was `zoomed` so that the larger copy is wanted."""

    locked: Locked | None
    zoomed: bool


def item_card(card_id: str, shown: Shown, head: str, form: Form | None = None, left: float | None = None) -> Tapped:
    """Draws the card, whose taps stay as long as it has this `card_id`.

    Args:
        head: what stands above the picture, as text.
        form: None: the picture alone.
        left: seconds until it closes.
    """
    # registered with each mount: a name that the server has forgotten would draw nothing
    card = st.components.v2.component("lesionlab.item_card", html=_HTML, css=_CSS, js=_JS)
    picture = {"source": shown.content and address(shown.content), "alt": shown.alt, "more": shown.more,
               "note": shown.note, "in": say("Enlarge"), "out": say("Whole picture")}
    data = {"id": card_id, "picture": picture, "head": head, "left": left, "form": form and _told(form)}
    result = card(data=data, key="classroom.card", on_locked_change=lambda: None, on_zoomed_change=lambda: None)
    return Tapped(_locked(result.locked, card_id, form), result.zoomed == card_id)


def _told(form: Form) -> dict[str, Any]:
    return {"answer": _asked(form.answer), "sure": _asked(form.sure), "biopsy": _asked(form.biopsy),
            "ticks": _asked(form.ticks), "unrecognisable": form.unrecognisable, "lock": form.lock,
            "direct": form.direct, "said": form.said}


def _asked(asked: Asked | None) -> dict[str, Any] | None:
    if asked is None:
        return None
    options = [{"value": one.value, "label": one.label, "share": one.share, "shareWords": one.share_words,
                "wide": one.wide} for one in asked.options]
    return {"question": asked.question, "columns": asked.columns, "options": options, "chosen": asked.chosen}


def _locked(sent: object, card_id: str, form: Form | None) -> Locked | None:
    """What a browser sent, where it is an answer to this form; it can send anything."""
    if form is None or not isinstance(sent, dict) or sent.get("id") != card_id:
        return None
    answer, ticks = _one_of(sent.get("answer"), form.answer), sent.get("ticks")
    if answer is None:
        return None
    offered = [option.value for option in form.ticks.options] if form.ticks else []
    ticked = tuple(value for value in offered if isinstance(ticks, Sequence) and value in ticks)
    return Locked(answer, _one_of(sent.get("sure"), form.sure), _one_of(sent.get("biopsy"), form.biopsy), ticked)


def _one_of(sent: object, asked: Asked | None) -> str | None:
    values = [option.value for option in asked.options] if asked else []
    return sent if isinstance(sent, str) and sent in values else None
