"""Guess first: judged images without truth, output and heatmap until each is revealed, and the tally of both sides.

The address keeps which images are asked and which one is open; guesses live in the session, under keys that begin with
`guess.`, and another browser never sees them.
"""

import pandas as pd
import streamlit as st

from app.addresses.links import linked, remember
from app.components import problems
from app.components.judged_pictures import NO_REGIONS, Judged, Picture, judged_picture, region_controls
from app.components.one_lesion import patient_words
from app.components.pickers import pick
from app.words.factor_words import reference
from pipeline.classes import label
from pipeline.errors import ImageError
from pipeline.metrics.confusion import confused_either_way
from pipeline.metrics.predictions_table import probability_column
from pipeline.metrics.quiz import draw_quiz
from pipeline.number_words import decimal, probability
from pipeline.shown import as_text

_ALL = "all"
_IMAGES = 24
_SWITCH = "guess.switch"
_VIEW = "guess.view"


def hiding() -> bool:
    """Whether the address asks to hide the truth."""
    return "quiz" in st.query_params


def hide_switch() -> None:
    """The switch between the errors and the images to guess."""
    st.session_state[_SWITCH] = hiding()
    st.toggle("Hide the diagnosis", key=_SWITCH, on_change=_switched,
              help="Guess each image before reference diagnosis, prediction and heatmap are shown.")


def _switched() -> None:
    """An open cell would name the answer: its two diagnoses are asked both ways round instead."""
    if not st.session_state[_SWITCH]:
        remember(quiz=None, case=None)
        return
    cell = {st.query_params.get("truth"), st.query_params.get("predicted")} - {None}
    remember(quiz=_name(*cell) if len(cell) == 2 else _ALL, case=None, page=None, truth=None, predicted=None,
             right=None)


def _name(one: str, other: str) -> str:
    return ".".join(sorted((one, other)))


def hidden_truth(rows: pd.DataFrame, classes: list[str], judged: Judged, name: str) -> None:
    """One image to guess at a time; `rows` of one part, `name` that of run and part, under which guesses are kept."""
    pairs = {_name(*pair): pair for pair in confused_either_way(rows, classes)}
    picture, answer = st.columns([5, 4], gap="large")
    image = picture.container()
    with picture:
        asked = pick("Images to guess", "quiz", [_ALL, *pairs], default=_ALL, words=lambda quiz: _words(quiz, pairs))
        st.caption("A chosen mix of right answers and of the highest losses, so no score on it is an accuracy.")
    drawn = draw_quiz(rows, _IMAGES, seed=0, pair=pairs.get(asked))
    if drawn.empty:
        image.info("This part has no images to guess.")
        return
    if st.session_state.get(_VIEW, (name, asked)) != (name, asked):
        remember(case=None)
    st.session_state[_VIEW] = (name, asked)
    guesses = st.session_state.setdefault(f"guess.{name}", {})
    with answer:
        case = _case(len(drawn))
        row = drawn.iloc[case - 1].to_dict()
        revealed = row["image_id"] in guesses
        _pager(case, len(drawn), revealed)
        _tally(drawn, guesses)
        if row["image_id"] in judged.table.index:
            patient = judged.table.loc[row["image_id"]]
            st.markdown(f"**Patient:** {patient_words(patient['age'], patient['sex'], patient['localization'])}")
    with answer:
        choice = NO_REGIONS
        if revealed:
            _revealed(row, guesses[row["image_id"]], judged)
            choice = region_controls(judged.heatmaps is not None)
            st.caption(as_text(f"Image {row['image_id']} · lesion {row['lesion_id']}"))
        else:
            _question(row["image_id"], list(pairs.get(asked, classes)), name)
    with image:
        try:
            _draw(judged_picture(row, judged, choice), f"Image {case} of {len(drawn)}", row, revealed, choice.of)
        except ImageError as error:
            problems.show(error)


def _draw(picture: Picture, name: str, row: dict, revealed: bool, of: str) -> None:
    over = f", with the regions that raised the output for {row[of]}" if picture.laid else ""
    st.image(picture.content, width="stretch", output_format="JPEG", caption=as_text(picture.why or "") or None,
             alt=name + ("" if revealed else ", diagnosis hidden") + over)


def _words(quiz: str, pairs: dict[str, tuple[str, str]]) -> str:
    return "All diagnoses, mixed" if quiz == _ALL else " or ".join(label(code) for code in pairs[quiz])


def _tally(drawn: pd.DataFrame, guesses: dict[str, str]) -> None:
    done = drawn[drawn["image_id"].isin(guesses)]
    yours = int((done["image_id"].map(guesses) == done["truth"]).sum())
    models = int((done["predicted"] == done["truth"]).sum())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**You {yours} of {len(done)}, the model {models} of {len(done)}** on the same images." if len(done)
            else "Guess, then reveal.",
            width="content",
        )
        st.button("Start again", key="guess.again", disabled=done.empty, icon=":material/restart_alt:",
                  on_click=_start_again, args=(list(drawn["image_id"]), guesses))


def _start_again(images: list[str], guesses: dict[str, str]) -> None:
    for image_id in images:
        guesses.pop(image_id, None)
    remember(case=None)


def _case(images: int) -> int:
    link = linked("case", [str(case) for case in range(1, images + 1)])
    if link.problem:
        st.warning(as_text(f"{link.problem} Shown instead: image 1."), icon=":material/link_off:")
    return int(link.value or 1)


def _turn_to(case: int) -> None:
    remember(case=str(case))


def _pager(case: int, images: int, revealed: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Previous", key="guess.previous", disabled=case == 1, on_click=_turn_to, args=(case - 1,),
                  icon=":material/arrow_back:")
        st.button("Next", key="guess.next", disabled=case == images, on_click=_turn_to, args=(case + 1,),
                  type="primary" if revealed else "secondary", icon=":material/arrow_forward:", icon_position="right")
        st.markdown(f"**Image {case} of {images}**", width="content")


def _question(image_id: str, options: list[str], name: str) -> None:
    key = f"guess.{name}.choice.{image_id}"
    guess = st.radio("Your guess", options, index=None, format_func=lambda code: as_text(label(code)), key=key)
    st.button("Reveal", key="guess.reveal", type="primary", disabled=guess is None, on_click=_reveal,
              args=(image_id, guess, name), icon=":material/visibility:")


def _reveal(image_id: str, guess: str, name: str) -> None:
    st.session_state[f"guess.{name}"][image_id] = guess


def _verdict(right: bool) -> str:
    return ":material/check_circle: right" if right else ":material/cancel: wrong"


def _revealed(row: dict, guess: str, judged: Judged) -> None:
    source = judged.table["dx_type"].get(row["image_id"])
    of_answer, of_truth = (row[probability_column(row[of])] for of in ("predicted", "truth"))
    st.markdown(
        f"**Your guess:** {as_text(label(guess))}  \n**You:** {_verdict(guess == row['truth'])} – "
        f"**the model:** {_verdict(row['predicted'] == row['truth'])}"
    )
    st.markdown(
        f"{reference(row['truth'], source or None, generated=judged.dataset.generated)}"
        f"  \n**Prediction:** {as_text(label(row['predicted']))}, {probability(of_answer)}"
        f"  \nProbability of the reference diagnosis {probability(of_truth)} · loss {decimal(row['loss'], 2)}"
    )
