"""A stand-in for nvidia-smi on the PATH: tests pose as machines with other cards, and the parser is the real one."""

import os
import stat
from pathlib import Path

# index, uuid, name, MiB, driver, compute capability (None: this driver does not know the field), CUDA of the driver
T4 = ("Tesla T4", "15360", "580.82.07", "7.5", "13.0")
H100 = ("NVIDIA H100 80GB HBM3", "81559", "580.82.07", "9.0", "13.0")
V100 = ("Tesla V100-SXM2-16GB", "16384", "580.82.07", "7.0", "13.0")
P100 = ("Tesla P100-PCIE-16GB", "16384", "550.54.15", "6.0", "12.4")
K80 = ("Tesla K80", "11441", "470.256.02", None, "11.4")
OLD_DRIVER_T4 = ("Tesla T4", "15109", "535.183.01", "7.5", "12.2")
GRACE = ("NVIDIA GB10", "[N/A]", "580.82.07", "12.1", "13.0")

_SCRIPT = """#!/bin/sh
case "$*" in
  *compute_cap*) {full} ;;
  *--query-gpu*) cat <<'END'
{short}
END
  ;;
  "") cat <<'END'
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI {driver}             Driver Version: {driver}      CUDA Version: {cuda}     |
|-----------------------------------------+------------------------+----------------------+
END
  ;;
  *) exit 6 ;;
esac
"""
_UNKNOWN_FIELD = "echo 'Field \"compute_cap\" is not a valid field to query.'; exit 2"


def install(folder: Path, monkeypatch, *cards: tuple) -> None:
    """Puts an nvidia-smi that reports `cards` first on the PATH; without cards, one that finds no driver."""
    folder.mkdir(exist_ok=True)
    script = folder / "nvidia-smi"
    if cards:
        rows = [
            (f"{i}, GPU-0{i}c0ffee-0000-0000-0000-000000000000, {name}, {memory}, {driver}", capability)
            for i, (name, memory, driver, capability, _) in enumerate(cards)
        ]
        short = "\n".join(row for row, _ in rows)
        full = _UNKNOWN_FIELD
        if all(capability for _, capability in rows):
            full = "printf '%s\\n' " + " ".join(f"'{row}, {capability}'" for row, capability in rows)
        script.write_text(_SCRIPT.format(full=full, short=short, driver=cards[0][2], cuda=cards[0][4]))
    else:
        script.write_text("#!/bin/sh\necho \"NVIDIA-SMI has failed because it couldn't reach the driver.\"\nexit 9\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
