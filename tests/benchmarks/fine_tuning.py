"""Images a second of fine-tuning: plain fastai against ours, what each part of ours gives, and both accuracies.

`python -m tests.benchmarks.fine_tuning [--tiny] [--accuracy] [--json]`. Theirs is a Learner as `vision_learner` makes
it: `ImageDataLoaders`, two workers, float32, fastai's Adam. Ours is the learner of a run. Both have the same network
(random weights, which compute as fast as any), size, batch size, loss and augmentation, on the 124 real 600×450
originals of `../shared/data` (where absent: generated noise), copied to 1,240 files. Timed are training steps after
a warm-up, validation excluded. Theirs, ours, and ours that gives freed memory back are processes of their own; rounds
alternate: theirs, ours, and with the presets' network ours with one part left out at a time. Our pixels were decoded
before: that takes seconds, once. Goal: 1.6 times.

Then both train the quick preset's two stages, shorter and on smaller images, on the same 1,000 training images of
HAM10000 (200×150; where absent: the generated set), and the accuracies on the whole validation part (split by lesion,
the same for all seeds) after the last epoch are compared. With `--accuracy` that training is the preset's own, on 2,400
images with three seeds, which takes another quarter of an hour.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from pipeline.data.importing import import_dataset
from pipeline.data.synthetic.generated_set import write_generated_set
from pipeline.files.workspace import Workspace
from tests.benchmarks.apart import AS_A_RUN, Apart
from tests.benchmarks.waits import INTERRUPTED, say, until_interrupted
from tests.conftest import SHARED_DATA

GOAL = 1.6
NETWORKS = {"efficientnet_lite0": (160, 120), "resnet18": (224, 224)}  # width, height; parts are left out of the first
TINY = {"efficientnet_lite0": (48, 32)}
ROUNDS, WARM_UP, STEPS, IMAGES = 3, 4, 8, 1240
SHORT = {"seeds": 2, "train_images": 1000, "config": {"epochs": [1, 2], "width": 96, "height": 72}}
LONG = {"seeds": 3, "train_images": 2400, "config": {}}
TINY_ACCURACY = {"seeds": 1, "train_images": 48, "config": {"epochs": [1, 1], "width": 48, "height": 32}}
_MODULE = "tests.benchmarks.fine_tuning_sides"
_KEPT = "kept memory"
_FIGURES = ["balanced_accuracy", "accuracy", "seconds"]


def _speeds(
    found: dict, networks: dict[str, tuple[int, int]], workspace: Workspace, rounds: int, warm_up: int, steps: int,
    batch: int,
) -> None:
    """Adds a sample for each network, variant and round."""
    from tests.benchmarks.training_steps import WITHOUT

    for arch, (width, height) in networks.items():
        changes = {"arch": arch, "width": width, "height": height, "weights": "random", "batch_size": batch,
                   "loss": "cross_entropy", "limit": None}
        task = {"home": str(workspace.home), "data": "repeated", "config": changes, "warm_up": warm_up, "steps": steps}
        variants = [("theirs", None), ("ours", None)]
        if arch == next(iter(networks)):
            variants += [("ours", part) for part in WITHOUT]
        with ExitStack() as started:
            sides = {}
            for who, without in variants:
                side = _KEPT if without == _KEPT else who
                if side not in sides:
                    sides[side] = started.enter_context(Apart(_MODULE, {} if who == "theirs" else AS_A_RUN))
            for turn in range(rounds):
                for who, without in variants:
                    name = f"{who} without {without}" if without else who
                    say(f"{arch}, round {turn + 1} of {rounds}: {name}.")
                    side = sides[_KEPT if without == _KEPT else who]
                    measured = side.ask(who=who, without=without, **task)
                    found["speeds"].append(
                        {"network": f"{arch} {width}×{height}", "who": who, "without": without, **measured}
                    )


def _accuracies(found: dict, workspace: Workspace, place: Path, asked: dict) -> None:
    """Adds a row for each seed and side."""
    archive = SHARED_DATA / "ham10000-200x150.zip"
    real = archive.exists() and asked is not TINY_ACCURACY
    if not real:
        archive = write_generated_set(place / "drawn", images=200 if asked is TINY_ACCURACY else 600)
    import_dataset(workspace, archive, "lesions")
    changed = ", ".join(f"{name} {value}" for name, value in asked["config"].items()) or "nothing changed"
    found["accuracy"] = {
        "images": "real HAM10000 at 200×150" if real else "generated set", "train_images": asked["train_images"],
        "changed": changed, "rows": [],
    }
    with Apart(_MODULE, {}) as theirs, Apart(_MODULE, AS_A_RUN) as ours:
        for seed in range(asked["seeds"]):
            for who, side in (("theirs", theirs), ("ours", ours)):
                say(f"Trains with seed {seed}: {who}.")
                measured = side.ask(
                    who=who, home=str(workspace.home), data="lesions", train_images=asked["train_images"],
                    config={"seed": seed, "ema": 0.0, **asked["config"]},
                )
                found["accuracy"]["rows"].append({"seed": seed, "who": who, **measured})


def measure(
    found: dict, networks: dict[str, tuple[int, int]], rounds: int, warm_up: int, steps: int, images: int,
    batch: int, asked: dict,
) -> None:
    """Measures everything and puts each figure into `found` as soon as it is there.

    Args:
        asked: the trainings whose accuracies are compared: how many seeds, training images, changes to the preset.
    """
    from tests.benchmarks.input_pipeline import originals, repeated
    from tests.benchmarks.training_steps import SEED

    files, kind = originals(min(images, 124))
    found.update({"complete": False, "speeds": [], "conditions": {
        "cores": os.cpu_count(), "load average": round(os.getloadavg()[0], 1), "python": platform.python_version(),
        **{name: version(name) for name in ("fastai", "torch", "timm", "pillow")}, "seed": SEED, "batch": batch,
        "steps": f"{steps} after {warm_up}",
        "images": f"{kind}, {len(files)} files of 600×450 copied to {images:,}",
    }})
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        workspace = Workspace(repeated(files, images, place).folder.parents[1])
        _speeds(found, networks, workspace, rounds, warm_up, steps, batch)
        _accuracies(found, workspace, place, asked)
    found["complete"] = True


def _rows(speeds: list[dict]) -> list[dict]:
    """A row for each network and variant. The peak is that of the first round: later ones hold what others left."""
    if not speeds:
        return []
    rows = []
    for (network, who, without), samples in pd.DataFrame(speeds).groupby(
        ["network", "who", "without"], sort=False, dropna=False
    ):
        rates, alone = samples["images_per_second"], pd.isna(without) or without == _KEPT
        rows.append({
            "network": network, "who": who, "without": None if pd.isna(without) else without,
            "images_per_second": float(rates.median()), "lowest": float(rates.min()), "highest": float(rates.max()),
            "peak_mb": float(samples["peak_mb"].iloc[0]) if alone else None, "n": len(rates),
        })
    return rows


def _ratios(rows: list[dict]) -> list[dict]:
    whole = {(row["network"], row["who"]): row["images_per_second"] for row in rows if row["without"] is None}
    return [
        {"network": network, "theirs": theirs, "ours": whole[network, "ours"],
         "ratio": whole[network, "ours"] / theirs, "goal": GOAL}
        for (network, who), theirs in whole.items() if who == "theirs" and (network, "ours") in whole
    ]


def summary(found: dict) -> dict:
    """What `--json` prints, of what has been measured."""
    rows = _rows(found["speeds"])
    more = {"accuracy": found["accuracy"]} if "accuracy" in found else {}
    return {"complete": found["complete"], "conditions": found["conditions"], "ratios": _ratios(rows), "rows": rows,
            **more}


def _print(result: dict) -> None:
    print(", ".join(f"{name} {value}" for name, value in result["conditions"].items()) + ".")
    if result["rows"]:
        _print_speeds(result)
    if (found := result.get("accuracy")) and found["rows"]:
        table = pd.DataFrame(found["rows"])
        print(f"\nThe quick preset's stages ({found['changed']}) on {found['train_images']:,} training images of the "
              f"{found['images']}; {table['images'].iloc[0]:,} validation images after the last epoch:")
        print(table.drop(columns="images").to_string(index=False, float_format="{:.3f}".format))
        means = table.groupby("who")[_FIGURES].mean()
        print("Means:\n" + means.to_string(float_format="{:.3f}".format))
        if set(means.index) == {"theirs", "ours"}:
            difference = means.loc["ours"] - means.loc["theirs"]
            print(f"Ours less theirs: balanced accuracy {difference['balanced_accuracy']:+.3f}, accuracy "
                  f"{difference['accuracy']:+.3f}.")
    if not result["complete"]:
        print("\nNot complete: it was interrupted.")


def _print_speeds(result: dict) -> None:
    print("\nTraining images a second, medians:")
    print(pd.DataFrame(result["ratios"]).to_string(index=False, float_format="{:.2f}".format))
    rows = pd.DataFrame(result["rows"])
    ours = rows[(rows["who"] == "ours") & rows["without"].isna()].set_index("network")["images_per_second"]
    left_out = rows[rows["without"].notna()].drop(columns=["who", "peak_mb"])
    if len(left_out):
        left_out.insert(3, "of_ours", left_out["images_per_second"] / left_out["network"].map(ours))
        print("\nOurs without one part:")
        print(left_out.to_string(index=False, float_format="{:.2f}".format))
    peaks = rows[rows["peak_mb"].notna()][["network", "who", "without", "peak_mb"]].fillna({"without": "nothing"})
    print("\nThe most memory held, in MB:\n" + peaks.to_string(index=False, float_format="{:.0f}".format))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="a few small images, to see that it works")
    parser.add_argument("--accuracy", action="store_true", help="compare the preset's whole trainings (20 minutes)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = {}
    with until_interrupted():
        if arguments.tiny:
            measure(found, TINY, 1, 1, 2, 42, 4, TINY_ACCURACY)
        else:
            measure(found, NETWORKS, ROUNDS, WARM_UP, STEPS, IMAGES, 32, LONG if arguments.accuracy else SHORT)
    result = summary(found)
    if arguments.json:
        print(json.dumps(result, indent=1))
    else:
        _print(result)
    if not result["complete"]:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
