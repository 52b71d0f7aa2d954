"""Memory of a training on the processor: kept from batch to batch, given back to the system after the training."""

import ctypes
import gc
import platform

# the numbers of glibc's malloc.h
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT = 2**31 - 1  # bytes: as much as the C int can say


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
