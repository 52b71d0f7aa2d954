"""The Errors page in Streamlit's AppTest: the wall, the matrix beside it, figures, and the images with the truth
hidden. What filters the wall: test_explore_page.py.
"""

import json
import math

import numpy as np
import pandas as pd
import pytest

from app.charts.predictions import confusion_figure
from app.components.errors.wall_view import PAGE
from app.palette import tone
from pipeline.classes import label
from pipeline.metrics.confusion import confusion_matrix, row_shares
from pipeline.metrics.quiz import draw_quiz
from pipeline.number_words import count, percent
from tests.app_pages import button, cards, open_page, words
from tests.hand_made import CODES, make_run


def _validation(run):
    predictions = run.predictions()
    return predictions[predictions["part"] == "validation"]


def _wrong(run):
    """The wrong ones, as the page shows them first."""
    rows = _validation(run)
    return rows[rows["truth"] != rows["predicted"]].sort_values(["loss", "image_id"], ascending=[False, True])


def _alts(at):
    """The alternative texts of the page's images."""
    return [image.alt for element in at.get("image") for image in element.proto.imgs]


def _urls(at):
    return [image.url for element in at.get("image") for image in element.proto.imgs]


def _set_results(run, change):
    results = json.loads(run.results_path.read_text())
    change(results["validation"])
    run.results_path.write_text(json.dumps(results))


def _click(at, truth, predicted, turn=0):
    """As the browser reports a click on a cell of the chart that is drawn the `turn`-th time."""
    at.session_state[f"matrix.{turn}"] = {"selection": {"points": [{"customdata": [truth, predicted, 1]}]}}
    at.run()
    assert not at.exception


def test_who_asks_for_nothing_sees_each_lesion_that_was_called_wrong_the_highest_loss_first(filled):
    wrong = _wrong(filled[2])
    at = open_page("errors")
    assert at.query_params["right"] == "no" and at.radio(key="explore.right").value == "no"
    assert cards(at) == list(wrong.drop_duplicates("lesion_id")["image_id"][:PAGE])
    assert f"**{len(wrong)} images** of {wrong['lesion_id'].nunique()} lesions match, out of 28 images." in words(at)
    at.radio(key="explore.right").set_value("all").run()
    assert at.query_params["right"] == "all"
    assert "**28 images** of 14 lesions, all that were judged." in words(at)


def test_a_run_without_errors_shows_what_it_got_right(filled):
    run = filled[2]
    table = run.predictions()
    table["predicted"] = table["truth"]
    table.to_parquet(run.predictions_path, index=False)
    at = open_page("errors")
    assert at.query_params["right"] == "all" and len(cards(at)) == PAGE and not at.info


def test_the_matrix_stands_beside_the_wall_and_a_cell_filters_it_until_it_is_pressed_again(filled):
    run = filled[2]
    at = open_page("errors")
    _click(at, "nv", "nv")  # the wrong ones were shown, of which a cell on the diagonal has none
    inside = _validation(run).query("truth == 'nv' and predicted == 'nv'")
    assert at.query_params["truth"] == at.query_params["predicted"] == "nv" and "right" not in at.query_params
    assert set(cards(at)) <= set(inside["image_id"]) and f"**{count(len(inside), 'image')}**" in words(at)
    assert {"explore.chip.truth", "explore.chip.predicted"} <= {b.key for b in at.button}
    assert len(json.loads(at.get("plotly_chart")[0].proto.spec)["layout"]["shapes"]) == 1
    _click(at, "nv", "nv", turn=1)
    assert "truth" not in at.query_params and at.query_params["right"] == "no"


def test_a_cell_counts_what_the_other_filters_leave(filled):
    run = filled[2]
    rows = _validation(run)
    low = rows[rows.filter(like="p_").max(axis=1) < 0.5]
    at = open_page("errors", confidence="0.0..0.5", truth="mel")
    shown = json.loads(at.get("plotly_chart")[0].proto.spec)["data"][2]["customdata"]
    assert sum(images for _, _, images in shown) == len(low)  # of all diagnoses: the cells lead out of the row as well


def test_a_cell_opens_from_the_address_and_its_chips_lead_out(filled):
    at = open_page("errors", truth="mel", predicted="mel")
    assert at.multiselect(key="explore.truth").value == ["mel"]
    assert at.button(key="explore.chip.truth").label == "Reference diagnosis: Melanoma · mel"
    at.button(key="explore.chip.truth").click().run()
    assert "truth" not in at.query_params and at.query_params["predicted"] == "mel"
    at.button(key="explore.chip.predicted").click().run()
    assert "all that were judged" in words(at)


def test_a_confused_pair_opens_its_images(filled):
    at = open_page("errors")
    pair = next(b for b in at.button if " called " in b.label)
    pair.click().run()
    _, truth, predicted = pair.key.split(".")
    assert (at.query_params["truth"], at.query_params["predicted"]) == (truth, predicted)
    assert at.session_state["matrix.turn"] == 1


def test_a_part_can_be_chosen_or_both(filled):
    workspace, dataset, _ = filled
    run = make_run(workspace, dataset, split="lesion-test")
    counts = run.predictions()["part"].value_counts()
    at = open_page("errors", run=run.name, part="test")
    assert "Test part, n = " in words(at) and "chose nothing" in words(at)
    assert f"out of {counts['test']} images." in words(at)
    at.selectbox(key="pick.part").set_value("all").run()
    assert f"out of {counts.sum()} images." in words(at) and "Validation part, n = " in words(at)
    assert open_page("errors", run=run.name).query_params["part"] == "validation"
    both = open_page("explore", run=run.name, part="validation,test")  # as an address of before named both
    assert both.query_params["part"] == "all" and not both.warning and f"**{counts.sum()} images**" in words(both)


def test_an_address_of_explore_opens_the_same_images(filled):
    run = filled[2]
    at = open_page("explore", run=run.name, truth="mel", sort="image", view="images", page="1")
    assert at.title[0].value == "Errors" and not at.warning
    mel = _validation(run).query("truth == 'mel'")
    assert cards(at) == list(mel.sort_values("image_id").drop_duplicates("lesion_id")["image_id"])
    assert {name: at.query_params[name] for name in ("run", "truth", "sort")} == {
        "run": run.name, "truth": "mel", "sort": "image"}
    assert f"**{len(_validation(run))} images**" in words(open_page("explore", run=run.name))


def test_one_figure_stands_in_view_and_behind_it_all_with_their_intervals(filled):
    _, _, run = filled
    _set_results(run, lambda figures: figures["intervals"].update(accuracy=[0.612, 0.712], macro_auc=[None, None]))
    at = open_page("errors")
    reached = percent(run.results()["validation"]["balanced_accuracy"])
    assert f"Validation: balanced accuracy {reached}" in [
        popover.proto.popover.label for popover in at.get("popover")]
    assert "95 % interval  \n61.2 % to 71.2 %  \nThe most frequent diagnosis alone: " in words(at)
    assert "bootstrap over lesions" in words(at)
    assert [c.value for c in at.caption if c.value == "7 diagnoses"]  # no interval of the AUC, so what it is a mean of
    _set_results(run, lambda figures: figures.pop("intervals"))
    assert "95 % interval" not in words(at := open_page("errors")) and "bootstrap" not in words(at)
    assert "The most frequent diagnosis alone: " in words(at)


def test_a_card_has_reference_diagnosis_and_answer_in_two_lines_and_leads_to_its_case(filled):
    _, _, run = filled
    worst = _wrong(run).iloc[0]
    at = open_page("errors")
    said = next(m.value for m in at.markdown if m.value.startswith(f":small[**Drawn as:** {label(worst.truth)}"))
    assert said.count("\n") == 1
    share = f"{worst['p_' + worst.predicted]:.1%}".replace("%", "\N{NO-BREAK SPACE}%")
    assert said.endswith(f":material/close: **Prediction:** {label(worst.predicted)}, {share}]")
    link = next(link for link in at.get("page_link") if worst.image_id in link.proto.label)
    assert f"image={worst.image_id}" in link.proto.query_string and "right=no" in link.proto.query_string


def test_a_lesion_stands_once_and_says_how_many_of_its_images_are_among_those_shown(filled):
    rows = _validation(filled[2])
    at = open_page("errors", right="all")
    assert len(cards(at)) == min(PAGE, rows["lesion_id"].nunique())
    labels = [link.proto.label for link in at.get("page_link") if link.proto.label.startswith("Open IMG")]
    assert labels and all(one.endswith(" · 2 images") for one in labels)
    one = rows.iloc[0]
    code = f"{one['p_' + one.predicted] - 1e-6}..{one['p_' + one.predicted] + 1e-6}"
    at = open_page("errors", confidence=code)
    assert [link.proto.label for link in at.get("page_link") if "IMG" in link.proto.label] == [f"Open {one.image_id}"]


def test_pictures_are_untouched_until_one_press_lays_regions_over_all(filled):
    at = open_page("errors", right="all")
    plain, ids = _urls(at), cards(at)
    assert len(plain) == len(set(plain)) == len(ids) and not any("regions" in alt for alt in _alts(at))
    assert "heatmap.opacity" not in {slider.key for slider in at.slider}
    at.toggle(key="heatmap").set_value(True).run()
    assert len(_urls(at)) == len(ids) and cards(at) == ids  # in their places: no picture stands beside its like
    without = [i for i, alt in enumerate(_alts(at)) if "regions" not in alt]
    assert [_urls(at)[i] == plain[i] for i in range(len(ids))] == [i in without for i in range(len(ids))]
    captions = [element.captions for element in at.get("image")]
    assert without == [0] and captions[0] == ["No positive evidence: no region raised this output."]
    laid = _urls(at)[1]
    at.slider(key="heatmap.opacity").set_value(30).run()
    assert _urls(at)[1] != laid
    at.selectbox(key="heatmap.of").set_value("truth").run()
    second = _validation(filled[2]).set_index("image_id").loc[ids[1]]
    assert _alts(at)[1].endswith(f"with the regions that raised the output for {second.truth}")
    assert "without heatmap" not in " ".join(captions[0]) + words(at)


def test_pages_stand_in_the_address(filled):
    _, _, run = filled
    lesions = list(_validation(run).sort_values(["loss", "image_id"], ascending=[False, True])
                   .drop_duplicates("lesion_id")["image_id"])
    assert len(lesions) > PAGE
    at = open_page("errors", right="all")
    assert f"1–{PAGE} of {len(lesions)} lesions" in words(at)
    button(at, "Next").click().run()
    assert at.query_params["page"] == "2" and cards(at) == lesions[PAGE:]
    assert cards(open_page("errors", right="all", page="2")) == lesions[PAGE:]
    at.radio(key="explore.right").set_value("no").run()  # another view starts at its top
    assert "page" not in at.query_params and not at.warning


def test_a_page_that_is_not_there_says_so(filled):
    at = open_page("errors", right="all", page="99")
    pages = math.ceil(_validation(filled[2])["lesion_id"].nunique() / PAGE)
    assert at.warning[0].value == (
        f"The address names page 99, but there is only a page 1 to {pages}. Shown instead: page 1."
    )


def test_an_image_whose_file_is_gone_says_so_and_keeps_its_judgement(filled):
    _, dataset, run = filled
    worst = _wrong(run).iloc[0]
    file = dataset.metadata().set_index("image_id").at[worst.image_id, "file"]
    dataset.image_path(file).unlink()
    at = open_page("errors")
    assert [w.value for w in at.warning] == [
        f"The image file {dataset.image_path(file).name} is gone or cannot be read. "
        "Import the data set generated again under the same name."
    ]
    assert cards(at)[0] == worst.image_id and f"**Drawn as:** {label(worst.truth)}" in words(at)


@pytest.mark.parametrize("codes", [CODES, (*CODES, "scc"), (*CODES, "scc", "ak"), ("mel", "nv")])
def test_the_matrix_serves_any_number_of_diagnoses(codes):
    codes = sorted(codes)
    table = pd.DataFrame({"truth": [*codes[1:], "mel"] * 3, "predicted": [*codes[1:], "nv"] * 3})
    matrix = confusion_matrix(table, codes)
    figure = confusion_figure(matrix, row_shares(matrix), ("mel", "nv"), dark=False)
    n = len(codes)
    assert (figure.layout.xaxis.range, figure.layout.yaxis.range) == ((-0.5, n - 0.5), (n - 0.5, -0.5))
    assert figure.data[2].customdata[codes.index("mel") * n + codes.index("nv")] == ["mel", "nv", 3]
    assert "Melanoma · mel<br>called Melanocytic nevus · nv:<br>3 of " in figure.data[2].hovertext[
        codes.index("mel") * n + codes.index("nv")
    ]
    assert f"{codes[0]}<br>n = {matrix.loc[codes[0]].sum()}" == figure.layout.yaxis.ticktext[0]
    assert len(figure.layout.shapes) == 1


@pytest.mark.parametrize("dark", [False, True])
def test_errors_have_a_hue_of_their_own_each_by_its_share_of_the_row(dark):
    table = pd.DataFrame({"truth": ["mel"] * 4 + ["nv"] * 100, "predicted": ["mel", "mel", "mel", "nv"] + ["nv"] * 75
                          + ["mel"] * 25})
    matrix = confusion_matrix(table, ["df", "mel", "nv"])
    right, wrong = confusion_figure(matrix, row_shares(matrix), None, dark).data[:2]
    np.testing.assert_equal(right.z, [[np.nan] * 3, [np.nan, 0.75, np.nan], [np.nan, np.nan, 0.75]])
    np.testing.assert_equal(wrong.z, [[np.nan] * 3, [0, np.nan, 0.25], [0, 0.25, np.nan]])
    assert (right.zmin, right.zmax, wrong.zmin, wrong.zmax) == (0, 1, 0, pytest.approx(1 / 3))
    assert {right.colorscale[-1][1], wrong.colorscale[-1][1]} == {tone(dark).high, tone(dark).wrong}


def test_the_codes_of_the_matrix_stand_beside_it_with_their_names(filled):
    legend = next(c.value for c in open_page("errors").caption if label("akiec") in c.value)
    assert legend.split("  \n") == [label(code) for code in CODES]


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
    assert not {"truth", "predicted", "right", "page"} & set(at.query_params)
    said = words(at)
    for word in ("Drawn as", "Prediction", "loss ", "Probability", "called", "lesion ", "Image IMG", "Regions"):
        assert word not in said
    assert _alts(at) == [f"Image 1 of {len(_drawn(run))}, diagnosis hidden"]
    assert "**Patient:** 50 years, male, back" in said  # what a clinician knows too
    assert not at.subheader and not at.metric and len(at.get("plotly_chart")) == 0
    assert at.radio[0].options == [label(code) for code in CODES] and at.radio[0].value is None
    assert button(at, "Reveal").disabled and button(at, "Start again").disabled
    at.toggle(key="guess.switch").set_value(False).run()
    assert "quiz" not in at.query_params and at.query_params["right"] == "no" and cards(at)


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
        assert _alts(at) == [f"Image {case} of {len(drawn)}"] and f"Image {row['image_id']} · lesion " in said
        plain = _urls(at)
        at.toggle(key="heatmap").set_value(True).run()
        assert (_urls(at) != plain) == _alts(at)[0].endswith(f"regions that raised the output for {row['predicted']}")
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
    assert not at.error and len(_alts(at)) == 1
