"""What LesionLab brings along: a trained model, and the run of the sibling networks that judged it. Both read-only."""

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "assets" / "models" / "default"
MODEL_NAME = "default"
RUN_NAME = "default-out-of-fold"
SIBLINGS = "five sibling networks, not the shipped one"
READ_ONLY = "came with LesionLab and cannot be changed"


def bundled_folder() -> Path:
    """Where the bundled things lie: `$LESIONLAB_BUNDLED`, else beside the code; they need not be there."""
    named = os.environ.get("LESIONLAB_BUNDLED")
    return Path(named).expanduser().absolute() if named else FOLDER


def run_folder() -> Path:
    """The folder of the siblings' run, whether it is there or not."""
    return bundled_folder() / "run"
