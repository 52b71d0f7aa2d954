"""The game of a stand: four pictures, two taps each, against the network. Nothing of it is stored, or outlasts a minute
in which nobody touches the screen. A presenter's key on the invitation trains a network instead.
"""

from dataclasses import dataclass, field

import streamlit as st

from app.access import Right, may
from app.addresses.links import remember
from app.components.classroom.asking import answer_options, direct_form
from app.components.classroom.idle_time import idle_for
from app.components.classroom.item_card import Shown, item_card
from app.components.classroom.joining import choose_language
from app.components.classroom.presenters_keys import presenters_keys
from app.components.classroom.stand_training import begin_training, stand_training
from app.components.classroom.use_question import ANY_USE, ask_use, use_of_address
from app.components.picture_cards import Card, picture_cards
from app.components.problems import in_words
from app.loaders.stand_items import StandItem, StandRound, may_be_anywhere, stand_round
from app.words.refusal_words import refusal
from app.words.spoken import not_reviewed, say, say_count, spoken
from pipeline.classroom.clinical_terms import MALIGNANT_MEANS, answer_words, diagnosis, made_words
from pipeline.errors import LessonError
from pipeline.shown import as_text

IDLE_SECONDS = 60
_GAME = "classroom.stand"


@dataclass
class Game:
    """A visitor's game: its number, and what was answered so far; None before it is begun.

    Attributes:
        models: the network's answers to the same pictures.
        told: whether the last answer's reference diagnosis is on the screen.
        training: the name of the run that is shown instead of the game; "" for none.
    """

    number: int = 0
    begun: bool = False
    told: bool = False
    training: str = ""
    answers: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)


def stand_game() -> None:
    """Draws where the visitor is.

    Raises:
        WorkspaceError: a file is damaged.
    """
    game: Game = st.session_state.setdefault(_GAME, Game())
    idle = idle_for(IDLE_SECONDS)
    if idle and game.begun:
        _start_over(game)
    if game.training:
        _watch_training(game, idle)
        return
    use = use_of_address()
    try:
        game_round = stand_round(st.query_params.get("lesson"), game.number, free_alone=use == ANY_USE)
    except LessonError as error:
        st.title(say("What do you see?"), anchor=False)
        st.warning(as_text(refusal(error)), icon=":material/link_off:")
        return
    if use is None and not may_be_anywhere(game_round):
        _ask_use(game_round)
    elif not game.begun:
        _listen(game, free_alone=use == ANY_USE)
        _invite(game, game_round)
    elif game.told:
        _tell(game, game_round)
    elif len(game.answers) < len(game_round.items):
        _ask(game, game_round)
    else:
        _end(game, game_round)


def _start_over(game: Game) -> None:
    st.session_state[_GAME] = Game(game.number + 1)
    st.rerun()


def _ask_use(game_round: StandRound) -> None:
    """Asks whoever sets the stand up, once: the answer stands in the address."""
    st.title(say("A stand"), anchor=False)
    answer = ask_use(game_round.licence, "classroom.use")
    st.caption(say("Without it the stand shows drawings, and images under CC0."))
    if answer is not None:
        remember(use=answer)
        st.rerun()


def _listen(game: Game, free_alone: bool) -> None:
    """Trains a network on the presenter's key, where this session may."""
    if may(Right.TRAIN_ONE) and presenters_keys("invitation") == "forward":
        with in_words():
            game.training = begin_training(free_alone).name
            st.rerun()


def _watch_training(game: Game, idle: bool) -> None:
    """The training until it is left, by its button or the presenter's other key; or once it is over and nobody is here.
    """
    ended = True
    with in_words():
        ended = stand_training(game.training)
    left = st.button(say("Back to the pictures"), key="classroom.pictures", icon=":material/arrow_back:")
    if presenters_keys(game.training) == "back" or left or (idle and ended):
        _start_over(game)


def _doctor() -> None:
    st.markdown(say("**A spot worries you? Show it to a doctor.**"))


def _invite(game: Game, game_round: StandRound) -> None:
    st.title(say("What do you see?"), anchor=False)
    picture_cards([Card(item.content, say("Picture {place}", place=place))
                   for place, item in enumerate(game_round.items, 1)], "classroom.invitation", wide=4, narrow=2)
    st.markdown(say("Four pictures of skin lesions, two taps each: you against a network."))
    if game_round.generated:
        st.info(say("Drawings: generated – not for learning dermoscopy."), icon=":material/draw:")
    if st.button(say("Start"), key="classroom.start", type="primary", icon=":material/play_arrow:", width="stretch"):
        game.begun = True
        st.rerun()
    _doctor()
    st.caption(say("Chosen pictures of known diagnosis; not for judging your own skin. Nothing that you tap is kept."))
    if game_round.licence:
        st.caption(say("Images: {licence}", licence=as_text(game_round.licence)))
    choose_language()
    st.caption(as_text(not_reviewed()))


def _card(game_round: StandRound, place: int, asked: bool) -> str | None:
    """The picture at `place`, and the answer that was tapped just now."""
    item: StandItem = game_round.items[place]
    zoomed = f"{_GAME}.zoomed"
    is_zoomed = item.large is not None and st.session_state.get(zoomed) == item.image_id
    content = (item.large() if is_zoomed and item.large else None) or item.content
    number = say("{place} of {all}", place=place + 1, all=len(game_round.items))
    note = say(MALIGNANT_MEANS) if asked and game_round.asks == "malignancy" else ""
    options = answer_options(game_round.asks, game_round.choices)
    tapped = item_card(
        f"{item.image_id}.{asked}", Shown(content, say("Picture {place}", place=place + 1),
                                          item.large is not None and not is_zoomed, note),
        number, direct_form(game_round.asks, options) if asked else None)
    if tapped.zoomed:
        st.session_state[zoomed] = item.image_id
        st.rerun()
    return tapped.locked.answer if tapped.locked else None


def _ask(game: Game, game_round: StandRound) -> None:
    answer = _card(game_round, len(game.answers), asked=True)
    if answer is not None:
        game.models.append(game_round.items[len(game.answers)].model())
        game.answers.append(answer)
        game.told = True
        st.rerun()


def _tell(game: Game, game_round: StandRound) -> None:
    place = len(game.answers) - 1
    item = game_round.items[place]
    _card(game_round, place, asked=False)
    name = as_text(diagnosis(spoken(), item.dx))
    if game_round.generated:
        st.markdown(say("**Drawn as:** {diagnosis}", diagnosis=name))
    else:
        st.markdown(say("**Reference diagnosis:** {diagnosis} ({made})", diagnosis=name,
                        made=as_text(made_words(spoken(), item.dx_type))))
    for who, answer in ((say("**You:**"), game.answers[place]), (say("**The network:**"), game.models[place])):
        words = as_text(answer_words(spoken(), game_round.asks, answer))
        verdict = say("right") if answer == item.right else say("wrong")
        st.markdown(f"{who} {words} · {':material/check:' if answer == item.right else ':material/close:'} {verdict}")
    last = place + 1 == len(game_round.items)
    if st.button(say("To the end") if last else say("Next picture"), key="classroom.on", type="primary",
                 icon=":material/arrow_forward:", width="stretch"):
        game.told = False
        st.rerun()


def _end(game: Game, game_round: StandRound) -> None:
    rights = [item.right for item in game_round.items]
    yours, models = (sum(map(str.__eq__, given, rights)) for given in (game.answers, game.models))
    st.title(say("You {yours}, the network {models}", yours=yours, models=models), anchor=False)
    st.markdown(say_count("One chosen picture says nothing about either.",
                          "{number} chosen pictures say nothing about either.", len(rights)))
    _doctor()
    if st.button(say("Start over"), key="classroom.again", type="primary", icon=":material/restart_alt:",
                 width="stretch"):
        _start_over(game)
