"""How long the server works for each page, with HAM10000 and 50 runs; and the time from the start to the first page.

`make bench-pages` runs it; by hand: `python -m tests.benchmarks.page_times [--reruns N]`. It serves a workspace with
the real HAM10000 (where `../shared/data` is absent: as many noise images with generated metadata) and 50 runs made by
hand, each with predictions for about 2,004 validation images. Each page is opened again and again in a session of its
own, without a browser, which would take the server's cores; what is timed is the page's script in the server. The first
page is timed with a browser. Goals: p95 under 300 ms, first page within 3 s.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Browser, expect, sync_playwright

from pipeline.data.dataset import Dataset
from pipeline.data.importing import import_dataset
from pipeline.jobs.run_dir import RunDir
from pipeline.workspace import Workspace
from tests.benchmarks.page_visits import GOAL_MS, lines, page_times, timed_server, wait_until_it_answers
from tests.conftest import SHARED_DATA
from tests.e2e.conftest import LECTURER, chromium
from tests.hand_made import CODES, image_bytes, make_run

RUNS, RERUNS, STARTS = 50, 20, 5
FIRST_PAGE_S = 3.0
_IMAGES, _LESIONS = 10_015, 7_470


def large_dataset(workspace: Workspace, folder: Path) -> Dataset:
    """The real HAM10000; where it is absent, noise with as many images and lesions."""
    archive = SHARED_DATA / "ham10000-200x150.zip"
    if archive.exists():
        return import_dataset(workspace, archive, "ham10000", sources=SHARED_DATA / "ham10000-sources.csv")
    folder.mkdir()
    rng = np.random.default_rng(0)
    lesions = np.concatenate([np.arange(_LESIONS), rng.integers(0, _LESIONS, _IMAGES - _LESIONS)])
    rows = pd.DataFrame({
        "lesion_id": [f"LES_{lesion:05d}" for lesion in lesions], "dx": [CODES[n % len(CODES)] for n in lesions],
        "image_id": [f"IMG_{number:05d}" for number in range(_IMAGES)], "dx_type": "histo",
        "age": rng.integers(1, 17, _IMAGES) * 5, "sex": "male", "localization": "back",
    })
    for number, image_id in enumerate(rows["image_id"]):
        (folder / f"{image_id}.jpg").write_bytes(image_bytes(number, generated=False, size=(200, 150)))
    rows.to_csv(folder / "HAM10000_metadata.csv", index=False)
    return import_dataset(workspace, folder, "noise")


def addresses(runs: list[RunDir], dataset: Dataset) -> dict[str, str]:
    """What is timed: each page, the larger ones in several states. Classify without an image: it loads no network."""
    run, other = runs[0].name, runs[1].name
    return {
        "Home": "", "Get data": "get-data", "Dataset, counts": f"dataset?data={dataset.name}",
        "Dataset, images": f"dataset?data={dataset.name}&view=images",
        "Dataset, images of a filter": f"dataset?data={dataset.name}&view=images&dx=mel",
        "Train, form": "train", "Train, a finished run": f"train?run={run}", "Learning rate": "learning-rate",
        "Runs, table": "runs", "Runs, two compared": f"runs?runs={run},{other}",
        "Errors, highest losses": f"errors?run={run}",
        "Errors, a cell": f"errors?run={run}&truth=mel&predicted=nv",
        "Classify, examples": f"classify?model={run}", "Models": f"models?model={run}", "The article": "article",
    }


def first_page(browser: Browser, home: Path, log: Path) -> tuple[float, list[str]]:
    """Seconds from the start of the process until the browser shows Home; heavy packages loaded by then."""
    page = browser.new_context(viewport=LECTURER).new_page()
    started = time.monotonic()
    with timed_server(home, log) as url:
        wait_until_it_answers(url)
        page.goto(url)
        expect(page.get_by_role("heading", name="LesionLab")).to_be_visible(timeout=30_000)
        expect(page.get_by_role("button").first).to_be_visible()
        seconds = time.monotonic() - started
        page.wait_for_timeout(500)  # until the run's line is written
    page.context.close()
    return seconds, lines(log)[-1]["heavy"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reruns", type=int, default=RERUNS)
    reruns = parser.parse_args().reruns
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        place = Path(temporary)
        workspace = Workspace(place / "home").create()
        dataset = large_dataset(workspace, place / "source")
        runs = [make_run(workspace, dataset, seed=number) for number in range(RUNS)][::-1]
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        starts = [first_page(browser, workspace.home, place / f"first-{number}") for number in range(STARTS)]
        seconds, heavy = zip(*starts, strict=True)
        browser.close()
        with timed_server(workspace.home, place / "times") as url:
            wait_until_it_answers(url)
            table = page_times(url, place / "times", addresses(runs, dataset), reruns)
        images = len(runs[0].predictions())
    print(f"{dataset.name}: {dataset.images:,} images; {RUNS} runs, {images:,} predictions each; load "
          f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
    print(table.to_string(index=False, float_format="{:.0f}".format))
    slow = table[table["p95_ms"] >= GOAL_MS]["page"].tolist()
    print(f"Goal, p95 under {GOAL_MS} ms: " + (f"missed by {', '.join(slow)}." if slow else "met by every page."))
    print(f"First page after {np.median(seconds):.1f} s (median of {len(seconds)} starts, {min(seconds):.1f} to "
          f"{max(seconds):.1f} s; goal {FIRST_PAGE_S:.0f} s); heavy packages loaded by then: "
          f"{', '.join(sorted({name for found in heavy for name in found})) or 'none'}.")


if __name__ == "__main__":
    main()
