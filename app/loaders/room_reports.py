"""The report of a class, made anew when somebody answered or its educator did something."""

from collections.abc import Iterable
from pathlib import Path

from app.loaders.file_cache import kept
from pipeline.classroom.room import Room
from pipeline.classroom.room_files import seat_paths
from pipeline.export.room_report import RoomReport, room_report


def _files(room: Room) -> Iterable[Path]:
    return [*sorted(room.folder.glob("*.json*")), *seat_paths(room.folder)]


@kept(_files, entries=8)
def report_of(room: Room) -> RoomReport:
    """The report of a class as it is now.

    Raises:
        WorkspaceError: the file of what its educator did is damaged.
    """
    return room_report(room)
