"""Classes go by themselves: a day after the last thing that happened in one, whoever looks for a class deletes it.

One of which all seems to lie ahead, as after a clock was set back, stays until it is a day old, or forgotten.
"""

import contextlib
import os
import time
from pathlib import Path

from pipeline.classroom.room_files import read_made, remove_room, room_events, rooms_folder, seat_files
from pipeline.classroom.room_state import last_moment
from pipeline.errors import WorkspaceError
from pipeline.files.workspace import Workspace

KEPT_SECONDS = 24 * 3600
LETTERS = "CDFHJKMPRTWXY"  # none looks like another or like a digit, and without vowels they make no word
CODE_LENGTH = 4


def is_code(text: str) -> bool:
    """Whether it can be the code of a class."""
    return len(text) == CODE_LENGTH and set(text) <= set(LETTERS)


def room_folders(workspace: Workspace) -> list[Path]:
    """The folders of the classes, damaged ones too, by code, after those that are over a day old were deleted.

    Raises:
        WorkspaceError: one of those cannot be deleted.
    """
    place = rooms_folder(workspace)
    try:
        names = sorted(os.listdir(place))
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = []
    for name in names:
        folder = place / name
        if name.startswith(".") and is_code(name[1:5]):  # a deletion that was interrupted
            remove_room(folder)
        elif is_code(name) and is_there(folder):
            found.append(folder)
    return found


def is_there(folder: Path) -> bool:
    """Whether the folder of a class is there, after it was deleted where it is over a day old.

    Raises:
        WorkspaceError: it cannot be deleted.
    """
    if not os.path.lexists(folder):
        return False
    if _is_kept(folder):
        return True
    remove_room(folder)
    return False


def _is_kept(folder: Path) -> bool:
    """Whether something happened in a class in the last day; of one that cannot be read, in its folder."""
    now = time.time()
    with contextlib.suppress(WorkspaceError):
        created, events = read_made(folder)[1].created, room_events(folder)
        if now - last_moment(created, events, (), now) <= KEPT_SECONDS:
            return True  # without a look at every seat
        return now - last_moment(created, events, seat_files(folder)[0].values(), now) <= KEPT_SECONDS
    with contextlib.suppress(OSError):
        return now - folder.lstat().st_mtime <= KEPT_SECONDS
    return True
