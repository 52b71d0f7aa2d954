"""Rows kept chunk by chunk: what is there is used again, what is damaged or of something else is computed anew."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.errors import WorkspaceError
from pipeline.files.row_store import RowKind, RowStore

ARRAYS = {"features": RowKind("<f4", (3,)), "hash": RowKind("<u8")}
KEY = {"content": "abc"}


def store_at(folder, key=KEY, rows=10, arrays=ARRAYS) -> RowStore:
    return RowStore(folder, key, rows, arrays, chunk=4)


def fill(store: RowStore, spans) -> None:
    for span in spans:
        rows = np.arange(span.start, span.stop)
        store.write(span, features=np.repeat(rows[:, None], 3, axis=1), hash=rows.astype(np.uint64) + np.uint64(2**63))


def filled(folder) -> RowStore:
    store = store_at(folder)
    fill(store, store.missing())
    return store


def test_rows_come_back_as_they_were_written(tmp_path):
    store = filled(tmp_path / "s")
    assert store.missing() == [] == store_at(tmp_path / "s").missing()
    assert store.array("features")[:, 0].tolist() == list(range(10))
    assert store.array("hash").tolist() == [2**63 + n for n in range(10)]
    assert [len(block) for block in store.blocks("features")] == [4, 4, 2]
    assert np.concatenate(list(store.blocks("hash"))).tolist() == store.array("hash").tolist()


def test_what_a_kill_leaves_is_used(tmp_path):
    store = store_at(tmp_path / "s")
    assert store.missing() == [slice(0, 4), slice(4, 8), slice(8, 10)]
    fill(store, [slice(4, 8)])
    again = store_at(tmp_path / "s")
    assert again.missing() == [slice(0, 4), slice(8, 10)]
    fill(again, again.missing())
    assert again.array("features")[:, 2].tolist() == list(range(10))


@pytest.mark.parametrize("other", [
    {"key": {"content": "other"}}, {"rows": 11}, {"arrays": {**ARRAYS, "hash": RowKind("<u4")}},
], ids=["key", "rows", "arrays"])
def test_a_store_of_something_else_is_made_anew(tmp_path, other):
    filled(tmp_path / "s")
    assert len(store_at(tmp_path / "s", **other).missing()) == 3


def test_a_chunk_that_the_file_lost_is_computed_again(tmp_path):
    filled(tmp_path / "s")
    path = tmp_path / "s" / "features.rows"
    content = bytearray(path.read_bytes())
    content[5 * 12] ^= 1
    path.write_bytes(content)
    assert store_at(tmp_path / "s").missing() == [slice(4, 8)]
    path.unlink()
    assert len(store_at(tmp_path / "s").missing()) == 3


@pytest.mark.parametrize("content", [b"", b"{}", b'{"key": 1}', b"\x8f{"])
def test_a_damaged_record_is_none(tmp_path, content):
    filled(tmp_path / "s")
    (tmp_path / "s" / "rows.json").write_bytes(content)
    assert len(store_at(tmp_path / "s").missing()) == 3


def test_a_disk_without_room_is_told_before_anything_is_computed(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=10**6))
    with pytest.raises(WorkspaceError, match="The disk is too full: 210 MB are needed in"):
        store_at(tmp_path / "s")


def test_rows_of_another_shape_are_a_mistake(tmp_path):
    store = store_at(tmp_path / "s")
    with pytest.raises(ValueError, match="features has the shape"):
        store.write(slice(0, 4), features=np.zeros((4, 2)), hash=np.zeros(4))


def test_nothing_is_a_store_too(tmp_path):
    store = store_at(tmp_path / "s", rows=0)
    assert store.missing() == [] and store.array("features").shape == (0, 3)
