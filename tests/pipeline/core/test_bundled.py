"""What comes with LesionLab as the pipeline reads it: a model and a run that nobody changes, and the two decisions."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from pipeline import cli
from pipeline.errors import LesionLabError, ModelError, RunError
from pipeline.export.bundle import export_bundle
from pipeline.export.bundle_import import import_bundle
from pipeline.export.fastai_export import export_fastai
from pipeline.export.formats import left_out
from pipeline.export.onnx_export import CLOSEST, export_onnx
from pipeline.files.workspace import MODEL_NAME, RUN_NAME
from pipeline.metrics.class_priors import at_equal_priors
from pipeline.models.decided_output import available_decisions, decided_output, model_priors
from pipeline.models.library import delete_model, label_model, source_of, title_of
from pipeline.models.model_info import find_model, list_models
from pipeline.models.training_images import training_images
from pipeline.runs.labels import delete_run, label_run
from pipeline.runs.resume import requeue
from pipeline.runs.run_dir import find_run, list_runs, readable_runs
from tests.hand_made import CODES, make_dataset, make_run
from tests.random_models import make_model


@pytest.fixture
def call(workspace, bundle, capfd):
    def run(*arguments):
        capfd.readouterr()
        code = cli.main([*map(str, arguments)])
        return code, *capfd.readouterr()

    return run


def files_of(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_model_is_there_after_own_ones(workspace, bundle):
    assert [info.name for info in list_models(workspace)] == [MODEL_NAME]
    make_model(workspace, "older", "efficientnet_lite0")
    assert [info.name for info in list_models(workspace)] == ["older", MODEL_NAME]
    info = find_model(workspace, MODEL_NAME)
    assert info.read_only and source_of(workspace, info) == "bundled"
    assert title_of(info) == "default (bundled with LesionLab)" and len(training_images(info)) == 56


def test_without_it_nothing_is_there(workspace):
    assert list_models(workspace) == []
    with pytest.raises(ModelError, match=r"^There is no run or model named default\."):
        find_model(workspace, MODEL_NAME)
    with pytest.raises(RunError, match=r"^There is no run named default-out-of-fold\."):
        find_run(workspace, RUN_NAME)


def test_a_model_that_is_not_finished_is_not_there(workspace, bundle, tmp_path, monkeypatch):
    folder = shutil.copytree(bundle / "folds", tmp_path / "half" / "folds").parent
    monkeypatch.setenv("LESIONLAB_BUNDLED", str(folder))
    assert list_models(workspace) == []


def test_the_run_is_found_by_its_name_and_is_none_of_the_workspace(workspace, bundle):
    run = find_run(workspace, RUN_NAME)
    assert run.bundled and run.name == RUN_NAME and run.results()["validation"]["images"] == 56
    assert set(run.results()["validation"]["decisions"]) == {"as-data", "balanced"}
    assert list_runs(workspace) == readable_runs(workspace) == []


@pytest.mark.parametrize("change", [
    lambda workspace: delete_run(workspace, RUN_NAME), lambda workspace: label_run(workspace, RUN_NAME, "mine", ""),
    lambda workspace: requeue(find_run(workspace, RUN_NAME)), lambda workspace: delete_model(workspace, MODEL_NAME),
    lambda workspace: label_model(workspace, MODEL_NAME, "mine", ""),
])
def test_nobody_changes_them(workspace, bundle, change):
    before = files_of(bundle)
    with pytest.raises(LesionLabError, match=r"default(-out-of-fold)? came with LesionLab and cannot be changed\."):
        change(workspace)
    assert files_of(bundle) == before


def test_a_bundle_keeps_what_calibrates_it_and_needs_another_name(workspace, bundle, tmp_path):
    info = find_model(workspace, MODEL_NAME)
    export_bundle(workspace, info, tmp_path / "default.zip")
    sentence = r"^default is the name of the model that comes with LesionLab\. Choose another"
    with pytest.raises(ModelError, match=sentence):
        import_bundle(workspace, tmp_path / "default.zip")
    copy = import_bundle(workspace, tmp_path / "default.zip", "copy")
    assert (copy.temperature, copy.frequencies, copy.detail, copy.flips) == (
        info.temperature, info.frequencies, info.detail, True)
    assert not copy.read_only and source_of(workspace, copy) == "imported"


def test_onnx_gives_the_calibrated_answers_and_fastai_says_that_it_does_not(workspace, bundle, tmp_path):
    import onnx

    frequencies = dict.fromkeys(CODES, 0.05) | {"nv": 0.7}
    info = dataclasses.replace(find_model(workspace, MODEL_NAME), frequencies=frequencies, temperature=0.8)
    assert export_onnx(info, tmp_path / "default.onnx") <= CLOSEST
    said = {entry.key: entry.value for entry in onnx.load(tmp_path / "default.onnx").metadata_props}
    assert json.loads(said["training_frequencies"]) == info.frequencies
    assert said["decisions"].startswith("as-data: the highest probability. balanced: the highest after dividing")
    assert "until it just covers 64 by 48 pixels. Resize it to 32 by 32 pixels" in said["preparation"]
    assert export_fastai(info, tmp_path / "default.pkl") < 1e-4
    assert left_out(info, "fastai").startswith("The fastai learner gives the network's plain output")
    assert left_out(make_model(workspace, "plain", "efficientnet_lite0"), "fastai") is None


def test_predict_writes_either_decision(call, tiny_bundle, bundle):
    picture = sorted(tiny_bundle[1].glob("*.jpg"))[:3]
    code, out, err = call("predict", "--model", "default", *picture, "--json")
    as_data = json.loads(out)
    assert code == 0 and as_data["decision"] == "as-data"
    assert "Decision as-data: the diagnosis of the highest probability, at the frequencies of the data." in err
    assert "in cross-validation, its sibling networks called" in as_data["notice"]
    assert as_data == json.loads(call("predict", "--model", "default", *picture, "--decision", "as-data", "--json")[1])
    balanced = json.loads(call("predict", "--model", "default", *picture, "--decision", "balanced", "--json")[1])
    assert balanced["decision"] == "balanced"
    frequencies = json.loads((bundle / "model.json").read_text())["frequencies"]
    for one, other in zip(as_data["images"], balanced["images"], strict=True):
        shares = np.array([[one["probabilities"][code] for code in CODES]])
        expected = at_equal_priors(shares, np.array([frequencies[code] for code in CODES]))[0]
        assert [other["probabilities"][code] for code in CODES] == pytest.approx(list(expected), abs=1e-6)
        assert sum(other["probabilities"].values()) == pytest.approx(1, abs=1e-6)


def test_an_own_models_frequencies_are_those_of_its_training_part(workspace, tmp_path):
    dataset = make_dataset(workspace, tmp_path)
    skewed = make_run(workspace, dataset, loss="balanced_softmax")
    split = skewed.split()
    nevi = split.index[(split["dx"] == "nv") & (split["part"] == "train")]
    split.loc[nevi[4:], "part"] = "validation"
    split.to_parquet(skewed.split_path, index=False)
    info = find_model(workspace, skewed.name)
    priors = model_priors(workspace, info)
    assert priors["nv"] == pytest.approx(4 / (split["part"] == "train").sum())
    assert info.own_decision == "balanced" and available_decisions(info, priors) == ("as-data", "balanced")
    own = np.full((1, 7), 1 / 7, dtype=np.float32)
    assert decided_output(info, own, priors, "balanced") is own
    as_data = decided_output(info, own, priors, "as-data")[0]
    assert as_data == pytest.approx([priors[code] for code in CODES], abs=1e-6)


def test_a_decision_that_cannot_be_had_is_refused(call, workspace, tiny_bundle):
    make_model(workspace, "plain", "efficientnet_lite0", generated=False)
    picture = next(tiny_bundle[1].glob("*.jpg"))
    code, out, err = call("predict", "--model", "plain", picture, "--decision", "balanced")
    assert (code, out) == (1, "") and err.startswith(
        "How frequent each diagnosis is in the training images of the model plain is not known here, so its answer "
        "under the decision balanced cannot be computed. Its own decision is as-data."
    )
    make_model(workspace, "weighs", "efficientnet_lite0", generated=False, loss="weighted")
    assert json.loads(call("predict", "--model", "weighs", picture, "--json")[1])["decision"] == "balanced"


def test_the_lists_name_their_source(call, workspace, tmp_path):
    dataset = make_dataset(workspace, tmp_path)
    run = make_run(workspace, dataset)
    models = json.loads(call("models", "list", "--json")[1])["models"]
    assert [(m["name"], m["source"]) for m in models] == [(run.name, "run"), (MODEL_NAME, "bundled")]
    runs = json.loads(call("runs", "list", "--json")[1])["runs"]
    assert [(r["run"], r["source"]) for r in runs] == [(run.name, "here"), (RUN_NAME, "bundled")]
    assert call("evaluate", RUN_NAME)[::2] == (
        1, "The run default-out-of-fold came with LesionLab and cannot be changed. Train a run of your own.\n")
    code, out, _ = call("runs", "show", RUN_NAME)
    assert code == 0 and "Five sibling networks, not the shipped one" in out
