"""Take part in AppTest: joining, items at the class's and at one's own pace, the own page, and the game of a stand."""

import dataclasses
from typing import get_args

import pytest

from app import access
from app.access import Role
from app.components.classroom import item_screens, stand_game, stand_training
from app.components.classroom.asking import UNRECOGNISABLE, form_of
from app.components.classroom.item_card import Locked, Tapped, _locked
from app.words.nickname_words import NOUN_WORDS
from app.words.refusal_words import REFUSALS
from pipeline import limits
from pipeline.classroom.clinical_terms import STRUCTURES
from pipeline.classroom.nicknames import NOUNS
from pipeline.classroom.room import Room
from pipeline.classroom.room_plan import Plan
from pipeline.classroom.tick_terms import MELANOCYTIC_FEATURES, melanocytic_alone
from pipeline.errors import RunError
from pipeline.runs.events import EventLog
from pipeline.vocabulary import RoomRefusal
from tests.app_pages import VISITOR, open_page, words
from tests.class_rooms import class_of
from tests.hand_made import make_dataset, make_run
from tests.lesson_of_drawings import lesson_of_drawings


@pytest.fixture
def lesson(workspace, tmp_path):
    return lesson_of_drawings(workspace, tmp_path)


class Card:
    """Stands in for the card in a browser: what was drawn last, and what is tapped next."""

    def __init__(self):
        self.drawn, self.next = None, None

    def __call__(self, card_id, shown, head, form=None, left=None):
        self.drawn = (card_id, shown, head, form, left)
        tapped, self.next = (self.next, None) if form is not None else (None, self.next)
        return Tapped(tapped, False)

    @property
    def form(self):
        return self.drawn[3]

    def labels(self) -> list[str]:
        return [option.label for option in self.form.answer.options]


@pytest.fixture
def card(monkeypatch):
    made = Card()
    for module in (item_screens, stand_game):
        monkeypatch.setattr(module, "item_card", made)
    return made


def joined(room: Room) -> tuple:
    """The page of a phone that scanned the code and took a seat, and that seat."""
    at = open_page("take_part", room=room.code)
    at.button(key="classroom.take_part").click().run()
    assert not at.exception
    return at, room.seat(at.query_params["seat"])


def locks(card: Card, at, answer: str, sure: str | None = "sure"):
    card.next = Locked(answer, sure, None, ())
    at.run()
    assert not at.exception and not at.error


def test_a_class_is_joined_by_its_letters_after_what_is_kept_was_said(workspace, lesson):
    room = class_of(workspace, lesson)
    at = open_page("take_part")
    at.text_input(key="classroom.code").set_value(room.code.lower())
    next(button for button in at.button if button.label == "Go on").click().run()
    assert at.query_params["room"] == room.code and ("No name, no account. Answers stay on this computer under a "
        "drawn nickname until they are deleted; your teacher sees the class, not you.") in words(at)
    assert "_streamlit_xsrf" in words(at) and "not yet reviewed by a dermatologist" in words(at)
    assert room.state().seats == 0, "nobody has a seat before it was pressed"
    at.button(key="classroom.take_part").click().run()
    assert room.state().seats == 1 and at.title[0].value.split()[0] in NOUN_WORDS.values()


def test_an_unknown_code_leads_to_the_letters(workspace):
    at = open_page("take_part", room="XXXX")
    assert at.title[0].value == "Take part" and "There is no class with this code" in at.warning[0].value
    assert at.text_input(key="classroom.code")


def test_it_is_said_in_the_language_of_the_class_or_in_one_that_is_chosen(workspace, lesson):
    room = class_of(workspace, lesson, language="de")
    at = open_page("take_part", room=room.code)
    assert at.title[0].value == f"Teilnehmen am Kurs {room.code}"
    assert "noch nicht von einer Dermatologin oder einem Dermatologen durchgesehen" in words(at)
    at.button(key="classroom.language.en").click().run()
    assert at.title[0].value == f"Take part in class {room.code}"


def test_a_seat_goes_through_an_item_of_a_class(workspace, lesson, card):
    room = class_of(workspace, lesson, arm="model-after", seconds=600)
    at, seat = joined(room)
    room.open(1)
    at.run()
    card_id, shown, head, form, left = card.drawn
    assert head == "2 of 3 · 45 years, female, back" and 590 < left <= 600 and shown.content
    assert "dots and network cannot be judged" in shown.note and not form.said
    assert card.labels() == ["Actinic keratosis or Bowen's disease", "Basal cell carcinoma", "Benign keratosis",
                             "Dermatofibroma", "Melanocytic nevus", "Melanoma", "Vascular lesion or haemorrhage",
                             "Not recognisable from the picture"]
    locks(card, at, "mel", "fairly sure")
    assert form.answer.question == "What do you see?" and card.form.answer.question == "Keep or change?"
    assert (card.form.answer.chosen, card.form.sure.chosen) == ("mel", "fairly sure")
    assert card.form.said == "The model: Melanocytic nevus, 70.0 %"
    assert {option.value: option.share for option in card.form.answer.options}["nv"] == pytest.approx(0.7)
    locks(card, at, "nv")
    assert card.form is None and "Locked: Melanoma, fairly sure" in words(at) and "Reference" not in words(at)
    assert [(*key, given.answer) for key, given in seat.answers().items()] == [(1, "alone", "mel"),
                                                                               (1, "with-model", "nv")]
    room.reveal()
    at.run()
    said = words(at)
    assert "**Drawn as:** Melanoma" in said and "**You:** Melanoma, fairly sure · :material/check: right" in said
    assert "**You, with the model:** Melanocytic nevus, sure · :material/close: wrong" in said
    room.end()
    at.run()
    said = words(at)
    assert at.title[0].value.startswith("Your answers, ") and "**You: 1 of 1**" in said
    assert "**You, with the model: 0 of 1**" in said and "**The model: 0 of 1**" in said
    assert "wrong in 33 % of these pictures because they were chosen so" in said and "wrong in 20.0 %" in said


def test_refresh_and_back_come_back_to_the_seat(workspace, lesson, card):
    room = class_of(workspace, lesson)
    at, seat = joined(room)
    room.open(0)
    anew = open_page("take_part", room=room.code, seat=seat.token)
    assert card.form is not None and not anew.button
    del at.query_params["seat"]  # as the address before the seat was taken
    at.run()
    assert at.query_params["seat"] == seat.token and room.state().seats == 1
    lost = open_page("take_part", room=room.code, seat="another")
    assert lost.button(key="classroom.take_part") and "seat" not in lost.query_params
    assert "no such seat" in lost.warning[0].value


def test_whoever_is_late_is_told_so(workspace, lesson, card):
    room = class_of(workspace, lesson)
    at, seat = joined(room)
    room.open(0)
    room.close()
    card.next = Locked("mel", "sure", None, ())
    at.run()
    assert "counts as not answered" in at.info[0].value and not seat.answers()
    late = joined(room)[0]
    assert "counts as not seen" in late.info[0].value
    room.open(1)
    room.end()
    assert [(line.split()[0], line.rpartition("  \n")[2]) for line in (one.value for one in late.run().markdown)
            if "Drawn as" in line] == [("1", "not seen"), ("2", "not answered")]


def test_alone_a_seat_goes_on_by_itself_and_is_told_each_reference(workspace, lesson, card):
    room = class_of(workspace, dataclasses.replace(lesson, asks="malignancy"), "self-paced", "model-first")
    at, seat = joined(room)
    assert card.labels() == ["Malignant, in situ or precursor", "Benign", "Not recognisable from the picture"]
    assert card.form.said.startswith("The model: Malignant, in situ or precursor (Melanoma 70.0 %, ")
    locks(card, at, "malignant")
    assert at.query_params["look"] == "0" and "right" in words(at)
    at.button(key="classroom.next").click().run()
    assert card.drawn[2].startswith("2 of 3")
    card.next = Locked(UNRECOGNISABLE, None, None, ())
    at.run()
    assert "not recognisable from the picture · :material/close: wrong" in words(at)
    at.button(key="classroom.next").click().run()
    locks(card, at, "benign")
    at.button(key="classroom.next").click().run()
    while card.form is not None:  # what was missed comes again
        assert "your first answer counts" in words(at)
        locks(card, at, "malignant")
        at.button(key="classroom.next").click().run()
    assert at.title[0].value.startswith("Your answers") and "**You, with the model: 2 of 3**" in words(at)
    assert seat.answers()[1, "with-model"].unrecognisable


def test_what_a_browser_sends_is_an_answer_of_the_form_or_nothing(lesson):
    plan = Plan("class", "alone", ask_biopsy=True, tick_criteria=True)
    form = form_of(lesson, plan, lesson.codes(), lesson.items("A")[0], "alone")
    good = {"id": "x", "answer": "mel", "sure": "sure", "biopsy": "watch", "ticks": ["dots", "<b>", "vessels"]}
    assert _locked(good, "x", form) == Locked("mel", "sure", "watch", ("dots", "vessels"))
    for bad in (None, [], "mel", {"id": "x"}, *(good | one for one in ({"id": "y"}, {"answer": "boil"},
                                                                       {"answer": ["mel"]}))):
        assert _locked(bad, "x", form) is None
    assert _locked(good | {"sure": 3, "biopsy": {}, "ticks": 5}, "x", form) == Locked("mel", None, None, ())
    assert _locked(good, "x", None) is None


def test_of_nevi_and_melanomas_alone_their_features_can_be_ticked(lesson):
    def asked(**plan):
        return form_of(lesson, Plan("class", "alone", **plan), lesson.codes(), lesson.items("A")[0], "alone").ticks

    assert asked() is None and asked(melanocytic_ticks=True) is None
    assert [one.value for one in asked(tick_criteria=True).options] == list(STRUCTURES)
    ticks = asked(tick_criteria=True, melanocytic_ticks=True)
    assert [one.label for one in ticks.options] == [
        "peppering (granularity)", "typical pigment network", "irregular blotch", "negative pigment network",
        "irregular globules", "dotted vessels", "blue-whitish veil"]
    assert "Shiny white streaks: not assessable" in ticks.question and len(MELANOCYTIC_FEATURES) == 8
    assert melanocytic_alone(lesson) and not melanocytic_alone(dataclasses.replace(lesson, forms={
        "A": (*lesson.items("A"), dataclasses.replace(lesson.items("A")[0], dx="bkl"))}))


def test_a_visitor_joins_so_often_a_minute(workspace, lesson, monkeypatch):
    monkeypatch.setattr(access, "request_headers", lambda: VISITOR)
    room = class_of(workspace, lesson)
    at = open_page("take_part", room=room.code)
    for _ in range(limits.MOST_JOINING_A_MINUTE):
        at.button(key="classroom.take_part").click().run()
        del at.query_params["seat"]
        del at.session_state[f"classroom.seat.{room.code}"]
        at.run()
    at.button(key="classroom.take_part").click().run()
    assert "Too many are joining" in at.error[0].value and room.state().seats == limits.MOST_JOINING_A_MINUTE


def test_a_stand_plays_four_pictures_and_forgets_them(workspace, card, monkeypatch):
    before = {path.name for path in workspace.home.rglob("*")}
    at = open_page("take_part", kiosk="1")
    assert at.title[0].value == "What do you see?" and "Show it to a doctor" in words(at)
    assert not at.get("file_uploader") and not at.text_input
    at.button(key="classroom.start").click().run()
    for place in range(4):
        assert card.drawn[2] == f"{place + 1} of 4" and card.form.direct
        card.next = Locked("malignant", None, None, ())
        at.run()
        assert "**The network:**" in words(at)
        at.button(key="classroom.on").click().run()
    assert at.title[0].value.startswith("You ") and "4 chosen pictures say nothing about either." in words(at)
    assert "Show it to a doctor" in words(at)
    monkeypatch.setattr(stand_game, "idle_for", lambda seconds: seconds == 60)
    at.run()
    assert at.title[0].value == "What do you see?" and at.button(key="classroom.start")
    assert {path.name for path in workspace.home.rglob("*")} == before


def test_a_stand_asks_once_for_what_its_pictures_are_shown(workspace, tmp_path, card):
    make_run(workspace, make_dataset(workspace, tmp_path, "mine", generated=False))
    at = open_page("take_part", kiosk="1")
    assert at.radio(key="classroom.use") and not at.button
    at.radio(key="classroom.use").set_value("yes").run()
    assert at.query_params["use"] == "non-commercial" and at.button(key="classroom.start")
    assert "Images: not stated" in words(at) and not at.info
    at = open_page("take_part", kiosk="1", use="any")
    assert "not for learning dermoscopy" in at.info[0].value and at.button(key="classroom.start")


def test_a_training_shows_what_may_be_shown(dataset, monkeypatch):
    ham = dataclasses.replace(dataset, generated=False, attribution="HAM10000", images=10_000, licence="CC BY-NC 4.0")
    begun = []
    monkeypatch.setattr(stand_training.resources, "datasets", lambda: [ham, dataset])
    monkeypatch.setattr(stand_training, "start_to_watch", begun.append)
    monkeypatch.setattr(stand_training, "dataset_of", lambda run: begun[-1])
    for free_alone in (False, True):
        stand_training.begin_training(free_alone)
    assert begun == [ham, dataset]
    monkeypatch.setattr(stand_training.resources, "datasets", lambda: [ham])
    with pytest.raises(RunError, match="No pictures are here"):
        stand_training.begin_training(True)


def test_a_presenters_key_trains_a_network_before_a_stands_visitors(filled, card, monkeypatch):
    workspace, dataset, _ = filled
    pressed, begun = [], []
    monkeypatch.setattr(stand_game, "presenters_keys", lambda at: pressed.pop(0) if pressed else None)
    monkeypatch.setattr("pipeline.jobs.launch.start_run", lambda *_: begun.append(
        make_run(workspace, dataset, "running")) or begun[-1])
    monkeypatch.setenv("LESIONLAB_MODE", "stand")
    at = open_page("take_part", kiosk="1")
    pressed.append("forward")
    at.run()
    (run,) = begun
    assert access.role() is Role.STAND and at.title[0].value == "A network learns, here and now"
    log = EventLog(run.events_path)
    log.write("watched", stage=1, epoch=1, overall=1, lesions=[
        {"image_id": "IMG_0008", "truth": "mel", "probabilities": {"mel": 0.25, "nv": 0.75}}])
    log.close()
    shown = []
    monkeypatch.setattr(stand_training, "picture_cards", lambda cards, *_, **__: shown.extend(cards))
    at.run()
    assert [(one.title, one.words) for one in shown] == [("Melanoma", "Melanocytic nevus, 75.0 %: wrong")]
    assert "not for learning dermoscopy" in at.info[0].value and not at.get("page_link")
    pressed.append("back")
    at.run()
    assert at.title[0].value == "What do you see?" and at.button(key="classroom.start")


def test_of_a_class_nobody_starts_a_training_by_a_key(filled, card, monkeypatch):
    monkeypatch.setattr(stand_game, "presenters_keys", lambda at: "forward")
    monkeypatch.setenv("LESIONLAB_MODE", "class")
    assert open_page("take_part", kiosk="1").title[0].value == "What do you see?"


def test_the_tables_of_words_are_whole():
    assert set(NOUN_WORDS) == set(NOUNS) and set(REFUSALS) == set(get_args(RoomRefusal))
