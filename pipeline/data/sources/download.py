"""Downloading one file over HTTP: resumed with Range and If-Range (RFC 9110), its size checked, what fails in words."""

import re
import shutil
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from requests import Response
from requests.exceptions import ChunkedEncodingError, ConnectionError, ContentDecodingError, RequestException

from pipeline.data.sources.partial import Partial
from pipeline.data.sources.refusals import Host, refused, told_number, unreachable
from pipeline.errors import DataError, WorkspaceError
from pipeline.files.disk import disk_errors
from pipeline.limits import MOST_DOWNLOAD_BYTES
from pipeline.progress import Progress, silent

_CHUNK = 2**16
_SPARE_BYTES = 200 * 2**20
_PAUSES = (1.0, 3.0, 10.0, 30.0)  # seconds before another try; then it is given up
_MOST_RESTARTS = 2


@dataclass(frozen=True)
class Remote:
    """A file to download.

    Attributes:
        name: what it is called here.
        open: given request headers, the server's answer, its body not read yet; may raise DataError.
        most: bytes that it can have, whatever the server says.
    """

    name: str
    host: Host
    open: Callable[[dict[str, str]], Response]
    most: int = MOST_DOWNLOAD_BYTES


class _Broken(Exception):
    """The connection ended before the file did; worth another try."""


def megabytes(size: float) -> str:
    """ "1,234.5 MB", of a million bytes each."""
    return f"{size / 1e6:,.1f} MB"


def _validator(response: Response) -> str | None:
    """What If-Range may name: a strong ETag, else the time of the last change."""
    etag = response.headers.get("ETag", "")
    return response.headers.get("Last-Modified") if not etag or etag.startswith("W/") else etag


def _rest_begins(response: Response, part: Partial) -> bool:
    """Whether a 206 brings exactly what is missing of the file that is known."""
    found = re.fullmatch(r"bytes ([0-9]+)-([0-9]+)/([0-9]+)", response.headers.get("Content-Range", "").strip())
    first, last, total = map(told_number, found.groups()) if found else (None, None, None)
    return None not in (first, last, total) and (first, total) == (part.size, part.total) and last < total


def _too_large(remote: Remote, part: Partial) -> DataError:
    part.discard()
    return DataError(
        f"{remote.host.name} sends more for {remote.name} than it can have: over {megabytes(remote.most)}.",
        "What came is thrown away. Download the files by hand, look at them, and import them.",
    )


def _require_room(part: Partial, folder: Path, also: float) -> None:
    if part.total is None:
        return
    needed = part.total - part.size + also * part.total + _SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise WorkspaceError(
            f"The disk is too full: the download and its import need {megabytes(needed)} and {megabytes(free)} are "
            "free.",
            "Free some space, or set LESIONLAB_HOME to a folder on a larger disk.",
        )


def _receive(remote: Remote, response: Response, part: Partial, progress: Progress) -> None:
    """Appends the answer's body to `part`."""
    of = "" if part.total is None else f" of {megabytes(part.total)}"
    with disk_errors(part.path), part.path.open("ab") as file:
        size = file.tell()
        try:
            for chunk in response.iter_content(_CHUNK):
                size += len(chunk)
                if size > remote.most:
                    raise _too_large(remote, part)
                file.write(chunk)
                fraction = min(size / part.total, 1.0) if part.total else None
                progress(fraction, f"{remote.name}: {megabytes(size)}{of}.")
        except (ChunkedEncodingError, ContentDecodingError, ConnectionError) as error:
            raise _Broken from error


def _attempt(remote: Remote, part: Partial, folder: Path, also: float, progress: Progress, first: bool) -> None:
    try:
        response = remote.open({"Accept-Encoding": "identity", **part.range_headers()})
    except RequestException as error:
        if first:
            raise unreachable(remote.host, error) from None
        raise _Broken from None
    with response:
        if response.status_code == 200:
            part.begin(_validator(response), told_number(response.headers.get("Content-Length", "")))
        elif response.status_code == 416 or (response.status_code == 206 and not _rest_begins(response, part)):
            part.discard()
            raise _Broken
        elif response.status_code != 206:
            raise refused(remote.host, remote.name, response)
        if part.total is not None and part.total > remote.most:
            raise _too_large(remote, part)
        _require_room(part, folder, also)
        _receive(remote, response, part, progress)
    if part.total is not None and part.size < part.total:
        raise _Broken
    if part.total is not None and part.size > part.total:
        part.discard()
        raise _Broken


def _until_whole(
    remote: Remote, part: Partial, folder: Path, also: float, progress: Progress, pauses: Sequence[float]
) -> None:
    """Tries again where the connection broke: as long as bytes come, else after growing pauses."""
    waits, restarts, first = list(pauses), 0, True
    while True:
        before, total = part.size, part.total
        try:
            _attempt(remote, part, folder, also, progress, first)
            return
        except _Broken:
            first = False
            restarts += part.size < before or (before > 0 and part.total != total)
            if restarts > _MOST_RESTARTS:
                part.discard()
                raise DataError(
                    f"{remote.host.name} contradicts itself about the size of {remote.name}.",
                    "What came is thrown away. Try again later.",
                ) from None
            if part.size > before:
                waits = list(pauses)
            elif not waits:
                of = "" if part.total is None else f" of {megabytes(part.total)}"
                raise DataError(
                    f"The connection to {remote.host.name} broke off: {megabytes(part.size)}{of} of {remote.name} have "
                    "come.",
                    "Start it again: it goes on from there.",
                ) from None
            pause = waits.pop(0) if waits else 0.0
            progress(None, f"The connection to {remote.host.name} broke off; tries again in {pause:.0f} s.")
            time.sleep(pause)


def download(
    remote: Remote, folder: Path, progress: Progress = silent, *, also: float = 0.0, pauses: Sequence[float] = _PAUSES
) -> Path:
    """The file in `folder`; what came of it in an earlier try is used, unless the server has another file by now.

    Args:
        progress: told the fraction of this file's bytes; what it raises ends the download, and what came stays.
        also: disk space that will be needed besides, as a share of the file's size.
        pauses: seconds before each further try where no byte comes.

    Raises:
        DataError: the server refuses, cannot be reached, breaks off for good, or sends no whole zip for a zip.
        WorkspaceError: the disk is too full, or the folder cannot be written.
    """
    whole = folder / remote.name
    if whole.exists():
        return whole
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    part = Partial(folder, remote.name)
    _until_whole(remote, part, folder, also, progress, pauses)
    if whole.suffix == ".zip" and not zipfile.is_zipfile(part.path):
        size = part.size
        part.discard()
        raise DataError(
            f"{remote.name} has all of the {size:,} bytes that {remote.host.name} announced, but is not a whole zip "
            "archive.",
            "What came is thrown away. Try again later.",
        )
    return part.finish()
