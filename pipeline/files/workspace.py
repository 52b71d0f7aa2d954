"""Where LesionLab keeps what it makes, `$LESIONLAB_HOME`, else `./workspace`; and where what it brings along lies: a
trained model, and the run of its cross-validation, both read-only.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.files.disk import disk_errors

SEARCHES = "searches"
MODEL_NAME = "default"
RUN_NAME = "default-out-of-fold"
READ_ONLY = "came with LesionLab and cannot be changed"
_BUNDLED = Path(__file__).resolve().parents[2] / "assets" / "models" / "default"


@dataclass(frozen=True)
class Workspace:
    """The folder tree `datasets/<name>`, `runs/<run_id>`, `models/<name>` under `home`."""

    home: Path

    @property
    def datasets(self) -> Path:
        return self.home / "datasets"

    @property
    def runs(self) -> Path:
        return self.home / "runs"

    @property
    def models(self) -> Path:
        return self.home / "models"

    @property
    def searches(self) -> Path:
        """Learning-rate searches, each in a folder like a run's."""
        return self.home / SEARCHES

    @property
    def bin(self) -> Path:
        """Deleted runs and models wait here until they are restored or removed for good."""
        return self.home / "deleted"

    @property
    def locks(self) -> Path:
        return self.home / "locks"

    def create(self) -> "Workspace":
        """Make the folders.

        Raises:
            WorkspaceError: `home` cannot be written.
        """
        with disk_errors(self.home):
            for folder in (self.datasets, self.runs, self.models, self.locks):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.locks / ".writable"
            probe.touch()
        return self


def current_workspace() -> Workspace:
    """The workspace that the environment names; its folders need not exist yet."""
    return Workspace(Path(os.environ.get("LESIONLAB_HOME") or "workspace").expanduser().absolute())


def bundled_folder() -> Path:
    """Where the bundled things lie: `$LESIONLAB_BUNDLED`, else beside the code; they need not be there."""
    named = os.environ.get("LESIONLAB_BUNDLED")
    return Path(named).expanduser().absolute() if named else _BUNDLED


def run_folder() -> Path:
    """The folder of the bundled run, whether it is there or not."""
    return bundled_folder() / "run"


def error_words(said: Exception | str) -> str:
    """An error, or what a process said of one, with each file named by its place in the workspace, for a reader who is
    not to learn the server's folders.
    """
    bundled = bundled_folder()
    text = _without(str(said), bundled, f"{bundled.name}/", bundled.name)
    return _without(text, current_workspace().home, "", "the workspace")


def _without(text: str, folder: Path, before_a_file: str, alone: str) -> str:
    """`text` with the path of `folder` as `before_a_file` where a file in it follows, else as `alone`."""
    for path in {str(folder), os.path.realpath(folder)}:
        start = rf"(?<![\w./-]){re.escape(path)}"
        text = re.sub(rf"{start}/(?=[^\s/])", lambda _: before_a_file, text)
        text = re.sub(rf"{start}/?(?![\w/-]|\.\w)", lambda _: alone, text)
    return text
