"""A frozen stage on stored features against fastai's frozen stage, on the same network and images; what storing costs.

`python -m tests.benchmarks.frozen_features [--images N] [--epochs N] [--rounds N] [--tiny] [--json]`. The images are
the real HAM10000 at 200×150 of `../shared/data` (where absent: generated ones); the network is EfficientNet-Lite0 with
ImageNet weights at the size of the preset `instant`, whose loss, batch size and rate all sides have.

epoch: seconds of an epoch, validation included, in a fit of the given epochs. Theirs is `Learner.freeze()` and
`fit_one_cycle`, which runs the backbone and trains its BatchNorm, too: once with fastai's own `ImageDataLoaders` (two
workers, squished, flips), once with this project's pixel cache and flips. Ours trains the head alone, on stored
features. extraction: images a second through the backbone in eval mode, flips and pooling included; theirs by PyTorch
(channels_last, float32), ours by ONNX Runtime. balanced accuracy: of the validation images after these epochs, mean
over the rounds' seeds; theirs is the same head on the same eval-mode backbone by PyTorch, one image at a time, in
float32. Rounds alternate, theirs first. Goals: 20 times fastai's epochs, none, within 0.01 in every round.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path

import fastai
import numpy as np
import onnxruntime
import pandas as pd
import torch
from fastai.callback import schedule  # noqa: F401  fit_one_cycle is patched in
from fastai.data.core import DataLoaders
from fastai.data.transforms import IntToFloatTensor, Normalize
from fastai.learner import Learner
from fastai.vision.augment import Resize, ResizeMethod, aug_transforms
from fastai.vision.data import ImageDataLoaders
from fasttransform import Pipeline
from sklearn.metrics import recall_score

from pipeline.data.cache import build_cache
from pipeline.data.dataset import load_dataset
from pipeline.data.importing import import_dataset
from pipeline.data.prepare import IMAGENET_MEAN, IMAGENET_STD
from pipeline.data.synthetic import write_generated_set
from pipeline.jobs.plan import plan_config
from pipeline.progress import silent
from pipeline.training import features as frozen
from pipeline.training.batches import PixelLoader
from pipeline.training.callbacks import SeedEpochs
from pipeline.training.flips import Flips
from pipeline.training.head_stage import head_learner
from pipeline.training.losses import make_loss
from pipeline.training.networks import build_network, splitter
from pipeline.training.parts import plan_split, rows_and_targets
from pipeline.workspace import Workspace
from tests.conftest import SHARED_DATA

GOAL, CLOSEST, WORKERS, EXTRACTED = 20.0, 0.01, 2, 1_024
CPU = torch.device("cpu")


class Bench:
    """The data set, its split and features, and the three learners."""

    def __init__(self, place: Path, images: int, settings: list[str]):
        self.workspace = Workspace(place / "home").create()
        archive = SHARED_DATA / "ham10000-200x150.zip"
        self.kind = "real HAM10000, 200×150 pixels" if archive.exists() and not settings else "generated"
        if self.kind == "generated":
            archive = write_generated_set(place / "generated", images=images, seed=1, lesions_per_diagnosis=5)
        self.dataset = import_dataset(self.workspace, archive, "images")
        if self.dataset.images > images:
            settings = [*settings, f"limit={images}"]
        self.config = plan_config(self.workspace, "images", "instant", settings)
        self.metadata = load_dataset(self.workspace, "images").metadata()
        self.split = plan_split(self.config, self.metadata)
        self.parts = rows_and_targets(self.split, self.metadata, self.dataset.classes)
        self.pixels = build_cache(self.dataset, self.config.height, self.config.width, "squish")
        self.wanted = frozen.wanted_features(self.config, self.parts, len(self.metadata))
        self.features = self.exact = None

    def network(self, seed: int) -> torch.nn.Sequential:
        torch.manual_seed(seed)
        return build_network(self.config.arch, len(self.dataset.classes), "imagenet", self.config.dropout)

    def loss(self):
        return make_loss(self.config, self.parts["train"][1], self.dataset.classes)

    def extract(self) -> tuple[list[float], list[float]]:
        """Stores the features and those by PyTorch one image at a time, and gives their speeds in images a second."""
        network = self.network(0)
        by_torch = frozen.TorchBody(network[0], "cpu")
        by_onnx = frozen.fast_body(self.workspace, network[0], self.config, "cpu", print, silent)
        places = np.argwhere(self.wanted)[:EXTRACTED]
        theirs, ours = [], []
        for _ in range(3):
            for body, rates in ((by_torch, theirs), (by_onnx, ours)):
                started = time.perf_counter()
                list(frozen.computed(places, self.pixels, self.config, body))
                rates.append(len(places) / (time.perf_counter() - started))
        self.features = frozen.open_features(
            self.dataset, self.config, network, self.pixels, self.wanted, lambda: by_onnx, silent
        )
        self.exact = np.zeros(self.features.shape, dtype=np.float32)
        for row, flip in np.argwhere(self.wanted):
            image = frozen.normalised(frozen.flipped(self.pixels.pixels(int(row)), flip)[None], self.config.normalize)
            self.exact[row, flip] = frozen.pooled(by_torch(image), np.float32)[0]
        return theirs, ours

    def fastai_learner(self, seed: int) -> Learner:
        """As a notebook would have it."""
        files = self.metadata.merge(self.split[["image_id", "part"]], on="image_id")
        files["is_valid"] = files["part"] == "validation"
        loaders = ImageDataLoaders.from_df(
            files, self.dataset.folder / "images", fn_col="file", label_col="dx", valid_col="is_valid",
            item_tfms=Resize((self.config.height, self.config.width), method=ResizeMethod.Squish),
            batch_tfms=[*aug_transforms(max_rotate=0.0, max_zoom=1.0, max_warp=0.0, max_lighting=0.0), _normalize()],
            bs=self._batch, num_workers=WORKERS, device=CPU,
        )
        return self._on_images(loaders, seed)

    def cached_learner(self, seed: int) -> Learner:
        """The same with this project's pixel cache and flips."""
        sides = {"height": self.config.height, "width": self.config.width, "squish": True, "device": CPU}
        train, valid = self.parts["train"], self.parts["validation"]
        loaders = DataLoaders(
            PixelLoader(
                self.pixels, *train, random_crop=True, bs=self._batch, shuffle=True, drop_last=True, **sides,
                after_batch=Pipeline([Flips(), IntToFloatTensor(), _normalize()], split_idx=0),
            ),
            PixelLoader(
                self.pixels, *valid, random_crop=False, bs=2 * self._batch, shuffle=False, drop_last=False, **sides,
                after_batch=Pipeline([IntToFloatTensor(), _normalize()], split_idx=1),
            ), device=CPU,
        )
        return self._on_images(loaders, seed)

    def our_learner(self, seed: int, exact: bool = False) -> Learner:
        """The head on stored features, or on the exact ones."""
        features = self.exact if exact else self.features
        return head_learner(self.config, self.network(seed), features, self.parts, self.loss(), "cpu")

    @property
    def _batch(self) -> int:
        return min(self.config.batch_size, len(self.parts["train"][0]))

    def _on_images(self, loaders: DataLoaders, seed: int) -> Learner:
        return Learner(
            loaders, self.network(seed), loss_func=self.loss(), splitter=splitter(self.config.arch),
            wd=self.config.weight_decay,
        )

    def fit(self, learner: Learner, epochs: int, seed: int) -> tuple[float, float]:
        """Seconds of an epoch, and the balanced accuracy after the last."""
        learner.freeze()
        started = time.perf_counter()
        with learner.no_bar(), learner.no_logging():
            learner.fit_one_cycle(epochs, self.config.stages[0].lr_max, cbs=[SeedEpochs(seed, 0)])
        seconds = (time.perf_counter() - started) / epochs
        truths, predicted = [], []
        learner.model.eval()
        with torch.inference_mode():
            for batch, targets in learner.dls.valid:
                predicted.append(learner.model(batch).argmax(1))
                truths.append(targets)
        return seconds, recall_score(torch.cat(truths), torch.cat(predicted), average="macro")


def _normalize() -> Normalize:
    return Normalize.from_stats(IMAGENET_MEAN, IMAGENET_STD, cuda=False)


def _row(what: str, theirs: str, values: list[float], ours: list[float], unit: str, goal: str) -> dict:
    their, our = float(np.median(values)), float(np.median(ours))
    ratio = their / our if unit == "s" else our / their
    return {"what": what, "against": theirs, "theirs": their, "ours": our, "unit": unit, "ratio": ratio, "goal": goal,
            "n": len(values)}


def measure(images: int, epochs: int, rounds: int, settings: list[str]) -> dict:
    """Everything, as one object that `--json` prints."""
    load = round(os.getloadavg()[0], 1)
    with tempfile.TemporaryDirectory() as temporary:
        bench = Bench(Path(temporary), images, settings)
        by_torch, by_onnx = bench.extract()
        sides = {"fastai": bench.fastai_learner, "cached": bench.cached_learner, "ours": bench.our_learner}
        fits = [{name: bench.fit(make(seed), epochs, seed) for name, make in sides.items()} for seed in range(rounds)]
        exact = [bench.fit(bench.our_learner(seed, exact=True), epochs, seed)[1] for seed in range(rounds)]
        seconds = {name: [fit[name][0] for fit in fits] for name in sides}
        accuracy = {name: [float(fit[name][1]) for fit in fits] for name in sides}
        rows = [
            _row("epoch", "fastai frozen, BatchNorm trains", seconds["fastai"], seconds["ours"], "s", f"≥ {GOAL:g}"),
            _row("epoch", "the same, pixel cache", seconds["cached"], seconds["ours"], "s", ""),
            _row("extraction", "PyTorch", by_torch, by_onnx, "images/s", ""),
        ]
        differences = [abs(a - b) for a, b in zip(exact, accuracy["ours"], strict=True)]
        conditions = {
            "cores": os.cpu_count(), "load_average": load, "python": platform.python_version(),
            "fastai": fastai.__version__, "torch": torch.__version__, "onnxruntime": onnxruntime.__version__,
            "torch_threads": torch.get_num_threads(), "seeds": f"0 to {rounds - 1}", "epochs": epochs,
            "batch": bench._batch, "size": f"{bench.config.width}×{bench.config.height}",
            "images": f"{len(bench.split):,} {bench.kind}, {len(bench.parts['validation'][0]):,} of them validation",
        }
    means = {"image by image": np.mean(exact), **{name: np.mean(accuracy[name]) for name in ("ours", "fastai")}}
    return {
        "conditions": conditions, "rows": rows, "largest_difference": max(differences), "goal_difference": CLOSEST,
        "balanced_accuracy": {name: float(mean) for name, mean in means.items()},
    }


def _print(result: dict) -> None:
    print(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in result["conditions"].items()) + ".")
    print(pd.DataFrame(result["rows"]).to_string(index=False, float_format="{:.2f}".format))
    words = ", ".join(f"{name} {value:.4f}" for name, value in result["balanced_accuracy"].items())
    print(f"Validation balanced accuracy, mean over the seeds: {words}; ours and image by image differ by at most "
          f"{result['largest_difference']:.4f} (goal {result['goal_difference']}).")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=2_000, help="about so many, whole lesions")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tiny", action="store_true", help="a few generated images, to see that it works")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.tiny:
        result = measure(84, 1, 1, ["size=64x48", "batch_size=8"])
    else:
        result = measure(asked.images, asked.epochs, asked.rounds, [])
    if asked.json:
        print(json.dumps(result, indent=1))
    else:
        _print(result)


if __name__ == "__main__":
    main()
