"""`python -m pipeline.data.hdf5_worker FILE MOST SECONDS`: where in an HDF5 file each of its images lies, under limits
on itself: libhdf5 follows whatever a file says, and one that was made to do harm may bring it down.

It writes a JSON array [name, offset, size] a line for each data set at the file's top, in bytes of the file, and last
the line "whole"; instead of that "unfit" where the file is laid out in another way than ISIC 2024's, "too many" where
it has more than MOST names. Anything else, or no last line, is a damaged file.
"""

import contextlib
import json
import math
import sys
from collections.abc import Iterator
from typing import Any

_ROOM = 2**30  # bytes of memory beside what Python and libhdf5 take at the start
_ATTEMPTS = (OSError, RuntimeError, ValueError, KeyError, TypeError, MemoryError, OverflowError)


class _Unfit(Exception):
    """Something in it is no image in one piece."""


class _TooMany(Exception):
    """It has more names than are wanted."""


def _limit(seconds: int) -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):  # no such limits on this system: the asker's clock
        import resource

        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        taken = resource.getrusage(resource.RUSAGE_SELF)
        soft = math.ceil(taken.ru_utime + taken.ru_stime) + seconds
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (used + _ROOM, used + _ROOM))
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _names(file: Any, most: int) -> list[bytes]:
    """Those at the top, each a link that stays within the file."""
    from h5py import h5l

    names: list[bytes] = []
    refusals: list[type[Exception]] = []

    def take(name: bytes, link: Any) -> bool | None:
        """Ends the walk by giving True: what is raised here does not come through libhdf5."""
        if link.type != h5l.TYPE_HARD or len(names) == most:
            refusals.append(_TooMany if link.type == h5l.TYPE_HARD else _Unfit)
            return True
        names.append(bytes(name))
        return None

    file.links.iterate(take, info=True)
    if refusals:
        raise refusals[0]
    return names


def _place(file: Any, name: bytes) -> tuple[int, int]:
    """Offset and size in bytes of a data set that is stored uncompressed and in one piece, byte after byte."""
    from h5py import h5d, h5o, h5t

    found = h5o.open(file, name)
    if not isinstance(found, h5d.DatasetID):
        raise _Unfit
    kind, space, made = found.get_type(), found.get_space(), found.get_create_plist()
    text = isinstance(kind, h5t.TypeStringID) and not kind.is_variable_str()
    single = text or isinstance(kind, h5t.TypeOpaqueID)
    scalar_or_row = space.get_simple_extent_ndims() <= (0 if single else 1)
    fits = single or isinstance(kind, h5t.TypeIntegerID) and kind.get_size() == 1
    if not fits or not scalar_or_row or made.get_layout() != h5d.CONTIGUOUS or made.get_external_count():
        raise _Unfit
    offset, size = found.get_offset(), kind.get_size() * space.get_simple_extent_npoints()
    if offset is None or size != found.get_storage_size():
        raise _Unfit
    return offset, size


def _entries(path: str, most: int) -> Iterator[tuple[str, int, int]]:
    import h5py

    with h5py.File(path, "r", locking=False) as opened:
        if opened.userblock_size:
            raise _Unfit
        for name in _names(opened.id, most):
            yield (name.decode(), *_place(opened.id, name))


def main() -> None:
    import h5py  # noqa: F401  what it takes by being loaded is no part of the limits

    path, most, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    _limit(seconds)
    try:
        for entry in _entries(path, most):
            print(json.dumps(entry))
        said = "whole"
    except _Unfit:
        said = "unfit"
    except _TooMany:
        said = "too many"
    except _ATTEMPTS:
        said = "damaged"
    print(json.dumps(said))


if __name__ == "__main__":
    main()
