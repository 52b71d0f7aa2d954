"""Teach in AppTest: a lesson is set up, a class runs on the projector while two seats answer, is told, and ends."""

import pytest

from app import access
from app.components.classroom import class_run, pack_offer
from pipeline.classroom.lesson_files import find_lesson, lesson_bytes, list_lessons, save_lesson
from pipeline.classroom.room import Room, find_room, rooms
from pipeline.data.importing import import_dataset
from pipeline.runs.teaching import create_set
from tests.app_pages import PROJECT, VISITOR, button, open_page, words
from tests.class_rooms import Clock, class_of
from tests.hand_made import make_dataset, make_run
from tests.lesson_of_drawings import lesson_of_drawings
from tests.small_archives import jpeg, write_folder
from tests.small_lesson import small_lesson


@pytest.fixture
def lesson(workspace, tmp_path):
    return save_lesson(workspace, lesson_of_drawings(workspace, tmp_path))


def press(at, key: str):
    at.button(key=key).click().run()
    assert not at.exception and not at.error, [error.value for error in at.error]
    return at


def projector(room: Room):
    return open_page("teach", room=room.code)


def all_answer(room: Room, seats, answer: str) -> None:
    for seat in seats:
        for stage in room.plan.stages:
            seat.answer(room.state().item, stage, answer, "sure")


def test_where_the_model_in_the_box_has_no_images_its_lesson_pack_is_offered(workspace, monkeypatch):
    started = []
    monkeypatch.setenv("LESIONLAB_BUNDLED", str(PROJECT / "assets" / "models" / "default"))
    monkeypatch.setattr(pack_offer, "start_fetch", lambda _, source, name: started.append((source.id, name)))
    at = open_page("teach")
    assert "about 80 images of HAM10000, 22 MB, from the ISIC archive" in words(at) and "CC BY-NC 4.0" in words(at)
    at.button(key="teach.pack").click().run()
    assert not at.exception and not at.error and started == [("ham10000-lessons", "ham10000-lessons")]


def test_a_class_from_its_lesson_to_its_end(workspace, lesson):
    at = open_page("teach", lesson=lesson.id)
    assert at.title[0].value == "Nevus or melanoma?" and not at.warning, "all its pictures are here"
    assert at.toggle(key="teach.rehearsal").value and at.toggle(key="teach.rehearsal").disabled
    press(at, "teach.open")
    (room,) = rooms(workspace)
    assert room.code in at.query_params["room"]
    assert (room.plan.mode, room.plan.arm, room.plan.rehearsal) == ("class", "model-after", True)
    assert room.code in words(at) and f"/take-part?room={room.code}" in words(at) and "0 joined" in words(at)
    seats = [room.join(), room.join()]
    assert "2 joined" in words(at.run())
    press(at, "teach.step")
    assert room.state().phase == "answering" and "0 of 2 answered" in words(at)
    all_answer(room, seats, "mel")
    assert "2 of 2 answered" in words(at.run()) and "Drawn as" not in words(at)
    press(at, "teach.step")
    assert room.state().phase == "closed" and "Drawn as" not in words(at), "told only where that is pressed"
    press(at, "teach.reopen")
    assert room.state().phase == "answering" and "2 of 2 answered" in words(at), "what was answered is kept"
    press(at, "teach.step")
    press(at, "teach.step")
    assert room.state().phase == "revealed" and "**Drawn as:** Melanoma" in words(at)
    assert "from 8 answers on" in words(at), "of two seats it would tell who answered what"
    assert str(seats[0].nickname) not in words(at) and seats[0].token not in words(at)
    for _ in range(5):
        press(at, "teach.step")
    assert room.state().item == 2 and room.state().phase == "closed"
    press(at, "teach.step")
    assert "teach.step" not in [one.key for one in at.button], "there is no further picture"
    press(at, "teach.end")
    assert room.state().phase == "ended" and f"Class {room.code} has ended" == at.title[0].value
    assert "What speaks for a nevus?" in words(at)
    press(at, "teach.forget")
    assert rooms(workspace) == [] and at.title[0].value == "Teach"


def test_what_was_answered_is_shown_from_eight_seats_on_and_the_models_answer_by_one_press(workspace, lesson):
    room = class_of(workspace, lesson, arm="alone")
    seats = [room.join() for _ in range(8)]
    room.open(1)
    all_answer(room, seats[:7], "nv")
    all_answer(room, seats[7:], "mel")
    room.reveal()
    at = projector(room)
    shown = [element.proto.text for element in at.get("progress")]
    assert "Melanocytic nevus · 7" in shown and ":material/check: Melanoma · 1" in shown
    assert "The model:" not in words(at)
    at.toggle(key=f"teach.told.{room.code}.{lesson.items('A')[1].image_id}.model").set_value(True).run()
    assert "The model: Melanocytic nevus, 70.0 % · :material/close: wrong" in words(at)


def test_a_presenters_keys_go_on_and_look_back(workspace, lesson, monkeypatch):
    room, pressed, seen = class_of(workspace, lesson), [], []
    monkeypatch.setattr(class_run, "presenter", lambda at: (seen.append(at), pressed.pop(0) if pressed else None)[1])

    def press_key(key: str) -> str:
        pressed.append(key)
        at.run()
        assert not at.exception and not at.error
        return words(at)

    at = projector(room)
    for phase, item in (("answering", 0), ("closed", 0), ("revealed", 0), ("answering", 1)):
        press_key("forward")
        assert (room.state().phase, room.state().item) == (phase, item)
    assert "An earlier picture" in press_key("back") and "**Drawn as:** Melanoma" in words(at)
    assert room.state().phase == "answering", "looking back leaves the class where it is"
    assert "An earlier picture" not in press_key("forward") and room.state().phase == "answering"
    press_key("forward")
    assert room.state().phase == "closed"
    assert len(set(seen)) > 5, "a press is for one screen alone"


def test_a_press_that_was_meant_for_another_screen_does_nothing(monkeypatch):
    from app.components.classroom import presenter

    class Listening:
        pressed = "forward answering 0 None"

    monkeypatch.setattr(presenter.st.components.v2, "component", lambda *_, **__: lambda **___: Listening)
    assert presenter.presenter("answering 0 None") == "forward"
    assert presenter.presenter("closed 0 None") is None


def test_hands_are_counted(workspace, lesson):
    room = class_of(workspace, lesson, mode="hands", arm="alone")
    at = projector(room)
    assert room.code not in words(at), "there is nothing to join"
    press(at, "teach.step")
    at.number_input(key="teach.hands.0.alone.mel").set_value(9)
    button(at, "Keep the count").click().run()
    room.reveal()
    assert ":material/check: Melanoma · 9" in [element.proto.text for element in at.run().get("progress")]


def test_a_class_that_ended_by_itself_goes_on_where_it_was(workspace, lesson, monkeypatch):
    clock = Clock(monkeypatch)
    room = class_of(workspace, lesson)
    room.open(1)
    clock(31 * 60)
    at = projector(room)
    assert "Half an hour went by" in words(at)
    press(at, "teach.step")
    assert (room.state().phase, room.state().item) == ("answering", 1)


def test_classes_are_found_again_and_damaged_ones_can_be_forgotten(workspace, lesson):
    room, broken = class_of(workspace, lesson), class_of(workspace, lesson)
    (broken.folder / "room.json").write_text("{}")
    at = open_page("teach")
    assert f"**{room.code}**" in words(at) and len(at.error) == 1
    at.button(key=f"teach.forget.{broken.code}").click().run()
    assert not at.error and not broken.folder.exists() and find_room(workspace, room.code)


def test_images_for_non_commercial_teaching_are_shown_only_in_it(workspace):
    lesson = save_lesson(workspace, small_lesson())
    at = open_page("teach", lesson=lesson.id)
    assert "6 pictures are not here" in at.warning[0].value
    assert at.button(key="teach.open").disabled, "before it is answered"
    at.radio(key="teach.non_commercial").set_value("no").run()
    at.button(key="teach.open").click().run()
    assert "non-commercial teaching alone" in at.error[0].value and rooms(workspace) == []
    at.radio(key="teach.non_commercial").set_value("yes").run()
    at.radio(key="teach.mode").set_value("self-paced").run()
    press(at, "teach.open")
    assert rooms(workspace)[0].plan.mode == "self-paced"


def test_of_images_with_licences_of_their_own_a_class_for_any_use_gets_those_that_are_free(workspace, tmp_path):
    ids = [one.image_id for one in small_lesson().items("A")]
    table = "isic_id,diagnosis,copyright_license,attribution\n" + "".join(
        f"{image_id},{dx},{licence},Somebody\n" for image_id, dx, licence in zip(
            ids, ("mel", "mel", "nv"), ("CC-0", "CC-BY-NC", "CC-0"), strict=True))
    files = {f"{image_id}.jpg": jpeg(n) for n, image_id in enumerate(ids)} | {"metadata.csv": table.encode()}
    import_dataset(workspace, write_folder(tmp_path / "mixed", files), "mixed")
    lesson = save_lesson(workspace, small_lesson())
    at = open_page("teach", lesson=lesson.id)
    at.radio(key="teach.non_commercial").set_value("no").run()
    assert "2 of its pictures may be shown then" in at.info[0].value
    press(at, "teach.open")
    assert [one.image_id for one in rooms(workspace)[0].lesson.items("A")] == [ids[0], ids[2]]


def test_a_stand_gets_its_address(workspace, lesson):
    at = open_page("teach", lesson=lesson.id)
    at.radio(key="teach.mode").set_value("kiosk").run()
    assert f"take-part?kiosk=1&lesson={lesson.id}&use=any" in words(at) and "chromium --kiosk" in words(at)


def test_a_picture_is_taken_out_of_both_forms_and_a_lesson_put_away(workspace):
    lesson = save_lesson(workspace, small_lesson())
    at = open_page("teach", lesson=lesson.id)
    at.selectbox(key="teach.change.place").set_value(3).run()
    press(at, "teach.take_out")
    kept = find_lesson(workspace, lesson.id)
    assert {form: [item.dx for item in items] for form, items in kept.forms.items()} == {
        "A": ["mel", "mel"], "B": ["mel", "mel"]}
    press(at, "teach.delete")
    assert list_lessons(workspace) == []
    press(at, "teach.undo")
    assert list_lessons(workspace) == [kept]


def test_a_lesson_of_another_lesionlab_is_opened(workspace):
    at = open_page("teach")
    file = ("theirs.json", lesson_bytes(small_lesson()), "application/json")
    at.file_uploader(key="teach.import.file").set_value(file)
    button(at, "Open the file").click().run()
    assert not at.error and at.title[0].value == "Nevus or melanoma?" and len(list_lessons(workspace)) == 1


def test_a_visitor_sees_neither_lessons_nor_classes(workspace, lesson, monkeypatch):
    room = class_of(workspace, lesson)
    room.open(0)
    room.reveal()
    monkeypatch.setattr(access, "request_headers", lambda: VISITOR)
    for at in (open_page("teach"), open_page("teach", lesson=lesson.id), projector(room)):
        assert "only for the person who runs the server" in words(at) and not at.button
        assert "Melanoma" not in words(at) and room.code not in words(at)


def test_a_class_is_said_in_its_language(workspace, lesson):
    room = class_of(workspace, lesson, language="de")
    assert "Mit dem eigenen Telefon scannen" in words(projector(room))


@pytest.fixture
def judged(workspace, tmp_path):
    """A run whose judged drawings are here."""
    return make_run(workspace, make_dataset(workspace, tmp_path))


def test_lessons_are_drawn_from_a_runs_answers_and_their_pictures_swapped(workspace, judged):
    at = open_page("teach")
    at.radio(key="teach.kind").set_value("test").run()
    press(at, "teach.draw")
    (lesson,) = list_lessons(workspace)
    assert lesson.id in at.query_params["lesson"] and at.title[0].value == "A test"
    assert (lesson.kind, lesson.asks, lesson.run, lesson.generated) == ("test", "diagnosis", judged.name, True)
    assert "These are drawings: for rehearsal" in words(at) and "Drawn without looking at the model" in words(at)
    assert lesson.shortfalls and f"of {lesson.shortfalls[0].wanted}; the collection has no more" in words(at)
    inside = {item.lesion_id for items in lesson.forms.values() for item in items}
    judged_images = judged.predictions()
    free = judged_images.loc[~judged_images["lesion_id"].isin(inside), "image_id"].iloc[0]
    at.text_input(key="teach.choose.image").set_value(free)
    button(at, "Put it in its place").click().run()
    changed = find_lesson(workspace, lesson.id).items("A")
    assert not at.error and changed[0].image_id == free and changed[0].by_hand and changed[1:] == lesson.items("A")[1:]
    at.button(key="teach.swap").click().run()
    assert "was not drawn alone from a stratum" in at.error[0].value
    assert find_lesson(workspace, lesson.id).items("A") == changed


def test_a_teaching_set_becomes_a_lesson_about_the_model(workspace, judged):
    images = list(judged.predictions().drop_duplicates("lesion_id")["image_id"])[:3]
    one = create_set(workspace, "Looks like a nevus", "Mind the border.", "generated", judged, images)
    at = open_page("teach", run=judged.name, set=one.id)
    assert at.selectbox(key="teach.set").value == one.id
    press(at, "teach.of_set")
    (lesson,) = list_lessons(workspace)
    assert (lesson.title, lesson.aim, lesson.kind) == ("Looks like a nevus", "Mind the border.", "model")
    assert [item.image_id for item in lesson.items("A")] == images
    assert "by choice; in the whole collection" in words(at)


def test_a_ready_lesson_is_said_in_the_language_in_which_it_is_prepared(workspace, judged):
    at = open_page("teach", lang="de", ready="nevus-or-melanoma")
    keys = [str(one.key) for one in at.button if str(one.key).startswith("teach.ready.")]
    assert keys[0] == "teach.ready.nevus-or-melanoma" and len(keys) == 3
    press(at, keys[0])
    assert at.title[0].value == "Nävus oder Melanom?"
    del at.query_params["lesson"]
    assert at.run().title[0].value == "Unterrichten", "the language stays where the address no longer says it"
    assert "Von nichts zum laufenden Kurs" in words(at)


def test_home_the_sets_the_article_and_leakage_lead_here(workspace, judged):
    create_set(workspace, "Mine", "", "generated", judged, [judged.predictions()["image_id"].iloc[0]])
    at = open_page("home")
    press(at, "teach")
    assert at.title[0].value == "Teach"
    for page, address in (("errors", {"run": judged.name, "view": "sets"}), ("article", {}),
                          ("leakage", {"data": "generated", "topic": "metadata"})):
        links = [element.proto.page for element in open_page(page, **address).get("page_link")]
        assert "teach" in links, page


def test_an_address_of_what_is_gone_says_so(workspace, judged):
    for address, said in (({"lesson": "lesson-9"}, "names the lesson lesson-9, which is not here"),
                          ({"run": "gone", "set": "set-9"}, "names the run gone, which is not here")):
        assert said in " ".join(one.value for one in open_page("teach", **address).warning).replace("\u2060", "")
    at = open_page("teach", room="XXXX")
    assert "There is no class" in at.error[0].value and at.title[0].value == "Teach"


def test_where_seats_go_through_both_forms_both_pictures_are_on_the_projector(workspace):
    room = class_of(workspace, small_lesson(), both_forms=True)
    room.next()
    at = projector(room)
    assert len(at.warning) == 2 and "1 of 6" in words(at), "neither is here"
    room.reveal()
    said = words(at.run())
    assert said.count("**Reference diagnosis:** Melanoma (histology)") == 2 and "**A**" in said and "**B**" in said
