"""A body in PyTorch whose GPU has room for a few images only: the same feature maps, or words."""

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.errors import ModelError
from pipeline.networks.torch_network import TorchBody


class _Room(nn.Module):
    """A body that so many images fit into at once."""

    def __init__(self, most: int):
        super().__init__()
        self.most, self.asked = most, []

    def forward(self, images):
        self.asked.append(len(images))
        if len(images) > self.most:
            raise torch.cuda.OutOfMemoryError("out of memory")
        return images * 2


@pytest.mark.parametrize(("most", "asked"), [(7, [7]), (2, [7, 3, 1, 2, 4, 2, 2])])
def test_images_that_do_not_fit_at_once_go_in_halves(most, asked):
    images, body = np.random.default_rng(0).random((7, 3, 4, 4), dtype=np.float32), _Room(most)
    np.testing.assert_array_equal(TorchBody(body, "cpu")(images), images * 2)
    assert body.asked == asked


def test_a_gpu_without_room_for_one_image_is_said():
    with pytest.raises(ModelError, match="^The GPU's memory is too small for one image. "):
        TorchBody(_Room(0), "cpu")(np.zeros((3, 3, 4, 4), dtype=np.float32))
