"""What this machine computes with: a T4, an H100, cards that are too old, several cards, none; precision and memory."""

import subprocess
import sys
import threading
from pathlib import Path

import pynvml
import pytest
import torch

from pipeline.errors import TrainingError
from pipeline.networks import nvidia
from pipeline.networks.device import describe, torch_device
from pipeline.networks.nvidia import Card, TorchBuild, cards, torch_build, why_unusable
from pipeline.training.loss_scale import LossScale
from pipeline.training.memory import within_memory
from pipeline.training.precision import Autocast, precision_callbacks
from tests.fake_nvidia import GRACE, H100, K80, OLD_DRIVER_T4, P100, T4, V100, install

CUDA13 = TorchBuild("2.14.1", "13.0")


@pytest.fixture
def pose(monkeypatch):
    """Poses as a machine with these cards and the PyTorch of PyPI, whichever one the tests run on."""
    monkeypatch.setattr("pipeline.networks.device.torch_build", lambda: CUDA13)
    return lambda *machine: install(monkeypatch, *machine)


def test_a_t4_is_read_and_can_be_used(pose):
    pose(T4)
    device = describe()
    assert (device.kind, device.name, device.words, device.problem) == ("cuda", "Tesla T4", "GPU Tesla T4", None)
    assert device.card == Card(
        0, "GPU-00c0ffee-0000-0000-0000-000000000000", "Tesla T4", 15.0, "580.82.07", "13.0", (7, 5)
    )


def test_an_h100_can_be_used(pose):
    pose(H100)
    device = describe()
    assert device.kind == "cuda" and device.card.capability == (9, 0) and round(device.card.memory_gb) == 80


@pytest.mark.parametrize(("card", "sentence"), [
    (K80, "The GPU Tesla K80 is too old for this PyTorch: it has compute capability 3.7, and PyTorch 2.14.1, built for "
          "CUDA 13.0, starts at 7.5."),
    (P100, "The GPU Tesla P100-PCIE-16GB is too old for this PyTorch: it has compute capability 6.0, and PyTorch "
           "2.14.1, built for CUDA 13.0, starts at 7.5."),
    (V100, "The GPU Tesla V100-SXM2-16GB is too old for this PyTorch: it has compute capability 7.0, and PyTorch "
           "2.14.1, built for CUDA 13.0, starts at 7.5."),
    (OLD_DRIVER_T4, "The GPU Tesla T4 cannot be used with its driver 535.183.01: PyTorch 2.14.1, built for CUDA 13.0, "
                    "needs driver 580 or newer."),
], ids=["K80", "P100", "V100", "old driver"])
def test_a_card_that_cannot_be_used_is_named_before_the_fall_back(pose, card, sentence):
    pose(card)
    device = describe()
    assert (device.kind, device.problem) == ("cpu", sentence)
    assert device.words.endswith(f"; the GPU {card[0]} cannot be used")
    notes = []
    assert torch_device(device, notes.append) == "cpu"
    assert notes == [f"{sentence} Training on the processor."]


def test_a_machine_without_a_card(pose, monkeypatch):
    def missing(name):
        raise OSError(f"{name}: cannot open shared object file")

    pose()
    device = describe()
    assert (device.kind, device.card, device.problem) == ("cpu", None, None)
    assert device.words.endswith("no GPU found") and device.cores >= 1 and 0 < device.free_gb <= device.memory_gb
    notes = []
    assert torch_device(device, notes.append) == "cpu" and notes == []
    monkeypatch.setattr(pynvml, "nvmlLib", None)  # no driver library at all
    monkeypatch.setattr(pynvml, "CDLL", missing)
    assert cards() == []


def test_a_driver_that_hangs_is_none(monkeypatch):
    library, answer = install(monkeypatch, T4), threading.Event()
    monkeypatch.setattr(library, "nvmlInitWithFlags", lambda flags: answer.wait(60))
    monkeypatch.setattr(nvidia, "_SECONDS_TO_ANSWER", 0.2)
    assert cards() == []
    answer.set()


def test_a_driver_that_fails_half_way_is_none(monkeypatch):
    library = install(monkeypatch, T4)
    monkeypatch.setattr(library, "nvmlDeviceGetCount_v2", lambda number: pynvml.NVML_ERROR_UNKNOWN)
    assert cards() == []


def test_a_card_that_shares_the_computers_memory(pose):
    pose(GRACE)
    assert describe().kind == "cuda" and describe().card.memory_gb is None


def test_of_several_cards_the_first_that_can_be_used_is(pose):
    pose(V100, T4, H100)
    device = describe()
    assert (device.name, device.card.index, device.others) == ("Tesla T4", 1, 2)


@pytest.mark.parametrize(("named", "names"), [
    ("1", ["Tesla T4"]), ("1,0", ["Tesla T4", V100[0]]), ("GPU-00c0", [V100[0]]), ("", []), ("7,1", []), ("-1", []),
])
def test_cards_that_the_environment_hides_are_not_there(pose, monkeypatch, named, names):
    pose(V100, T4)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert [card.name for card in cards()] == names


def test_a_build_for_the_processor_says_so():
    card = Card(0, "GPU-0", "Tesla T4", 15.0, "580.82.07", "13.0", (7, 5))
    assert why_unusable(card, TorchBuild("2.14.1+cpu", None)) == (
        "The GPU Tesla T4 cannot be used: the installed PyTorch (2.14.1+cpu) is built for the CPU only."
    )
    assert why_unusable(card, None) == "The GPU Tesla T4 cannot be used: PyTorch is not installed."
    assert why_unusable(card, TorchBuild("2.9.0", "12.6")) is None


def test_the_installed_build_is_what_torch_says():
    build = torch_build()
    assert build.cuda == torch.version.cuda and torch.__version__.startswith(build.version.partition("+")[0])


class StandInCuda:
    """torch.cuda of a machine with cards of these compute capabilities."""

    def __init__(self, monkeypatch, *capabilities, bf16=False):
        self.chosen = None
        monkeypatch.setattr(torch.cuda, "is_available", lambda: bool(capabilities))
        monkeypatch.setattr(torch.cuda, "device_count", lambda: len(capabilities))
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda index: capabilities[index])
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"card {index}")
        monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_75", "sm_80", "sm_86", "sm_90"])
        monkeypatch.setattr(torch.cuda, "set_device", lambda index: setattr(self, "chosen", index))
        monkeypatch.setattr(
            torch.cuda, "is_bf16_supported", lambda including_emulation=True: bf16 or including_emulation
        )
        monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")


def test_torch_takes_the_first_card_that_it_is_built_for(pose, monkeypatch):
    pose(V100, T4)
    cuda, notes = StandInCuda(monkeypatch, (7, 0), (7, 5)), []
    assert torch_device(describe(), notes.append) == "cuda" and cuda.chosen == 1
    assert notes == ["Uses the GPU card 1, one of 2: the first that can be used."]


def test_torch_has_the_last_word(pose, monkeypatch):
    pose(T4)
    notes = []
    StandInCuda(monkeypatch, (8, 9))  # an 8.6 binary runs there
    assert torch_device(describe(), notes.append) == "cuda" and notes == []
    StandInCuda(monkeypatch, (10, 0))
    assert torch_device(describe(), notes.append) == "cpu"
    assert notes[0].startswith("The GPU Tesla T4 has compute capability 10.0; this PyTorch (")
    assert notes[0].endswith("is built for sm_75, sm_80, sm_86, sm_90: training on the processor.")


def test_cuda_that_does_not_start_is_a_note_with_its_reason(pose, monkeypatch):
    def broken():
        raise RuntimeError("Unexpected error from cudaGetDeviceCount().\nmore")

    pose(T4)
    StandInCuda(monkeypatch)
    monkeypatch.setattr(torch.cuda, "init", broken)
    notes = []
    assert torch_device(describe(), notes.append) == "cpu"
    assert notes == ["The GPU Tesla T4 is there, but CUDA did not start (Unexpected error from cudaGetDeviceCount()): "
                     "training on the processor."]


@pytest.mark.parametrize(("bf16", "name"), [(True, "bfloat16"), (False, "float16")])
def test_mixed_precision_is_what_the_card_itself_has(monkeypatch, bf16, name):
    StandInCuda(monkeypatch, (7, 5), bf16=bf16)
    notes = []
    callbacks = precision_callbacks("auto", "cuda", notes.append)
    assert notes == [f"Mixed precision: {name}, channels_last, batches in pinned memory."]
    (autocast,) = (callback for callback in callbacks if isinstance(callback, Autocast))
    assert (autocast.device_name, autocast.dtype) == ("cuda", getattr(torch, name))
    assert any(isinstance(callback, LossScale) for callback in callbacks) is not bf16


def test_a_precision_that_the_card_has_not_in_hardware_is_refused(monkeypatch):
    StandInCuda(monkeypatch, (7, 5), bf16=False)
    with pytest.raises(TrainingError, match="^precision=bf16 cannot be had here: the GPU does not multiply bfloat16 in "
                                            "hardware. Set precision=auto, which takes what the device has.$"):
        precision_callbacks("bf16", "cuda", str)
    notes = []
    precision_callbacks("fp32", "cuda", notes.append)
    assert notes == ["Precision: float32, channels_last, batches in pinned memory."]


def test_batches_are_halved_until_they_fit():
    tried, notes = [], []

    def fit(batch_size):
        tried.append(batch_size)
        if batch_size > 8:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return "trained"

    assert within_memory(fit, 28, notes.append) == ("trained", 7)
    assert tried == [28, 14, 7]
    assert notes == [
        "The GPU's memory ran out with 28 images in a batch: goes on with 14.",
        "The GPU's memory ran out with 14 images in a batch: goes on with 7.",
    ]


def test_where_nothing_fits_the_run_ends_in_words():
    def fit(batch_size):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    with pytest.raises(TrainingError, match="^The GPU's memory is too small even for 2 images in a batch. Choose a sm"):
        within_memory(fit, 3, lambda sentence: None)
    with pytest.raises(ValueError, match="another"):  # only memory is a reason to try again
        within_memory(lambda size: (_ for _ in ()).throw(ValueError("another")), 8, lambda sentence: None)


def test_asking_for_the_device_leaves_torch_unloaded():
    program = "import sys; from pipeline.networks.device import describe; describe(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).resolve().parents[3],
                          capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"
