"""A torch module as the bytes of one ONNX file, without the traces that torch's exporter leaves."""

import logging
import warnings

import onnx
import torch
from torch import nn

_OPSET = 18


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
