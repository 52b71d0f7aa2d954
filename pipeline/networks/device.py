"""What this machine computes with. Asked without torch, so that pages can show it at once."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from pipeline.networks.nvidia import Card, TorchBuild, cards, torch_build, why_unusable


@dataclass(frozen=True)
class Device:
    """What a training computes with on this machine.

    Attributes:
        kind: the torch device that a training will ask for.
        name: of that card or processor.
        words: one phrase for a sentence "On …".
        cores: processor cores that this process may use.
        memory_gb, free_gb: the computer's memory in GiB.
        bf16: whether the processor multiplies bfloat16 in hardware.
        card: the NVIDIA card that is used, or the first one that cannot be used; None without any.
        problem: one sentence why `card` cannot be used; None where it can.
        others: how many further NVIDIA cards stay unused.
        torch: the installed PyTorch.
    """

    kind: Literal["cpu", "cuda", "mps"]
    name: str
    words: str
    cores: int
    memory_gb: float
    free_gb: float
    bf16: bool
    card: Card | None = None
    problem: str | None = None
    others: int = 0
    torch: TorchBuild | None = None


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "processor")


def _cpu_has(*flags: str) -> bool:
    """Whether the processor reports one of these features; False where the system does not tell them as Linux does."""
    try:
        reported = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return any(flag in reported for flag in flags)


def cpu_computes_bf16() -> bool:
    """Whether the processor multiplies bfloat16 in hardware (AVX-512 BF16 or AMX)."""
    return _cpu_has("avx512_bf16", "amx_bf16")


def cpu_computes_fp16() -> bool:
    """Whether the processor multiplies float16 in hardware (AVX-512 FP16), as oneDNN's convolutions need it."""
    return _cpu_has("avx512_fp16")


def _cores() -> int:
    here = psutil.Process()
    return len(here.cpu_affinity()) if hasattr(here, "cpu_affinity") else psutil.cpu_count()


def physical_cores() -> int:
    """Those that this process may use; two threads on one gain a network nothing."""
    return min(_cores(), psutil.cpu_count(logical=False) or _cores())


def describe(found: list[Card] | None = None) -> Device:
    """The device that a training will ask for: the first NVIDIA card that can be used, Apple's GPU, else the processor.

    Args:
        found: what `nvidia.cards` gave, for callers that keep its slow answer; None asks now.
    """
    found = cards() if found is None else found
    build, memory = torch_build(), psutil.virtual_memory()
    usable = [card for card in found if why_unusable(card, build) is None]
    card = next(iter(usable or found), None)
    here = {
        "cores": _cores(), "memory_gb": memory.total / 2**30, "free_gb": memory.available / 2**30,
        "bf16": cpu_computes_bf16(), "card": card, "others": max(len(found) - 1, 0), "torch": build,
    }
    if usable:
        return Device("cuda", card.name, f"GPU {card.name}", **here)
    problem = why_unusable(card, build) if card else None
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        words = f"Apple GPU, {here['memory_gb']:.0f} GB shared memory"
        return Device("mps", "Apple GPU", words, problem=problem, **here)
    cores = f"{here['cores']} core{'s' * (here['cores'] != 1)}"
    gpu = f"; the GPU {card.name} cannot be used" if card else ", no GPU found"
    words = f"{_cpu_name()} with {cores} and {here['memory_gb']:.0f} GB of memory{gpu}"
    return Device("cpu", _cpu_name(), words, problem=problem, **here)


def _built_for(capability: tuple[int, int], architectures: list[str]) -> bool:
    """Whether binaries for one of `architectures` ("sm_86") run there: same major version, and no newer minor one."""
    numbers = [int("".join(filter(str.isdigit, name))) for name in architectures if name.startswith("sm_")]
    return any(number // 10 == capability[0] and number % 10 <= capability[1] for number in numbers)


def _first_cuda_device(device: Device, note) -> str:
    import torch

    if not torch.cuda.is_available():
        try:
            torch.cuda.init()
            reason = "it reports no card"
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0].rstrip(".")
        note(f"The GPU {device.name} is there, but CUDA did not start ({reason}): training on the processor.")
        return "cpu"
    count, architectures = torch.cuda.device_count(), torch.cuda.get_arch_list()
    for index in range(count):
        if _built_for(torch.cuda.get_device_capability(index), architectures):
            torch.cuda.set_device(index)
            if count > 1:
                note(f"Uses the GPU {torch.cuda.get_device_name(index)}, one of {count}: the first that can be used.")
            return "cuda"
    capability = ".".join(map(str, torch.cuda.get_device_capability(0)))
    note(
        f"The GPU {device.name} has compute capability {capability}; this PyTorch ({torch.__version__}) is built for "
        f"{', '.join(architectures)}: training on the processor."
    )
    return "cpu"


def torch_device(device: Device, note) -> str:
    """The name of the torch device for `device`; where torch cannot use it, says so through `note` and gives "cpu".

    Of several NVIDIA cards the first that can be used becomes torch's current one.
    """
    if device.kind == "cuda":
        os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")  # the driver's order, not fastest first
        return _first_cuda_device(device, note)
    if device.problem:
        note(f"{device.problem} Training on the processor.")
    if device.kind == "mps":
        import torch

        return "mps" if torch.backends.mps.is_available() else "cpu"
    return "cpu"
