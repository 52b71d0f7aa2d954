"""Two learners of one network: as a notebook has it with plain fastai, and ours, of which a part can be left out."""

import resource
import time
from dataclasses import dataclass

import numpy as np
import torch
from fastai.callback import schedule  # noqa: F401  fit_one_cycle is patched in
from fastai.callback.channelslast import ChannelsLast
from fastai.callback.core import Callback, CancelFitException, CancelValidException
from fastai.data.transforms import Normalize
from fastai.learner import Learner
from fastai.optimizer import Adam
from fastai.torch_core import set_seed
from fastai.vision.augment import Resize, ResizeMethod
from fastai.vision.data import ImageDataLoaders
from sklearn.metrics import recall_score

from pipeline.configuration.config import RunConfig
from pipeline.data.cache import build_cache
from pipeline.data.dataset import Dataset
from pipeline.networks.architectures import build_network, splitter
from pipeline.training import learner as learners
from pipeline.training.augmentation import AUGMENTATIONS
from pipeline.training.losses import make_loss
from pipeline.training.parts import plan_split, rows_and_targets
from pipeline.training.precision import Autocast, ChannelsLastInput, QuickDepthwise, QuickRelu6
from tests.loose_trainings import loose_training

WORKERS, SEED = 2, 0
WITHOUT = (
    "channels_last", "bfloat16", "float32 depthwise gradients", "ReLU6 apart", "fused optimizer", "kept memory",
    "cached pixels",
)
Parts = dict[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Speed:
    """Training images a second, and the most memory that the process held, in MB."""

    images_per_second: float
    peak_mb: float


class StepTimer(Callback):
    """Ends a fit after `warm_up` and `steps` training batches; `rate` is the images a second of the latter."""

    order = 90  # after the callbacks whose time counts

    def __init__(self, warm_up: int, steps: int):
        self.warm_up, self.steps, self.done, self.rate = warm_up, steps, 0, None

    def after_batch(self):
        self.done += 1
        if self.done == self.warm_up:
            self.start = time.perf_counter()
        elif self.done == self.warm_up + self.steps:
            self.rate = self.steps * len(self.yb[0]) / (time.perf_counter() - self.start)
            raise CancelFitException()


class ContiguousInput(Callback):
    """Batches as fastai's own loaders give them: ours come in channels_last order from the pixel cache already."""

    order = 11

    def before_batch(self):
        self.learn.xb = tuple(x.contiguous() for x in self.xb)


class NoValidation(Callback):
    """Leaves out the validation after each epoch."""

    def before_validate(self):
        raise CancelValidException()


def parts_of(dataset: Dataset, config: RunConfig, train_images: int | None = None) -> Parts:
    """The run's "train", or so many of its images, and "validation", each (rows, targets)."""
    metadata = dataset.metadata()
    parts = rows_and_targets(plan_split(config, metadata), metadata, dataset.classes)
    return {"train": some(parts["train"], train_images), "validation": parts["validation"]}


def some(part: tuple[np.ndarray, np.ndarray], images: int | None) -> tuple[np.ndarray, np.ndarray]:
    """So many of a part's (rows, targets), drawn the same each time; None: all."""
    chosen = np.sort(np.random.default_rng(SEED).permutation(len(part[0]))[:images])
    return part[0][chosen], part[1][chosen]


def fastai_loaders(dataset: Dataset, config: RunConfig, parts: Parts) -> ImageDataLoaders:
    """Files decoded by two workers, squished, the same augmentation on the batch: as fastai's tutorials write it."""
    rows = np.concatenate([parts["train"][0], parts["validation"][0]])
    table = dataset.metadata().iloc[rows].assign(is_valid=np.arange(len(rows)) >= len(parts["train"][0]))
    return ImageDataLoaders.from_df(
        table, dataset.folder / "images", fn_col="file", label_col="dx", valid_col="is_valid",
        item_tfms=Resize((config.height, config.width), method=ResizeMethod.Squish),
        batch_tfms=[*AUGMENTATIONS[config.augment].make(), Normalize.from_stats(*config.normalisation, cuda=False)],
        bs=config.batch_size, num_workers=WORKERS, device=torch.device("cpu"),
    )


def _network(dataset: Dataset, config: RunConfig) -> torch.nn.Sequential:
    torch.manual_seed(config.seed)
    return build_network(config.arch, len(dataset.classes), config.weights, config.dropout, config.drop_path)


def plain_learner(dataset: Dataset, config: RunConfig, parts: Parts) -> Learner:
    """As `vision_learner` makes it: fastai's loaders and optimizer, float32."""
    return Learner(
        fastai_loaders(dataset, config, parts), _network(dataset, config), splitter=splitter(config.arch),
        loss_func=make_loss(config, parts["train"][1], dataset.classes), wd=config.weight_decay,
    )


def our_learner(dataset: Dataset, config: RunConfig, parts: Parts, without: str | None = None) -> Learner:
    """As a run trains; `without` one of WITHOUT. To keep memory or not holds for the process: one learner in each."""
    if without == "kept memory":
        learners.keep_freed_memory = lambda: False
    pixels = build_cache(dataset, config.height, config.width, config.resize)
    loss = make_loss(config, parts["train"][1], dataset.classes)
    learner = learners.make_learner(loose_training(dataset, config, parts, pixels, _network(dataset, config)), loss)
    if without == "cached pixels":
        learner.dls = fastai_loaders(dataset, config, parts)
    elif without == "fused optimizer":
        learner.opt_func = Adam
    absent = {
        "channels_last": (ChannelsLast, ChannelsLastInput), "bfloat16": (Autocast,),
        "float32 depthwise gradients": (QuickDepthwise,), "ReLU6 apart": (QuickRelu6,),
    }.get(without, ())
    learner.remove_cbs([callback for callback in learner.cbs if isinstance(callback, absent)])
    if without == "channels_last":
        learner.add_cb(ContiguousInput())
    return learner


def speed(learner: Learner, warm_up: int, steps: int) -> Speed:
    """Fine-tunes all layers for so many batches."""
    learner.unfreeze()
    timer = StepTimer(warm_up, steps)
    with learner.no_bar(), learner.no_logging():
        learner.fit(1 + (warm_up + steps) // len(learner.dls.train), 1e-4, cbs=[timer])
    return Speed(timer.rate, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)


def accuracy(learner: Learner, config: RunConfig) -> dict[str, float]:
    """Trains the config's stages; the validation part's figures with the weights of the last epoch.

    `seconds` are those of the training, without validation.
    """
    set_seed(config.seed)
    started = time.perf_counter()
    with learner.no_bar(), learner.no_logging():
        for stage in config.stages:
            learner.freeze() if stage.freeze else learner.unfreeze()
            rates = stage.lr_max if stage.lr_earliest is None else slice(stage.lr_earliest, stage.lr_max)
            learner.fit_one_cycle(stage.epochs, lr_max=rates, pct_start=stage.pct_start, cbs=[NoValidation()])
        seconds = time.perf_counter() - started
        outputs, truths = learner.get_preds(dl=learner.dls.valid, reorder=False, act=torch.nn.Identity())
    predicted = outputs.argmax(1).numpy()
    return {
        "balanced_accuracy": float(recall_score(truths.numpy(), predicted, average="macro")),
        "accuracy": float((truths.numpy() == predicted).mean()), "images": len(predicted), "seconds": seconds,
    }
