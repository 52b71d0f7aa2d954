"""Pages speak of the reference diagnosis: no text that is drawn calls it the truth or the true diagnosis."""

import ast
import re
from pathlib import Path

import pytest

from pipeline.classes import DIAGNOSES
from tests.app_pages import PROJECT
from tests.source_reading import modules

_LONE = re.compile(r"(?<!ground )\btruths?\b|\btrue diagnos[ei]s\b", re.IGNORECASE)
# ISIC's files are called ground truth; names of columns and keys are one word, so sentences and headings count
_IN_ONE_WORD = re.compile(r"[a-z0-9_.*-]+")


def _docstrings(tree: ast.Module) -> set[ast.Constant]:
    bodies = [node.body for node in ast.walk(tree)
              if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)]
    first = [body[0].value for body in bodies if body and isinstance(body[0], ast.Expr)]
    return {node for node in first if isinstance(node, ast.Constant)}


def lone_truths(tree: ast.Module) -> list[tuple[int, str]]:
    """The line and the text of each literal that says truth to a reader: docstrings, names and keys do not."""
    said = _docstrings(tree)
    return [
        (node.lineno, node.value) for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in said
        and _LONE.search(node.value) and not _IN_ONE_WORD.fullmatch(node.value)
    ]


def test_the_search_finds_what_it_should():
    tree = ast.parse('"""The truth."""\ntable["truth"]\nst.info("Hide the truth")\nst.info(f"{n} by true diagnosis")\n'
                     'column = "Truth"\ndef f():\n    """Of the truth."""\n    return "kind-of-truth"')
    assert sorted(lone_truths(tree)) == [(3, "Hide the truth"), (4, " by true diagnosis"), (5, "Truth")]


def test_no_text_of_the_source_says_truth():
    found = {f"{module.path.relative_to(PROJECT)}:{line}": text
             for module in modules().values() for line, text in lone_truths(module.tree)}
    assert found == {}


@pytest.mark.parametrize("path", sorted((PROJECT / "assets" / "help").glob("*.md")), ids=lambda path: path.stem)
def test_no_help_says_truth(path: Path):
    assert not _LONE.findall(path.read_text(encoding="utf-8"))


def test_benign_keratosis_is_explained_with_its_three_members():
    members = ("seborrhoeic keratosis", "solar lentigo", "lichen planus-like keratosis")
    help_on_words = (PROJECT / "assets" / "help" / "words.md").read_text(encoding="utf-8")
    for member in members:
        assert member in DIAGNOSES["bkl"].covers and member in help_on_words
