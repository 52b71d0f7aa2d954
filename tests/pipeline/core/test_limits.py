"""The limits that the help of bringing images in names are those that hold."""

from pathlib import Path

from pipeline import limits

HELP = Path(__file__).resolve().parents[3] / "assets" / "help" / "get_data.md"


def test_the_help_names_the_limits():
    files, image, table = limits.MOST_MEMBERS, limits.MOST_IMAGE_BYTES // 2**20, limits.MOST_CSV_BYTES // 2**20
    sentences = (
        f"may hold {files:,} files, an image {image} MiB, a table {table} MiB with {limits.MOST_TABLE_ROWS:,} rows, "
        f"{limits.MOST_TABLE_COLUMNS} columns and {limits.MOST_CELL_CHARACTERS:,} characters in a value. A zip may be "
        f"{limits.MOST_EXPANSION} times as large unpacked as it is, or {limits.MOST_UNPACKED_BYTES // 2**30} GiB; an "
        f"HDF5 file may hold {limits.MOST_HDF5_IMAGES:,} images."
    )
    assert sentences in HELP.read_text(encoding="utf-8")
