"""Every action of the pages as the code has it: buttons, forms, uploads, texts, downloads; by their widgets' keys."""

import ast
from pathlib import Path

from tests.app_pages import PROJECT

ACTIONS = ("button", "form", "file_uploader", "download_button", "data_editor", "chat_input", "camera_input",
           "audio_input", "menu_button", "text_input", "text_area")


def _pattern(node: ast.AST) -> str:
    """A key as it stands in the code; "*" for each part that is known only when the page is drawn."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    return "*"


def actions_of(path: Path) -> set[str]:
    """The patterns of the keys of all actions in a file; "?" for those that give none."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ACTIONS:
            key = next((word.value for word in node.keywords if word.arg == "key"), None)
            if node.func.attr == "form":
                key = key or next(iter(node.args), None)
            found.add(_pattern(key) if key is not None else "?")
    return found


def all_actions() -> dict[str, set[str]]:
    """The actions of each file of the app that has some, by its path below `app`."""
    files = sorted((PROJECT / "app").rglob("*.py"))
    return {str(path.relative_to(PROJECT / "app")): found for path in files if (found := actions_of(path))}
