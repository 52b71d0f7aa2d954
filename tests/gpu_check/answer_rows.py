"""The rows of a check that train nothing: the device, the images, and the answers of a model on either side."""

import importlib.metadata
import time

import numpy as np

from app.words.device_facts import device_facts
from pipeline.networks.device import Device, describe, torch_device
from tests.gpu_check.check_plan import Check, NotHere, Wrong

_LIBRARIES = ("torch", "torchvision", "timm", "fastai", "numpy", "pandas", "onnxruntime")
_BATCH = 32
# the largest differences that are rounding alone: of probabilities, and of heatmaps by their highest value. An NVIDIA
# GPU convolves in TF32, which has ten bits, and what is wrong differs by far more
_ROUNDING = {"cuda": (0.02, 0.05), "cpu": (1e-4, 1e-3)}


def _version(name: str) -> str | None:
    """Of an installed library; None where it goes by another name, as builds for a GPU do."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def card_missing(device: Device) -> str | None:
    """Why no CUDA card can be checked, one sentence; None where one can."""
    if device.kind == "cuda":
        return None
    return device.problem or "This machine has no CUDA card that its driver reports (NVML)."


def device(check: Check) -> tuple[str, dict[str, object]]:
    """The device panel's facts, and whether torch itself starts on that card."""
    found = describe()
    facts: dict[str, object] = dict(device_facts(found))
    facts |= {name: _version(name) for name in _LIBRARIES}
    if check.kind == "cpu":
        return f"{found.words}; PyTorch {facts['torch']}", facts
    if reason := card_missing(found):
        raise NotHere(reason)
    import torch

    notes: list[str] = []
    if torch_device(found, notes.append) != "cuda":
        raise Wrong(" ".join(notes), **facts)
    free, total = torch.cuda.mem_get_info()
    facts |= {
        "cuDNN": torch.backends.cudnn.version(), "free GPU memory, GB": free / 2**30, "notes": notes,
        "bfloat16 on the GPU": torch.cuda.is_bf16_supported(including_emulation=False),
        "convolutions in TF32": torch.backends.cudnn.allow_tf32,
    }
    return (
        f"{found.card.name}, {total / 2**30:.0f} GB, driver {found.card.driver}, CUDA {found.card.cuda}; "
        f"PyTorch {facts['torch']}, timm {facts['timm']}", facts,
    )


def generated_set(check: Check) -> tuple[str, dict[str, object]]:
    """The embedded set, drawn and imported; a smaller one where the check is small."""
    from pipeline.data.embedded import NAME
    from pipeline.data.importing import import_dataset
    from pipeline.data.left_behind import temporary_folder
    from pipeline.data.synthetic.generated_set import write_generated_set

    workspace, scale, started = check.workspace.create(), check.scale, time.monotonic()
    with temporary_folder(workspace, ".drawing-") as place:
        write_generated_set(place, images=scale.images, lesions_per_diagnosis=scale.lesions)
        dataset = import_dataset(workspace, place, NAME)
    rate = dataset.images / (time.monotonic() - started)
    return f"{dataset.images} images, {rate:.0f} a second", {"images": dataset.images, "images_per_second": rate}


def answers(check: Check) -> tuple[str, dict[str, object]]:
    """The model that was trained in float32, asked on the device and on the processor about the same images."""
    from pipeline.data.dataset import load_dataset
    from pipeline.data.embedded import NAME
    from pipeline.images.reading import open_image
    from pipeline.inference.network_parts import NetworkParts, load_network
    from pipeline.inference.predictor import Predictor
    from pipeline.metrics.predictions_table import class_indices
    from pipeline.models.model_info import find_model
    from pipeline.networks.torch_network import TorchBody, TorchHead
    from tests.gpu_check.training_rows import finished

    dataset = load_dataset(check.workspace, NAME)
    info = find_model(check.workspace, finished(check, "fp32").name)
    processor = Predictor(info)
    if check.kind == "cuda":
        other = Predictor(info, device=torch_device(describe(), print))
    else:  # PyTorch's own network stands beside ONNX Runtime's
        network = load_network(info)
        other = Predictor(info, NetworkParts(TorchBody(network[0], "cpu"), TorchHead(network[1])))
    table = dataset.metadata().head(check.scale.compared)
    images = np.stack([
        processor.prepare(open_image(path, path.name)) for path in map(dataset.image_path, table["file"])
    ])
    truths = class_indices(table["dx"], dataset.classes)
    here, there = (_answered(predictor, images, truths) for predictor in (processor, other))
    shares = float(np.abs(here.probabilities - there.probabilities).max())
    heat = max(
        float(np.abs(one - two).max() / max(one.max(), 1e-9))
        for one, two in ((here.predicted, there.predicted), (here.truth, there.truth))
    )
    agree = int((here.probabilities.argmax(1) == there.probabilities.argmax(1)).sum())
    rates = {
        f"{name}_{what}_per_second": _rate(predictor, images, truths, what)
        for name, predictor in (("processor", processor), (check.kind if check.kind == "cuda" else "pytorch", other))
        for what in ("classified", "explained")
    }
    measured = {
        "images": len(images), "largest_difference_of_probabilities": shares,
        "largest_difference_of_heatmaps": heat, "same_diagnosis": agree, **rates,
    }
    words = (
        f"{len(images)} images: probabilities differ by {shares:.1e} at most, heatmaps by {heat:.1e} of their highest "
        f"value, {agree} diagnoses the same; images a second: "
        + ", ".join(f"{name.removesuffix('_per_second').replace('_', ' ')} {rate:.0f}" for name, rate in rates.items())
    )
    most_shares, most_heat = _ROUNDING[check.kind]
    if not (shares <= most_shares and heat <= most_heat):  # NaN is wrong, too
        raise Wrong(f"Answers differ by more than rounding does: {words}", **measured)
    return words, measured


def _answered(predictor, images: np.ndarray, truths: np.ndarray):
    """What the predictor gives for all of them, a batch at a time."""
    from pipeline.inference.classifier import Explained

    parts = [
        predictor.predict_and_explain(images[start : start + _BATCH], truths[start : start + _BATCH])
        for start in range(0, len(images), _BATCH)
    ]
    return Explained(*map(np.concatenate, zip(*parts, strict=True)))


def _rate(predictor, images: np.ndarray, truths: np.ndarray, what: str) -> float:
    """Images a second; whatever has to be loaded has been by now."""
    started = time.perf_counter()
    if what == "explained":
        _answered(predictor, images, truths)
    else:
        for start in range(0, len(images), _BATCH):
            predictor.probabilities(images[start : start + _BATCH])
    return len(images) / (time.perf_counter() - started)
