"""The embedded generated data set, drawn once into the workspace."""

from contextlib import nullcontext
from pathlib import Path

from pipeline.data.dataset import Dataset, list_datasets
from pipeline.data.importing import import_dataset
from pipeline.data.left_behind import remove_left_behind, temporary_folder
from pipeline.data.synthetic.generated_set import write_generated_set
from pipeline.errors import DataError
from pipeline.files.locks import file_lock
from pipeline.files.workspace import Workspace
from pipeline.progress import Progress, silent

NAME = "generated"


def _present(workspace: Workspace) -> Dataset | None:
    for dataset in list_datasets(workspace):
        if dataset.name == NAME and not dataset.generated:
            raise DataError(
                f"The name {NAME} is taken by a data set with real images.", "Rename its folder in the workspace."
            )
        if dataset.name == NAME:
            return dataset
    return None


def ensure_generated(workspace: Workspace, progress: Progress = silent, folder: Path | None = None) -> Dataset:
    """The data set named "generated", drawn and imported if the workspace lacks it (about 20 s on two free cores).

    Args:
        folder: a new one of the caller's to draw in, whose `images` can be watched; None: one that goes at the end.

    Raises:
        DataError: the name is taken by real images.
        WorkspaceError: the disk is full or the workspace cannot be written.
        Cancelled: `progress` asked to stop; nothing is left behind.
    """
    if found := _present(workspace):
        return found
    workspace.create()
    lock = workspace.locks / "draw-generated.lock"
    with file_lock(lock, progress, "Waits for another process that draws the generated images."):
        if found := _present(workspace):  # the other process has drawn it
            return found
        remove_left_behind(workspace, using=NAME)
        with nullcontext(folder) if folder else temporary_folder(workspace, ".drawing-") as place:
            write_generated_set(place, progress=progress)
            return import_dataset(workspace, place, NAME, progress=progress)
