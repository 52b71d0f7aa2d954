"""Teaching sets on the pages: the bar that makes them, two of one name, what is taken along, and the link to copy."""

from pathlib import Path

import pytest

from app import access
from app.components.cases import same_name, set_maker
from pipeline.runs.teaching import create_set, find_set, list_sets
from tests.app_pages import VISITOR, button, open_page, words


@pytest.fixture
def tried(filled):
    """Workspace, run, and its page after a set was to be made of the name of another: (workspace, run, other, page)."""
    workspace, _, run = filled
    other = create_set(workspace, "Nevi", "Old.", "generated", run, ["IMG_0000"])
    at = open_page("explore", truth="mel")
    button(at, "Select all that match").click().run()
    at.text_input(key="explore.new_set.name").set_value("  nevi ")
    at.text_area(key="explore.new_set.note").set_value("New.")
    at.button(key="explore.new_set.save").click().run()
    return workspace, run, other, at.run()


def melanomas(run) -> set[str]:
    return set(run.predictions().query("truth == 'mel'")["image_id"])


def test_a_name_that_is_taken_is_asked_about_and_nothing_is_made(tried):
    workspace, _, other, at = tried
    assert list_sets(workspace) == [other] and not at.error
    assert "There is a teaching set “Nevi” already, with 1 image." in words(at)
    button(at, "Cancel").click().run()
    at.run()
    assert list_sets(workspace) == [other] and at.text_input(key="explore.new_set.name").value == "  nevi "


def test_its_images_are_replaced_and_its_link_stays(tried):
    workspace, run, other, at = tried
    button(at, "Replace its 1 image with these").click().run()
    (one,) = list_sets(workspace)
    assert (one.id, one.name, one.note) == (other.id, "Nevi", "New.") and set(one.images) == melanomas(run)
    assert (workspace.bin / "teaching" / f"{other.id}.json").exists()
    at.run()
    assert not [b for b in at.button if b.label == "Cancel"]
    at.radio(key="explore.view").set_value("sets").run()
    assert "The teaching set “Nevi” is replaced." in words(at)
    button(at, "Take it back").click().run()
    assert list_sets(workspace) == [other]


def test_or_the_new_one_gets_another_name(tried):
    workspace, run, other, at = tried
    at.text_input(key="explore.new_set.other.name").set_value("NEVI")
    at.button(key="explore.new_set.other.save").click().run()
    assert "That name is taken too." in words(at) and list_sets(workspace) == [other]
    at.run()
    at.text_input(key="explore.new_set.other.name").set_value("Melanomas")
    at.button(key="explore.new_set.other.save").click().run()
    made = next(one for one in list_sets(workspace) if one.name == "Melanomas")
    assert set(made.images) == melanomas(run) and made.note == "New." and find_set(workspace, other.id) == other


def test_a_visitor_replaces_nothing(tried, monkeypatch):
    workspace, _, other, at = tried
    assert button(at, "Replace its")
    monkeypatch.setattr(access, "request_headers", lambda: VISITOR)
    at.run()
    assert not [b for b in at.button if b.label.startswith("Replace its")]
    monkeypatch.setattr(set_maker, "may", lambda right: True)  # as if the page were drawn for somebody else
    monkeypatch.setattr(same_name, "may", lambda right: True)
    button(at.run(), "Replace its").click().run()
    assert at.error[0].value.startswith("Only the person who runs the server replaces teaching sets.")
    assert list_sets(workspace) == [other]


def test_a_set_cannot_be_renamed_to_another_ones_name(filled):
    workspace, _, run = filled
    first, second = (create_set(workspace, name, "", "generated", run, ["IMG_0000"]) for name in ("One", "Two"))
    at = open_page("explore", view="sets")
    at.text_input(key=f"explore.{second.id}.name").set_value("one")
    at.button(key=f"explore.{second.id}.save").click().run()
    assert at.error[0].value == "Another teaching set of these images has this name. Choose another one."
    assert {one.name for one in list_sets(workspace)} == {"One", "Two"} and first.name == "One"


def test_a_tick_draws_the_bar_and_nothing_else(filled):
    run = filled[2]
    at = open_page("explore")
    images = [box.key.removeprefix("explore.tick.") for box in at.checkbox if box.key.startswith("explore.tick.")]
    assert len(images) > 2 and "selected" not in words(at)  # nothing is in the lesions' way
    at.checkbox(key=f"explore.tick.{images[1]}").check().run()
    assert "**1 image** selected" in words(at) and at.title
    at.checkbox(key=f"explore.tick.{images[0]}").check().run()
    assert "**2 images** selected" in words(at)
    assert not at.title and not at.checkbox and not at.get("image")  # the page itself was not drawn
    assert at.session_state[f"explore.selected.{run.name}"] == set(images[:2])
    button(at, "Select none").click().run()
    assert "selected" not in words(at) and at.title and not ticked_of(at, run)


def ticked_of(at, run) -> set[str]:
    return at.session_state[f"explore.selected.{run.name}"]


def test_no_file_of_a_set_is_looked_at_before_it_is_taken_along(filled, monkeypatch):
    workspace, _, run = filled
    images = list(run.predictions()["image_id"].iloc[:3])
    one = create_set(workspace, "Three", "", "generated", run, images)
    looked_at = []
    is_file = Path.is_file
    monkeypatch.setattr(Path, "is_file", lambda path: looked_at.append(path.stem) or is_file(path))
    at = open_page("explore", view="sets")
    assert not set(looked_at) & set(images) and not at.get("download_button")
    at.session_state[f"explore.{one.id}.along"] = True
    at.run()
    assert set(images) <= set(looked_at)
    assert [b.proto.label for b in at.get("download_button")] == ["Handout", "Images", "Download as CSV"]


def test_the_link_to_copy_is_the_lessons(filled):
    workspace, _, run = filled
    one = create_set(workspace, "Three", "", "generated", run, ["IMG_0000"])
    at = open_page("explore", view="sets")
    assert at.code[0].value.endswith(f"/lesson?run={run.name}&set={one.id}")
    link = next(link for link in at.get("page_link") if link.proto.label == "Go through it")
    assert f"set={one.id}" in link.proto.query_string and link.proto.page_script_hash != ""


def test_another_session_has_ticked_nothing(filled):
    at = open_page("explore")
    box = next(box for box in at.checkbox if box.key.startswith("explore.tick."))
    box.check().run()
    assert "**1 image** selected" in words(at) and "selected" not in words(open_page("explore"))
