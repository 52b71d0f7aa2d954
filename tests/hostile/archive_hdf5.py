"""Hostile HDF5 files: cut, flipped, with claims of sizes, links that lead elsewhere, and as many names as fit."""

import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import h5py
import numpy as np

from tests.hostile.case import Case
from tests.hostile.checked_import import IMAGES, SECRET, TABLE, ham, imported
from tests.small_archives import jpeg, rows

_Change = Callable[[h5py.File], object]


def _whole(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        for n, image_id in enumerate(rows(IMAGES)["image_id"]):
            file.create_dataset(image_id, data=np.bytes_(jpeg(n)))
    return path


def _given(folder: Path, bend: Callable[[bytes], bytes]) -> Path:
    """A folder with the table and the file, whose bytes are bent."""
    source = folder / "a"
    source.mkdir()
    (source / TABLE).write_bytes(ham()[TABLE])
    (source / "a.hdf5").write_bytes(bend(_whole(folder / "whole.hdf5").read_bytes()))
    return source


def _bytes_bent(folder: Path, bend: Callable[[bytes], bytes], images: int | None = None) -> None:
    imported(folder, _given(folder, bend), images)


def _changed(folder: Path, change: _Change) -> None:
    (folder / "secret").write_text(SECRET)
    source = _given(folder, bytes)
    with h5py.File(source / "a.hdf5", "a") as file:
        change(file)
    imported(folder, source)


def _flipped(content: bytes, seed: int) -> bytes:
    """Bytes of the file's own structure changed, where it stands before the images and between them."""
    source, bent = random.Random(seed), bytearray(content)
    for _ in range(source.randint(1, 6)):
        bent[source.randrange(min(len(bent), 8_000))] = source.choice((0, 1, 0x7F, 0x80, 0xFF, source.randrange(256)))
    return bytes(bent)


def _many(folder: Path, names: int) -> None:
    """That many names of one image."""
    source = _given(folder, bytes)
    with h5py.File(source / "a.hdf5", "a", libver="latest") as file:
        first = file[rows(1)["image_id"][0]]
        for n in range(names):
            file[f"x{n}"] = first
    imported(folder, source)


def _claims() -> dict[str, _Change]:
    return {
        "an external link": lambda file: file.__setitem__("x", h5py.ExternalLink("secret", "/")),
        "an external link to a device": lambda file: file.__setitem__("x", h5py.ExternalLink("/dev/zero", "/")),
        "a soft link to itself": lambda file: file.__setitem__("x", h5py.SoftLink("/x")),
        "bytes of another file": lambda file: file.create_dataset("x", (9,), "u1", external=[("secret", 0, 9)]),
        "an exabyte that is not there": lambda file: file.create_dataset("x", (2**60,), "u1"),
        "a virtual data set": lambda file: file.create_virtual_dataset("x", _virtual()),
        "a group within itself": lambda file: file.create_group("g").__setitem__("g", file["/"]),
        "a compound": lambda file: file.create_dataset("x", data=np.zeros(3, [("a", "i4"), ("b", "S9")])),
        "a name of 60,000 letters": lambda file: file.create_dataset("x" * 60_000, data=np.bytes_(b"x")),
        "a name that leads upwards": lambda file: file.create_dataset("..", data=np.bytes_(jpeg(99))),
        "a name with an escape": lambda file: file.create_dataset("\x1b[31m", data=np.bytes_(jpeg(99))),
    }


def _virtual() -> h5py.VirtualLayout:
    layout = h5py.VirtualLayout(shape=(9,), dtype="u1")
    layout[:] = h5py.VirtualSource("secret", "x", shape=(9,))
    return layout


def cases() -> Iterator[Case]:
    yield Case("HDF5: plain", partial(_bytes_bent, bend=bytes, images=IMAGES), "right", fast=True)
    yield Case("HDF5: rubbish behind it", partial(_bytes_bent, bend=lambda content: content + b"x" * 1000))
    for word, change in _claims().items():
        yield Case(f"HDF5: {word}", partial(_changed, change=change), fast=word == "an external link")
    for names in (20_000, 100_000):
        yield Case(f"HDF5: {names:,} names of one image", partial(_many, names=names), "refused")
    for share in (0.01, 0.4, 0.99):
        bend = partial(_cut, share=share)
        yield Case(f"HDF5: cut at {share}", partial(_bytes_bent, bend=bend), "refused", fast=share == 0.4)
    for seed in range(30):
        yield Case(f"HDF5: flipped, seed {seed}", partial(_bytes_bent, bend=partial(_flipped, seed=seed)),
                   fast=seed < 2)


def _cut(content: bytes, share: float) -> bytes:
    return content[: int(share * len(content))]
