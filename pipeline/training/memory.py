"""What a training does when the GPU's memory runs out: halve the batches, say so, and try again."""

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

from pipeline.errors import TrainingError

T = TypeVar("T")
SMALLEST_BATCH = 2  # BatchNorm needs two


def within_memory(fit: Callable[[int], T], batch_size: int, note: Callable[[str], None]) -> tuple[T, int]:
    """Calls `fit(batch_size)`, and again with half of it whenever the GPU's memory runs out.

    Args:
        fit: has to start from a known state each time (the last full epoch), because a call that ran out of memory
            may have trained some batches.
        batch_size: the first to try.
        note: told each halving in one sentence.

    Returns:
        what `fit` gave, and the batch size with which it did.

    Raises:
        TrainingError: even two images in a batch are too many.
    """
    while True:
        try:
            return fit(batch_size), batch_size
        except torch.cuda.OutOfMemoryError as error:
            if batch_size <= SMALLEST_BATCH:
                raise TrainingError(
                    f"The GPU's memory is too small even for {batch_size} images in a batch.",
                    "Choose a smaller image size or a smaller network.",
                ) from error
        # here the exception is gone, and with it the frames that held the tensors
        smaller = max(batch_size // 2, SMALLEST_BATCH)
        note(f"The GPU's memory ran out with {batch_size} images in a batch: goes on with {smaller}.")
        batch_size = smaller
        gc.collect()
        torch.cuda.empty_cache()
