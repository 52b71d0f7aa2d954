"""Names of files, runs, models and data sets: whatever they are, a command's output stays whole, its tables safe."""

import csv
import io
import json
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.files.workspace import Workspace
from pipeline.runs.run_dir import list_runs
from tests.hostile.case import Case
from tests.hostile.command import told
from tests.hostile.texts import KNOWN, random_texts
from tests.small_archives import jpeg

# as bytes, for a file's name need not be text
_FILES = (
    b"bad\xff", b"\x80\x81", b"\xc0\xaf", b"\xed\xa0\x80", b"caf\xe9", b"new\nline", b"\nstart", b"cr\rhere",
    b"tab\tbed", b"bell\x07", b"red\x1b[31m", b"title\x1b]0;x\x07", b"back\x08", b"del\x7f", b"quote\"s", b"it's",
    b"a,b", b"a;b", b"-rf", b"--json", b"=1+1", b"+1", b"@SUM(A1)", b"%s%n", b"{x}", b"$(touch owned)",
    b"`touch owned`", b"a|b", b"a&b", b"*", b"?", b"[a]", b"<b>x<", b"a:b", b"a\\b", b" lead", b"trail ", b"..dots",
    b"CON", b"9" * 200, b"x" * 251, "e\u0301".encode(), "\u00e9".encode(), "\u202egpj.exe".encode(),
    "\u05e9\u05dc\u05d5\u05dd".encode(), "a\u2028b".encode(), "\ufeffbom".encode(), "a\u00a0b".encode(),
    "a\x85b".encode(), "\u0661\u0662".encode(), "\U0001f468\u200d\U0001f469".encode(), "\u0301".encode() * 60,
    "\uff1d1".encode(),
)


_LINES = {"runs": 4, "models": 2, "data": 2}  # a heading and one row each; below the runs what they are judged on
_AT_ONCE = 4  # images of one `predict`


def _random_files(number: int, seed: int) -> list[bytes]:
    chance = random.Random(seed)
    return [bytes(chance.choice([*range(1, 47), *range(48, 256)]) for _ in range(chance.randint(1, 40)))
            for _ in range(number)]


def _write(folder: Path, name: bytes, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with open(os.fsencode(folder) + b"/" + name, "wb") as file:
        file.write(jpeg(seed, (64, 48), generated=True))


def _predict(names: Sequence[bytes]) -> Callable[[Path], None]:
    """Images with such names among others: a row each, and none is lost."""

    def hand_over(place: Path) -> None:
        from tests.hostile.light_network import stand_in

        stand_in(Workspace(place / "home").create(), "random")
        pictures = place / "pictures"
        for number, name in enumerate([b"good1", *names, b"good2"]):
            _write(pictures, name + b".jpg", number)
        (pictures / "broken.png").write_bytes(b"no image")
        many = len(os.listdir(pictures)) - 1
        hidden = sum(name.startswith(b".") for name in names)
        table = place / os.fsdecode(names[0] + b".csv")
        found = told(place, "predict", "--model", "random", pictures, "--csv", table, "--json")
        assert found.code == 1 and len(found.answer["images"]) == many - hidden and len(found.answer["problems"]) == 1
        written = table.read_bytes().decode()
        rows = list(csv.reader(io.StringIO(written)))
        assert len(written.splitlines()) == len(rows) == many - hidden + 1, "a row goes over several lines"
        for row in rows:
            assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r")) or row[0][1:].isdigit(), f"{row[0]!r}"
        said = told(place, "predict", "--model", "random", pictures)
        assert len(said.out.splitlines()) == len(rows)

    return hand_over


def _imported(name: bytes) -> Callable[[Path], None]:
    """A folder for each diagnosis, one image with such a name."""

    def hand_over(place: Path) -> None:
        for number in range(6):
            _write(place / "source" / ("mel", "nv")[number % 2], b"good%d.jpg" % number, number)
        _write(place / "source" / "mel", name + b".jpg", 9)
        _write(place / "source" / "mel", name + b".txt", 10)
        found = told(place, "data", "import", place / "source", "--name", "named", "--json")
        # a backslash leads into a folder on other systems, so it may be refused
        assert found.answer["images"] >= 6 if found.code == 0 else "error" in found.answer
        told(place, "data", "list")
        told(place, "data", "list", "--json")

    return hand_over


def _path(name: bytes, *before: str) -> Callable[[Path], None]:
    """A path with such a name that is not there, or that is no such file."""

    def hand_over(place: Path) -> None:
        path = place / os.fsdecode(name)
        for arguments in (("predict", "--model", "none", path), ("models", "import", path),
                          ("data", "import", path, "--name", "x"), ("data", "masks", path, "--data", "x")):
            assert told(place, *arguments).code == 1
            found = told(place, *arguments, "--json")
            assert found.code == 1 and set(found.answer) == {"error"}
            assert len(found.err.splitlines()) <= 2  # what was begun, and why it ended

    return hand_over


def _named(text: str) -> Callable[[Path], None]:
    """A workspace whose run, model, data set and notes carry such a text."""

    def hand_over(place: Path) -> None:
        from tests.hostile.named_workspace import name_everything

        workspace = Workspace(place / "home").create()
        name_everything(workspace, place, text)
        for command in (("runs", "list"), ("models", "list"), ("data", "list"),
                        ("runs", "show", list_runs(workspace)[0].name)):
            said, answer = told(place, *command), told(place, *command, "--json")
            assert said.code == answer.code == 0
            if command[1] == "list":
                assert len(said.out.splitlines()) == _LINES[command[0]], f"{command[0]} go over several lines"
        card = place / "card.md"
        assert told(place, "export", list_runs(workspace)[0].name, "--format", "card", card).code == 0
        assert "](http" not in card.read_text(encoding="utf-8").replace("\\](http", "")

    return hand_over


def _folder(name: bytes) -> Callable[[Path], None]:
    """Folders with such a name where the workspace keeps its runs, models and data sets."""

    def hand_over(place: Path) -> None:
        workspace = Workspace(place / "home").create()
        for kept in (workspace.runs, workspace.models, workspace.datasets):
            os.mkdir(os.fsencode(kept) + b"/" + name)
            with open(os.fsencode(kept) + b"/" + name + b"/status.json", "w") as file:
                json.dump({"state": "done", "created": 1.0}, file)
        for kind in ("runs", "models", "data"):
            told(place, kind, "list")
            told(place, kind, "list", "--json")

    return hand_over


def cases() -> list[Case]:
    files = [*_FILES, *_random_files(11, seed=5)]
    groups = [files[start:start + _AT_ONCE] for start in range(0, len(files), _AT_ONCE)]
    found = [Case(f"predict-{n}", _predict(names), "right", n in (0, 2)) for n, names in enumerate(groups)]
    found += [Case(f"import-{n}", _imported(name), "either", n in (0, 5)) for n, name in enumerate(files[::2])]
    found += [Case(f"path-{n}", _path(name), "right", n in (0, 5)) for n, name in enumerate(files[1::3])]
    found += [Case(f"folder-{n}", _folder(name), "right", n in (0, 5)) for n, name in enumerate(files[2::3])]
    texts = [*KNOWN[::13], *random_texts(4, seed=11)]
    found += [Case(f"named-{n}", _named(text), "right", n == 0) for n, text in enumerate(texts)]
    return found


