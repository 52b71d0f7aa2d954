"""Images a second of fine-tuning: plain fastai against ours, what each part of ours gives, and both accuracies.

`python -m tests.benchmarks.fine_tuning [--tiny] [--accuracy] [--json]`. Theirs is a Learner as `vision_learner` makes
it: `ImageDataLoaders`, two workers, float32, fastai's Adam. Ours is the learner of a run. Both have the same network
(random weights, which compute as fast as any), size, batch size, loss and augmentation, on the 124 real 600×450
originals of `../shared/data` (where absent: generated noise), copied to 1,240 files. Timed are training steps after
a warm-up, validation excluded, each measurement in a process of its own; theirs and ours alternate, then ours with one
part left out at a time. Our pixels were decoded before: that takes seconds, once. Goal: 1.6 times.

`--accuracy`: both train the quick preset's stages on the same lesion split of 3,000 images of HAM10000 (200×150; where
absent: the generated set), three seeds, and the validation balanced accuracy after the last epoch is compared. The
split is the same one for all seeds.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import RunConfig
from pipeline.data.dataset import Dataset, load_dataset
from pipeline.data.importing import import_dataset
from pipeline.data.synthetic import write_generated_set
from pipeline.presets import preset
from pipeline.workspace import Workspace
from tests.conftest import SHARED_DATA

GOAL, SEED = 1.6, 0
ROOT = Path(__file__).resolve().parents[2]
NETWORKS = {"efficientnet_lite0": (160, 120), "resnet18": (224, 224)}  # width, height
TINY = {"efficientnet_lite0": (48, 32)}
ROUNDS, WARM_UP, STEPS, IMAGES = 3, 4, 20, 1240
SEEDS, ACCURACY_IMAGES = 3, 3000


def _config(dataset: Dataset, **changes) -> RunConfig:
    return replace(preset("quick").for_data(dataset.name, dataset.content_hash), **changes)


def work_on(task: dict) -> dict:
    """One measurement in this process: {home, data, who, without, config changes, and warm_up and steps or none}."""
    from tests.benchmarks import training_steps as steps

    dataset = load_dataset(Workspace(Path(task["home"])), task["data"])
    config = _config(dataset, **task["config"])
    # the split of the first seed: seeds change the training alone
    parts = steps.parts_of(dataset, replace(config, seed=SEED))
    learner = (
        steps.plain_learner(dataset, config, parts) if task["who"] == "theirs"
        else steps.our_learner(dataset, config, parts, task.get("without"))
    )
    if "steps" in task:
        return asdict(steps.speed(learner, task["warm_up"], task["steps"]))
    return steps.accuracy(learner, config)


def _apart(**task) -> dict:
    # a run's process waits so too: see pipeline/jobs/work.py
    environment = {**os.environ, **({} if task["who"] == "theirs" else {"GOMP_SPINCOUNT": "5000"})}
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.fine_tuning", "--task", json.dumps(task)]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _speeds(networks: dict, workspace: Workspace, rounds: int, warm_up: int, steps: int, batch: int) -> list[dict]:
    """A row for each network and each variant: theirs, ours, and ours without one part."""
    from tests.benchmarks.training_steps import WITHOUT

    rows = []
    for arch, (width, height) in networks.items():
        changes = {"arch": arch, "width": width, "height": height, "weights": "random", "batch_size": batch,
                   "loss": "cross_entropy", "limit": None}
        common = {"home": str(workspace.home), "data": "repeated", "config": changes, "warm_up": warm_up,
                  "steps": steps}
        variants = [("theirs", None), ("ours", None), *(("ours", part) for part in WITHOUT)]
        found = {variant: [] for variant in variants}
        for _ in range(rounds):
            for who, without in variants:
                found[who, without].append(_apart(who=who, without=without, **common))
        for (who, without), measured in found.items():
            rates = [one["images_per_second"] for one in measured]
            rows.append({
                "network": f"{arch} {width}×{height}", "who": who, "without": without,
                "images_per_second": float(np.median(rates)), "lowest": min(rates), "highest": max(rates),
                "peak_mb": float(np.median([one["peak_mb"] for one in measured])), "n": len(rates),
            })
    return rows


def _ratios(rows: list[dict]) -> list[dict]:
    table = pd.DataFrame(rows)
    whole = table[table["without"].isna()].pivot(index="network", columns="who", values="images_per_second")
    return [{"network": network, "theirs": row["theirs"], "ours": row["ours"], "ratio": row["ours"] / row["theirs"],
             "goal": GOAL} for network, row in whole.iterrows()]


def _lesions(workspace: Workspace, place: Path) -> tuple[str, str]:
    """The data set for the accuracies, imported under that name, and what it is."""
    archive = SHARED_DATA / "ham10000-200x150.zip"
    real = archive.exists()
    import_dataset(workspace, archive if real else write_generated_set(place / "drawn"), "lesions")
    return "lesions", "real HAM10000 at 200×150" if real else "generated set"


def _accuracies(workspace: Workspace, place: Path, seeds: int, changes: dict) -> dict:
    name, kind = _lesions(workspace, place)
    rows = []
    for seed in range(seeds):
        config = {"seed": seed, "ema": 0.0, **changes}
        for who in ("theirs", "ours"):
            rows.append({"seed": seed, "who": who, **_apart(who=who, home=str(workspace.home), data=name,
                                                            config=config)})
    return {"images": kind, "rows": rows}


def measure(
    networks: dict[str, tuple[int, int]], rounds: int, warm_up: int, steps: int, images: int, batch: int = 32,
    accuracy: tuple[int, dict] | None = None,
) -> dict:
    """Everything, as one object that `--json` prints.

    Args:
        accuracy: how many seeds, and changes to the quick preset; None leaves the accuracies out.
    """
    from tests.benchmarks.input_pipeline import originals, repeated

    files, kind = originals(min(images, 124))
    conditions = {
        "cores": os.cpu_count(), "load average": round(os.getloadavg()[0], 1), "python": platform.python_version(),
        **{name: version(name) for name in ("fastai", "torch", "timm", "pillow")}, "seed": SEED, "batch": batch,
        "images": f"{kind}, {len(files)} files of 600×450 copied to {images:,}",
    }
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        workspace = Workspace(repeated(files, images, place).folder.parents[1])
        rows = _speeds(networks, workspace, rounds, warm_up, steps, batch)
        result = {"conditions": conditions, "ratios": _ratios(rows), "rows": rows}
        if accuracy:
            result["accuracy"] = _accuracies(workspace, place, *accuracy)
    return result


def _print(result: dict) -> None:
    print(", ".join(f"{name} {value}" for name, value in result["conditions"].items()) + ".")
    print("\nTraining images a second, medians:")
    print(pd.DataFrame(result["ratios"]).to_string(index=False, float_format="{:.2f}".format))
    rows = pd.DataFrame(result["rows"])
    ours = rows[(rows["who"] == "ours") & rows["without"].isna()].set_index("network")["images_per_second"]
    left_out = rows[rows["without"].notna()].drop(columns="who")
    left_out.insert(3, "of_ours", left_out["images_per_second"] / left_out["network"].map(ours))
    print("\nOurs without one part:")
    print(left_out.to_string(index=False, float_format="{:.2f}".format))
    peaks = rows[rows["without"].isna()][["network", "who", "peak_mb"]]
    print("\nThe most memory held, in MB:\n" + peaks.to_string(index=False, float_format="{:.0f}".format))
    if found := result.get("accuracy"):
        table = pd.DataFrame(found["rows"])
        print(f"\nThe quick preset's stages on {found['images']}, validation after the last epoch:")
        print(table.to_string(index=False, float_format="{:.3f}".format))
        means = table.groupby("who")[["balanced_accuracy", "accuracy", "seconds"]].mean()
        print("Means:\n" + means.to_string(float_format="{:.3f}".format))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="a few small images, to see that it works")
    parser.add_argument("--accuracy", action="store_true", help="also train both and compare (about 20 minutes)")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task:
        print(json.dumps(work_on(json.loads(arguments.task))))
        return
    accuracy = (SEEDS, {"limit": ACCURACY_IMAGES}) if arguments.accuracy else None
    if arguments.tiny:
        result = measure(TINY, 1, 1, 2, 42, batch=4, accuracy=accuracy and (1, {
            "limit": 200, "width": 48, "height": 32, "weights": "random",
        }))
    else:
        result = measure(NETWORKS, ROUNDS, WARM_UP, STEPS, IMAGES, accuracy=accuracy)
    if arguments.json:
        print(json.dumps(result, indent=1))
    else:
        _print(result)


if __name__ == "__main__":
    main()
