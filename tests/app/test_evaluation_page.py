"""The Evaluation page in Streamlit's AppTest: empty, filled, an older run, and what its address says."""

import json

import numpy as np
import pytest

from app.components.evaluation.operating_panel import ASSUMES
from pipeline.evaluation.decided import decided_predictions
from pipeline.evaluation.evaluate import CHOSE_EPOCH_SENTENCE
from pipeline.metrics.operating_point import lesion_scores, operating_point
from pipeline.metrics.set_coverage import PER_DIAGNOSIS, set_coverage
from pipeline.metrics.surest import surest_lesions
from pipeline.metrics.units import with_interval
from tests.app_pages import button, open_page, words
from tests.hand_made import make_run
from tests.held_out_lesions import hold_out


def _page(**parameters):
    at = open_page("evaluation", **parameters)
    assert not at.error
    return at


def _scores(run, decision="as-data", part="validation"):
    table = decided_predictions(run, run.predictions(), decision)
    return lesion_scores(table[table["part"] == part], ("mel",))


def _as_data(run):
    return decided_predictions(run, run.predictions(), "as-data")


def _table(at, first):
    """The table that stands open, by its first column."""
    return next(frame.value for frame in at.dataframe if frame.value.columns[0] == first)


def _chart(at):
    """The first chart, as Plotly reads it."""
    return json.loads(at.get("plotly_chart")[0].proto.spec)


def _said(at, parameter):
    """The address's parameter; AppTest gives a list for what was set before the run."""
    value = at.query_params[parameter]
    return value[0] if isinstance(value, list) else value


def test_without_a_run_the_page_says_what_will_be_here(workspace):
    at = open_page("evaluation", run="gone")
    assert "how far its figures can be trusted" in words(at)
    assert at.warning[0].value == "The address names the run gone, which is not here (any more)."


def test_a_run_at_work_is_told_so(filled):
    workspace, dataset, _ = filled
    run = make_run(workspace, dataset, state="running")
    assert f"The run {run.name} is training. Its evaluation appears here when it is done." in words(_page(run=run.name))


def test_the_isic_scorer_s_figures_stand_in_tables_behind_a_switch(filled):
    found = filled[2].results()["validation"]["decisions"]["as-data"]["isic_scorer"]
    at = _page(figure="ppv")
    assert "ISIC scorer, at 0.5" not in _table(at, "Diagnosis")
    assert "ISIC scorer:" not in words(at) and len(_chart(at)["data"]) == len(_table(at, "Diagnosis"))
    at.toggle(key="evaluation.scorer").set_value(True).run()
    table = _table(at, "Diagnosis").set_index("Diagnosis")["ISIC scorer, at 0.5"]
    assert table["Melanoma · mel"] == f"{100 * found['per_category']['mel']['ppv']:.1f} %"
    overall = _table(at, "Figure").set_index("Figure")["ISIC scorer, at 0.5"]
    assert overall["Balanced accuracy"] == f"{100 * found['balanced_accuracy']:.1f} %"
    assert overall["Accuracy"] == f"{100 * found['macro_average']['accuracy']:.1f} %" and not at.exception
    assert _page(figure="ppv", scorer="yes").toggle(key="evaluation.scorer").value


def test_figures_stand_with_interval_and_decision(filled):
    _, _, run = filled
    found = run.results()["validation"]["decisions"]
    for decision in ("as-data", "balanced"):
        at = _page(figure="ppv", decision=decision)
        assert f"**PPV, decision {decision}, with its 95 % interval**" in words(at)
        table = _table(at, "Diagnosis")
        row = table[table["Diagnosis"] == "Melanoma · mel"].iloc[0]
        value, low, high = (f"{100 * x:.1f} %" for x in found[decision]["targets"]["mel"]["ppv"])
        assert row["PPV (95 % interval)"] == f"{value} ({low} to {high})"
        assert row["Prevalence"] != "–"
        assert list(table["Diagnosis"][-2:]) == [
            "Malignant (bcc, mel)", "Malignant or in situ/precursor (akiec, bcc, mel)"
        ]
    assert CHOSE_EPOCH_SENTENCE in words(at)


def test_a_test_part_comes_first_and_chose_nothing(filled):
    workspace, dataset, _ = filled
    run = make_run(workspace, dataset, split="lesion-test")
    at = _page(run=run.name)
    assert "Test part, n = " in words(at) and "These images did not choose the epoch." in words(at)
    at = _page(run=run.name, part="validation")
    assert "its figures are the ones to report" in words(at) and CHOSE_EPOCH_SENTENCE in words(at)


def test_an_older_run_shows_what_it_has_and_computes_the_rest(filled):
    _, _, run = filled
    results = json.loads(run.results_path.read_text())
    for key in ("decisions", "calibration", "intervals"):
        del results["validation"][key]
    run.results_path.write_text(json.dumps(results))
    for topic in ("diagnoses", "calibration"):
        at = _page(topic=topic)
        assert f"or by `python -m pipeline evaluate {run.name}`." in words(at)
        assert "Balanced accuracy" in [metric.label for metric in at.metric]
    at = button(at, "Compute what is missing").click().run()
    assert "decisions" in run.results()["validation"] and not at.exception
    assert "Calibration error" in [metric.label for metric in at.metric]


def test_calibration_is_judged_on_the_other_half(filled):
    at = _page(topic="calibration")
    assert "Half 1 fits, half 2 judges: temperature **" in words(at) and "Mean of both directions" in words(at)
    at.selectbox(key="pick.target").set_value("mel").run()
    assert "Reliability of the probability of Melanoma · mel: below the diagonal it claims too much" in words(at)


def test_a_threshold_in_words_per_thousand_lesions(filled):
    _, dataset, run = filled
    at = _page(topic="operating-point", threshold="30.0", prevalence="5.0")
    point = operating_point(_scores(run), 0.3, 0.05)
    metrics = {metric.label: metric.value for metric in at.metric}
    assert metrics["Other lesions flagged"] == f"{point.others_flagged[0]:.0f}"
    assert metrics["Number needed to biopsy"] == f"{point.needed[0]:.1f}"
    assert "Flagged lesions for each melanoma found, if every flagged one were biopsied" in words(at)
    assert "**Of 1,000 lesions, 50 of them melanomas** (prevalence 5.0 %), those with 30.0 % or more" in words(at)
    assert ASSUMES in words(at) and "Wilson's for lesions" in words(at)
    at.radio(key="radio.prevalence").set_value("isic-2020").run()
    assert "prevalence 1.8 %" in words(at) and _said(at, "prevalence") == "isic-2020"
    at.radio(key="radio.prevalence").set_value("data").run()
    assert "This data set: 10 of 70 lesions, 14.3 %" in at.radio(key="radio.prevalence").options


@pytest.mark.parametrize(("prevalence", "threshold"), [(0.018, 0.3), (0.143, 0.7), (0.005, 0.2), (0.3, 0.95)])
def test_counts_per_thousand_are_whole_and_add_up(filled, prevalence, threshold):
    at = _page(topic="operating-point", threshold=f"{100 * threshold:.1f}", prevalence=f"{100 * prevalence:.1f}")
    shown = {metric.label: metric.value for metric in at.metric}
    point = operating_point(_scores(filled[2]), threshold, prevalence)
    counts = {name: 0 if shown[name] == "less than 1" else int(shown[name]) for name in (
        "Melanomas flagged", "Melanomas not flagged", "Other lesions flagged")}
    assert counts["Melanomas flagged"] + counts["Melanomas not flagged"] == round(1000 * prevalence)
    for name, (exact, *_) in zip(counts, (point.positives_flagged, point.positives_not_flagged, point.others_flagged),
                                 strict=True):
        assert abs(counts[name] - exact) < 1 and (shown[name] != "0" or exact == 0), name
    assert sum("95 % interval" in caption.value for caption in at.caption) >= 4


def test_where_nothing_is_flagged_no_number_is_needed(filled):
    at = _page(topic="operating-point", threshold="100.0")
    assert {metric.label: metric.value for metric in at.metric}["Number needed to biopsy"] == "–"


def _opened(at) -> list[str]:
    """The images of the wall, by the links to their cases."""
    labels = [link.proto.label for link in at.get("page_link")]
    return [label.split()[1] for label in labels if label.startswith("Open IMG_")]


def test_one_click_shows_the_melanomas_not_flagged(filled):
    _, _, run = filled
    scores = _scores(run)
    melanomas = scores[scores["positive"]]
    threshold = round(100 * float(melanomas["score"].median()), 1)
    expected = set(melanomas.loc[melanomas["score"] < threshold / 100, "lesion_id"])
    at = _page(topic="operating-point", threshold=str(threshold))
    button(at, f"Melanomas not flagged: {len(expected)}").click().run()
    assert _said(at, "lesions") == "not-flagged"
    assert any(h.value.startswith("Melanomas not flagged: ") for h in at.subheader)
    shown = _opened(at)
    lesions = run.predictions().set_index("image_id")["lesion_id"]
    assert shown and {lesions[image_id] for image_id in shown} <= expected
    again = _page(**{name: _said(at, name) for name in at.query_params})
    assert _opened(again) == shown
    button(at, "Close the images").click().run()
    assert "lesions" not in at.query_params


def test_an_aim_or_a_point_of_a_curve_sets_the_threshold(filled):
    _, _, run = filled
    at = _page(topic="operating-point")
    at.button(key="evaluation.aim.0.9").click().run()
    threshold = float(_said(at, "threshold"))
    assert operating_point(_scores(run), threshold / 100, 0.1).sensitivity[0] >= 0.9
    turn = at.session_state["evaluation.turn"]
    at.session_state[f"evaluation.roc.{turn}"] = {"selection": {"points": [{"customdata": [0.256]}]}}
    at.run()
    assert _said(at, "threshold") == "25.6" and at.slider(key="evaluation.threshold").value == 25.6


def test_subgroups_stand_with_size_and_interval(filled):
    at = _page(topic="subgroups")
    table = _table(at, "Group")
    assert list(table["Group"]) == ["40–59 years"] and "to" in table["Accuracy (95 % interval)"][0]
    at.radio(key="radio.factor").set_value("confidence").run()
    table = _table(at, "Group")
    assert "only" in " ".join(table["What it says"]) and "to" in table["Difference to the rest (95 % interval)"][0]


def test_by_kind_of_truth_there_is_no_figure_over_all_diagnoses(filled):
    at = _page(topic="subgroups", figure="accuracy")
    at.radio(key="radio.factor").set_value("dx_type").run()
    assert at.radio(key="radio.figure").options == ["Sensitivity", "Specificity"] and not at.warning
    assert "Sensitivity of Melanoma · mel" in words(at)


def test_without_its_data_set_a_run_is_grouped_by_confidence_alone(filled):
    import shutil

    _, dataset, _ = filled
    shutil.rmtree(dataset.folder)
    at = _page(topic="subgroups")
    assert at.radio(key="radio.factor").options == ["Model confidence"]
    at = _page(topic="operating-point", lesions="not-flagged", threshold="100.0")
    assert "is no longer here, so its images cannot be shown." in words(at)


@pytest.mark.parametrize(("name", "value", "sentence"), [
    ("threshold", "x", "The address names the threshold x, which is no percentage. Shown instead: 50.0 %."),
    ("threshold", "101", "The address names the threshold 101, which is no percentage. Shown instead: 50.0 %."),
    ("prevalence", "0", "The address names the prevalence 0, which is not to be had here."),
    ("topic", "x", "The address names the topic x, which is not here (any more). Shown instead: Each diagnosis."),
    ("lesions", "x", "The address names the set of lesions x, which is not here (any more)."),
])
def test_an_address_that_names_nothing_says_so(filled, name, value, sentence):
    at = _page(**{"topic": "operating-point", name: value})
    assert any(warning.value.startswith(sentence) for warning in at.warning)


def test_only_when_sure_shows_coverage_and_who_is_left(filled):
    _, _, run = filled
    hold_out(run, "validation", 40)
    at = _page(topic="sets", figure="ppv")
    assert "The address names the figure ppv" not in words(at)  # without image sources there is no choice
    table = _table(at, "Diagnosis").set_index("Diagnosis")
    found = set_coverage(_as_data(run)).set_index(["sets", "kind", "level"])
    mel = found.loc[(PER_DIAGNOSIS, "diagnosis", "mel")]
    assert table.loc["Melanoma · mel", "Covered, a set per diagnosis"] == with_interval(
        (mel["coverage"], mel["coverage_low"], mel["coverage_high"]))
    assert list(table["Lesions"]) == ["280", *["40"] * 7] and len(_chart(at)["data"]) == 2
    half = surest_lesions(_as_data(run)).set_index("share").loc[0.5]
    assert (f"Of 40 melanomas {half['answered']:.0f} are among them" in words(at)) and half["lesions"] == 140
    assert f"**{100 * mel['coverage']:.1f} %**" in words(at) and not at.exception
    at.selectbox(key="evaluation.sets.row").set_value("Melanoma · mel").run()
    assert "Open the 40 images with mel" in [link.proto.label for link in at.get("page_link")] and not at.exception
    hold_out(run, "validation", 8)
    at = _page(topic="sets")
    assert set(_table(at, "Diagnosis")["Covered, a set per diagnosis"]) == {"–"} and not at.exception


def test_coverage_stands_by_image_source_where_there_are_several(filled):
    _, dataset, run = filled
    table = dataset.metadata()
    table["source"] = np.where(np.arange(len(table)) % 4 < 2, "one", "other")
    table.to_parquet(dataset.folder / "metadata.parquet", index=False)
    at = _page(topic="sets", figure="source")
    rows = list(_table(at, "Image source")["Image source"])
    assert rows[0] == "All lesions" and set(rows[1:]) == {"one", "other", "Melanomas, one", "Melanomas, other"}
    n = int((table.set_index("image_id")["source"].reindex(run.predictions()["image_id"]) == "one").sum())
    at.selectbox(key="evaluation.sets.row").set_value("one").run()
    assert f"Open the {n} images" in [link.proto.label for link in at.get("page_link")] and not at.exception


def test_another_topic_forgets_what_belongs_to_the_first(filled):
    at = _page(topic="operating-point", target="malignant", lesions="flagged")
    at.radio(key="radio.topic").set_value("calibration").run()
    assert not at.warning and "lesions" not in at.query_params
