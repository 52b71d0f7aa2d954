"""What `fine_tuning` measures, done in a process of its own: training steps, and trainings to their end."""

from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

from pipeline.configuration.config import RunConfig
from pipeline.configuration.presets import preset
from pipeline.data.dataset import Dataset, load_dataset
from pipeline.files.workspace import Workspace
from tests.benchmarks import training_steps as steps
from tests.benchmarks.apart import serve


@cache
def _dataset(home: str, name: str) -> Dataset:
    return load_dataset(Workspace(Path(home)), name)


def config_of(dataset: Dataset, changes: dict) -> RunConfig:
    """The quick preset for `dataset` with `changes`; `epochs` are those of each stage."""
    config = preset("quick").for_data(dataset.name, dataset.content_hash)
    changes = dict(changes)
    stages = config.stages
    if epochs := changes.pop("epochs", None):
        stages = tuple(replace(stage, epochs=n) for stage, n in zip(stages, epochs, strict=True))
    return replace(config, stages=stages, **changes)


def work_on(task: dict) -> dict:
    """One measurement: {home, data, who, without, config, and warm_up and steps, or train_images}."""
    dataset = _dataset(task["home"], task["data"])
    config = config_of(dataset, task["config"])
    # the split of the first seed: seeds change the training alone
    parts = steps.parts_of(dataset, replace(config, seed=steps.SEED), task.get("train_images"))
    learner = (
        steps.plain_learner(dataset, config, parts) if task["who"] == "theirs"
        else steps.our_learner(dataset, config, parts, task.get("without"))
    )
    if "steps" in task:
        return asdict(steps.speed(learner, task["warm_up"], task["steps"]))
    return steps.accuracy(learner, config)


if __name__ == "__main__":
    serve(work_on)
