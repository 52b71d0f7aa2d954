"""Sharper copies of the images' central square, set into a data set's images: one data set with all the detail."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageFilter

from pipeline.data.copying import READING
from pipeline.data.dataset import Dataset, check_name, load_dataset
from pipeline.data.image_ids import image_file
from pipeline.data.importing import import_dataset
from pipeline.data.left_behind import temporary_folder
from pipeline.data.member import Member
from pipeline.data.members import open_members
from pipeline.data.metadata import COLUMNS
from pipeline.errors import DataError, ImageError
from pipeline.files.csv_cells import table_as_csv
from pipeline.files.disk import disk_errors
from pipeline.files.workspace import Workspace
from pipeline.images.generated import exif_with_notice
from pipeline.images.reading import open_image
from pipeline.progress import Progress, silent

FACTOR = 1.5  # 200×150 to 300×225: 150 lines as in the small copies, 224 in the sharper ones
_FEATHER = 3  # pixels over which the square fades into the image around it: no seam for a network to find
_QUALITY = 95
_FURTHEST = 12.0  # mean difference in grey levels beyond which a copy does not show its image
_THREADS = 4
_BATCH = 64


@dataclass(frozen=True)
class Sharpened:
    """The data set that came of it; `sharper` of its images have their sharper copy, `problems` could not be used."""

    dataset: Dataset
    sharper: int
    problems: list[dict]


def _larger(image: Image.Image) -> Image.Image:
    return image.resize((round(image.width * FACTOR), round(image.height * FACTOR)), Image.Resampling.BICUBIC)


def with_sharper_centre(image: Image.Image, centre: Image.Image) -> Image.Image:
    """The image, enlarged by `FACTOR`, with its central square taken from the sharper copy `centre`.

    Args:
        image: RGB, lying; `centre`: RGB and square, the image's central square over its whole height.

    Raises:
        DataError: the copy is not square or does not show the image's centre.
    """
    if centre.width != centre.height or image.width < image.height:
        raise DataError("the sharper copy is no square from the middle of a lying image")
    left = (image.width - image.height) / 2
    box = (left, 0, left + image.height, image.height)
    small = image.resize((64, 64), Image.Resampling.BOX, box=box)
    apart = np.abs(np.asarray(small, float) - np.asarray(centre.resize((64, 64), Image.Resampling.BOX), float)).mean()
    if apart > _FURTHEST:
        raise DataError(f"the sharper copy shows something else ({apart:.0f} grey levels away on average)")
    large = _larger(image)
    first, last = ceil(left * FACTOR), floor((left + image.height) * FACTOR)  # whole columns within the square
    scale = centre.width / (image.height * FACTOR)
    within = ((first - left * FACTOR) * scale, 0, (last - left * FACTOR) * scale, centre.height)
    square = centre.resize((last - first, large.height), Image.Resampling.BICUBIC, box=within)
    fading = Image.new("L", square.size, 255)
    fading.paste(0, (0, 0, 2 * _FEATHER, square.height))
    fading.paste(0, (square.width - 2 * _FEATHER, 0, *square.size))
    large.paste(square, (first, 0), fading.filter(ImageFilter.GaussianBlur(_FEATHER)))
    return large


def _enlarged(path: Path, copy: Member | None, generated: bool) -> tuple[bytes, str | None]:
    """The JPEG of one image, marked where it is `generated`, and why its sharper copy could not be used."""
    image, problem = open_image(path, path.name), None
    large = _larger(image)
    if copy is not None:
        try:
            with READING.taken(copy.size):
                large = with_sharper_centre(image, open_image(copy.read(), copy.said))
        except (DataError, ImageError) as error:
            problem = error.problem
    content = io.BytesIO()
    exif = exif_with_notice() if generated else Image.Exif()
    large.save(content, "JPEG", quality=_QUALITY, subsampling="4:4:4", exif=exif)
    return content.getvalue(), problem


def sharpen_dataset(
    workspace: Workspace, path: Path, name: str, sharp_name: str, note: str | None = None,
    progress: Progress = silent,
) -> Sharpened:
    """Makes the data set `sharp_name` of the data set `name` and the sharper copies `<image_id>.jpg` at `path`.

    All images are enlarged by `FACTOR`, so that they stay of one size. Doing it again is safe.

    Args:
        note: what else is to be known about the copies, in a sentence; it stands with the data set from then on.

    Raises:
        DataError: there is no such data set, archive or folder, it holds no copy of an image of `name`, or the name is
            taken by something else.
        WorkspaceError: the disk is full or cannot be written.
        Cancelled: by `progress`; then nothing is left behind.
    """
    dataset, path = load_dataset(workspace, name), Path(path)
    check_name(sharp_name)
    table = dataset.metadata()
    with temporary_folder(workspace, ".sharper-") as folder:
        with open_members(path) as members:
            copies = {m.stem: m for m in members if m.is_image and not m.hidden}
            sharper = table["image_id"].isin(list(copies))
            if not sharper.any():
                raise DataError(
                    f"{path.name} holds no image of {name}.", "Copies are named after their image: <image_id>.jpg."
                )
            problems = _write_images(dataset, table, copies, folder, progress)
        used = int(sharper.sum()) - len(problems)
        _write_table(table, folder)
        made = import_dataset(
            workspace, folder, sharp_name, rights=(dataset.licence, dataset.attribution),
            notes=[_made_of(dataset, used), *filter(None, [note])], view=dataset.view,
            progress=lambda share, words: progress(None if share is None else 0.6 + 0.4 * share, words),
        )
    return Sharpened(made, used, problems)


def _made_of(dataset: Dataset, sharper: int) -> str:
    return (
        f"Made from the data set {dataset.name}: all {dataset.images:,} images enlarged {FACTOR:g} times, with a "
        f"sharper copy of the central square set into {sharper:,} of them."
    )


def _write_images(
    dataset: Dataset, table: pd.DataFrame, copies: dict[str, Member], folder: Path, progress: Progress
) -> list[dict]:
    problems, rows = [], list(zip(table["image_id"], table["file"], strict=True))

    def write(row: tuple[str, str]) -> None:
        image_id, file = row
        content, problem = _enlarged(dataset.image_path(file), copies.get(image_id), dataset.generated)
        with disk_errors(folder):
            image_file(folder, image_id, ".jpg").write_bytes(content)
        if problem:
            problems.append({"image_id": image_id, "problem": problem})

    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(rows), _BATCH):
            list(pool.map(write, rows[start : start + _BATCH]))
            progress(0.6 * start / len(rows), f"Enlarges the images: {start:,} of {len(rows):,}.")
    return sorted(problems, key=lambda problem: problem["image_id"])


def _write_table(table: pd.DataFrame, folder: Path) -> None:
    named = table.rename(columns={"source": "dataset"}).dropna(axis="columns", how="all")
    columns = [*COLUMNS, *named.columns.intersection(["dataset"])]
    with disk_errors(folder):
        (folder / "HAM10000_metadata.csv").write_bytes(table_as_csv(named[columns]))
