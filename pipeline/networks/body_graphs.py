"""The ONNX graph of each network's body, without weights: `python -m pipeline.networks.body_graphs` writes all anew.

`onnx_body` fills a graph with a model's weights when that is opened, so that answering needs no PyTorch.
"""

import io
import warnings

import onnx
import torch
from timm.layers import Conv2dSame
from torch import nn
from torch.onnx import TrainingMode

from pipeline.configuration.network_registry import NETWORKS
from pipeline.files.disk import replace_file
from pipeline.networks.architectures import build_network
from pipeline.networks.onnx_body import INPUT, OUTPUT, graph_path

_OPSET = 18


def body_graph(arch: str) -> bytes:
    """The file of that network's body: any number of images of any size from 32 pixels on.

    Its initializers have the names and shapes of the body's tensors and say that their content lies elsewhere.
    """
    body = build_network(arch, 2, "random", head="linear")[0].eval()
    for tensor in [*body.parameters(), *body.buffers()]:
        if tensor.is_floating_point():
            nn.init.uniform_(tensor)  # the exporter makes one of tensors that are alike
    same = _without_padding_at_run_time(body)
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's other exporter writes shapes as formulas of many kilobytes
        torch.onnx.export(
            body, (torch.zeros(2, 3, 64, 96),), content, input_names=[INPUT], output_names=[OUTPUT],
            opset_version=_OPSET, dynamo=False, do_constant_folding=False, training=TrainingMode.PRESERVE,
            dynamic_axes={INPUT: {0: "N", 2: "H", 3: "W"}, OUTPUT: {0: "N", 2: "h", 3: "w"}},
        )
    model = onnx.load_from_string(content.getvalue())
    onnx.checker.check_model(model)
    model.producer_name = model.producer_version = ""  # another torch that gives the same graph changes nothing
    for node in model.graph.node:
        if node.op_type == "Conv" and node.input[1] in same:
            _pad_as_tensorflow(node)
    for tensor in model.graph.initializer:
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="weights")
    return model.SerializeToString(deterministic=True)


def _without_padding_at_run_time(body: nn.Module) -> set[str]:
    """Lets timm's convolutions that look at the size of each input pad alike on all sides, which gives an output of the
    same size; gives the names of their weights.
    """
    found = {name: module for name, module in body.named_modules() if isinstance(module, Conv2dSame)}
    for module in found.values():
        module.__class__ = nn.Conv2d
        module.padding = tuple(d * (k - 1) // 2 for k, d in zip(module.kernel_size, module.dilation, strict=True))
    return {f"{name}.weight" for name in found}


def _pad_as_tensorflow(node: onnx.NodeProto) -> None:
    """What `Conv2dSame` computes from the input's size, ONNX has as an attribute."""
    kept = [of for of in node.attribute if of.name not in ("pads", "auto_pad")]
    del node.attribute[:]
    node.attribute.extend([*kept, onnx.helper.make_attribute("auto_pad", "SAME_UPPER")])


if __name__ == "__main__":
    for name in NETWORKS:
        replace_file(graph_path(name), body_graph(name))
