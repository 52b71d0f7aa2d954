"""Names within archives: paths that lead elsewhere, names that clash, and names that no system should have to store."""

import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.hostile.case import Case
from tests.hostile.checked_import import IMAGES, by_folder, ham, imported
from tests.hostile.raw_zip import Entry, entries_of, write_raw
from tests.small_archives import TABLE, jpeg, mask_png

_PREFIXES = {
    "root": "/", "two slashes": "//", "drive": "C:\\", "drive with slash": "D:/", "dot": "./", "dots within": "a/../",
    "UNC": "\\\\server\\share\\", "long path": "d/" * 60, "empty parts": "a//b///", "backslashes": "ham\\images\\",
    "device": "/dev/shm/", "home": "~/", "variable": "$HOME/", "etc": "/etc/cron.d/",
}
_UPWARDS = {
    "up": "../", "far up": "../" * 40, "up on Windows": "..\\..\\", "root and up": "/../../", "up after": "a/../../",
}
_ODD = {
    "newline": b"a\nb.jpg", "tab": b"a\tb.jpg", "escape": b"\x1b[31mred.jpg", "bell": b"\x07.jpg",
    "quotes": b"a\"b'c.jpg",
    "shell": b"$(reboot);`id`.jpg", "formula": b"=cmd|'/C calc'!A0.jpg", "dash": b"-rf.jpg", "blank": b" .jpg",
    "trailing dot": b"x.jpg.", "trailing blank": b"x.jpg ", "dots": b"....jpg", "only suffix": b".jpg", "empty": b"",
    "slash": b"/", "dot": b".", "dot dot": b"..", "colon": b"a:b.jpg", "stream": b"a.jpg:evil", "star": b"*.jpg",
    "angle": b"<b>x</b>.jpg", "link": b"[x](http://evil.example).jpg", "255 bytes": b"x" * 251 + b".jpg",
    "300 bytes": b"x" * 296 + b".jpg", "60,000 bytes": b"x" * 60_000 + b".jpg", "not UTF-8": b"bad\xff\xfe.jpg",
    "surrogate": b"\xed\xa0\x80.jpg", "overlong": b"\xc0\xaf\xc0\xaf.jpg", "bidi": "\u202egpj.exe.jpg".encode(),
    "zero width": "a\u200bb.jpg".encode(), "line separator": "a\u2028b.jpg".encode(), "emoji": "🦠.jpg".encode(),
    "NUL": b"a\0b.jpg", "partial": b"x.partial", "hidden": b".x.jpg", "two suffixes": b"x.exe.jpg",
    **{f"reserved {word}": f"{word}.jpg".encode() for word in ("CON", "nul", "aux", "COM1", "lpt9", "prn.tar")},
}


def _moved(folder: Path, files: Callable[[], dict[str, bytes]], prefix: str, images: int | None) -> None:
    moved = {prefix + name: content for name, content in files().items()}
    imported(folder, write_raw(folder / "a.zip", entries_of(moved)), images)


def _beside(folder: Path, name: bytes, flags: int) -> None:
    entries = [*entries_of(ham()), Entry(b"images/" + name, jpeg(77), flags=flags)]
    dataset = imported(folder, write_raw(folder / "a.zip", entries))
    assert dataset.images == IMAGES


def _in_a_class(folder: Path, name: bytes) -> None:
    entries = [*entries_of(by_folder()), Entry(b"nv/" + name, jpeg(77), flags=0x800)]
    imported(folder, write_raw(folder / "a.zip", entries))


def _on_disk(folder: Path, name: bytes) -> None:
    source = folder / "a"
    for path, content in ham().items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(content)
    with open(bytes(source) + b"/images/" + name, "wb") as file:
        file.write(jpeg(77))
    assert imported(folder, source).images == IMAGES


def _renamed(folder: Path, of: Callable[[str], bytes], flags: int = 0) -> None:
    """All images of the table have umlauts in their names, spelt otherwise in the zip than in the table."""
    files = {name.replace("ISIC", "Läsion-Ä"): content for name, content in ham().items()}
    files[TABLE] = files[TABLE].replace(b"ISIC", "Läsion-Ä".encode())
    names = {name: name.encode() if name == TABLE else of(name) for name in files}
    entries = [Entry(names[name], content, flags=flags) for name, content in files.items()]
    imported(folder, write_raw(folder / "a.zip", entries), IMAGES)


def _decomposed(name: str) -> bytes:
    return unicodedata.normalize("NFD", name).encode()


def _clash(folder: Path, files: dict[str, bytes], images: int | None) -> None:
    imported(folder, write_raw(folder / "a.zip", entries_of(files)), images)


def _clashes() -> dict[str, tuple[dict[str, bytes], int | None]]:
    capitals = {**by_folder(), "nv/PHOTO_0.jpg": jpeg(50), "mel/Photo_0.JPG": jpeg(51)}
    forms = {**by_folder(), "nv/ä.jpg": jpeg(50), unicodedata.normalize("NFD", "mel/ä.jpg"): jpeg(51)}
    suffixes = {**by_folder(), "nv/photo_0.png": jpeg(50), "nv/photo_0.jpeg": jpeg(51)}
    table = {**ham(), "other/isic_0000000.jpg": jpeg(50), "other/ISIC_0000001.png": jpeg(51)}
    joined = {**by_folder(), "nv/mel-photo.jpg": jpeg(50), "nv-mel/photo.jpg": jpeg(51)}
    path = {**by_folder(), "nv/a/x.jpg": jpeg(50), "nv-a/x.jpg": jpeg(51), "nv/a-x.jpg": jpeg(52)}
    both = ham()
    both[TABLE] += both[TABLE].splitlines()[1].replace(b"ISIC_0", b"isic_0") + b"\n"
    tables = {**ham(), TABLE.lower(): ham()[TABLE], "a/" + TABLE: ham()[TABLE]}
    differing = {**ham(), "a/" + TABLE: ham()[TABLE].replace(b"nv", b"mel")}
    return {
        "capitals": (capitals, IMAGES + 2), "forms": (forms, IMAGES + 2), "suffixes": (suffixes, None),
        "capitals beside a table": (table, IMAGES), "joined paths": (joined, None), "paths": (path, None),
        "capitals in the table": (both, IMAGES), "one table thrice": (tables, IMAGES), "two tables": (differing, None),
        "masks of odd names": ({**ham(), "../../ISIC_0000000_segmentation.png": mask_png(),
                                "/ISIC_0000001_segmentation.png": mask_png(), "_segmentation.png": mask_png()}, IMAGES),
    }


def cases() -> Iterator[Case]:
    for word, prefix in _PREFIXES.items():
        for kind, files in (("table", ham), ("folders", by_folder)):
            yield Case(f"path: {word}, {kind}", partial(_moved, files=files, prefix=prefix, images=IMAGES), "right",
                       fast=word in ("root", "drive", "backslashes"))
    for word, prefix in _UPWARDS.items():
        for kind, files in (("table", ham), ("folders", by_folder)):
            moved = partial(_moved, files=files, prefix=prefix, images=None)
            yield Case(f"path: {word}, {kind}", moved, fast=word == "up")
    for number, (word, name) in enumerate(_ODD.items()):
        yield Case(f"name: {word}", partial(_beside, name=name, flags=0), "right", fast=number % 9 == 0)
        yield Case(f"name: {word}, in a class", partial(_in_a_class, name=name))
        if 0 < len(name) < 256 and not {0, ord("/")}.intersection(name) and name not in (b".", b".."):
            yield Case(f"name: {word}, on disk", partial(_on_disk, name=name), "right", fast=number % 13 == 0)
    for word in ("not UTF-8", "surrogate", "overlong"):
        yield Case(f"name: {word}, said to be UTF-8", partial(_beside, name=_ODD[word], flags=0x800))
    yield Case("name: decomposed", partial(_renamed, of=_decomposed, flags=0x800), "right", fast=True)
    yield Case("name: UTF-8 that does not say so", partial(_renamed, of=str.encode), "right")
    yield Case("name: of DOS", partial(_renamed, of=lambda name: name.encode("cp437")), "right")
    for word, (files, images) in _clashes().items():
        yield Case(f"clash: {word}", partial(_clash, files=files, images=images))
