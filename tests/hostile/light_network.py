"""A model without PyTorch, which takes a gigabyte by itself: all of `predict` but the network is the real thing."""

import sys
import types

import numpy as np

from pipeline.data.prepare import prepare_image
from pipeline.files.disk import replace_file
from pipeline.files.workspace import Workspace
from pipeline.models.model_info import ModelInfo, write_model_info
from tests.hand_made import CODES


class Predictor:
    """Says the same of every image; see `pipeline.inference.predictor`."""

    def __init__(self, info: ModelInfo, device: str = "cpu"):
        self.info = info

    def prepare(self, image) -> np.ndarray:
        return prepare_image(image, self.info.height, self.info.width, self.info.resize, self.info.detail)

    def probabilities(self, batch: list[np.ndarray]) -> np.ndarray:
        share = np.arange(1, len(self.info.classes) + 1, dtype=np.float32)
        return np.tile(share / share.sum(), (len(batch), 1))


def stand_in(workspace: Workspace, name: str) -> None:
    """Makes a model of that name, and lets this process open every model as such a one."""
    info = ModelInfo(
        name=name, folder=workspace.models / name, classes=CODES, run="none", data="none", data_hash="", generated=True,
        arch="efficientnet_lite0", weights="random", width=64, height=48, resize="squish", normalize=True,
        loss="cross_entropy", training_images=0, training_lesions=0, split="lesion", validation=None, created=1.0,
        licence="Apache 2.0", attribution="nobody",
    )
    replace_file(info.folder / "model.safetensors", b"")
    write_model_info(info)
    module = "pipeline.inference.predictor"
    sys.modules[module] = types.ModuleType(module)
    vars(sys.modules[module])["Predictor"] = Predictor
