"""The benchmarks of growth and of the input pipeline: what they generate, and that they run; nothing is timed here."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from pipeline.data.dataset import load_dataset
from pipeline.files.workspace import Workspace
from tests.benchmarks.grown_data import grown_rows, write_grown_features, write_grown_folder
from tests.benchmarks.growth import do_step, growth_per_row, page_growth
from tests.hand_made import make_run

ROOT = Path(__file__).resolve().parents[2]


def test_generated_rows_have_ham10000s_shares_and_one_diagnosis_a_lesion():
    rows = grown_rows(20_000, seed=0)
    assert rows["image_id"].is_unique and rows["lesion_id"].nunique() == round(0.746 * 20_000)
    assert rows.groupby("lesion_id")["dx"].nunique().max() == 1
    assert rows["dx"].value_counts(normalize=True)["nv"] == pytest.approx(0.669, abs=0.02)
    assert rows.equals(grown_rows(20_000, seed=0))


def test_each_step_is_measured(tmp_path):
    source, home = write_grown_folder(tmp_path / "source", 150), tmp_path / "home"
    write_grown_features(tmp_path / "features", 150)
    for step in ("import", "split", "audit, pairs"):
        took = do_step(step, home, source)
        assert took["seconds"] > 0 and 0 <= took["bytes"] < took["peak"]
    dataset = load_dataset(Workspace(home), "grown")
    assert (dataset.images, dataset.problems) == (150, [])
    make_run(Workspace(home), dataset)
    assert do_step("figures", home, source)["seconds"] > 0


def test_growth_compares_the_two_largest_sizes():
    steps = pd.DataFrame({
        "rows": [1, 10, 100], "step": "import", "us_per_row": [90.0, 10.0, 15.0],
        "processor_us_per_row": [9.0, 2.0, 2.0], "kb_per_row": [9.0, 0.0, 1.0],
    })
    growth = growth_per_row(steps).loc["import"]
    assert (growth["time"], growth["processor_time"]) == (1.5, 1.0) and pd.isna(growth["memory"])


def test_pages_are_compared_with_those_of_ten_thousand_rows():
    pages = pd.DataFrame({"page": "Errors", "rows": [1_000, 10_000, 400_000], "p50_ms": [90.0, 100.0, 140.0]})
    assert page_growth(pages).to_dict() == {400_000: {"Errors": 1.4}}
    assert page_growth(pages[pages["rows"] < 10_000]).empty


@pytest.mark.slow
@pytest.mark.parametrize("name, part, rows", [("growth", "pages", 30), ("input_pipeline", "images_per_second", 8)])
def test_the_whole_benchmark_runs(name, part, rows):
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", "--tiny", "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    assert len(json.loads(done.stdout)[part]) == rows
