"""How import, split, audit, figures and the pages that read a data set grow with it: 1,000 to 400,000 rows.

`python -m tests.benchmarks.growth [--tiny] [--sizes N…] [--json]`. Metadata with HAM10000's shares is generated over
JPEGs of 16×12 pixels in one HDF5 file (`grown_data`), imported, split by lesion, given a run by hand (a fifth of the
rows judged) and served. Of the audit the search for pairs is timed, on generated features: what a network takes for an
image does not grow. Each step runs in a process of its own, with the peak of its memory in all, and above what it held
before. A page's first visit is the one that reads the tables; the others find them in the caches. The processor's time,
which other work on the machine hardly lengthens, stands beside each time. Goals: time and memory per row do not grow
from the size before the largest to the largest (a thousand rows are dominated by what any import costs); a step and the
server take at most 2 GB; pages p95 under 300 ms, and at most 1.5 times what they take at 10,000 rows.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.audit.near_duplicates import similar_pairs
from pipeline.data.dataset import load_dataset
from pipeline.data.importing import import_dataset
from pipeline.data.split import make_split
from pipeline.evaluation.evaluate import evaluate_run
from pipeline.files.workspace import Workspace
from pipeline.runs.run_dir import list_runs
from tests.benchmarks.grown_data import FEATURES, ORIENTATIONS, write_grown_features, write_grown_folder
from tests.benchmarks.page_visits import GOAL_MS, ROOT, page_times, timed_process, timed_visit, wait_until_it_answers
from tests.hand_made import make_run

SIZES, TINY = (1_000, 10_000, 100_000, 400_000), (100, 200, 400)
RERUNS, TINY_RERUNS = 20, 2
SEED = 0
TOLERANCE = 1.25  # noise of a machine that is not quite alone
MOST_BYTES = 2 * 10**9  # of a step, and of the server
PAGE_BASE, PAGE_GROWTH = 10_000, 1.5  # rows whose pages the others are compared with, and how much longer they may take
_NAME = "grown"
_PAGES = {
    "Data sets, counts": f"dataset?data={_NAME}&view=counts",
    "Data sets, counts of lesions": f"dataset?data={_NAME}&view=counts&by=localization&count=lesions",
    "Data sets, images": f"dataset?data={_NAME}&view=images",
    "Data sets, images of a filter": f"dataset?data={_NAME}&view=images&dx=mel&sex=female",
    "Errors, highest losses": "errors?run={run}", "Errors, a cell": "errors?run={run}&truth=mel&predicted=nv",
    "Errors, truth hidden": "errors?run={run}&quiz=all",
    "Judge, each diagnosis": "judge?run={run}", "Judge, subgroups": "judge?run={run}&topic=subgroups",
    "Judge, operating point": "judge?run={run}&topic=operating-point",
}


def peak_bytes(process: int | str = "self") -> int:
    """The most memory that a process has held since it began, or since `forget_peak`."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def _import(workspace: Workspace, source: Path) -> None:
    import_dataset(workspace, source, _NAME)


def _split(workspace: Workspace, source: Path) -> None:
    make_split(load_dataset(workspace, _NAME).metadata(), "lesion", SEED)


def _pairs(workspace: Workspace, source: Path) -> None:
    place = _features_of(source)
    features = np.memmap(place / "features.f4", np.float32, "r").reshape(-1, FEATURES)
    similar_pairs(features, np.fromfile(place / "hashes.u8", np.uint64).reshape(-1, ORIENTATIONS))


def _figures(workspace: Workspace, source: Path) -> None:
    evaluate_run(list_runs(workspace)[0])


def _features_of(source: Path) -> Path:
    return source.with_name("features")


STEPS = {"import": _import, "split": _split, "audit, pairs": _pairs, "figures": _figures}


def do_step(name: str, home: Path, source: Path) -> dict[str, float]:
    """Runs one of STEPS in this process: seconds, processor seconds, bytes at its peak, in all (`peak`) and above what
    was held before (`bytes`)."""
    import sklearn.model_selection  # noqa: F401  not a part of what the rows cost

    _forget_peak()
    before, started, worked = peak_bytes(), time.perf_counter(), time.process_time()
    STEPS[name](Workspace(home), source)
    return {"seconds": time.perf_counter() - started, "processor": time.process_time() - worked,
            "bytes": max(peak_bytes() - before, 0), "peak": peak_bytes()}


def _step_apart(name: str, home: Path, source: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.growth", "--step", name, str(home), str(source)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout)


def steps_of(rows: int, place: Path) -> tuple[Workspace, list[dict]]:
    """A workspace with the data set of that size and a finished run on it, and what each step took."""
    source = write_grown_folder(place / "source", rows, SEED)
    write_grown_features(_features_of(source), rows, SEED)
    workspace = Workspace(place / "home").create()
    measured = []
    for name in STEPS:
        if name == "figures":
            make_run(workspace, load_dataset(workspace, _NAME))
        measured.append({"step": name, "rows": rows, **_step_apart(name, workspace.home, source)})
    return workspace, [
        {**row, "us_per_row": 1e6 * row["seconds"] / rows, "processor_us_per_row": 1e6 * row["processor"] / rows,
         "kb_per_row": row["bytes"] / 1e3 / rows}
        for row in measured
    ]


def pages_of(rows: int, workspace: Workspace, place: Path, reruns: int) -> tuple[pd.DataFrame, int]:
    """Server time in ms of each page: its first visit, and p50, p95 and the greatest of the later ones; and the most
    bytes that the server held."""
    run = list_runs(workspace)[0]
    asked = {name: address.format(run=run.name) for name, address in _PAGES.items()}
    log = place / "times"
    with timed_process(workspace.home, log) as (url, server):
        wait_until_it_answers(url)
        timed_visit(url, "", log)  # what any first page loads
        first = {name: 1000 * timed_visit(url, address, log)[0]["seconds"] for name, address in asked.items()}
        table, held = page_times(url, log, asked, reruns), peak_bytes(server)
    table.insert(0, "rows", rows)
    return table.assign(first_ms=table["page"].map(first)), held


def page_growth(pages: pd.DataFrame) -> pd.DataFrame:
    """How many times as long each page takes, by the median, as at PAGE_BASE rows: a row a page, a column a larger
    size."""
    by_rows = pages.pivot(index="page", columns="rows", values="p50_ms")
    larger = [rows for rows in by_rows if rows > PAGE_BASE]
    return by_rows[larger].div(by_rows[PAGE_BASE], axis=0) if PAGE_BASE in by_rows else by_rows[[]]


def growth_per_row(steps: pd.DataFrame) -> pd.DataFrame:
    """How many times as much a row costs at the largest size as at the one before it, by step."""
    middle, largest = sorted(steps["rows"].unique())[-2:]
    names = {"us_per_row": "time", "processor_us_per_row": "processor_time", "kb_per_row": "memory"}
    by_step = steps.set_index(["rows", "step"])[list(names)]
    return (by_step.loc[largest] / by_step.loc[middle].replace(0, np.nan)).rename(columns=names)


def conditions() -> dict[str, object]:
    """What the figures depend on."""
    return {"cores": os.cpu_count(), "load_average": round(os.getloadavg()[0], 1), "python": platform.python_version(),
            "pandas": pd.__version__, "numpy": np.__version__, "seed": SEED, "images": "generated, 16×12 pixels"}


def measure(sizes: tuple[int, ...], reruns: int) -> dict:
    """Everything, as one object that `--json` prints."""
    before, steps, pages, servers = conditions(), [], [], []
    for rows in sizes:
        with tempfile.TemporaryDirectory() as temporary:
            workspace, measured = steps_of(rows, Path(temporary))
            steps += measured
            table, held = pages_of(rows, workspace, Path(temporary), reruns)
            pages.append(table)
            servers.append({"rows": rows, "peak": held})
    growth = growth_per_row(pd.DataFrame(steps)) if len(sizes) > 1 else pd.DataFrame()
    return {"conditions": before, "steps": steps, "pages": pd.concat(pages).to_dict("records"), "servers": servers,
            "growth_per_row": growth.to_dict("index")}


def _print(result: dict) -> None:
    print(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in result["conditions"].items()) + ".")
    steps = pd.DataFrame(result["steps"])
    steps["above_mb"], steps["peak_mb"] = steps.pop("bytes") / 1e6, steps.pop("peak") / 1e6
    print(steps.sort_values(["step", "rows"]).to_string(index=False, float_format="{:.2f}".format))
    if result["growth_per_row"]:
        _print_growth(pd.DataFrame.from_dict(result["growth_per_row"], orient="index"))
    servers = pd.DataFrame(result["servers"])
    print(servers.assign(peak_mb=servers.pop("peak") / 1e6).to_string(index=False, float_format="{:.0f}".format))
    large = [f"{row.step} at {row.rows:,} rows" for row in steps.itertuples() if row.peak_mb > MOST_BYTES / 1e6]
    large += [f"the server at {one['rows']:,} rows" for one in result["servers"] if one["peak"] > MOST_BYTES]
    print(f"Goal, at most {MOST_BYTES / 1e9:g} GB: " + (f"missed by {', '.join(large)}." if large else "met."))
    _print_pages(pd.DataFrame(result["pages"]))


def _print_growth(growth: pd.DataFrame) -> None:
    print("A row at the largest size costs so many times what it costs at the size before (goal: at most "
          f"{TOLERANCE}):")
    print(growth.to_string(float_format="{:.2f}".format))
    goals = growth[["time", "memory"]].stack()
    grown = [", ".join(place) for place in goals.index[goals > TOLERANCE]]
    print("Goal " + (f"missed by {'; '.join(grown)}." if grown else "met."))


def _print_pages(pages: pd.DataFrame) -> None:
    print(pages.sort_values(["page", "rows"]).to_string(index=False, float_format="{:.0f}".format))
    slow = pages[pages["p95_ms"] >= GOAL_MS]
    missed = ", ".join(f"{row.page} at {row.rows:,} rows" for row in slow.itertuples())
    print(f"Goal, p95 under {GOAL_MS} ms: " + (f"missed by {missed}." if missed else "met by every page."))
    growth = page_growth(pages)
    if growth.empty:
        return
    print(f"A page takes so many times as long as at {PAGE_BASE:,} rows (goal: at most {PAGE_GROWTH}):")
    print(growth.to_string(float_format="{:.2f}".format))
    grown = ", ".join(growth.index[(growth > PAGE_GROWTH).any(axis=1)])
    print("Goal " + (f"missed by {grown}." if grown else "met by every page."))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="a few rows, to see that it works")
    parser.add_argument("--sizes", nargs="+", type=int, metavar="N", help="other numbers of rows, in ascending order")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--step", nargs=3, metavar=("NAME", "HOME", "SOURCE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        name, home, source = arguments.step
        print(json.dumps(do_step(name, Path(home), Path(source))))
        return
    sizes, reruns = (TINY, TINY_RERUNS) if arguments.tiny else (SIZES, RERUNS)
    result = measure(tuple(arguments.sizes or sizes), reruns)
    if arguments.json:
        print(json.dumps(result, indent=1))
    else:
        _print(result)


if __name__ == "__main__":
    main()
