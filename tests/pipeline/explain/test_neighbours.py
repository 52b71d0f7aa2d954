"""Nearest lesions, the map, changes of the picture and what they flip, on toys where the answer is known."""

import numpy as np
import pandas as pd
import pytest

from pipeline.explain.image_map import SIDE, image_map, inside, on_the_map
from pipeline.explain.neighbours import nearest_lesions
from pipeline.explain.perturb import NAMED, Perturbation, perturb
from pipeline.metrics.lesion_answers import flip_share
from pipeline.networks.overlay import overlay


def _angles(*degrees):
    return np.column_stack([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))])


def test_nearest_lesions_by_angle_one_image_each_without_its_own():
    training = pd.DataFrame({"image_id": ["t5", "t40", "t10", "t20", "t30", "own"],
                             "lesion_id": ["A", "A", "B", "C", "D", "Q"], "dx": ["nv", "nv", "nv", "mel", "mel", "nv"]})
    asked = pd.DataFrame({"image_id": ["q0"], "lesion_id": ["Q"], "dx": ["nv"]})
    found = nearest_lesions(asked, _angles(0), training, _angles(5, 40, 10, 20, 30, 0), k=2)
    assert found[["kind", "rank", "neighbour", "lesion_id"]].values.tolist() == [
        ["same", 1, "t5", "A"], ["same", 2, "t10", "B"], ["other", 1, "t20", "C"], ["other", 2, "t30", "D"],
    ]
    assert found["similarity"].to_numpy() == pytest.approx(np.cos(np.deg2rad([5, 10, 20, 30])), abs=1e-6)


@pytest.mark.parametrize("rows, similarities", [(8192, 2**26), (7, 1000)], ids=["together", "a few at a time"])
def test_neighbours_of_many_equal_the_plain_way(monkeypatch, rows, similarities):
    monkeypatch.setattr("pipeline.explain.neighbours._TRAINING_ROWS", rows)
    monkeypatch.setattr("pipeline.explain.neighbours._MOST_SIMILARITIES", similarities)
    rng = np.random.default_rng(0)
    n, m = 300, 90
    training = pd.DataFrame({"image_id": [f"t{i}" for i in range(m)], "lesion_id": [f"L{i % 40}" for i in range(m)],
                             "dx": [("mel", "nv", "bkl")[i % 40 % 3] for i in range(m)]})
    asked = pd.DataFrame({"image_id": [f"q{i}" for i in range(n)], "lesion_id": [f"L{i % 60}" for i in range(n)],
                          "dx": [("mel", "nv", "bkl")[i % 60 % 3] for i in range(n)]})
    a, b = rng.normal(size=(n, 8)), rng.normal(size=(m, 8))
    found = nearest_lesions(asked, a, training, b, k=3)
    cosine = (a / np.linalg.norm(a, axis=1, keepdims=True)) @ (b / np.linalg.norm(b, axis=1, keepdims=True)).T
    for i in (0, 41, 255, 256, 299):
        for kind in ("same", "other"):
            wanted = ((training["dx"] == asked["dx"][i]) == (kind == "same")) & (
                training["lesion_id"] != asked["lesion_id"][i])
            best = training.assign(s=cosine[i])[wanted].sort_values("s", ascending=False).drop_duplicates("lesion_id")
            mine = found[(found["image_id"] == f"q{i}") & (found["kind"] == kind)]
            assert mine["neighbour"].tolist() == best["image_id"].head(3).tolist()


def test_a_diagnosis_without_training_lesions_has_no_neighbour():
    training = pd.DataFrame({"image_id": ["t"], "lesion_id": ["A"], "dx": ["nv"]})
    asked = pd.DataFrame({"image_id": ["q"], "lesion_id": ["Q"], "dx": ["mel"]})
    assert nearest_lesions(asked, _angles(0), training, _angles(9))["kind"].tolist() == ["other"]


def test_no_place_is_off_the_map():
    spans = np.random.default_rng(0).uniform(1, 200, 1000).astype(np.float32)
    assert (SIDE * spans / spans > SIDE).any()
    places = np.stack([on_the_map(np.array([[0, 0], [span, -span]], np.float32)) for span in spans])
    assert places.min() == 0 and places.max(axis=(1, 2)).min() > SIDE - 1e-4 and places.max() == SIDE


def test_the_map_keeps_groups_together_and_repeats_itself():
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(0, 0.1, (30, 16)), rng.normal(3, 0.1, (30, 16))])
    places = image_map(rows, seed=4)
    assert places.min() == 0 and places.max() == 100 and np.array_equal(places, image_map(rows, seed=4))
    nearest = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(60)
    assert (nearest.argmin(axis=1) // 30 == np.arange(60) // 30).all()


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5])
def test_the_map_of_few_images(n):
    places = image_map(np.random.default_rng(0).normal(size=(n, 4)))
    assert places.shape == (n, 2) and np.isfinite(places).all()


def test_inside_an_outline():
    outline = np.array([[0, 0], [10, 0], [10, 10], [5, 2], [0, 10]])  # a notch from above
    assert inside(np.array([[1, 1], [5, 1], [5, 5], [9, 8], [11, 5], [-1, 0]]), outline).tolist() == [
        True, True, False, True, False, False,
    ]


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)


def test_nothing_changed_is_the_same_picture(picture):
    same = perturb(picture, Perturbation())
    assert np.array_equal(same, picture) and same is not picture and same.base is None


@pytest.mark.parametrize("name", NAMED)
def test_each_change_changes_the_picture_and_repeats_itself(picture, name):
    before, change = picture.copy(), NAMED[name][1]
    changed = perturb(picture, change)
    assert changed.shape == picture.shape and changed.dtype == np.uint8 and np.array_equal(picture, before)
    assert not np.array_equal(changed, picture) and np.array_equal(changed, perturb(picture, change))


def test_changes_do_what_they_say(picture):
    assert np.array_equal(perturb(picture, Perturbation(flip="left-right")), picture[:, ::-1])
    assert np.array_equal(perturb(picture, Perturbation(rotate=-180)), picture[::-1, ::-1])
    square = picture[:, :24]
    assert np.array_equal(perturb(square, Perturbation(rotate=90)), np.rot90(square))
    grey = np.full((4, 4, 3), 100, dtype=np.uint8)
    assert perturb(grey, Perturbation(brightness=0.2))[0, 0].tolist() == [120, 120, 120]
    assert perturb(grey, Perturbation(warmth=0.1))[0, 0].tolist() == [110, 100, 90]
    white = np.full((60, 80, 3), 255, dtype=np.uint8)
    inked = (perturb(white, Perturbation(ink="pen", across=0.2, down=0.2)) != 255).any(axis=2)
    assert inked[:30, :40].any() and not inked[30:].any() and not inked[:, 40:].any()
    ruled = (perturb(white, Perturbation(ink="ruler", down=0.9)) != 255).any(axis=2)
    assert ruled[54].sum() > 60 and not ruled[:40].any()


def test_a_value_out_of_range_is_refused(picture):
    with pytest.raises(ValueError, match="out of its range"):
        perturb(picture, Perturbation(zoom=0.5))


def test_flip_shares_count_lesions_by_their_mean():
    before = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]])  # lesion A answers 0 on average
    after = np.array([[0.4, 0.6], [0.4, 0.6], [0.3, 0.7], [0.2, 0.8]])
    share = flip_share(before, after, pd.Series(["A", "A", "B", "C"]), np.array([0, 0, 1, 0]))
    assert share["flipped"] == ["A", "C"] and share["lesions"] == 3
    assert (share["lost"], share["won"]) == (2, 0)
    assert (share["low"], share["high"]) == pytest.approx((0.2077, 0.9385), abs=1e-4)
    assert flip_share(before, before, pd.Series(["A", "A", "B", "C"]), np.array([0, 0, 1, 1]))["flipped"] == []


def test_heatmaps_of_one_peak_can_be_compared(picture):
    strong, weak = np.array([[0.0, 4.0]]), np.array([[0.0, 1.0]])
    alone, beside = overlay(picture, weak, 1.0), overlay(picture, weak, 1.0, peak=4.0)
    assert np.array_equal(alone, overlay(picture, strong, 1.0)) and not np.array_equal(alone, beside)
    changed = [np.abs(shown.astype(int) - picture).mean() for shown in (beside, alone)]
    assert changed[0] < changed[1]
