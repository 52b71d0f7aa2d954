"""NVIDIA cards as their driver reports them, and whether the installed PyTorch can use them. Asked without torch."""

import contextlib
import importlib.metadata
import os
import re
import threading
from dataclasses import dataclass

import pynvml

_SECONDS_TO_ANSWER = 10  # a driver that has to wake several cards takes some
# what CUDA needs, by major version: the oldest driver branch (NVIDIA's release notes, "minor version compatibility")
_OLDEST_DRIVER = {11: 450, 12: 525, 13: 580}
# and the lowest compute capability that PyTorch's wheels are built for; of older CUDA versions only torch itself knows
_LOWEST_CAPABILITY = {13: (7, 5)}


@dataclass(frozen=True)
class Card:
    """One NVIDIA card.

    Attributes:
        index: its number in the driver's order (by PCI bus).
        memory_gb: GiB; None where the card shares the computer's memory.
        driver: the driver's version, such as "580.82.07".
        cuda: the newest CUDA version that the driver serves, such as "13.0".
        capability: compute capability, such as (7, 5); None where the driver does not report it.
    """

    index: int
    uuid: str
    name: str
    memory_gb: float | None
    driver: str
    cuda: str
    capability: tuple[int, int] | None


@dataclass(frozen=True)
class TorchBuild:
    """The installed PyTorch: `version`, and the `cuda` version that it was built for, None for a build without."""

    version: str
    cuda: str | None

    @property
    def words(self) -> str:
        return f"PyTorch {self.version.partition('+')[0]}, built for " + (f"CUDA {self.cuda}" if self.cuda else "CPU")


def torch_build() -> TorchBuild | None:
    """Version and CUDA version of the installed PyTorch, read from its files; None where it is not installed."""
    try:
        installed = importlib.metadata.distribution("torch")
        about = installed.locate_file("torch/version.py").read_text(encoding="utf-8")
    except (importlib.metadata.PackageNotFoundError, OSError):
        return None
    found = re.search(r"^cuda\b.*=\s*['\"]([\d.]+)['\"]", about, re.MULTILINE)
    return TorchBuild(installed.version, found[1] if found else None)


def cards() -> list[Card]:
    """The cards that the driver reports and that `CUDA_VISIBLE_DEVICES` leaves visible; empty without a driver."""
    found: list[Card] = []
    # a driver that hangs trains nothing; its thread is left behind
    asking = threading.Thread(target=lambda: found.extend(_reported()), name="nvml", daemon=True)
    asking.start()
    asking.join(_SECONDS_TO_ANSWER)
    return [] if asking.is_alive() else _visible(found)


def _reported() -> list[Card]:
    """What NVIDIA's own library (NVML) says, by PCI bus; nothing where it is not installed or finds no driver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        driver, cuda = pynvml.nvmlSystemGetDriverVersion(), pynvml.nvmlSystemGetCudaDriverVersion()
        served = f"{cuda // 1000}.{cuda % 1000 // 10}"
        return [_card(index, driver, served) for index in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return []
    finally:
        pynvml.nvmlShutdown()


def _card(index: int, driver: str, cuda: str) -> Card:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory, capability = None, None
    with contextlib.suppress(pynvml.NVMLError_NotSupported):
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle).total / 2**30
    with contextlib.suppress(pynvml.NVMLError_NotSupported):
        capability = pynvml.nvmlDeviceGetCudaComputeCapability(handle)
    return Card(
        index, pynvml.nvmlDeviceGetUUID(handle), pynvml.nvmlDeviceGetName(handle), memory, driver, cuda, capability
    )


def _visible(found: list[Card]) -> list[Card]:
    """Those that CUDA_VISIBLE_DEVICES names, in its order; what follows an unknown name is hidden, as CUDA does it."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return found
    visible = []
    for name in (part.strip() for part in named.split(",")):
        chosen = [card for card in found if name == str(card.index) or (name and card.uuid.startswith(name))]
        if not chosen:
            break
        visible.append(chosen[0])
    return visible


def why_unusable(card: Card, build: TorchBuild | None) -> str | None:
    """One sentence why this PyTorch cannot use `card`; None where nothing known speaks against it."""
    if build is None:
        return f"The GPU {card.name} cannot be used: PyTorch is not installed."
    if build.cuda is None:
        return f"The GPU {card.name} cannot be used: the installed PyTorch ({build.version}) is built for the CPU only."
    major = int(build.cuda.partition(".")[0])
    lowest = _LOWEST_CAPABILITY.get(major)
    if lowest and card.capability and card.capability < lowest:
        return (
            f"The GPU {card.name} is too old for this PyTorch: it has compute capability "
            f"{card.capability[0]}.{card.capability[1]}, and {build.words}, starts at {lowest[0]}.{lowest[1]}."
        )
    oldest, driver = _OLDEST_DRIVER.get(major), card.driver.partition(".")[0]
    if oldest and driver.isdecimal() and int(driver) < oldest:
        return (
            f"The GPU {card.name} cannot be used with its driver {card.driver}: {build.words}, needs driver {oldest} "
            "or newer."
        )
    return None
