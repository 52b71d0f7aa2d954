"""Networks side by side: one model whose answer is their geometric mean, and the making of one."""

import dataclasses

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from pipeline.configuration.config import apply_settings
from pipeline.configuration.presets import PRESETS
from pipeline.default_model.build import finish, start_build
from pipeline.default_model.fold_tables import read_predictions
from pipeline.default_model.folds import fold_path
from pipeline.default_model.joint import joint_predictor
from pipeline.default_model.recipe import plan_recipe, recipe_digest
from pipeline.errors import ModelError
from pipeline.export.fastai_export import export_fastai
from pipeline.export.onnx_export import export_onnx
from pipeline.files.disk import write_json
from pipeline.inference.predictor import Predictor
from pipeline.jobs.job_worker import work
from pipeline.metrics.class_priors import at_training_priors, prior_vector
from pipeline.models.card_results import network_words
from pipeline.models.model_info import read_model_info, write_model_info
from pipeline.networks.side_by_side import joined_state
from pipeline.runs.run_dir import list_runs
from tests.hand_made import CODES
from tests.random_models import make_model
from tests.two_sources import SHORT, TINY, make_dataset, never


@pytest.fixture
def pair(workspace):
    """(the model of two random networks side by side, the two)."""
    members = [make_model(workspace, name, "efficientnet_lite0", seed) for name, seed in (("one", 0), ("two", 1))]
    joint = joint_predictor([info.folder for info in members])
    return joint, [Predictor(info) for info in members]


def _images(info, n: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, info.height, info.width, 3), dtype=np.uint8)


def _geometric_mean(shares: list[np.ndarray]) -> np.ndarray:
    product = np.exp(np.mean([np.log(share) for share in shares], axis=0))
    return product / product.sum(axis=1, keepdims=True)


def test_its_answer_is_the_geometric_mean(pair):
    joint, members = pair
    images = _images(joint.info)
    apart = [member.probabilities(images) for member in members]
    assert abs(apart[0] - apart[1]).max() > 0.01
    assert joint.probabilities(images) == pytest.approx(_geometric_mean(apart), abs=1e-6)


def test_its_heatmap_is_the_mean_of_the_evidence_and_its_embedding_both(pair):
    joint, members = pair
    image = _images(joint.info, 1)[0]
    features = torch.tensor(joint.output(image)[1][0])[None].requires_grad_()
    logit = joint.network[1](features)[0, 2]
    weights = torch.autograd.grad(logit, features)[0].mean((2, 3), keepdim=True)
    expected = (weights * features).sum(1).relu()[0].detach().numpy()
    assert joint.explain(image, joint.info.classes[2]) == pytest.approx(expected, rel=1e-3, abs=1e-6)
    embedding = joint.embedding(image[None])
    assert embedding[0] == pytest.approx(np.concatenate([m.embedding(image[None])[0] for m in members]), abs=1e-5)


def test_it_is_exported_as_onnx_and_not_to_fastai(pair, tmp_path):
    joint, members = pair
    states = [load_file(member.info.folder / "model.safetensors") for member in members]
    info = dataclasses.replace(joint.info, folder=tmp_path / "model", name="both")
    info.folder.mkdir()
    from safetensors.torch import save_file

    save_file(joined_state(states), info.folder / "model.safetensors")
    write_model_info(info)
    stored = read_model_info(info.folder, "both")
    assert stored.networks == 2 and network_words(stored) == "2 × EfficientNet-Lite0"
    images = _images(info)
    assert Predictor(stored).probabilities(images) == pytest.approx(joint.probabilities(images), abs=1e-6)
    assert export_onnx(stored, tmp_path / "both.onnx") < 1e-4
    with pytest.raises(ModelError, match="^The model both is 2 networks side by side, for which plain fastai has no"):
        export_fastai(stored, tmp_path / "both.pkl")


def test_repeats_differ_on_one_split_and_the_first_is_the_recipe_alone():
    config = PRESETS["strong"].for_data("d", "h")
    again = apply_settings(config, ["repeat=1"])
    assert again.seed == config.seed and again.training_seed != config.training_seed == config.seed
    assert recipe_digest((config,)) == recipe_digest((apply_settings(config, ["repeat=0"]),))
    assert len({recipe_digest(of) for of in ((config,), (again,), (config, again), (again, config))}) == 4


def test_two_networks_are_made_judged_and_shipped_together(workspace, tmp_path):
    dataset = make_dataset(workspace, tmp_path / "source")
    recipe = plan_recipe(workspace, "tiny", TINY, SHORT, networks=2)
    assert [config.repeat for config in recipe.folds[3]] == [0, 1] and len(recipe.final) == 2
    build = start_build(workspace, recipe, tmp_path / "out", lambda run: work(run, workspace), print)
    table = build.fold(0)
    runs = [next(run for run in list_runs(workspace) if run.config() == config) for config in recipe.folds[0]]
    stored = [run.predictions().set_index("image_id").loc[table["image_id"]] for run in runs]
    columns = [f"p_{code}" for code in CODES]
    assert abs(stored[0][columns] - stored[1][columns]).max(axis=None) > 1e-3
    frequencies = read_predictions(fold_path(build.out, 0))[1].frequencies
    flipped = [at_training_priors(of[columns].to_numpy(), prior_vector(frequencies, CODES), "balanced_softmax")
               for of in stored]
    # the mean over flips is outside the geometric one, so the two orders differ a little
    assert table[columns].to_numpy() == pytest.approx(_geometric_mean(flipped), abs=0.02)
    assert start_build(workspace, recipe, build.out, never, print).fold(0)["p_mel"].equals(table["p_mel"])

    figures = _figures(build, frequencies)
    info = finish(build, figures)
    assert info.networks == 2 and len(info.run.split(", ")) == 2
    assert "- Network: 2 × EfficientNet-Lite0," in (build.out / "card.md").read_text(encoding="utf-8")
    assert Predictor(info).probabilities(_images(info)).sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert dataset.name == info.data


def _figures(build, frequencies):
    """Figures as five folds give them, from two."""
    from pipeline.default_model import build as module

    two = dataclasses.replace(build, recipe=dataclasses.replace(build.recipe, folds=build.recipe.folds[:2]))
    write_json(build.out / module.FIGURES_FILE, {"temperature": 1.0, "frequencies": frequencies})
    return module.cross_validate(two, resamples=20)
