"""NVIDIA cards as their driver reports them, and whether the installed PyTorch can use them. Asked without torch."""

import importlib.metadata
import os
import re
import subprocess
from dataclasses import dataclass

_SECONDS_TO_ANSWER = 10  # a driver that has to wake several cards takes some
# what CUDA needs, by major version: the oldest driver branch (NVIDIA's release notes, "minor version compatibility")
_OLDEST_DRIVER = {11: 450, 12: 525, 13: 580}
# and the lowest compute capability that PyTorch's wheels are built for; of older CUDA versions only torch itself knows
_LOWEST_CAPABILITY = {13: (7, 5)}
# Kepler's last driver, 470, does not report the compute capability
_KEPLER = {"K80": (3, 7), "K40": (3, 5), "K20": (3, 5)}


@dataclass(frozen=True)
class Card:
    """One NVIDIA card.

    Attributes:
        index: its number in the driver's order (by PCI bus).
        memory_gb: GiB; None where the card shares the computer's memory.
        driver: the driver's version, such as "580.82.07".
        cuda: the newest CUDA version that the driver serves, such as "13.0"; None where it does not say.
        capability: compute capability, such as (7, 5); None where the driver does not report it.
    """

    index: int
    uuid: str
    name: str
    memory_gb: float | None
    driver: str
    cuda: str | None
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


def _ask(*arguments: str) -> str | None:
    """What nvidia-smi prints; None without a driver, or where it does not understand.

    Raises:
        subprocess.TimeoutExpired: it does not answer.
    """
    try:
        answer = subprocess.run(
            ["nvidia-smi", *arguments], capture_output=True, text=True, timeout=_SECONDS_TO_ANSWER, check=False
        )
    except OSError:
        return None
    return answer.stdout if answer.returncode == 0 else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None  # "[N/A]"


def _capability(name: str, text: str) -> tuple[int, int] | None:
    if found := re.fullmatch(r"(\d+)\.(\d+)", text):
        return int(found[1]), int(found[2])
    return next((known for part, known in _KEPLER.items() if part in name.split()), None)


def cards() -> list[Card]:
    """The cards that the driver reports and that `CUDA_VISIBLE_DEVICES` leaves visible; empty without a driver."""
    try:
        return _visible(_reported())
    except subprocess.TimeoutExpired:  # a driver that hangs trains nothing
        return []


def _reported() -> list[Card]:
    fields = "index,uuid,name,memory.total,driver_version"
    rows = _ask(f"--query-gpu={fields},compute_cap", "--format=csv,noheader,nounits") or _ask(
        f"--query-gpu={fields}", "--format=csv,noheader,nounits"  # drivers before 510 refuse the unknown field
    )
    if not rows:
        return []
    served = re.search(r"CUDA[\w ]*Version\s*:\s*(\d+\.\d+)", _ask() or "")  # only the table's head tells
    found = []
    for row in rows.splitlines():
        values = [value.strip() for value in row.split(",")]
        if len(values) < 5:
            continue
        index, uuid, name, memory, driver, capability = (*values, "")[:6]
        mebibytes = _number(memory)
        found.append(Card(
            int(index), uuid, name, mebibytes / 1024 if mebibytes else None, driver, served[1] if served else None,
            _capability(name, capability),
        ))
    return found


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
    oldest, driver = _OLDEST_DRIVER.get(major), _number(card.driver.partition(".")[0])
    if oldest and driver and driver < oldest:
        return (
            f"The GPU {card.name} cannot be used with its driver {card.driver}: {build.words}, needs driver {oldest} "
            "or newer."
        )
    return None
