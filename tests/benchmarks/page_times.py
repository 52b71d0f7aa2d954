"""How long the server works for each page, with HAM10000 and 50 runs; and the time from the start to the first page.

`make bench-pages` runs it; by hand: `python -m tests.benchmarks.page_times [--reruns N] [--tiny] [--json]`. It serves a
workspace with the real HAM10000 and its lesion masks (where `../shared/data` is absent: as many noise images with
generated metadata and masks) and 50 runs made by hand, each with predictions and heatmaps for about 2,004 validation
images; the first has embeddings, look-alikes, what flips, evidence, notes and a teaching set, the data set an audit;
what comes with LesionLab is there too. Each page is opened again and again in a session of its own, without a browser,
which would take the server's cores; what is timed is the page's script in the server, and the time of a processor
beside it, which other work on the machine hardly lengthens. The first page is timed with a browser. Goals: p95 under
300 ms, first page within 3 s.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Browser, expect, sync_playwright

from pipeline.data.dataset import Dataset
from pipeline.files.workspace import RUN_NAME, Workspace
from pipeline.runs.run_dir import RunDir, bundled_run
from pipeline.runs.teaching import list_sets
from tests.benchmarks.full_workspace import RUNS, full_workspace, what_it_is
from tests.benchmarks.page_visits import GOAL_MS, lines, page_times, timed_server, wait_until_it_answers
from tests.benchmarks.waits import INTERRUPTED, say, until_interrupted
from tests.e2e.conftest import LECTURER, chromium

RERUNS, STARTS = 20, 5
TINY = {"images": 210, "runs": 3, "reruns": 1, "starts": 0}
FIRST_PAGE_S = 3.0


def addresses(workspace: Workspace, dataset: Dataset, runs: list[RunDir]) -> dict[str, str]:
    """What is timed: each page, the larger ones in several states. Classify without an image: it loads no network."""
    run, other, data = runs[0].name, runs[1].name, dataset.name
    cases = runs[0].predictions()
    case, teaching = cases["image_id"].iloc[0], list_sets(workspace)[0].id
    ours = {
        "Home": "", "Data sets, get more": "dataset?view=get", "Data sets, counts": f"dataset?data={data}&view=counts",
        "Data sets, images": f"dataset?data={data}&view=images",
        "Data sets, images of a filter": f"dataset?data={data}&view=images&dx=mel",
        "Train, form": "train", "Train, a finished run": f"train?run={run}",
        "Train, learning rate": "train?tab=learning-rate",
        "Runs, table": "runs", "Runs, two compared": f"runs?runs={run},{other}",
        "Errors, highest losses": f"errors?run={run}",
        "Errors, a cell": f"errors?run={run}&truth=mel&predicted=nv",
        "Judge, each diagnosis": f"judge?run={run}",
        "Judge, balanced decision": f"judge?run={run}&decision=balanced",
        "Judge, calibration": f"judge?run={run}&topic=calibration",
        "Judge, operating point": f"judge?run={run}&topic=operating-point",
        "Judge, melanomas not flagged": f"judge?run={run}&topic=operating-point&lesions=not-flagged",
        "Judge, subgroups": f"judge?run={run}&topic=subgroups",
        "Judge, only when sure": f"judge?run={run}&topic=sets",
        "Errors, all images": f"errors?run={run}&right=all",
        "Errors, images of filters":
            f"errors?run={run}&truth=mel&right=no&sex=male&differs={other}&sort=confidence-up",
        "Errors, map": f"errors?run={run}&view=map", "Errors, teaching sets": f"errors?run={run}&view=sets",
        "Errors, a teaching set": f"errors?run={run}&set={teaching}&right=all&part=all",
        "A lesson": f"lesson?run={run}&set={teaching}",
        "Image, a case": f"case?run={run}&image={case}",
        "Judge, leakage: lesions": f"judge?tab=leakage&data={data}",
        "Judge, leakage: a run": f"judge?tab=leakage&data={data}&run={run}",
        "Judge, leakage: pairs": f"judge?tab=leakage&data={data}&topic=pairs",
        "Judge, leakage: metadata": f"judge?tab=leakage&data={data}&topic=metadata",
        "Judge, leakage: evidence": f"judge?tab=leakage&data={data}&topic=evidence&run={run}",
        "Another data set": f"another-data-set?model={run}&data={data}",
        "Classify, examples": f"classify?model={run}", "Models": f"models?model={run}", "The article": "article",
        "Instructive errors": "tour", "Criteria": "criteria", "Operator": "operator",
        "Teach": "teach", "Take part, joining": "take-part", "A stand's game": "take-part?kiosk=1&use=non-commercial",
    }
    bundled = {
        "Errors, the bundled run": f"errors?run={RUN_NAME}",
        "Judge, the bundled run": f"judge?run={RUN_NAME}",
        "Judge, the bundled run's operating point": f"judge?run={RUN_NAME}&topic=operating-point",
    }
    return ours | bundled if bundled_run() else ours


def first_page(browser: Browser, home: Path, log: Path) -> tuple[float, list[str]]:
    """Seconds from the start of the process until the browser shows Home; heavy packages loaded by then."""
    page = browser.new_context(viewport=LECTURER).new_page()
    started = time.monotonic()
    with timed_server(home, log) as url:
        wait_until_it_answers(url)
        page.goto(url)
        expect(page.get_by_role("heading", name="What do you see?")).to_be_visible(timeout=30_000)
        expect(page.get_by_role("button").first).to_be_visible()
        seconds = time.monotonic() - started
        page.wait_for_timeout(500)  # until the run's line is written
    page.context.close()
    return seconds, lines(log)[-1]["heavy"]


def measure(found: dict, images: int, runs: int, reruns: int, starts: int) -> None:
    """Puts into `found` each page's times as soon as they are there, and then the seconds to the first page."""
    found.update({"complete": False, "pages": [], "first_page_s": [], "conditions": {
        "cores": os.cpu_count(), "load_average": round(os.getloadavg()[0], 1), "python": platform.python_version(),
        **{name: version(name) for name in ("streamlit", "pandas", "plotly")},
    }})
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        workspace, dataset, made = full_workspace(place / "home", images, runs)
        found["conditions"]["workspace"] = what_it_is(dataset, made)
        with timed_server(workspace.home, place / "times") as url:
            wait_until_it_answers(url)
            for name, address in addresses(workspace, dataset, made).items():
                say(f"Opens {name}.")
                found["pages"] += page_times(url, place / "times", {name: address}, reruns).to_dict("records")
        if starts:
            _first_pages(found, workspace, place, starts)
    found["complete"] = True


def _first_pages(found: dict, workspace: Workspace, place: Path, starts: int) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        heavy = set()
        for number in range(starts):
            say(f"Start {number + 1} of {starts}.")
            seconds, loaded = first_page(browser, workspace.home, place / f"first-{number}")
            found["first_page_s"].append(seconds)
            heavy |= set(loaded)
        found["heavy_packages"] = sorted(heavy)
        browser.close()


def _print(found: dict) -> None:
    print(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in found["conditions"].items()) + ".")
    if found["pages"]:
        table = pd.DataFrame(found["pages"])
        print(table.to_string(index=False, float_format="{:.0f}".format))
        slow = table[table["p95_ms"] >= GOAL_MS]["page"].tolist()
        print(f"Goal, p95 under {GOAL_MS} ms: " + (f"missed by {'; '.join(slow)}." if slow else "met by every page."))
    if seconds := found["first_page_s"]:
        print(f"First page after {np.median(seconds):.1f} s (median of {len(seconds)} starts, {min(seconds):.1f} to "
              f"{max(seconds):.1f} s; goal {FIRST_PAGE_S:.0f} s); heavy packages loaded by then: "
              f"{', '.join(found.get('heavy_packages', [])) or 'none'}.")
    if not found["complete"]:
        print("Not complete: it was interrupted.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reruns", type=int, default=RERUNS, help="visits of each page")
    parser.add_argument("--tiny", action="store_true", help="a few noise images and runs, to see that it works")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    sizes = TINY if asked.tiny else {"images": 10_015, "runs": RUNS, "reruns": asked.reruns, "starts": STARTS}
    os.environ.pop("LESIONLAB_BUNDLED")  # tests/conftest.py hides what is bundled
    found = {}
    with until_interrupted():
        measure(found, **sizes)
    if asked.json:
        print(json.dumps(found, indent=1))
    else:
        _print(found)
    if not found["complete"]:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
