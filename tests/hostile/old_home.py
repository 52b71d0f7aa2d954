"""A workspace with every kind of file that LesionLab reads, and the ways in which one of its files is damaged.

It is `tests/fixtures/old_workspace.tar.xz` without what is large; the files are kept in memory, so that a case has them
at once.
"""

import io
import json
import os
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

RUN, EVALUATION, SEARCH, MODEL, DATA = (
    "tiny-instant-1", "tiny-instant-1-on-other-1", "tiny-rates-1", "brought", "tiny"
)
_ARCHIVE = Path(__file__).resolve().parents[1] / "fixtures" / "old_workspace.tar.xz"
_LARGE = (".safetensors", ".pt", ".u8")


def _read() -> dict[str, tuple[bytes, float]]:
    """Content and time by name; of a large file only its first 64 kB, whose header is whole."""
    found = {}
    with tarfile.open(_ARCHIVE) as tar:
        for member in tar:
            if member.name.startswith("home/") and "/locks/" not in member.name:
                size = 2**16 if member.name.endswith(_LARGE) else -1
                found[member.name.removeprefix("home/")] = (tar.extractfile(member).read(size), member.mtime)
    return found


_FILES = _read()


def make(home: Path) -> None:
    """Writes the workspace to `home`; its large files are sparse, as long as they were and zeros after the first bytes.

    What is named by the state of other files is named anew for theirs.
    """
    for name, (content, time) in _FILES.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if name.endswith(".safetensors"):
            header = int.from_bytes(content[:8], "little")
            ends = [about["data_offsets"][1] for key, about in json.loads(content[8 : 8 + header]).items()
                    if key != "__metadata__"]
            os.truncate(path, 8 + header + max(ends))
        os.utime(path, (time, time))
    _name_anew(home)


def _name_anew(home: Path) -> None:
    from pipeline.data.dataset import load_dataset
    from pipeline.evaluation.evidence_store import evidence_path
    from pipeline.files.workspace import Workspace
    from pipeline.runs.run_dir import RunDir

    run = RunDir(home / "runs" / RUN)
    stored = next(run.folder.glob("evidence-*.parquet"))
    stored.rename(evidence_path(run, load_dataset(Workspace(home), DATA)))
    fetch = home / ".downloads" / "ham10000"
    fetch.mkdir(parents=True)
    (fetch / "fetch.json").write_text('{"name": "ham10000"}')
    (fetch / "status.json").write_bytes((run.folder / "status.json").read_bytes())
    _split_by_image(run)
    _later_files(home)


def _later_files(home: Path) -> None:
    """What that version did not have yet: a lesson, and criteria of an image."""
    from pipeline.classroom.lesson_files import save_lesson
    from pipeline.files.workspace import Workspace
    from tests.small_lesson import small_lesson

    save_lesson(Workspace(home), small_lesson())
    place = home / "datasets" / DATA / "criteria"
    place.mkdir()
    pd.DataFrame({"image_id": ["IMG_0001", "IMG_0002"], "criterion": "globules", "marked": [True, False],
                  "share": [0.1, 0.0]}).to_parquet(place / "criteria.parquet", index=False)


def _split_by_image(run) -> None:
    """Puts some images of validated lesions into training, so that there are sides to tell apart."""
    split = pd.read_parquet(run.split_path)
    held_out = split["part"] != "train"
    lesion = split.loc[held_out, "lesion_id"].iloc[0]
    train = split.index[~held_out][:2]
    split.loc[train, "lesion_id"] = lesion
    split.to_parquet(run.split_path, index=False)


# how a JSON file is damaged: (its content, a random generator) -> bytes

_JUNK = ("text", -1, 1e300, True, None, [], {}, [[]], {"a": {"b": []}}, "x" * 200_000)


def _places(value: object, at: tuple = ()) -> list[tuple]:
    """The way to each value within a JSON value."""
    found = [at] if at else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in items:
        found += _places(one, (*at, key))
    return found


def _put(value: object, at: tuple, new: object) -> object:
    value = json.loads(json.dumps(value))
    inner = value
    for key in at[:-1]:
        inner = inner[key]
    if new is KeyError:
        del inner[at[-1]]
    else:
        inner[at[-1]] = new
    return value


def _wrong_type(content: bytes, rng: random.Random) -> bytes:
    value = json.loads(content)
    return json.dumps(_put(value, rng.choice(_places(value)), rng.choice(_JUNK))).encode()


def _missing(content: bytes, rng: random.Random) -> bytes:
    value = json.loads(content)
    return json.dumps(_put(value, rng.choice(_places(value)), KeyError)).encode()


def _in_a_field(raw: bytes) -> Callable[[bytes, random.Random], bytes]:
    def damaged(content: bytes, rng: random.Random) -> bytes:
        value = json.loads(content)
        text = json.dumps(_put(value, rng.choice(_places(value)), "@here@"))
        return text.encode().replace(b'"@here@"', raw)

    return damaged


JSON: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "another-type": lambda content, rng: rng.choice([b"[]", b"5", b"null", b'"x"', b'{"a": 1}', b"[[1], 3]", b"true"]),
    "a-wrong-type": _wrong_type,
    "a-wrong-type-again": _wrong_type,
    "a-missing-field": _missing,
    "1e300": _in_a_field(b"1e300"),
    "an-endless-number": _in_a_field(b"9" * 5000),
    "no-number": _in_a_field(b"NaN"),
    "half-a-surrogate": _in_a_field(b'"\\ud800"'),
    "deep": lambda content, rng: b"[" * 500_000,
    "deep-within": _in_a_field(b"[" * 90 + b"]" * 90),
    "values-without-end": _in_a_field(b"[" + b"{}," * 900_000 + b"0]"),
}
BYTES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "empty": lambda content, rng: b"",
    "cut": lambda content, rng: content[: rng.randrange(1, max(2, len(content)))],
    "random": lambda content, rng: rng.randbytes(len(content) + 1),
    "one-byte": lambda content, rng: _one_byte(content, rng.randrange(len(content)), rng.randrange(1, 256)),
}


def _one_byte(content: bytes, at: int, by: int) -> bytes:
    return content[:at] + bytes([content[at] ^ by]) + content[at + 1 :]


# how a table is damaged: a table -> another, or its bytes


def _parquet(table: pd.DataFrame, **how) -> bytes:
    content = io.BytesIO()
    table.to_parquet(content, index=False, **how)
    return content.getvalue()


def _first(table: pd.DataFrame, numbers: bool) -> str:
    return next((name for name in table.columns if pd.api.types.is_numeric_dtype(table[name]) == numbers),
                "image_id")


def _changed(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[bytes, random.Random], bytes]:
    return lambda content, rng: _parquet(change(pd.read_parquet(io.BytesIO(content))))


def _with(number: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        name = _first(table, numbers=True)
        return table.assign(**{name: number if name == "image_id" else table[name].where(table.index != 0, number)})

    return change


def _repeated(content: bytes, rng: random.Random) -> bytes:
    """The same text of a hundred thousand characters in each of 250,000 rows: a few kilobytes, decoded 25 GB."""
    table = pd.read_parquet(io.BytesIO(content))
    rows = pa.Table.from_pandas(table.iloc[np.zeros(250_000, dtype=int)], preserve_index=False)
    place = table.columns.get_loc(_first(table, numbers=False))
    texts = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(rows), dtype=np.int32)), pa.array(["x" * 100_000]))
    file = io.BytesIO()
    pq.write_table(rows.set_column(place, table.columns[place], texts), file, compression="zstd")
    return file.getvalue()


TABLES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "another-table": _changed(lambda table: pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})),
    "a-lacking-column": lambda content, rng: _parquet(_without_one(pd.read_parquet(io.BytesIO(content)), rng)),
    "no-numbers": _changed(_with(float("nan"))),
    "endless-numbers": _changed(_with(float("inf"))),
    "large-numbers": _changed(_with(1e30)),
    "texts-for-numbers": _changed(lambda table: table.astype(str)),
    "half-the-rows": _changed(lambda table: table.iloc[: len(table) // 2]),
    "no-rows": _changed(lambda table: table.iloc[:0]),
    "rows-twice": _changed(lambda table: pd.concat([table, table])),
    "gaps": _changed(lambda table: table.assign(**{_first(table, False): None})),
    "other-texts": _changed(lambda table: table.assign(**{
        name: "../../../x" for name in table.columns if not pd.api.types.is_numeric_dtype(table[name])})),
    "repeated": _repeated,
}


def _without_one(table: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    return table.drop(columns=rng.choice(list(table.columns)))


# what stands in a file's place


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("x")


def _loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _unreadable(path: Path) -> None:
    path.chmod(0)


PLACES: dict[str, Callable[[Path], None]] = {"a-folder": _folder, "a-loop": _loop, "a-pipe": _pipe}
if os.geteuid() != 0:
    PLACES["unreadable"] = _unreadable
