"""Memory of a training: smaller batches where the GPU's runs out, freed memory kept and given back on the processor."""

import ctypes
import gc
import platform
from collections.abc import Callable
from typing import TypeVar

import torch

from pipeline.errors import TrainingError

T = TypeVar("T")
SMALLEST_BATCH = 2  # BatchNorm needs two
# the numbers of glibc's malloc.h
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT = 2**31 - 1  # bytes: as much as the C int can say


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


def keep_freed_memory() -> bool:
    """From now on this process keeps what it frees; False where its C library is not glibc, which alone can be told so.

    glibc maps each large tensor anew and unmaps it when it is freed, so the system fills every page with zeros again:
    a fifth of the time of a training step. The most memory that was ever in use at once stays with the process.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    return all([libc.mallopt(_MMAP_THRESHOLD, 2**30), libc.mallopt(_TRIM_THRESHOLD, _KEPT)])


def give_back_freed_memory() -> None:
    """Gives what this process has freed and kept back to the system; does nothing where its C library is not glibc."""
    gc.collect()  # learners and their callbacks hold each other
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)
