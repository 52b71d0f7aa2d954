"""The shape of the code: one-way imports, light readers, and requirements that are used."""

import ast
import importlib.metadata
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pipeline.audit
import pipeline.data
import pipeline.evaluation
import pipeline.images
import pipeline.metrics
import pipeline.models
import pipeline.runs
from pipeline.configuration.network_registry import NETWORKS

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("torch", "torchvision", "fastai", "timm", "captum")


LIGHT = (
    pipeline.audit, pipeline.data, pipeline.evaluation, pipeline.images, pipeline.metrics, pipeline.models,
    pipeline.runs,
)


def _modules_of(package):
    return [f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__)]


READERS = [
    "pipeline.configuration.config", "pipeline.configuration.network_registry", "pipeline.configuration.presets",
    "pipeline.files.workspace", "pipeline.classes",
    "pipeline.networks.overlay", "pipeline.inference.evaluation_plan",
    *(name for package in LIGHT for name in _modules_of(package)),
]

# requirements that nothing imports, and why they are there
JUSTIFIED = {
    "pyarrow": "pandas reads and writes parquet with it",
    "six": "kaggle needs it and does not declare it",
    "kaggle": "its client, kagglesdk, is what is used",
    **{network.package: "its weights are read as a package's file" for network in NETWORKS.values() if network.package},
    "onnxscript": "torch.onnx.export is built on it",
    "authlib": "Streamlit imports it where somebody logs in",
    "httpx": "authlib needs it for that and does not declare it",
    "pytest": "runs the tests",
    "ruff": "checks the code",
    "mypy": "checks its types",
}


def _files(*folders):
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def _module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported_names(path, *, only_at_import=False):
    """Dotted names that a file imports; `from a import b` gives a and a.b; relative imports are resolved."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    names = set()
    for node in _at_import(tree) if only_at_import else ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = path.relative_to(ROOT).parent.parts
                base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [base])])
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return names


def _at_import(tree):
    """The nodes that run when a module is imported: all but the bodies of functions and of `if TYPE_CHECKING`."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            waiting.extend(node.orelse)
            continue
        waiting.extend(ast.iter_child_nodes(node))


def _top(name):
    return name.partition(".")[0]


def _loaded_after_importing(modules):
    """Which of HEAVY are in sys.modules of a fresh interpreter that imported `modules`."""
    program = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def _offenders(paths, wrong):
    """The paths, below the root, for which `wrong` finds something, with what it finds."""
    return {str(path.relative_to(ROOT)): found for path in paths if (found := wrong(path))}


def test_pipeline_never_imports_streamlit_or_the_app():
    assert not _offenders(
        _files("pipeline"), lambda path: {_top(name) for name in _imported_names(path)} & {"streamlit", "app"}
    )


def test_readers_leave_torch_and_fastai_unloaded():
    loaded = _loaded_after_importing(READERS)
    if loaded:  # only then one by one, to name the culprit
        culprits = {module: heavy for module in READERS if (heavy := _loaded_after_importing([module]))}
        pytest.fail(f"loaded {loaded}: {culprits}")


def test_the_app_imports_the_pipeline_lightly():
    assert not _offenders(
        _files("app"), lambda path: {_top(name) for name in _imported_names(path, only_at_import=True)} & set(HEAVY)
    )
    assert not _offenders(_files("app"), lambda path: {_top(name) for name in _imported_names(path)} & {"fastai"})


def _statically_reached(start):
    """Names of project modules that importing `start` imports, itself included, without running any of them."""
    places = {_module_name(path): path for path in _files("app", "pipeline")}
    reached, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name not in places or name in reached:
            continue
        reached.add(name)
        waiting.extend(_imported_names(places[name], only_at_import=True))
    return {name: places[name] for name in reached}


def _heavy_of(page):
    """What importing a page's module would load of HEAVY, by the module that imports it."""
    return {
        name: found
        for name, path in _statically_reached(_module_name(page)).items()
        if (found := {_top(n) for n in _imported_names(path, only_at_import=True)} & set(HEAVY))
    }


def test_what_a_page_imports_statically_is_light():
    pages = [path for path in _files("app") if path.name == "main.py" or path.parent.name == "views"]
    assert len(pages) > 10
    assert not _offenders(pages, _heavy_of)
    reached = {name for page in pages for name in _statically_reached(_module_name(page))}
    assert _loaded_after_importing(sorted(name for name in reached if _top(name) == "pipeline")) == []


def _requirements():
    names = set()
    for path in ROOT.glob("requirements*.txt"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if found := re.match(r"[A-Za-z0-9][\w.-]*", line):
                names.add(re.sub(r"[-_.]+", "-", found[0]).lower())
    return sorted(names)


def test_every_requirement_is_imported_or_justified():
    requirements = _requirements()
    if not requirements:
        pytest.skip("there is no requirements.txt yet")
    imported = {_top(name) for path in _files("app", "pipeline", "tests") for name in _imported_names(path)}
    provides = {}
    for module, distributions in importlib.metadata.packages_distributions().items():
        for distribution in distributions:
            provides.setdefault(re.sub(r"[-_.]+", "-", distribution).lower(), set()).add(module)
    unused = [
        name for name in requirements if name not in JUSTIFIED and not provides.get(name, {name}) & imported
    ]
    assert not unused, f"neither imported nor justified: {unused}"
