"""A `Training` without a run: nothing of it is written, and what it notes is listed."""

from pathlib import Path

from pipeline.configuration.config import RunConfig
from pipeline.data.dataset import Dataset
from pipeline.progress import Progress, silent
from pipeline.runs.run_dir import RunDir
from pipeline.training.training import Parts, Pixels, Training, TrainingData
from pipeline.vocabulary import Work


class Listener:
    """Hears what a training notes; `watch` is told its steps."""

    def __init__(self, watch: Progress = silent):
        self.notes: list[str] = []
        self.watch = watch

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def stop_asked(self) -> bool:
        return False

    def worked(self, images: int, kind: Work, sentence: str) -> None:
        self.watch(None, sentence)


def loose_training(
    dataset: Dataset, config: RunConfig, parts: Parts, pixels: Pixels, network, watch: Progress = silent,
) -> Training:
    """On the processor."""
    return Training(
        RunDir(Path(dataset.folder) / "loose"), config, TrainingData(dataset, dataset.metadata(), parts, pixels),
        network, Listener(watch), "cpu",
    )
