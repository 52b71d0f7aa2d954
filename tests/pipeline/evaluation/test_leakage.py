"""A run's figures on seen and unseen lesions, the bundled pair, and the same recipe on the other split."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data.same_lesion import judge_pair
from pipeline.errors import DataError, RunError
from pipeline.evaluation import leakage
from pipeline.evaluation.evaluate import evaluate_run
from pipeline.evaluation.leakage import bundled_pair, run_sides, seen_and_not
from pipeline.runs.plan import other_split
from tests.hand_made import make_dataset, make_run
from tests.small_archives import exactly

CODES = ("mel", "nv")


def predictions(right: dict[str, bool], lesions: int = 40) -> pd.DataFrame:
    """One image a lesion; lesions named S… are called right or not as `right["S"]` says, U… likewise."""
    rows = []
    for side, answer in right.items():
        for n in range(lesions):
            truth = CODES[n % 2]
            predicted = truth if answer else CODES[1 - n % 2]
            p = 0.9 if predicted == "mel" else 0.1
            rows.append((f"{side}{n}", f"{side}{n}", truth, predicted, p, 1 - p))
    return pd.DataFrame(rows, columns=["image_id", "lesion_id", "truth", "predicted", "p_mel", "p_nv"])


def test_seen_lesions_are_told_from_the_others():
    table = predictions({"S": True, "U": False}).assign(part="validation")
    split = table[["image_id", "lesion_id", "part"]]
    trained_on = pd.DataFrame({"image_id": [f"T{n}" for n in range(40)], "lesion_id": [f"S{n}" for n in range(40)],
                               "part": "train"})
    found = seen_and_not(table, pd.concat([split, trained_on], ignore_index=True))
    assert (found["seen"]["accuracy"], found["not_seen"]["accuracy"]) == (1, 0)
    assert found["seen"]["images"] == found["not_seen"]["images"] == 40
    assert found["seen"]["melanoma"] == {"images": 20, "lesions": 20, "sensitivity": 1}
    assert found["seen"]["intervals"]["accuracy"] == (1, 1)
    assert set(seen_and_not(table, split)) == {"not_seen"}


def test_the_bundled_pair_is_read_where_it_is_there(tmp_path):
    assert bundled_pair(tmp_path) is None
    for name, answer in (("lesion", False), ("random", True)):
        table = predictions({"S": True, "U": answer})
        columns = ["image_id", "lesion_id", "truth", "p_mel", "p_nv"]
        (table if name == "random" else table[columns]).to_parquet(tmp_path / f"{name}.parquet")
    pair = bundled_pair(tmp_path)
    assert (pair.lesion["accuracy"], pair.random["accuracy"]) == (0.5, 1)
    low, high = pair.lesion["intervals"]["balanced_accuracy"]
    assert 0.3 < low < 0.5 < high < 0.7
    (tmp_path / "random.parquet").write_bytes(b"no table")
    sentence = "random.parquet, a table that comes with LesionLab, is damaged. Get it again."
    with pytest.raises(DataError, match=exactly(sentence)):
        bundled_pair(tmp_path)
    pd.DataFrame({"image_id": ["a"], "truth": ["mel"]}).to_parquet(tmp_path / "random.parquet")
    with pytest.raises(DataError, match="random.parquet, a table that comes with LesionLab, is damaged."):
        bundled_pair(tmp_path)


def test_the_other_split_changes_the_split_alone(workspace, tmp_path):
    dataset = make_dataset(workspace, tmp_path)
    run = make_run(workspace, dataset, split="random", seed=7)
    config = other_split(workspace, run)
    assert config.split == "lesion"
    assert {**config.to_json(), "split": "random"} == run.config().to_json()
    back = make_run(workspace, dataset, split="lesion-test")
    judge_pair(workspace, dataset, "IMG_0000", "IMG_0014", "same")
    found = other_split(workspace, back)
    assert found.split == "random" and found.same_lesion is not None


def test_runs_that_have_no_other_split_say_why(workspace, tmp_path):
    dataset = make_dataset(workspace, tmp_path)
    branch = make_run(workspace, dataset, state="failed", parent="generated-demo-9", parent_stage=1)
    sentence = (
        f"The run {branch.name} started from generated-demo-9, whose split its weights know. Choose a run that started "
        "from initial weights."
    )
    with pytest.raises(RunError, match=exactly(sentence)):
        other_split(workspace, branch)
    changed = make_run(workspace, dataset, state="failed", data_hash="0" * 64)
    with pytest.raises(DataError, match="has changed since the run"):
        other_split(workspace, changed)


def test_a_random_run_of_hand_made_files_has_both_sides(workspace, tmp_path):
    run = make_run(workspace, make_dataset(workspace, tmp_path), split="random")
    found = seen_and_not(run.predictions(), run.split())
    assert found["seen"]["images"] + found["not_seen"]["images"] == len(run.predictions())
    assert np.isfinite(found["seen"]["accuracy"])


def test_both_sides_are_kept_with_the_run_until_its_predictions_change(workspace, tmp_path, monkeypatch):
    run = make_run(workspace, make_dataset(workspace, tmp_path), split="random")
    evaluate_run(run)  # make_run may have copied files, which are of other times then
    (kept,) = run.folder.glob("seen-*.json")
    found = seen_and_not(run.predictions(), run.split())
    monkeypatch.setattr(leakage, "seen_and_not", None)  # is not asked again
    stored = run_sides(run)
    assert stored["seen"]["accuracy"] == found["seen"]["accuracy"]
    assert stored["not_seen"]["intervals"]["macro_auc"] == list(found["not_seen"]["intervals"]["macro_auc"])
    monkeypatch.undo()
    run.predictions().iloc[:-1].to_parquet(run.predictions_path, index=False)
    again = run_sides(run)
    assert again["seen"]["images"] + again["not_seen"]["images"] == len(run.predictions()) and not kept.exists()


def test_of_a_run_by_lesion_only_its_images_are_counted(workspace, tmp_path):
    run = make_run(workspace, make_dataset(workspace, tmp_path))
    assert run_sides(run) == {"not_seen": {"images": 28}} and not list(run.folder.glob("seen-*"))
