"""The Errors page in Streamlit's AppTest: figures, cells and their images, and the images with the truth hidden."""

import json
import math

import pandas as pd
import pytest

from app.charts.predictions import confusion_figure
from pipeline.classes import label
from pipeline.metrics.confusion import confusion_matrix, row_shares
from pipeline.metrics.quiz import draw_quiz
from tests.app_pages import button, open_page, words
from tests.hand_made import CODES, make_run


def _validation(run):
    predictions = run.predictions()
    return predictions[predictions["part"] == "validation"]


def _images(at):
    """The alternative texts of the page's images."""
    return [image.alt for element in at.get("image") for image in element.proto.imgs]


def _captions(at):
    return [caption for element in at.get("image") for caption in element.captions]


def _set_results(run, change):
    results = json.loads(run.results_path.read_text())
    change(results["validation"])
    run.results_path.write_text(json.dumps(results))


def test_a_cell_opens_from_the_address(filled):
    at = open_page("errors", truth="mel", predicted="mel")
    assert any("Melanoma · mel rightly called Melanoma · mel" in h.value for h in at.subheader)
    assert at.selectbox(key="cell.truth").value == "mel"
    button(at, "Back to").click().run()
    assert any("Highest losses" in h.value for h in at.subheader)


def test_a_click_on_a_cell_opens_it(filled):
    at = open_page("errors")
    at.session_state["matrix.0"] = {"selection": {"points": [{"customdata": ["nv", "bkl", 1]}]}}
    at.run()
    assert any("Melanocytic nevus · nv called Benign keratosis · bkl" in h.value for h in at.subheader)
    assert (at.query_params["truth"], at.query_params["predicted"]) == ("nv", "bkl")


def test_select_boxes_open_a_cell(filled):
    at = open_page("errors")
    at.selectbox(key="cell.truth").set_value("nv").run()
    at.selectbox(key="cell.predicted").set_value("bkl").run()
    assert any("Melanocytic nevus · nv called Benign keratosis · bkl" in h.value for h in at.subheader)


def test_a_confused_pair_opens_its_images(filled):
    at = open_page("errors")
    pair = next(b for b in at.button if " called " in b.label)
    pair.click().run()
    assert any(h.value.startswith(pair.label.split(":")[0]) for h in at.subheader)


def test_a_test_part_can_be_chosen(filled):
    workspace, dataset, _ = filled
    run = make_run(workspace, dataset, split="lesion-test")
    at = open_page("errors", run=run.name, part="test")
    assert "Test part, n = " in words(at) and "chose nothing" in words(at)


def test_figures_stand_with_their_intervals_and_older_runs_have_none(filled):
    _, _, run = filled
    _set_results(run, lambda figures: figures["intervals"].update(accuracy=[0.612, 0.712], macro_auc=[None, None]))
    at = open_page("errors")
    assert "95 % interval  \n61.2 % to 71.2 %  \nThe most frequent diagnosis alone: " in words(at)
    assert "bootstrap over lesions" in words(at)
    assert [c.value for c in at.caption if c.value == "7 diagnoses"]  # no interval of the AUC, so what it is a mean of
    _set_results(run, lambda figures: figures.pop("intervals"))
    assert "95 % interval" not in words(at := open_page("errors")) and "bootstrap" not in words(at)
    assert "The most frequent diagnosis alone: " in words(at)


def test_a_card_has_truth_and_its_origin_prediction_probabilities_loss_image_and_lesion(filled):
    _, _, run = filled
    worst = _validation(run).sort_values("loss", ascending=False).iloc[0]
    said = words(open_page("errors"))
    assert f"**Drawn as:** {label(worst.truth)}" in said
    assert f"**Prediction:** {label(worst.predicted)}, {worst['p_' + worst.predicted]:.1%}".replace("%", " %") in said
    assert f"loss {worst.loss:.2f}" in said
    assert f"Image {worst.image_id} · lesion {worst.lesion_id}" in said


def test_heatmaps_are_laid_over_on_request_for_prediction_or_truth(filled):
    _, _, run = filled
    second = _validation(run).sort_values("loss", ascending=False).iloc[1]
    at = open_page("errors")
    assert set(_captions(at)) == {"As the network saw it, without heatmap", "Untouched"}
    at.toggle(key="heatmap").set_value(True).run()
    assert _captions(at)[0] == "No positive evidence: no region raised this output."
    assert _captions(at)[2] == f"Regions that raised the output for {second.predicted}"
    of_prediction = at.get("image")[2].proto.imgs[0].url
    at.radio(key="heatmap.of").set_value("truth").run()
    assert at.get("image")[2].proto.imgs[0].url != of_prediction
    assert _captions(at)[2] == f"Regions that raised the output for {second.truth}"


def test_pages_of_images_stand_in_the_address(filled):
    _, _, run = filled
    n = len(_validation(run))
    assert n > 24
    at = open_page("errors")
    assert f"1–8 of {min(n, 48)}" in words(at)
    button(at, "Next").click().run()
    assert at.query_params["page"] == "2" and "9–16 of" in words(at) and len(_images(at)) == 16
    assert "17–24 of" in words(open_page("errors", page="3"))
    at.selectbox(key="cell.truth").set_value("nv").run()
    at.selectbox(key="cell.predicted").set_value("nv").run()  # another view starts at its top
    assert "page" not in at.query_params and not at.warning and "1–" in words(at)


def test_a_page_that_is_not_there_says_so(filled):
    at = open_page("errors", page="99")
    pages = math.ceil(min(len(_validation(filled[2])), 48) / 8)
    assert at.warning[0].value == (
        f"The address names page 99, but there is only a page 1 to {pages}. Shown instead: page 1."
    )


def test_an_image_whose_file_is_gone_says_so_and_keeps_its_judgement(filled):
    _, dataset, run = filled
    worst = _validation(run).sort_values("loss", ascending=False).iloc[0]
    file = dataset.metadata().set_index("image_id").at[worst.image_id, "file"]
    dataset.image_path(file).unlink()
    at = open_page("errors")
    assert [w.value for w in at.warning] == [
        f"The image file {dataset.image_path(file).name} is gone or cannot be read. "
        "Import the data set generated again under the same name."
    ]
    assert f"Image {worst.image_id} · lesion {worst.lesion_id}" in words(at)


@pytest.mark.parametrize("codes", [CODES, (*CODES, "scc"), (*CODES, "scc", "ak"), ("mel", "nv")])
def test_the_matrix_serves_any_number_of_diagnoses(codes):
    codes = sorted(codes)
    table = pd.DataFrame({"truth": [*codes[1:], "mel"] * 3, "predicted": [*codes[1:], "nv"] * 3})
    matrix = confusion_matrix(table, codes)
    figure = confusion_figure(matrix, row_shares(matrix), ("mel", "nv"), dark=False)
    n = len(codes)
    assert (figure.layout.xaxis.range, figure.layout.yaxis.range) == ((-0.5, n - 0.5), (n - 0.5, -0.5))
    assert figure.data[1].customdata[codes.index("mel") * n + codes.index("nv")] == ["mel", "nv", 3]
    assert "Melanoma · mel<br>called Melanocytic nevus · nv:<br>3 of " in figure.data[1].hovertext[
        codes.index("mel") * n + codes.index("nv")
    ]
    assert f"{codes[0]}<br>n = {matrix.loc[codes[0]].sum()}" == figure.layout.yaxis.ticktext[0]
    assert len(figure.layout.shapes) == 1


def test_cells_are_short_and_what_is_not_nothing_is_not_0():
    table = pd.DataFrame({"truth": ["nv"] * 1001, "predicted": ["nv"] * 1000 + ["mel"]})
    matrix = confusion_matrix(table, ["df", "mel", "nv"])
    texts = [a.text for a in confusion_figure(matrix, row_shares(matrix), None, dark=True).layout.annotations]
    assert texts == ["0"] * 7 + ["<b>1</b><br>&lt;1 %", "<b>1,000</b><br>100 %"]


def _drawn(run, pair=None):
    return draw_quiz(_validation(run), 24, seed=0, pair=pair)


def _answer(at, code):
    at.radio[0].set_value(code).run()
    button(at, "Reveal").click().run()


def test_hiding_shows_an_image_and_nothing_that_gives_it_away(filled):
    _, _, run = filled
    at = open_page("errors", truth="nv", predicted="nv", page="2")
    at.toggle(key="guess.switch").set_value(True).run()
    assert not at.exception and at.query_params["quiz"] == "all"
    assert not {"truth", "predicted", "page"} & set(at.query_params)
    said = words(at)
    for word in ("Drawn as", "Prediction", "loss ", "Probability", "called", "lesion ", "Image IMG", "Regions"):
        assert word not in said
    assert _images(at) == [f"Image 1 of {len(_drawn(run))}, truth hidden"]
    assert not at.subheader and not at.metric and len(at.get("plotly_chart")) == 0
    assert at.radio[0].options == [label(code) for code in CODES] and at.radio[0].value is None
    assert button(at, "Reveal").disabled and button(at, "Start again").disabled
    at.toggle(key="guess.switch").set_value(False).run()
    assert "quiz" not in at.query_params and any("Highest losses" in h.value for h in at.subheader)


def test_reveal_shows_truth_output_heatmap_and_keeps_the_tally(filled):
    _, _, run = filled
    drawn = _drawn(run)
    at = open_page("errors", quiz="all")
    right = wrong = 0
    for case, row in enumerate(drawn.head(3).to_dict("records"), start=1):
        guess = row["truth"] if case != 2 else next(code for code in CODES if code != row["truth"])
        _answer(at, guess)
        right += guess == row["truth"]
        wrong += row["predicted"] != row["truth"]
        said = words(at)
        assert f"**Your guess:** {label(guess)}" in said
        assert f"**Drawn as:** {label(row['truth'])}" in said
        assert f"**Prediction:** {label(row['predicted'])}" in said and f"loss {row['loss']:.2f}" in said
        assert f"**You {right} of {case}, the model {case - wrong} of {case}** on the same images." in said
        assert _images(at)[0] == f"Image {case} of {len(drawn)}" and row["image_id"] in _images(at)[1]
        button(at, "Next").click().run()
    assert at.query_params["case"] == "4" and "**Drawn as:**" not in words(at)
    button(at, "Previous").click().run()
    assert "**Drawn as:**" in words(at)
    button(at, "Start again").click().run()
    assert "Guess, then reveal." in words(at) and "**Image 1 of " in words(at) and "**Drawn as:**" not in words(at)
    assert at.session_state[f"guess.{run.name}.validation"] == {}  # Home's "Start over" goes by the key's beginning


def test_a_link_opens_the_same_hidden_image_and_guesses_stay_in_the_session(filled):
    _, _, run = filled
    third = _drawn(run).iloc[2]
    at = open_page("errors", quiz="all", case="3")
    _answer(at, third.truth)
    assert f"Image {third.image_id} · lesion {third.lesion_id}" in words(at)
    other = open_page("errors", quiz="all", case="3")
    assert "**Drawn as:**" not in words(other) and "Guess, then reveal." in words(other)


def test_an_open_cell_is_left_and_its_two_diagnoses_are_asked_both_ways(filled):
    _, _, run = filled
    rows = _validation(run)
    wrong = rows[rows["truth"] != rows["predicted"]].iloc[0]
    pair = tuple(sorted((wrong.truth, wrong.predicted)))
    at = open_page("errors", truth=wrong.truth, predicted=wrong.predicted)
    at.toggle(key="guess.switch").set_value(True).run()
    assert at.query_params["quiz"] == ".".join(pair) and not {"truth", "predicted"} & set(at.query_params)
    assert at.radio[0].options == [label(code) for code in pair]
    drawn = _drawn(run, pair)
    assert set(drawn["truth"]) | set(drawn["predicted"]) <= set(pair) and drawn["truth"].nunique() == 2
    button(at, "Next").click().run()
    at.selectbox(key="pick.quiz").set_value("all").run()  # another set starts at its first image
    assert "case" not in at.query_params and "**Image 1 of " in words(at) and not at.warning


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ({"quiz": "1"}, "The address names the set of hidden images 1, which is not here (any more). Shown instead: "
         "All diagnoses, mixed."),
        ({"quiz": "all", "case": "25"}, "The address names the hidden image 25, which is not here (any more). Shown "
         "instead: image 1."),
    ],
)
def test_an_address_of_no_hidden_image_says_so(filled, address, sentence):
    at = open_page("errors", **address)
    assert [w.value for w in at.warning] == [sentence]
    assert "**Image 1 of " in words(at)


def test_a_hidden_image_whose_file_is_gone_says_so_and_the_next_can_be_opened(filled):
    _, dataset, run = filled
    file = dataset.metadata().set_index("image_id").at[_drawn(run).image_id[0], "file"]
    dataset.image_path(file).unlink()
    at = open_page("errors", quiz="all")
    assert at.error[0].value.endswith("Import the data set generated again under the same name.")
    button(at, "Next").click().run()
    assert not at.error and len(_images(at)) == 1
