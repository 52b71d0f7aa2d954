"""Ids of images, and the one way from an id to a file's name: an id that could lead anywhere else is no id."""

import unicodedata
from pathlib import Path

from pipeline.errors import DataError

_MOST_BYTES = 200  # in UTF-8; file systems allow 255, and a suffix follows
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}  # Windows'
_NEVER = set('/\\:*?"<>|')


def composed(text: str) -> str:
    """`text` in Unicode's composed form: macOS writes names decomposed, tables have them composed."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def is_image_id(text: object) -> bool:
    """Whether `text` can be an image_id: a file can have it as its name, on any system, and it can be printed."""
    return (
        isinstance(text, str) and 0 < len(text.encode("utf-8", "surrogatepass")) <= _MOST_BYTES
        and text.isprintable() and not _NEVER.intersection(text)
        and text[0] not in ". " and text[-1] not in ". "
        and text.partition(".")[0].rstrip().lower() not in _RESERVED
    )


def told_id(text: object) -> str | None:
    """`text` for a list of problems: None where it is no image_id."""
    return text if is_image_id(text) else None


def image_file(folder: Path, image_id: str, suffix: str) -> Path:
    """Where the file of an image lies: directly in `folder`, whatever the id.

    Args:
        suffix: with its dot.

    Raises:
        DataError: `image_id` is none.
    """
    path = folder / f"{image_id}{suffix}"
    if not is_image_id(image_id) or path.parent != folder or path.name != f"{image_id}{suffix}":
        raise DataError("An image_id cannot be the name of a file.", "Rename the image, in its table too.")
    return path
