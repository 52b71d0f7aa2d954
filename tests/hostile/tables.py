"""Hostile tables wherever one is read: metadata, image sources, verdicts, ISIC's truths, lesions beside folders."""

import random
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from pipeline.data.importing import set_sources
from pipeline.data.same_lesion import import_verdicts
from tests.hostile import table_contents
from tests.hostile.case import Case
from tests.hostile.checked_import import IMAGES, SECRET, by_folder, command, good, ham, home, imported, refused
from tests.isic_archives import csv, one_hot
from tests.small_archives import TABLE, jpeg, rows, write_folder


def metadata(folder: Path, content: bytes, images: int | None = None):
    return imported(folder, write_folder(folder / "a", {**ham(), TABLE: content}), images)


def sources(folder: Path, content: bytes, images: int | None = None) -> None:
    dataset = good(folder)
    (folder / "sources.csv").write_bytes(content)
    refused(lambda: set_sources(home(folder), "set", folder / "sources.csv"))
    found = dataset.metadata()["source"]
    assert images is None or found.notna().sum() == images


def verdicts(folder: Path, content: bytes, images: int | None = None) -> None:
    dataset = good(folder)
    (folder / "verdicts.csv").write_bytes(content)
    found = []
    refused(lambda: found.append(import_verdicts(home(folder), dataset, folder / "verdicts.csv")))
    assert images is None or len(found[0]) == images


def truth_2019(folder: Path, content: bytes, images: int | None = None) -> None:
    _isic(folder, {"ISIC_2019_Training_GroundTruth.csv": content}, images)


def metadata_2019(folder: Path, content: bytes, images: int | None = None) -> None:
    tables = {"ISIC_2019_Training_Metadata.csv": content, "ISIC_2019_Training_GroundTruth.csv": good_table(truth_2019)}
    _isic(folder, tables, images)


def lesions(folder: Path, content: bytes, images: int | None = None) -> None:
    imported(folder, write_folder(folder / "a", {**by_folder(), "lesions.csv": content}), images)


def _isic(folder: Path, tables: dict[str, bytes], images: int | None) -> None:
    files = {f"{image_id}.jpg": jpeg(n) for n, image_id in enumerate(rows(IMAGES)["image_id"])}
    imported(folder, write_folder(folder / "a", files | tables), images)


def good_table(place: Callable) -> bytes:
    """What is right at that place."""
    table = rows(IMAGES)
    ids = table["image_id"].tolist()
    if place is metadata:
        return csv(table)
    if place is sources:
        return csv(table[["image_id"]].assign(dataset="vidir"))
    if place is verdicts:
        return f"image_a,image_b,verdict\n{ids[0]},{ids[4]},same\n{ids[1]},{ids[6]},different\n".encode()
    if place is truth_2019:
        return csv(one_hot(ids, table["dx"].tolist(), "2019"))
    if place is metadata_2019:
        table = table.rename(columns={"image_id": "image", "age": "age_approx"})
        return csv(table[["image", "age_approx", "sex", "lesion_id"]])
    return csv(table[["lesion_id"]].assign(image_id=[f"photo_{n}" for n in range(IMAGES)]))


PLACES = (metadata, sources, verdicts, truth_2019, metadata_2019, lesions)
_WANTED = {metadata: "dx", sources: "dataset", verdicts: "verdict", truth_2019: "MEL", metadata_2019: "image",
           lesions: "lesion_id"}
_AGAIN: dict[str, Callable[[str], str]] = {
    "the same": str, "a blank before": lambda name: f" {name}", "blanks after": lambda name: f"{name}  ",
    "capitals": str.swapcase, "a byte order mark": lambda name: f"\ufeff{name}",
    "quotes": lambda name: f'"{name}"', "a zero width": lambda name: f"{name}\u200b",
    "a hard blank": lambda name: f"\xa0{name}",
}

_MARKS = (b",", b'"', b"\n", b"\r", b"\t", b";", b"\0", b'""', b",,", b"\xff", b"\n\n")


def _doubled(content: bytes, name: str, first: bool) -> bytes:
    """A second column of that name, with other values, before or behind all others."""
    lines = content.decode().splitlines()
    values = [name, *("mel" for _ in lines[1:])]
    joined = [f"{value},{line}" if first else f"{line},{value}" for value, line in zip(values, lines, strict=True)]
    return "\n".join(joined).encode() + b"\n"


def _with_bytes(folder: Path, place: Callable, bend: Callable[[bytes], bytes], images: int | None = None) -> None:
    place(folder, bend(good_table(place)), images)


def _mutated(folder: Path, place: Callable, seed: int) -> None:
    """Separators, quotes and line ends put in or taken out anywhere, as editors and transfers do."""
    source, content = random.Random(seed), bytearray(good_table(place))
    for _ in range(source.randint(1, 3)):
        at = source.randrange(len(content))
        if source.random() < 0.4:
            marks = [found.start() for found in re.finditer(rb'[,\n"]', bytes(content))]
            del content[source.choice(marks)]
        else:
            content[at:at] = source.choice(_MARKS)
    place(folder, bytes(content))


def _secret(folder: Path, name: str, content: str, place: str) -> None:
    """A file of the computer's that is no table, named as one."""
    path = folder / name
    path.write_text(content.replace("SECRET", SECRET))
    good(folder)
    arguments = {
        "sources": ("data", "import", "--name", "set", "--sources", str(path)),
        "verdicts": ("data", "audit", "set", "--confirm", str(path)),
        "archive": ("data", "import", str(path), "--name", "other"),
        "masks": ("data", "masks", str(path), "--data", "set"),
    }[place]
    command(folder, *arguments, codes=(1,))


def cases() -> Iterator[Case]:
    for place in PLACES:
        where = place.__name__
        yield Case(f"{where}: plain", partial(place, content=good_table(place)), "right", fast=True)
        for word, again in _AGAIN.items():
            for first in (True, False):
                bend = partial(_doubled, name=again(_WANTED[place]), first=first)
                yield Case(f"{where}: two columns of one name, {word}, {'first' if first else 'last'}",
                           partial(_with_bytes, place=place, bend=bend), "refused", fast=word == "the same" and first)
        for seed in range(12):
            yield Case(f"{where}: marks moved, seed {seed}", partial(_mutated, place=place, seed=seed), fast=seed == 0)
        for word, (bend, expect) in table_contents.BENT.items():
            yield Case(f"{where}: {word}", partial(_with_bytes, place=place, bend=bend), expect, fast=place is metadata)
    for word, (content, expect) in table_contents.HUGE.items():
        for place in (metadata, sources):
            yield Case(f"{place.__name__}: {word}", partial(_made, place=place, content=content), expect)
    for word, (bend, expect) in table_contents.CELLS.items():
        yield Case(f"metadata: {word}", partial(_with_bytes, place=metadata, bend=bend), expect)
    for name, content in table_contents.SECRETS.items():
        for place in ("sources", "verdicts", "archive", "masks"):
            yield Case(f"{name} as {place}", partial(_secret, name=name, content=content, place=place), "right",
                       fast=name == "kaggle.json")


def _made(folder: Path, place: Callable, content: Callable[[], bytes]) -> None:
    place(folder, content())
