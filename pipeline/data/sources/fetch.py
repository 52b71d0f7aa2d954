"""Fetching a collection: download its files into the workspace's hidden `.downloads`, import them, remove them."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests

from pipeline.data.dataset import Dataset, check_name
from pipeline.data.importing import import_dataset
from pipeline.data.left_behind import remove_left_behind
from pipeline.data.naming import UnconfirmedNamesError
from pipeline.data.sources import isic
from pipeline.data.sources.catalogue import Source
from pipeline.data.sources.download import Remote, download
from pipeline.data.sources.kaggle import kaggle_archive
from pipeline.data.sources.refusals import Host
from pipeline.data.sources.requests_out import get
from pipeline.errors import DataError, LesionLabError
from pipeline.files.workspace import Workspace
from pipeline.progress import Progress, silent

DOWNLOAD_SHARE = 0.8  # of the time of a fetch
_MOST_TIMES, _MOST_BESIDES = 2, 200e6  # a source may bring so many times its size, and so many bytes more
_BY_HAND = f"See {isic.PAGE}: the addresses may have changed. Files from there can be imported as a folder."
ISIC_HOST = Host("The ISIC archive", rejected=_BY_HAND, forbidden=_BY_HAND, missing=_BY_HAND)


def download_folder(workspace: Workspace, source: Source) -> Path:
    """Where the files of `source` wait until they are imported."""
    return workspace.home / ".downloads" / source.id / source.id  # sentences about the import name the last part


def _isic_file(path: str) -> Remote:
    def open_(headers: dict[str, str]) -> requests.Response:
        return get(ISIC_HOST, isic.address(path), headers)

    return Remote(path.rpartition("/")[2], ISIC_HOST, open_)


def _remotes(source: Source) -> list[Remote]:
    remotes = [kaggle_archive()] if source.login else [_isic_file(path) for path in isic.FILES[source.id].all]
    return [replace(remote, most=int(_MOST_TIMES * source.size + _MOST_BESIDES)) for remote in remotes]


def share_of(progress: Progress, first: float, last: float) -> Callable[[float | None, str], None]:
    """`progress` for a part of the work, from the fraction `first` to `last` of all of it."""

    def told(fraction: float | None, sentence: str) -> None:
        progress(None if fraction is None else first + (last - first) * fraction, sentence)

    return told


def check_free(workspace: Workspace, name: str) -> None:
    """Raises a DataError where a data set has the name already, before gigabytes are downloaded in vain."""
    check_name(name)
    if (workspace.datasets / name / "dataset.json").exists():
        raise DataError(f"There is a data set named {name} already.", "Choose another name, or use that one.")


def fetch(workspace: Workspace, source: Source, name: str, progress: Progress = silent) -> Dataset:
    """The collection as the data set `name`. What an interrupted try has downloaded is used.

    The downloaded files are removed once they are imported, and stay where the import failed.

    Raises:
        DataError: the name is taken, there are no credentials, the server refuses or breaks off, or the files cannot
            be imported.
        WorkspaceError: the disk is too full, or the workspace cannot be written.
        Cancelled: `progress` asked to stop.
    """
    check_free(workspace, name)
    workspace.create()
    remove_left_behind(workspace, using=name)
    folder = download_folder(workspace, source)
    remotes = _remotes(source)
    for remote in remotes:
        large = remote is remotes[-1]  # what comes before it is a few kilobytes
        told = share_of(progress, 0.0, DOWNLOAD_SHARE) if large else share_of(progress, 0.0, 0.0)
        download(remote, folder, told, also=source.import_share)
    path = folder / remotes[0].name if len(remotes) == 1 else folder
    return bring_in(workspace, path, folder, name, rights=(source.licence, source.attribution),
                    progress=share_of(progress, DOWNLOAD_SHARE, 1.0))


def bring_in(workspace: Workspace, path: Path, folder: Path, name: str, **options: Any) -> Dataset:
    """What was downloaded into `folder` as the data set `name`; the folder goes then, and stays where that failed.

    Args:
        path: the folder, or what of it is imported.
        options: of `import_dataset`.

    Raises:
        DataError, WorkspaceError, Cancelled: as `import_dataset`; the sentence says where the files are.
    """
    kept = f"The downloaded files are kept in {folder}."
    try:
        dataset = import_dataset(workspace, path, name, **options)
    except UnconfirmedNamesError as error:  # a collection that is fetched has no names for anybody to map
        raise DataError(error.advice or error.problem, kept) from error
    except LesionLabError as error:
        raise type(error)(error.problem, f"{error.next_step} {kept}".strip()) from error
    shutil.rmtree(folder, ignore_errors=True)
    return dataset
