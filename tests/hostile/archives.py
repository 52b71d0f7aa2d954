"""Hostile zips, HDF5 files and folders."""

from collections.abc import Iterator

from tests.hostile import archive_folders, archive_hdf5, archive_names, archive_structures
from tests.hostile.case import Case


def cases() -> Iterator[Case]:
    yield from archive_names.cases()
    yield from archive_structures.cases()
    yield from archive_folders.cases()
    yield from archive_hdf5.cases()
