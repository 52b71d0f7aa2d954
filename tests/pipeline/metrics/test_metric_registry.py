"""The registry of figures: what holds for every entry, whoever adds one, and who walks it."""

import json

import numpy as np
import pandas as pd
import pytest

from app.components.runs.shared_figures import figures_table
from app.loaders import run_rows
from pipeline.commands.run_text import run_text
from pipeline.data.dataset import load_dataset
from pipeline.evaluation.evaluate import evaluate_run
from pipeline.metrics.metric_registry import METRICS, TARGET_METRICS, metrics_of
from pipeline.metrics.sampled import Sampled
from pipeline.metrics.samples import EachOnce, LesionDraws
from pipeline.metrics.units import figure_words
from pipeline.models.card import model_card
from pipeline.models.model_info import find_model
from pipeline.runs.summary import run_summary
from tests.app_pages import open_page, words
from tests.hand_made import make_dataset, make_run
from tests.scored_tables import scored_table

PAGES = (("evaluation", {}), ("evaluation", {"topic": "calibration"}), ("errors", {}), ("runs", {}), ("models", {}),
         ("classify", {}), ("home", {}))


@pytest.fixture
def run(workspace, tmp_path):
    return make_run(workspace, make_dataset(workspace, tmp_path))


@pytest.mark.parametrize("key", [*METRICS, *TARGET_METRICS])
def test_a_figure_and_its_resamples_are_one_function(key):
    """Of a draw a metric gives what it gives of the table that has the drawn lesions' images row by row."""
    metric = METRICS.get(key) or TARGET_METRICS[key]
    table = scored_table(30, seed=2)
    drawn = metric.function(Sampled(table, LesionDraws(table["lesion_id"], 20, seed=1), majority="nv"))
    lesions = [table[table["lesion_id"] == name] for name in table["lesion_id"].unique()]
    rows = np.random.default_rng(1).integers(0, 30, (20, 30))
    expected = [
        metric.function(Sampled(pd.concat([lesions[i] for i in row]), EachOnce(), majority="nv"))[0] for row in rows
    ]
    np.testing.assert_allclose(drawn, np.array(expected), rtol=1e-9)
    assert np.nanmin(drawn) >= metric.unit.low and np.nanmax(drawn) <= metric.unit.high
    assert np.isnan(metric.function(Sampled(table[:0], EachOnce()))).all()


def test_every_figure_says_what_it_is():
    for key, metric in {**METRICS, **TARGET_METRICS}.items():
        assert metric.key == key and metric.name and metric.sentence.endswith(".")
    for metric in METRICS.values():
        assert metric.places and (metric.baseline is None or metric.baseline in METRICS)
        assert metric.title[1:] == metric.name[1:] and (metric.decision is None or "bundled" in metric.places)


def test_results_summary_text_card_and_comparison_have_them_all(workspace, run):
    evaluate_run(run)
    figures, summary = run.results()["validation"], run_summary(run)
    text, card = run_text(summary), model_card(workspace, find_model(workspace, run.name))
    for metric in metrics_of("part"):
        told = figure_words(figures[metric.key], metric.unit)
        assert summary["validation"][metric.key] == figures[metric.key]
        assert any(metric.name in line and told in line for line in text.splitlines()), metric.key
        assert f"| {metric.name} | {told} |" in card.replace("\\-", "-")
        assert (metric.key in figures["intervals"]) == metric.interval
    for decided in figures["decisions"].values():
        assert set(decided["overall"]) == {metric.key for metric in metrics_of("decision")}
    runs = [run, make_run(workspace, load_dataset(workspace, "generated"))]
    names = {one.name: one.name for one in runs}
    table = figures_table(run_rows.comparison(runs), names, runs, run_rows.run_rows(runs))
    assert {metric.key for metric in metrics_of("comparison")} <= set(table)


def test_pages_show_every_figure(run):
    evaluate_run(run)
    labels = {metric.label for page in ("errors", "evaluation") for metric in open_page(page, run=run.name).metric}
    shown = [metric for metric in metrics_of("part") if metric.interval] + list(metrics_of("decision"))
    assert {metric.title for metric in shown} <= labels


def test_a_result_that_lacks_figures_opens_and_shows_dashes(workspace, run):
    """As one does that was stored before a figure was added."""
    evaluate_run(run)
    results = json.loads(run.results_path.read_text())
    part = results["validation"]
    for metric in metrics_of("part"):
        del part[metric.key]
        part["intervals"].pop(metric.key, None)
    for decided in part["decisions"].values():
        decided["overall"] = {}
        decided["targets"] = {name: {key: value for key, value in of.items() if key not in TARGET_METRICS}
                              for name, of in decided["targets"].items()}
    run.results_path.write_text(json.dumps(results))
    info = json.loads((run.model / "model.json").read_text())
    (run.model / "model.json").write_text(json.dumps({**info, "validation": part}))
    assert set(run_summary(run)["validation"].values()) >= {None} and "–" in run_text(run_summary(run), run.results())
    assert "| balanced accuracy | – | – |" in model_card(workspace, find_model(workspace, run.name))
    for page, parameters in PAGES:
        at = open_page(page, **({"run": run.name} if page in ("evaluation", "errors") else {}), **parameters)
        assert not at.exception and not at.error, (page, parameters, words(at)[:300])
    at = open_page("errors", run=run.name)
    assert "–" in [metric.value for metric in at.metric]
