"""Model descriptions on disk, and finding a model by run or by name."""

import dataclasses
import hashlib
import json
import re

import pytest

from pipeline.configuration.presets import preset
from pipeline.errors import ModelError
from pipeline.files.workspace import Workspace
from pipeline.models import model_info
from pipeline.models.model_info import (
    FoldNetwork,
    ModelInfo,
    find_model,
    list_models,
    read_model_info,
    write_model_info,
)
from pipeline.models.weights_files import check_folds, own_weights, weights_paths
from pipeline.runs.run_dir import create_run
from pipeline.runs.status import Status, write_status

FIGURES = {
    "images": 100, "lesions": 80, "accuracy": 0.8, "balanced_accuracy": 0.7, "macro_auc": 0.9, "majority_accuracy": 0.6,
    "per_diagnosis": {
        code: {"images": 50, "lesions": 40, "sensitivity": 0.7, "specificity": 0.9, "auc": 0.9}
        for code in ("mel", "nv")
    },
}


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path).create()


def _run(workspace):
    return create_run(workspace, preset("demo").for_data("tiny", "hash"), {})


def _write(folder, name, created=1.0):
    info = ModelInfo(
        name=name, folder=folder, classes=("mel", "nv"), run=name, data="tiny", data_hash="hash", generated=True,
        arch="resnet18", weights="imagenet", width=128, height=96, resize="crop", normalize=True,
        loss="cross_entropy", training_images=400,
        training_lesions=130, split="lesion-test", validation={**FIGURES, "macro_auc": float("nan")},
        created=created, licence="Apache-2.0", attribution="LesionLab",
    )
    write_model_info(info)
    return info


def test_a_description_comes_back_as_it_was_with_undefined_as_none(workspace):
    run = _run(workspace)
    info = _write(run.model, run.name)
    expected = dataclasses.replace(info, validation={**FIGURES, "macro_auc": None})
    assert find_model(workspace, run.name) == expected


def test_the_folder_is_not_stored_so_a_workspace_can_be_moved(workspace):
    run = _run(workspace)
    _write(run.model, run.name)
    assert str(workspace.home) not in (run.model / "model.json").read_text()
    moved = workspace.home.rename(workspace.home.with_name("elsewhere"))
    assert find_model(Workspace(moved), run.name).folder == moved / "runs" / run.name / "model"


def test_models_of_runs_and_of_the_models_folder_newest_first(workspace):
    run = _run(workspace)
    _write(run.model, run.name, created=1.0)
    _write(workspace.models / "bundled", "another-run-7", created=2.0)
    assert [info.name for info in list_models(workspace)] == ["bundled", "tiny-demo-1"]
    assert find_model(workspace, "bundled").run == "another-run-7"


def test_a_workspace_without_folders_has_no_models(tmp_path):
    assert list_models(Workspace(tmp_path / "none")) == []


def test_an_unknown_name_is_answered_with_those_there_are(workspace):
    nothing = "There is no run or model named nope. There is no model yet: train one first."
    with pytest.raises(ModelError, match=f"^{re.escape(nothing)}$"):
        find_model(workspace, "nope")
    _write(workspace.models / "b", "b")
    _write(workspace.models / "a", "a")
    with pytest.raises(ModelError, match=r"^There is no run or model named nope\. The models are a, b\.$"):
        find_model(workspace, "nope")


@pytest.mark.parametrize("name", ["", "..", "../models/a", "a/b", "*", "/etc"])
def test_a_name_never_leads_out_of_the_workspace(workspace, name):
    _write(workspace.models / "a", "a")
    with pytest.raises(ModelError, match=r"^There is no run or model named .*\. The models are a\.$"):
        find_model(workspace, name)


def test_a_run_that_has_no_model_yet_says_so(workspace):
    run = _run(workspace)
    sentence = r"^The run tiny-demo-1 has no model yet: it is queued\. Wait until it is done\.$"
    with pytest.raises(ModelError, match=sentence):
        find_model(workspace, run.name)


@pytest.mark.parametrize("state", ["failed", "cancelled", "interrupted"])
def test_a_run_that_never_will_have_one_says_so(workspace, state):
    run = _run(workspace)
    write_status(run.status_path, Status(state, 1.0))
    sentence = rf"^The run tiny-demo-1 has no model: it is {state}\. Start a new run\.$"
    with pytest.raises(ModelError, match=sentence):
        find_model(workspace, run.name)


@pytest.mark.parametrize("content", [b"", b"{\"name\":", b"\xff\xfe\x00"])
def test_a_damaged_description_is_named_and_does_not_hide_the_others(workspace, content):
    _write(workspace.models / "good", "good")
    _write(workspace.models / "bad", "bad")
    (workspace.models / "bad" / "model.json").write_bytes(content)
    with pytest.raises(ModelError, match="^The description of the model bad at .* is damaged: .*Train it again, or"):
        find_model(workspace, "bad")
    assert [info.name for info in list_models(workspace)] == ["good"]


def test_a_description_that_lacks_a_field_names_it(workspace):
    path = workspace.models / "a" / "model.json"
    _write(path.parent, "a")
    stored = json.loads(path.read_text())
    del stored["arch"], stored["width"]
    path.write_text(json.dumps(stored))
    with pytest.raises(ModelError, match=r"^The description of the model a lacks arch, width\. Train it again, or "):
        find_model(workspace, "a")
    path.write_text("[]")
    with pytest.raises(ModelError, match=r"^The description of the model a at .* what it holds should be an object"):
        find_model(workspace, "a")


def test_a_description_of_a_newer_version_is_refused_in_words(workspace):
    path = workspace.models / "a" / "model.json"
    _write(path.parent, "a")
    path.write_text(json.dumps({**json.loads(path.read_text()), "zoom": 2, "views": 4}))
    sentence = (r"^The model a was made by a newer LesionLab: its description has fields that this version does not "
                r"know\. Update LesionLab\.$")
    with pytest.raises(ModelError, match=sentence):
        find_model(workspace, "a")


def test_a_field_that_a_later_version_adds_does_not_shut_older_models_out(workspace, monkeypatch):
    @dataclasses.dataclass(frozen=True)
    class LaterInfo(ModelInfo):
        views: int = 1

    older = _write(workspace.models / "a", "a")
    monkeypatch.setattr(model_info, "ModelInfo", LaterInfo)
    monkeypatch.setattr(model_info, "_STORED", model_info._STORED | {"views"})
    read = read_model_info(older.folder, "a")
    assert (read.views, read.arch) == (1, older.arch)
    write_model_info(dataclasses.replace(read, views=4))
    assert read_model_info(older.folder, "a").views == 4


def test_several_networks_in_one_file_are_no_longer_opened_and_one_is(workspace):
    path = workspace.models / "a" / "model.json"
    _write(path.parent, "a")
    stored = json.loads(path.read_text())
    assert "networks" not in stored
    path.write_text(json.dumps({**stored, "networks": 1}))
    assert find_model(workspace, "a").arch == "resnet18"
    path.write_text(json.dumps({**stored, "networks": 2}))
    with pytest.raises(ModelError, match=r"^The model a is several networks side by side in one file, which this ver"):
        find_model(workspace, "a")


def test_classes_out_of_order_are_refused_because_outputs_would_be_misread(workspace):
    info = _write(workspace.models / "a", "a")
    write_model_info(dataclasses.replace(info, classes=("nv", "mel")))
    with pytest.raises(ModelError, match=r"^The diagnoses of the model a are not in alphabetical order\."):
        read_model_info(info.folder, "a")


def _folds(count=5, **changes):
    return [{"weights": f"fold{k}.safetensors", "sha256": f"{k:064x}", "temperature": 0.9 + k / 100, **changes}
            for k in range(count)]


def _cross_validated(workspace, **changes):
    """The folder of a description with folds, as it stands in the file."""
    info = _write(workspace.models / "cv", "cv")
    stored = json.loads((info.folder / "model.json").read_text())
    fields = {"folds": _folds(), "frequencies": {"mel": 0.25, "nv": 0.75}, **changes}
    (info.folder / "model.json").write_text(json.dumps({**stored, **fields}))
    return info.folder


def test_a_cross_validations_networks_are_described_and_each_is_a_model_of_its_own(workspace):
    info = read_model_info(_cross_validated(workspace), "cv")
    assert info.folds[3] == FoldNetwork("fold3.safetensors", f"{3:064x}", 0.93)
    files = [info.folder / f"fold{k}.safetensors" for k in range(5)]
    assert own_weights(info) == weights_paths(workspace, info) == files
    third = info.of_fold(3)
    assert (third.folds, third.temperature, third.weights_path) == ((), 0.93, files[3])
    assert own_weights(third) == [files[3]]
    write_model_info(info)
    assert read_model_info(info.folder, "cv") == info
    assert "weights_file" not in json.loads((info.folder / "model.json").read_text())


def test_the_weights_of_each_fold_must_be_those_that_were_described(workspace):
    info = read_model_info(_cross_validated(workspace), "cv")
    for path in own_weights(info):
        path.write_bytes(path.name.encode())
    digests = [hashlib.sha256(path.name.encode()).hexdigest() for path in own_weights(info)]
    networks = zip(info.folds, digests, strict=True)
    whole = dataclasses.replace(
        info, folds=tuple(dataclasses.replace(network, sha256=digest) for network, digest in networks))
    check_folds(whole)
    (info.folder / "fold4.safetensors").write_bytes(b"other weights")
    with pytest.raises(ModelError, match=r"^The weights fold4\.safetensors of the model cv are not those that its"):
        check_folds(whole)
    (info.folder / "fold2.safetensors").unlink()
    with pytest.raises(ModelError, match=r"^The model cv has no weights at .*fold2\.safetensors\."):
        check_folds(whole)


@pytest.mark.parametrize("changes", [
    {"folds": _folds(1)}, {"folds": _folds(6)}, {"folds": _folds(weights="fold0.safetensors")},
    {"folds": _folds(weights="../../model.safetensors")}, {"folds": _folds(weights="")}, {"folds": _folds(sha256="0")},
    {"folds": _folds(sha256="G" * 64)}, {"folds": _folds(temperature=0)}, {"folds": _folds(temperature="1")},
    {"folds": _folds(trained_on="all")}, {"folds": [{"weights": "fold0.safetensors"}] * 5}, {"folds": {}},
    {"folds": "fold0.safetensors"}, {"temperature": 1.1}, {"frequencies": None}, {"members": [["a", "0" * 64]]},
    {"weights_file": "fold0.safetensors"},
])
def test_networks_that_are_not_those_of_one_cross_validation_are_refused(workspace, changes):
    with pytest.raises(ModelError) as refused:
        read_model_info(_cross_validated(workspace, **changes), "cv")
    assert "../" not in str(refused.value)


def test_a_folder_without_a_description_is_no_model(workspace):
    (workspace.models / "half").mkdir()
    assert list_models(workspace) == []
    with pytest.raises(ModelError, match=r"^The model half has no description at .*model\.json\. Train it again\.$"):
        read_model_info(workspace.models / "half", "half")
