"""Bundles: out of one workspace and into another, the same bytes each time, and nothing let in unchecked."""

import dataclasses
import hashlib
import json
import re
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline import cli
from pipeline.errors import ModelError, WorkspaceError
from pipeline.export.bundle import MANIFEST, bundle_bytes, export_bundle
from pipeline.export.bundle_import import import_bundle
from pipeline.export.formats import place_for
from pipeline.files.workspace import Workspace
from pipeline.inference.classifier import open_classifier
from pipeline.inference.predictor import Predictor
from pipeline.models.library import label_model, model_label
from pipeline.models.model_info import find_model
from pipeline.models.training_images import FILE, training_images

NAMES = ["bundle.json", "card.md", "label.json", "model.json", "model.safetensors", "training_images.parquet"]


@pytest.fixture(scope="module")
def source(trained):
    """The trained model with a title and a description: (workspace, info)."""
    workspace, run = trained
    label_model(workspace, run.name, "Tiny network", "For the tests.")
    yield workspace, find_model(workspace, run.name)
    label_model(workspace, run.name, "", "")


@pytest.fixture(scope="module")
def contents(source):
    """The bundle's files by name."""
    with zipfile.ZipFile(BytesIO(bundle_bytes(*source))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path: Path, contents: dict[str, bytes], hashes: bool = True) -> Path:
    """A bundle with these files; its hashes fit them unless told otherwise."""
    contents = dict(contents)
    if hashes:
        manifest = json.loads(contents[MANIFEST])
        manifest["files"] = {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in contents.items() if name != MANIFEST
        }
        contents[MANIFEST] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def changed(content: bytes, **fields) -> bytes:
    return json.dumps({**json.loads(content), **fields}).encode()


def test_a_bundle_is_the_same_each_time_and_holds_what_it_should(source):
    first = bundle_bytes(*source)
    assert first == bundle_bytes(*source)
    with zipfile.ZipFile(BytesIO(first)) as archive:
        assert archive.namelist() == NAMES and archive.testzip() is None
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("card.md").decode().startswith("# Model card: Tiny network (tiny-demo-1)\n")


def test_it_comes_in_elsewhere_as_it_was_and_goes_out_again_the_same(source, workspace, tmp_path):
    home, info = source
    export_bundle(home, info, tmp_path / "b.zip")
    got = import_bundle(workspace, tmp_path / "b.zip")
    assert got == dataclasses.replace(info, folder=workspace.models / "tiny-demo-1")
    assert model_label(got).name == "Tiny network" and training_images(got).equals(training_images(info))
    pixels = [np.asarray(Image.new("RGB", (info.width, info.height), colour)) for colour in ("tan", "pink")]
    assert (Predictor(got).probabilities(pixels) == Predictor(info).probabilities(pixels)).all()
    assert bundle_bytes(workspace, got) == (tmp_path / "b.zip").read_bytes()
    assert [path.name for path in workspace.models.iterdir()] == ["tiny-demo-1"]


def test_a_model_without_list_and_label_travels_too(contents, workspace, tmp_path):
    older = {name: content for name, content in contents.items() if name not in (FILE, "label.json")}
    info = import_bundle(workspace, pack(tmp_path / "b.zip", older), "older")
    assert model_label(info).name == ""
    with pytest.raises(ModelError, match="^The model older does not say which images it was trained on"):
        training_images(info)


def test_a_name_that_is_taken_suggests_another(contents, workspace, tmp_path):
    bundle = pack(tmp_path / "b.zip", contents)
    (workspace.runs / "tiny-demo-1").mkdir()
    (workspace.bin / "models" / "tiny-demo-2").mkdir(parents=True)
    sentence = r"^A run has the name tiny-demo-1 already\. Choose another, for example tiny-demo-3\.$"
    with pytest.raises(ModelError, match=sentence):
        import_bundle(workspace, bundle)
    with pytest.raises(ModelError, match="^A deleted model has the name tiny-demo-2 already"):
        import_bundle(workspace, bundle, "tiny-demo-2")
    for name in ("../up", "Big", "", ".hidden", "a/b"):
        with pytest.raises(ModelError, match="cannot be a model's name|has the name tiny-demo-1 already"):
            import_bundle(workspace, bundle, name)
    assert not list(workspace.models.iterdir())


SPOILT = {
    "a path that leads out": (lambda c: {**c, "../evil.json": b"{}"}, "it holds a file that no bundle has"),
    "an absolute path": (lambda c: {**c, "/tmp/evil": b""}, "it holds a file that no bundle has"),
    "a pickle": (lambda c: {**c, "model.pkl": b""}, "it holds a file that no bundle has"),
    "no card": (lambda c: {n: v for n, v in c.items() if n != "card.md"}, "it lacks card.md"),
    "another program's": (lambda c: {**c, MANIFEST: changed(c[MANIFEST], format="zoo")},
                          "its bundle.json is that of another program"),
    "a newer format": (lambda c: {**c, MANIFEST: changed(c[MANIFEST], version=3)},
                       "was made by a newer LesionLab. Update LesionLab."),
    "a newer model": (lambda c: {**c, "model.json": changed(c["model.json"], views=4)},
                      "was made by a newer LesionLab: its description has fields that this version does not know. "
                      "Update LesionLab."),
    "an unknown network": (lambda c: {**c, "model.json": changed(c["model.json"], arch="vit_h_14")}, "in arch."),
    "a huge input": (lambda c: {**c, "model.json": changed(c["model.json"], width=10**6)}, "its field width should be"),
    "an input that is no number": (lambda c: {**c, "model.json": changed(c["model.json"], height="9")},
                                   "its field height should be"),
    "an input that no export has": (lambda c: {**c, "model.json": changed(c["model.json"], width=2000)}, "in width."),
    "a calibration that is none": (
        lambda c: {**c, "model.json": changed(
            c["model.json"], temperature=0, frequencies={"mel": 2}, detail=[5], flips=1)},
        "its field temperature should be"),
    "a time that no calendar has": (lambda c: {**c, "model.json": changed(c["model.json"], created=1e300)},
                                    "its field created should be"),
    "a class that is no code": (lambda c: {**c, "model.json": changed(c["model.json"], classes=["<b>", "nv"])},
                                "its field classes"),
    "classes out of order": (lambda c: {**c, "model.json": changed(c["model.json"], classes=["nv", "mel"])},
                             "are not in alphabetical order"),
    "fewer classes than outputs": (lambda c: {**c, "model.json": changed(c["model.json"], classes=["mel", "nv"],
                                                                         training_frequencies=None)},
                                   "do not fit the model"),
    "frequencies of other diagnoses": (lambda c: {**c, "model.json": changed(
        c["model.json"], training_frequencies={"mel": 0.5, "nv": 0.5})}, "are not those of its diagnoses"),
    "a description that is none": (lambda c: {**c, "model.json": b"[1, 2]"}, "should be an object"),
    "classes that are a number": (lambda c: {**c, "model.json": changed(c["model.json"], classes=7)},
                                  "its field classes should be"),
    "another list of images": (lambda c: {**c, "model.json": changed(c["model.json"], training_images=5)},
                               "was trained on 5 images, but its list of training images has"),
    "weights cut off": (lambda c: {**c, "model.safetensors": c["model.safetensors"][:-1000]},
                        "the header of its model.safetensors is not that of a file of weights"),
    "a label that is none": (lambda c: {**c, "label.json": b"[]"}, "its card or its label is no readable text"),
    "a long title": (lambda c: {**c, "label.json": changed(c["label.json"], name="x" * 61)},
                     "its card or its label is no readable text"),
    "a card that is no text": (lambda c: {**c, "card.md": b"\xff\xfe"}, "its card or its label is no readable text"),
    "another version's weights": (lambda c: {**c, MANIFEST: changed(c[MANIFEST], version=2)},
                                  "it lacks fold0.safetensors, fold1.safetensors"),
    "a fold's weights": (lambda c: {**c, "fold0.safetensors": c["model.safetensors"]},
                         "it holds a file that no bundle of version 1 has"),
    "networks of folds": (lambda c: {**c, "model.json": changed(
        c["model.json"], frequencies=json.loads(c["model.json"])["training_frequencies"],
        folds=[{"weights": f"fold{k}.safetensors", "sha256": "0" * 64, "temperature": 1.0} for k in range(5)])},
        "its model.json describes other weights than it holds"),
}
SPOILT_FOLDS = {
    "one network": (lambda c: {**c, MANIFEST: changed(c[MANIFEST], version=1)}, "it lacks model.safetensors"),
    "whole weights too": (lambda c: {**c, "model.safetensors": c["fold0.safetensors"]},
                          "it holds a file that no bundle of version 2 has"),
    "too few networks": (lambda c: {n: v for n, v in c.items() if n not in ("fold1.safetensors", "fold2.safetensors")},
                         "it lacks fold1.safetensors"),
    "a network missing": (lambda c: {n: v for n, v in c.items() if n != "fold3.safetensors"},
                          "its model.json describes other weights than it holds"),
    "a sixth network": (lambda c: {**c, "fold5.safetensors": c["fold0.safetensors"]},
                        "it holds a file that no bundle has"),
    "no list of images": (lambda c: {n: v for n, v in c.items() if n != FILE}, f"it lacks {FILE}"),
    "networks changed places": (
        lambda c: {**c, "fold0.safetensors": c["fold1.safetensors"], "fold1.safetensors": c["fold0.safetensors"]},
        "are not those that its description names"),
    "weights cut off": (lambda c: {**c, "fold4.safetensors": c["fold4.safetensors"][:-1000]},
                        "the header of its fold4.safetensors is not that of a file of weights"),
    "described as one": (lambda c: {**c, "model.json": changed(c["model.json"], folds=[])},
                         "its model.json describes other weights than it holds"),
    "described as four": (lambda c: {**c, "model.json": changed(
        c["model.json"], folds=json.loads(c["model.json"])["folds"][:4])},
        "its model.json describes other weights than it holds"),
    "a list of more folds": (lambda c: {
        **{n: v for n, v in c.items() if n != "fold4.safetensors"},
        "model.json": changed(c["model.json"], folds=json.loads(c["model.json"])["folds"][:4])},
        "the column fold has a value out of its range"),
    "weights elsewhere": (lambda c: {**c, "model.json": changed(c["model.json"], folds=[
        {**of, "weights": f"../{of['weights']}"} for of in json.loads(c["model.json"])["folds"]])}, "its field folds"),
    "a calibration that is none": (lambda c: {**c, "model.json": changed(c["model.json"], folds=[
        {**of, "temperature": 0} for of in json.loads(c["model.json"])["folds"]])}, "its field folds"),
}


@pytest.fixture(scope="module")
def of_folds(cross_validation):
    """A cross-validation's workspace, description, and its bundle's files by name."""
    home = Workspace(cross_validation / "home")
    info = find_model(home, "cv")
    with zipfile.ZipFile(BytesIO(bundle_bytes(home, info))) as archive:
        return home, info, {name: archive.read(name) for name in archive.namelist()}


def test_the_networks_of_a_cross_validation_travel_with_what_each_left_out(of_folds, workspace, tmp_path):
    home, info, contents = of_folds
    assert sorted(contents) == sorted([
        "bundle.json", "card.md", "model.json", FILE, *(f"fold{fold}.safetensors" for fold in range(5))])
    assert json.loads(contents[MANIFEST])["version"] == 2
    export_bundle(home, info, tmp_path / "b.zip")
    got = import_bundle(workspace, tmp_path / "b.zip")
    assert got == dataclasses.replace(info, folder=workspace.models / "cv")
    assert training_images(got).equals(training_images(info))
    ours, theirs = open_classifier(home, info), open_classifier(workspace, got)
    pixels = [np.full((info.height, info.width, 3), level, dtype=np.uint8) for level in (60, 200)]
    assert (ours.probabilities(pixels) == theirs.probabilities(pixels)).all()
    assert bundle_bytes(workspace, got) == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize("case", SPOILT_FOLDS)
def test_networks_that_are_no_sound_cross_validation_are_refused(of_folds, workspace, tmp_path, case):
    spoil, sentence = SPOILT_FOLDS[case]
    with pytest.raises(ModelError, match=re.escape(sentence)) as refused:
        import_bundle(workspace, pack(tmp_path / "b.zip", spoil(of_folds[2])), "spoilt")
    assert ".incoming" not in str(refused.value)  # a folder that is gone
    assert not list(workspace.models.iterdir())


@pytest.mark.parametrize("case", SPOILT)
def test_what_is_no_sound_bundle_is_refused_and_leaves_nothing(contents, workspace, tmp_path, case):
    spoil, sentence = SPOILT[case]
    with pytest.raises(ModelError, match=re.escape(sentence)):
        import_bundle(workspace, pack(tmp_path / "b.zip", spoil(contents)), "spoilt")
    assert not list(workspace.models.iterdir())
    assert not [path for path in tmp_path.rglob("*evil*")]


def test_weights_that_are_no_numbers_are_refused(contents, workspace, tmp_path):
    from safetensors.numpy import load, save

    weights = load(contents["model.safetensors"])
    last = sorted(name for name in weights if name.endswith("weight"))[0]
    weights[last] = np.full_like(weights[last], np.nan)
    spoilt = pack(tmp_path / "b.zip", {**contents, "model.safetensors": save(weights)})
    with pytest.raises(ModelError, match=r"^The weights at \S+ are no finite numbers"):
        import_bundle(workspace, spoilt, "spoilt")
    assert not list(workspace.models.iterdir())


def test_a_file_that_was_changed_on_the_way_is_found(contents, workspace, tmp_path):
    other = {**contents, "card.md": contents["card.md"].replace(b"Education only", b"Diagnoses well")}
    with pytest.raises(ModelError, match=r"card\.md is not the file that it was when the bundle was made"):
        import_bundle(workspace, pack(tmp_path / "b.zip", other, hashes=False), "changed")
    short = {name: content for name, content in contents.items() if name != FILE}
    with pytest.raises(ModelError, match=r"its files are not those that its bundle\.json names"):
        import_bundle(workspace, pack(tmp_path / "b.zip", short, hashes=False), "short")


@pytest.mark.parametrize(("content", "sentence"), [
    (b"", "it is no zip file, or it is damaged"), (b"PK\x03\x04 rest", "it is no zip file, or it is damaged"),
])
def test_what_is_no_zip_is_said(workspace, tmp_path, content, sentence):
    (tmp_path / "b.zip").write_bytes(content)
    with pytest.raises(ModelError, match=rf"^b\.zip is not a LesionLab bundle: {sentence}"):
        import_bundle(workspace, tmp_path / "b.zip")
    with pytest.raises(ModelError, match=r"^There is no bundle .*none\.zip\. Check the path\.$"):
        import_bundle(workspace, tmp_path / "none.zip")


def test_a_member_that_claims_or_unpacks_to_too_much_is_refused(contents, workspace, tmp_path):
    bomb = {**contents, "card.md": b"0" * (3 * 2**20)}
    with pytest.raises(ModelError, match=r"card\.md has more than the 1 MB that a model's may have"):
        import_bundle(workspace, pack(tmp_path / "b.zip", bomb), "bomb")


def test_a_model_that_lost_its_weights_cannot_be_exported(source, tmp_path):
    home, info = source
    (tmp_path / "model.json").write_bytes((info.folder / "model.json").read_bytes())
    with pytest.raises(ModelError, match=r"^The model tiny-demo-1 has no weights at .*model\.safetensors\."):
        bundle_bytes(home, dataclasses.replace(info, folder=tmp_path))


def test_the_commands(source, workspace, tmp_path, monkeypatch, capfd):
    home, info = source
    monkeypatch.setenv("LESIONLAB_HOME", str(home.home))
    assert cli.main(["export", info.name, "--format", "bundle", str(tmp_path), "--json"]) == 0
    out, err = capfd.readouterr()
    answer = json.loads(out)
    assert answer["file"] == str(tmp_path / "tiny-demo-1.zip") and answer["difference"] is None
    assert "Education only, not a medical device." in err
    assert cli.main(["export", info.name, "--format", "card", str(tmp_path / "new" / "card.md")]) == 0
    assert (tmp_path / "new" / "card.md").read_text().startswith("# Model card: Tiny network")
    with pytest.raises(WorkspaceError, match=r"cannot be written: File exists\. Give another place\.$"):
        place_for(info, "card", tmp_path / "tiny-demo-1.zip" / "card.md")
    monkeypatch.setenv("LESIONLAB_HOME", str(workspace.home))
    capfd.readouterr()
    assert cli.main(["models", "import", answer["file"], "--name", "mine", "--json"]) == 0
    assert json.loads(capfd.readouterr()[0])["model"] == "mine"
    assert cli.main(["models", "list", "--json"]) == 0
    listed = json.loads(capfd.readouterr()[0])["models"]
    assert [(model["name"], model["title"]) for model in listed] == [("mine", "Tiny network")]
    assert cli.main(["models", "import", answer["file"], "--name", "mine", "--json"]) == 1
    sentence = "A model has the name mine already. Choose another, for example mine-2."
    assert json.loads(capfd.readouterr()[0]) == {"error": sentence}
