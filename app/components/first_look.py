"""Home's wall of eight lesions: one is tapped, guessed, and then answered: reference diagnosis, model, regions."""

from typing import NamedTuple

import streamlit as st

from app.addresses.links import CASE, linked, remember
from app.addresses.visits import mark
from app.charts.predictions import probabilities_figure, probabilities_table
from app.components import problems
from app.components.figures import dark, show
from app.components.judged_pictures import NO_EVIDENCE
from app.components.notice_panel import notice_panel
from app.components.picture_wall import Picture, picture_wall
from app.loaders.first_lesions import Answer, FirstLesion, FirstLesions, first_lesions
from app.loaders.image_pixels import thumbnail
from app.words.factor_words import reference
from pipeline.classes import DIAGNOSES, label
from pipeline.errors import ImageError
from pipeline.export.handout import in_words
from pipeline.images.generated import NOTICE
from pipeline.images.reading import image_size
from pipeline.networks.overlay import has_evidence
from pipeline.number_words import probability
from pipeline.shown import as_text

CHOSEN = "Chosen pictures of known diagnosis; not for judging your own skin."
_GROUP_WORDS = {"benign": "Benign", "malignant": "Malignant, in situ or precursor", "unsure": "I cannot tell"}
_MOST_DRAWS = 10_000


class Look(NamedTuple):
    """What Home shows: the wall, and the lesion that is open or None."""

    wall: FirstLesions
    open: FirstLesion | None


def first_look() -> Look:
    """Draws the wall, or the lesion that the address names.

    Raises:
        WorkspaceError: a file is damaged.
    """
    draw = st.query_params.get("draw", "0")
    number = int(draw) % _MOST_DRAWS if draw.isascii() and draw.isdecimal() and len(draw) < 6 else 0
    wall = first_lesions(number)
    asked = linked("lesion", wall.lesions)
    if asked.problem:
        st.warning(as_text(asked.problem), icon=":material/link_off:")
    if asked.value is None:
        _wall(wall, number)
        return Look(wall, None)
    _lesion(wall, wall.lesions[asked.value])
    return Look(wall, wall.lesions[asked.value])


def _wall(wall: FirstLesions, draw: int) -> None:
    pictures, gone = [], 0
    for place, lesion in enumerate(wall.lesions.values(), 1):
        try:
            pictures.append(Picture(lesion.image_id, _content(lesion), f"Lesion {place}"))
        except ImageError:
            gone += 1
    tapped = picture_wall(pictures, key=f"first.wall.{draw}")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(_whose(wall), width="content")
        if wall.others:
            st.button("Eight others", key="first.others", icon=":material/refresh:", type="tertiary",
                      on_click=lambda: remember(draw=str(draw + 1)))
    if gone:
        st.caption(f"{gone} more cannot be shown: their files are gone or cannot be read.")
    if tapped:
        remember(lesion=tapped, guess=None)
        st.rerun()


def _whose(wall: FirstLesions) -> str:
    if wall.generated:
        return f":material/draw: Drawings: {NOTICE}."
    return f"{CHOSEN} Images: {as_text(wall.licence)}" if wall.licence else CHOSEN


def _content(lesion: FirstLesion) -> bytes:
    return thumbnail(lesion.path, *image_size(lesion.path, lesion.path.name))


def _lesion(wall: FirstLesions, lesion: FirstLesion) -> None:
    picture, words = st.columns([5, 4], gap="large")
    guessed = _guess(wall)
    with words:
        st.subheader(_patient(lesion), anchor=False)
        if guessed is None:
            _ask()
            answer = None
        else:
            with problems.in_words():
                answer = lesion.answer()
                _reference(lesion, guessed, wall.generated)
                _answered(wall, lesion, answer)
        _ways_on(wall, lesion)
        st.caption(_whose(wall))
    with picture, problems.in_words():
        _picture(lesion, answer if guessed else None)


def _guess(wall: FirstLesions) -> str | None:
    codes = {lesion.truth for lesion in wall.lesions.values()} | set(DIAGNOSES)
    guess = linked("guess", {*_GROUP_WORDS, *codes})
    if guess.problem:
        st.warning(as_text(guess.problem), icon=":material/link_off:")
    return guess.value


def _patient(lesion: FirstLesion) -> str:
    words = in_words(lesion.age, lesion.sex, lesion.localization)
    return as_text(words[0].upper() + words[1:])


def _ask() -> None:
    st.markdown("**What do you see?**")
    for group, words in _GROUP_WORDS.items():
        st.button(words, key=f"first.guess.{group}", width="stretch", on_click=remember, kwargs={"guess": group})
    with st.popover("Name the diagnosis", width="stretch", icon=":material/expand_more:"):
        for code in _named():
            st.button(as_text(label(code)), key=f"first.guess.{code}", width="stretch", type="tertiary",
                      on_click=remember, kwargs={"guess": code})


def _named() -> list[str]:
    """The seven of HAM10000, in the order of their names."""
    return sorted(("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"), key=lambda code: DIAGNOSES[code].name)


def _group(code: str) -> str | None:
    group = DIAGNOSES[code].group if code in DIAGNOSES else "unknown"
    return {"benign": "benign", "unknown": None}.get(group, "malignant")


def _verdict(guess: str, truth: str) -> str:
    """ "right" or "wrong" of a guess; "" where it was none, or the truth belongs to no group."""
    if guess == "unsure" or (guess in _GROUP_WORDS and _group(truth) is None):
        return ""
    right = guess == (_group(truth) if guess in _GROUP_WORDS else truth)
    return ":material/check: right" if right else ":material/close: wrong"


def _reference(lesion: FirstLesion, guess: str, generated: bool) -> None:
    truth = reference(lesion.truth, lesion.origin, generated=generated)
    yours = _GROUP_WORDS[guess] if guess in _GROUP_WORDS else label(guess)
    verdict = _verdict(guess, lesion.truth)
    st.markdown(f"**You:** {as_text(yours)}{f' · {verdict}' if verdict else ''}  \n{truth}")


def _answered(wall: FirstLesions, lesion: FirstLesion, answer: Answer) -> None:
    predicted = max(answer.probabilities, key=answer.probabilities.__getitem__)
    share = probability(answer.probabilities[predicted]).replace(" ", "\N{NO-BREAK SPACE}")
    right = ":material/check: right" if predicted == lesion.truth else ":material/close: wrong"
    st.markdown(f"**Model:** {as_text(label(predicted))}, {share} · {right}")
    if wall.model is not None:
        notice_panel(wall.model, f"{wall.model.name}/{lesion.image_id}")
    else:
        st.warning("Education only, not a medical device. This network has seen drawings alone: it can say nothing "
                   "about skin.", icon=":material/info:")
    table = probabilities_table(answer.probabilities)
    with st.expander("All its probabilities", icon=":material/bar_chart:"):
        st.caption(as_text(f"{wall.answered_by} answered."))
        show(probabilities_figure(table, dark()), table, f"{lesion.image_id}-output", key="first.output")


def _picture(lesion: FirstLesion, answer: Answer | None) -> None:
    place = st.container()
    shown = answer is not None and answer.regions is not None and st.toggle(
        "Regions that raised this output", key="first.regions", help="Where the picture raised the output for the "
        "diagnosis that the model names. They explain the network, not the lesion.")
    if not shown:
        place.image(_content(lesion), width="stretch", alt="The lesion")
    elif not has_evidence(answer.regions):
        place.image(_content(lesion), width="stretch", caption=NO_EVIDENCE, alt="The lesion")
    else:
        strength = st.slider("Strength", 0, 100, 60, format="%d %%", key="first.strength") / 100
        place.image(answer.with_regions(strength), width="stretch", output_format="JPEG",
                    alt="The lesion with the regions that raised the model's output")


def _ways_on(wall: FirstLesions, lesion: FirstLesion) -> None:
    ids = list(wall.lesions)
    following = ids[(ids.index(lesion.image_id) + 1) % len(ids)]
    with st.container(horizontal=True):
        st.button("Next lesion", key="first.next", icon=":material/arrow_forward:", on_click=remember,
                  kwargs={"lesion": following, "guess": None},
                  type="primary" if st.query_params.get("guess") else "secondary")
        st.button("All eight" if len(ids) == 8 else "All", key="first.all", icon=":material/grid_view:",
                  on_click=remember, kwargs={"lesion": None, "guess": None})
        if wall.run is not None and st.query_params.get("guess"):
            st.page_link(CASE, label="All about this case", icon=":material/open_in_full:",
                         query_params={"run": wall.run.name, "image": lesion.image_id, **mark()})
