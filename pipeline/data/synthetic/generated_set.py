"""The embedded generated data set: lesion-like dermatoscopic images that let the app be tried without real data.

Laid out as HAM10000 is: a metadata table, a folder of images, a folder of masks. Every image says that it is generated.
"""

import contextlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

from pipeline.data.synthetic.cases import Case, planned_cases
from pipeline.data.synthetic.image import draw_subject, photograph
from pipeline.errors import DataError
from pipeline.files.csv_cells import rows_as_csv
from pipeline.files.disk import disk_errors
from pipeline.images import generated
from pipeline.progress import Progress, silent

METADATA = "HAM10000_metadata.csv"
COLUMNS = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization", "dataset")
_JPEG_QUALITY = 90


def write_generated_set(
    folder: Path, *, images: int = 600, seed: int = 0, progress: Progress = silent, lesions_per_diagnosis: int = 24
) -> Path:
    """Draw a generated data set into `folder` and return the folder; the seed decides every pixel and every row.

    Written are `HAM10000_metadata.csv` (the columns of COLUMNS; an unknown age is empty), `images/<image_id>.jpg`
    (RGB, 400 × 300 pixels, the notice drawn in and in the EXIF) and `masks/<image_id>_segmentation.png` (8-bit grey of
    the same size: 0 skin, 255 lesion; hairs, bubbles and ruler marks leave it untouched). The table comes last: where
    it stands, the set is complete. Seven diagnoses, nevi at most half of the images;
    some lesions have several images, some are hard on purpose.

    Args:
        folder: where to; made if missing, other files in it are left alone.
        images: how many images, at least 7 × `lesions_per_diagnosis`.
        seed: 0 or more.
        progress: called from this thread about a hundred times; what it raises ends the work.
        lesions_per_diagnosis: the least number of lesions of each diagnosis, 1 or more; small for quick tests.

    Raises:
        DataError: too few images for those lesions, a negative seed, or `folder` already holds a data set.
        WorkspaceError: the disk is full or the folder cannot be written.

    After any exception nothing of the set is left behind.
    """
    cases = planned_cases(images, seed, lesions_per_diagnosis)
    folder = Path(folder)
    parts = [folder / name for name in (METADATA, "images", "masks")]
    existing = [part.name for part in parts if part.exists()]
    if existing:
        raise DataError(
            f"{folder} already holds {' and '.join(existing)}.", "Choose an empty folder for the generated set."
        )
    made_here = not folder.exists()
    try:
        with disk_errors(folder):
            for part in parts[1:]:
                part.mkdir(parents=True)
            _write_images(folder, cases, progress)
            _write_metadata(folder / METADATA, cases)
        progress(1.0, f"{len(cases)} generated images are ready")
    except BaseException:
        for part in parts[1:]:
            shutil.rmtree(part, ignore_errors=True)
        with contextlib.suppress(OSError):
            parts[0].unlink(missing_ok=True)
        if made_here:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise
    return folder


def _write_images(folder: Path, cases: list[Case], progress: Progress) -> None:
    every = max(1, len(cases) // 100)
    # Threads, not processes: most of the time NumPy and Pillow run without the interpreter's lock, and a spawned
    # process would import the caller's main script anew.
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        try:
            progress(0.0, f"Drawing {len(cases)} generated images")
            lesions = [list(group) for _, group in groupby(cases, key=lambda case: case.lesion_id)]
            done, told = 0, 0
            for written in [pool.submit(_write_lesion, folder, views) for views in lesions]:
                done += written.result()
                if done >= told + every:
                    told = done
                    progress(0.99 * done / len(cases), f"Drew {done} of {len(cases)} generated images")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _write_lesion(folder: Path, views: list[Case]) -> int:
    """Draw one lesion and write all its views; how many there were."""
    subject = draw_subject(views[0].dx, views[0].lesion_seed)
    for case in views:
        image, mask = photograph(subject, case.view_seed, case.dataset)
        image.save(folder / "images" / f"{case.image_id}.jpg", quality=_JPEG_QUALITY, exif=generated.exif_with_notice())
        mask.save(folder / "masks" / f"{case.image_id}_segmentation.png", compress_level=3)
    return len(views)


def _write_metadata(path: Path, cases: list[Case]) -> None:
    # HAM10000 writes ages as 45.0, and nothing where they are missing
    rows = ([getattr(case, column) if column != "age" or case.age is None else float(case.age) for column in COLUMNS]
            for case in cases)
    path.write_text(rows_as_csv(COLUMNS, rows), encoding="utf-8")
