"""What went wrong as a page says it: a visitor is told which file of the workspace, and no folder of the server."""

import os
import re
from pathlib import Path

from pipeline.errors import LesionLabError
from pipeline.files.workspace import bundled_folder, current_workspace


def error_words(said: LesionLabError | str) -> str:
    """An error, or what another process said of one, with each file named by its place in the workspace."""
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
