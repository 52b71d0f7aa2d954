"""A model as one ONNX file that takes decoded pixels and gives probabilities, checked in ONNX Runtime."""

import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from pipeline.data.prepare import IMAGENET_MEAN, IMAGENET_STD
from pipeline.errors import ModelError
from pipeline.files import replace_file, to_json
from pipeline.inference.model_info import ModelInfo
from pipeline.inference.notice import notice, weighing
from pipeline.inference.predictor import Predictor

CLOSEST = 1e-3  # the largest difference of a probability that an export may have
INPUT, OUTPUT = "images", "probabilities"
_OPSET = 18


class _FromPixels(nn.Module):
    """The network with its normalisation and softmax: (N, 3, H, W) uint8 to (N, C) probabilities."""

    def __init__(self, network: nn.Module, normalize: bool):
        super().__init__()
        self.network = network
        mean, deviation = (IMAGENET_MEAN, IMAGENET_STD) if normalize else ((0.0,) * 3, (1.0,) * 3)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1))

    def forward(self, images):
        return self.network((images.float() / 255 - self.mean) / self.deviation).softmax(1)


def _metadata(info: ModelInfo) -> dict[str, str]:
    """What the file says of itself, as ONNX keeps it: text by name."""
    squish = f"Resize it to {info.width} by {info.height} pixels with bilinear filtering, changing its aspect"
    crop = (f"Scale it with bilinear filtering until it just covers {info.width} by {info.height} pixels and take the "
            "middle")
    return {
        "name": info.name,
        "classes": to_json(list(info.classes)),
        "width": str(info.width),
        "height": str(info.height),
        "preparation": f"Open the image upright, in RGB. {squish if info.resize == 'squish' else crop}. Give the "
        f"values 0 to 255 as uint8 (N, 3, {info.height}, {info.width}); the file scales and normalises them itself.",
        "output": f"Probabilities in the order of classes. {weighing(info)}",
        "architecture": info.arch,
        "trained_on": "generated drawings" if info.generated else info.data,
        "licence_of_training_images": info.licence,
        "attribution": info.attribution,
        "notice": notice(info),
    }


def _onnx_bytes(info: ModelInfo, network: nn.Module) -> bytes:
    model = _FromPixels(network.cpu().float(), info.normalize).eval()
    example = torch.zeros((2, 3, info.height, info.width), dtype=torch.uint8)
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    exporter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecations within torch's exporter
            program = torch.onnx.export(
                model, (example,), input_names=[INPUT], output_names=[OUTPUT], opset_version=_OPSET, dynamo=True,
                dynamic_shapes=({0: torch.export.Dim("N", min=1)},), external_data=False, verbose=False,
            )
    finally:
        exporter.setLevel(level)
    proto = program.model_proto
    for part in (*proto.graph.node, *proto.graph.input, *proto.graph.output, *proto.graph.value_info):
        del part.metadata_props[:]  # torch notes the places of its sources on this computer
    onnx.helper.set_model_props(proto, _metadata(info))
    onnx.checker.check_model(proto)
    return proto.SerializeToString()


def export_onnx(info: ModelInfo, path: Path) -> float:
    """Writes the model as ONNX to `path`, after comparing it with PyTorch on batches of one and of three images.

    Input `images`: uint8 (N, 3, height, width), RGB; output `probabilities`: float32 (N, C). Normalisation and softmax
    are inside; the file's metadata name the diagnoses, the preparation and the notice.

    Returns:
        The largest difference between a probability in ONNX Runtime and in PyTorch.

    Raises:
        ModelError: the weights are missing, or ONNX Runtime answers otherwise than PyTorch.
        WorkspaceError: the file cannot be written.
    """
    predictor = Predictor(info)
    pixels = np.random.default_rng(0).integers(0, 256, (4, info.height, info.width, 3), dtype=np.uint8)
    expected = predictor.probabilities(pixels)
    content = _onnx_bytes(info, predictor.network)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    batches = np.split(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)), [1])
    got = np.concatenate([session.run([OUTPUT], {INPUT: batch})[0] for batch in batches])
    difference = float(np.abs(got - expected).max())
    if not difference <= CLOSEST:
        raise ModelError(f"The ONNX file's probabilities differ from the model's by {difference:.2g}.")
    replace_file(path, content)
    return difference
