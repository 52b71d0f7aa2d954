"""The layers: a folder of `pipeline` or `app` imports only those below it, lazily or not, and the README draws them so.
A file is found by its name, which no other has.
"""

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# from the bottom up; "core" is what lies in `pipeline` itself
LAYERS = (
    "core", "files", "configuration", "images", "suitability", "data", "networks", "metrics", "runs", "audit",
    "evaluation", "models", "inference", "training",
    "explain", "classroom", "export", "default_model", "jobs", "commands",
)

# those of `app` above; what lies in `app` itself is below them, and its entry point above
APP_LAYERS = ("words", "charts", "loaders", "addresses", "filters", "components", "views")


def _modules() -> dict[str, Path]:
    """Every module of `pipeline` and `app` by its dotted name."""
    found = {}
    for path in sorted([*(ROOT / "pipeline").rglob("*.py"), *(ROOT / "app").rglob("*.py")]):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = _modules()


def _imported(path: Path) -> set[str]:
    """The project's modules that a file imports anywhere: at its top, in a function, or for the type checker alone."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names & MODULES.keys()


def _height(module: str) -> int:
    """How high a module lies; an entry point, which knows all commands or pages, lies above them, and the app above
    all of the pipeline.
    """
    first, *rest = module.split(".")
    if first == "app":
        places = ("", *APP_LAYERS, "main")
        return len(LAYERS) + 1 + (places.index(rest[0]) if rest and rest[0] in places else 0)
    if module in ("pipeline", "pipeline.cli", "pipeline.__main__"):
        return len(LAYERS)
    return LAYERS.index(rest[0]) if len(rest) > 0 and rest[0] in LAYERS else 0


def test_imports_go_down():
    up = [
        f"{module} imports {other}"
        for module, path in MODULES.items()
        for other in sorted(_imported(path))
        if _height(other) > _height(module)
    ]
    assert not up


def _names_of(path: Path) -> set[str]:
    """What a module gives a name to at its top, in branches too; what it imports from elsewhere is not its own."""
    found, waiting = set(), list(ast.parse(path.read_text(encoding="utf-8")).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            found |= {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        else:
            waiting.extend(one for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt))
    return found


def test_what_is_imported_is_there_and_at_home_there():
    own = {module: _names_of(path) for module, path in MODULES.items()}
    missing = [
        f"{path.relative_to(ROOT)}: {node.module}.{alias.name}"
        for folder in ("app", "pipeline", "tests") for path in sorted((ROOT / folder).rglob("*.py"))
        if path.parent.name != "fixtures"  # what makes the old workspace imports that version's code
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("app", "pipeline")
        for alias in node.names
        if f"{node.module}.{alias.name}" not in MODULES and alias.name not in own.get(node.module, ())
    ]
    assert not missing


def test_each_folder_is_a_layer():
    folders = {path.name for path in (ROOT / "pipeline").iterdir() if (path / "__init__.py").exists()}
    assert folders == set(LAYERS) - {"core"}


def test_each_folder_of_the_app_is_a_layer():
    assert {path.name for path in (ROOT / "app").iterdir() if (path / "__init__.py").exists()
            or path.name == "views"} == set(APP_LAYERS)


def test_the_readme_draws_these_layers():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    said = re.search(r"^`app` \(Streamlit: (.*?)\) is above `pipeline`", readme, re.MULTILINE)[1]
    assert re.findall(r"`(\w+)/`", said) == list(reversed(APP_LAYERS))
    drawing = re.search(r"## Architecture\n.*?```\n(.*?)```", readme, re.DOTALL)[1]
    assert [line.split()[0] for line in drawing.splitlines()] == list(reversed(LAYERS))


def test_no_file_name_stands_twice():
    names = Counter(path.name for path in MODULES.values() if path.name != "__init__.py")
    assert [name for name, times in names.items() if times > 1] == []
