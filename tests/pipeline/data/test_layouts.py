"""Archives that are not laid out like HAM10000: the ISIC challenges, one folder per diagnosis, and what they share."""

import pandas as pd
import pytest

from pipeline.data.dataset import load_dataset
from pipeline.data.importing import import_dataset
from pipeline.data.naming import UnconfirmedNamesError
from pipeline.errors import DataError
from tests.isic_archives import csv, isic2018, isic2019, one_hot
from tests.small_archives import exactly, files_of, jpeg, rows, write_folder, write_zip

SEVEN = ["mel", "nv", "bcc", "akiec", "bkl", "df", "vasc"]
EIGHT = ["mel", "nv", "bcc", "ak", "bkl", "df", "vasc", "scc"]
ALONE = "each of them counts as a lesion of its own, so images of one lesion may lie on both sides of a split."


def pictures(n: int, first: int = 0) -> dict[str, bytes]:
    return {f"ISIC_{number:07d}": jpeg(number) for number in range(first, first + n)}


def written(tmp_path, files: dict[str, bytes], name: str = "isic"):
    """The files as a user downloads them by hand into one folder."""
    return write_folder(tmp_path / name, {path.rpartition("/")[2]: content for path, content in files.items()})


def problems_of(dataset) -> dict[str, str]:
    return {problem["image_id"]: problem["problem"] for problem in dataset.problems}


def test_isic_2018_training_with_its_lesions(workspace, tmp_path):
    lesions = [f"HAM_{n // 2:07d}" for n in range(14)]
    codes = [code for code in SEVEN for _ in range(2)]
    source = written(tmp_path, isic2018(tmp_path, "Training", pictures(14), codes, lesions))
    dataset = import_dataset(workspace, source, "isic2018")
    assert (dataset.images, dataset.lesions, dataset.problems, dataset.notes) == (14, 7, [], [])
    assert dataset.classes == tuple(sorted(SEVEN)) and dataset.licence == "CC BY-NC 4.0"
    assert dataset.attribution.startswith("ISIC 2018 challenge, Task 3")
    table = dataset.metadata()
    assert table["dx"].tolist() == codes and table["lesion_id"].tolist() == lesions
    assert table["dx_type"][:4].tolist() == ["histo", "follow_up", "consensus", "confocal"]
    assert table["age"].isna().all() and set(table["sex"]) == {"unknown"}
    assert load_dataset(workspace, "isic2018") == dataset
    assert import_dataset(workspace, source, "isic2018") == dataset


@pytest.mark.parametrize("part", ["Validation", "Test"])
def test_isic_2018_parts_without_lesion_ids_say_so(workspace, tmp_path, part):
    dataset = import_dataset(workspace, written(tmp_path, isic2018(tmp_path, part, pictures(7), SEVEN)), "part")
    assert dataset.images == dataset.lesions == 7
    assert dataset.notes == [f"None of the images has a lesion id: {ALONE}"]


def test_isic_2019_has_nine_columns_and_eight_diagnoses(workspace, tmp_path):
    lesions = ["HAM_0000001", "BCN_0000002", "MSK4_0000003", None, "HAM_0000005", "BCN_0000006", "BCN_0000007", None]
    source = written(tmp_path, isic2019(tmp_path, pictures(8), EIGHT, lesions))
    dataset = import_dataset(workspace, source, "isic2019")
    assert dataset.classes == tuple(sorted(EIGHT)) and "akiec" not in dataset.classes
    assert dataset.notes == [
        "Of the 9 diagnoses in the ground truth 8 have images; none has: unk.",
        f"2 of 8 images have no lesion id: {ALONE}",
    ]
    table = dataset.metadata().set_index("image_id")
    assert table["lesion_id"]["ISIC_0000003"] == "ISIC_0000003" and table["lesion_id"]["ISIC_0000000"] == "HAM_0000001"
    assert table["source"].fillna("?").tolist() == [
        "HAM10000", "BCN_20000", "MSK", "?", "HAM10000", "BCN_20000", "BCN_20000", "?"
    ]
    assert pd.isna(table["age"].iloc[0]) and table["age"].iloc[1] == 55.0
    assert table["localization"].iloc[:2].tolist() == ["unknown", "anterior torso"]
    assert dataset.attribution.startswith("ISIC 2019 challenge: HAM10000")


def test_isic_2019s_test_part_has_nine_diagnoses_and_weights(workspace, tmp_path):
    truth = one_hot(list(pictures(9)), [*EIGHT, "unk"], "2019").assign(score_weight=1.0, validation_weight=0.0)
    files = {f"{i}.jpg": content for i, content in pictures(9).items()}
    files["ISIC_2019_Test_GroundTruth.csv"] = csv(truth)
    files["ISIC_2019_Test_Metadata.csv"] = b"image,age_approx,anatom_site_general,sex\nISIC_0000000,40,head/neck,male\n"
    dataset = import_dataset(workspace, write_folder(tmp_path / "a", files), "a")
    assert dataset.classes == tuple(sorted([*EIGHT, "unk"]))
    assert dataset.notes == [f"None of the images has a lesion id: {ALONE}"]
    assert dataset.metadata()["localization"].tolist() == ["head/neck", *["unknown"] * 8]


def test_isic_2019_as_one_zip_and_as_a_folder_is_the_same_content(workspace, tmp_path):
    files = {f"ISIC_2019_Training_Input/{i}.jpg": content for i, content in pictures(8).items()}
    files["ISIC_2019_Training_GroundTruth.csv"] = csv(one_hot(list(pictures(8)), EIGHT, "2019"))
    one = import_dataset(workspace, write_zip(tmp_path / "one.zip", files), "one")
    two = import_dataset(workspace, write_folder(tmp_path / "two", files), "two")
    assert one.content_hash == two.content_hash and one.images == one.lesions == 8


def test_rows_without_exactly_one_diagnosis_are_left_out(workspace, tmp_path):
    truth = one_hot(list(pictures(8)), EIGHT, "2019")
    truth.loc[0, "MEL"] = 0.0
    truth.loc[1, ["MEL", "SCC"]] = 1.0
    files = {f"{i}.jpg": content for i, content in pictures(8).items()}
    source = write_folder(tmp_path / "a", files | {"ISIC_2019_Training_GroundTruth.csv": csv(truth)})
    dataset = import_dataset(workspace, source, "a")
    assert problems_of(dataset) == {
        "ISIC_0000000": "the ground truth marks no diagnosis", "ISIC_0000001": "the ground truth marks 3 diagnoses"
    }
    assert dataset.images == 6 and dataset.notes[0].endswith("none has: mel, nv, unk.")


@pytest.mark.parametrize(
    ("bend", "sentence"),
    [
        (
            lambda truth: truth.drop(columns="SCC"),
            "ISIC_2019_Training_GroundTruth.csv has no column named SCC. The table needs the columns image, MEL, NV, "
            "BCC, AK, BKL, DF, VASC, SCC, UNK.",
        ),
        (
            lambda truth: truth.assign(AKIEC=0.0),
            "ISIC_2019_Training_GroundTruth.csv has columns that LesionLab does not know: AKIEC. The diagnoses of ISIC "
            "2019 are MEL, NV, BCC, AK, BKL, DF, VASC, SCC, UNK.",
        ),
    ],
)
def test_a_ground_truth_with_other_columns(workspace, tmp_path, bend, sentence):
    files = {f"{i}.jpg": content for i, content in pictures(8).items()}
    files["ISIC_2019_Training_GroundTruth.csv"] = csv(bend(one_hot(list(pictures(8)), EIGHT, "2019")))
    with pytest.raises(DataError, match=exactly(sentence)):
        import_dataset(workspace, write_folder(tmp_path / "a", files), "a")


def test_two_parts_in_one_folder_are_refused(workspace, tmp_path):
    files = isic2018(tmp_path, "Validation", pictures(7), SEVEN) | isic2018(tmp_path, "Test", pictures(7, 7), SEVEN)
    with pytest.raises(DataError, match=r"^both holds several different ground truths of ISIC challenges: .+\. Keep"):
        import_dataset(workspace, written(tmp_path, files, "both"), "both")


def test_ham10000_and_isic_2019_say_what_they_share_and_map_nothing(workspace, tmp_path):
    table = rows(16, tuple(SEVEN[:4])).assign(lesion_id=lambda t: t["image_id"])
    table["dx"] = [SEVEN[n % 4] for n in range(16)]
    import_dataset(workspace, write_zip(tmp_path / "ham.zip", files_of(table)), "ham10000")
    codes = [{"akiec": ("ak", "scc")[n // 4 % 2]}.get(code, code) for n, code in enumerate(table["dx"])]
    images = dict(zip(table["image_id"], (jpeg(n) for n in range(16)), strict=True)) | pictures(4, 100)
    images = {(f"{i}_downsampled" if i == "ISIC_0000000" else i): content for i, content in images.items()}
    source = written(tmp_path, isic2019(tmp_path, images, [*codes, "mel", "nv", "df", "vasc"], [None] * 20))
    dataset = import_dataset(workspace, source, "isic2019")
    assert dataset.notes[-1] == (
        "16 of its 20 images are also in the data set ham10000 (the same id or content). 4 of them have another "
        "diagnosis there: 2 × Actinic keratosis or Bowen's disease · akiec there, Actinic keratosis · ak here; 2 × "
        "Actinic keratosis or Bowen's disease · akiec there, Squamous cell carcinoma · scc here. Neither is changed. "
        "Do not judge a model trained on the one with images of the other."
    )
    assert dataset.diagnoses["ak"]["images"] == 2
    assert load_dataset(workspace, "ham10000").diagnoses["akiec"]["images"] == 4


def test_scaled_copies_share_the_id(workspace, tmp_path):
    import_dataset(workspace, write_zip(tmp_path / "ham.zip", files_of(rows())), "ham10000")
    other = {f"{i}_downsampled": jpeg(n + 500) for n, i in enumerate(rows()["image_id"][:8])}
    dataset = import_dataset(workspace, written(tmp_path, isic2019(tmp_path, other, EIGHT, [None] * 8)), "isic2019")
    assert dataset.notes[-1].startswith("8 of its 8 images are also in the data set ham10000")


def test_many_data_sets_that_share_images_are_one_note(workspace, tmp_path):
    source = write_zip(tmp_path / "ham.zip", files_of(rows(8)))
    for number in range(12):
        import_dataset(workspace, source, f"copy{number:02d}")
    notes = import_dataset(workspace, source, "last").notes
    assert notes == [
        "8 of its 8 images are also in 12 other data sets (the same id or content): copy00 8, copy01 8, copy02 8, "
        "copy03 8, copy04 8, copy05 8, copy06 8, copy07 8 and 4 more. Do not judge a model trained on the one with "
        "images of the other."
    ]


def folders(**codes: int) -> dict[str, bytes]:
    """Images numbered through, in folders named by the arguments with underscores for blanks."""
    names = [name for name, n in codes.items() for _ in range(n)]
    return {f"{name}/photo_{number}.jpg": jpeg(number) for number, name in enumerate(names)}


@pytest.mark.parametrize("write", [write_zip, write_folder])
def test_one_folder_for_each_diagnosis(workspace, tmp_path, write):
    files = folders(mel=2, Melanocytic_nevus=3, BCC=1) | {"Actinic keratosis or Bowen's disease/x.png": jpeg(77)}
    files |= {"notes/about.txt": b"x", "__MACOSX/odd/photo.jpg": b"x"}
    dataset = import_dataset(workspace, write(tmp_path / "mine", files), "mine")
    assert {code: n["images"] for code, n in dataset.diagnoses.items()} == {"akiec": 1, "bcc": 1, "mel": 2, "nv": 3}
    assert dataset.lesions == 7 and (dataset.licence, dataset.attribution) == ("not stated", "not stated")
    assert dataset.notes == [
        "The diagnoses are the names of the folders.",
        "Diagnoses in other words: actinic keratosis or bowen disease as akiec (1 image), melanocytic nevus as nv (3 "
        "images).",
        f"None of the images has a lesion id: {ALONE} A CSV with the columns image_id and lesion_id in the archive "
        "says which belong together.",
    ]


def test_a_csv_says_which_images_show_one_lesion(workspace, tmp_path):
    table = b"image_id,lesion_id,age\nphoto_0,L1,50\nphoto_1,L1,50\nphoto_2,L2,\nphoto_3,L3,\n"
    source = write_folder(tmp_path / "a", folders(mel=2, nv=2) | {"lesions.csv": table})
    dataset = import_dataset(workspace, source, "a")
    assert dataset.lesions == 3 and dataset.metadata()["age"][0] == 50
    assert dataset.notes == ["The diagnoses are the names of the folders."]


def test_the_same_name_in_two_folders_is_two_images(workspace, tmp_path):
    files = {"mel/1.jpg": jpeg(1), "nv/1.jpg": jpeg(2), "nv/2.jpg": jpeg(3)}
    dataset = import_dataset(workspace, write_zip(tmp_path / "a.zip", files), "a")
    assert dataset.metadata()["image_id"].tolist() == ["2", "mel-1", "nv-1"]


def test_folders_that_are_no_diagnosis_are_named(workspace, tmp_path):
    source = write_zip(tmp_path / "mine.zip", folders(mel=2, wart=2, verruca=1) | {"top.jpg": jpeg(50)})
    sentence = (
        "mine.zip has folders that are no diagnosis which LesionLab knows: (no folder) (1 image), verruca (1 image), "
        "wart (2 images). Known are mel (Melanoma), bcc (Basal cell carcinoma), scc (Squamous cell carcinoma), akiec "
        "(Actinic keratosis or Bowen's disease), ak (Actinic keratosis), nv (Melanocytic nevus), bkl (Benign "
        "keratosis), df (Dermatofibroma), vasc (Vascular lesion or haemorrhage), unk (None of the others), benign "
        "(Benign lesion), malignant (Malignant lesion); a folder may have either."
    )
    with pytest.raises(DataError, match=exactly(sentence)):
        import_dataset(workspace, source, "mine")
    source = write_zip(tmp_path / "mine.zip", folders(wart=2, verruca=1))
    sentence = (
        "mine.zip holds no HAM10000_metadata.csv. Add the table that names each image's diagnosis, or name the folders "
        "by diagnosis: verruca, wart are none that LesionLab knows. Look at this mapping, change it where it is wrong, "
        'and confirm it: --map "verruca=none,wart=none". The codes are mel, bcc, scc, akiec, ak, nv, bkl, df, vasc, '
        "unk, benign, malignant; none leaves a diagnosis out."
    )
    with pytest.raises(UnconfirmedNamesError, match=exactly(sentence)):
        import_dataset(workspace, source, "mine")
    dataset = import_dataset(workspace, source, "mine", mapping={"wart": "benign", "verruca": "benign"})
    assert dataset.diagnoses == {"benign": {"images": 3, "lesions": 3}}


def test_two_tables_of_lesions_are_refused(workspace, tmp_path):
    table = b"image_id,lesion_id\nphoto_0,L1\n"
    source = write_folder(tmp_path / "a", folders(mel=2, nv=2) | {"a.csv": table, "b.csv": table})
    sentence = "a holds several tables with lesion ids: a.csv, b.csv. Keep one of them."
    with pytest.raises(DataError, match=exactly(sentence)):
        import_dataset(workspace, source, "a")
