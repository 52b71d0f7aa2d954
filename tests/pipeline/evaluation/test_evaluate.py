"""From stored predictions to results.json, and a run's summary, with real files in a temporary workspace."""

import dataclasses
import json

import pandas as pd
import pytest

from pipeline.configuration.presets import preset
from pipeline.errors import RunError
from pipeline.evaluation.evaluate import evaluate_run
from pipeline.files.workspace import Workspace
from pipeline.runs.run_dir import create_run
from pipeline.runs.status import Status, process_identity, write_status
from pipeline.runs.summary import FIGURES, run_summary

DEMO = preset("demo").for_data("tiny", "hash")


def _write_tables(run, parts=("validation",)):
    split = [("t1", "A", "bcc", "train"), ("t2", "B", "bcc", "train"), ("t3", "C", "mel", "train")]
    rows = []
    for part in parts:
        rows += [
            (part, f"{part}1", "D", "bcc", "bcc", 0.9, 0.1, 0.1),
            (part, f"{part}2", "E", "mel", "bcc", 0.6, 0.4, 0.9),
            (part, f"{part}3", "E", "mel", "mel", 0.3, 0.7, 0.4),
            (part, f"{part}4", "F", "mel", "bcc", 0.8, 0.2, 1.6),
        ]
        split += [(row[1], row[2], row[3], part) for row in rows if row[0] == part]
    pd.DataFrame(split, columns=["image_id", "lesion_id", "dx", "part"]).to_parquet(run.split_path)
    columns = ["part", "image_id", "lesion_id", "truth", "predicted", "p_bcc", "p_mel", "loss"]
    table = pd.DataFrame(rows, columns=columns).astype({"p_bcc": "float32", "p_mel": "float32"})
    table.to_parquet(run.predictions_path)


@pytest.fixture
def run(tmp_path):
    return create_run(Workspace(tmp_path), DEMO, {})


def test_results_are_computed_and_stored(run):
    _write_tables(run)
    results = evaluate_run(run)
    assert list(results) == ["validation"]
    figures = results["validation"]
    assert (figures["images"], figures["lesions"]) == (4, 3)
    assert figures["accuracy"] == pytest.approx(0.5)
    assert figures["balanced_accuracy"] == pytest.approx((1 + 1 / 3) / 2)
    assert figures["macro_auc"] == 1.0
    assert figures["majority_accuracy"] == pytest.approx(0.25)  # bcc, training's most frequent, not mel
    # lesion E: mean mel 0.55, right; lesion F: called bcc
    assert (figures["melanoma"]["lesions"], figures["melanoma"]["called_else"]) == (2, 1)
    low, high = figures["intervals"]["accuracy"]
    assert {"accuracy", "balanced_accuracy", "macro_auc"} <= set(figures["intervals"]) and low < 0.5 < high
    assert run.results() == results == json.loads(run.results_path.read_text())


def test_the_test_part_never_chose_the_epoch(run):
    _write_tables(run, ("validation", "test"))
    results = evaluate_run(run)
    assert results["validation"]["chose_epoch"] is True
    assert results["test"]["chose_epoch"] is False
    assert results["test"]["images"] == 4


@pytest.mark.parametrize(
    "change", [{"keep": "last"}, {"stages": (dataclasses.replace(DEMO.stages[0], epochs=1),)}],
    ids=["last epoch kept", "only one epoch"],
)
def test_a_run_without_a_choice_says_so(tmp_path, change):
    run = create_run(Workspace(tmp_path), dataclasses.replace(DEMO, **change), {})
    _write_tables(run)
    assert evaluate_run(run)["validation"]["chose_epoch"] is False


def test_undefined_figures_are_stored_as_null(run):
    _write_tables(run)
    table = pd.read_parquet(run.predictions_path)
    table[table["truth"] == "bcc"].to_parquet(run.predictions_path)
    figures = evaluate_run(run)["validation"]
    assert figures["macro_auc"] is None and figures["melanoma"] is None
    assert figures["intervals"]["macro_auc"] == [None, None]
    assert figures["per_diagnosis"]["mel"]["sensitivity"] is None
    assert "NaN" not in run.results_path.read_text()


def test_a_run_without_tables_is_told_so(run):
    with pytest.raises(RunError, match=r"^The run tiny-demo-1 has no predictions yet\. Wait until it is done, or"):
        evaluate_run(run)
    _write_tables(run)
    run.split_path.unlink()
    with pytest.raises(RunError, match=r"^The run tiny-demo-1 has no split yet\. Wait until it is done, or start"):
        evaluate_run(run)


def test_a_split_without_training_images_is_told_so(run):
    _write_tables(run)
    split = run.split()
    split[split["part"] != "train"].to_parquet(run.split_path)
    with pytest.raises(RunError, match=r"^The split of the run tiny-demo-1 has no training images\."):
        evaluate_run(run)


def test_summary_of_a_queued_run(run):
    assert run_summary(run) == {
        "run": "tiny-demo-1", "state": "queued", "pid": None, "seconds": None, "time": None, "data": "tiny",
        "preset": "demo", "arch": "efficientnet_lite0", "split": "lesion", "parent": None, "parent_stage": None,
        "evaluates": None, "validation": None, "test": None, "error": None, "notes": [],
    }


def test_summary_of_a_running_run_names_its_process(run):
    identity = process_identity()
    write_status(run.status_path, Status("running", 1.0, **identity, started=1.0, notes=("Smaller batch.",)))
    summary = run_summary(run)
    assert (summary["state"], summary["pid"], summary["notes"]) == ("running", identity["pid"], ["Smaller batch."])
    assert summary["seconds"] > 0


def test_summary_of_a_done_run_has_exactly_the_contract_s_figures(run):
    _write_tables(run)
    evaluate_run(run)
    write_status(run.status_path, Status("done", 1.0, **process_identity(), started=2.0, ended=12.5))
    summary = run_summary(run)
    assert (summary["state"], summary["pid"], summary["seconds"], summary["test"]) == ("done", None, 10.5, None)
    assert tuple(summary["validation"]) == FIGURES
    assert summary["validation"]["accuracy"] == 0.5


def test_a_damaged_run_is_listed_with_what_is_wrong(run):
    run.config_path.write_text("{")
    run.results_path.write_text("[")
    summary = run_summary(run)
    assert (summary["state"], summary["data"], summary["validation"]) == ("queued", None, None)
    assert str(run.config_path) in summary["error"] and str(run.results_path) in summary["error"]
    run.status_path.write_text("")
    assert run_summary(run)["state"] == "failed"
