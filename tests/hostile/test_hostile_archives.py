"""A zip's or a folder's names lead nowhere, its claims cost nothing, and what is no file is refused at once."""

import contextlib
import hashlib
import os
import zipfile

import pytest

from pipeline.data import copying
from pipeline.data.archive import open_archive
from pipeline.data.image_ids import image_file, is_image_id
from pipeline.data.importing import import_dataset
from pipeline.data.member import tidy_path
from pipeline.errors import DataError
from pipeline.images.memory_room import MemoryRoom
from pipeline.limits import MOST_IMAGE_BYTES
from tests.hostile.raw_zip import Entry, entries_of, write_raw
from tests.small_archives import TABLE, exactly, files_of, jpeg, rows, write_folder, write_zip


@pytest.mark.parametrize(("name", "path"), [
    ("/nv/x.jpg", "nv/x.jpg"), ("C:\\nv\\x.jpg", "nv/x.jpg"), ("\\\\server\\nv\\x.jpg", "server/nv/x.jpg"),
    ("ham\\images\\x.jpg", "ham/images/x.jpg"), ("a/../nv/./x.jpg", "nv/x.jpg"), ("../x.jpg", ""),
    ("a/../../x.jpg", ""),
    ("", ""), ("/", ""), (".", ""), ("x.jpg. .", "x.jpg"), ("a\u0308.jpg", "\u00e4.jpg"),
])
def test_a_members_path_leads_nowhere(name, path):
    assert tidy_path(name) == path


@pytest.mark.parametrize("image_id", [
    "", ".", "..", "../x", "a/b", "a\\b", "C:x", "x.", "x ", " x", ".x", "a\nb", "a\x1bb", "\u202ex", "CON", "nul.tar",
    "x" * 201, "\udcff", None, 5,
])
def test_what_cannot_be_a_files_name_is_no_image_id(tmp_path, image_id):
    assert not is_image_id(image_id)
    with pytest.raises(DataError):
        image_file(tmp_path, image_id, ".jpg")


@pytest.mark.parametrize("image_id", ["ISIC_0000000", "mel-IMG 1", "Läsion (2)", "a.b", "-x", "x" * 200])
def test_an_id_is_its_files_name(tmp_path, image_id):
    assert image_file(tmp_path, image_id, ".jpg") == tmp_path / f"{image_id}.jpg"


@pytest.mark.parametrize("prefix", ["/", "C:\\", "ham\\images\\", "//", "/dev/shm/"])
def test_a_zip_with_paths_to_elsewhere_is_taken_by_its_names(workspace, tmp_path, prefix):
    table, before = rows(4), set(os.listdir("/"))
    files = {f"{prefix}{dx}/photo_{n}.jpg": jpeg(n) for n, dx in enumerate(table["dx"])}
    dataset = import_dataset(workspace, write_raw(tmp_path / "a.zip", entries_of(files)), "set")
    truth = {hashlib.sha256(jpeg(n)).hexdigest(): dx for n, dx in enumerate(table["dx"])}
    found = dataset.metadata()
    assert dict(zip(found["sha256"], found["dx"], strict=True)) == truth
    assert found["image_id"].tolist() == [f"photo_{n}" for n in range(4)] and set(os.listdir("/")) == before


def test_one_name_in_two_folders_of_an_absolute_path_stays_within(workspace, tmp_path):
    files = {"/nv/x.jpg": jpeg(1), "/mel/x.jpg": jpeg(2)}
    dataset = import_dataset(workspace, write_raw(tmp_path / "a.zip", entries_of(files)), "set")
    assert sorted(path.name for path in (dataset.folder / "images").iterdir()) == ["mel-x.jpg", "nv-x.jpg"]


def test_names_in_utf8_that_do_not_say_so_are_read_as_utf8(tmp_path):
    entries = [Entry(name.encode(), content) for name, content in files_of(rows(4), "Bilder/ä/").items()]
    with open_archive(write_raw(tmp_path / "a.zip", entries)) as archive:
        assert archive.images["ISIC_0000000"].path == "Bilder/ä/ISIC_0000000.jpg"


def test_decomposed_file_names_belong_to_composed_ids(workspace, tmp_path):
    files = {name.replace("ISIC", "a\u0308"): content for name, content in files_of(rows(4)).items()}
    files[TABLE] = files[TABLE].replace(b"ISIC", "\u00e4".encode())
    assert import_dataset(workspace, write_zip(tmp_path / "a.zip", files), "set").images == 4


@pytest.mark.parametrize(("field", "value", "why"), [
    ("mode", 0o120777, "is a link."), ("crc", 1, "is damaged."),
    ("size", MOST_IMAGE_BYTES + 1, "has more than 200 MiB"),
    ("size", 2**60, "claims to be more than 100 times"), ("packed_size", 2**60, "share their bytes"),
    ("local_name", b"other.jpg", "is damaged."), ("method", 99, "is packed in a way that Python cannot read."),
])
def test_a_members_claims_are_not_believed(tmp_path, field, value, why):
    entries = entries_of(files_of(rows(4), ""))
    setattr(entries[2], field, value)
    with (pytest.raises(DataError, match=why),
          open_archive(write_raw(tmp_path / "a.zip", entries)) as archive):
        archive.images["ISIC_0000001"].read()


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_reading_stops_at_what_is_claimed(tmp_path, method):
    bomb = Entry(b"x.jpg", bytes(30 * 2**20), method, size=1000)
    entries = [*entries_of({TABLE: files_of(rows(2))[TABLE]}), bomb]
    bomb.crc = 0
    with (open_archive(write_raw(tmp_path / "a.zip", entries)) as archive,
          pytest.raises(DataError, match=exactly("x.jpg in a.zip is damaged. Download it again."))):
        archive.images["x"].read()


def test_files_that_share_their_bytes_are_refused(tmp_path):
    entries = entries_of(files_of(rows(4)))
    entries.append(Entry(b"images/twice.jpg", packed=b"", packed_size=10, size=10, offset=0))
    with pytest.raises(DataError, match="files in it share their bytes"), open_archive(
        write_raw(tmp_path / "a.zip", entries)
    ):
        pass


def test_too_many_files_are_refused_before_they_are_listed(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.data.zip_members.MOST_MEMBERS", 5000)
    entries = [Entry(b"%06d.jpg" % n + b"x" * 30) for n in range(5001)]
    with pytest.raises(DataError, match=r"^a.zip holds more than 5,000 files\."), open_archive(
        write_raw(tmp_path / "a.zip", entries)
    ):
        pass


def test_links_of_a_folder_lead_nowhere_else(workspace, tmp_path):
    (tmp_path / "outside.jpg").write_bytes(jpeg(99))
    folder = write_folder(tmp_path / "a", files_of(rows(6)))
    inner = folder / "images" / "ISIC_0000000.jpg"
    inner.rename(folder / "elsewhere.dat")
    inner.symlink_to("../elsewhere.dat")
    (folder / "images" / "ISIC_0000001.jpg").unlink()
    (folder / "images" / "ISIC_0000001.jpg").symlink_to(tmp_path / "outside.jpg")
    dataset = import_dataset(workspace, folder, "set")
    assert dataset.images == 5 and dataset.problems == [{
        "image_id": "ISIC_0000001", "problem": "images/ISIC_0000001.jpg in a is a link out of the folder.",
    }]


@pytest.mark.parametrize("path", ["/dev/zero", "/proc/self/environ", "pipe", "a\0b", "x" * 5000])
def test_a_path_that_is_no_file_is_refused_at_once(workspace, tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with pytest.raises(DataError):
        import_dataset(workspace, path, "set")
    assert list(workspace.datasets.iterdir()) == []


def test_ids_that_differ_in_capitals_alone(workspace, tmp_path):
    table = rows(4)
    table.loc[3, "image_id"] = "isic_0000000"
    dataset = import_dataset(workspace, write_zip(tmp_path / "a.zip", files_of(table)), "set")
    assert dataset.images == 3 and dataset.problems[0] == {
        "image_id": "isic_0000000", "problem": "its image_id differs from another's in capitals alone",
    }


def test_large_images_are_worked_on_one_after_the_other(workspace, tmp_path, monkeypatch):
    """What the threads have read and not given back yet stays below what one largest image takes."""
    read, most = [], []

    def opened(content, name):
        read.append(len(content))
        most.append(sum(read))
        with real(content, name) as image:
            read.remove(len(content))
            return contextlib.nullcontext(image)

    real = copying.opened
    files = {name: content + bytes(10**5) if name.endswith("jpg") else content
             for name, content in files_of(rows(24)).items()}
    monkeypatch.setattr(copying, "opened", opened)
    monkeypatch.setattr(copying, "READING", MemoryRoom(2 * 10**5))
    assert import_dataset(workspace, write_zip(tmp_path / "a.zip", files), "set").images == 24
    assert max(most) <= 2 * 10**5
