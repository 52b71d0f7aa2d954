"""The ISIC archive's and PAD-UFES-20's tables: what of them is kept, and what each data set says of itself."""

import pytest

from pipeline.data.importing import import_dataset
from pipeline.errors import DataError
from tests.small_archives import jpeg, write_folder

_ISIC = """isic_id,attribution,copyright_license,age_approx,anatom_site_general,diagnosis_1,diagnosis_2,\
diagnosis_3,diagnosis_4,fitzpatrick_skin_type,image_type,lesion_id,sex,diagnosis_confirm_type
I1,Anonymous,CC-0,45,anterior torso,Benign,Benign melanocytic proliferations,Nevus,"Nevus, Spitz",\
II,dermoscopic,L1,male,serial imaging showing no change
I2,"Hospital Clínic de Barcelona",CC-BY-NC,,,Malignant,,"Melanoma, NOS",,,clinical: close-up,L2,,histopathology
I3,Anonymous,CC-0,85,,Malignant,,"Squamous cell carcinoma, Invasive",,VI,dermoscopic,,female,
I4,<script>alert(1)</script>,secret,30,,Indeterminate,,,,II,dermoscopic,L4,female,
I5,Anonymous,CC-0,30,,Benign,,,,II,dermoscopic,L5,female,
"""


def _folder(tmp_path, table: str, ids: str):
    files = {f"{name}.jpg": jpeg(n) for n, name in enumerate(ids.split())}
    return write_folder(tmp_path / "set", files | {"metadata.csv": table.replace("\\\n", "").encode()})


def test_the_isic_archives_table(workspace, tmp_path):
    dataset = import_dataset(workspace, _folder(tmp_path, _ISIC, "I1 I2 I3 I4 I5"), "set")
    table = dataset.metadata().set_index("image_id")
    assert table["dx"].to_dict() == {"I1": "nv", "I2": "mel", "I3": "scc"}
    assert table["dx_type"].to_dict() == {"I1": "follow_up", "I2": "histo", "I3": "unknown"}
    assert table["fitzpatrick"].fillna("?").to_dict() == {"I1": "II", "I2": "?", "I3": "VI"}
    assert table["source"].to_dict() == {"I1": "Anonymous", "I2": "Hospital Clínic de Barcelona", "I3": "Anonymous"}
    assert dataset.licence.startswith("CC0 1.0 (3 images)") and "CC BY-NC 4.0 (1 image)" in dataset.licence
    said = " ".join([dataset.licence, dataset.attribution, *dataset.notes])
    assert "script" not in said and "secret" not in said
    assert "Fitzpatrick skin type is recorded for 4 of 5 images: II 3, VI 1." in said
    assert "Left out, since they were mapped to no diagnosis: benign (1 image), indeterminate (1 image)." in said
    assert "total-body photographs): 1 of 5 images." in said
    assert {problem["image_id"] for problem in dataset.problems} == {"I4", "I5"}


def test_pad_ufes(workspace, tmp_path):
    content = """patient_id,lesion_id,age,gender,fitspatrick,region,diagnostic,img_id,biopsed
PAT_1,7,60,FEMALE,3.0,NOSE,BCC,I1.png,True
PAT_2,7,61,MALE,,ARM,SCC,I2.png,False
"""
    dataset = import_dataset(workspace, _folder(tmp_path, content, "I1 I2"), "set")
    table = dataset.metadata().set_index("image_id")
    assert table["dx"].to_dict() == {"I1": "bcc", "I2": "scc"} and table["localization"].tolist() == ["nose", "arm"]
    assert table["lesion_id"].tolist() == ["PAT_1-7", "PAT_2-7"]  # two patients' lesions of one number are two
    assert table["dx_type"].tolist() == ["histo", "unknown"]
    assert table["fitzpatrick"].fillna("?").tolist() == ["III", "?"]
    assert dataset.licence == "CC BY 4.0" and "not dermatoscopic" in " ".join(dataset.notes)


def test_two_tables_that_name_diagnoses_are_refused(workspace, tmp_path):
    source = _folder(tmp_path, "image,diagnosis\nI1,nv\n", "I1")
    write_folder(source, {"other.csv": b"image,diagnosis\nI1,mel\n"})
    with pytest.raises(DataError, match=r"several different tables with images and diagnoses: metadata\.csv, other"):
        import_dataset(workspace, source, "set")


def test_a_ground_truth_under_another_name_is_told_by_its_columns(workspace, tmp_path):
    table = "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC\nI1,1,0,0,0,0,0,0\nI2,0,1,0,0,0,0,0\n"
    dataset = import_dataset(workspace, _folder(tmp_path, table, "I1 I2"), "set")
    assert dataset.metadata()["dx"].tolist() == ["mel", "nv"]


def test_a_folder_that_says_nothing_does_not_stand_above_a_table(workspace, tmp_path):
    files = {"other/I1.jpg": jpeg(1), "other/I2.jpg": jpeg(2), "labels.csv": b"file,label\nI1.jpg,nv\nI2.jpg,mel\n"}
    dataset = import_dataset(workspace, write_folder(tmp_path / "set", files), "set")
    assert dataset.metadata()["dx"].tolist() == ["nv", "mel"]
    assert "The table writes the id of 2 images with the suffix of its file." in dataset.notes
