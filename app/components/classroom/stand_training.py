"""The training of one click at a stand: begun by the presenter's key, and shown to whoever stands there, as pictures
that the network does not learn from and what it calls them after each epoch.
"""

import streamlit as st

from app.components.long_work import watch
from app.components.picture_cards import Card, picture_cards
from app.components.training.one_click import going, images_to_watch, start_to_watch
from app.loaders import resources
from app.loaders.run_data import dataset_of
from app.loaders.watched_pictures import watched_pictures
from app.words.spoken import say, spoken
from pipeline.classroom.clinical_terms import diagnosis
from pipeline.classroom.lesson import highest_of
from pipeline.classroom.permitted_use import is_free
from pipeline.errors import RunError
from pipeline.runs.run_dir import RunDir, find_run
from pipeline.runs.status import ENDED, Status
from pipeline.runs.watched import Answer, watched
from pipeline.shown import as_text


def begin_training(free_alone: bool) -> RunDir:
    """The run at work, else one that it starts.

    Args:
        free_alone: whether pictures whose licence forbids commercial use are not to be shown.

    Raises:
        AccessError: this session may not.
        RunError: no images are here to learn from, or those of the run at work are not to be shown.
        LimitError, DataError, WorkspaceError: as `start_to_watch`.
    """
    shown = [one for one in resources.datasets() if not free_alone or one.generated or is_free(one.licence)]
    at_work, dataset = going(resources.own_runs()), images_to_watch(shown)
    if not at_work and dataset is None:
        raise RunError("No pictures are here that a network could learn from.",
                       "Draw the generated images on the page Data sets.")
    run = at_work[0] if at_work or dataset is None else start_to_watch(dataset)
    if dataset_of(run) not in shown:
        raise RunError("Another training is at work, whose pictures may not be shown here.", "Wait until it has ended.")
    return run


def stand_training(name: str) -> bool:
    """Draws the run as it goes; whether it is at its end.

    Raises:
        RunError: it is gone.
        WorkspaceError: a file of it is damaged.
    """
    run = find_run(resources.workspace(), name)
    st.title(say("A network learns, here and now"), anchor=False)
    watch(lambda: [run], _view)
    dataset = dataset_of(run)
    if dataset is not None and dataset.generated:
        st.info(say("Drawings: generated – not for learning dermoscopy."), icon=":material/draw:")
    elif dataset is not None:
        st.caption(say("Images: {licence}", licence=as_text(dataset.rights)))
    return run.status().state in ENDED


def _view(run: RunDir, status: Status) -> None:
    st.progress(min(max(status.fraction, 0.0), 1.0), text=_state_words(status))
    shown = watched(resources.events(run))
    if shown is None:
        return
    answers = shown.answers[-1] if shown.answers else None
    cards = [_card(content, truth, place, answers)
             for place, (content, truth) in enumerate(zip(watched_pictures(run, shown.image_ids), shown.truths,
                                                          strict=True)) if content is not None]
    picture_cards(cards, f"classroom.training.{run.name}", wide=6, narrow=2)
    st.caption(say("Pictures that it does not learn from. In bold what they show; below it what the network calls them "
                   "now, and how probable that is to it."))


def _state_words(status: Status) -> str:
    if status.state == "done":
        return say("It has learnt.")
    return say("It was stopped.") if status.state in ENDED else say("It learns.")


def _card(content: bytes, truth: str, place: int, answers: Answer | None) -> Card:
    name = diagnosis(spoken(), truth)
    alt = say("Picture {place}", place=place + 1)
    said = answers.probabilities[place] if answers else None
    if not said:
        return Card(content, alt, name, say("no answer yet"))
    called = highest_of(said)
    verdict = say("right") if called == truth else say("wrong")
    return Card(content, alt, name, f"{diagnosis(spoken(), called)}, {spoken().probability(said[called])}: {verdict}")
