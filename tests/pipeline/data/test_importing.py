"""Importing: what comes along, what is listed, what is refused with nothing changed, and that a repeat does no harm."""

from pathlib import Path

import pytest

from pipeline.data.dataset import list_datasets, load_dataset
from pipeline.data.importing import import_dataset
from pipeline.errors import DataError
from tests.small_archives import (
    TABLE,
    encoded,
    everything,
    exactly,
    files_of,
    jpeg,
    mask_png,
    noise,
    rows,
    write_folder,
    write_zip,
)


@pytest.fixture
def good(tmp_path) -> Path:
    return write_zip(tmp_path / "good.zip", files_of(rows()))


def problems_of(dataset) -> dict[str, str]:
    return {problem["image_id"]: problem["problem"] for problem in dataset.problems}


@pytest.mark.parametrize("write", [write_zip, write_folder])
def test_import(workspace, tmp_path, write):
    heard = []
    source = write(tmp_path / "source", files_of(rows()))
    made = import_dataset(workspace, source, "small", progress=lambda fraction, sentence: heard.append(sentence))
    dataset = load_dataset(workspace, "small")
    assert dataset == made and list_datasets(workspace) == [made]
    assert (dataset.images, dataset.lesions, dataset.classes) == (24, 12, ("bcc", "mel", "nv"))
    assert dataset.diagnoses == {code: {"images": 8, "lesions": 4} for code in ("bcc", "mel", "nv")}
    assert (dataset.generated, dataset.problems, dataset.licence) == (False, [], "CC BY-NC 4.0")
    table = dataset.metadata()
    assert table["image_id"].tolist() == rows()["image_id"].tolist()
    assert set(table["width"]) == {32} and set(table["height"]) == {24}
    assert all(dataset.image_path(file).read_bytes() == jpeg(n) for n, file in enumerate(table["file"]))
    assert dataset.mask_path("ISIC_0000000") is None
    assert heard == [
        "Reads source.", "Copied and checked 24 of 24 images.", "Writes the table.", "Imported 24 images.",
    ]
    assert [path.name for path in workspace.datasets.iterdir()] == ["small"]


def test_a_zip_and_its_folder_are_the_same_content(workspace, tmp_path, good):
    folder = write_folder(tmp_path / "folder", files_of(rows(), "Elsewhere/", ".jpg"))
    assert import_dataset(workspace, good, "a").content_hash == import_dataset(workspace, folder, "b").content_hash


def test_masks_come_along(workspace, tmp_path):
    masks = {
        "masks/ISIC_0000000_segmentation.png": mask_png(),
        "masks/ISIC_0000001_segmentation.png": encoded(noise(1), "PNG"),
        "masks/ISIC_0000002_segmentation.png": mask_png((8, 8)),
        "masks/ISIC_0000003_segmentation.png": mask_png()[:60],
        "masks/ISIC_7777777_segmentation.png": mask_png(),
    }
    dataset = import_dataset(workspace, write_zip(tmp_path / "a.zip", files_of(rows()) | masks), "masked")
    assert dataset.images == 24
    assert dataset.mask_path("ISIC_0000000").read_bytes() == mask_png()
    assert dataset.mask_path("ISIC_0000001").read_bytes()[25] == 0  # PNG colour type: grey
    problems = problems_of(dataset)
    assert set(problems) == {"ISIC_0000002", "ISIC_0000003"}
    assert problems["ISIC_0000002"] == (
        "its lesion mask is left out: ISIC_0000002_segmentation.png has 8 × 8 pixels, but its image 32 × 24."
    )
    kept = sorted(path.name for path in (dataset.folder / "masks").iterdir())
    assert kept == ["ISIC_0000000.png", "ISIC_0000001.png"]


def test_what_is_missing_or_broken_is_listed_and_left_out(workspace, tmp_path):
    files = files_of(rows())
    files["images/ISIC_0000001.jpg"] = jpeg(1)[:300]
    files["images/ISIC_0000002.jpg"] = b"no image"
    del files["images/ISIC_0000003.jpg"]
    files["images/ISIC_5555555.jpg"] = jpeg(55)
    dataset = import_dataset(workspace, write_zip(tmp_path / "bad.zip", files), "bad")
    problems = problems_of(dataset)
    truncated = problems.pop("ISIC_0000001")
    assert truncated.startswith("ISIC_0000001.jpg is damaged or incomplete and cannot be opened.")
    assert problems == {
        "ISIC_0000002": "ISIC_0000002.jpg is not an image that LesionLab can read.",
        "ISIC_0000003": "the table has it, but there is no image",
        "ISIC_5555555": "there is an image, but no row in the table",
    }
    assert dataset.images == 21 == len(dataset.metadata()) == len(list((dataset.folder / "images").iterdir()))


def test_a_damaged_zip_member_is_listed(workspace, tmp_path):
    path = write_zip(tmp_path / "bad.zip", files_of(rows()))
    content = bytearray(path.read_bytes())
    start = content.index(b"images/ISIC_0000005.jpg") + 60
    content[start : start + 8] = b"\xff" * 8
    path.write_bytes(bytes(content))
    dataset = import_dataset(workspace, path, "bad")
    assert dataset.images == 23
    assert problems_of(dataset)["ISIC_0000005"] == "images/ISIC_0000005.jpg in bad.zip is damaged."


@pytest.mark.parametrize(
    ("bend", "sentence"),
    [
        (
            lambda files: {path: b"broken" if path.endswith("jpg") else content for path, content in files.items()},
            "bent.zip has no image that opens and has a row in the table (24 problems, the first: ISIC_0000000: "
            "ISIC_0000000.jpg is not an image that LesionLab can read). Check that the table and the images belong "
            "together.",
        ),
        (
            lambda files: {path.replace("ISIC", "OTHER"): content for path, content in files.items()},
            "bent.zip has no image that opens and has a row in the table (48 problems, the first: ISIC_0000000: the "
            "table has it, but there is no image). Check that the table and the images belong together.",
        ),
        (
            lambda files: files | {"images/ISIC_0000007.jpg": jpeg(7, generated=True)},
            "bent.zip mixes generated and real images. Import them as two data sets.",
        ),
        (
            lambda files: files | {TABLE: files[TABLE].replace(b",nv,", b",wart,")},
            "HAM10000_metadata.csv has diagnoses in column dx that LesionLab maps to no code unless somebody confirms "
            'it: wart (8 images). Look at this mapping, change it where it is wrong, and confirm it: --map '
            '"wart=none". The codes are mel, bcc, scc, akiec, ak, nv, bkl, df, vasc, unk, benign, malignant; none '
            "leaves a diagnosis out.",
        ),
        (
            lambda files: files | {TABLE: files[TABLE].replace(b",dx,", b",diagnosis,")},
            "HAM10000_metadata.csv has no column named dx. The table needs the columns lesion_id, image_id, dx, "
            "dx_type, age, sex, localization.",
        ),
        (
            lambda files: files | {TABLE: b""},
            "HAM10000_metadata.csv is empty. Give a table with a header and a row for each image.",
        ),
    ],
    ids=["all broken", "none belongs", "mixed", "unknown code", "no dx", "empty"],
)
def test_a_refused_archive_changes_nothing(workspace, tmp_path, good, bend, sentence):
    import_dataset(workspace, good, "good")
    before = everything(workspace.home)
    bent = write_zip(tmp_path / "bent.zip", bend(files_of(rows())))
    for name in ("other", "good"):
        with pytest.raises(DataError, match=exactly(sentence)):
            import_dataset(workspace, bent, name)
        assert everything(workspace.home) == before
    assert [path.name for path in workspace.datasets.iterdir()] == ["good"]


@pytest.mark.parametrize("name", ["", "HAM", "a b", "../a", ".hidden", "a/b", "-a", "ä", "a\n", "a" * 65])
def test_names_that_are_not_allowed(workspace, good, name):
    sentence = (
        f"{name!r} cannot be a data set's name. Use up to 64 lower-case letters, digits, dots, dashes and underscores, "
        "starting with a letter or digit."
    )
    with pytest.raises(DataError, match=exactly(sentence)):
        import_dataset(workspace, good, name)
    assert list_datasets(workspace) == []


def test_generated_images_make_a_generated_set(workspace, tiny_set):
    dataset = import_dataset(workspace, tiny_set, "tiny")
    assert (dataset.generated, dataset.images, dataset.licence) == (True, 84, "Apache 2.0")
    assert dataset.problems == [] and len(list((dataset.folder / "masks").iterdir())) == 84
    assert dataset.metadata()["source"].notna().all()


def test_importing_again_is_the_same_data_set(workspace, good):
    first = import_dataset(workspace, good, "good")
    before = everything(workspace.home)
    assert import_dataset(workspace, good, "good") == first
    assert everything(workspace.home) == before


def test_importing_again_restores_lost_and_damaged_images_and_adds_masks(workspace, tmp_path, good):
    dataset = import_dataset(workspace, good, "good")
    before = everything(workspace.home)
    dataset.image_path("ISIC_0000001.jpg").unlink()
    dataset.image_path("ISIC_0000002.jpg").write_bytes(b"\0" * len(jpeg(2)))
    import_dataset(workspace, good, "good")
    assert everything(workspace.home) == before
    masks = {"ISIC_0000001_segmentation.png": mask_png()}
    import_dataset(workspace, write_zip(tmp_path / "masked.zip", files_of(rows()) | masks), "good")
    assert dataset.mask_path("ISIC_0000001").read_bytes() == mask_png()


def test_a_name_taken_by_other_content(workspace, tmp_path, good):
    import_dataset(workspace, good, "good")
    before = everything(workspace.home)
    other = write_zip(tmp_path / "other.zip", files_of(rows(22)))
    sentence = "The name good is taken by a data set with other content. Choose another name."
    with pytest.raises(DataError, match=exactly(sentence)):
        import_dataset(workspace, other, "good")
    assert everything(workspace.home) == before
