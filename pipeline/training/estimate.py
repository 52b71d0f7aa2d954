"""How long a run would take on this machine, from a few real batches of its configuration. Downloads and keeps nothing.

The batches go through the trainer's own loaders, network, loss, precision and optimizer; only the weights are random,
which computes as fast as any.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from fastai.callback import schedule  # noqa: F401  fit_one_cycle is patched in
from fastai.callback.core import Callback, CancelTrainException, CancelValidException
from fastai.learner import Learner
from torch import nn

from pipeline.configuration.config import RunConfig
from pipeline.configuration.network_registry import NETWORKS
from pipeline.data.cache import JoinedPixels, OnTheFlyPixels, PixelCache
from pipeline.data.cache_record import CacheRecord, cache_folder
from pipeline.data.dataset import Dataset
from pipeline.data.prepare import window
from pipeline.networks.architectures import build_network
from pipeline.networks.device import Device, torch_device
from pipeline.progress import Progress, silent
from pipeline.runs.boot import process_age
from pipeline.runs.run_dir import RunDir
from pipeline.training.extra_images import Extra
from pipeline.training.feature_store import FLIPS
from pipeline.training.features import computed, fast_body, missing_outputs, output_count
from pipeline.training.head_stage import head_learner
from pipeline.training.learner import make_learner
from pipeline.training.losses import make_loss
from pipeline.training.memory import within_memory
from pipeline.training.parts import own_targets, planned, undecoded
from pipeline.training.predict_held_out import open_predictor
from pipeline.training.training import Parts, Training, TrainingData

_WARM_UP, _WARM_UP_SECONDS = 2, 1.0  # batches and seconds: the first ones compile kernels and find their memory
_MEASURED_SECONDS = 2.5
_LONGEST = 8.0  # seconds after which a part's measurement ends with what it has, after one measured batch
_BATCHES, _VALID_BATCHES = 40, 20  # at most
_DISTINCT = 256  # images of each part that are decoded; they come again
_JUDGED = 32  # images
_OUTPUT_WARM_UP, _OUTPUT_IMAGES = 8, 64  # images whose features are computed, each with its flips


@dataclass(frozen=True)
class Estimate:
    """What a run would take.

    Attributes:
        seconds: all of it; the sum of `parts`.
        parts: seconds of "start" (loading the libraries and the network), "data" (decoding all images once),
            "features" (the backbone's outputs that are not stored yet), "frozen" and "training" (the stages),
            "validation", "judging" (predictions and heatmaps of the held-out images).
        images_per_second: measured, of "decoding", "features", "frozen", "training", "validation", "judging"; only
            what was.
        batch_size: what fits into the GPU's memory; on a processor the configuration's.
        device: in words.
        notes: what the run would choose by itself, a sentence each.
    """

    seconds: float
    parts: dict[str, float]
    images_per_second: dict[str, float]
    batch_size: int
    device: str
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class BatchTimer(Callback):
    """Ends training and validation after some batches; `rates` are their images a second without the warm-up.

    Args:
        validate: whether validation is measured at all.
    """

    order = 90  # after the callbacks whose time counts

    def __init__(self, validate: bool):
        self.validate = validate
        self.rates: dict[str, float] = {}

    def before_train(self):
        self._begin()

    def before_validate(self):
        if not self.validate:
            raise CancelValidException()
        self._begin()

    def _begin(self):
        self.warm, self.batches, self.images = False, 0, 0
        self.begin = self.start = time.monotonic()

    def after_batch(self):
        float(self.loss.detach())  # waits for the GPU
        now = time.monotonic()
        self.batches += 1
        late = now - self.begin > _LONGEST
        self.images += len(self.yb[0])  # with the warm-up until that has ended, for parts that are shorter than it
        self.rates["training" if self.training else "validation"] = self.images / max(now - self.start, 1e-9)
        if self.warm:
            if late or now - self.start > _MEASURED_SECONDS:
                raise CancelTrainException() if self.training else CancelValidException()
        elif late or (self.batches >= _WARM_UP and now - self.begin > _WARM_UP_SECONDS):
            self.warm, self.start, self.images = True, now, 0


class FewPixels:
    """The pixels of a few rows in memory, decoded as the trainer's cache is; `training.Pixels`."""

    def __init__(self, source: OnTheFlyPixels | JoinedPixels, rows: np.ndarray):
        start = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            self._of = dict(zip(rows.tolist(), pool.map(source.pixels, rows.tolist()), strict=True))
        self.images_per_second = len(rows) / max(time.monotonic() - start, 1e-9)

    def pixels(self, row: int) -> np.ndarray:
        """uint8 (height, width, 3); with resize "crop" the longer side may be longer."""
        return self._of[row]

    def gather(self, rows) -> np.ndarray:
        """uint8 (N, height, width, 3); the images must have one shape."""
        return np.stack([self._of[int(row)] for row in rows])


def _whole_cache(
    dataset: Dataset, config: RunConfig, source: OnTheFlyPixels, detail: tuple[int, int] | None = None
) -> PixelCache | None:
    """The pixel cache of that size if it is there already; it is not built."""
    folder = cache_folder(dataset, config.height, config.width, config.resize, detail)
    if not (folder / "cache.json").exists() or not (folder / "pixels.u8").exists():
        return None
    record = CacheRecord(folder, source.shapes, dataset)
    whole = record.current and not record.missing() and record.pixels.stat().st_size == record.starts[-1]
    return PixelCache(folder, record.shapes) if whole else None


def _decoded(
    dataset: Dataset, config: RunConfig, extra: Extra | None, source: OnTheFlyPixels | JoinedPixels
) -> tuple[PixelCache | JoinedPixels | None, int]:
    """The decoded pixels where all are there already, else None; and how many images are not."""
    if extra is None or isinstance(source, OnTheFlyPixels):
        whole = _whole_cache(dataset, config, source)
        return whole, 0 if whole else dataset.images
    own = _whole_cache(dataset, config, source.first)
    other = _whole_cache(extra.dataset, config, source.second, extra.detail)
    missing = (0 if own else dataset.images) + (0 if other else extra.dataset.images)
    return JoinedPixels(own, other) if own and other else None, missing


def _some(part: tuple[np.ndarray, np.ndarray], count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` images of a part at random; few different ones, again and again."""
    rows, targets = part
    chosen = np.resize(np.random.default_rng(seed).permutation(len(rows))[:_DISTINCT], count)
    return rows[chosen], targets[chosen]


def _few(parts: Parts, config: RunConfig) -> Parts:
    """As many images of each part as the measurement needs at most, in batches as large as the run's."""
    size = min(config.batch_size, len(parts["train"][0]))
    judged = parts["validation"] if len(parts["validation"][0]) else parts["train"]
    return {
        "train": _some(parts["train"], _BATCHES * size, config.seed),
        "validation": _some(judged, _VALID_BATCHES * 2 * size, config.seed),
    }


def _fit_rates(learner: Learner, frozen: bool, validate: bool) -> dict[str, float]:
    learner.freeze() if frozen else learner.unfreeze()
    timer = BatchTimer(validate)
    with learner.no_bar(), learner.no_logging():
        learner.fit_one_cycle(1, lr_max=1e-6, cbs=[timer])
    trained = timer.rates.pop("training")
    return {**timer.rates, "frozen" if frozen else "training": trained}


def _prediction_rate(training: Training) -> float:
    config, data, predictor = training.config, training.data, open_predictor(training)
    rows, targets = (part[:_JUDGED] for part in data.parts["validation"])
    images = np.stack([window(data.pixels.pixels(int(row)), config.height, config.width) for row in rows])
    predictor.predict_and_explain(images[:8], targets[:8])
    start = time.monotonic()
    predictor.predict_and_explain(images, targets)
    return len(images) / max(time.monotonic() - start, 1e-9)


class FeatureTime(NamedTuple):
    """The backbone's outputs a second, and the seconds for all that are not there yet."""

    rate: float
    seconds: float


def feature_time(training: Training, parts: Parts) -> FeatureTime:
    """Computes the outputs of some training images.

    Args:
        parts: (rows, targets) of each part of the whole split.
    """
    config, body = training.config, fast_body(training)
    pixels, rows = training.data.pixels, training.data.parts["train"][0]
    images = np.resize(rows, _OUTPUT_WARM_UP + _OUTPUT_IMAGES)
    places = np.array([(row, flip) for row in images for flip in range(FLIPS)])
    list(computed(places[: FLIPS * _OUTPUT_WARM_UP], pixels, config, body))
    start = time.monotonic()
    list(computed(places[FLIPS * _OUTPUT_WARM_UP :], pixels, config, body))
    rate = FLIPS * _OUTPUT_IMAGES / max(time.monotonic() - start, 1e-9)
    return FeatureTime(rate, missing_outputs(training, parts) / rate)


def some_features(images: int, network: nn.Sequential) -> np.ndarray:
    """(images, FLIPS, outputs) float16 of no meaning and no size, to train a head for its speed."""
    return np.broadcast_to(np.float16(0.5), (images, FLIPS, output_count(network)))


class _Listener(NamedTuple):
    """What of a `Reporter` an estimate has, which writes nothing."""

    notes: list[str]
    watch: Progress

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


def estimate_run(dataset: Dataset, config: RunConfig, device: Device, progress: Progress = silent) -> Estimate:
    """Measures a few batches of each kind that the run has, and multiplies.

    Raises:
        DataError: the split cannot be made, or an image is gone.
        TrainingError: the GPU's memory is too small for any batch.
        Cancelled: by `progress`.
    """
    notes: list[str] = []
    progress(0.1, "Splits the data set.")
    split, parts, extra = planned(dataset, config, progress)
    if extra is not None:
        notes += extra.sentences(split)
    classes, few = dataset.classes, _few(parts, config)
    rates: dict[str, float] = {}
    source = undecoded(dataset, config, extra)
    pixels, missing = _decoded(dataset, config, extra, source)
    if pixels is None:
        progress(0.2, "Decodes some images.")
        pixels = FewPixels(source, np.unique(np.concatenate([few["train"][0], few["validation"][0]])))
        rates["decoding"] = pixels.images_per_second
    start_seconds = process_age()
    name = torch_device(device, notes.append)
    torch.manual_seed(config.seed)

    def measure(batch_size: int) -> tuple[Training, FeatureTime | None]:
        # random weights: their speed is that of any others, and nothing is downloaded for an estimate
        known = config.features and config.parent is None and NETWORKS[config.arch].installed
        weights = config.weights if known else "random"
        network = build_network(config.arch, len(classes), weights, config.dropout, config.drop_path, config.head)
        training = Training(
            RunDir(dataset.folder / "estimate"), replace(config, batch_size=batch_size),
            TrainingData(dataset, split, few, pixels, extra), network, _Listener(notes, progress), name,
        )
        loss = make_loss(config, parts["train"][1], classes, own_targets(parts, dataset.images))
        features = None
        if config.features:
            notes.append(config.features_words)
            progress(0.25, "Computes the backbone's outputs for some images.")
            features = feature_time(training, parts)
            rates["features"] = features.rate
        for number, frozen in enumerate(kinds):
            layers = "head only" if frozen else "all layers"
            progress(0.3 + 0.5 * number / len(kinds), f"Trains some batches, {layers}.")
            if frozen and features:
                learner = head_learner(training, some_features(len(source), network), loss)
            else:
                learner = make_learner(training, loss)
            rates.update(_fit_rates(learner, frozen, validate=number == len(kinds) - 1))
        return training, features

    kinds = sorted({stage.freeze for stage in config.stages}, reverse=True)
    (training, features), batch_size = within_memory(measure, config.batch_size, notes.append)
    progress(0.85, "Judges some images.")
    rates["judging"] = _prediction_rate(training)
    seconds = _multiply(config, batch_size, rates, parts, missing, start_seconds)
    if features:
        seconds["features"] = features.seconds
    return Estimate(sum(seconds.values()), seconds, rates, batch_size, device.words, tuple(dict.fromkeys(notes)))


def _multiply(
    config: RunConfig, batch_size: int, rates: dict[str, float], parts, images: int, start: float
) -> dict[str, float]:
    """Seconds of each part of the run."""
    train, valid = len(parts["train"][0]), len(parts["validation"][0])
    seen = max(train // batch_size, 1) * min(batch_size, train)  # the last, incomplete batch of an epoch is left out
    held_out = valid + len(parts.get("test", ((),))[0])
    seconds = {"start": start, "data": images / rates["decoding"] if "decoding" in rates else 0.0}
    for stage in config.stages:
        kind = "frozen" if stage.freeze else "training"
        seconds[kind] = seconds.get(kind, 0.0) + stage.epochs * seen / rates[kind]
    validated = sum(stage.epochs for stage in config.stages if config.only_features or not config.on_features(stage))
    seconds["validation"] = validated * valid / rates["validation"]
    seconds["judging"] = held_out / rates["judging"]
    return seconds
