"""A run's evidence inside the lesions as a small table beside its heatmaps, so that a page need not open the masks;
that of a run that cannot be changed beside the data set's masks."""

import io
from pathlib import Path

import pandas as pd

from pipeline.data.dataset import Dataset
from pipeline.evaluation.evidence import run_evidence
from pipeline.evaluation.kept import keep, kept_path
from pipeline.files.parquet import SHARE, TEXT, Column, read_table
from pipeline.progress import Progress, silent
from pipeline.runs.run_dir import RunDir

_NAME = "evidence-{}.parquet"
_REPAIR = "Delete that file, and measure again."
_GAPS = Column("number", 0, 1, gaps=True)
_COLUMNS = {
    **dict.fromkeys(("part", "image_id", "lesion_id", "truth", "predicted"), TEXT), "area": SHARE,
    **{f"{what}_{of}": _GAPS for what in ("inside", "usual") for of in ("predicted", "truth")},
}


def evidence_path(run: RunDir, dataset: Dataset) -> Path | None:
    """Where the table for these heatmaps and masks lies, whether it is there or not; None where the run stored no
    heatmaps or the data set has no masks.
    """
    folder = dataset.folder if run.capabilities().read_only else run.folder
    return kept_path(folder, _NAME, (run.predictions_path, run.heatmaps_path, dataset.folder / "masks"))


def read_evidence(path: Path) -> pd.DataFrame:
    """What `keep_evidence` stored at `path`.

    Raises:
        MissingFileError: there is none.
        WorkspaceError: it is damaged.
    """
    return read_table(path, _COLUMNS, _REPAIR, unique="image_id")


def keep_evidence(run: RunDir, dataset: Dataset, progress: Progress = silent) -> pd.DataFrame | None:
    """Computes and stores `run_evidence`, in place of an older table; None where there is nothing to compute it from.

    Raises:
        RunError: the run has no predictions yet.
        WorkspaceError: the disk is full or the run's folder cannot be written.
    """
    path = evidence_path(run, dataset)
    if path is None:
        return None
    table, content = run_evidence(run, dataset, progress), io.BytesIO()
    table.to_parquet(content, index=False)
    keep(path, _NAME, content.getvalue())
    return table
