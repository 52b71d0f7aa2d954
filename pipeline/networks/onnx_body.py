"""A network's body in ONNX Runtime, several times as fast on a processor; its file is derived once into the workspace.

The file is named after what it holds, so it fits one body at one input size and no other. The `KEPT` that were used
last stay; another is derived again when it is asked for.
"""

import contextlib
import copy
import hashlib
import os
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn

from pipeline.errors import ModelError
from pipeline.files.disk import replace_file
from pipeline.files.locks import file_lock
from pipeline.files.workspace import Workspace
from pipeline.progress import Cancelled, Progress, silent

CLOSEST = 1e-4  # the largest difference of a feature, as a share of the largest feature where that is above 1
KEPT = 20  # files of some 13 MB
_INPUT, _OUTPUT = "images", "features"


class OnnxBody:
    """A network's body, run by ONNX Runtime on the processor.

    Args:
        path: an ONNX file that `derived_body` wrote, or its content.
        threads: that one call may use; as many as torch uses where it is not given.

    Raises:
        ModelError: the file is missing, damaged, or one that ONNX Runtime cannot run.
    """

    def __init__(self, path: Path | bytes, threads: int | None = None):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or torch.get_num_threads()
        options.log_severity_level = 3  # what it raises says all; its warnings are about the graph's form
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's errors have no common base of their own
            name = path if isinstance(path, Path) else "the network"
            raise ModelError(f"ONNX Runtime cannot run {name}: {error}.", "") from error

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """(N, K, h, w) float32 feature maps of (N, 3, H, W) float32 images, normalised as the network wants them.

        Raises:
            ModelError: ONNX Runtime could not compute them.
        """
        try:
            return self._session.run([_OUTPUT], {_INPUT: images})[0]
        except Exception as error:  # likewise
            raise ModelError(f"ONNX Runtime failed: {error}.", "") from error


def body_digest(body: nn.Module, height: int, width: int) -> str:
    """32 hexadecimal digits of the SHA-256 over the names, types, shapes and bytes of `body`'s state, and the input."""
    digest = hashlib.sha256(f"{height} {width}".encode())
    for name, tensor in body.state_dict().items():
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:32]


def _path(workspace: Workspace, digest: str) -> Path:
    return workspace.derived / f"{digest}.onnx"


def stored_body(workspace: Workspace, digest: str) -> OnnxBody | None:
    """The body with this `body_digest`; None where its file is not there or damaged (`derived_body` writes it anew)."""
    path = _path(workspace, digest)
    if not path.exists():
        return None
    try:
        body = OnnxBody(path)
    except ModelError:
        return None
    with contextlib.suppress(OSError):  # a workspace that cannot be written forgets none either
        os.utime(path)
    return body


def _checked(content: bytes, body: nn.Module, example: torch.Tensor) -> None:
    with torch.inference_mode():
        expected = body(example).numpy()
    got = OnnxBody(content)(example.numpy())
    difference = float(np.abs(got - expected).max()) / max(1.0, float(np.abs(expected).max()))
    if not difference <= CLOSEST:
        raise ModelError(
            f"The features of this network in ONNX Runtime differ from PyTorch's by {difference:.2g}.",
            "PyTorch can be used instead, which is slower.",
        )


def known_body(workspace: Workspace, body: nn.Module, height: int, width: int) -> OnnxBody | None:
    """`body` in ONNX Runtime if its file is there already, else None; as `stored_body`."""
    return stored_body(workspace, body_digest(body, height, width))


def derived_body(
    workspace: Workspace, body: nn.Module, height: int, width: int, progress: Progress = silent
) -> OnnxBody:
    """`body` in eval mode in ONNX Runtime; its file is written now, some seconds long, where it is missing or damaged.

    Before it is written, its features of a few random images are compared with PyTorch's. `body` stays as it is.

    Raises:
        ModelError: it cannot be exported, ONNX Runtime cannot run it, or gives other features than PyTorch.
        WorkspaceError: the file cannot be written.
        Cancelled: by `progress`, while another process derives.
    """
    digest = body_digest(body, height, width)
    if found := stored_body(workspace, digest):
        return found
    with file_lock(workspace.locks / "derived.lock", progress, "Another process prepares a network for ONNX Runtime."):
        if found := stored_body(workspace, digest):
            return found
        progress(None, "Prepares the network for ONNX Runtime.")
        from pipeline.networks.onnx_file import onnx_bytes  # seconds to load

        plain = copy.deepcopy(body).cpu().float().eval()
        example = torch.randn((3, 3, height, width), generator=torch.Generator().manual_seed(0))
        try:
            content = onnx_bytes(plain, example, _INPUT, _OUTPUT, {})
        except Cancelled:
            raise
        except Exception as error:  # torch's exporter raises many kinds
            raise ModelError(f"This network cannot be exported to ONNX: {error}.", "") from error
        _checked(content, plain, example)
        replace_file(_path(workspace, digest), content)
        _forget(workspace)
    return OnnxBody(_path(workspace, digest))


def _forget(workspace: Workspace) -> None:
    """Removes the files that were used longest ago, but for the last `KEPT`."""
    files = {path: path.stat().st_mtime for path in workspace.derived.glob("*.onnx")}
    for path in sorted(files, key=files.get)[:-KEPT]:
        path.unlink(missing_ok=True)
