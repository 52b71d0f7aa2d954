"""Models that nobody trained: random weights, and statistics of their layers as after a training."""

import torch

from pipeline.files.disk import replace_file
from pipeline.files.workspace import Workspace
from pipeline.models.model_info import ModelInfo, write_model_info
from tests.hand_made import CODES


def settle(network):
    """Lets BatchNorm see a few random images, so that outputs depend on the input as a trained network's do."""
    network.train()
    with torch.no_grad():
        for _ in range(5):
            network(torch.rand(8, 3, 64, 64))
    return network.eval()


def make_model(workspace: Workspace, name: str, arch: str, seed: int = 0, **changes) -> ModelInfo:
    """A model under `models` with an untrained network, as if it had been trained on generated images."""
    from safetensors.torch import save

    from pipeline.networks.architectures import build_network

    torch.manual_seed(seed)
    fields = {
        "name": name, "folder": workspace.models / name, "classes": CODES, "run": "none", "data": "none",
        "data_hash": "", "generated": True, "arch": arch, "weights": "random", "width": 64, "height": 48,
        "resize": "squish", "normalize": True, "loss": "cross_entropy", "training_images": 0, "training_lesions": 0,
        "split": "lesion", "validation": None, "created": 1.0, "licence": "Apache 2.0", "attribution": "nobody",
    }
    info = ModelInfo(**{**fields, **changes})
    network = settle(build_network(arch, len(info.classes), "random", head=info.head))
    replace_file(info.folder / "model.safetensors", save(network.state_dict()))
    write_model_info(info)
    return info
