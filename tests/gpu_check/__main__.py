"""`python -m tests.gpu_check`: each row in a process of its own, stopped at its time; a table as text and as JSON.

Exit code 0: every row that this machine can run passed; 1: one did not; 2: there is no CUDA card.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import asdict
from pathlib import Path

from tests.gpu_check.brought import WHEELS, lacking, unpack
from tests.gpu_check.check_plan import MOST_SECONDS, ROWS, Outcome, with_needs

_ROOT = Path(__file__).resolve().parents[2]
_WIDTH = 120  # of the table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.gpu_check", description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="what is checked")
    parser.add_argument("--small", action="store_true", help="a few small batches: for a processor")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS),
                        help="only these, and those that they need")
    parser.add_argument("--patience", type=float, default=1.0, metavar="TIMES", help="each row may take so much longer")
    parser.add_argument("--wheels", type=Path, default=WHEELS, metavar="FOLDER", help="packages brought along")
    parser.add_argument("--out", type=Path, default=_ROOT / "gpu-check", metavar="FOLDER",
                        help="where the table goes, as gpu-check.txt and gpu-check.json, and gpu-check.log")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as Ctrl-C does: no row outlives the check
    with tempfile.TemporaryDirectory(prefix="gpu-check-", ignore_cleanup_errors=True) as place:
        brought = unpack(arguments.wheels, Path(place) / "packages")
        if missing := lacking(brought):
            print(f"This Python ({sys.executable}) lacks {', '.join(missing)}. Name another: make PYTHON=… gpu-check",
                  file=sys.stderr)
            return 1
        found = _checked(arguments, Path(place))
    if (first := found["device"]).state == "not run":
        print(f"{first.words.rstrip('.')}; --device cpu --small checks the rows on the processor.", file=sys.stderr)
        return 2
    text = _table(found, brought)
    (arguments.out / "gpu-check.txt").write_text(text + "\n", encoding="utf-8")
    (arguments.out / "gpu-check.json").write_text(json.dumps({
        "device": arguments.device, "small": arguments.small, "python": sys.version.split()[0], "brought": brought,
        "seconds": sum(outcome.seconds for outcome in found.values()),
        "rows": {name: asdict(outcome) for name, outcome in found.items()},
    }, indent=1), encoding="utf-8")
    print(text)
    return int(any(outcome.state == "failed" for outcome in found.values()))


def _checked(arguments: argparse.Namespace, place: Path) -> dict[str, Outcome]:
    """The outcome of each row that was asked for; after a machine without a card of the first alone."""
    found: dict[str, Outcome] = {}
    with (arguments.out / "gpu-check.log").open("wb") as log:
        for name in with_needs(arguments.rows):
            needs = ROWS[name].needs
            if needs and found[needs].state != "passed":
                found[name] = Outcome("not run", f"It needs the row {needs}.", {})
                continue
            print(f"{name}: {ROWS[name].title}", file=sys.stderr, flush=True)
            found[name] = _row(name, arguments, place, log)
            if name == "device" and found[name].state == "not run":
                return found
    return found


def _row(name: str, arguments: argparse.Namespace, place: Path, log) -> Outcome:
    """Runs a row and ends all of its processes, in its time or when that is over."""
    answer, limit = place / f"{name}.json", ROWS[name].seconds * arguments.patience
    command = [sys.executable, "-W", "ignore", "-m", "tests.gpu_check.one_row", name, "--device", arguments.device,
               "--out", str(answer), *["--small"] * arguments.small]
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=_ROOT, env=_environment(arguments.device, place), stdout=log, stderr=log,
                               stdin=subprocess.DEVNULL, start_new_session=True)
    late = False
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        late = True
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    seconds = time.monotonic() - started
    if late:
        return Outcome("failed", f"It was stopped after {limit:.0f} seconds.", {}, seconds)
    if process.returncode or not answer.exists():
        return Outcome("failed", f"Its process ended with {process.returncode}; gpu-check.log says more.", {}, seconds)
    return Outcome(**{**json.loads(answer.read_text(encoding="utf-8")), "seconds": seconds})


def _environment(device: str, place: Path) -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(place / "packages"), os.environ.get("PYTHONPATH")]))
    hidden = {"CUDA_VISIBLE_DEVICES": ""} if device == "cpu" else {}
    return {**os.environ, "LESIONLAB_HOME": str(place / "workspace"), "PYTHONPATH": path, "PYTHONUTF8": "1", **hidden}


def _table(found: dict[str, Outcome], brought: dict[str, str]) -> str:
    """A row each: its name, seconds, state, and what was measured below its title."""
    lines = [f"{'row':<10}{'seconds':>8}  {'result':<9}what was measured"]
    for name, outcome in found.items():
        words = textwrap.wrap(f"{ROWS[name].title}: {outcome.words}", _WIDTH - 29)
        lines.append(f"{name:<10}{outcome.seconds:>8.1f}  {outcome.state:<9}{words[0]}")
        lines += [" " * 29 + line for line in words[1:]]
    total = sum(outcome.seconds for outcome in found.values())
    packages = ", ".join(f"{name} {version}" for name, version in brought.items()) or "none"
    return "\n".join([*lines, f"{total:.0f} of {MOST_SECONDS} seconds; packages brought along: {packages}"])


if __name__ == "__main__":
    sys.exit(main())
