"""The page Case in Streamlit's AppTest: what is known of one image, look-alikes, what if, and the note."""

import shutil

import pytest

from pipeline.classes import label
from pipeline.evaluation.decided import decided_predictions
from pipeline.number_words import probability
from pipeline.runs.run_dir import find_run
from pipeline.runs.teaching import Remark, list_sets, read_remarks
from tests.app_pages import button, open_page, words
from tests.embedded import embed_by_hand
from tests.hand_made import make_run


def _ordered(run, query="part == 'validation'"):
    return run.predictions().query(query).sort_values(["loss", "image_id"], ascending=[False, True])


def _pictures(at):
    """What the pictures show, in words, the large one first."""
    return [image.alt for element in at.get("image") for image in element.proto.imgs]


def _width_of_facts(at):
    """How much of the page's width the facts have, the rest being the picture's."""
    beside = (column.weight for column in at.columns if any("judged by" in one.value for one in column.caption))
    return next(beside, 1)


def _tabs(at):
    return [tab.label for tab in at.tabs]


def test_without_an_image_it_leads_to_explore(workspace):
    at = open_page("case")
    assert at.title[0].value == "Case" and button(at, "Choose an image")


@pytest.mark.parametrize(("address", "gone"), [({"run": "gone-1"}, "the run gone-1"),
                                               ({"image": "IMG_x"}, "the image IMG_x")])
def test_what_is_gone_is_named(filled, address, gone):
    at = open_page("case", **{"run": filled[2].name, **address})
    assert at.warning[0].value == f"The address names {gone}, which is not here (any more)."


def test_a_wrong_case_with_all_that_is_known(filled):
    _, _, run = filled
    row = _ordered(run).query("truth != predicted").iloc[1]
    at = open_page("case", run=run.name, image=row.image_id)
    said = words(at)
    assert not at.error and at.title[0].value == f"Image {row.image_id}"
    assert f"**Drawn as:** {label(row.truth)}" in said
    assert f"**Prediction:** {label(row.predicted)}" in said and "(wrong)" in said
    for decision, sentence in (("as-data", "Highest probability (as-data)"),
                               ("balanced", "All diagnoses weighed alike (balanced)")):
        of = decided_predictions(run, run.predictions(), decision).set_index("image_id").loc[row.image_id]
        share = probability(float(of[f"p_{of['predicted']}"])).replace(" ", "\N{NO-BREAK SPACE}")
        assert f"{sentence}: **{label(of['predicted'])}**, {share}" in said
    assert "**Patient:** 50 years, male, back" in said and "Education only" in said
    assert f"Lesion {row.lesion_id}" in said and "of the same lesion" in " ".join(
        image.alt for element in at.get("image") for image in element.proto.imgs)
    assert _tabs(at) == ["This lesion's other images (1)", "Look-alikes in training", "What if", "Note"]  # no other run
    assert "This needs the image and the model that judged it" in said  # this run's model has no weights


def test_a_case_whose_training_frequencies_are_gone_says_so_and_shows_the_rest(filled):
    _, _, run = filled
    row = _ordered(run).iloc[0]
    run.split_path.unlink()
    at = open_page("case", run=run.name, image=row.image_id)
    said = words(at)
    assert not at.error and f"**Drawn as:** {label(row.truth)}" in said
    assert f"Its answer under either decision is not known: The run {run.name} has no split yet." in said


def test_the_picture_is_untouched_until_regions_are_asked_for(filled):
    _, _, run = filled
    row = _ordered(run).query("truth != predicted").iloc[1]
    at = open_page("case", run=run.name, image=row.image_id)
    assert _pictures(at)[0] == f"Untouched image {row.image_id}" and _width_of_facts(at) == 0.4
    assert "case.opacity" not in [one.key for one in at.slider]
    seen, said = set(), ""
    nouns = {"predicted": ("the prediction", row.predicted), "truth": ("what it was drawn as", row.truth)}
    for of, (noun, code) in nouns.items():
        at.radio(key="case.regions").set_value(of).run()
        words_of_it = f"Regions that raised the output for {noun}, {label(code)}"
        assert _pictures(at)[0] == f"{words_of_it}, over the image {row.image_id}" and words_of_it in words(at)
        assert sum("Untouched" in alt for alt in _pictures(at)) == 0 and at.slider(key="case.opacity").value == 60
        said += words(at)
        seen.add(at.get("image")[0].proto.imgs[0].url)
    assert len(seen) == 2 and said.count("The strongest reaches") == 1  # of the weaker one


def test_no_positive_evidence_is_said(filled):
    _, _, run = filled
    worst = _ordered(run).iloc[0]
    at = open_page("case", run=run.name, image=worst.image_id)
    at.radio(key="case.regions").set_value("predicted").run()
    assert f"{label(worst.predicted)}: no positive evidence: no region raised this output." in words(at)
    assert "The strongest reaches" not in words(at)


def test_the_notice_stands_in_full_on_the_first_case_of_a_visit_and_then_in_a_line(filled):
    _, _, run = filled
    first, second = _ordered(run)["image_id"][:2]
    at = open_page("case", run=run.name, image=first)
    full = [w.value for w in at.warning if w.value.startswith("Education only")]
    at.query_params["image"] = second
    at.run()
    (line,) = [fold for fold in at.expander if fold.label.startswith("Education only, not a medical device.")]
    assert len(full) == 1 and line.markdown[0].value == full[0]
    assert not [w for w in at.warning if w.value.startswith("Education only")]


def test_a_right_case_has_one_heatmap(filled):
    _, _, run = filled
    row = _ordered(run).query("truth == predicted").iloc[0]
    at = open_page("case", run=run.name, image=row.image_id)
    assert len(at.radio(key="case.regions").options) == 2 and "(right)" in words(at)


def test_the_way_goes_through_what_the_address_asks_for(filled):
    _, _, run = filled
    wrong = list(_ordered(run).query("truth != predicted")["image_id"])
    at = open_page("case", run=run.name, image=wrong[0], right="no")
    assert f"1 of {len(wrong)}" in words(at) and button(at, "Previous").disabled
    button(at, "Next").click().run()
    assert at.title[0].value == f"Image {wrong[1]}" and at.query_params["right"] == "no"
    back = next(link for link in at.get("page_link") if link.proto.label == "Back to the images")
    assert "right=no" in back.proto.query_string and f"run={run.name}" in back.proto.query_string


def test_magnification_shows_a_part(filled):
    _, _, run = filled
    at = open_page("case", run=run.name, image=_ordered(run).iloc[0].image_id)
    at.slider(key="case.zoom").set_value(4.0).run()
    assert "a part of it magnified 4 times" in at.get("image")[0].proto.imgs[0].alt


def test_look_alikes_and_flips_from_the_job(filled):
    _, _, run = filled
    row = _ordered(run).iloc[0]
    at = open_page("case", run=run.name, image=row.image_id)
    assert len([b for b in at.button if b.label.startswith("Compute")]) == 1  # one button, though two parts need it
    embed_by_hand(run)
    at = open_page("case", run=run.name, image=row.image_id)
    said = words(at)
    assert f"Of the same diagnosis, {label(row.truth)}" in said and "Look-alikes of another diagnosis" in said
    assert said.count("Similarity -") + said.count("Similarity 0") + said.count("Similarity 1") == 8
    lesions = run.predictions()["lesion_id"].nunique()
    assert f"**enlarged by 20 %: {200 / lesions:.1f} %** (95 % interval 0.0 % to 20.0 %), 2 of {lesions}" in said
    link = next(link for link in at.get("page_link") if link.proto.label.startswith("Open the 2 lesions"))
    assert "flips=zoom" in link.proto.query_string


def test_the_other_runs_on_its_data_set_say_something(filled):
    workspace, dataset, run = filled
    make_run(workspace, dataset)
    row = _ordered(run).query("truth == predicted").iloc[0]
    at = open_page("case", run=run.name, image=row.image_id)
    assert "**1 of 1 other run** that held this lesion out is right." in words(at)
    assert "Other answers (1)" in _tabs(at)


def test_the_note_and_the_tag_are_kept(filled):
    workspace, _, run = filled
    image = _ordered(run).iloc[2].image_id
    at = open_page("case", run=run.name, image=image)
    at.text_area(key=f"case.note.{image}.text").set_value("Ask for the second opinion.")
    at.checkbox(key=f"case.note.{image}.doubtful").check()
    at.button(key=f"case.note.{image}.save").click().run()
    assert at.success[0].value == "The note is saved."
    assert read_remarks(workspace, "generated") == {image: Remark("Ask for the second opinion.", True)}
    at = open_page("case", run=run.name, image=image)
    assert at.text_area(key=f"case.note.{image}.text").value == "Ask for the second opinion."
    at.text_input(key=f"case.set.{image}.name").set_value("Doubts")
    at.button(key=f"case.set.{image}.save").click().run()
    assert list_sets(workspace)[0].images == (image,) and "In the teaching sets: Doubts" in words(at)


def test_a_missing_data_set_leaves_what_the_run_stored(filled):
    _, dataset, run = filled
    shutil.rmtree(dataset.folder)
    row = _ordered(run).iloc[0]
    at = open_page("case", run=run.name, image=row.image_id)
    assert "The data set generated is no longer here" in words(at) and not at.error
    assert f"**Drawn as:** {label(row.truth)}" in words(at) and len(at.get("plotly_chart")) == 1
    assert _width_of_facts(at) == 1


def test_a_missing_file_is_said_in_words(filled):
    _, dataset, run = filled
    row = _ordered(run).iloc[0]
    dataset.image_path(dataset.metadata().set_index("image_id").at[row.image_id, "file"]).unlink()
    at = open_page("case", run=run.name, image=row.image_id)
    assert len(at.error) == 1 and f"**Drawn as:** {label(row.truth)}" in words(at)
    assert _width_of_facts(at) == 1


def test_what_if_asks_the_network_and_resets(trained, workspace):
    shutil.copytree(trained[0].home, workspace.home, dirs_exist_ok=True)
    run = find_run(workspace, trained[1].name)
    row = _ordered(run).iloc[0]
    at = open_page("case", run=run.name, image=row.image_id)
    assert f"The prediction stays: {label(row.predicted)}" in words(at)
    at.slider(key="what_if.brightness").set_value(-50).run()
    at.slider(key="what_if.warmth").set_value(30).run()
    at.radio(key="what_if.ink").set_value("pen").run()
    assert not at.exception and not at.error
    changed = words(at)
    truth = next(m.value for m in at.markdown if "the reference diagnosis:" in m.value)
    before, after = truth.split(": ")[1].split(" → ")
    assert before != after.strip("*") and "The prediction " in changed
    button(at, "Reset").click().run()
    assert at.slider(key="what_if.brightness").value == 0 and at.radio(key="what_if.ink").value == "none"
    reset = next(m.value for m in at.markdown if "the reference diagnosis:" in m.value)
    assert reset.split(" → ")[0] == truth.split(" → ")[0]
