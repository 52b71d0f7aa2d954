"""An archive is read wherever its files lie, whatever the case of their names, and each image once."""

import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.data.archive import open_archive
from pipeline.errors import DataError
from tests.small_archives import TABLE, exactly, files_of, jpeg, mask_png, rows, write_folder, write_zip

IDS = set(rows()["image_id"])


@pytest.fixture(params=["zip", "folder"])
def written(request, tmp_path):
    """Writes files as a zip named set.zip or as a folder named set.zip, so that the sentences are the same."""
    write = write_zip if request.param == "zip" else write_folder
    return lambda files: write(tmp_path / "set.zip", files)


def kaggle_like():
    """Every image twice under two spellings of one folder, beside tables of pixels."""
    once = files_of(rows(), "HAM10000_images_part_1/")
    twice = {path.replace("HAM10000_images", "ham10000_images"): content for path, content in once.items()}
    return once | twice | {"hmnist_28_28_RGB.csv": b"pixel0000,label\n1,2\n"}


def test_kaggles_archive_gives_each_image_once(written):
    with open_archive(written(kaggle_like())) as archive:
        assert set(archive.images) == IDS and len(archive.images) == 24
        assert archive.problems == []
        assert archive.metadata.path == TABLE


def test_a_different_second_image_is_told(written):
    files = kaggle_like() | {"other/ISIC_0000003.jpg": jpeg(99, (40, 30))}
    with open_archive(written(files)) as archive:
        assert archive.problems == [
            {
                "image_id": "ISIC_0000003",
                "problem": "there are different images of it; HAM10000_images_part_1/ISIC_0000003.jpg is used, "
                "other/ISIC_0000003.jpg is not",
            }
        ]
        assert archive.images["ISIC_0000003"].read() == jpeg(3)


def test_odd_cases_depths_and_companions(written):
    files = files_of(rows(), "Some/Deep/IMAGES_Part_1/", ".JPG")
    files["some/TABLES/ham10000_METADATA.CSV"] = files.pop(TABLE)
    files |= {
        "__MACOSX/Some/._ISIC_0000000.JPG": b"resource fork",
        "__MACOSX/HAM10000_metadata.csv": b"resource fork",
        "Some/.DS_Store": b"x",
        "Some/.hidden/ISIC_9999999.jpg": jpeg(1),
        "Thumbs.db": b"x",
        "README.md": b"x",
        "Masks/ISIC_0000000_segmentation.png": mask_png(),
        "Masks/ISIC_0000001_Segmentation.PNG": mask_png(),
    }
    with open_archive(written(files)) as archive:
        assert set(archive.images) == IDS
        assert set(archive.masks) == {"ISIC_0000000", "ISIC_0000001"}
        assert archive.metadata.read() == files["some/TABLES/ham10000_METADATA.CSV"]


def test_the_same_table_twice_is_one_table(written):
    files = files_of(rows())
    with open_archive(written(files | {f"copy/{TABLE}": files[TABLE]})) as archive:
        assert archive.metadata.read() == files[TABLE]


@pytest.mark.parametrize("place", ["a/HAM10000_metadata", "a/HAM10000_metadata.tab"])
def test_the_table_as_dataverse_names_it(written, place):
    files = files_of(rows())
    files[place] = files.pop(TABLE)
    with open_archive(written(files)) as archive:
        assert archive.metadata.path == place


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (
            {"a.jpg": jpeg(1)},
            "set.zip holds no HAM10000_metadata.csv. Add the table that names each image's diagnosis.",
        ),
        (
            {"a/HAM10000_metadata.csv": b"x\n", "b/HAM10000_metadata.csv": b"y\n", "a.jpg": jpeg(1)},
            "set.zip holds several different metadata tables: a/HAM10000_metadata.csv, b/HAM10000_metadata.csv. Keep "
            "one of them.",
        ),
        (
            {TABLE: b"x\n", "masks/ISIC_0000000_segmentation.png": mask_png(), "a.txt": b"x"},
            "set.zip holds no images. Give the archive or folder with the images.",
        ),
    ],
    ids=["no table", "two tables", "no images"],
)
def test_what_is_no_data_set_is_named(written, files, sentence):
    with pytest.raises(DataError, match=exactly(sentence)), open_archive(written(files)):
        pass


def test_zips_within_a_zip_and_within_a_folder(tmp_path):
    files = files_of(rows(), folder="")
    part = write_zip(tmp_path / "part.zip", {path: content for path, content in files.items() if path != TABLE})
    within = {TABLE: files[TABLE], "HAM10000_images_part_1.zip": part.read_bytes()}
    sentence = (
        "set.zip holds no images. Unpack the zip files in it first (HAM10000_images_part_1.zip), and give "
        "the folder."
    )
    with pytest.raises(DataError, match=exactly(sentence)), open_archive(write_zip(tmp_path / "set.zip", within)):
        pass
    folder = write_folder(tmp_path / "dataverse", within)
    with open_archive(folder) as archive:
        assert set(archive.images) == IDS and archive.images["ISIC_0000003"].read() == jpeg(3)
    # images that lie loose are the images: the zip that they were unpacked from adds nothing
    write_folder(folder, {f"unpacked/{path}": content for path, content in files.items() if path != TABLE})
    with open_archive(folder) as archive:
        assert archive.problems == [] and archive.images["ISIC_0000003"].path == "unpacked/ISIC_0000003.jpg"
    (folder / "unpacked").rename(tmp_path / "elsewhere")
    (folder / "HAM10000_images_part_1.zip").write_bytes(b"x")
    sentence = (
        f"{folder / 'HAM10000_images_part_1.zip'} is not a zip archive, or it is damaged. Give a zip file or a folder."
    )
    with pytest.raises(DataError, match=exactly(sentence)), open_archive(folder):
        pass


def test_nothing_there(tmp_path):
    path = tmp_path / "absent.zip"
    sentence = f"There is no archive or folder {path}. Check the path."
    with pytest.raises(DataError, match=exactly(sentence)), open_archive(path):
        pass


@pytest.mark.parametrize("content", [b"", b"not a zip at all", b"PK\x03\x04 cut off"])
def test_not_a_zip(tmp_path, content):
    path = tmp_path / "set.zip"
    path.write_bytes(content)
    sentence = f"{path} is not a zip archive, or it is damaged. Give a zip file or a folder."
    with pytest.raises(DataError, match=exactly(sentence)), open_archive(path):
        pass


def test_a_zip_that_was_cut_off(tmp_path):
    whole = write_zip(tmp_path / "whole.zip", files_of(rows())).read_bytes()
    path = tmp_path / "set.zip"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"set\.zip is not a zip archive, or it is damaged"), open_archive(path):
        pass


def _damage(path, member: str, offset: int, value: bytes):
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(member)
    content = bytearray(path.read_bytes())
    start = info.header_offset + 30 + len(member) + offset  # 30: the fixed part of a local header
    content[start : start + len(value)] = value
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("offset", [0, 40])
def test_a_damaged_member_is_named_and_the_others_are_read(tmp_path, offset):
    path = write_zip(tmp_path / "set.zip", files_of(rows()))
    _damage(path, "images/ISIC_0000005.jpg", offset, b"\xff\x00\xff\x00\xff\x00")
    with open_archive(path) as archive:
        sentence = r"^images/ISIC_0000005\.jpg in set\.zip is damaged\. Download it again\.$"
        with pytest.raises(DataError, match=sentence):
            archive.images["ISIC_0000005"].read()
        assert archive.images["ISIC_0000006"].read() == jpeg(6)


def test_an_encrypted_member_is_named(tmp_path):
    path = write_zip(tmp_path / "set.zip", files_of(rows()))
    content = path.read_bytes()
    entry = content.index(b"PK\x01\x02", content.rindex(b"images/ISIC_0000004.jpg"))  # the entry of image 5
    path.write_bytes(content[: entry + 8] + b"\x01" + content[entry + 9 :])
    sentence = "images/ISIC_0000005.jpg in set.zip is encrypted. Unpack it and give the folder."
    with open_archive(path) as archive, pytest.raises(DataError, match=exactly(sentence)):
        archive.images["ISIC_0000005"].read()


def test_a_file_that_vanishes_is_named(tmp_path):
    folder = write_folder(tmp_path / "set", files_of(rows()))
    gone = folder / "images" / "ISIC_0000005.jpg"
    with open_archive(folder) as archive:
        gone.unlink()
        sentence = "images/ISIC_0000005.jpg in set cannot be read: No such file or directory. Check the file."
        with pytest.raises(DataError, match=exactly(sentence)):
            archive.images["ISIC_0000005"].read()


def test_a_zip_is_read_from_several_threads(tmp_path):
    table = rows(120)
    with open_archive(write_zip(tmp_path / "set.zip", files_of(table))) as archive, ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            contents = pool.map(lambda image_id: archive.images[image_id].read(), table["image_id"])
            assert list(contents) == [jpeg(n) for n in range(120)]


def test_the_real_archive(real_data):
    with open_archive(real_data / "ham10000-200x150.zip") as archive:
        assert len(archive.images) == 10_015 and not archive.masks and not archive.problems
    masks = real_data / "ham10000-lesion-masks-200x150.zip"
    sentence = f"{masks.name} holds no HAM10000_metadata.csv. Add the table that names each image's diagnosis."
    with pytest.raises(DataError, match=exactly(sentence)), open_archive(masks):
        pass
