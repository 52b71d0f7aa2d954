"""The making of the bundled model where nothing is trained: what goes on, what is refused, what is changed."""


import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.data.prepare import prepare_image
from pipeline.default_model import build as build_module
from pipeline.default_model import robustness as robustness_module
from pipeline.default_model.fold_tables import Origin, write_predictions
from pipeline.default_model.folds import fold_path, out_of_fold, run_table, start_build
from pipeline.default_model.goals import GOALS, against_goals
from pipeline.default_model.half_weights import half_weights
from pipeline.default_model.recipe import plan_recipe, recipe_digest
from pipeline.default_model.robustness import CHANGES
from pipeline.default_model.trainings import finished_run
from pipeline.errors import ConfigError, DataError, ModelError, RunError
from pipeline.files.disk import read_json, write_json
from pipeline.images.reading import open_image
from pipeline.metrics.class_priors import class_priors
from pipeline.metrics.predictions_table import with_probabilities
from pipeline.runs.plan import create
from pipeline.runs.run_dir import list_runs
from pipeline.runs.status import Status
from pipeline.training.parts import plan_split
from tests.hand_made import CODES, image_bytes
from tests.two_sources import SHORT, TINY, make_dataset, never


@pytest.fixture
def planned(workspace, tmp_path):
    """(workspace, recipe) of a data set on which nothing was trained."""
    make_dataset(workspace, tmp_path / "source")
    return workspace, plan_recipe(workspace, "tiny", TINY, SHORT)


def test_an_unfinished_training_goes_on(planned):
    workspace, recipe = planned
    run = create(workspace, recipe.folds[1])
    gone = {"state": "running", "pid": 2**22 + 1, "pid_created": 1.0}
    write_json(run.status_path, {**read_json(run.status_path), **gone})
    asked = []

    def train(queued):
        asked.append((queued.name, queued.status().state))
        return Status("done", 0.0)

    assert finished_run(workspace, recipe.folds[1], train, asked.append) == run
    assert asked == [f"The run {run.name} goes on where it was broken off.", (run.name, "queued")]
    with pytest.raises(RunError, match=rf"^The run {run.name}, which is just this training, is queued in another"):
        finished_run(workspace, recipe.folds[1], train, asked.append)
    assert len(list_runs(workspace)) == 1


def test_the_leakage_lesson_has_a_table_of_each_fold_and_split(planned, monkeypatch, tmp_path):
    workspace, _ = planned
    asked = []

    def run_table(build, config, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        asked.append((config.split, config.fold, config.seed, path.name))

    monkeypatch.setattr(build_module, "run_table", run_table)
    for folds in (5, 2):
        recipe = plan_recipe(workspace, "tiny", TINY, SHORT, lesson_folds=folds)
        asked.clear()
        build_module.make_lesson(start_build(workspace, recipe, tmp_path / "out", never, print))
        every = [(split, k, 0, f"{split}{k or ''}.parquet") for split in ("lesion", "random") for k in range(folds)]
        assert asked == every
        assert {path.name for path in (tmp_path / "out" / "leakage").iterdir()} == {name for *_, name in every}


def test_a_training_that_did_not_end_says_how_to_go_on(planned):
    workspace, recipe = planned
    with pytest.raises(RunError, match=r"^The run tiny-strong-1 ended as cancelled. Give this command again: it"):
        finished_run(workspace, recipe.folds[0], lambda run: Status("cancelled", 0.0), print)


def _fold_table(here) -> tuple[pd.DataFrame, Origin]:
    """What a training of fold 0 could have answered."""
    config = here.recipe.folds[0]
    split = plan_split(config, here.dataset.metadata())
    held_out = split[split["part"] == "validation"].rename(columns={"dx": "truth"}).reset_index(drop=True)
    shares = np.random.default_rng(0).dirichlet(np.ones(len(CODES)), len(held_out))
    table = with_probabilities(held_out, list(CODES), shares)
    frequencies = class_priors(split["dx"])
    return table, Origin(recipe_digest(config), 0, config.data_hash, frequencies, config.to_json(), {}, "a-run", 1.0)


def test_tables_that_cannot_be_used_are_refused(planned, tmp_path):
    workspace, recipe = planned
    here = start_build(workspace, recipe, tmp_path / "out", never, print)
    path = fold_path(here.out, 0)
    table, origin = _fold_table(here)

    def refused(why: str) -> None:
        with pytest.raises(ModelError, match=rf"fold0.parquet cannot be used: {why}.* Restore it from a copy, or"):
            run_table(here, recipe.folds[0], path)

    write_predictions(path, table, origin)
    assert run_table(here, recipe.folds[0], path)["p_mel"].tolist() == table["p_mel"].tolist()
    assert run_table(here, recipe.folds[0], path)["predicted"].tolist() == table["predicted"].tolist()
    write_predictions(path, table[5:], origin)
    refused(f"its {len(table) - 5} images are not the {len(table)} of this data set that are held out there, with")
    write_predictions(path, table.assign(truth=table["truth"].replace("nv", "mel")), origin)
    refused("its ")
    write_predictions(path, table.assign(p_mel=2.0), origin)
    refused(".* is damaged: the column with probabilities has a value out of its range")
    write_predictions(path, table.assign(p_mel=1.0), origin)
    refused(".* is damaged: the probabilities of an image do not sum to 1")
    write_predictions(path, table.assign(p_mel=np.nan), origin)
    refused(".* is damaged: the column with probabilities has gaps")
    table.to_parquet(path)
    refused("it does not say which recipe it came from")
    path.write_bytes(path.read_bytes()[:200])
    refused(".* is damaged: it is no parquet table")


def test_a_recipe_whose_epoch_is_chosen_on_held_out_images_is_refused(planned):
    workspace, _ = planned
    with pytest.raises(ConfigError, match=r"^With keep=accuracy the images that judge a fold's network would choose"):
        plan_recipe(workspace, "tiny", [*TINY, "keep=accuracy"], SHORT)


def test_folds_that_share_images_are_refused():
    table = pd.DataFrame({"image_id": ["a", "b"], "truth": ["df", "nv"]})
    with pytest.raises(DataError, match=r"^The folds share 1 images \(df\): a diagnosis has too few lesions"):
        out_of_fold([table, table[:1]])


def test_weights_that_do_not_fit_into_16_bits_are_refused(workspace, tmp_path):
    from safetensors.numpy import save_file

    save_file({"head.weight": np.array([1e6], dtype=np.float32)}, tmp_path / "wide.safetensors")
    with pytest.raises(ModelError, match=r"^The weights head.weight are too large for 16-bit floats"):
        half_weights(tmp_path / "wide.safetensors")


def test_goals_are_reached_from_their_own_side():
    overall = {goal.key: (goal.goal, 0.0, 1.0) for goal in GOALS}
    assert all(row["reached"] for row in against_goals(overall))
    worse = {goal.key: (goal.goal + (0.01 if goal.lower else -0.01), 0.0, 1.0) for goal in GOALS}
    assert not any(row["reached"] for row in against_goals(worse))
    assert not any(row["reached"] for row in against_goals(dict.fromkeys(overall, (float("nan"),) * 3)))


def test_a_larger_upload_is_reduced_to_the_detail_of_training(tmp_path):
    small = Image.open(_file(tmp_path, image_bytes(1, generated=False, size=(200, 150))))
    large = small.resize((2000, 1500), Image.Resampling.BICUBIC)
    seen = prepare_image(large, 224, 224, "squish", (200, 150)).astype(int)
    assert abs(seen - prepare_image(small, 224, 224, "squish", (200, 150))).mean() < 6
    assert (prepare_image(small, 224, 224, "squish", (200, 150)) == prepare_image(small, 224, 224, "squish")).all()
    turned = large.transpose(Image.Transpose.ROTATE_90)
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.png", exif=exif)
    upright = prepare_image(open_image(tmp_path / "turned.png", "turned"), 150, 200, "squish", (200, 150))
    assert (upright == prepare_image(large, 150, 200, "squish", (200, 150))).all()


def _file(folder, content: bytes):
    path = folder / "image.jpg"
    path.write_bytes(content)
    return path


def test_changes_keep_the_lesion_and_bring_no_corners(tmp_path):
    grey = Image.new("RGB", (600, 450), (120, 90, 80))
    sizes = {words: change(grey) for words, change in CHANGES.items()}
    assert sizes["enlarged to 2000×1500"].size == (2000, 1500)
    assert sizes["reduced to 200×150, quality 75"].size == (200, 150)
    turned = np.asarray(robustness_module._turned(grey))
    assert abs(turned.astype(int) - [120, 90, 80]).max() <= 3 and 0.85 < turned.shape[1] / 600 < 0.95
    assert turned.shape[1] / turned.shape[0] == pytest.approx(4 / 3, rel=0.01)
