"""The files of a zip, the images of an HDF5 file, or what lies in a folder and in its zips and HDF5 files, each with
how to read it."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pipeline.data.hdf5_members import is_hdf5, open_hdf5
from pipeline.data.image_ids import composed
from pipeline.data.member import Member, tidy_path
from pipeline.data.regular_files import is_folder, open_regular, read_regular
from pipeline.data.zip_members import open_zip, too_many
from pipeline.errors import DataError
from pipeline.limits import MOST_MEMBERS, MOST_ZIPS

_MOST_HDF5 = 4  # in one folder: each may hold a whole collection


class _FolderSource:
    """A folder; a link is followed only to what lies in it too."""

    def __init__(self, folder: Path):
        self.name, self._folder = folder.name, Path(os.path.realpath(folder))

    def read(self, key: str, said: str, most: int, *, whole: bool = True) -> bytes:
        place = Path(os.path.realpath(key))
        if not place.is_relative_to(self._folder):
            raise DataError(f"{said} in {self.name} is a link out of the folder.", "Put the file itself there.")
        try:
            return read_regular(place, most, whole=whole)
        except DataError as error:  # its sentence names the whole path, which may not be one to show
            problem = error.problem.replace(str(place), f"{said} in {self.name}")
            raise DataError(problem, error.next_step) from error


def _files_of(folder: Path) -> list[tuple[list[str], os.DirEntry]]:
    """Every visible file below `folder` in the order of the paths' parts; folders behind links are not looked into."""
    found: list[tuple[list[str], os.DirEntry]] = []
    waiting: list[tuple[str, list[str]]] = [(str(folder), [])]
    while waiting:
        place, parts = waiting.pop()
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or entry.name == "__MACOSX":
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, [*parts, entry.name]))
                    elif entry.is_file():
                        found.append(([*parts, entry.name], entry))
        except OSError as error:
            raise DataError(
                f"A folder in {folder.name} cannot be read: {error.strerror}.", "Check it, or take it out."
            ) from error
        if len(found) + len(waiting) > MOST_MEMBERS:
            raise too_many(folder.name)
    return sorted(found, key=lambda one: one[0])


def _folder_members(folder: Path) -> list[Member]:
    source, found = _FolderSource(folder), []
    for parts, entry in _files_of(folder):
        with contextlib.suppress(FileNotFoundError):  # it has gone in the meantime
            if path := tidy_path("/".join(parts)):
                found.append(Member(path, entry.stat().st_size, source, entry.path))
    return found


def _in_its_hdf5(folder: Path, loose: list[Member], opened: contextlib.ExitStack) -> list[Member]:
    """The images of the HDF5 files in a folder, as ISIC 2024 hands them out, where none lies loose."""
    packed = [member for member in loose if is_hdf5(member.file)]
    if not packed or any(member.is_image for member in loose):
        return []
    if len(packed) > _MOST_HDF5:
        raise DataError(f"{folder.name} holds more than {_MOST_HDF5} HDF5 files.", "Give a part of it.")
    found = ((one, member) for one in packed for member in open_hdf5(Path(one.key), opened))
    return [replace(member, path=f"{one.path}/{member.path}") for one, member in found]


def _in_its_zips(folder: Path, loose: list[Member], opened: contextlib.ExitStack) -> list[Member]:
    """What the zips in a folder add, as ISIC and Dataverse hand out their data: images where none lies loose, and
    tables that do not lie loose under the same name."""
    images_loose = any(member.is_image for member in loose)
    tables_loose = {member.stem.lower() for member in loose if member.is_table}
    if images_loose and tables_loose:
        return []
    zips = [member for member in loose if member.suffix == ".zip"]
    if len(zips) > MOST_ZIPS:
        raise DataError(f"{folder.name} holds more than {MOST_ZIPS} zip archives.", "Unpack them, or give a part.")
    found: list[Member] = []
    for zipped in zips:
        for member in open_zip(Path(zipped.key), opened):
            known = images_loose if member.is_image or member.mask_of else member.stem.lower() in tables_loose
            if not known:
                found.append(replace(member, path=f"{zipped.path}/{member.path}"))
        if len(loose) + len(found) > MOST_MEMBERS:
            raise too_many(folder.name)
    return found


def file_member(path: Path) -> Member:
    """The file at `path` as a member; raises a DataError where it is none."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
    place = Path(os.path.realpath(path))
    return Member(composed(path.name), size, _FolderSource(place.parent), str(place))


@contextlib.contextmanager
def open_members(path: Path) -> Iterator[list[Member]]:
    """Every file at `path`, a zip or a folder, or image of an HDF5 file, to be read within the `with`. Hidden files of
    a folder are left out.

    Raises:
        DataError: nothing is there, it is neither a folder nor a zip nor an HDF5 file, one cannot be opened, or there
            are too many files.
    """
    if not os.path.exists(path):
        raise DataError(f"There is no archive or folder {path}.", "Check the path.")
    with contextlib.ExitStack() as opened:
        if is_folder(path):
            loose = _folder_members(path)
            yield loose + _in_its_zips(path, loose, opened) + _in_its_hdf5(path, loose, opened)
        elif is_hdf5(path.name):
            yield open_hdf5(path, opened)
        else:
            yield open_zip(path, opened)
