"""Images as the network gets them, as pictures again; and those of the batch at work, for whoever watches."""

import io
import time
from collections.abc import Callable

import numpy as np
import torch
from fastai.callback.core import Callback
from PIL import Image

from pipeline.configuration.network_registry import Normalisation
from pipeline.data.prepare import window
from pipeline.images.generated import exif_with_notice
from pipeline.runs.shown_batch import NUMBER, SIDE, Shown, ShownBatch, write_batch
from pipeline.training.features import flipped
from pipeline.training.training import Training

_SECONDS_BETWEEN = 2.0  # pages look once a second


def jpeg(pixels: np.ndarray, side: int, generated: bool) -> bytes:
    """A JPEG file of uint8 (H, W, 3), at most `side` pixels long; one of a `generated` image says so."""
    image = Image.fromarray(pixels)
    image.thumbnail((side, side), Image.Resampling.BILINEAR)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=92, subsampling=0, **({"exif": exif_with_notice()} if generated else {}))
    return file.getvalue()


def as_pictures(batch: torch.Tensor, normalisation: Normalisation) -> np.ndarray:
    """uint8 (N, H, W, 3) of a batch (N, 3, H, W) as the network gets it; the normalisation is undone."""
    images = batch.detach().as_subclass(torch.Tensor).permute(0, 2, 3, 1).float().cpu().numpy()
    images = images * np.float32(normalisation.std) + np.float32(normalisation.mean)
    return (images * 255).round().clip(0, 255).astype(np.uint8)


class ShowBatch(Callback):
    """Writes some images of a training batch where pages find them, every two seconds at most.

    Args:
        training: what is trained.
        stage: its number, from 1.
        on_features: its batches are features of images, not images.
        clock: gives seconds.
    """

    order = 95  # after what may still change a batch

    def __init__(
        self, training: Training, stage: int, on_features: bool, clock: Callable[[], float] = time.monotonic
    ):
        self.of, self.stage, self.on_features, self.clock = training, stage, on_features, clock
        self.last: float | None = None

    def before_batch(self):
        now = self.clock()
        if not self.training or (self.last is not None and now - self.last < _SECONDS_BETWEEN):
            return
        self.last = now
        classes, generated = self.of.data.dataset.classes, self.of.data.dataset.generated
        truths = [classes[int(target)] for target in self.yb[0][:NUMBER]]
        write_batch(self.of.run.batch_path, ShownBatch(self.stage, self.epoch + 1, [
            Shown(truth, jpeg(pixels, SIDE, generated)) for truth, pixels in zip(truths, self._images(), strict=True)
        ]))

    def _images(self) -> list[np.ndarray]:
        config = self.of.config
        if not self.on_features:
            return list(as_pictures(self.xb[0][:NUMBER], config.normalisation))
        rows, flips = self.dls.train.given
        return [flipped(window(self.of.data.pixels.pixels(int(row)), config.height, config.width), int(flip))
                for row, flip in zip(rows[:NUMBER], flips[:NUMBER], strict=True)]
