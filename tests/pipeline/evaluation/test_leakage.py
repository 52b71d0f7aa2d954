"""Seen and unseen lesions of a run, pairs of trainings on both splits, and the same recipe on the other split."""

import pandas as pd
import pytest

from pipeline.data.same_lesion import judge_pair
from pipeline.errors import DataError, RunError
from pipeline.evaluation.leakage import bundled_pair, run_pair, run_sides
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


def write_pair(folder, by_lesion: dict[str, bool], by_image: dict[str, bool]) -> None:
    columns = ["image_id", "lesion_id", "truth", "p_mel", "p_nv"]
    for name, right in (("lesion", by_lesion), ("random", by_image)):
        predictions(right)[columns].to_parquet(folder / f"{name}.parquet")


def test_the_bundled_pair_is_compared_on_what_both_held_out(tmp_path):
    assert bundled_pair(tmp_path, None) is None
    write_pair(tmp_path, {"S": False, "U": True}, {"S": True, "V": True})
    pair = bundled_pair(tmp_path, None)
    assert (pair.images, pair.melanomas, pair.melanomas_seen) == (40, 20, None)
    figure = pair.figure("melanoma_sensitivity")
    assert (figure.by_lesion, figure.by_image, figure.difference) == (0, 1, 1)
    everything = [f"{side}{n}" for side in "SUV" for n in range(40)]
    more = {f"T{n}": f"S{n}" for n in range(10)}
    lesions = pd.Series({**dict(zip(everything, everything, strict=True)), **more})
    found = bundled_pair(tmp_path, lesions)
    assert (found.seen, found.melanomas_seen) == (10, 5)  # the lesions S0 to S9 have an image that was not held out
    assert bundled_pair(tmp_path, lesions.drop("V3")).seen is None


def test_more_folds_of_the_pair_count_too(tmp_path):
    write_pair(tmp_path, {"S": False}, {"S": True})
    columns = ["image_id", "lesion_id", "truth", "p_mel", "p_nv"]
    predictions({"U": True})[columns].to_parquet(tmp_path / "lesion1.parquet")
    assert bundled_pair(tmp_path, None).images == 40
    predictions({"U": True, "S": False})[columns].to_parquet(tmp_path / "random3.parquet")
    pair = bundled_pair(tmp_path, None)
    assert pair.images == 80 and pair.figure("accuracy").by_image == 1  # the first table with an image counts


def test_a_damaged_table_of_the_pair_is_named(tmp_path):
    write_pair(tmp_path, {"S": False}, {"S": True})
    (tmp_path / "random.parquet").write_bytes(b"no table")
    sentence = "random.parquet, a table that comes with LesionLab, is damaged. Get it again."
    with pytest.raises(DataError, match=exactly(sentence)):
        bundled_pair(tmp_path, None)
    pd.DataFrame({"image_id": ["a"], "truth": ["mel"]}).to_parquet(tmp_path / "random.parquet")
    with pytest.raises(DataError, match="random.parquet, a table that comes with LesionLab, is damaged."):
        bundled_pair(tmp_path, None)


def test_two_runs_of_one_recipe_are_compared_on_what_both_held_out(workspace, tmp_path):
    dataset = make_dataset(workspace, tmp_path)
    by_lesion, by_image = (make_run(workspace, dataset, split=split) for split in ("lesion", "random"))
    pair = run_pair(by_lesion, by_image)
    held_out = [set(run.predictions().query("part == 'validation'")["image_id"]) for run in (by_lesion, by_image)]
    split = by_image.split()
    trained = set(split.loc[split["part"] == "train", "lesion_id"])
    both = split[split["image_id"].isin(held_out[0] & held_out[1])]
    assert pair.images == len(both) > 0 and pair.seen == int(both["lesion_id"].isin(trained).sum())


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


def test_the_sides_of_a_run_split_by_image_are_counted(workspace, tmp_path):
    run = make_run(workspace, make_dataset(workspace, tmp_path), split="random")
    sides, split, rows = run_sides(run), run.split(), run.predictions().query("part == 'validation'")
    trained = set(split.loc[split["part"] == "train", "lesion_id"])
    seen = rows[rows["lesion_id"].isin(trained)]
    assert sides["seen"] == (len(seen), seen["lesion_id"].nunique(), int((seen["truth"] != seen["predicted"]).sum()),
                             int((seen["truth"] == "mel").sum()))
    assert sides["seen"].images + sides["not_seen"].images == len(rows)


def test_of_a_run_by_lesion_nothing_was_seen(workspace, tmp_path):
    sides = run_sides(make_run(workspace, make_dataset(workspace, tmp_path)))
    assert set(sides) == {"not_seen"} and sides["not_seen"].images == 28
