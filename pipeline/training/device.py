"""What this machine computes with. Asked without torch, so that pages can show it at once."""

import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil


@dataclass(frozen=True)
class Device:
    """A compute device: `kind`, its `name`, one sentence of `words`, processor cores and memory in GiB."""

    kind: Literal["cpu", "cuda", "mps"]
    name: str
    words: str
    cores: int
    memory_gb: float


def _nvidia_names() -> list[str]:
    """Names of the NVIDIA cards that the driver reports; empty without a driver."""
    try:
        answer = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True, text=True, timeout=10, check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in answer.stdout.splitlines() if line.strip()] if answer.returncode == 0 else []


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "processor")


def cpu_computes_bf16() -> bool:
    """Whether the processor multiplies bfloat16 in hardware (AVX-512 BF16 or AMX)."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def describe() -> Device:
    """The device that a training will ask for: the first NVIDIA card, Apple's GPU, else the processor."""
    cores = len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else psutil.cpu_count()
    memory = psutil.virtual_memory().total / 2**30
    cards = _nvidia_names()
    if cards:
        return Device("cuda", cards[0], f"GPU {cards[0]}", cores, memory)
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return Device("mps", "Apple GPU", f"Apple GPU, {memory:.0f} GB shared memory", cores, memory)
    words = f"{_cpu_name()} with {cores} core{'s' * (cores != 1)} and {memory:.0f} GB of memory, no GPU found"
    return Device("cpu", _cpu_name(), words, cores, memory)


def torch_device(device: Device, note) -> str:
    """The name of the torch device for `device`; where torch cannot use it, says so through `note` and gives "cpu"."""
    import torch

    if device.kind == "cuda":
        if torch.cuda.is_available():
            return "cuda"
        note(f"{device.name} is there, but this torch ({torch.__version__}) cannot use it: training on the processor.")
    if device.kind == "mps" and torch.backends.mps.is_available():
        return "mps"
    return "cpu"
