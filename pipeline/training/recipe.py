"""The parts of training that a configuration can switch on."""

from pipeline.config import RunConfig
from pipeline.training.ema import WeightAverage


def extra_callbacks(config: RunConfig) -> list:
    """The learner's callbacks that `config` asks for: the average of the weights where `ema` is above 0."""
    return [WeightAverage(config.ema)] if config.ema else []
