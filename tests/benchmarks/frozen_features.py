"""A frozen stage on stored features against fastai's frozen stage, on the same network and images; what storing costs.

`python -m tests.benchmarks.frozen_features [--images N] [--epochs N] [--rounds N] [--tiny] [--json]`. The images are
the real HAM10000 at 200×150 of `../shared/data` (where absent: generated ones); the network is EfficientNet-Lite0 with
ImageNet weights at the size of the preset `instant`, whose split, loss, batch size and rate all sides have.

epoch: seconds of an epoch on `--images` training images, the validation of a quarter as many included. Theirs is
`Learner.freeze()` and `fit_one_cycle`, which runs the backbone and trains its BatchNorm, too: once with fastai's own
`ImageDataLoaders` (two workers, squished, flips), once with this project's pixel cache and flips. Ours trains the head
alone, on stored features. extraction: outputs a second of the backbone in eval mode, flips and pooling included;
theirs by PyTorch (channels_last, float32), ours by ONNX Runtime. first pass: what decoding and storing cost, once; for
the whole data set extrapolated by the number of outputs. balanced accuracy: of all validation images, after the
preset's epochs on the `--images` training images and their flips; theirs is the same head on the same eval-mode
backbone by PyTorch, one image at a time, in float32. The sides are processes of their own, ours with the environment
of a run; rounds alternate, theirs first. Goals: 20 times fastai's epochs, none, none, within 0.01 for every seed.
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

from pipeline.data.cache import build_cache
from pipeline.data.importing import import_dataset
from pipeline.data.synthetic.generated_set import write_generated_set
from pipeline.files.workspace import Workspace
from pipeline.runs.plan import plan_config
from tests.benchmarks.apart import AS_A_RUN, Apart
from tests.benchmarks.waits import INTERRUPTED, say, until_interrupted
from tests.conftest import SHARED_DATA

GOAL, CLOSEST = 20.0, 0.01
_MODULE = "tests.benchmarks.frozen_sides"
_FASTAI, _CACHED = "fastai frozen, BatchNorm trains", "the same, pixel cache"


def _prepare(place: Path, images: int, settings: list[str], found: dict) -> dict:
    """Imports the images and decodes them into the pixel cache; what every task of the sides has."""
    workspace = Workspace(place / "home").create()
    archive = SHARED_DATA / "ham10000-200x150.zip"
    kind = "real HAM10000, 200×150 pixels" if archive.exists() and not settings else "generated"
    if kind == "generated":
        archive = write_generated_set(place / "generated", images=84 if settings else 600, seed=1,
                                      lesions_per_diagnosis=5)
    dataset = import_dataset(workspace, archive, "images")
    config = plan_config(workspace, "images", "instant", settings)
    started = time.perf_counter()
    build_cache(dataset, config.height, config.width, config.resize)
    found["decoding_seconds"] = time.perf_counter() - started
    found["conditions"] |= {"size": f"{config.width}×{config.height}", "images": f"{dataset.images:,} {kind}"}
    return {"home": str(workspace.home), "images": images, "settings": settings}


def measure(found: dict, images: int, epochs: int, rounds: int, outputs: int, settings: list[str]) -> None:
    """Measures everything and puts each figure into `found` as soon as it is there.

    Args:
        outputs: of the backbone, for each rate of extraction.
        settings: changes to the preset; with any, the images are a few generated ones.
    """
    found.update({
        "complete": False, "epoch": {"fastai": [], "cached": [], "ours": []}, "rate": {"torch": [], "onnx": []},
        "balanced_accuracy": [], "conditions": {
            "cores": os.cpu_count(), "load_average": round(os.getloadavg()[0], 1), "python": platform.python_version(),
            **{name: version(name) for name in ("fastai", "torch", "onnxruntime")}, "seeds": f"0 to {rounds - 1}",
            "epochs": epochs,
        },
    })
    with (tempfile.TemporaryDirectory() as temporary, Apart(_MODULE, {}) as theirs,
          Apart(_MODULE, AS_A_RUN) as ours):
        say("Imports the images and decodes each once.")
        common = _prepare(Path(temporary), images, settings, found)
        say("Stores what the backbone says of them.")
        stored = found["stored"] = ours.ask(do="store", **common)
        sizes = stored["sizes"]
        found["conditions"] |= {
            "batch": stored["batch"], "training_images": sizes["train"],
            "validation_images_of_an_epoch": sizes["validation_of_an_epoch"],
        }
        for seed in range(rounds):
            for side, who, so_many in ((theirs, "fastai", 1), (ours, "ours", epochs), (theirs, "cached", 1)):
                say(f"Round {seed + 1} of {rounds}: an epoch, {who}.")
                measured = side.ask(do="epoch", who=who, epochs=so_many, seed=seed, **common)
                found["epoch"][who].append(measured["seconds"])
            for side, who in ((theirs, "torch"), (ours, "onnx")):
                say(f"Round {seed + 1} of {rounds}: extraction, {who}.")
                found["rate"][who].append(side.ask(do="extraction", who=who, outputs=outputs, **common)["rate"])
        for seed in range(rounds):
            say(f"Balanced accuracy with seed {seed}.")
            found["balanced_accuracy"].append(ours.ask(do="accuracy", seed=seed, epochs=epochs, **common))
        found["complete"] = True


def _row(what: str, against: str, theirs: list[float], ours: list[float], unit: str, goal: str) -> dict:
    their, our = float(np.median(theirs)), float(np.median(ours))
    ratio = their / our if unit == "s" else our / their
    return {"what": what, "against": against, "theirs": their, "ours": our, "unit": unit, "ratio": ratio, "goal": goal,
            "n": min(len(theirs), len(ours))}


def summary(found: dict) -> dict:
    """What `--json` prints, of what has been measured: conditions, `rows`, the first pass, balanced accuracies."""
    epoch, rate = found["epoch"], found["rate"]
    compared = [
        ("epoch", _FASTAI, epoch["fastai"], epoch["ours"], "s", f"≥ {GOAL:g}"),
        ("epoch", _CACHED, epoch["cached"], epoch["ours"], "s", ""),
        ("extraction", "PyTorch", rate["torch"], rate["onnx"], "outputs/s", ""),
    ]
    result = {"complete": found["complete"], "conditions": found["conditions"],
              "rows": [_row(*row) for row in compared if row[2] and row[3]]}
    if stored := found.get("stored"):
        a_second = stored["outputs"] / stored["seconds"]
        result["first_pass"] = {
            "decoding_seconds": found["decoding_seconds"], "outputs": stored["outputs"], "seconds": stored["seconds"],
            "outputs_of_all_images": stored["all_outputs"], "seconds_extrapolated": stored["all_outputs"] / a_second,
        }
    if accuracies := found["balanced_accuracy"]:
        result["balanced_accuracy"] = {
            "validation_images": stored["sizes"]["validation"], "by_seed": accuracies, "goal": CLOSEST,
            "largest_difference": max(abs(one["ours"] - one["image_by_image"]) for one in accuracies),
        }
    return result


def _print(result: dict) -> None:
    print(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in result["conditions"].items()) + ".")
    if result["rows"]:
        print(pd.DataFrame(result["rows"]).to_string(index=False, float_format="{:.2f}".format))
    if first := result.get("first_pass"):
        print(f"First pass: all images decoded once in {first['decoding_seconds']:.1f} s; {first['outputs']:,} outputs "
              f"computed and stored in {first['seconds']:.1f} s; extrapolated, "
              f"the {first['outputs_of_all_images']:,} of all images take {first['seconds_extrapolated']:.0f} s.")
    if found := result.get("balanced_accuracy"):
        for seed, one in enumerate(found["by_seed"]):
            print(f"Balanced accuracy of {found['validation_images']:,} validation images, seed {seed}: ours "
                  f"{one['ours']:.4f}, image by image {one['image_by_image']:.4f}.")
        print(f"They differ by at most {found['largest_difference']:.4f} (goal {found['goal']}).")
    if not result["complete"]:
        print("Not complete: it was interrupted.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1_024, help="training images")
    parser.add_argument("--epochs", type=int, default=10, help="of the head: as many as the preset has")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tiny", action="store_true", help="a few generated images, to see that it works")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = {}
    with until_interrupted():
        if asked.tiny:
            measure(found, 48, 2, 1, 32, ["size=64x48", "batch_size=8"])
        else:
            measure(found, asked.images, asked.epochs, asked.rounds, 320, [])
    result = summary(found)
    if asked.json:
        print(json.dumps(result, indent=1))
    else:
        _print(result)
    if not result["complete"]:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
