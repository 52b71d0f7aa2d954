"""An import of a hostile archive or table, and the check that holds for each: no image has got another's diagnosis."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from pipeline.cli import main
from pipeline.data.dataset import Dataset, list_datasets, load_dataset
from pipeline.data.importing import import_dataset
from pipeline.errors import DataError
from pipeline.files.workspace import Workspace
from tests.small_archives import files_of, jpeg, rows

IMAGES = 12
TABLE = "HAM10000_metadata.csv"
SECRET = "hunter2-s3cr3t"
_FOLDERS = {"bcc": "bcc", "mel": "Melanoma", "nv": "nv"}


def truth() -> dict[str, str]:
    """The diagnosis of each image by its SHA-256, whatever an archive calls it."""
    return {hashlib.sha256(jpeg(n)).hexdigest(): dx for n, dx in enumerate(rows(IMAGES)["dx"])}


def ham() -> dict[str, bytes]:
    """A table and its images, as HAM10000 comes."""
    return files_of(rows(IMAGES))


def by_folder() -> dict[str, bytes]:
    """The same images in a folder for each diagnosis."""
    return {f"{_FOLDERS[dx]}/photo_{n}.jpg": jpeg(n) for n, dx in enumerate(rows(IMAGES)["dx"])}


def home(folder: Path) -> Workspace:
    return Workspace(folder / "home")


def check(folder: Path, dataset: Dataset, images: int | None = None) -> None:
    """What is in the workspace: right diagnoses, files where they belong, nothing half done."""
    table, right = dataset.metadata(), truth()
    for sha256, dx, file in zip(table["sha256"], table["dx"], table["file"], strict=True):
        assert right.get(sha256, dx) == dx, f"{file} is {right[sha256]}, but became {dx}"
        content = dataset.image_path(file).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256
        assert dataset.image_path(file).parent == dataset.folder / "images"
    assert table["image_id"].is_unique and len(table) == dataset.images
    assert images is None or dataset.images == images, f"{dataset.images} images instead of {images}"
    there = {path.name for path in (dataset.folder / "images").iterdir()}
    assert there == set(table["file"])
    assert [path.name for path in home(folder).datasets.iterdir()] == [dataset.name]


def imported(folder: Path, path: Path, images: int | None = None, **options) -> Dataset:
    """Imports and checks; a refusal leaves nothing, and names no secret."""
    try:
        dataset = import_dataset(home(folder), path, "set", **options)
    except DataError as error:
        assert SECRET not in str(error), f"the refusal quotes what is secret: {error}"
        assert list_datasets(home(folder)) == [] and list(home(folder).datasets.glob("*")) == []
        raise
    assert SECRET not in str(dataset.problems)
    check(folder, dataset, images)
    return dataset


def good(folder: Path) -> Dataset:
    """A data set that is there before a hostile table or archive of masks comes."""
    source = folder / "good"
    for name, content in ham().items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    return import_dataset(home(folder), source, "set")


def command(folder: Path, *arguments: str, codes: tuple[int, ...] = (0, 1)) -> int:
    """The exit code of a command, which must be one of `codes`; whether it says a secret is looked up in its output."""
    code = main(list(arguments))
    assert code in codes, f"exit code {code}"
    said = (folder / "said").read_text(errors="replace") if (folder / "said").exists() else ""
    assert SECRET not in said, "the output quotes what is secret"
    assert "Traceback" not in said
    if (home(folder).datasets / "set" / "dataset.json").exists():
        check(folder, load_dataset(home(folder), "set"))
    return code


def refused(work: Callable[[], object]) -> None:
    """Does what must be refused in words that hold no secret, and lets the refusal through."""
    try:
        work()
    except DataError as error:
        assert SECRET not in str(error), f"the refusal quotes what is secret: {error}"
        raise
