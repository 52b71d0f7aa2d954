"""`python -m pipeline` in a process of its own: the one command line and environment with which this project starts it.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipeline.workspace import Workspace

_PROJECT = Path(__file__).resolve().parents[2]


def start_pipeline(
    workspace: Workspace, arguments: list[str], stdout: Any, stderr: Any, *, outlives: bool = True,
    warnings: bool = True, **text: str,
) -> subprocess.Popen:
    """Starts `python -m pipeline ARGUMENTS` on `workspace`. It has nothing to read, and speaks UTF-8.

    Args:
        stdout, stderr: where it writes, as `subprocess.Popen` takes them.
        outlives: it has a session of its own: neither Ctrl-C in this process's terminal nor its closing ends it.
        warnings: whether Python's warnings are written too.
        text: `encoding` and `errors`, for pipes that are read as text.
    """
    quiet = [] if warnings else ["-W", "ignore"]
    return subprocess.Popen(
        [sys.executable, *quiet, "-m", "pipeline", *arguments], cwd=_PROJECT,
        env={**os.environ, "LESIONLAB_HOME": str(workspace.home), "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=outlives, **text,
    )
