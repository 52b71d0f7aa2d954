"""Evidence inside the lesion: masks on the grid, shares against chance, outliers; and randomised networks."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from pipeline.data.prepare import prepare_image
from pipeline.evaluation.evidence import (
    by_diagnosis,
    evidence_table,
    mask_on_grid,
    outliers,
    outside_against_rest,
    run_evidence,
    share_inside,
)


def mask_of(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray((255 * pixels).astype(np.uint8))


def test_a_mask_is_brought_to_the_grid_by_area():
    pixels = np.zeros((6, 10), dtype=bool)
    pixels[:3, :5] = True
    assert mask_on_grid(mask_of(pixels), 60, 80, "squish", (2, 2)).tolist() == [[1, 0], [0, 0]]
    # cells that end within a pixel take their part of it
    np.testing.assert_allclose(mask_on_grid(mask_of(pixels), 60, 80, "squish", (1, 4)), [[0.5, 0.5, 0, 0]])
    np.testing.assert_allclose(mask_on_grid(mask_of(pixels), 60, 80, "squish", (4, 1)), [[0.5], [0.5], [0], [0]])


def test_below_the_threshold_is_not_lesion():
    grey = Image.fromarray(np.array([[127, 128]], dtype=np.uint8))
    assert mask_on_grid(grey, 4, 4, "squish", (1, 2)).tolist() == [[0, 1]]


@pytest.mark.parametrize("resize", ["squish", "crop"])
@pytest.mark.parametrize("size", [(200, 150), (150, 210)])
def test_the_grid_lies_as_the_network_sees_the_image(resize, size):
    rng = np.random.default_rng(0)
    pixels = np.kron(rng.random((5, 6)) > 0.5, np.ones((size[1] // 5, size[0] // 6)))
    mask = mask_of(np.pad(pixels, [(0, size[1] - pixels.shape[0]), (0, size[0] - pixels.shape[1])]))
    seen = prepare_image(mask.convert("RGB"), 96, 128, resize)[..., 0] >= 128
    expected = seen.reshape(3, 32, 4, 32).mean(axis=(1, 3))
    np.testing.assert_allclose(mask_on_grid(mask, 96, 128, resize, (3, 4)), expected, atol=0.04)


def test_shares_and_no_evidence():
    heatmaps = np.array([[[3.0, 1], [0, 0]], [[0, 0], [0, 0]]])
    grids = np.array([[[1.0, 0.5], [0, 0]]] * 2)
    np.testing.assert_allclose(share_inside(heatmaps, grids), [3.5 / 4, np.nan])


def table(inside: dict[str, list[float]], area: float = 0.25) -> pd.DataFrame:
    rows = [(code, value) for code, values in inside.items() for value in values]
    ids = [f"I{n:03d}" for n in range(len(rows))]
    shares = [value for _, value in rows]
    return pd.DataFrame({
        "part": "validation", "image_id": ids, "lesion_id": ids, "truth": [code for code, _ in rows], "predicted": "nv",
        "area": area, "inside_predicted": shares, "inside_truth": shares, "usual_predicted": 0.3, "usual_truth": 0.3,
    })


def test_each_diagnosis_against_chance():
    found = by_diagnosis(table({"nv": [0.5] * 10, "mel": [0.25, np.nan]}), "truth").set_index("diagnosis")
    assert found.index.tolist() == ["all", "mel", "nv"]
    assert found.loc["nv", ["inside", "low", "high", "ratio", "median"]].tolist() == [0.5, 0.5, 0.5, 2, 0.5]
    assert found.at["mel", "without"] == 1 and found.at["mel", "ratio"] == 1
    assert np.isnan(found.at["mel", "median"]) and np.isnan(found.at["mel", "low"])  # one image: neither is known


def test_outliers_are_against_their_own_diagnosis():
    usual = [0.50, 0.52, 0.54, 0.56, 0.58, 0.60, 0.62, 0.64]
    rows = table({"nv": [*usual, 0.2], "akiec": [v - 0.35 for v in usual], "df": [0.6, 0.6, 0.0]})
    found = outliers(rows, "truth")
    assert found["truth"].tolist() == ["nv"] and found["inside_truth"].tolist() == [0.2]


def test_akiec_against_the_rest():
    rng = np.random.default_rng(0)
    rows = table({"akiec": list(0.3 + 0.1 * rng.random(40)), "nv": list(0.5 + 0.1 * rng.random(200))})
    found = outside_against_rest(rows, "akiec", "truth")
    assert found["images"] == 40 and 0.18 < found["low"] < found["difference"] < found["high"] < 0.22
    assert np.isnan(outside_against_rest(rows, "vasc", "truth")["difference"])


def test_only_images_with_heatmap_and_mask_are_counted():
    predictions = pd.DataFrame({
        "part": "validation", "image_id": ["a", "b", "c"], "lesion_id": ["1", "2", "3"], "truth": "nv",
        "predicted": "nv",
    })
    heatmaps = {"image_id": np.array(["b", "a"]), "predicted": np.ones((2, 2, 2)), "truth": np.zeros((2, 2, 2))}
    half = mask_of(np.array([[1, 1], [0, 0]]))
    found = evidence_table(predictions, heatmaps, lambda i: half if i != "b" else None, 64, 64, "squish")
    assert found["image_id"].tolist() == ["a"]
    assert found.loc[0, ["area", "inside_predicted", "usual_predicted"]].tolist() == [0.5, 0.5, 0.5]
    assert np.isnan(found.at[0, "inside_truth"])
    assert evidence_table(predictions, heatmaps, lambda i: None, 64, 64, "squish").empty


def test_a_trained_runs_heatmaps_meet_its_masks(trained):
    from pipeline.data.dataset import load_dataset

    workspace, run = trained
    found = run_evidence(run, load_dataset(workspace, "tiny"))
    assert found["image_id"].tolist() == run.predictions()["image_id"].tolist()
    assert found["area"].between(0.02, 0.7).all()


@pytest.mark.slow  # trains for some minutes: a network must have learnt something before its evidence means anything
def test_evidence_is_in_the_lesion_for_a_trained_network_and_at_chance_for_randomised_ones(workspace):
    """Adebayo et al. 2018, arXiv:1810.03292: a map that survives randomised weights explains nothing."""
    from pipeline.data.cache import OnTheFlyPixels
    from pipeline.data.dataset import load_dataset
    from pipeline.data.embedded import ensure_generated
    from pipeline.inference.network_parts import parts_of
    from pipeline.inference.predictor import Predictor
    from pipeline.jobs.job_worker import work
    from pipeline.models.model_info import find_model
    from pipeline.networks.architectures import build_network
    from pipeline.runs.plan import create, plan_config

    ensure_generated(workspace)
    run = create(workspace, plan_config(workspace, "generated", "demo", ["size=256x192"]))  # 6 × 8 cells
    assert work(run, workspace).state == "done"
    dataset = load_dataset(workspace, "generated")
    whole = by_diagnosis(run_evidence(run, dataset), "truth").iloc[0]
    info, predictions = find_model(workspace, run.name), run.predictions()
    row_of = {image_id: row for row, image_id in enumerate(dataset.metadata()["image_id"])}
    images = OnTheFlyPixels(dataset, info.height, info.width, info.resize).gather(
        [row_of[image_id] for image_id in predictions["image_id"]]
    )
    truths = np.array([info.classes.index(code) for code in predictions["truth"]])
    ratios = []
    for seed in range(8):
        torch.manual_seed(seed)
        network = build_network(info.arch, len(info.classes), "random")
        _, predicted, truth = Predictor(info, parts_of(info, network, "cpu")).predict_and_explain(images, truths)
        heatmaps = {"image_id": predictions["image_id"].to_numpy(dtype=str), "predicted": predicted, "truth": truth}
        found = evidence_table(
            predictions, heatmaps, lambda i: Image.open(dataset.mask_path(i)), info.height, info.width, info.resize
        )
        ratios.append(by_diagnosis(found, "truth").at[0, "ratio"])
    print(f"trained {whole['ratio']:.2f} ({whole['low']:.3f} to {whole['high']:.3f} inside, chance {whole['area']:.3f})"
          f", randomised {np.mean(ratios):.2f} ({', '.join(f'{r:.2f}' for r in ratios)})")
    assert whole["low"] / whole["area"] > 1.8
    assert abs(np.mean(ratios) - 1) < 0.2 and whole["ratio"] > 1.5 * max(ratios)
