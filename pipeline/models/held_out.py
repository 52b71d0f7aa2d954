"""Which lesions a model's prediction sets are ranked among: those that its network held out, as it answered them.

A run's model has its run's test part, else its validation part; the bundled one its bundled run; an imported or a
combined one the last evaluation of it on the data set that it was trained on, for it brings no answers along.
"""

from typing import NamedTuple

import pandas as pd

from pipeline.errors import ModelError
from pipeline.evaluation.decided import decided_predictions
from pipeline.evaluation.evaluate import part_chose_epoch
from pipeline.files.workspace import Workspace
from pipeline.metrics.predictions_table import codes_in
from pipeline.models.decided_output import available_decisions, model_priors
from pipeline.models.library import run_of
from pipeline.models.model_info import ModelInfo
from pipeline.models.weights_files import own_weights
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir, bundled_run, readable_runs
from pipeline.vocabulary import Decision, HeldOutPart


class HeldOut(NamedTuple):
    """Held-out lesions of a model.

    Attributes:
        run: whose predictions they are.
        predictions: a row an image, as `decision` sees them; of a cross-validation's networks with `fold`.
        decision: as-data where the model's class priors are known, else the model's own.
        origin: whose answers to which lesions, in words.
    """

    run: RunDir
    predictions: pd.DataFrame
    decision: Decision
    origin: str


def held_out(workspace: Workspace, info: ModelInfo) -> HeldOut:
    """The model's held-out lesions.

    Raises:
        ModelError: there are none here; the sentence says how to get some.
        RunError, WorkspaceError: the run has no predictions, or its files are damaged.
    """
    run = _run_behind(workspace, info)
    table = run.predictions()
    if codes_in(table) != list(info.classes):
        raise ModelError(f"The answers in {run.name} are about other diagnoses than those of the model {info.name}.",
                         "Train it again, or import its bundle again.")
    parts = set(table["part"])
    part: HeldOutPart = "test" if "test" in parts else "validation"
    table = table[table["part"] == part].reset_index(drop=True)
    if info.folds:
        table = _of_folds(info, run, table)
    decision = available_decisions(info, model_priors(workspace, info))[0]
    lesions = count(int(table["lesion_id"].nunique()), "lesion")
    return HeldOut(run, decided_predictions(run, table, decision), decision, _origin(info, run, part, lesions))


def source_run(workspace: Workspace, info: ModelInfo) -> RunDir | None:
    """The run whose predictions `held_out` reads; None where there is none."""
    try:
        return _run_behind(workspace, info)
    except ModelError:
        return None


def _run_behind(workspace: Workspace, info: ModelInfo) -> RunDir:
    if info.read_only:
        run = bundled_run()
        if run is None or run.config().data_hash != info.data_hash:
            raise ModelError(f"The model {info.name} has no answers to held-out lesions beside it.",
                             "Restore its folder from a copy.")
        return run
    if run := run_of(workspace, info):
        return run
    evaluations = [run for run in readable_runs(workspace) if _judges(run, info)]
    if not evaluations:
        raise ModelError(f"The model {info.name} brings no answers to held-out lesions along.",
                         f"Judge it here on the data set {info.data}: that has some.")
    return max(evaluations, key=lambda run: run.about()["created"])


def _judges(run: RunDir, info: ModelInfo) -> bool:
    """Whether a finished evaluation has this very model's answers to lesions that it held out."""
    about = run.evaluation()
    if about is None or about["model"] != info.name or run.status().state != "done":
        return False
    own_data = run.config().data_hash == info.data_hash and not about["mapping"]
    # a model that came under this name later is another one
    since = max((path.stat().st_mtime for path in own_weights(info) if path.exists()), default=info.created)
    return own_data and about["overlap_note"] is None and run.about()["created"] >= since


def _of_folds(info: ModelInfo, run: RunDir, table: pd.DataFrame) -> pd.DataFrame:
    """The images that were answered by the one network that was trained without their lesion."""
    if "fold" not in table or set(table["fold"].dropna()) != set(range(len(info.folds))):
        raise ModelError(f"In {run.name} not each network of the model {info.name} answers lesions that it held out.",
                         f"Judge it here on the data set {info.data}.")
    return table.dropna(subset="fold").reset_index(drop=True)


def _origin(info: ModelInfo, run: RunDir, part: HeldOutPart, lesions: str) -> str:
    if info.folds:
        return (f"Each of its {len(info.folds)} networks ranks the image among the lesions that it was trained "
                f"without, {lesions} in all, and the ranks are pooled.")
    if info.read_only:
        return (f"Ranked among {lesions}, which sibling networks answered in cross-validation. This network itself "
                "held none out, so the promise is theirs.")
    if run.evaluation():
        return f"Ranked among the {lesions} that judged it in {run.name}."
    known = ""
    if info.split == "random":
        known = (" Its data were split by image, so it was trained on other images of many of them: its sets are too "
                 "small.")
    elif part_chose_epoch(run, part):
        known = " They chose its epoch too, so its sets are a little too small."
    return f"Ranked among the {lesions} of its {part} part.{known}"
