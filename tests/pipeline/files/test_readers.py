"""The readers of each kind of file: what is whole comes back as it was, everything else is a sentence that names it."""

import io
import json
import os
import random
import struct
import tracemalloc
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save

from pipeline.errors import LesionLabError, MissingFileError, WorkspaceError
from pipeline.files.arrays import Array, read_arrays
from pipeline.files.disk import parse_json, read_bytes
from pipeline.files.parquet import SHARE, TEXT, Column, read_table
from pipeline.files.records import RecordError, read_record, record
from pipeline.files.safetensors_file import check_tensors, read_tensors
from pipeline.runs.status import Status
from pipeline.runs.teaching import Remark

STATUS = {"state": "done", "created": 5.0, "notes": ["A note."]}
RULES = {"image_id": TEXT, "p_mel": SHARE, "loss": Column("number", 0, 100), "kind": Column(among=("a", "b"))}
TABLE = pd.DataFrame({"image_id": ["x", "y"], "p_mel": [0.25, 0.75], "loss": [1.0, 2.0], "kind": ["a", "b"]})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "the-file"


@pytest.mark.parametrize(("content", "words"), [
    (b"", "no JSON"), (b"{", "no JSON"), (b"\xff\xfe", "no JSON"), (b"[" * 500_000, "no JSON"),
    (b"[" * 150 + b"]" * 150, "nested too deeply"), (b"9" * 5000, "no JSON"), (b"9" * 300, "too large"),
    (b"1e999", "too large"), (b"[NaN]", "no JSON"), (b'["\\ud800"]', "no JSON"),
    (b"[" + b"0," * 600_000 + b"0]", "more than 500,000 values"),
])
def test_json_of_any_shape_has_bounds(content, words):
    with pytest.raises(WorkspaceError, match=rf"^x\.json is damaged: .*{words}"):
        parse_json(content, "x.json")
    with pytest.raises(WorkspaceError, match=r"^x\.json is damaged: "):
        record(content, Status, "x.json")


@pytest.mark.parametrize(("fields", "words"), [
    ({"created": 1e300}, "its field created should be"), ({"created": -1}, "its field created should be"),
    ({"created": "5"}, "its field created should be"), ({"created": None}, "its field created should be"),
    ({"state": "gone"}, "its field state should be"), ({"pid": 0}, "its field pid should be"),
    ({"pid": True}, "its field pid should be"), ({"notes": "a"}, "its field notes should be"),
    ({"notes": [1]}, "its field notes should be"), ({"fraction": 2}, "its field fraction should be"),
])
def test_a_record_names_the_field_and_never_what_it_holds(fields, words):
    with pytest.raises(RecordError, match=rf"^x\.json is damaged: {words}"):
        record(json.dumps({**STATUS, **fields}).encode(), Status, "x.json")


def test_a_record_says_what_it_lacks_and_what_only_a_newer_version_knows():
    with pytest.raises(RecordError, match="it lacks created, state") as lacking:
        record(b"{}", Status, "x.json")
    assert lacking.value.lacks == ("created", "state")
    with pytest.raises(RecordError, match="fields that this version of LesionLab does not know") as newer:
        record(json.dumps({**STATUS, "<secret>": 1}).encode(), Status, "x.json")
    assert newer.value.unknown and "secret" not in str(newer.value)
    with pytest.raises(RecordError, match="^x is damaged: what it holds") as inner:
        record(b'{"IMG": {"note": 5}}', dict[str, Remark], "x")
    assert "IMG" not in str(inner.value)


def test_a_record_comes_back_as_it_was(path):
    path.write_text(json.dumps(STATUS))
    assert read_record(path, Status) == Status("done", 5.0, notes=("A note.",))


@pytest.mark.parametrize("place", ["nothing", "folder", "loop", "pipe"])
def test_what_stands_in_a_files_place_is_said(path, place):
    if place == "folder":
        path.mkdir()
    elif place == "loop":
        path.symlink_to(path.name)
    elif place == "pipe":
        os.mkfifo(path)
    kind = MissingFileError if place == "nothing" else WorkspaceError
    readers = (lambda: read_bytes(path, 10), lambda: read_record(path, Status), lambda: read_table(path, RULES),
               lambda: read_arrays(path, {"a": Array("f", 1)}), lambda: read_tensors(path))
    for read in readers:
        with pytest.raises(kind, match="the-file"):
            read()


def _write(table: pd.DataFrame, path, **how) -> None:
    table.to_parquet(path, index=False, **how)


def test_a_table_comes_back_as_pandas_reads_it(path):
    table = TABLE.assign(more=1, kind=TABLE["kind"].astype("category"))
    _write(table, path)
    assert read_table(path, RULES, unique="image_id").equals(pd.read_parquet(path)[list(RULES)])


@pytest.mark.parametrize(("change", "words"), [
    (lambda t: t.drop(columns="loss"), "lacks the column loss"), (lambda t: t.assign(loss=np.nan), "loss has gaps"),
    (lambda t: t.assign(loss=np.inf), "loss has a value out of its range"),
    (lambda t: t.assign(p_mel=1.5), "p_mel has a value out of its range"),
    (lambda t: t.assign(p_mel=["a", "b"]), "p_mel has values of another type"),
    (lambda t: t.assign(image_id=[1, 2]), "image_id has values of another type"),
    (lambda t: t.assign(image_id=["x", None]), "image_id has gaps"),
    (lambda t: t.assign(image_id="x"), "image_id has a value twice"),
    (lambda t: t.assign(kind="../../etc"), "kind has a value that it cannot have"),
    (lambda t: t.assign(image_id="x" * 5000), "a text in it has more than 4,000 bytes"),
    (lambda t: t.assign(loss=[[1.0], [2.0]]), "it has columns in columns|another type|as its rows"),
])
def test_a_table_of_another_shape_is_refused(path, change, words):
    _write(change(TABLE), path)
    with pytest.raises(WorkspaceError, match=rf"the-file is damaged: .*({words})") as refused:
        read_table(path, RULES, unique="image_id")
    assert "etc" not in str(refused.value)


def test_a_text_that_a_dictionary_repeats_takes_no_memory(path):
    """250,000 rows of one text of 100 kB: a file of kilobytes, 25 GB once each row has it."""
    rows = 250_000
    texts = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, dtype=np.int32)), pa.array(["x" * 100_000]))
    pq.write_table(pa.table({"image_id": texts}), path, compression="zstd")
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    with pytest.raises(WorkspaceError, match="a text in it has more than 4,000 bytes"):
        read_table(path, {"image_id": TEXT})
    assert pa.total_allocated_bytes() - before < 50e6 and tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


def test_a_page_is_believed_no_more_than_the_footer(path):
    """A column of zeros, packed a thousand times: its page says how large it is, and that is too large."""
    pq.write_table(pa.table({"loss": np.zeros(250_000)}), path, compression="zstd", use_dictionary=False,
                   data_page_size=2**30)
    assert path.stat().st_size < 10_000 and len(read_table(path, {"loss": RULES["loss"]})) == 250_000
    content = bytearray(path.read_bytes())
    place = content.find(_zigzag(250_000 * 8))  # the size that the first page's header gives
    content[place : place + 4] = _zigzag(2**27 - 1)[:4]
    path.write_bytes(content)
    with pytest.raises(WorkspaceError, match="the-file is damaged"):
        read_table(path, {"loss": RULES["loss"]})


def _zigzag(number: int) -> bytes:
    number, found = number * 2, b""
    while number > 127:
        found, number = found + bytes([number & 127 | 128]), number >> 7
    return found + bytes([number])


def test_texts_packed_by_what_they_share_are_refused(path):
    pq.write_table(pa.table({"image_id": ["x" * 1000] * 1000}), path, use_dictionary=False,
                   column_encoding={"image_id": "DELTA_BYTE_ARRAY"})
    with pytest.raises(WorkspaceError, match="a page has an encoding that LesionLab does not write"):
        read_table(path, {"image_id": TEXT})


@pytest.mark.parametrize("seed", range(150))
def test_a_table_with_another_byte_is_read_or_refused(path, seed):
    _write(pd.concat([TABLE] * 20).assign(image_id=[f"i{n}" for n in range(40)]), path)
    content, rng = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(rng.randrange(1, 4)):
        content[rng.randrange(len(content))] = rng.randrange(256)
    path.write_bytes(content)
    try:
        assert len(read_table(path, RULES)) == 40
    except WorkspaceError as error:
        assert "the-file" in str(error)


ARRAYS = {"names": Array("U", 1), "maps": Array("f", 3)}


def _npz(**arrays) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def test_arrays_come_back_as_they_were(path):
    arrays = {"names": np.array(["a", "b"]), "maps": np.ones((2, 3, 4), dtype=np.float16, order="F")}
    path.write_bytes(_npz(**arrays, more=np.zeros(3)))
    found = read_arrays(path, ARRAYS)
    assert found.keys() == arrays.keys() and all((found[key] == arrays[key]).all() for key in arrays)


@pytest.mark.parametrize(("arrays", "words"), [
    ({"names": np.array(["a"])}, "lacks the array maps"),
    ({"names": np.array([{}], dtype=object), "maps": np.ones((1, 1, 1))}, "names has values of another type"),
    ({"names": np.array([1]), "maps": np.ones((1, 1, 1))}, "names has values of another type"),
    ({"names": np.array(["a"]), "maps": np.ones((1, 1))}, "maps has not 3 dimensions"),
    ({"names": np.array(["a"]), "maps": np.full((1, 1, 1), np.nan)}, "no finite number"),
    ({"names": np.array(["a"]), "maps": np.zeros((200, 500, 500))}, "maps claims more than the 256 MiB"),
])
def test_arrays_of_another_shape_are_refused(path, arrays, words):
    path.write_bytes(_npz(**arrays))
    with pytest.raises(WorkspaceError, match=rf"the-file is damaged: .*{words}"):
        read_arrays(path, ARRAYS)


def test_an_array_that_claims_a_terabyte_takes_no_memory(path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**6, 400, 400)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("names.npy", header.getvalue())
    with pytest.raises(WorkspaceError, match="claims more than|has not 1 dimensions|another type"):
        read_arrays(path, {"names": Array("f", 3)})


def test_weights_are_compared_with_the_network_by_their_header(path):
    path.write_bytes(save({"a": np.zeros((2, 3), dtype=np.float32), "b": np.zeros(4, dtype=np.float16)}))
    check_tensors(path, {"a": (2, 3), "b": (4,)}, "the network")
    with pytest.raises(WorkspaceError, match=r"The weights at .*the-file do not fit the network\."):
        check_tensors(path, {"a": (2, 3), "b": (5,)}, "the network")


@pytest.mark.parametrize("about", [
    {"shape": [10**9, 10**9]}, {"shape": [-1]}, {"shape": "x"}, {"dtype": "TEXT"}, {"data_offsets": [10**12, 10**13]},
    {"data_offsets": [0]}, {"more": 1},
])
def test_a_header_that_the_file_does_not_bear_out_is_refused(path, about):
    header = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **about}}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(8))
    with pytest.raises(LesionLabError, match="the-file is damaged"):
        read_tensors(path)
    path.write_bytes(struct.pack("<Q", 2**62) + text)
    with pytest.raises(LesionLabError, match="the-file is damaged"):
        read_tensors(path)
