"""From the files and folders that a user names to the image files in them, in an order that a person expects."""

import re
from collections import defaultdict
from pathlib import Path

from pipeline.errors import DataError

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".avif", ".heic", ".heif")
_MASK_ENDING = "_segmentation.png"


def natural_key(path: Path) -> list:
    """Sorts ISIC_2 before ISIC_10, whatever the case."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", str(path).lower())]


def image_files(paths: list[Path]) -> list[Path]:
    """The files of `paths` as they are, and the images under its folders in natural order; each file once.

    In folders a file counts as an image by its suffix; lesion masks (`*_segmentation.png`) and hidden files are left
    out. A file that is named outright is taken whatever its name.

    Raises:
        DataError: a path does not exist, or a folder holds no image.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if not path.exists():
            raise DataError(f"There is no file or folder {path}.", "Check the path.")
        files = [path]
        if path.is_dir():
            images = (file for file in path.rglob("*") if _is_image(file.relative_to(path)) and file.is_file())
            files = sorted(images, key=natural_key)
            if not files:
                raise DataError(f"The folder {path} holds no image.", f"Images end in {', '.join(SUFFIXES)}.")
        for file in files:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _is_image(path: Path) -> bool:
    name = path.name.lower()
    hidden = any(part.startswith(".") for part in path.parts)
    return name.endswith(SUFFIXES) and not name.endswith(_MASK_ENDING) and not hidden


def shared_stems(files: list[Path]) -> dict[str, list[Path]]:
    """Stems that several files have, with these files: their rows in a csv carry the same name."""
    by_stem = defaultdict(list)
    for file in files:
        by_stem[file.stem].append(file)
    return {stem: same for stem, same in by_stem.items() if len(same) > 1}
