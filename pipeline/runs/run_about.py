"""What a run's `config.json` says of it beside the config itself."""

from pathlib import Path
from typing import Any, NotRequired

from typing_extensions import TypedDict

from pipeline.files.bounds import Count, FileName, Moment, Share, Text, Word
from pipeline.files.disk import kept_while_unchanged
from pipeline.files.records import read_record
from pipeline.vocabulary import AskedPart, RunKind


class Evaluation(TypedDict):
    """What an evaluation of a model on another data set judged: `EvaluationPlan.record`."""

    model: FileName
    data: FileName
    mapping: dict[Word, Word]
    images: Count
    lesions: Count
    left_out: dict[Word, Count]
    overlap: "Overlap"
    overlapping_images: list[Word]
    overlap_note: Text | None
    chose_epoch: Count
    words: list[Text]
    judged_part: NotRequired[AskedPart | None]


class Overlap(TypedDict):
    """How many of its images the model was trained on, or knows the lesion of: `Overlap.counts`."""

    images: Count
    lesions: Count
    by_id: Count
    by_content: Count
    by_lesion: Count


class RunAbout(TypedDict):
    """All of it: the config as JSON, library versions, when it was created, what kind of run it is (`RunDir.kind`, as
    earlier versions did not say), and of an evaluation what it judged and the frequencies that its model's
    probabilities assume (`evaluation.decided`).
    """

    config: dict[str, Any]
    created: Moment
    kind: NotRequired[RunKind]
    versions: NotRequired[dict[Word, Word]]
    evaluation: NotRequired[Evaluation]
    frequencies: NotRequired[dict[Word, Share]]
    training_frequencies: NotRequired[dict[Word, Share]]


@kept_while_unchanged(entries=1024)  # a page asks for those of all runs
def read_about(path: Path) -> RunAbout:
    """The `config.json` at `path`; all callers share one, which must not be changed.

    Raises:
        MissingFileError: there is none.
        WorkspaceError: it is damaged.
    """
    return read_record(path, RunAbout, "Delete the folder that holds it, or restore it from a copy.")
