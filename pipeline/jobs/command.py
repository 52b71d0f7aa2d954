"""One command of the command line in a process of its own, for pages: PyTorch and fastai stay out of the app."""

import json
import re
import subprocess
from typing import Any

from pipeline.errors import LesionLabError
from pipeline.jobs.processes import start_pipeline
from pipeline.progress import Progress, silent
from pipeline.workspace import Workspace

_STEP = re.compile(r"^ *(\d{1,3}) %  (\S.*)$")
_WORKS = "Works."


def run_command(workspace: Workspace, arguments: list[str], progress: Progress = silent) -> dict[str, Any]:
    """Runs `python -m pipeline ARGUMENTS --json` to its end and gives the object that it prints.

    Args:
        progress: told the steps that the command writes to stderr, and at each other line that it still works, since
            a library may write there what a file holds; if it raises, the process is ended.

    Raises:
        LesionLabError: the command was refused, in its own sentence, or broke off.
    """
    process = start_pipeline(
        workspace, [*arguments, "--json"], subprocess.PIPE, subprocess.PIPE, warnings=False, encoding="utf-8",
        errors="replace",
    )
    doing = _WORKS
    try:
        for line in process.stderr:
            found = _STEP.match(line.rstrip("\n"))
            doing = found[2] if found else doing
            progress(min(int(found[1]), 100) / 100 if found else None, doing)
        answer = process.stdout.read()
        code = process.wait()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
    try:
        told = json.loads(answer)
    except json.JSONDecodeError as error:
        raise LesionLabError(f"The command {arguments[0]} broke off: its process ended with code {code}.") from error
    if "error" in told:
        raise LesionLabError(told["error"])
    return told
