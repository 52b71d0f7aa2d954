"""Bundles handed to `models import`: what comes in is sound, and all other models stay as they were on every page."""

import hashlib
import io
import json
import random
import shutil
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

from pipeline.errors import ModelError
from tests.hostile import old_home
from tests.hostile.case import Case
from tests.hostile.old_home import BYTES, JSON, MODEL, RUN, TABLES
from tests.hostile.workspaces import PRELOAD as _PRELOAD
from tests.hostile.workspaces import command_says, pages_say

PRELOAD = (*_PRELOAD, "tests.hostile.bundles", "pipeline.export.bundle_import")
_FILES = ("model.json", "label.json", "card.md", "training_images.parquet", "model.safetensors")
Contents = dict[str, bytes]
_PAGES = (("home", {}), ("models", {"model": MODEL}), ("models", {"model": "come"}), ("runs", {}))


def _contents(home: Path) -> Contents:
    """Those of a sound bundle; the network's weights are zeros."""
    found = {name: (home / "models" / MODEL / name).read_bytes() for name in _FILES}
    return {**found, "label.json": found["label.json"] if found["label.json"] else b"{}"}


def _manifest(contents: Contents) -> bytes:
    files = {name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
             for name, content in contents.items()}
    version = 2 if "fold0.safetensors" in contents else 1
    return json.dumps({"format": "lesionlab-bundle", "version": version, "files": files}).encode()


def _of_folds(contents: Contents) -> Contents:
    """The same as the two networks of a cross-validation, each of which left out every other image."""
    weights, info = contents["model.safetensors"], json.loads(contents["model.json"])
    table = pd.read_parquet(io.BytesIO(contents["training_images.parquet"]))
    listed = io.BytesIO()
    table.assign(fold=table.index % 2, perceptual_hash="0f" * 32).to_parquet(listed, index=False)
    names = [f"fold{fold}.safetensors" for fold in range(2)]
    folds = [{"weights": name, "sha256": hashlib.sha256(weights).hexdigest(), "temperature": 1.1} for name in names]
    share = 1 / len(info["classes"])
    described = {**info, "folds": folds, "frequencies": dict.fromkeys(info["classes"], share), "temperature": 1.0}
    kept = {name: content for name, content in contents.items() if name != "model.safetensors"}
    return {**kept, "model.json": json.dumps(described).encode(), "training_images.parquet": listed.getvalue(),
            **dict.fromkeys(names, weights)}


def _folds(make: Callable[[Contents, random.Random], bytes]) -> Callable[[Contents, random.Random], bytes]:
    return lambda contents, rng: make(_of_folds(contents), rng)


def _each_fold(**fields) -> Callable[[Contents, random.Random], bytes]:
    """Other values in the description of each network."""
    return _folds(_with("model.json", lambda content, rng: json.dumps({
        **json.loads(content), "folds": [{**of, **fields} for of in json.loads(content)["folds"]]}).encode()))


def _listed(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Contents, random.Random], bytes]:
    """Another list of training images beside the networks."""
    def changed(content: bytes, rng: random.Random) -> bytes:
        file = io.BytesIO()
        change(pd.read_parquet(io.BytesIO(content))).to_parquet(file, index=False)
        return file.getvalue()

    return _folds(_with("training_images.parquet", changed))


def _packed(contents: Contents, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return file.getvalue()


def _bundle(contents: Contents) -> bytes:
    return _packed({"bundle.json": _manifest(contents), **contents})


def _with(name: str, change: Callable[[bytes, random.Random], bytes]) -> Callable[[Contents, random.Random], bytes]:
    """A bundle in which one file is changed, and whose hash is that of the changed one."""
    return lambda contents, rng: _bundle({**contents, name: change(contents[name], rng)})


def _described(**fields) -> Callable[[Contents, random.Random], bytes]:
    return _with("model.json", lambda content, rng: json.dumps({**json.loads(content), **fields}).encode())


def _raw(field: str, raw: bytes) -> Callable[[Contents, random.Random], bytes]:
    def change(content: bytes, rng: random.Random) -> bytes:
        return json.dumps({**json.loads(content), field: "@here@"}).encode().replace(b'"@here@"', raw)

    return _with("model.json", change)


def _manifested(change: Callable[[dict], object]) -> Callable[[Contents, random.Random], bytes]:
    def made(contents: Contents, rng: random.Random) -> bytes:
        manifest = json.loads(_manifest(contents))
        change(manifest)
        return _packed({"bundle.json": json.dumps(manifest).encode(), **contents})

    return made


def _manifest_bytes(change: Callable[[bytes, random.Random], bytes]) -> Callable[[Contents, random.Random], bytes]:
    return lambda contents, rng: _packed({"bundle.json": change(_manifest(contents), rng), **contents})


def _and(name: str, content: bytes = b"x") -> Callable[[Contents, random.Random], bytes]:
    return lambda contents, rng: _packed({"bundle.json": _manifest(contents), **contents, name: content})


def _bomb(name: str) -> Callable[[Contents, random.Random], bytes]:
    """A member of a gigabyte that claims to be small."""
    def made(contents: Contents, rng: random.Random) -> bytes:
        packed = bytearray(_bundle({**contents, name: bytes(10**9)}))
        place = packed.rfind(b"PK\x01\x02", 0, packed.rfind(name.encode()))
        struct.pack_into("<I", packed, place + 24, 1000)
        return bytes(packed)

    return made


def _flagged(offset: int, value: int) -> Callable[[Contents, random.Random], bytes]:
    """Another number in the directory's entry of the first file."""
    def made(contents: Contents, rng: random.Random) -> bytes:
        packed = bytearray(_bundle(contents))
        struct.pack_into("<H", packed, packed.find(b"PK\x01\x02") + offset, value)
        return bytes(packed)

    return made


def _twice(contents: Contents, rng: random.Random) -> bytes:
    file = io.BytesIO(_bundle(contents))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("card.md", "another")
    return file.getvalue()


def _many(contents: Contents, rng: random.Random) -> bytes:
    return _packed({f"{number}": b"" for number in range(60_000)}, zipfile.ZIP_STORED)


def _tensors(change: Callable[[dict], object], file: str = "model.safetensors") -> Callable[
        [Contents, random.Random], bytes]:
    def changed(content: bytes, rng: random.Random) -> bytes:
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        change(header)
        text = json.dumps(header).encode()
        return len(text).to_bytes(8, "little") + text + content[8 + length :]

    return _with(file, changed)


def _first(**fields) -> Callable[[dict], object]:
    return lambda header: next(about for name, about in header.items() if name != "__metadata__").update(fields)


def _numbers(value: float) -> Callable[[Contents, random.Random], bytes]:
    def changed(content: bytes, rng: random.Random) -> bytes:
        length = int.from_bytes(content[:8], "little")
        return content[: 8 + length] + struct.pack("<f", value) * ((len(content) - 8 - length) // 4)

    return _with("model.safetensors", changed)


_NOTHING = {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}
_SOUND: dict[str, Callable[[Contents, random.Random], bytes]] = {
    "whole": lambda contents, rng: _bundle(contents),
    "without-label": lambda contents, rng: _bundle({name: c for name, c in contents.items() if name != "label.json"}),
    "folds": _folds(lambda contents, rng: _bundle(contents)),
    "stored": lambda contents, rng: _packed({"bundle.json": _manifest(contents), **contents}, zipfile.ZIP_STORED),
}
_REFUSED: dict[str, Callable[[Contents, random.Random], bytes]] = {
    "created-1e300": _raw("created", b"1e300"), "created-negative": _raw("created", b"-1e9"),
    "created-no-number": _raw("created", b"NaN"), "created-endless": _raw("created", b"9" * 5000),
    "created-year-10000": _described(created=253_402_300_800.0), "name-half-a-surrogate": _raw("name", b'"\\udcff"'),
    "licence-half-a-surrogate": _raw("licence", b'"\\ud800"'), "arch-a-list": _described(arch=[]),
    "arch-unknown": _described(arch="vit_h_14"), "arch-resnet50": _described(arch="resnet50"),
    "five-networks": _described(networks=5), "many-networks": _described(networks=10**9),
    "networks-true": _described(networks=True), "wide": _described(width=4000), "wider": _described(width=10**9),
    "no-width": _described(width=0), "classes-of-markup": _described(classes=["<img src=x>", "nv"]),
    "classes-twice": _described(classes=["mel", "mel"]), "no-classes": _described(classes=[]),
    "classes-without-end": _described(classes=[f"c{number:06}" for number in range(200_000)]),
    "temperature-0": _described(temperature=0), "temperature-no-number": _raw("temperature", b"NaN"),
    "frequencies-of-others": _described(frequencies={"mel": 1.0}), "flips-a-number": _described(flips=1),
    "members": _described(members=[["brought", "0" * 64]]),
    "validation-a-number": _described(validation={"accuracy": 7}),
    "validation-deep": _raw("validation", b'{"a": ' * 150 + b"1" + b"}" * 150), "licence-long": _described(
        licence="x" * 1_500_000), "folder": _described(folder="/etc"), "detail-texts": _described(detail=["a", "b"]),
    "newer": _described(views=4), "deep": _with("model.json", lambda content, rng: b"[" * 500_000),
    "values-without-end": _raw("validation", b"[" + b"0," * 900_000 + b"0]"),
    "description-large": _with("model.json", lambda content, rng: content + b" " * 3_000_000),
    "title-with-controls": _with("label.json", lambda content, rng: b'{"name": "a\\u001b[2J", "note": ""}'),
    "note-with-controls": _with("label.json", lambda content, rng: b'{"name": "", "note": "a\\u0000b"}'),
    "title-half-a-surrogate": _with("label.json", lambda content, rng: b'{"name": "\\ud800", "note": ""}'),
    "title-long": _with("label.json", lambda content, rng: json.dumps({"name": "x" * 10_000, "note": ""}).encode()),
    "title-a-list": _with("label.json", lambda content, rng: b'{"name": [], "note": {}}'),
    "card-with-controls": _with("card.md", lambda content, rng: content + b"\x1b[31m\x00"),
    "card-no-text": _with("card.md", lambda content, rng: b"\xff\xfe\x00"),
    "card-long": _with("card.md", lambda content, rng: b"a" * 1_500_000),
    "hash-wrong": _manifested(lambda manifest: manifest["files"]["card.md"].update(sha256="0" * 64)),
    "hash-missing": _manifested(lambda manifest: manifest["files"].pop("card.md")),
    "hash-a-list": _manifested(lambda manifest: manifest["files"]["card.md"].update(sha256=[])),
    "newer-bundle": _manifested(lambda manifest: manifest.update(version=3)),
    "other-bundle": _manifested(lambda manifest: manifest.update(version=2)),
    "version-a-text": _manifested(lambda manifest: manifest.update(version="1")),
    "files-without-end": _manifested(lambda manifest: manifest.update(files={str(n): {} for n in range(40_000)})),
    "a-way-out": _and("../evil.json"), "a-way-to-the-root": _and("/tmp/evil"), "a-pickle": _and("model.pkl"),
    "a-name-of-controls": _and("a\x1b[2J"), "twice": _twice, "many": _many,
    "bomb-card": _bomb("card.md"), "bomb-label": _bomb("label.json"), "bomb-table": _bomb("training_images.parquet"),
    "bomb-weights": _bomb("model.safetensors"), "encrypted": _flagged(8, 1), "another-way-of-packing": _flagged(10, 98),
    "packed-by-lzma": lambda contents, rng: _packed(
        {"bundle.json": _manifest(contents), **contents, "model.safetensors": b"0"}, zipfile.ZIP_LZMA),
    "packed-by-bzip2": lambda contents, rng: _packed(
        {"bundle.json": _manifest(contents), **contents}, zipfile.ZIP_BZIP2),
    "tensor-claims": _tensors(_first(shape=[10**9, 10**9])), "tensor-negative": _tensors(_first(shape=[-1])),
    "tensor-of-texts": _tensors(_first(dtype="TEXT")),
    "tensor-elsewhere": _tensors(_first(data_offsets=[10**12, 10**13])),
    "tensor-of-halves": _tensors(_first(dtype="F16")), "no-tensors": _tensors(dict.clear),
    "another-tensor": _tensors(lambda header: header.update(extra=_NOTHING)),
    "tensors-without-end": _tensors(lambda header: header.update({f"t{n}": _NOTHING for n in range(100_000)})),
    "header-claims": _with("model.safetensors", lambda content, rng: (2**62).to_bytes(8, "little") + content[8:]),
    "weights-cut": _with("model.safetensors", lambda content, rng: content[:-1000]),
    "weights-longer": _with("model.safetensors", lambda content, rng: content + b"x"),
    "weights-no-numbers": _numbers(float("nan")), "weights-endless": _numbers(float("inf")),
    "folds-elsewhere": _each_fold(weights="../../models/brought/model.safetensors"),
    "folds-in-one": _each_fold(weights="fold0.safetensors"), "folds-of-a-pickle": _each_fold(weights="fold0.pkl"),
    "folds-hash-wrong": _each_fold(sha256="0" * 64), "folds-hash-long": _each_fold(sha256="0" * 10**6),
    "folds-temperature-0": _each_fold(temperature=0), "folds-temperature-text": _each_fold(temperature="@here@"),
    "folds-more": _each_fold(more="@here@"), "folds-a-number": _folds(_described(folds=5)),
    "folds-without-end": _folds(_described(folds=[{}] * 100_000)), "folds-without-frequencies": _folds(
        _described(frequencies=None)), "folds-and-members": _folds(_described(members=[["brought", "0" * 64]])),
    "folds-six": _folds(lambda contents, rng: _bundle({**contents, "fold5.safetensors": b"x"})),
    "folds-gap": _folds(lambda contents, rng: _bundle({**contents, "fold3.safetensors": b"x"})),
    "folds-and-whole": _folds(lambda contents, rng: _bundle({**contents, "model.safetensors": b"x"})),
    "folds-bomb": _folds(_bomb("fold1.safetensors")), "folds-unlisted": _listed(
        lambda table: table.drop(columns=["fold", "perceptual_hash"])),
    "folds-left-out-by-none": _listed(lambda table: table.assign(fold=7)),
    "folds-left-out-by-texts": _listed(lambda table: table.assign(fold="@here@")),
    "folds-hash-of-markup": _listed(lambda table: table.assign(perceptual_hash="<img src=x>")),
    "folds-tensor-claims": _folds(_tensors(_first(shape=[10**9, 10**9]), "fold1.safetensors")),
    "folds-header-claims": _folds(_with(
        "fold1.safetensors", lambda content, rng: (2**62).to_bytes(8, "little") + content[8:])),
    "no-zip": lambda contents, rng: rng.randbytes(100_000), "zip-cut": lambda contents, rng: _bundle(contents)[:-100],
    "empty": lambda contents, rng: b"", "a-text": lambda contents, rng: b"PK\x03\x04 rest",
    **{f"table-{way}": _with("training_images.parquet", change) for way, change in TABLES.items() if way not in (
        "other-texts", "no-numbers", "endless-numbers", "large-numbers", "texts-for-numbers")},
}
_EITHER: dict[str, Callable[[Contents, random.Random], bytes]] = {
    **{f"{name.split('.')[0]}-{way}": _with(name, change) for name in ("model.json", "label.json")
       for way, change in {**JSON, **BYTES}.items()},
    **{f"bundle-{way}": _manifest_bytes(change) for way, change in {**JSON, **BYTES}.items()},
    **{f"zip-{way}": lambda contents, rng, change=change: change(_bundle(contents), rng)
       for way, change in {"one-byte": BYTES["one-byte"], "cut-anywhere": BYTES["cut"]}.items()},
    "card-of-markup": _with("card.md", lambda content, rng: b"# <script>alert(1)</script> ![x](http://x/y.png)"),
    "table-other-texts": _with("training_images.parquet", TABLES["other-texts"]),
}


def _handed_over(name: str, make: Callable[[Contents, random.Random], bytes]) -> Callable[[Path], None]:
    def hand_over(folder: Path) -> None:
        home = folder / "home"
        old_home.make(home)
        bundle = folder / "b.zip"
        bundle.write_bytes(make(_contents(home), random.Random(name)))
        said = command_says("models", "import", str(bundle), "--name", "come")
        listed = {model["name"] for model in json.loads(command_says("models", "list"))["models"]}
        came = "come" in listed
        assert {MODEL, RUN} <= listed, "another model is gone"
        assert came == ('"model": "come"' in said), "it is here, and was refused"
        pages = pages_say(_PAGES)
        assert MODEL in pages, "the page no longer shows another model"
        assert came or not [path for path in (home / "models").iterdir() if path.name != MODEL], "it left something"
        assert not any(mark in said + pages for mark in ("<img", "\x1b", "x" * 500, "@here@")), "the file is quoted"
        shutil.rmtree(home)
        if not came:
            raise ModelError("It was refused.")

    return hand_over


def cases() -> Iterator[Case]:
    """Sound bundles, such as must be refused, and such as either may be."""
    for expect, makers in (("right", _SOUND), ("refused", _REFUSED), ("either", _EITHER)):
        for name, make in makers.items():
            fast = expect == "refused" and random.Random(name).random() < 0.15
            yield Case(name, _handed_over(name, make), expect=expect, fast=fast)
