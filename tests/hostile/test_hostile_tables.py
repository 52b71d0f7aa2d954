"""A hostile table is refused in a sentence that quotes nothing of it, and a column is never lost to one of its name."""

import pytest

from pipeline.cli import main
from pipeline.data.delimited import column_names, read_table
from pipeline.data.importing import import_dataset
from pipeline.data.metadata import read_metadata, read_sources
from pipeline.data.quotable import quotable
from pipeline.errors import DataError
from pipeline.limits import MOST_CELL_CHARACTERS, MOST_LINE_CHARACTERS, MOST_TABLE_COLUMNS, MOST_TABLE_ROWS
from tests.small_archives import TABLE, exactly, files_of, rows, write_folder, write_zip

WANTED = ("image_id", "dataset")


@pytest.mark.parametrize("again", ["dataset", " dataset ", "DataSet", "\ufeffdataset", "dataset\u200b", '"dataset"'])
def test_two_columns_of_one_name_are_refused_in_each_spelling(again):
    content = f"image_id,dataset,{again}\nI1,a,b\n".encode()
    sentence = "sources.csv has several columns named dataset. Keep one of them."
    with pytest.raises(DataError, match=exactly(sentence)):
        read_table(content, "sources.csv", WANTED)


def test_composed_and_decomposed_names_are_one_name():
    content = "image_id,dataset,\u00e4,a\u0308\nI1,a,b,c\n".encode()
    sentence = "sources.csv has one name over its columns 3 and 4. Keep one of them."
    with pytest.raises(DataError, match=exactly(sentence)):
        read_table(content, "sources.csv", WANTED)


@pytest.mark.parametrize(
    ("rest", "why"),
    [
        (b"I1,a\0b\n", "line 2 holds a character that no text has"),
        (b"I1,\x1b[31m\n", "line 2 holds a character that no text has"),
        (b"I1,\xe9\n", "it is not in UTF-8 in or after line 1"),
        (b'"I1,a\nI2,b\n', "quotes do not close, or a value is too long, in or before line 3"),
        (b'"I1"x,a\n', "quotes do not close, or a value is too long, in or before line 2"),
        (b'I1,"a\nI2,b"\n', "a value goes over several lines, up to line 3: a quote may be missing"),
        (b"I1,a,b\n", "line 2 has 3 values, the header 2; a value with a separator in it needs quotes"),
        (b"I1,a\nI2", "line 3 has 1 values, the header 2; a value with a separator in it needs quotes"),
        (b"I1," + b"x" * (MOST_CELL_CHARACTERS + 1), "line 2 has a value of more than 1,000 characters"),
        (b"x" * (MOST_LINE_CHARACTERS + 1), "line 2 has more than 1,000,000 characters"),
    ],
    ids=["NUL", "escape", "latin-1", "open quote", "after a quote", "rows in a quote", "long row", "short row",
         "long value", "long line"],
)
def test_what_would_need_a_guess_is_refused(rest, why):
    with pytest.raises(DataError, match=exactly(f"t.csv cannot be read as a table: {why}. Save it as CSV in UTF-8.")):
        read_table(b"image_id,dataset\n" + rest, "t.csv", WANTED)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_wide_encodings_are_named(encoding):
    with pytest.raises(DataError, match="it is in UTF-16 or UTF-32"):
        read_table("image_id,dataset\nI1,a\n".encode(encoding), "t.csv", WANTED)


def test_too_many_columns_and_rows(monkeypatch):
    content = b",".join(b"c%d" % n for n in range(MOST_TABLE_COLUMNS + 1)) + b"\n"
    with pytest.raises(DataError, match="t.csv has more than 500 columns"):
        read_table(content, "t.csv", WANTED)
    assert len(column_names(content, "t.csv")) == MOST_TABLE_COLUMNS + 1
    monkeypatch.setattr("pipeline.data.delimited.MOST_TABLE_ROWS", 3)
    assert len(read_table(b"image_id,dataset\n" + b"I,a\n" * 3, "t.csv", WANTED)) == 3
    with pytest.raises(DataError, match="t.csv has more than 3 rows"):
        read_table(b"image_id,dataset\n" + b"I,a\n" * 4, "t.csv", WANTED)
    assert MOST_TABLE_ROWS == 500_000


def test_empty_columns_at_the_end_and_blank_lines_are_no_harm():
    table = read_table(b"\n\nimage_id,dataset,,\n\nI1, a ,,\nI2,NA,,\n", "t.csv", WANTED)
    assert table["image_id"].tolist() == ["I1", "I2"] and table["dataset"].fillna("?").tolist() == ["a", "?"]


@pytest.mark.parametrize("content", ["KEY=hunter2\0HOME=/root\0", '{"username":"me","key":"hunter2"}', "hunter2"])
@pytest.mark.parametrize("command", [["data", "import", "--name", "set", "--sources"],
                                     ["data", "audit", "set", "--confirm"]])
def test_a_file_that_is_no_table_is_not_quoted(workspace, tmp_path, capfd, content, command):
    import_dataset(workspace, write_zip(tmp_path / "a.zip", files_of(rows())), "set")
    path = tmp_path / "secret"
    path.write_text(content)
    assert main([*command, str(path)]) == 1
    said = capfd.readouterr()
    assert "hunter2" not in said.err + said.out and "secret" in said.err


@pytest.mark.parametrize("path", ["/dev/zero", "/proc/self/environ", "/dev"])
def test_what_is_no_file_with_content_is_refused_at_once(path):
    with pytest.raises(DataError, match="is not a file with content|has more content than its size says"):
        read_sources(path)


def test_unknown_diagnoses_are_named_only_where_they_are_words():
    table = rows()
    table.loc[[0, 1], "dx"] = "wart"
    table.loc[2, "dx"] = 'key="hunter2"'
    table.loc[3, "dx"] = "x" * 41
    sentence = (
        "HAM10000_metadata.csv has diagnoses in column dx that LesionLab does not know: wart (2 rows), what stands in "
        "rows 3, 4. The known codes are mel, bcc, scc, akiec, ak, nv, bkl, df, vasc, unk, benign, malignant."
    )
    with pytest.raises(DataError, match=exactly(sentence)):
        read_metadata(table.to_csv(index=False).encode(), TABLE)


@pytest.mark.parametrize("age", ["1e999", "9" * 900, "KEY=hunter2", "-1", "0x32"])
def test_an_age_that_is_none_is_a_problem_and_no_age(age):
    table = rows()
    table.loc[0, "age"] = age
    found, problems = read_metadata(table.to_csv(index=False).encode(), TABLE)
    assert found["age"].isna().sum() == 1 and len(problems) == 1
    assert "hunter2" not in problems[0]["problem"] and problems[0]["problem"].endswith("kept without an age")


@pytest.mark.parametrize(("text", "shown"), [
    ("Melanocytic nevus", True), ("a-b_c./(d)", True), ("Nävus", True), ("", False), ("a=b", False), ("'a'", False),
    ("{a}", False), ("a\nb", False), ("-rf", False), ("x" * 41, False), (None, False), (float("nan"), False),
])
def test_what_may_be_quoted(text, shown):
    assert quotable(text) is shown


def test_folders_named_like_secrets_are_not_quoted(workspace, tmp_path):
    files = {f"{name}/x.jpg": content for name, content in zip(
        ("KEY=hunter2", "nv", "wart"), files_of(rows(4)).values(), strict=False)}
    with pytest.raises(DataError, match=r"wart \(1 image\), 1 more\.") as refusal:
        import_dataset(workspace, write_folder(tmp_path / "a", files), "set")
    assert "hunter2" not in str(refusal.value)
