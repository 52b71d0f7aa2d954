"""A student with a finished run: from Home to its errors, into one cell of the matrix, down to one image."""

import re

import pytest
from playwright.sync_api import expect

from app.components.errors.wall_view import PAGE
from pipeline.classes import label
from pipeline.metrics.confusion import cell, most_confused
from pipeline.metrics.predictions_table import classes_of
from pipeline.metrics.quiz import draw_quiz
from pipeline.number_words import count
from pipeline.runs.run_dir import list_runs
from tests.e2e.serving import RunningApp
from tests.e2e.steps import cell_of_matrix, click_mark, ids_on_the_wall, of_reference, press, rerun

pytestmark = pytest.mark.browser


def newest_errors(app: RunningApp):
    """The run that Home leads to, its validation predictions, and the diagnoses of its matrix."""
    run = list_runs(app.workspace)[0]
    predictions = run.predictions()
    return run, predictions[predictions["part"] == "validation"], classes_of(predictions)


def test_from_home_into_a_cell_and_to_one_image(stocked_app: RunningApp, visitor) -> None:
    run, rows, classes = newest_errors(stocked_app)
    pair = most_confused(rows, classes, 1)[0]
    images = cell(rows, pair.truth, pair.predicted)
    page = visitor(stocked_app.url)
    press(page, "Study its errors")
    expect(page).to_have_url(re.compile(f"/errors\\?run={run.name}"))
    wrong = rows[rows["truth"] != rows["predicted"]].sort_values(["loss", "image_id"], ascending=[False, True])
    assert ids_on_the_wall(page) == list(wrong.drop_duplicates("lesion_id")["image_id"][:PAGE])
    in_view = page.locator("[data-testid=stImage] img").first.bounding_box()
    assert in_view["y"] + in_view["height"] <= page.viewport_size["height"]

    with rerun(page):
        click_mark(page, cell_of_matrix(page, classes.index(pair.truth) * len(classes) + classes.index(pair.predicted)))
    n = f"{count(len(images), 'image')} of {count(images['lesion_id'].nunique(), 'lesion')} match"
    expect(page.get_by_text(n)).to_be_visible()
    expect(page).to_have_url(re.compile(f"truth={pair.truth}&predicted={pair.predicted}"))

    image = images.iloc[0]
    expect(page.get_by_alt_text(re.compile(f"^Image {image['image_id']}: "))).to_be_in_viewport()  # without a scroll
    way = page.get_by_role("link", name=f"Open {image['image_id']}")
    card = page.locator("[data-testid=stVerticalBlock]").filter(has=way).filter(has=page.get_by_role("img")).last
    expect(card).to_contain_text(of_reference(pair.truth))
    expect(card).to_contain_text(f"Prediction: {label(pair.predicted)}")
    with rerun(page):
        page.get_by_text("Regions that raised the output", exact=True).click()
    laid = card.get_by_alt_text(re.compile(f"with the regions that raised the output for {pair.predicted}$"))
    expect(laid.or_(card.get_by_text("No positive evidence"))).to_be_visible()

    press(page, f"Reference diagnosis: {label(pair.truth)}")
    assert "truth=" not in page.url


def test_a_cell_can_be_opened_by_keyboard(stocked_app: RunningApp, visitor) -> None:
    run, rows, classes = newest_errors(stocked_app)
    truth = rows["truth"].iloc[0]
    page = visitor(f"{stocked_app.url}/errors?run={run.name}")
    with rerun(page):
        page.get_by_role("radiogroup", name="Right or wrong").get_by_text("All").click()
    page.get_by_role("button", name="Filters, order").press("Enter")
    for name in ("Reference diagnosis", "Prediction"):
        box = page.get_by_role("combobox", name=name, exact=True)
        box.focus()
        box.press_sequentially(label(truth))
        expect(page.get_by_role("option", name=label(truth))).to_be_visible()
        with rerun(page):
            page.keyboard.press("Enter")
    inside = rows.query("truth == predicted == @truth")
    expect(page.get_by_text(f"{count(len(inside), 'image')} of ")).to_be_visible()
    assert set(ids_on_the_wall(page)) <= set(inside["image_id"])


def test_guess_first_then_reveal(stocked_app: RunningApp, visitor) -> None:
    run, rows, _ = newest_errors(stocked_app)
    asked = draw_quiz(rows, 24, seed=0)
    first = asked.iloc[0]
    page = visitor(f"{stocked_app.url}/errors?run={run.name}")
    with rerun(page):
        page.get_by_text("Hide the diagnosis", exact=True).click()
    expect(page.get_by_text(f"Image 1 of {len(asked)}", exact=True)).to_be_visible()
    expect(page.get_by_alt_text(f"Image 1 of {len(asked)}, diagnosis hidden")).to_be_visible()
    said = page.locator("[data-testid=stMainBlockContainer]")
    expect(said).not_to_contain_text(re.compile("Drawn as:|Reference diagnosis:"))
    expect(said).not_to_contain_text("Prediction:")
    expect(said).not_to_contain_text(first["image_id"])

    with rerun(page):
        page.get_by_role("radiogroup", name="Your guess").get_by_text(label(first["truth"])).click()
    expect(said).not_to_contain_text(re.compile("Drawn as:|Reference diagnosis:"))
    press(page, "Reveal")
    expect(said).to_contain_text(of_reference(first['truth']))
    expect(said).to_contain_text(f"Prediction: {label(first['predicted'])}")
    model = int(first["truth"] == first["predicted"])
    expect(page.get_by_text(f"You 1 of 1, the model {model} of 1 on the same images.")).to_be_visible()
    with rerun(page):
        page.get_by_text("Regions that raised the output", exact=True).click()
    laid = page.get_by_alt_text(re.compile(rf"^Image 1 of {len(asked)}, with the regions"))
    expect(laid.or_(page.get_by_text("No positive evidence"))).to_be_visible()
    press(page, "Next")
    expect(page.get_by_alt_text(f"Image 2 of {len(asked)}, diagnosis hidden")).to_be_visible()
