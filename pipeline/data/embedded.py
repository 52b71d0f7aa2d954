"""The embedded generated data set, drawn once into the workspace."""

import shutil
import tempfile
from pathlib import Path

from pipeline.data.dataset import Dataset, list_datasets
from pipeline.data.importing import import_dataset
from pipeline.data.synthetic import write_generated_set
from pipeline.files import disk_errors
from pipeline.progress import Progress, silent
from pipeline.workspace import Workspace

NAME = "generated"


def ensure_generated(workspace: Workspace, progress: Progress = silent) -> Dataset:
    """The data set named "generated", drawn and imported if the workspace lacks it (about 20 s)."""
    for dataset in list_datasets(workspace):
        if dataset.name == NAME:
            return dataset
    workspace.create()
    with disk_errors(workspace.home):
        folder = Path(tempfile.mkdtemp(prefix=".drawing-", dir=workspace.home))
        try:
            write_generated_set(folder, progress=progress)
            return import_dataset(workspace, folder, NAME, progress=progress)
        finally:
            shutil.rmtree(folder)
