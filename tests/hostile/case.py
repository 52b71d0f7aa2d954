"""One hostile input: how it is made and handed over, and what LesionLab must do with it."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

KINDS = ("images", "archives", "tables", "bundles", "lessons", "workspaces", "addresses", "names", "classes")


@dataclass(frozen=True)
class Case:
    """An input of one kind; a module `tests.hostile.<kind>` gives them all by its function `cases()`.

    Attributes:
        name: unique within its kind.
        hand_over: makes the input inside the folder that it is given and hands it to LesionLab; it may write there
            alone. It returns after an AssertionError-free check of what came of it, or lets the LesionLabError of a
            refusal through. Any other exception is a defect.
        expect: "right": it must be taken, and rightly; "refused": in words; "either".
        fast: whether CI runs it.
    """

    name: str
    hand_over: Callable[[Path], None]
    expect: Literal["right", "refused", "either"] = "either"
    fast: bool = False


def cases_of(kind: str) -> dict[str, Case]:
    """All cases of one of KINDS, by name."""
    found: dict[str, Case] = {}
    for case in importlib.import_module(f"tests.hostile.{kind}").cases():
        assert case.name not in found, f"{kind} has two cases named {case.name}"
        found[case.name] = case
    return found
