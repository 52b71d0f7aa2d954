"""ISIC 2024's layout: one HDF5 file with all images, read as it is, and a table of benign and malignant lesions."""

import h5py
import numpy as np
import pytest

from pipeline.data import hdf5_members
from pipeline.data.archive import open_archive
from pipeline.data.importing import import_dataset
from pipeline.data.members import open_members
from pipeline.errors import DataError
from tests.hdf5_files import HDF5, METADATA, isic_2024, isic_ids, metadata, pictures, write_hdf5
from tests.small_archives import encoded, exactly, noise, write_folder, write_zip

_UNFIT = (
    "a.hdf5 is not laid out as ISIC 2024's images are: a data set for each image, at the top of the file, with the "
    "bytes of a JPEG in one piece. Give the images as a zip or a folder."
)
_DAMAGED = "a.hdf5 is no HDF5 file, or it is damaged. Download it again."


def test_it_is_imported_as_benign_and_malignant(workspace, tmp_path):
    dataset = import_dataset(workspace, isic_2024(tmp_path / "isic"), "isic2024")
    table = dataset.metadata().set_index("image_id")
    assert table["dx"].tolist() == ["benign", "malignant", "benign", "benign"] * 2 and dataset.problems == []
    assert table["age"].tolist() == [60, 75, 60, 60] * 2
    assert table["localization"].tolist() == ["lower extremity", "posterior torso", *["lower extremity"] * 2] * 2
    assert table.loc[isic_ids(2)[1], "lesion_id"] == "IL_1" and dataset.lesions == 8
    assert table["source"].nunique() == 2 and table["width"].tolist() == list(range(130, 138))
    stored = {image_id: dataset.image_path(file).read_bytes() for image_id, file in table["file"].items()}
    assert stored == pictures(8)  # the very bytes
    assert dataset.licence == "CC BY 4.0 (6 images); CC BY-NC 4.0 (2 images)"
    said = " ".join(dataset.notes)
    assert "Its 8 images are of 4 patients, whom a split does not keep together" in said
    assert "Diagnoses finer than benign and malignant are recorded for 2 of 8 images alone" in said
    assert "tiles of total-body photographs): 8 of 8 images." in said
    assert import_dataset(workspace, tmp_path / "isic", "isic2024").content_hash == dataset.content_hash


def test_the_file_alone_takes_its_table_from_elsewhere(workspace, tmp_path):
    folder = isic_2024(tmp_path / "isic")
    dataset = import_dataset(workspace, folder / HDF5, "a", table=folder / METADATA)
    assert dataset.diagnoses == {"benign": {"images": 6, "lesions": 6}, "malignant": {"images": 2, "lesions": 2}}


def test_what_is_indeterminate_or_contradictory_is_left_out(workspace, tmp_path):
    folder = isic_2024(tmp_path / "isic")
    lines = metadata(8).decode().splitlines(keepends=True)
    lines[1] = lines[1].replace("Benign,Benign,", "Indeterminate,Indeterminate,")
    lines[3] = lines[3].replace(",0,IP", ",1,IP")
    (folder / METADATA).write_text("".join(lines))
    dataset = import_dataset(workspace, folder, "a")
    ids = isic_ids(8)
    assert dataset.problems[:2] == [
        {"image_id": ids[2], "problem": "its target and its iddx_1 contradict each other"},
        {"image_id": ids[0], "problem": "its diagnosis was mapped to none"},
    ]
    assert dataset.metadata()["image_id"].tolist() == [ids[1], *ids[3:]]
    mapped = import_dataset(workspace, folder, "b", mapping={"indeterminate": "benign"})
    assert mapped.images == 7 and mapped.metadata().set_index("image_id").at[ids[0], "dx"] == "benign"


def test_a_table_with_the_target_alone(workspace, tmp_path):
    folder = isic_2024(tmp_path / "isic", 4)
    rows = "".join(f"{isic_id},{n % 2}\n" for n, isic_id in enumerate(isic_ids(4)))
    (folder / METADATA).write_text(f"isic_id,target\n{rows}")
    assert import_dataset(workspace, folder, "a").metadata()["dx"].tolist() == ["benign", "malignant"] * 2


@pytest.mark.parametrize("stored", [np.bytes_, np.void, lambda content: np.frombuffer(content, np.uint8)],
                         ids=["fixed strings", "opaque", "bytes in a row"])
@pytest.mark.parametrize("version", ["earliest", "latest"])
def test_each_way_to_store_bytes_in_one_piece_is_read(tmp_path, stored, version):
    path = write_hdf5(tmp_path / "a.hdf5", pictures(5), stored, libver=version)
    with open_members(path) as members:
        assert {member.stem: member.read() for member in members} == pictures(5)
        assert members[0].start(10) == pictures(1)[isic_ids(1)[0]][:10]


def test_images_that_lie_loose_are_the_images(tmp_path):
    folder = isic_2024(tmp_path / "isic", 4)
    write_folder(folder, {f"train-image/image/{isic_id}.jpg": content for isic_id, content in pictures(4).items()})
    (folder / HDF5).write_bytes(b"not looked at")
    with open_archive(folder) as archive:
        assert archive.images[isic_ids(1)[0]].path == f"train-image/image/{isic_ids(1)[0]}.jpg"


def test_in_a_zip_it_has_to_be_unpacked(tmp_path):
    folder = isic_2024(tmp_path / "isic", 4)
    zipped = write_zip(tmp_path / "a.zip", {path.name: path.read_bytes() for path in folder.iterdir()})
    sentence = (
        "a.zip holds no images. Unpack train-image.hdf5 and the table from it, and give the folder that they lie in."
    )
    with pytest.raises(DataError, match=exactly(sentence)), open_archive(zipped):
        pass


def _attribute(file):
    file.attrs["note"] = "x" * 1000


def _group(file):
    file.create_group("more")["ISIC_1"] = np.bytes_(b"x")


def _soft(file):
    file["link"] = h5py.SoftLink("/ISIC_0015670")


def _external(file):
    file["link"] = h5py.ExternalLink("/etc/passwd", "/")


def _twice(file):
    file["again"] = file["ISIC_0015670"]


_BENT = {
    "a group": (_group, _UNFIT), "a soft link": (_soft, _UNFIT), "an external link": (_external, _UNFIT),
    "two names of one image": (_twice, _DAMAGED),
    "a compound": (lambda file: file.create_dataset("x", data=np.zeros(3, [("a", "i4"), ("b", "S9")])), _UNFIT),
    "a compressed row": (lambda file: file.create_dataset("x", data=np.ones(99, "u1"), compression="gzip"), _UNFIT),
    "numbers": (lambda file: file.create_dataset("x", data=np.ones(99)), _UNFIT),
    "a picture of pixels": (lambda file: file.create_dataset("x", data=np.ones((9, 9), "u1")), _UNFIT),
    "a string of any length": (lambda file: file.create_dataset("x", data=b"JPEG"), _UNFIT),
    "nothing": (lambda file: file.create_dataset("x", data=h5py.Empty("S9")), _UNFIT),
    "bytes of another file": (
        lambda file: file.create_dataset("x", shape=(9,), dtype="u1", external=[("/etc/passwd", 0, 9)]), _UNFIT),
    "an exabyte": (lambda file: file.create_dataset("x", shape=(2**60,), dtype="u1"), _UNFIT),
}


@pytest.mark.parametrize("bend", _BENT)
def test_what_is_laid_out_in_another_way_is_refused(tmp_path, bend):
    path = write_hdf5(tmp_path / "a.hdf5", pictures(2))
    change, sentence = _BENT[bend]
    with h5py.File(path, "a") as file:
        change(file)
    with pytest.raises(DataError, match=exactly(sentence)), open_members(path):
        pass


def test_an_attribute_is_no_harm(tmp_path):
    path = write_hdf5(tmp_path / "a.hdf5", pictures(2))
    with h5py.File(path, "a") as file:
        _attribute(file)
    with open_members(path) as members:
        assert len(members) == 2


@pytest.mark.parametrize("content", [b"", b"no HDF5", b"\x89HDF\r\n\x1a\n" + bytes(500)])
def test_what_is_no_hdf5_file_is_refused(tmp_path, content):
    (tmp_path / "a.hdf5").write_bytes(content)
    with pytest.raises(DataError, match=exactly(_DAMAGED)), open_members(tmp_path / "a.hdf5"):
        pass


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(tmp_path, share):
    whole = write_hdf5(tmp_path / "whole.hdf5", pictures(9)).read_bytes()
    (tmp_path / "a.hdf5").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DataError, match=exactly(_DAMAGED)), open_members(tmp_path / "a.hdf5"):
        pass


def test_too_many_names_and_too_little_time(tmp_path, monkeypatch):
    path = write_hdf5(tmp_path / "a.hdf5", pictures(3))
    monkeypatch.setattr(hdf5_members, "MOST_HDF5_IMAGES", 2)
    with pytest.raises(DataError, match=exactly("a.hdf5 holds more than 2 images. Give a part of it.")):
        open_members(path).__enter__()
    monkeypatch.setattr(hdf5_members, "MOST_HDF5_WAITING_SECONDS", 0)
    with pytest.raises(DataError, match=exactly(_DAMAGED)):
        open_members(path).__enter__()


def test_what_is_no_jpeg_is_told_of_that_image(workspace, tmp_path):
    folder, images = isic_2024(tmp_path / "isic", 4), pictures(4)
    images[isic_ids(1)[0]] = encoded(noise(0), "PNG")
    write_hdf5(folder / HDF5, images)
    dataset = import_dataset(workspace, folder, "a")
    assert dataset.images == 3 and dataset.problems == [{
        "image_id": isic_ids(1)[0], "problem": f"{HDF5}/{isic_ids(1)[0]}.jpg in {HDF5} is no JPEG.",
    }]
