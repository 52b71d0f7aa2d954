"""Small data sets as people bring them, each with its right answer; skipped where `../shared/quirks` is absent."""

from pathlib import Path

import pytest

from pipeline.data.importing import import_dataset
from pipeline.data.naming import UnconfirmedNamesError

QUIRKS = Path(__file__).resolve().parents[4] / "shared" / "quirks"
FOUND = sorted(path.name for path in QUIRKS.iterdir() if path.suffix != ".md") if QUIRKS.is_dir() else []
PLAIN = {"nv": 8, "mel": 3, "bkl": 1}
AGES = [45.0, 50.0, 55.0]
ENCODED = {"c01_utf16": "UTF-16", "c03_latin1": "Windows-1252"}
CONFIRMED = {
    "c18_folders_isic9": {"pigmented benign keratosis": "bkl"}, "c20_isic_archive": {"seborrheic keratosis": "bkl"},
    "c22_padufes": {"seborrheic keratosis": "bkl"},
}
SAID = {  # beside what the encodings say
    "c04_age85plus": "85+ as 85, 90 years as 90", "c05_age_decimal_comma": "45,0 as 45",
    "c07_dx_words": "benign keratosis as bkl (1 image), melanocytic nevus as nv (8 images), melanoma as mel (3 images)",
    "c09_id_with_ext": "12 images with the suffix of its file", "c22_padufes": "photographs taken with smartphones",
    "c18_folders_isic9": "as confirmed at the import: pigmented benign keratosis as bkl (1 image)",
    "c20_isic_archive": "isic_id as image_id",
}


@pytest.mark.parametrize("name", FOUND)
def test_each_is_read_rightly_or_asks(workspace, name):
    source, mapping = QUIRKS / name, CONFIRMED.get(name)
    if mapping:
        with pytest.raises(UnconfirmedNamesError) as asked:
            import_dataset(workspace, source, "set")
        assert {one.name: one.proposed for one in asked.value.names} == mapping
        assert not (workspace.datasets / "set").exists()
    dataset = import_dataset(workspace, source, "set", mapping=mapping)
    counts = {code: n["images"] for code, n in dataset.diagnoses.items()}
    assert counts == ({"benign": 9, "malignant": 3} if name == "c19_folders_benign_malignant" else PLAIN)
    assert dataset.images == 12 and dataset.problems == []
    notes = " ".join(dataset.notes)
    assert SAID.get(name, "") in notes and ENCODED.get(name, "") in notes
    table = dataset.metadata()
    if name == "c04_age85plus":
        assert table["age"][:3].tolist() == [85.0, 90.0, 55.0]
    elif "folders" not in name and name != "c22_padufes":
        assert table["age"][:2].tolist() == AGES[:2]
    if name == "c20_isic_archive":
        assert dataset.licence == "CC BY-NC 4.0" and "ViDIR Group" in dataset.attribution
        assert set(table["dx_type"]) == {"histo"} and table["localization"][0] == "lower extremity"
    if name in ("c00_plain", "c26_nfd_names"):
        assert dataset.notes == []


def test_the_folder_holds_the_kinds_that_its_readme_lists():
    if not FOUND:
        pytest.skip("the small data sets (../shared/quirks) are not on this machine")
    assert {*CONFIRMED, *SAID, *ENCODED, "c19_folders_benign_malignant", "z02_backslash.zip"} <= set(FOUND)
