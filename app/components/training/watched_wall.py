"""Six held-out lesions of a run: what the network says of each after an epoch, and how it came to say so."""

import streamlit as st

from app.components import problems
from app.components.picture_cards import Card, picture_cards
from app.loaders import resources
from app.loaders.run_data import found_data
from app.loaders.watched_pictures import watched_pictures
from pipeline.classes import DIAGNOSES
from pipeline.number_words import count, probability
from pipeline.runs.run_dir import RunDir
from pipeline.runs.watched import Answer, Watched
from pipeline.shown import as_text

_TRAIL = 12  # epochs
_BEFORE = "No answer yet"


def watched_wall(run: RunDir, watched: Watched, ended: bool) -> None:
    """The lesions with the newest answers; of a run that has `ended` any epoch's can be chosen."""
    number = len(watched.image_ids)
    st.markdown(f"**{count(number, 'lesion')} that it does not learn from**")
    place = st.container()
    chosen = len(watched.answers)
    if ended and chosen > 1:
        chosen = st.slider("Answers after epoch", 1, chosen, chosen, key=f"watched.epoch.{run.name}")
    found = found_data(run)
    drawn = found.dataset is not None and found.dataset.generated
    with place, problems.in_words():
        cards, gone = _cards(run, watched, chosen, drawn)
        picture_cards(cards, f"watched.{run.name}", wide=3, narrow=2)
        if gone:
            st.caption(f"{count(gone, 'more lesion')} cannot be shown: their images are gone or cannot be read.")
    st.caption(as_text(_caption(watched, chosen, ended, drawn)))


def _caption(watched: Watched, chosen: int, ended: bool, drawn: bool) -> str:
    what = "what it was drawn as" if drawn else "the reference diagnosis"
    if not watched.answers:
        return f"Above: {what}. The answers come with the first epoch."
    when = f"after epoch {watched.answers[chosen - 1].overall}" if ended else "now"
    return (f"Above: {what}; below: the network's answer {when}, and the diagnosis that it named after each epoch. "
            f"The bar: its probability for {what}.")


def _cards(run: RunDir, watched: Watched, chosen: int, drawn: bool) -> tuple[list[Card], int]:
    """The cards with the answers of the first `chosen` epochs, and how many lesions have no picture."""
    pictures = watched_pictures(run, watched.image_ids)
    cards = [_card(content, truth, number, watched.answers[:chosen], drawn)
             for number, (content, truth) in enumerate(zip(pictures, watched.truths, strict=True))
             if content is not None]
    return cards, len(pictures) - len(cards)


def _card(content: bytes, truth: str, number: int, answers: list[Answer], drawn: bool) -> Card:
    kind = "Drawing" if drawn else "Lesion"
    alt = f"{kind} {number + 1}: {_name(truth)}"
    said = [answer.probabilities[number] for answer in answers]
    now = said[-1] if said else None
    if now is None:
        return Card(content, alt, _name(truth), _BEFORE if not said else "No finite answer", trail=_trail(said))
    named = _named(now)
    sign = "✓ right" if named == truth else "✗ wrong"
    share = now.get(truth, 0.0)
    return Card(content, alt, _name(truth), f"{sign}: {_name(named)}, {probability(now[named])}", share,
                f"Probability of {_name(truth)}: {probability(share)}", _trail(said))


def _named(probabilities: dict[str, float]) -> str:
    return max(probabilities, key=probabilities.__getitem__)


def _trail(said: list[dict[str, float] | None]) -> str:
    """ "nv nv mel": what was named after each of the last epochs."""
    named = [_named(one) if one else "–" for one in said]
    return ("… " if len(named) > _TRAIL else "") + " ".join(named[-_TRAIL:]) if len(named) > 1 else ""


def _name(code: str) -> str:
    return DIAGNOSES[code].name if code in DIAGNOSES else code


def batch_now(run: RunDir) -> None:
    """Pictures of the batch that the run trains on; nothing before the first."""
    with problems.in_words():
        batch = resources.batch(run)
        if batch is None:
            return
        st.markdown("**What the network gets now**")
        picture_cards([
            Card(one.picture, f"Training image {number}: {_name(one.truth)}", words=_name(one.truth))
            for number, one in enumerate(batch.images, start=1)
        ], f"batch.{run.name}", wide=4, narrow=4)
