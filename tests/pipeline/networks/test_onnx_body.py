"""A network's body in ONNX Runtime: derived once, found again, never trusted blindly, and the same answers."""

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from pipeline.errors import ModelError, WorkspaceError
from pipeline.files.locks import lock_if_free
from pipeline.inference import predictor as predicting
from pipeline.inference.predict_files import _Prepared, predict_files
from pipeline.inference.predictor import Predictor
from pipeline.jobs.launch import start_deriving
from pipeline.networks import onnx_body
from pipeline.networks.onnx_body import body_digest, derived_body, known_body
from tests.hand_made import CODES, image_bytes
from tests.random_models import make_model
from tests.small_archives import exactly

ARCHS = ("efficientnet_lite0", "resnet18")


@pytest.fixture(scope="module", params=ARCHS)
def ready(request, tmp_path_factory):
    """A workspace with one untrained model, whose body is derived: (workspace, info)."""
    from pipeline.files.workspace import Workspace

    workspace = Workspace(tmp_path_factory.mktemp(request.param)).create()
    info = make_model(workspace, "model", request.param)
    derived_body(workspace, Predictor(info).network[0], info.height, info.width)
    return workspace, info


@pytest.fixture
def body():
    """A body of two layers, in train mode."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU())


def _pixels(count, info, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, info.height, info.width, 3), dtype=np.uint8)


def _fast(workspace, info) -> Predictor:
    predictor = Predictor(info)
    predictor.use_onnx(workspace)
    assert predictor.body
    return predictor


def test_probabilities_and_heatmaps_are_those_of_torch(ready):
    workspace, info = ready
    slow, fast = Predictor(info), _fast(workspace, info)
    pixels = _pixels(5, info)
    expected = slow.probabilities(pixels)
    assert slow.body is None and np.ptp(expected, axis=0).max() > 1e-3  # the images differ, so agreement says something
    np.testing.assert_allclose(fast.probabilities(pixels), expected, atol=1e-5)
    np.testing.assert_allclose(fast.probabilities(list(pixels[:1])), expected[:1], atol=1e-5)
    shares, features = fast.output(pixels[0])
    np.testing.assert_allclose(shares, expected[0], atol=1e-5)
    for code in (CODES[0], CODES[4]):
        heatmap = slow.explain(pixels[0], code)
        near = {"rtol": 1e-3, "atol": 1e-4 * max(1.0, float(heatmap.max()))}
        np.testing.assert_allclose(fast.explain(pixels[0], code), heatmap, **near)
        np.testing.assert_allclose(fast.explain(pixels[0], code, features), heatmap, **near)
    both = (of.predict_and_explain(pixels, np.arange(5)) for of in (slow, fast))
    for theirs, ours in zip(*both, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4 * max(1.0, float(theirs.max())))


def test_features_keep_their_form(ready):
    workspace, info = ready
    body = Predictor(info).network[0]
    images = torch.randn(3, 3, info.height, info.width)
    with torch.inference_mode():
        expected = body(images).numpy()
    got = known_body(workspace, body, info.height, info.width)(images.numpy())
    assert got.dtype == np.float32 and got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_the_file_is_named_after_weights_and_input(ready):
    _, info = ready
    network = Predictor(info).network[0]
    digest = body_digest(network, info.height, info.width)
    assert digest == body_digest(Predictor(info).network[0].to(memory_format=torch.contiguous_format), 48, 64)
    assert digest != body_digest(network, info.width, info.height)
    with torch.no_grad():
        next(network.parameters())[0, 0, 0, 0] += 1e-6
    assert digest != body_digest(network, info.height, info.width)


def test_it_is_derived_once_and_leaves_the_network_as_it_was(workspace, body, monkeypatch):
    before = {name: tensor.clone() for name, tensor in body.state_dict().items()}
    assert known_body(workspace, body, 48, 64) is None and not workspace.derived.exists()
    derived_body(workspace, body, 48, 64)
    assert body.training and all(torch.equal(before[name], tensor) for name, tensor in body.state_dict().items())
    file, = workspace.derived.iterdir()
    assert file.suffix == ".onnx" and b"site-packages" not in file.read_bytes()
    monkeypatch.setattr("pipeline.networks.onnx_file.onnx_bytes", lambda *_: pytest.fail("derived twice"))
    derived_body(workspace, body, 48, 64)
    assert known_body(workspace, body, 48, 64)


def test_a_damaged_file_is_not_used_and_written_again(workspace, body):
    derived_body(workspace, body, 48, 64)
    file, = workspace.derived.iterdir()
    whole = file.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"nonsense"):
        file.write_bytes(damaged)
        assert known_body(workspace, body, 48, 64) is None
    derived_body(workspace, body, 48, 64)
    assert len(file.read_bytes()) == len(whole) and known_body(workspace, body, 48, 64)


def test_what_was_used_longest_ago_is_forgotten(workspace, body, monkeypatch):
    monkeypatch.setattr(onnx_body, "KEPT", 2)
    sizes = (32, 40, 48)
    derived_body(workspace, body, *sizes[:2])
    for number, width in enumerate(sizes[1:]):
        for path in workspace.derived.glob("*.onnx"):
            os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 10))
        assert known_body(workspace, body, *sizes[:2]), number  # it is used in between
        derived_body(workspace, body, 48, width)
    kept = {path.stem for path in workspace.derived.glob("*.onnx")}
    assert kept == {body_digest(body, *sizes[:2]), body_digest(body, 48, 48)}


def test_the_second_of_two_waits_and_takes_what_the_first_wrote(workspace, body, monkeypatch):
    derived_body(workspace, body, 48, 64)
    file, = workspace.derived.iterdir()
    whole = file.read_bytes()
    file.unlink()
    monkeypatch.setattr("pipeline.networks.onnx_file.onnx_bytes", lambda *_: pytest.fail("derived twice"))
    heard, got = [], []
    with lock_if_free(workspace.locks / "derived.lock") as mine:
        assert mine
        second = threading.Thread(
            target=lambda: got.append(derived_body(workspace, body, 48, 64, lambda _, sentence: heard.append(sentence)))
        )
        second.start()
        while not heard:
            time.sleep(0.01)
        file.write_bytes(whole)
    second.join(20)
    assert got and set(heard) == {"Another process prepares a network for ONNX Runtime."}


def test_other_features_than_torch_s_are_refused_and_torch_goes_on(ready, workspace, monkeypatch, caplog):
    derived, info = ready
    (exported,) = derived.derived.glob("*.onnx")
    monkeypatch.setattr("pipeline.networks.onnx_file.onnx_bytes", lambda *_: exported.read_bytes())
    monkeypatch.setattr(onnx_body, "CLOSEST", -1.0)
    sentence = r"The features of this network in ONNX Runtime differ from PyTorch's by \S+\."
    with pytest.raises(ModelError, match=f"^{sentence} PyTorch can be used instead, which is slower.$"):
        derived_body(workspace, Predictor(info).network[0], 48, 64)
    assert not list(workspace.derived.glob("*"))
    predictor = Predictor(info)
    predictor.use_onnx(workspace, predicting.DERIVE_FROM)
    assert predictor.body is None and predictor.note == caplog.messages[-1]
    assert predictor.note.endswith("PyTorch runs the model model instead, more slowly.")
    np.testing.assert_array_equal(
        predictor.probabilities(_pixels(2, info)), Predictor(info).probabilities(_pixels(2, info))
    )


def test_a_failure_at_work_is_noted_and_torch_goes_on(ready, caplog):
    workspace, info = ready
    expected = Predictor(info).probabilities(_pixels(2, info))

    class Broken:
        def __call__(self, images):
            raise ModelError("ONNX Runtime failed: no memory.")

    predictor = Predictor(info, body=Broken())
    np.testing.assert_allclose(predictor.probabilities(_pixels(2, info)), expected, rtol=0, atol=1e-6)
    assert predictor.note == "ONNX Runtime failed: no memory. PyTorch runs the model model instead, more slowly."
    assert caplog.messages == [predictor.note]
    predictor.use_onnx(workspace)
    assert predictor.body is None  # not tried again and again


def test_it_is_for_the_processor_only(ready):
    workspace, info = ready
    body = _fast(workspace, info).body
    with pytest.raises(ModelError, match=exactly("ONNX Runtime works on the processor, not on cuda.")):
        Predictor(info, device="cuda", body=body)


def test_a_damaged_call_names_onnx_runtime(ready):
    workspace, info = ready
    with pytest.raises(ModelError, match="^ONNX Runtime failed: "):
        _fast(workspace, info).body(np.zeros((1, 4, 48, 64), dtype=np.float32))


def test_the_app_s_predictor_has_it_derived_by_another_process(workspace):
    info = make_model(workspace, "model", "resnet18")
    predictor = Predictor(info)
    predictor.use_onnx_soon(workspace, start_deriving)
    predictor.probabilities(_pixels(7, info))
    predictor.use_onnx_soon(workspace, start_deriving)
    assert not workspace.derived.exists()  # who looks at a few images costs nothing more
    predictor.output(_pixels(1, info)[0])
    predictor.use_onnx_soon(workspace, start_deriving)
    log = workspace.derived / "model" / "train.log"
    assert log.exists()
    deadline = time.monotonic() + 120
    while predictor.body is None:
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
        predictor.use_onnx_soon(workspace, start_deriving)
    assert len(list(workspace.derived.glob("*.onnx"))) == 1


def test_a_workspace_that_cannot_be_written_leaves_torch_at_work(workspace, body):
    info = make_model(workspace, "model", "resnet18")
    predictor = Predictor(info)
    predictor.probabilities(_pixels(8, info))
    workspace.derived.write_text("a file where the folder would be")
    predictor.use_onnx_soon(workspace, start_deriving)
    assert predictor.body is None and "cannot be written" in predictor.note
    for_many = Predictor(info)
    for_many.use_onnx(workspace, predicting.DERIVE_FROM)
    assert for_many.body is None and "cannot be written" in for_many.note
    with pytest.raises(WorkspaceError):
        derived_body(workspace, body, 48, 64)


def test_weights_stored_as_float16_become_a_float32_network(workspace):
    info = make_model(workspace, "model", "efficientnet_lite0")
    path = info.folder / "model.safetensors"
    expected = Predictor(info).probabilities(_pixels(3, info))
    halves = {
        name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in load_file(path).items()
    }
    save_file(halves, path)
    predictor = Predictor(info)
    assert {p.dtype for p in predictor.network.parameters()} == {torch.float32}
    assert {b.dtype for b in predictor.network.buffers()} == {torch.float32, torch.int64}
    np.testing.assert_allclose(predictor.probabilities(_pixels(3, info)), expected, atol=5e-3)


def test_files_are_answered_in_order_and_bad_ones_told_in_between(ready, tmp_path):
    workspace, info = ready
    paths = []
    for number in range(45):
        path = tmp_path / f"{number:02d}.jpg"
        path.write_bytes(b"no image" if number in (0, 7, 44) else image_bytes(number, False, (80, 60)))
        paths.append(path)
    predictor, heard = _fast(workspace, info), []
    table = predict_files(
        predictor, paths, lambda path, error: heard.append((path, str(error))),
        lambda path, generated: heard.append((path, generated)),
    )
    assert [path for path, _ in heard] == paths
    bad = "{} is not an image that LesionLab can read. Use a JPEG or PNG file."
    assert [said for _, said in heard if said is not False] == [bad.format(paths[n].name) for n in (0, 7, 44)]
    good = [path for path in paths if path.stem not in ("00", "07", "44")]
    assert list(table["path"]) == [str(path) for path in good] and list(table["image"]) == [p.stem for p in good]
    expected = predictor.probabilities([predictor.prepare(Image.open(path)) for path in good])
    np.testing.assert_allclose(table[list(info.classes)].to_numpy(), expected, atol=1e-6)


def test_few_images_are_open_at_a_time(ready, monkeypatch):
    _, info = ready
    opened, lock = [], threading.Lock()
    monkeypatch.setattr("pipeline.inference.predict_files._prepared", lambda predictor, path: note(path))

    def note(path):
        with lock:
            opened.append(path)
        return _Prepared(np.zeros((info.height, info.width, 3), dtype=np.uint8), False)

    most = []
    predict_files(Predictor(info), [Path(f"{n}.jpg") for n in range(60)], pytest.fail,
                  lambda path, generated: most.append(len(opened) - len(most)))
    assert len(opened) == 60 and max(most) <= 8
