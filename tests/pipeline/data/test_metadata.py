"""The metadata table is read in any of its published forms, and what is wrong with it is named."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data.metadata import COLUMNS, read_metadata, read_sources
from pipeline.errors import DataError
from tests.small_archives import TABLE, exactly, rows


def read(table: pd.DataFrame, **options):
    return read_metadata(table.to_csv(index=False, **options).encode(), TABLE)


def changed(column: str, value, *numbers: int) -> pd.DataFrame:
    table = rows()
    table.loc[list(numbers), column] = value
    return table


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_table_in_any_separator(separator):
    table, problems = read(rows(), sep=separator)
    assert problems == []
    assert tuple(table.columns) == (*COLUMNS, "source")
    assert table["image_id"].tolist() == rows()["image_id"].tolist()
    assert table["age"].tolist() == [50.0] * 24
    assert table["source"].isna().all()


def test_byte_order_mark_spaces_windows_line_ends_and_more_columns():
    text = rows().assign(extra="x").rename(columns={"dx": " dx "}).to_csv(index=False, lineterminator="\r\n")
    table, problems = read_metadata(b"\xef\xbb\xbf" + text.replace(",histo", ", histo ").encode(), TABLE)
    assert problems == [] and len(table) == 24
    assert set(table["dx_type"]) == {"histo"}


def test_codes_in_capitals_and_unknown_values():
    table = rows().assign(dx=lambda t: t["dx"].str.upper(), sex="", localization=None, dx_type="Histo")
    table.loc[0, "age"] = "unknown"
    table.loc[1, "age"] = ""
    found, problems = read(table)
    assert problems == []
    assert set(found["dx"]) == {"bcc", "mel", "nv"}
    assert set(found["sex"]) == set(found["localization"]) == {"unknown"}
    assert set(found["dx_type"]) == {"histo"}
    assert np.isnan(found["age"][:2]).all() and found["age"].notna().sum() == 22


def test_the_dataset_column_is_the_source():
    table, _ = read(rows().assign(dataset="vidir_modern"))
    assert set(table["source"]) == {"vidir_modern"}


def _confirm(wart: str) -> str:
    return (
        f"HAM10000_metadata.csv has diagnoses in column dx that LesionLab maps to no code unless somebody confirms it: "
        f'{wart}. Look at this mapping, change it where it is wrong, and confirm it: --map "wart=none". The codes are '
        "mel, bcc, scc, akiec, ak, nv, bkl, df, vasc, unk, benign, malignant; none leaves a diagnosis out."
    )


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (
            rows().drop(columns="dx"),
            "HAM10000_metadata.csv has no column named dx. The table needs the columns lesion_id, image_id, dx, "
            "dx_type, age, sex, localization.",
        ),
        (
            rows().drop(columns=["dx", "lesion_id", "age"]),
            "HAM10000_metadata.csv has no columns named lesion_id, dx, age. The table needs the columns lesion_id, "
            "image_id, dx, dx_type, age, sex, localization.",
        ),
        (
            changed("dx", "wart", 0, 1).replace({"dx": {"bcc": "bcc", "nv": "nevus"}}),
            _confirm("wart (2 images)"),
        ),
        (
            changed("dx", "wart", 0),
            _confirm("wart (1 image)"),
        ),
        (rows().iloc[:0], "HAM10000_metadata.csv has no rows. Give a table with a row for each image."),
    ],
    ids=["no dx", "several missing", "unknown codes", "one unknown code", "no rows"],
)
def test_a_table_that_cannot_be_used_is_named(table, sentence):
    with pytest.raises(DataError, match=exactly(sentence)):
        read(table)


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_an_empty_file(content):
    sentence = "HAM10000_metadata.csv is empty. Give a table with a header and a row for each image."
    with pytest.raises(DataError, match=exactly(sentence)):
        read_metadata(content, TABLE)


@pytest.mark.parametrize(
    "content",
    [rows().to_csv(index=False).encode("utf-16"), b"\xff\xd8\xff\xe0 a JPEG \x00\x01", b'"never closed\n1,2\n'],
    ids=["UTF-16", "a JPEG", "open quote"],
)
def test_what_is_no_table_is_named(content):
    unreadable = r"cannot be read as a table: .+\. Save it as CSV in UTF-8\."
    unfit = "has no columns named lesion_id, .+"
    with pytest.raises(DataError, match=rf"^HAM10000_metadata\.csv ({unreadable}|{unfit})$"):
        read_metadata(content, TABLE)


def test_a_column_twice():
    content = rows().to_csv(index=False).encode().replace(b"lesion_id,image_id,dx,", b"lesion_id,image_id,dx, dx ,", 1)
    sentence = "HAM10000_metadata.csv has several columns named dx. Keep one of them."
    with pytest.raises(DataError, match=exactly(sentence)):
        read_metadata(content, TABLE)


def test_rows_that_cannot_be_used_are_listed_and_left_out():
    table = rows()
    table.loc[0, "dx"] = ""
    table.loc[2, "lesion_id"] = None
    table.loc[4, "image_id"] = ""
    table.loc[6, "image_id"] = "ISIC_0000007"
    table.loc[20, "dx"] = "nv"
    found, problems = read(table)
    assert problems == [
        {"image_id": None, "problem": "the row has no image_id"},
        {"image_id": "ISIC_0000002", "problem": "the row has no lesion_id"},
        {"image_id": "ISIC_0000000", "problem": "the row has no dx"},
        {"image_id": "ISIC_0000007", "problem": "a second row for the same image"},
        {"image_id": "ISIC_0000020", "problem": "its lesion has two diagnoses"},
        {"image_id": "ISIC_0000021", "problem": "its lesion has two diagnoses"},
    ]
    assert len(found) == 18 and found["image_id"].is_unique


def test_sources(tmp_path):
    path = tmp_path / "sources.csv"
    path.write_text("image_id,dataset\nISIC_1, rosendahl \nISIC_2,vidir_modern\n,nobody\nISIC_1,twice\n")
    assert read_sources(path).to_dict() == {"ISIC_1": "rosendahl", "ISIC_2": "vidir_modern"}


def test_sources_that_cannot_be_used_are_named(tmp_path):
    path = tmp_path / "sources.csv"
    sentence = f"There is no file {path}. Check the path of the sources."
    with pytest.raises(DataError, match=exactly(sentence)):
        read_sources(path)
    path.write_text("image,source\nISIC_1,rosendahl\n")
    sentence = (
        "sources.csv has no columns named image_id, dataset. The table needs the columns image_id, dataset."
    )
    with pytest.raises(DataError, match=exactly(sentence)):
        read_sources(path)
    path.write_text("")
    sentence = "sources.csv is empty. Give a table with a header and a row for each image."
    with pytest.raises(DataError, match=exactly(sentence)):
        read_sources(path)


def test_the_real_sources(real_data):
    counts = read_sources(real_data / "ham10000-sources.csv").value_counts().to_dict()
    assert counts == {"vidir_molemax": 3954, "vidir_modern": 3363, "rosendahl": 2259, "vienna_dias": 439}


def test_contradictions_and_impossible_ages_are_listed():
    content = (
        b"lesion_id,image_id,dx,dx_type,age,sex,localization\nL1,I1,nv,histo,50,male,back\n"
        b"L2,I2,nv,histo,400,male,back\nL3,I3,nv,histo,50,male,back\nL4,I3,mel,histo,50,male,back\n"
    )
    table, problems = read_metadata(content, "HAM10000_metadata.csv")
    assert table["image_id"].tolist() == ["I1", "I2"] and table["age"].isna().tolist() == [False, True]
    assert [(p["image_id"], p["problem"]) for p in problems] == [
        ("I3", "its rows name different diagnoses"), ("I3", "its rows name different diagnoses"),
        ("I2", "age 400 is no age in years; kept without an age"),
    ]
