"""A workspace as full as a laboratory's: HAM10000 with masks and an audit, 50 runs, and all that pages read of them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from pipeline.data.dataset import Dataset
from pipeline.data.importing import import_dataset
from pipeline.data.masks import import_masks
from pipeline.evaluation.evidence_store import keep_evidence
from pipeline.files.workspace import Workspace
from pipeline.runs.run_dir import RunDir, bundled_run
from pipeline.runs.teaching import Remark, create_set, write_remark
from tests.app.test_leakage_page import write_audit
from tests.benchmarks.waits import say
from tests.conftest import SHARED_DATA
from tests.embedded import embed_by_hand
from tests.hand_made import CODES, image_bytes, make_run

RUNS = 50
_IMAGES, _LESIONS, _SIZE = 10_015, 7_470, (200, 150)
_TRAINED = 5  # runs made one by one; the others are their copies
_PAIRS, _SELECTED = 50, 60


def large_dataset(workspace: Workspace, folder: Path, images: int = _IMAGES) -> Dataset:
    """The real HAM10000 with its lesion masks; where it is absent, or with fewer images, noise with as many lesions."""
    archive = SHARED_DATA / "ham10000-200x150.zip"
    if archive.exists() and images == _IMAGES:
        dataset = import_dataset(workspace, archive, "ham10000", sources=SHARED_DATA / "ham10000-sources.csv")
        import_masks(workspace, SHARED_DATA / "ham10000-lesion-masks-200x150.zip", "ham10000")
        return dataset
    folder.mkdir()
    rng = np.random.default_rng(0)
    some = round(images * _LESIONS / _IMAGES)
    lesions = np.concatenate([np.arange(some), rng.integers(0, some, images - some)])
    rows = pd.DataFrame({
        "lesion_id": [f"LES_{lesion:05d}" for lesion in lesions], "dx": [CODES[n % len(CODES)] for n in lesions],
        "image_id": [f"IMG_{number:05d}" for number in range(images)], "dx_type": "histo",
        "age": rng.integers(1, 17, images) * 5, "sex": "male", "localization": "back",
        "dataset": rng.choice(["one", "two"], images),
    })
    mask = np.zeros(_SIZE[::-1], dtype=np.uint8)
    mask[40:110, 50:150] = 255
    first = folder / f"{rows['image_id'][0]}_segmentation.png"
    Image.fromarray(mask).save(first)
    for number, image_id in enumerate(rows["image_id"]):
        (folder / f"{image_id}.jpg").write_bytes(image_bytes(number, generated=False, size=_SIZE))
        if number:
            (folder / f"{image_id}_segmentation.png").hardlink_to(first)
    rows.to_csv(folder / "HAM10000_metadata.csv", index=False)
    dataset = import_dataset(workspace, folder, "noise")
    import_masks(workspace, folder, "noise")
    return dataset


def _copy(run: RunDir, number: int) -> RunDir:
    """The run once more, under a name of its own."""
    name = f"{run.name.rpartition('-')[0]}-{number}"
    folder = run.folder.with_name(name)
    shutil.copytree(run.folder, folder)
    info = json.loads((folder / "model" / "model.json").read_text(encoding="utf-8"))
    info = {key: name if value == run.name else value for key, value in info.items()}
    (folder / "model" / "model.json").write_text(json.dumps(info), encoding="utf-8")
    return RunDir(folder)


def full_workspace(home: Path, images: int = _IMAGES, runs: int = RUNS) -> tuple[Workspace, Dataset, list[RunDir]]:
    """The workspace, its data set, and its runs.

    The first run is on the random split, as the article's; it has heatmaps, a map, look-alikes and what flips; 60 of
    its images are a teaching set with notes. The runs' networks are not there: what pages read was written by hand.
    """
    workspace = Workspace(home).create()
    say("Imports the images and their masks.")
    dataset = large_dataset(workspace, home / "source", images)
    say("Writes the runs and what the pages read of them.")
    made = [make_run(workspace, dataset, seed=number, split="lesion" if number else "random")
            for number in range(min(runs, _TRAINED))]
    made += [_copy(made[number % _TRAINED], number + 1) for number in range(len(made), runs)]
    first = made[0]
    embed_by_hand(first)
    keep_evidence(first, dataset)
    shown = first.predictions()["image_id"].iloc[:_SELECTED]
    create_set(workspace, "Nevi that look like melanoma", "For Thursday", dataset.name, first, shown)
    for number, image_id in enumerate(shown):
        write_remark(workspace, dataset.name, image_id, Remark("Asymmetric in both axes.", number % 3 == 0))
    write_audit(dataset, pairs=min(_PAIRS, (images - 101) // 2))
    return workspace, dataset, made


def what_it_is(dataset: Dataset, runs: list[RunDir]) -> str:
    """What of a workspace decides how long its pages take."""
    bundled = "with" if bundled_run() else "without"
    return (f"{dataset.name}: {dataset.images:,} images with masks; {len(runs)} runs, {len(runs[0].predictions()):,} "
            f"predictions each; {bundled} the bundled model and run")
