"""A stand-in for NVIDIA's driver library: tests pose as machines with other cards; what asks it is the real pynvml."""

import ctypes

import pynvml

# name, MiB (None: shared with the computer), driver, compute capability, newest CUDA of the driver
T4 = ("Tesla T4", 15360, "580.82.07", (7, 5), 13000)
H100 = ("NVIDIA H100 80GB HBM3", 81559, "580.82.07", (9, 0), 13000)
V100 = ("Tesla V100-SXM2-16GB", 16384, "580.82.07", (7, 0), 13000)
P100 = ("Tesla P100-PCIE-16GB", 16384, "550.54.15", (6, 0), 12040)
K80 = ("Tesla K80", 11441, "470.256.02", (3, 7), 11040)
OLD_DRIVER_T4 = ("Tesla T4", 15109, "535.183.01", (7, 5), 12020)
GRACE = ("NVIDIA GB10", None, "580.82.07", (12, 1), 13000)


class Library:
    """libnvidia-ml as C has it: each function writes where it is pointed to, and gives an error number."""

    def __init__(self, cards: tuple):
        self._cards = cards

    def _index(self, handle) -> int:
        return ctypes.cast(handle, ctypes.c_void_p).value - 1

    def nvmlInitWithFlags(self, flags):
        return pynvml.NVML_SUCCESS if self._cards else pynvml.NVML_ERROR_DRIVER_NOT_LOADED

    def nvmlShutdown(self):
        return pynvml.NVML_SUCCESS

    def nvmlSystemGetDriverVersion(self, text, size):
        text.value = self._cards[0][2].encode()
        return pynvml.NVML_SUCCESS

    def nvmlSystemGetCudaDriverVersion(self, number):
        number._obj.value = self._cards[0][4]
        return pynvml.NVML_SUCCESS

    def nvmlDeviceGetCount_v2(self, number):
        number._obj.value = len(self._cards)
        return pynvml.NVML_SUCCESS

    def nvmlDeviceGetHandleByIndex_v2(self, index, handle):
        address = ctypes.cast(ctypes.pointer(handle._obj), ctypes.POINTER(ctypes.c_void_p))
        address[0] = ctypes.c_void_p(index.value + 1)
        return pynvml.NVML_SUCCESS

    def nvmlDeviceGetUUID(self, handle, text, size):
        text.value = f"GPU-0{self._index(handle)}c0ffee-0000-0000-0000-000000000000".encode()
        return pynvml.NVML_SUCCESS

    def nvmlDeviceGetName(self, handle, text, size):
        text.value = self._cards[self._index(handle)][0].encode()
        return pynvml.NVML_SUCCESS

    def nvmlDeviceGetMemoryInfo(self, handle, memory):
        mebibytes = self._cards[self._index(handle)][1]
        if mebibytes is None:
            return pynvml.NVML_ERROR_NOT_SUPPORTED
        memory._obj.total = mebibytes * 2**20
        return pynvml.NVML_SUCCESS

    def nvmlDeviceGetCudaComputeCapability(self, handle, major, minor):
        major._obj.value, minor._obj.value = self._cards[self._index(handle)][3]
        return pynvml.NVML_SUCCESS


def install(monkeypatch, *cards: tuple) -> Library:
    """Lets pynvml find a driver that reports `cards`; without cards, a library that finds no driver."""
    library = Library(cards)
    monkeypatch.setattr(pynvml, "nvmlLib", library)
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return library
