"""What diagnoses are called elsewhere: the same by other words, what is proposed, and what is never guessed."""

import pandas as pd
import pytest

from pipeline.classes import DIAGNOSES
from pipeline.data.diagnosis_names import PROPOSED, SAME, UNDECIDED, most_telling, plain
from pipeline.data.naming import UnconfirmedNamesError, diagnosis_codes, parse_naming
from pipeline.errors import DataError


def codes(*names: str, mapping: dict[str, str] | None = None):
    written = pd.Series(list(names), dtype="str")
    return diagnosis_codes(written, pd.Series([f"I{n}" for n in range(len(names))]), "t.csv", mapping)


def asked(*names: str) -> dict[str, str | None]:
    with pytest.raises(UnconfirmedNamesError) as refusal:
        codes(*names)
    return {one.name: one.proposed for one in refusal.value.names}


def test_names_that_say_the_same_are_read_and_said():
    found, problems, notes = codes("Naevus", "MEL", "Basal-cell carcinoma", "squamous_cell_carcinoma", "nv")
    assert found.tolist() == ["nv", "mel", "bcc", "scc", "nv"] and problems == []
    assert notes == [
        "Diagnoses in other words: basal cell carcinoma as bcc (1 image), nevus as nv (1 image), squamous cell "
        "carcinoma as scc (1 image)."
    ]


@pytest.mark.parametrize(("name", "code"), [
    ("Lentigo maligna", "mel"), ("solar lentigo", "bkl"), ("Seborrhoeic keratosis", "bkl"),
    ("seborrheic keratosis", "bkl"), ("Lichen planus-like keratosis", "bkl"), ("Bowen's disease", "akiec"),
    ("Actinic keratosis", "akiec"), ("Pigmented benign keratosis", "bkl"), ("verruca", None),
])
def test_a_part_of_a_diagnosis_is_proposed_and_never_applied_in_silence(name, code):
    assert asked(name, "mel") == {plain(name): code}


@pytest.mark.parametrize("name", ["Lentigo simplex", "Lentigo NOS", "atypical melanocytic proliferation",
                                  "Indeterminate", "unknown"])
def test_what_is_never_guessed_is_left_out_and_said(name):
    found, problems, notes = codes(name, "mel")
    assert found.isna().tolist() == [True, False]
    assert problems == [{"image_id": "I0", "problem": "its diagnosis was mapped to none"}]
    assert notes == [f"Left out, since they were mapped to no diagnosis: {plain(name)} (1 image)."]
    assert codes(name, "mel", mapping={plain(name): "nv"})[0].tolist() == ["nv", "mel"]


def test_invasive_squamous_cell_carcinoma_is_never_akiec():
    for name in ("Squamous cell carcinoma, Invasive", "invasive squamous cell carcinoma", "squamous cell carcinoma"):
        assert codes(name)[0].tolist() == ["scc"]


def test_benign_and_malignant_are_diagnoses_of_their_own():
    assert codes("Benign", "malignant")[0].tolist() == ["benign", "malignant"]
    found, problems, _ = codes("benign", "malignant", "mel")
    assert found.isna().tolist() == [True, True, False] and len(problems) == 2
    with pytest.raises(DataError, match="benign cannot stand beside mel: they hold those too"):
        codes("wart", "mel", mapping={"wart": "benign"})
    assert not {*SAME, *PROPOSED} & UNDECIDED and {SAME["benign"], SAME["malignant"]} == {"benign", "malignant"}


def test_every_full_name_of_a_code_is_that_code_but_one_that_two_codes_hold():
    others = {code: d.name for code, d in DIAGNOSES.items() if code != "ak"}
    assert {code: SAME.get(plain(name)) for code, name in others.items()} == {code: code for code in others}
    assert plain(DIAGNOSES["ak"].name) not in SAME


def test_the_isic_archives_levels():
    assert most_telling(["Benign", "Benign melanocytic proliferations", "Nevus", "Nevus, Spitz", ""]) == "Nevus"
    assert most_telling(["Malignant", "x", "Melanoma in situ", "Melanoma in situ, Lentigo maligna type", ""]) \
        == "Melanoma in situ"
    in_situ = "Squamous cell carcinoma in situ"
    assert most_telling(["Malignant", "x", in_situ, "", ""]) == in_situ
    assert most_telling(["Benign", "", "", "", ""]) == "Benign" and most_telling([""] * 5) == ""


def test_a_mapping_is_written_with_names_that_may_hold_commas():
    assert parse_naming("Nevus, Spitz=nv, lentigo simplex=none") == {"nevus spitz": "nv", "lentigo simplex": "none"}
    for text, sentence in (("wart", "cannot be read"), ("=nv", "cannot be read"),
                           ("a=nv,A=mel", "names a diagnosis twice"),
                           ("a=wart", "has a code that LesionLab does not know")):
        with pytest.raises(DataError, match=sentence):
            parse_naming(text)
    with pytest.raises(DataError, match=r"The mapping names 1 diagnosis that t\.csv does not have"):
        codes("mel", mapping={"nevus": "nv"})


def test_names_that_cannot_be_shown_are_refused_without_a_quote():
    with pytest.raises(DataError, match="what stands in row 1") as refusal:
        codes('key="hunter2"', "mel")
    assert "hunter2" not in str(refusal.value) and not isinstance(refusal.value, UnconfirmedNamesError)
