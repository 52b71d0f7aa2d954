"""One network's figures worked out by hand, its size from the file's head, and both in the page's table."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file
from streamlit.testing.v1 import AppTest

from app.components.runs.shared_figures import figures_table
from app.loaders import run_rows
from pipeline.configuration.article import FIGURES as ARTICLE_FIGURES
from pipeline.errors import DataError, ModelError
from pipeline.metrics.compare import OF_IMAGES, OF_LESIONS, compare, network_figures
from pipeline.metrics.metric_functions import top_accuracy
from pipeline.metrics.network_size import NetworkSize, network_size
from pipeline.metrics.part_figures import summarise
from pipeline.metrics.sampled import Sampled
from pipeline.metrics.samples import EachOnce
from pipeline.metrics.wilson import wilson_interval
from pipeline.runs.run_dir import RunDir
from tests.app_pages import button, open_page, words
from tests.hand_made import make_dataset, make_run

CODES = ("bkl", "mel", "nv")
# image, lesion, truth, probabilities of CODES
ROWS = [
    ("i1", "l1", "mel", (0.1, 0.6, 0.3)),
    ("i2", "l1", "mel", (0.1, 0.3, 0.6)),  # l1's mean: 0.45 mel, 0.45 nv, and mel comes first
    ("i3", "l2", "mel", (0.7, 0.1, 0.2)),
    ("i4", "l3", "nv", (0.1, 0.2, 0.7)),
    ("i5", "l4", "nv", (0.2, 0.5, 0.3)),
    ("i6", "l5", "bkl", (0.2, 0.3, 0.5)),
]


def table(rows=ROWS, codes=CODES) -> pd.DataFrame:
    return pd.DataFrame(
        [{"image_id": image, "lesion_id": lesion, "truth": truth, "predicted": codes[int(np.argmax(shares))],
          **{f"p_{code}": share for code, share in zip(codes, shares, strict=True)}, "loss": 1.0}
         for image, lesion, truth, shares in rows]
    )


def test_figures_worked_out_by_hand():
    figures = network_figures(table())
    assert tuple(figures) == (*OF_IMAGES, *OF_LESIONS)
    assert figures["accuracy"] == pytest.approx(2 / 6)
    assert figures["top2_accuracy"] == pytest.approx(4 / 6)
    assert figures["balanced_accuracy"] == pytest.approx((0 + 1 / 3 + 1 / 2) / 3)
    assert figures["lesion_accuracy"] == pytest.approx(2 / 5)
    assert figures["lesion_melanoma_sensitivity"] == pytest.approx(1 / 2)
    assert (figures["melanoma_low"], figures["melanoma_high"]) == pytest.approx(wilson_interval(1, 2))
    # of 9 pairs (0.6, 0.3, 0.1) against (0.2, 0.5, 0.3): higher in 3 + 1 + 0, equal in 1
    assert figures["melanoma_auc"] == pytest.approx(4.5 / 9)
    assert figures["macro_auc"] == pytest.approx(summarise(table(), "nv")["macro_auc"])


def test_top_k_reaches_every_image_with_k_diagnoses():
    assert [top_accuracy(Sampled(table(), EachOnce()), k)[0] for k in (1, 2, 3)] == pytest.approx([2 / 6, 4 / 6, 1])


@pytest.mark.parametrize("rows", [[], [row for row in ROWS if row[2] != "mel"]])
def test_what_is_undefined_is_no_number(rows):
    figures = network_figures(table(rows) if rows else table().iloc[:0])
    assert all(math.isnan(value) for name, value in figures.items() if "melanoma" in name)
    assert math.isnan(figures["accuracy"]) == (not rows)


def test_a_network_without_melanoma_calls_none_melanoma():
    rows = [(image, lesion, truth, (0.4, 0.6)) for image, lesion, truth, _ in ROWS]
    figures = network_figures(table(rows, ("bkl", "nv")))
    assert figures["lesion_melanoma_sensitivity"] == 0 and figures["melanoma_low"] == 0
    assert math.isnan(figures["melanoma_auc"])  # it gives no melanoma probability
    assert figures["top2_accuracy"] == pytest.approx(3 / 6) and figures["macro_auc"] == pytest.approx(0.5)
    assert compare({"a": table(), "b": table(rows, ("bkl", "nv"))}).unknown == {"a": [], "b": ["mel"]}


def test_a_table_without_truth_is_refused():
    with pytest.raises(DataError, match="lack the column truth"):
        network_figures(table().drop(columns="truth"))


def _weights(path) -> int:
    """A small network's file; returns how many parameters it has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({
        "0.weight": np.zeros((4, 3, 2), np.float32), "0.bias": np.zeros(4, np.float32),
        "1.running_mean": np.zeros(9, np.float32), "1.running_var": np.zeros(9, np.float32),
        "1.num_batches_tracked": np.array(7), "scale": np.array(1, np.float32),
    }, path)
    return 24 + 4 + 1


def test_the_size_counts_parameters_without_buffers(tmp_path):
    path = tmp_path / "model.safetensors"
    assert network_size(path) is None
    parameters = _weights(path)
    assert network_size(path) == NetworkSize(parameters, path.stat().st_size)


def test_a_damaged_file_of_weights_is_named(tmp_path):
    path = tmp_path / "model.safetensors"
    _weights(path)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ModelError, match=f"^{re.escape(str(path))} is damaged: .* Train the model again\\.$"):
        network_size(path)


@pytest.mark.parametrize("arch", ["efficientnet_lite0", "resnet18"])
def test_a_network_has_as_many_parameters_as_torch_counts(workspace, arch):
    from pipeline.networks.architectures import build_network
    from tests.random_models import make_model

    info = make_model(workspace, "untrained", arch)
    expected = sum(parameter.numel() for parameter in build_network(arch, len(info.classes), "random").parameters())
    assert network_size(info.folder / "model.safetensors").parameters == expected


@pytest.fixture
def two(workspace, tmp_path) -> list[RunDir]:
    dataset = make_dataset(workspace, tmp_path)
    first = make_run(workspace, dataset)
    branch = make_run(workspace, dataset, parent=first.name, parent_stage=1, stages_before=1, epochs_before=1)
    _weights(first.model / "model.safetensors")
    return [first, branch]


def _compared(runs: list[RunDir]) -> pd.DataFrame:
    names = {run.name: run.name for run in runs}
    return figures_table(run_rows.comparison(runs), names, runs, run_rows.run_rows(runs))


def test_the_table_has_training_and_size_beside_the_figures(two):
    first, branch = _compared(two).to_dict("records")
    assert (first["epochs"], branch["epochs"]) == ("5", "5 + 1 before")
    assert first["parameters"] == pytest.approx(29e-6) and math.isnan(branch["parameters"])
    assert first["minutes"] == pytest.approx(1.5, abs=0.01) and first["arch"] == "EfficientNet-Lite0"
    stored = two[0].results()["validation"]
    assert first["accuracy"] == pytest.approx(100 * stored["accuracy"])
    assert first["macro_auc"] == pytest.approx(stored["macro_auc"])
    assert re.fullmatch(r"\d+\.\d % \(\d+\.\d % to \d+\.\d %\)", first["melanomas"])


def test_undefined_figures_are_a_dash(two):
    for run in two:
        predictions = run.predictions()
        predictions[predictions["truth"] != "mel"].to_parquet(run.predictions_path, index=False)
    row = _compared(two).iloc[0]
    assert row["melanomas"] == "–" and math.isnan(row["melanoma_auc"])
    at = _open(two)
    assert "0 melanoma lesions among them" in words(at)


def test_a_diagnosis_that_a_run_does_not_know_is_said(two):
    predictions = two[1].predictions()
    predictions["p_nv"] += predictions.pop("p_df")
    predictions.replace({"predicted": {"df": "nv"}}).to_parquet(two[1].predictions_path)
    sentence = (f"{two[1].name} does not know Dermatofibroma · df, so whatever it says of such an image counts as "
                "wrong.")
    assert sentence in [warning.value for warning in _open(two).warning]


def _open(runs: list[RunDir]) -> AppTest:
    return open_page("runs", runs=",".join(run.name for run in runs))


def _article_shown(at: AppTest) -> bool:
    return "As the article reports, not measured here" in words(at)


def test_the_article_stands_beside_on_request(two):
    at = _open(two)
    toggle = next(t for t in at.toggle if t.label == "Show what the article reports")
    assert not toggle.value and not _article_shown(at)
    toggle.set_value(True).run()
    assert _article_shown(at) and not at.exception
    shown = next(frame.value for frame in at.dataframe if "Accuracy, as reported" in frame.value)
    assert len(shown) == len(ARTICLE_FIGURES) and set(shown["Split"]) == {"random, image by image"}
    assert {"92.9 %", "88.0 % and 90.0 %"} <= set(shown["Accuracy, as reported"])
    assert "not on the images that these runs share" in words(at)
    button(at, "What the article says").click().run()
    assert at.title[0].value == "The article" and not at.exception


def test_a_run_of_the_articles_presets_brings_its_figures(two, workspace):
    other = make_run(workspace, run_rows.resources.datasets()[0], preset="article-resnet18-exp2")
    assert _article_shown(_open([two[0], other]))
