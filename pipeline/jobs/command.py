"""One command of the command line in a process of its own, for pages: PyTorch and fastai stay out of the app."""

import json
import re
import subprocess
from typing import Any

from pipeline.errors import LesionLabError
from pipeline.jobs.processes import start_pipeline
from pipeline.progress import Progress, silent
from pipeline.workspace import Workspace

_PROGRESS = re.compile(r"^(?:\s*(\d+) %  )?(\S.*)$")


def run_command(workspace: Workspace, arguments: list[str], progress: Progress = silent) -> dict[str, Any]:
    """Runs `python -m pipeline ARGUMENTS --json` to its end and gives the object that it prints.

    Args:
        progress: told each line that the command writes to stderr; if it raises, the process is ended.

    Raises:
        LesionLabError: the command was refused or broke off, in its own sentence.
    """
    process = start_pipeline(
        workspace, [*arguments, "--json"], subprocess.PIPE, subprocess.PIPE, warnings=False, encoding="utf-8",
        errors="replace",
    )
    last = ""
    try:
        for line in process.stderr:
            if found := _PROGRESS.match(line.rstrip("\n")):
                last = found[2]
                progress(int(found[1]) / 100 if found[1] else None, last)
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
        raise LesionLabError(f"The command {arguments[0]} broke off: {last or f'exit code {code}'}") from error
    if "error" in told:
        raise LesionLabError(told["error"])
    return told
