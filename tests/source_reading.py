"""The project's source, read: its modules, and what in it a name can stand for."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Module:
    """A module of the project: its functions (with the outermost that each stands in), constants and imports."""

    path: Path
    tree: ast.Module
    functions: dict[str, ast.FunctionDef]
    outer: dict[ast.AST, ast.FunctionDef]
    constants: dict[str, list[ast.expr]]
    imports: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Place:
    """Where an expression stands: in a module, and in a function of it or at its top level (None)."""

    module: str
    function: ast.FunctionDef | None


@cache
def modules() -> dict[str, Module]:
    """All modules of the app and the pipeline by their dotted names."""
    found = {}
    for path in sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "pipeline").rglob("*.py")]):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions, outer, constants, imports = {}, {}, defaultdict(list), {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                imports |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
            elif isinstance(node, ast.FunctionDef):
                functions[node.name] = node
                for inner in ast.walk(node):
                    outer.setdefault(inner, node)  # ast.walk meets the outermost first
        for name, value in (pair for node in tree.body for pair in bindings(node)):
            constants[name].append(value)
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found[name] = Module(path, tree, functions, outer, constants, imports)
    return found


def bindings(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Names that an assignment gives to expressions; of a tuple that is given as a whole, the whole."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    for target in targets:
        if node.value is not None:
            yield from matched(target, node.value)


def matched(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.IfExp):
        yield from (*matched(target, value.body), *matched(target, value.orelse))
    elif isinstance(target, ast.Tuple):
        pairs = value.elts if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts) else None
        for number, part in enumerate(target.elts):
            yield from matched(part, pairs[number] if pairs else ast.Subscript(value, ast.Constant(number)))


@cache
def numeric_attributes() -> frozenset[str]:
    """Names that every class which has them declares as numbers."""
    said = defaultdict(set)
    for module in modules().values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                for one in node.body:
                    if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
                        said[one.target.id].add(ast.unparse(one.annotation))
                    elif isinstance(one, ast.FunctionDef) and one.returns is not None:
                        said[one.name].add(ast.unparse(one.returns))
    return frozenset(name for name, kinds in said.items() if all(is_number(kind) for kind in kinds))


def is_number(annotation: str) -> bool:
    """Whether an annotation says a number, bounded or not, or one of some words of ours."""
    return bool(annotation) and _says_number(ast.parse(annotation, mode="eval").body)


def _says_number(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=None):
            return True
        case ast.Name(id=name):
            return name in ("int", "float", "bool") or name in _bounded_numbers()
        case ast.BinOp(left=left, right=right):
            return _says_number(left) and _says_number(right)
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[kind, *_])):
            return _says_number(kind)
        case ast.Subscript():
            return _is_bounded(node)
    return False


def _is_bounded(node: ast.Subscript) -> bool:
    """Whether it is `Annotated[int, …]`, `Annotated[float, …]` or a `Literal`."""
    match node:
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[ast.Name(id="int" | "float"), *_])):
            return True
        case ast.Subscript(value=ast.Name(id="Literal")):
            return True
    return False


@cache
def _bounded_numbers() -> frozenset[str]:
    """Names that the project gives to numbers within bounds."""
    return frozenset(name for module in modules().values() for name, values in module.constants.items()
                     if all(isinstance(value, ast.Subscript) and _is_bounded(value) for value in values))


@cache
def all_calls() -> tuple[tuple[ast.Call, Place], ...]:
    return tuple((node, Place(name, module.outer.get(node))) for name, module in modules().items()
                 for node in ast.walk(module.tree) if isinstance(node, ast.Call))


@cache
def given_for(owner: str, function: str, parameter: str) -> list[tuple[ast.expr, Place]]:
    """All that is given for a parameter of a function, and where."""
    definition = modules()[owner].functions[function]
    return [(text, place) for call, place in all_calls()
            if _names(call, place, owner, function) for text in _argument(definition, parameter, call)]


def _names(call: ast.Call, place: Place, owner: str, function: str) -> bool:
    """Whether it calls this function; a method is known by its name alone."""
    if isinstance(call.func, ast.Attribute):
        taken = next(iter(parameters(modules()[owner].functions[function])), "")
        imported = modules()[place.module].imports.get(getattr(call.func.value, "id", ""), ())
        return call.func.attr == function and (taken in ("self", "cls") or ".".join(imported) == owner)
    if not isinstance(call.func, ast.Name):
        return False
    source, original = modules()[place.module].imports.get(call.func.id, (place.module, call.func.id))
    return (source, original) == (owner, function)


def _argument(function: ast.FunctionDef, parameter: str, call: ast.Call) -> list[ast.expr]:
    """What a call gives for a parameter, or the parameter's default."""
    named = [one.arg for one in function.args.posonlyargs + function.args.args]
    given = [one.value for one in call.keywords if one.arg == parameter]
    if parameter in named:
        index = named.index(parameter) - (named[0] in ("self", "cls"))
        given += call.args[index:index + 1]
        defaults = dict(zip(reversed(named), reversed(function.args.defaults), strict=False))
    else:
        defaults = dict(zip((one.arg for one in function.args.kwonlyargs), function.args.kw_defaults, strict=True))
    return given or [one for one in [defaults.get(parameter)] if one is not None]


def own_nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions within it."""
    waiting = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


@cache
def parameters(function: ast.FunctionDef) -> dict[str, str]:
    """A function's parameters and how each is annotated."""
    of = function.args
    return {one.arg: ast.unparse(one.annotation) if one.annotation else ""
            for one in (*of.posonlyargs, *of.args, *of.kwonlyargs)}


@cache
def assigned(function: ast.FunctionDef, name: str) -> list[ast.expr | None]:
    """All that a function gives to a name, list elements that it appends included; None for what cannot be told."""
    found: list[ast.expr | None] = []
    for node in ast.walk(function):
        match node:
            case ast.Assign() | ast.AnnAssign():
                pairs = bindings(node)
            case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
                pairs = matched(target, value)
            case ast.For(target=target, iter=values) | ast.comprehension(target=target, iter=values):
                pairs = _iterated(target, values)
            case ast.withitem(optional_vars=ast.Name(id=one)) | ast.ExceptHandler(name=str(one)):
                pairs = [(one, None)]
            case ast.Lambda() | ast.FunctionDef() if node is not function:
                pairs = [(one.arg, None) for one in (*node.args.args, *node.args.kwonlyargs)]
            case ast.Call(func=ast.Attribute(value=ast.Name(id=one), attr="append" | "extend" | "insert")):
                pairs = [(one, node.args[-1])]
            case _:
                continue
        found += [value for target, value in pairs if target == name]
    return found


def _iterated(target: ast.expr, values: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    called = getattr(values.func, "id", "") if isinstance(values, ast.Call) else ""
    if called == "enumerate" and isinstance(target, ast.Tuple):
        yield from matched(target.elts[0], ast.Constant(0))
        yield from _iterated(target.elts[1], values.args[0])
    elif called == "zip" and isinstance(target, ast.Tuple):
        for one, part in zip(target.elts, values.args, strict=False):
            yield from _iterated(one, part)
    elif called == "range":
        yield from matched(target, ast.Constant(0))
    elif isinstance(values, (ast.Tuple, ast.List)):
        for one in values.elts:
            yield from matched(target, one)
    else:
        yield from matched(target, values)
