"""What `frozen_features` measures, done in a process of its own: fastai's frozen stage, and ours on stored features."""

import time
from functools import cache, cached_property
from pathlib import Path

import numpy as np
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
from pipeline.files.workspace import Workspace
from pipeline.networks.architectures import build_network, splitter
from pipeline.networks.torch_network import TorchBody
from pipeline.runs.plan import plan_config
from pipeline.training import features as frozen
from pipeline.training.augmentation import Flips
from pipeline.training.batches import PixelLoader
from pipeline.training.callbacks import SeedEpochs
from pipeline.training.head_stage import head_learner
from pipeline.training.losses import make_loss
from pipeline.training.memory import keep_freed_memory
from pipeline.training.parts import plan_split, rows_and_targets
from pipeline.training.training import Training
from tests.benchmarks.apart import serve
from tests.benchmarks.training_steps import SEED, WORKERS, Parts, StepTimer, some
from tests.benchmarks.waits import say
from tests.loose_trainings import loose_training

CPU = torch.device("cpu")


class Sides:
    """A data set with its split and features, the three learners of a frozen stage, and what is measured of them.

    Attributes:
        parts: `images` training images, and all validation images; `short` has a quarter as many of the latter.
    """

    def __init__(self, home: str, images: int, settings: tuple[str, ...]):
        self.workspace = Workspace(Path(home))
        self.dataset = load_dataset(self.workspace, "images")
        self.config = plan_config(self.workspace, "images", "instant", settings)
        self.metadata = self.dataset.metadata()
        whole = rows_and_targets(plan_split(self.config, self.metadata), self.metadata, self.dataset.classes)
        self.all_outputs = int(frozen.wanted_features(self.config, whole, len(self.metadata)).sum())
        self.parts = {"train": some(whole["train"], images), "validation": some(whole["validation"], None)}
        self.short = {**self.parts, "validation": some(whole["validation"], max(images // 4, 1))}
        self.wanted = frozen.wanted_features(self.config, self.parts, len(self.metadata))
        self.pixels = build_cache(self.dataset, self.config.height, self.config.width, self.config.resize)

    def network(self, seed: int) -> torch.nn.Sequential:
        torch.manual_seed(seed)
        return build_network(self.config.arch, len(self.dataset.classes), "imagenet", self.config.dropout)

    @cached_property
    def by_torch(self) -> TorchBody:
        return TorchBody(self.network(0)[0], "cpu")

    @cached_property
    def by_onnx(self) -> frozen.Body:
        return frozen.fast_body(self._training(self.network(0), self.parts))

    @cached_property
    def features(self) -> np.ndarray:
        """As a run stores and reads them."""
        return frozen.open_features(self._training(self.network(0), self.parts), self.wanted, lambda: self.by_onnx)

    def _training(self, network: torch.nn.Sequential, parts: Parts) -> Training:
        return loose_training(self.dataset, self.config, parts, self.pixels, network)

    @cached_property
    def image_by_image(self) -> np.ndarray:
        """The same by PyTorch, one image at a time, in float32."""
        keep_freed_memory()  # nothing is timed here any more
        found = np.zeros((*self.wanted.shape, self.features.shape[-1]), dtype=np.float32)
        places = np.argwhere(self.wanted)
        for number, (row, flip) in enumerate(places):
            if number % 1000 == 0:
                say(f"Image by image: {number:,} of {len(places):,} outputs of the backbone.")
            image = frozen.flipped(self.pixels.pixels(int(row)), flip)[None]
            batch = frozen.normalised(image, self.config.normalisation)
            found[row, flip] = frozen.pooled(self.by_torch(batch), "f4")[0]
        return found

    def _normalize(self) -> Normalize:
        return Normalize.from_stats(*self.config.normalisation, cuda=False)

    def fastai_learner(self, seed: int) -> Learner:
        """As a notebook would have it: two workers, squished, flips."""
        (train, _), (valid, _) = self.short["train"], self.short["validation"]
        rows = np.concatenate([train, valid])
        files = self.metadata.iloc[rows].assign(is_valid=np.arange(len(rows)) >= len(train))
        loaders = ImageDataLoaders.from_df(
            files, self.dataset.folder / "images", fn_col="file", label_col="dx", valid_col="is_valid",
            item_tfms=Resize((self.config.height, self.config.width), method=ResizeMethod.Squish),
            batch_tfms=[
                *aug_transforms(max_rotate=0.0, max_zoom=1.0, max_warp=0.0, max_lighting=0.0), self._normalize()
            ],
            bs=self.batch, num_workers=WORKERS, device=CPU,
        )
        return self._on_images(loaders, seed)

    def cached_learner(self, seed: int) -> Learner:
        """The same with this project's pixel cache and flips."""
        sides = {"height": self.config.height, "width": self.config.width, "squish": True, "device": CPU}
        train = PixelLoader(
            self.pixels, *self.short["train"], random_crop=True, bs=self.batch, shuffle=True, drop_last=True, **sides,
            after_batch=Pipeline([Flips(), IntToFloatTensor(), self._normalize()], split_idx=0),
        )
        valid = PixelLoader(
            self.pixels, *self.short["validation"], random_crop=False, bs=2 * self.batch, shuffle=False,
            drop_last=False, **sides, after_batch=Pipeline([IntToFloatTensor(), self._normalize()], split_idx=1),
        )
        return self._on_images(DataLoaders(train, valid, device=CPU), seed)

    def our_learner(self, seed: int) -> Learner:
        """As a run trains its head on the stored features."""
        return self._head(seed, self.features, self.short)

    def _head(self, seed: int, features: np.ndarray, parts: Parts) -> Learner:
        return head_learner(self._training(self.network(seed), parts), features, self._loss())

    @property
    def batch(self) -> int:
        return min(self.config.batch_size, len(self.parts["train"][0]))

    def _loss(self):
        return make_loss(self.config, self.parts["train"][1], self.dataset.classes)

    def _on_images(self, loaders: DataLoaders, seed: int) -> Learner:
        return Learner(
            loaders, self.network(seed), loss_func=self._loss(), splitter=splitter(self.config.arch),
            wd=self.config.weight_decay,
        )


def _fit(sides: Sides, learner: Learner, epochs: int, seed: int, more=()) -> float:
    learner.freeze()
    started = time.perf_counter()
    with learner.no_bar(), learner.no_logging():
        learner.fit_one_cycle(epochs, sides.config.stages[0].lr_max, cbs=[SeedEpochs(seed, 0), *more])
    return (time.perf_counter() - started) / epochs


def store(sides: Sides) -> dict:
    """Computes and stores the features of `parts`, as a run's first pass does: seconds, outputs, those of all images.
    """
    started = time.perf_counter()
    assert sides.features is not None
    parts = {**sides.parts, "validation_of_an_epoch": sides.short["validation"]}
    return {
        "seconds": time.perf_counter() - started, "outputs": int(sides.wanted.sum()), "all_outputs": sides.all_outputs,
        "batch": sides.batch, "sizes": {name: len(rows) for name, (rows, _) in parts.items()},
    }


def epoch(sides: Sides, who: str, epochs: int, seed: int) -> dict:
    """Seconds of an epoch of fastai, cached or ours on `short`, validation included; after two steps that warm up."""
    make = {"fastai": sides.fastai_learner, "cached": sides.cached_learner, "ours": sides.our_learner}[who]
    _fit(sides, make(seed), 1, seed, [StepTimer(1, 1)])
    return {"seconds": _fit(sides, make(seed), epochs, seed)}


def extraction(sides: Sides, who: str, outputs: int) -> dict:
    """Outputs a second of the backbone in eval mode, flips and pooling included, by torch or onnx."""
    body = {"torch": sides.by_torch, "onnx": sides.by_onnx}[who]
    places = np.argwhere(sides.wanted)[: outputs + 64]
    list(frozen.computed(places[:64], sides.pixels, sides.config, body))
    started = time.perf_counter()
    list(frozen.computed(places[64:], sides.pixels, sides.config, body))
    return {"rate": (len(places) - 64) / (time.perf_counter() - started)}


def accuracy(sides: Sides, seed: int, epochs: int) -> dict:
    """Validation balanced accuracy of a head trained on our stored features, and on the image by image ones."""
    found = {}
    for name, features in (("ours", sides.features), ("image_by_image", sides.image_by_image)):
        learner = sides._head(seed, features, sides.parts)
        _fit(sides, learner, epochs, seed)
        learner.model.eval()
        with torch.inference_mode():
            batches = [(learner.model(batch).argmax(1), targets) for batch, targets in learner.dls.valid]
        predicted, truths = (torch.cat(tensors) for tensors in zip(*batches, strict=True))
        found[name] = float(recall_score(truths, predicted, average="macro"))
    return found


TASKS = {"store": store, "epoch": epoch, "extraction": extraction, "accuracy": accuracy}


@cache
def _sides(home: str, images: int, settings: tuple[str, ...]) -> Sides:
    torch.manual_seed(SEED)
    return Sides(home, images, settings)


def work_on(task: dict) -> dict:
    """One of TASKS: {do, home, images, settings, and what it takes}."""
    task = dict(task)
    do = TASKS[task.pop("do")]
    return do(_sides(task.pop("home"), task.pop("images"), tuple(task.pop("settings"))), **task)


if __name__ == "__main__":
    serve(work_on)
