"""What the app draws as Markdown is its own or escaped, and nothing is drawn as HTML."""

import ast

from tests.drawn_texts import Reading
from tests.source_reading import modules


def test_every_foreign_text_is_escaped():
    assert [str(one) for one in Reading().all()] == []


def test_nothing_is_drawn_as_html():
    for module in modules().values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.keyword):
                assert not (node.arg or "").startswith("unsafe_allow"), f"{module.path}:{node.value.lineno}"
            assert not (isinstance(node, ast.Attribute) and node.attr in ("html", "iframe", "components")
                        and getattr(node.value, "id", "") in ("st", "components")), f"{module.path}:{node.lineno}"


def test_an_escaped_text_is_not_escaped_again():
    for module in modules().values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "as_text":
                inner = [one for part in node.args for one in ast.walk(part) if isinstance(one, ast.Call)
                         and getattr(one.func, "id", "") in ("as_text", "as_lines", "as_code")]
                assert not inner, f"{module.path}:{node.lineno}"
