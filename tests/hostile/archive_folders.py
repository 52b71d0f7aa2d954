"""Folders with links and things that are no files, paths that are none either, and the same through the commands."""

import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from pipeline.data.masks import import_masks
from tests.hostile.case import Case
from tests.hostile.checked_import import IMAGES, SECRET, TABLE, by_folder, command, good, ham, home, imported
from tests.small_archives import jpeg, mask_png, write_folder, write_zip

_PATHS = (
    "/dev/zero", "/dev/null", "/dev/urandom", "/dev/full", "/proc/self/environ", "/proc/self/mem", "/proc/kmsg",
    "/proc/self/fd/0", "/proc/self/maps", "/proc/self/fdinfo", "/dev/stdin", "a\0b", "x" * 5000, "/" + "d/" * 3000,
)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))


def _links() -> dict[str, Callable[[Path], object]]:
    """What is put into a folder of images at a path."""
    return {
        "link to a file outside": lambda at: at.symlink_to("/etc/passwd"),
        "link to an image outside": lambda at: at.symlink_to((at.parents[2] / "outside.jpg").absolute()),
        "link upwards": lambda at: at.symlink_to("../../outside.jpg"),
        "link to itself": lambda at: at.symlink_to(at.name),
        "link to nothing": lambda at: at.symlink_to("gone.jpg"),
        "link to a device": lambda at: at.symlink_to("/dev/zero"),
        "link to the kernel": lambda at: at.symlink_to("/proc/self/environ"),
        "link to the folder": lambda at: at.symlink_to(".."),
        "link to the root": lambda at: at.symlink_to("/"),
        "pipe": os.mkfifo, "socket": _socket, "folder": Path.mkdir,
    }


def _with_link(folder: Path, files: dict[str, bytes], at: str, put: Callable[[Path], object]) -> None:
    (folder / "outside.jpg").write_bytes(jpeg(99))
    source = write_folder(folder / "a", files)
    (source / at).unlink(missing_ok=True)
    put(source / at)
    dataset = imported(folder, source)
    assert len(dataset.metadata()) in (IMAGES, IMAGES - 1)
    assert all(jpeg(99) != path.read_bytes() for path in (dataset.folder / "images").iterdir())


def _inner_link(folder: Path) -> None:
    source = write_folder(folder / "a", ham())
    (source / "images/ISIC_0000003.jpg").rename(source / "elsewhere.dat")
    (source / "images/ISIC_0000003.jpg").symlink_to("../elsewhere.dat")
    imported(folder, source, IMAGES)


def _deep(folder: Path, depth: int) -> None:
    source = write_folder(folder / "a", ham())
    before = os.getcwd()
    os.chdir(source)
    for _ in range(depth):
        os.mkdir("d")
        os.chdir("d")
    Path("x.jpg").write_bytes(jpeg(50))
    os.chdir(before)
    imported(folder, source)


def _many_zips(folder: Path) -> None:
    source = write_folder(folder / "a", {TABLE: ham()[TABLE]})
    for n in range(3000):
        write_zip(source / f"{n}.zip", {f"{n}.jpg": b"x"})
    imported(folder, source)


def _path(folder: Path, path: str) -> None:
    imported(folder, Path(path))


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe.zip")
    imported(folder, folder / "pipe.zip")


def _by_command(folder: Path, path: str) -> None:
    assert command(folder, "data", "import", path, "--name", "set", codes=(1,)) == 1
    assert command(folder, "data", "masks", path, "--data", "set", codes=(1,)) == 1


def _masks(folder: Path, files: dict[str, bytes], taken: int | None) -> None:
    dataset = good(folder)
    found = import_masks(home(folder), write_zip(folder / "m.zip", files), "set")
    assert taken is None or found.masks == taken
    there = {path.name for path in (dataset.folder / "masks").iterdir()}
    assert there <= {f"{image_id}.png" for image_id in dataset.metadata()["image_id"]}
    assert not list(dataset.folder.glob(".*"))


def _mask_files() -> dict[str, tuple[dict[str, bytes], int | None]]:
    plain = {"ISIC_0000001_segmentation.png": mask_png()}
    return {
        "plain": (plain, 1),
        "root": ({f"/{name}": content for name, content in plain.items()}, 1),
        "up": ({**plain, **{f"../../{name.replace('1_', '2_')}": content for name, content in plain.items()}}, 1),
        "backslashes": ({f"a\\b\\{name}": content for name, content in plain.items()}, 1),
        "no id": ({**plain, "_segmentation.png": mask_png(), "a/_segmentation.jpg": mask_png()}, 1),
        "dots": ({**plain, ".._segmentation.png": mask_png(), "._segmentation.png": mask_png()}, 1),
        "escape": ({**plain, "\x1b[31m_segmentation.png": mask_png()}, 1),
        "rubbish": ({**plain, "ISIC_0000002_segmentation.png": b"rubbish"}, 1),
        "empty": ({**plain, "ISIC_0000002_segmentation.png": b""}, 1),
        "of nothing": ({"ISIC_0000001_segmentation.png": bytes(2**20)}, None),
        "twice": ({**plain, "b/ISIC_0000001_segmentation.png": mask_png((64, 48))}, 1),
    }


def _environment(folder: Path) -> None:
    """A folder with secrets and one image: the refusal names none of them."""
    files = {f"KEY={SECRET}/x.jpg": jpeg(1), "nv/y.jpg": jpeg(2), f"{SECRET}=/z.jpg": jpeg(3)}
    imported(folder, write_folder(folder / "a", files))


def cases() -> Iterator[Case]:
    for word, put in _links().items():
        yield Case(f"image: {word}", partial(_with_link, files=ham(), at="images/ISIC_0000003.jpg", put=put),
                   fast=word in ("link to a file outside", "pipe"))
        yield Case(f"image of a class: {word}", partial(_with_link, files=by_folder(), at="bcc/photo_0.jpg", put=put))
        yield Case(f"table: {word}", partial(_with_link, files=ham(), at=TABLE, put=put))
    yield Case("image: link within", _inner_link, "right", fast=True)
    for depth in (50, 700):
        yield Case(f"{depth} folders deep", partial(_deep, depth=depth))
    yield Case("3,000 zips in a folder", _many_zips, "refused")
    for number, path in enumerate(_PATHS):
        name = path[:20].replace("\0", "NUL")
        yield Case(f"path {name}", partial(_path, path=path), "refused", fast=number < 2)
        if "\0" not in path:
            yield Case(f"command with path {name}", partial(_by_command, path=path), "right")
    yield Case("path is a pipe", _pipe, "refused", fast=True)
    yield Case("secrets as folders", _environment, "refused", fast=True)
    for word, (files, taken) in _mask_files().items():
        yield Case(f"masks: {word}", partial(_masks, files=files, taken=taken), "right" if taken else "refused",
                   fast=word == "root")
