"""What was done on a server that is not its owner's alone, and when: JSON lines in the workspace.

A line holds the moment, the role and the right, never who or what: no address, no name, no file, no text. Two files of
limited size are kept, the older one until the newer is full.
"""

import json
import os
import threading
from datetime import UTC, datetime

from pipeline.files.disk import disk_errors
from pipeline.files.workspace import current_workspace
from pipeline.limits import MOST_ACTIVITY_BYTES

_FILE, _OLDER = "activity.jsonl", "activity.1.jsonl"
_writing = threading.Lock()


def write_down(right: str, role: str, allowed: bool) -> None:
    """Adds a line: at (UTC, to the second), role, action, allowed.

    Raises:
        WorkspaceError: the workspace cannot be written.
    """
    place = current_workspace().home
    path = place / _FILE
    line = {"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "role": role, "action": right, "allowed": allowed}
    with _writing, disk_errors(path):
        place.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            print(json.dumps(line), file=file)
            full = file.tell() >= MOST_ACTIVITY_BYTES
        if full:
            os.replace(path, place / _OLDER)
