"""`python -m tests.hostile.run [KIND…]`: the whole corpus, each input in a process of its own; a table of what came.

A process is watched for what it writes outside of its folder, for its memory and for its time.
"""

import argparse
import contextlib
import importlib
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from pipeline.errors import LesionLabError
from tests.hostile.case import KINDS, Case, cases_of

MOST_SECONDS, MOST_BYTES = 60, 10**9
_TORCH_BYTES = 600 * 10**6  # what torch, fastai and captum take by being loaded, libraries of the disk included
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = ("os.mkdir", "os.rename", "os.link", "os.symlink", "os.remove", "os.rmdir", "os.truncate", "shutil.rmtree")


@dataclass(frozen=True)
class Outcome:
    """What came of a case: `problem` is empty where it went as it must; peak memory in bytes, children included."""

    kind: str
    name: str
    problem: str
    seconds: float
    peak: int


def _watch(folder: Path, outside: list[str]) -> None:
    """Notes in `outside` what this process changes anywhere but in `folder`, from now on."""
    within = (str(folder), "/dev/", "/proc/", "pipe:", "/memfd:")

    def hook(event: str, arguments: tuple) -> None:
        if event == "open":
            path, mode, flags = arguments
            if not (flags & _WRITES if isinstance(flags, int) else mode and set(mode) & set("wax+")):
                return
            paths = [path]
        elif event in _CHANGES:
            # a link's first path is what it says, not what is changed
            changed = arguments[1:2] if event in ("os.link", "os.symlink") else arguments[:2]
            paths = [path for path in changed if isinstance(path, (str, bytes, os.PathLike))]
        else:
            return
        for path in paths:
            if isinstance(path, (str, bytes, os.PathLike)):
                place = os.path.realpath(os.fsdecode(path))
                if not place.startswith(within) and "__pycache__" not in place:
                    outside.append(f"{event} {place}")

    sys.addaudithook(hook)


def _peak() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0


def _hand_over(kind: str, name: str, folder: str, answer) -> None:
    """In the process of the case: hands it over and sends back what is wrong, peak memory, and whether it has torch."""
    place, outside = Path(folder), []
    os.chdir(place)
    os.environ |= {"TMPDIR": folder, "HOME": folder, "LESIONLAB_HOME": str(place / "home"),
                   "MPLCONFIGDIR": str(place / "matplotlib"),
                   "TORCHINDUCTOR_CACHE_DIR": str(place / "torch")}  # a caller that has torch handed its own down
    tempfile.tempdir = folder
    case = cases_of(kind)[name]
    with open(place / "said", "w", errors="backslashreplace") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    _watch(place, outside)
    try:
        case.hand_over(place)
        came = "right"
    except LesionLabError:
        came = "refused"
    except BaseException:  # noqa: BLE001 - whatever it is, it is the defect that is looked for
        answer.send((traceback.format_exc(limit=-4), _peak(), "torch" in sys.modules))
        return
    problem = "" if case.expect in (came, "either") else f"{came}, but must be {case.expect}"
    if outside:
        problem = f"wrote outside: {'; '.join(outside[:3])}"
    answer.send((problem, _peak(), "torch" in sys.modules))


def family_memory(pid: int) -> int:
    """Resident bytes of a process and of its children, without what these share with it or with others."""
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):  # one may have answered and ended in the meantime
        process = psutil.Process(pid)
        total = process.memory_info().rss
        for child in process.children(recursive=True):
            total += child.memory_full_info().uss  # a child just forked has all of its parent's pages resident
    return total


def _end(pid: int) -> None:
    process = psutil.Process(pid)
    for one in (*process.children(recursive=True), process):
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue


def outcome(kind: str, case: Case, context=None) -> Outcome:
    """Runs one case."""
    context = context or fresh_context()
    folder = Path(tempfile.mkdtemp(prefix="hostile-")).resolve()
    here, there = context.Pipe(duplex=False)
    started, peak, most, problem = time.monotonic(), 0, MOST_BYTES, ""
    process = context.Process(target=_hand_over, args=(kind, case.name, str(folder), there))
    process.start()
    there.close()
    try:
        while not here.poll(0.02):
            peak = max(peak, family_memory(process.pid))
            if peak > 2 * MOST_BYTES or time.monotonic() - started > MOST_SECONDS:
                problem = "took too much memory" if peak > 2 * MOST_BYTES else f"took more than {MOST_SECONDS} s"
                _end(process.pid)
                break
        else:
            problem, own, torch = here.recv()
            peak, most = max(peak, own), MOST_BYTES + _TORCH_BYTES * torch
    except (EOFError, psutil.NoSuchProcess):
        problem = f"its process died (exit code {process.exitcode})"
    seconds = time.monotonic() - started
    process.join(10)
    shutil.rmtree(folder, ignore_errors=True)
    if not problem and peak > most:
        problem = f"took {peak / 1e6:,.0f} MB"
    return Outcome(kind, case.name, problem, seconds, peak)


def fresh_context(kinds: Iterable[str] = ()):
    """Processes that are forked from one which has loaded what cases of `kinds` need, as a module of cases names it in
    PRELOAD, and nothing of the caller's.
    """
    context = multiprocessing.get_context("forkserver")
    modules = [importlib.import_module(f"tests.hostile.{kind}") for kind in kinds]
    needed = [name for module in modules for name in getattr(module, "PRELOAD", ())]
    context.set_forkserver_preload([
        "pandas", "PIL.Image", "pipeline.cli", "pipeline.data.importing", "app.loaders.image_pixels",
        "app.components.models.visitor_image", "pipeline.inference.predict_files", *needed,
    ])
    return context


def outcomes(kinds: Iterable[str] = KINDS, *, fast: bool = False) -> list[Outcome]:
    """Runs all cases of `kinds`, or those that CI runs, and prints each defect as it comes."""
    kinds = tuple(kinds)
    context, found = fresh_context(kinds), []
    for kind in kinds:
        for case in cases_of(kind).values():
            if case.fast or not fast:
                found.append(outcome(kind, case, context))
                if found[-1].problem:
                    print(f"{kind}/{case.name}: {found[-1].problem}", flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.run", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; all without one")
    parser.add_argument("--fast", action="store_true", help="only those that CI runs")
    arguments = parser.parse_args()
    if unknown := set(arguments.kinds) - set(KINDS):
        parser.error(f"there is no kind {', '.join(sorted(unknown))}")
    all_found = outcomes(arguments.kinds or KINDS, fast=arguments.fast)
    print(f"{'kind':<12}{'inputs':>7}{'defects':>9}{'peak MB':>9}{'slowest s':>11}{'all s':>8}")
    for kind in arguments.kinds or KINDS:
        found = [one for one in all_found if one.kind == kind]
        if found:
            print(f"{kind:<12}{len(found):>7}{sum(bool(one.problem) for one in found):>9}"
                  f"{max(one.peak for one in found) / 1e6:>9.0f}{max(one.seconds for one in found):>11.1f}"
                  f"{sum(one.seconds for one in found):>8.0f}")
    return int(any(one.problem for one in all_found))


if __name__ == "__main__":
    sys.exit(main())
