"""A frozen stage on stored features: the head alone is trained, by fastai's Learner as in any other stage."""

import numpy as np
import torch
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.learner import Learner
from fastai.torch_core import params
from torch import nn

from pipeline.configuration.config import RunConfig
from pipeline.networks.architectures import after_pooling
from pipeline.runs.reporter import Reporter
from pipeline.training.feature_store import FLIPS
from pipeline.training.features import JoinedFeatures
from pipeline.training.optimisation import FusedAdam, extra_callbacks
from pipeline.training.training import Parts, Training
from pipeline.vocabulary import Work

HEAD_SHARE = 0.01  # work of an image in a stage on features, measured by one whose backbone runs


class HeadOnFeatures(nn.Sequential):
    """`network` fed with the maxima and means of feature maps; the same weights under the same names.

    Args:
        network: `Sequential(body, head)`; the body is not run, and stays as it is.
    """

    def __init__(self, network: nn.Sequential):
        super().__init__(network[0], network[1])

    def forward(self, features):
        return after_pooling(self[1], features)


class FeatureLoader(DataLoader):
    """Batches of features (N, 2K) float32 and targets (N,) int64.

    Args:
        features: (images, FLIPS, 2K) float16.
        rows, targets: place in `features` and class index of each image of this part.
        flips: give one of an image's flips at random instead of the image as it is.

    Attributes:
        given: place in `features` and flip of each image of the batch that was given last.
    """

    def __init__(self, features, rows, targets, flips: bool, **kwargs):
        self.features, self.rows, self.targets, self.flips = features, np.asarray(rows), np.asarray(targets), flips
        self.given = self.rows[:0], self.rows[:0]
        super().__init__(dataset=range(len(self.rows)), num_workers=0, **kwargs)

    def create_batches(self, samples):
        chosen = np.fromiter(samples, dtype=np.int64)
        end = len(chosen) - len(chosen) % self.bs if self.drop_last else len(chosen)
        for start in range(0, end, self.bs):
            places = chosen[start : start + self.bs]
            flips = np.random.randint(FLIPS, size=len(places)) if self.flips else np.zeros(len(places), dtype=np.int64)
            self.given = self.rows[places], flips
            batch = self.features[self.given]
            yield torch.from_numpy(batch.astype(np.float32)), torch.from_numpy(self.targets[places])


def head_loaders(features: np.ndarray | JoinedFeatures, parts: Parts, config: RunConfig, device: str) -> DataLoaders:
    """Training and validation loaders.

    Args:
        features: (images, FLIPS, 2K) float16.
        parts: "train" and "validation", each (rows, targets).
    """
    (rows, targets), common = parts["train"], {"device": torch.device(device)}
    batch_size = min(config.batch_size, len(rows))
    train = FeatureLoader(
        features, rows, targets, flips=config.augment != "none", bs=batch_size, shuffle=True, drop_last=True, **common
    )
    validation = FeatureLoader(
        features, *parts["validation"], flips=False, bs=1024, shuffle=False, drop_last=False, **common
    )
    return DataLoaders(train, validation, device=torch.device(device))


def head_learner(training: Training, features: np.ndarray | JoinedFeatures, loss: nn.Module) -> Learner:
    """A learner of the network's head alone, in float32, as it is small; `features` as `head_loaders` takes them."""
    config = training.config
    return Learner(
        head_loaders(features, training.data.parts, config, training.device), HeadOnFeatures(training.network),
        loss_func=loss, opt_func=FusedAdam, splitter=lambda model: [params(model[1])], wd=config.weight_decay,
        path=training.run.folder, model_dir="checkpoints", cbs=extra_callbacks(config),
    )


class HeadReporter:
    """The run's `reporter` as a stage on features needs it: its images are hardly any work."""

    def __init__(self, reporter: Reporter):
        self._reporter = reporter

    def __getattr__(self, name: str):
        return getattr(self._reporter, name)

    def worked(self, images: int, kind: Work, sentence: str) -> None:
        """As `Reporter.worked`."""
        self._reporter.worked(images * HEAD_SHARE, kind, sentence)
