"""A new run of a configuration, before anybody works on it."""

import importlib.metadata

from pipeline.config import RunConfig
from pipeline.runs.lineage import find_start, take_over
from pipeline.runs.run_dir import RunDir, create_run
from pipeline.workspace import Workspace

_VERSIONS_OF = ("torch", "torchvision", "fastai", "timm", "numpy", "pandas", "pillow")


def create(workspace: Workspace, config: RunConfig) -> RunDir:
    """A new queued run that nobody works on yet; a branch gets its parent's weights and split at once.

    Raises:
        RunError: the parent or its weights are gone.
        WorkspaceError: the disk is full or the workspace cannot be written; then there is no new run.
    """
    start = None if config.parent is None else find_start(workspace, f"{config.parent}:{config.parent_stage}")
    versions = {name: importlib.metadata.version(name) for name in _VERSIONS_OF}
    return create_run(workspace, config, versions, (lambda run: take_over(run, start)) if start else None)
