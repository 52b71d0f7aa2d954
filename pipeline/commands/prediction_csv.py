"""The csv of `predict`: a row an image, a probability for each diagnosis, at full float precision."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import ModelError, WorkspaceError
from pipeline.files.csv_cells import rows_as_csv
from pipeline.files.disk import replace_file

ISIC_2018 = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")


def csv_columns(classes: Sequence[str], layout: str) -> list[str]:
    """The codes in the order of the csv's columns: alphabetical, or that of the ISIC 2018 challenge.

    Raises:
        ModelError: the layout is "isic" and the model's diagnoses are not the challenge's seven.
    """
    if layout != "isic":
        return sorted(classes)
    codes = [name.lower() for name in ISIC_2018]
    if sorted(codes) != sorted(classes):
        raise ModelError(
            f"The ISIC format holds the diagnoses {', '.join(sorted(codes))}, but the model knows "
            f"{', '.join(sorted(classes))}.",
            "Leave --format isic out.",
        )
    return codes


def csv_text(table, classes: Sequence[str], layout: str, more: Sequence[str] = ()) -> str:
    """The csv of a DataFrame with the columns `image`, one for each code, and those of `more`, which come last; the
    challenge's layout has none of these.

    Each probability is written as Python's repr of its value, so that reading it gives the same float again, as
    float32 and as float64.

    Raises:
        ModelError: as `csv_columns`.
    """
    codes = csv_columns(classes, layout)
    last = () if layout == "isic" else more
    header = ["image", *(code.upper() if layout == "isic" else code for code in codes), *last]
    numbers = zip(*(table[code].map(float) for code in codes), strict=True)
    others = zip(*(table[name] for name in last), strict=True) if last else ((),) * len(table)
    return rows_as_csv(header, ([image, *own, *rest] for image, own, rest in
                                zip(table["image"], numbers, others, strict=True)))


def check_csv_path(path: Path) -> None:
    """Before the images are classified: whether a csv can be written there, so that no work is lost.

    Raises:
        WorkspaceError: it is a folder or a device, or its folder cannot be made or written.
    """
    if path.exists() and not path.is_file():
        raise WorkspaceError(f"{path} is not a file that can be written.", "Give --csv the name of a file.")
    folder = path.resolve().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise WorkspaceError(
            f"{path} cannot be written: {error.strerror}.", "Give --csv a place that can be written."
        ) from error


def write_csv(path: Path, text: str) -> None:
    """Write the csv in one step, through a link if `path` is one.

    Raises:
        WorkspaceError: the disk is full, or the place cannot be written.
    """
    try:
        replace_file(path.resolve(), text.encode())
    except WorkspaceError as error:
        raise WorkspaceError(error.problem, "Give --csv a place that can be written.") from error
