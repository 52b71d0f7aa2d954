"""Cells that a spreadsheet would take for formulas: defused wherever a CSV is written, and read as what they were."""

import ast
import csv
import io
import math

import numpy as np
import pandas as pd
import pytest

from pipeline.data.delimited import read_table
from pipeline.data.image_ids import composed
from pipeline.data.importing import import_dataset
from pipeline.data.same_lesion import judge_pair, verdicts
from pipeline.files.csv_cells import as_cell, as_read, rows_as_csv, table_as_csv
from tests.hostile.texts import KNOWN, random_texts
from tests.small_archives import files_of, rows
from tests.source_reading import modules

STARTS = tuple("=+-@\t\r\n")
# hashes the text of a table, which no one opens
NOT_WRITTEN = {("pipeline.data.importing", "_content_hash")}


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "''@x", "-", "＝1"])
def test_a_formula_is_defused_and_read_as_what_it_was(text):
    assert as_cell(text) == f"'{text}" and as_read(as_cell(text)) == text


@pytest.mark.parametrize("text", ["-0.5", "+3", "-1e-05", "ISIC_1", "", "'quoted'", "a=b", "1-2", " =1"])
def test_what_is_no_formula_stays(text):
    assert as_cell(text) == text and as_read(text) == text


def test_any_text_comes_back():
    for text in (*KNOWN, *random_texts(2_000, seed=3)):
        assert as_read(as_cell(text)) == text
        assert not as_cell(text).startswith(STARTS) or math.isfinite(float(as_cell(text)))


def test_a_table_keeps_its_numbers():
    names = pd.Series(["=1", None, "x\udcff"], dtype=object)
    table = pd.DataFrame({"=name": names, "n": [-0.5, np.nan, 1e-9], "m": [-1, 2, 3], "ok": [True, False, True]})
    assert table_as_csv(table).decode() == "'=name,n,m,ok\n'=1,-0.5,-1,True\n,,2,False\nx\\xff,1e-09,3,True\n"
    assert rows_as_csv(["a", "@b"], [["-x", -0.5], [None, 2]]) == "a,'@b\n'-x,-0.5\n,2\n"


def test_a_table_that_is_read_again_has_its_texts():
    names = [text for text in KNOWN
             if text.isprintable() and text.strip() == composed(text) == text and 0 < len(text) < 200]
    written = table_as_csv(pd.DataFrame({"image_id": names, "x": "y"}))
    assert list(csv.DictReader(io.StringIO(written.decode())))[0].keys() == {"image_id", "x"}
    assert read_table(written, "table.csv", ["image_id"])["image_id"].tolist() == names


def test_a_verdict_on_images_with_such_names_is_kept(dataset_named_like_formulas):
    workspace, dataset = dataset_named_like_formulas
    judge_pair(workspace, dataset, "=1+1", "@SUM(A1)", "same")
    assert verdicts(dataset) == {("=1+1", "@SUM(A1)"): "same"}


@pytest.fixture
def dataset_named_like_formulas(workspace, tmp_path):
    named = rows(24)
    named.loc[[0, 2], "image_id"] = ["=1+1", "@SUM(A1)"]
    for path, content in files_of(named).items():
        (tmp_path / "formulas" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "formulas" / path).write_bytes(content)
    return workspace, import_dataset(workspace, tmp_path / "formulas", "formulas")


def test_csv_is_written_in_one_place():
    found = []
    for name, module in modules().items():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and (node.attr == "to_csv" or (
                    node.attr in ("writer", "DictWriter") and getattr(node.value, "id", "") == "csv")):
                function = module.outer.get(node)
                if name != "pipeline.files.csv_cells" and (name, function and function.name) not in NOT_WRITTEN:
                    found.append(f"{module.path}:{node.lineno}")
    assert not found
