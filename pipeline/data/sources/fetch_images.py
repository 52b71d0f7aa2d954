"""Fetching single images of the ISIC archive as a data set: one by one, those that fail left out with their reason.

What came before an interruption waits in the workspace's hidden `.downloads`, each image with what the archive says of
it. A further fetch brings what the data set lacks.
"""

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from pipeline.data.dataset import Dataset, Problem, check_name, load_dataset
from pipeline.data.image_rights import RIGHTS
from pipeline.data.left_behind import remove_left_behind
from pipeline.data.reserved import reserved_images
from pipeline.data.sources.archive_image import HOST, IMAGE_ID, ArchiveImage, fetch_image
from pipeline.data.sources.catalogue import Source
from pipeline.data.sources.fetch import DOWNLOAD_SHARE, bring_in, download_folder, share_of
from pipeline.data.sources.refusals import HostError
from pipeline.errors import DataError, WorkspaceError
from pipeline.files.csv_cells import table_as_csv
from pipeline.files.disk import disk_errors, replace_file, write_json
from pipeline.files.records import read_record
from pipeline.files.workspace import Workspace
from pipeline.number_words import count
from pipeline.progress import Progress, silent

_MOST_IN_A_ROW = 8  # images that fail one after the other, before the archive is left alone
_AS_HERE = {"isic_id": "image_id", "copyright_license": "licence", "anatom_site_general": "localization",
            "diagnosis_confirm_type": "dx_type"}
_AS_THERE = {  # a data set's columns to what the archive's table calls them
    "image_id": "isic_id", "dx": "diagnosis", "lesion_id": "lesion_id", "age": "age", "sex": "sex",
    "localization": "localization", "dx_type": "dx_type", "source": "dataset", "licence": "copyright_license",
    "attribution": "attribution", "image_type": "image_type",
}


def fetch_images(
    workspace: Workspace, source: Source, name: str, wanted: pd.DataFrame, progress: Progress = silent,
    pauses: Sequence[float] | None = None,
) -> Dataset:
    """The images as the data set `name`; where there is one of an earlier fetch, with what it lacks.

    Args:
        wanted: image_id, lesion_id and dx of each image.
        pauses: as `fetch_image`.

    Raises:
        DataError: the name is taken by other images, none of them comes, or too many in a row do not.
        HostError: the archive cannot be reached, or asks for a pause; what came is kept.
        WorkspaceError: the disk is too full, or the workspace cannot be written.
        Cancelled: `progress` asked to stop.
    """
    check_name(name)
    workspace.create()
    remove_left_behind(workspace, using=name)
    present = _present(workspace, name, wanted)
    here = set() if present is None else set(present.metadata()["image_id"])
    missing = [image_id for image_id in wanted["image_id"] if image_id not in here]
    if present is not None and not missing:
        progress(1.0, f"All {count(len(wanted), 'image')} are here already.")
        return present
    folder = download_folder(workspace, source)
    came, problems = _fetched(missing, folder, share_of(progress, 0.0, DOWNLOAD_SHARE), pauses)
    if not came:
        raise DataError(f"Not one of {count(len(missing), 'image')} came; of {problems[0]['image_id']} it was said: "
                        f"{problems[0]['problem']}", "Try again later.")
    _lay_out(folder, wanted, came, present)
    return bring_in(workspace, folder, folder, name, problems=problems, larger=present is not None,
                    progress=share_of(progress, DOWNLOAD_SHARE, 1.0))


def _present(workspace: Workspace, name: str, wanted: pd.DataFrame) -> Dataset | None:
    """The data set of an earlier fetch; None where the name is free.

    Raises:
        DataError: the name is taken by other images, or some of them are reserved.
        WorkspaceError: it is damaged.
    """
    if not (workspace.datasets / name / "dataset.json").exists():
        return None
    dataset = load_dataset(workspace, name)
    table = dataset.metadata().set_index("image_id")
    shared = wanted.set_index("image_id")["dx"]
    shared = shared[shared.index.isin(table.index)]
    if not table.columns.isin(RIGHTS).any() or not (table.loc[shared.index, "dx"] == shared).all():
        raise DataError(f"The data set {name} holds other images.", "Choose another name.")
    if reserved_images(dataset):
        raise DataError(f"Of the data set {name} images are reserved, so none can join it.", "Choose another name.")
    return dataset


def _fetched(
    image_ids: Sequence[str], folder: Path, progress: Progress, pauses: Sequence[float] | None
) -> tuple[list[ArchiveImage], list[Problem]]:
    """What the archive says of the images that are in `folder` then, and why the others are not."""
    came: list[ArchiveImage] = []
    problems: list[Problem] = []
    in_a_row = 0
    for place, image_id in enumerate(image_ids):
        progress(place / len(image_ids), f"{image_id}, {place + 1:,} of {count(len(image_ids), 'image')}.")
        try:
            came.append(_one(image_id, folder, pauses))
            in_a_row = 0
        except HostError:
            raise
        except DataError as error:
            problems.append({"image_id": image_id, "problem": error.problem})
            in_a_row += 1
            if in_a_row == _MOST_IN_A_ROW < len(image_ids):
                raise DataError(f"{HOST.name} gave none of {count(in_a_row, 'image')} in a row. {error.problem}",
                                "Try again later: what has come is kept.") from error
    return came, problems


def _one(image_id: str, folder: Path, pauses: Sequence[float] | None) -> ArchiveImage:
    """What the archive says of an image; nothing is asked where it and its image are here from an earlier try."""
    if IMAGE_ID.fullmatch(image_id) is None:
        raise DataError(f"{image_id} is no image of the ISIC archive.", "Choose others.")
    path = folder / f"{image_id}.json"
    if path.exists() and path.with_suffix(".jpg").exists():
        try:
            return read_record(path, ArchiveImage)
        except WorkspaceError:
            path.unlink()
    found = fetch_image(image_id, folder) if pauses is None else fetch_image(image_id, folder, pauses)
    write_json(path, asdict(found))
    return found


def _lay_out(folder: Path, wanted: pd.DataFrame, came: list[ArchiveImage], present: Dataset | None) -> None:
    """Makes of `folder` what the archive itself hands out, `metadata.csv` beside the images: those that came, and those
    of the data set that is here."""
    table = pd.DataFrame(map(asdict, came)).rename(columns=_AS_HERE).merge(wanted, on="image_id")
    files = {f"{one.isic_id}.jpg" for one in came}
    if present is not None:
        older = present.metadata()
        table = pd.concat([table, older])
        files |= set(older["file"])
        for file in older["file"]:
            _copy(present.image_path(file), folder / file)
    for stale in folder.glob("*.jpg"):
        if stale.name not in files:
            stale.unlink()
    rows = table.reindex(columns=[*_AS_THERE]).rename(columns=_AS_THERE)
    replace_file(folder / "metadata.csv", table_as_csv(rows))


def _copy(source: Path, target: Path) -> None:
    if source.exists():  # what the data set has lost is left out, and comes with the next fetch
        with disk_errors(target):
            shutil.copyfile(source, target)
