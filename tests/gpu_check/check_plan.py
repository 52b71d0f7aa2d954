"""What a check runs: its rows in their order, the time that each may take, and the scale of what is trained."""

from dataclasses import dataclass
from typing import Literal

from pipeline.files.workspace import Workspace

Kind = Literal["cuda", "cpu"]
MOST_SECONDS = 360  # of a whole check


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes:
        title: what it checks, a phrase.
        function: of `answer_rows` or `training_rows`, by module and name.
        seconds: after which it is stopped.
        needs: the row without which it cannot run.
    """

    title: str
    function: str
    seconds: int
    needs: str | None = None


ROWS: dict[str, Row] = {
    "device": Row("what the device panel says", "answer_rows.device", 45),
    "data": Row("the generated set", "answer_rows.generated_set", 35, "device"),
    "fp32": Row("training in float32", "training_rows.fp32", 28, "data"),
    "bf16": Row("training in bfloat16", "training_rows.bf16", 28, "data"),
    "fp16": Row("training in float16", "training_rows.fp16", 28, "data"),
    "killed": Row("a training killed and resumed", "training_rows.killed", 50, "data"),
    "memory": Row("a batch halved when memory ran out", "training_rows.out_of_memory", 35, "data"),
    "article": Row("article-resnet34 from random weights", "training_rows.article", 65, "data"),
    "answers": Row("answers and heatmaps beside the processor's", "answer_rows.answers", 35, "fp32"),
}


def with_needs(names: list[str]) -> list[str]:
    """These rows and those that they need, in the table's order."""
    wanted = set(names)
    for name in reversed(ROWS):
        if name in wanted and ROWS[name].needs:
            wanted.add(ROWS[name].needs)
    return [name for name in ROWS if name in wanted]


@dataclass(frozen=True)
class Scale:
    """How much is trained.

    Attributes:
        images, lesions: of the generated set, and the fewest of each diagnosis.
        settings: of the preset demo, for the trainings in each precision.
        batch: of the training whose memory runs out.
        article: settings of article-resnet34.
        batches: the fewest that it trains.
        learns: whether the loss has to fall: so few steps as the small scale has prove nothing.
        compared: images that both devices answer about.
    """

    images: int
    lesions: int
    settings: tuple[str, ...]
    batch: int
    article: tuple[str, ...]
    batches: int
    learns: bool
    compared: int


FULL = Scale(
    images=600, lesions=24, settings=("keep=last",), batch=240, learns=True, compared=256,
    article=("weights=random", "keep_epochs=no", "epochs=1,8"), batches=60,
)
SMALL = Scale(
    images=84, lesions=5, batch=16, batches=3, learns=False, compared=20,
    settings=("keep=last", "weights=random", "size=48x32", "batch_size=8", "epochs=1,2"),
    article=("weights=random", "keep_epochs=no", "size=64", "batch_size=16", "epochs=0,1"),
)


@dataclass(frozen=True)
class Check:
    """What a row is told: the device that is checked, how much is trained, and the workspace that the rows share."""

    kind: Kind
    scale: Scale
    workspace: Workspace


@dataclass(frozen=True)
class Outcome:
    """What became of a row.

    Attributes:
        state: "passed", "failed", or "not run".
        words: what was measured, or why it failed or did not run, a sentence.
        measured: the same as numbers and texts by name.
        seconds: that it took.
    """

    state: Literal["passed", "failed", "not run"]
    words: str
    measured: dict[str, object]
    seconds: float = 0.0


class NotHere(Exception):
    """A row that this machine cannot run; its text is the reason."""


class Wrong(Exception):
    """A row that ran and is not as it must be; its text says what is not, `measured` what was found."""

    def __init__(self, words: str, **measured: object):
        super().__init__(words)
        self.measured = measured
