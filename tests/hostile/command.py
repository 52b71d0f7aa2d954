"""A command as a user runs it, and what it owes whoever reads it: UTF-8, lines of its own, no control characters."""

import contextlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pipeline.cli import main

# escape sequences, carriage returns, controls of the writing direction: what redraws a terminal
_REDRAWS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff]"
)


class Told(NamedTuple):
    """The exit code of a command, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict:
        """The one JSON object of `--json`."""
        return json.loads(self.out, parse_constant=lambda name: 1 / 0)


@contextlib.contextmanager
def _into(path: Path, descriptor: int) -> Iterator[None]:
    kept = os.dup(descriptor)
    with path.open("wb") as file:
        os.dup2(file.fileno(), descriptor)
    try:
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)


def told(folder: Path, *arguments: object) -> Told:
    """What `python -m pipeline …` says; the output is read strictly, and must not redraw a terminal."""
    os.environ["LESIONLAB_BUNDLED"] = str(folder / "nothing-is-bundled")
    with _into(folder / "out", 1), _into(folder / "err", 2):
        code = main([str(one) for one in arguments])
    found = Told(code, *((folder / name).read_bytes().decode() for name in ("out", "err")))
    if "--json" in arguments:
        as_text = json.dumps(found.answer, ensure_ascii=False)
        assert not re.search("[\ud800-\udfff]", as_text), "a half of a surrogate pair in the JSON"
    else:
        assert not (bad := _REDRAWS.search(found.out)), f"{bad[0]!r} on stdout"
    assert not (bad := _REDRAWS.search(found.err)), f"{bad[0]!r} on stderr"
    assert "Traceback" not in found.err
    return found
