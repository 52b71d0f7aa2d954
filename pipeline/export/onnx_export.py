"""A model as one ONNX file that takes decoded pixels and gives probabilities, checked in ONNX Runtime."""

import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from pipeline.errors import ModelError
from pipeline.files.disk import replace_file, to_json
from pipeline.inference.cross_validated import CrossValidated
from pipeline.inference.network_parts import load_network
from pipeline.inference.predictor import Predictor
from pipeline.metrics.class_priors import WEIGHS_ALIKE, prior_vector
from pipeline.models.model_info import ModelInfo
from pipeline.models.notice import notice, weighing
from pipeline.models.recognition import networks_sentence

CLOSEST = 1e-3  # the largest difference of a probability that an export may have
INPUT, OUTPUT = "images", "probabilities"
_DECISIONS = (
    "as-data: the highest probability. balanced: the highest after dividing each by its diagnosis's share in "
    "training_frequencies."
)

_OPSET = 18
_SMALLEST = float(torch.finfo(torch.float32).tiny)


class _FromPixels(nn.Module):
    """The network with its normalisation, softmax and what `model_output` does: (N, 3, H, W) uint8 to (N, C) shares."""

    def __init__(self, network: nn.Module, info: ModelInfo):
        super().__init__()
        self.network, self.flips, self.temperature = network, info.flips, info.temperature
        self.register_buffer("mean", torch.tensor(info.normalisation.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(info.normalisation.std).view(1, 3, 1, 1))
        carried = info.frequencies is not None and info.loss in WEIGHS_ALIKE
        factors = prior_vector(info.frequencies, info.classes) if carried else np.ones(len(info.classes))
        self.register_buffer("factors", torch.tensor(factors, dtype=torch.float32))
        self.plain = not carried and info.temperature == 1

    def forward(self, images):
        scaled = (images.float() / 255 - self.mean) / self.std
        if self.flips:
            views = torch.cat([scaled, scaled.flip(3), scaled.flip(2), scaled.flip((2, 3))])
            shares = self.network(views).softmax(1).unflatten(0, (4, scaled.shape[0])).mean(0)
        else:
            shares = self.network(scaled).softmax(1)
        if self.plain:
            return shares
        return ((shares * self.factors).clamp_min(_SMALLEST).log() / self.temperature).softmax(1)


class _Mean(nn.Module):
    """The mean of the probabilities of a cross-validation's networks, each with its own temperature."""

    def __init__(self, networks: list[_FromPixels]):
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, images):
        return torch.stack([network(images) for network in self.networks]).mean(0)


def _metadata(info: ModelInfo) -> dict[str, str]:
    """What the file says of itself, as ONNX keeps it: text by name."""
    squish = f"Resize it to {info.width} by {info.height} pixels with bilinear filtering, changing its aspect"
    crop = (f"Scale it with bilinear filtering until it just covers {info.width} by {info.height} pixels and take the "
            "middle")
    part = "Take the central square over its shorter side. " if info.view == "square" else ""
    kernel = "bilinear, antialiased" if info.view == "square" else "bicubic"
    reduced = (
        f"If it is larger, first scale it down with {kernel} filtering until it just covers {info.detail[0]} by "
        f"{info.detail[1]} pixels. " if info.detail else ""
    )
    decisions = {"training_frequencies": to_json(info.frequencies), "decisions": _DECISIONS} if info.frequencies else {}
    return {
        "name": info.name,
        "classes": to_json(list(info.classes)),
        "width": str(info.width),
        "height": str(info.height),
        "preparation": f"Open the image upright, in RGB. {part}{reduced}{squish if info.resize == 'squish' else crop}. "
        f"Give the values 0 to 255 as uint8 (N, 3, {info.height}, {info.width}); the file scales and normalises them "
        "itself.",
        "normalisation_inside": to_json(info.normalisation._asdict()),
        "output": f"Probabilities in the order of classes. {weighing(info)}",
        "architecture": info.arch,
        "head": info.head,
        **({"networks": networks_sentence(info)} if info.folds else {}),
        "trained_on": "generated drawings" if info.generated else info.data,
        "licence_of_training_images": info.licence,
        "attribution": info.attribution,
        "notice": notice(info),
        **decisions,
    }


def onnx_bytes(
    model: nn.Module, example: torch.Tensor, input_name: str, output_name: str, notes: dict[str, str]
) -> bytes:
    """The file of `model`, whose only input takes any number of images; checked by ONNX's own checker.

    Args:
        model: in eval mode, on the processor.
        example: an input (at least 2, ...), whose type and further dimensions the file keeps.
        notes: what the file says of itself, as ONNX keeps it: text by name.
    """
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    exporter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecations within torch's exporter
            program = torch.onnx.export(
                model, (example,), input_names=[input_name], output_names=[output_name], opset_version=_OPSET,
                dynamo=True, dynamic_shapes=({0: torch.export.Dim("N", min=1)},), external_data=False, verbose=False,
            )
    finally:
        exporter.setLevel(level)
    proto = program.model_proto
    for part in (*proto.graph.node, *proto.graph.input, *proto.graph.output, *proto.graph.value_info):
        del part.metadata_props[:]  # torch notes the places of its sources on this computer
    onnx.helper.set_model_props(proto, notes)
    onnx.checker.check_model(proto)
    return proto.SerializeToString()


def _of_model(info: ModelInfo) -> bytes:
    networks = [info.of_fold(fold) for fold in range(len(info.folds))] or [info]
    parts = [_FromPixels(load_network(network), network) for network in networks]
    model = (_Mean(parts) if info.folds else parts[0]).eval()
    example = torch.zeros((2, 3, info.height, info.width), dtype=torch.uint8)
    return onnx_bytes(model, example, INPUT, OUTPUT, _metadata(info))


def export_onnx(info: ModelInfo, path: Path) -> float:
    """Writes the model as ONNX to `path`, after comparing it with the model on batches of one and of three images.

    Of a cross-validation's networks the file holds all, and their mean is its answer.

    Input `images`: uint8 (N, 3, height, width), RGB; output `probabilities`: float32 (N, C). Normalisation, softmax and
    calibration are inside; the file's metadata name the diagnoses, the preparation and the notice.

    Returns:
        The largest difference between a probability of the file and one of the model.

    Raises:
        ModelError: the weights are missing, or the file answers otherwise than the model.
        WorkspaceError: the file cannot be written.
    """
    pixels = np.random.default_rng(0).integers(0, 256, (4, info.height, info.width, 3), dtype=np.uint8)
    expected = (CrossValidated(info) if info.folds else Predictor(info)).probabilities(pixels)
    content = _of_model(info)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    batches = np.split(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)), [1])
    got = np.concatenate([session.run([OUTPUT], {INPUT: batch})[0] for batch in batches])
    difference = float(np.abs(got - expected).max())
    if not difference <= CLOSEST:
        raise ModelError(f"The ONNX file's probabilities differ from the model's by {difference:.2g}.")
    replace_file(path, content)
    return difference
