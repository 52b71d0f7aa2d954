"""Evaluations of a model on a data set: each in a folder like a run's, worked on by a process of its own in the queue.

Such a run has no model, no stages and no epochs. Its config.json has the plan as `evaluation`; `split.parquet` has what
is judged, all in the part "test", with the data set's own diagnosis as `dx_there`; `overlap.csv` what was left out
because the model was trained on it.
"""

import io
from pathlib import Path

import pandas as pd

from pipeline.configuration.config import RunConfig
from pipeline.data.split import EXTERNAL
from pipeline.files.csv_cells import table_as_csv
from pipeline.files.disk import replace_file, write_json
from pipeline.files.workspace import Workspace
from pipeline.inference.evaluation_plan import EvaluationPlan
from pipeline.jobs.launch import start
from pipeline.models.model_info import ModelInfo
from pipeline.runs.new_folder import begin, make_folder
from pipeline.runs.run_dir import RunDir, all_run_names
from pipeline.runs.status import just_queued, write_status

PRESET = "evaluation"


def overlap_path(run: RunDir) -> Path:
    """image_id, lesion_id, by_id, by_content, by_lesion of what was left out."""
    return run.folder / "overlap.csv"


def create_evaluation(workspace: Workspace, plan: EvaluationPlan) -> RunDir:
    """A new queued evaluation `<model>-on-<data>-<n>` that nobody works on yet.

    Raises:
        WorkspaceError: the disk is full or the workspace cannot be written.
    """
    info, status = plan.model, just_queued(notes=tuple(plan.sentences()))
    # a model whose description states frequencies answers at these, whatever its loss; see `evaluation.decided`
    assumed = "training_frequencies" if info.frequencies is None else "frequencies"
    about = {
        "kind": "evaluation", "config": _config(info, plan).to_json(), "versions": {}, "created": status.created,
        **({} if plan.priors is None else {assumed: plan.priors}), "evaluation": plan.record(),
    }

    def fill(folder: Path) -> None:
        run = RunDir(folder)
        replace_file(run.split_path, _parquet(plan.images))
        replace_file(overlap_path(run), table_as_csv(plan.overlap.images))
        write_json(run.config_path, about)
        write_status(run.status_path, status)

    stem = f"{info.name}-on-{plan.dataset.name}"
    return RunDir(make_folder(workspace, workspace.runs, stem, all_run_names(workspace), fill))


def start_evaluation(workspace: Workspace, plan: EvaluationPlan) -> RunDir:
    """Creates an evaluation and starts it in a process of its own, which outlives this one."""
    run = create_evaluation(workspace, plan)
    begin(run.folder, lambda: start(workspace, run))
    return run


def _config(info: ModelInfo, plan: EvaluationPlan) -> RunConfig:
    """The model's input and loss, for pages that show what the network saw; nothing in it trains."""
    return RunConfig(
        data=plan.dataset.name, data_hash=plan.dataset.content_hash, preset=PRESET, arch=info.arch,
        weights=info.weights, width=info.width, height=info.height, resize=info.resize, augment="none",
        normalize=info.normalize, batch_size=1, loss=info.loss, stages=(), split=EXTERNAL, keep="last",
        flips=info.flips, mean=info.mean, std=info.std, view=info.view, head=info.head,
    )


def _parquet(table: pd.DataFrame) -> bytes:
    content = io.BytesIO()
    table.to_parquet(content, index=False)
    return content.getvalue()
