"""Which texts the app draws as Markdown that are neither its own nor escaped: a reading of its source.

A text is the app's own where it is a literal, a number in a format, or put together from such. Whatever else is in it
must be given by `as_text` or `as_lines`. Names are followed to what the function assigned to them, calls to what the
called function returns, and a parameter that is drawn to every caller.
"""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.source_reading import (
    ROOT,
    Place,
    all_calls,
    assigned,
    given_for,
    is_number,
    modules,
    numeric_attributes,
    own_nodes,
    parameters,
)

# methods of Streamlit's, and how many of their first arguments are drawn; those of these keywords are drawn anywhere
DRAWING = {
    **dict.fromkeys((
        "markdown", "caption", "info", "warning", "error", "success", "title", "header", "subheader", "write", "button",
        "form_submit_button", "download_button", "link_button", "checkbox", "toggle", "radio", "selectbox",
        "multiselect", "slider", "select_slider", "text_input", "number_input", "text_area", "file_uploader", "pills",
        "segmented_control", "expander", "tabs", "popover", "toast", "spinner", "status", "badge", "dialog",
    ), 1),
    "metric": 3, "progress": 0, "page_link": 0, "image": 0, "Page": 0, "plotly_chart": 0,
}
KEYWORDS = ("label", "body", "text", "help", "caption", "captions", "title", "value", "delta")
# widgets whose options are Markdown
OPTIONS = ("radio", "pills", "segmented_control")
ESCAPES = ("as_text", "as_lines", "as_code")
WRITTEN_BY_US = ("prose", "brought_card")  # the Markdown in assets/help, and beside the bundled model
CATALOGUE = ("say", "say_count")  # of `app.words.spoken`: what languages say for what is given
LANGUAGE_NUMBERS = ("percent", "probability", "decimal")  # methods of `pipeline.languages.Language`
FORMATTERS = ("pipeline.number_words", "pipeline.text_tables")
CARDS = (("pipeline.models.card", "model_card"), ("pipeline.models.card_cross_validated", "cross_validated_card"))
MARKDOWN = ("app", "pipeline.models.card")  # modules whose functions may give Markdown
NUMBERS = ("len", "round", "sum", "abs", "int", "float", "nunique")
KEPT = ("lower", "upper", "capitalize", "strip", "rstrip", "removesuffix", "removeprefix", "title", "replace",
        "lstrip", "split", "splitlines", "partition")
# whose `value` is no Markdown
VALUED = ("slider", "select_slider", "text_input", "number_input", "text_area", "toggle")
THROUGH = ("list", "tuple", "sorted", "str", "max", "min", "dict", "zip", "next", "iter", "reversed", "filter")
TEXTS = (ast.JoinedStr, ast.Constant, ast.IfExp, ast.BinOp, ast.List, ast.Tuple, ast.BoolOp, ast.Dict,
         ast.GeneratorExp, ast.ListComp)
_MARKUP = re.compile(r"\*\*|`|  \n|\]\(|:material/|^- |^#+ ")
_OURS: dict[tuple[int, int], bool] = {}  # of each expression in its function that was asked for
_NUMERIC_FORMAT = re.compile(r"[,.\d]*[.,\d%dgef+]$")


@dataclass(frozen=True)
class Foreign:
    """A part of a drawn text that is neither ours nor escaped."""

    path: Path
    line: int
    node: ast.expr

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {ast.unparse(self.node)}"


class Reading:
    """Follows drawn texts to their sources; `foreign` fills with what is not ours, `drawn` with drawn parameters."""

    def __init__(self) -> None:
        self.foreign: set[Foreign] = set()
        self.drawn: set[tuple[str, str, str]] = set()  # module, function, parameter
        self._waiting: list[tuple[str, str, str]] = []
        self._read: set[tuple[int, int]] = set()

    def all(self) -> list[Foreign]:
        """Everything foreign that the app draws unescaped."""
        for call, place in all_calls():
            if place.module.startswith("app"):
                for text in drawn_arguments(call):
                    self.read(text, place)
        for source, name in CARDS:
            for text, place in self._returned(source, name):
                self.read(text, place)
        while self._waiting:
            for text, place in given_for(*self._waiting.pop()):
                self.read(text, place)
        return sorted(self.foreign, key=str)

    def read(self, node: ast.expr, place: Place) -> None:
        """Notes what of `node` is foreign."""
        key = (id(node), id(place.function))
        if key in self._read:
            return
        self._read.add(key)
        if (parts := self._parts(node, place)) is None:
            self.foreign.add(Foreign(modules()[place.module].path, getattr(node, "lineno", 0), node))
            return
        for part, where in parts:
            self.read(part, where)

    def _ours(self, node: ast.expr, place: Place) -> bool:
        """Whether nothing of `node` is foreign, whoever gives the parameters in it."""
        key = (id(node), id(place.function))
        if key not in _OURS:
            _OURS[key] = True  # what leads back to itself adds nothing
            trial = Reading()
            trial.read(node, place)
            while trial._waiting and not trial.foreign:
                for text, where in given_for(*trial._waiting.pop()):
                    trial.read(text, where)
            _OURS[key] = not trial.foreign
        return _OURS[key]

    def _given_ours(self, node: ast.Name, place: Place) -> bool:
        """Whether all that is given for a parameter is ours."""
        if is_number(parameters(place.function)[node.id]):
            return True
        given = given_for(place.module, place.function.name, node.id)
        return all(self._ours(text, where) for text, where in given) and bool(given) and all(
            value is not None and self._ours(value, place) for value in assigned(place.function, node.id))

    def _parts(self, node: ast.expr, place: Place) -> list[tuple[ast.expr, Place]] | None:
        """The expressions that `node` is put together from, none where it is ours; None where it is foreign."""
        match node:
            case ast.Constant() | ast.Compare() | ast.Slice():
                found = []
            case ast.JoinedStr():
                found = [part for part in node.values if isinstance(part, ast.FormattedValue)]
            case ast.FormattedValue(value=value, format_spec=spec):
                if spec is not None and _NUMERIC_FORMAT.search(ast.unparse(spec).strip("f'\"")):
                    return []
                if isinstance(value, ast.Name) and place.function and value.id in parameters(place.function):
                    return [] if self._given_ours(value, place) else None
                found = [value]
            case ast.IfExp():
                found = [node.body, node.orelse]
            case ast.BoolOp(values=found) | ast.Tuple(elts=found) | ast.List(elts=found) | ast.Set(elts=found):
                pass
            case ast.Dict():
                found = [part for part in (*node.keys, *node.values) if part is not None]
            case ast.BinOp():
                found = [node.left, node.right]
            case ast.UnaryOp(operand=one) | ast.NamedExpr(value=one) | ast.Starred(value=one) | ast.Lambda(body=one):
                found = [one]
            case ast.GeneratorExp(elt=one) | ast.ListComp(elt=one) | ast.SetComp(elt=one):
                found = [one]
            case ast.DictComp():
                found = [node.key, node.value]
            case ast.Attribute(attr="get"):
                return [] if self._ours(node.value, place) else None
            case ast.Attribute(attr=attribute):
                ours = attribute in numeric_attributes() or self._is_constant(node, place)
                return [] if ours or _in_a_table(node.value, place) else None
            case ast.Name():
                return self._named(node, place)
            case ast.Subscript(value=value) if self._is_text(value, place):
                found = [value]
            case ast.Subscript(value=value):
                return [] if self._ours(value, place) else None
            case ast.Call():
                return self._called(node, place)
            case _:
                return None
        return [(part, place) for part in found]

    def _is_constant(self, node: ast.Attribute, place: Place) -> bool:
        """Whether it is a constant of a module that was imported, or text of a table that is written in the code."""
        source = ".".join(modules()[place.module].imports.get(getattr(node.value, "id", ""), ("", "")))
        values = modules()[source].constants.get(node.attr, ()) if source in modules() else ()
        return bool(values) and all(self._ours(value, Place(source, None)) for value in values)

    def _called(self, node: ast.Call, place: Place) -> list[tuple[ast.expr, Place]] | None:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in ESCAPES or name in NUMBERS or name in WRITTEN_BY_US:
            return []
        if name in CATALOGUE:
            return [(part, place) for part in (*node.args, *(one.value for one in node.keywords))]
        if name[:1].isupper():  # a row of a table in the code
            return [(part, place) for part in (*node.args, *(one.value for one in node.keywords))]
        if name == "map" and isinstance(node.args[0], ast.Name):
            return self._called(ast.Call(node.args[0], [], []), place)
        if name == "join":
            return [(node.func.value, place), (node.args[0], place)]
        if isinstance(node.func, ast.Attribute):
            if name in LANGUAGE_NUMBERS and isinstance(node.func.value, ast.Call):
                return []
            if name in (*KEPT, "items") and self._is_text(node.func.value, place):
                return [(part, place) for part in (node.func.value, *node.args)]
            if name in (*KEPT, "get", "items", "values"):
                return [] if all(self._ours(part, place) for part in (node.func.value, *node.args[1:])) else None
            imported = modules()[place.module].imports.get(getattr(node.func.value, "id", ""), ())
            source, original = ".".join(imported), name
        elif place.function and (name in parameters(place.function) or assigned(place.function, name)):
            return [(node.func, place)]
        elif name in THROUGH:
            return [(part, place) for part in node.args]
        else:
            source, original = modules()[place.module].imports.get(name, (place.module, name))
        if source in FORMATTERS:  # a number, and words that this call gives
            return [(part, place) for part in (*node.args[1:], *(one.value for one in node.keywords))]
        if source in modules() and original in modules()[source].functions:
            return self._returned(source, original)
        return None

    def _returned(self, source: str, name: str) -> list[tuple[ast.expr, Place]] | None:
        """What a function returns, where it writes Markdown; of one that gives plain words, whether these are ours."""
        module = modules()[source]
        function = module.functions[name]
        if function.returns is not None and is_number(ast.unparse(function.returns)):
            return []
        own = [node for node in own_nodes(function) if isinstance(node, (ast.Return, ast.Yield)) and node.value]
        found = [(node.value, Place(source, module.outer[function])) for node in own]
        if source.startswith(MARKDOWN) and writes_markdown(function):
            return found
        return [] if all(self._ours(value, place) for value, place in found) else None

    def _named(self, node: ast.Name, place: Place) -> list[tuple[ast.expr, Place]] | None:
        if place.function is not None:
            values = assigned(place.function, node.id)
            annotation = parameters(place.function).get(node.id)
            if annotation is not None and not is_number(annotation):
                self._is_drawn((place.module, place.function.name, node.id))
            if annotation is not None or values:
                texts = [value for value in values if self._is_text(value, place)]
                rest = [value for value in values if value not in texts]
                if not all(value is not None and self._ours(value, place) for value in rest):
                    return None
                return [(value, place) for value in texts]
        source, original = modules()[place.module].imports.get(node.id, (place.module, node.id))
        if source in modules() and (values := modules()[source].constants.get(original)):
            return [(value, Place(source, None)) for value in values]
        if source in modules() and original in modules()[source].functions:
            return self._returned(source, original)
        return None

    def _is_text(self, value: ast.expr | None, place: Place) -> bool:
        """Whether it is put together here, so that what is foreign in it is to be found in it and not where it goes."""
        called = getattr(value.func, "attr", "") if isinstance(value, ast.Call) else ""
        if isinstance(value, ast.Subscript):
            return self._is_text(value.value, place)
        if called == "items":
            return self._is_text(value.func.value, place)
        if isinstance(value, ast.Name) and place.function:
            found = assigned(place.function, value.id)
            return bool(found) and all(self._is_text(one, place) for one in found if one is not value)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            source, original = modules()[place.module].imports.get(value.func.id, (place.module, value.func.id))
            return source.startswith(MARKDOWN) and original in modules()[source].functions and writes_markdown(
                modules()[source].functions[original])
        return isinstance(value, TEXTS) or called == "join"

    def _is_drawn(self, key: tuple[str, str, str]) -> None:
        if key not in self.drawn:
            self.drawn.add(key)
            self._waiting.append(key)


def _in_a_table(node: ast.expr, place: Place) -> bool:
    """Whether it is an entry of a table that the code holds."""
    while True:
        match node:
            case ast.Subscript(value=inner) | ast.Attribute(value=inner) | ast.Call(func=ast.Attribute(value=inner)):
                node = inner
            case _:
                break
    if not isinstance(node, ast.Name):
        return False
    if place.function is not None and node.id in parameters(place.function):
        return False
    if place.function is not None and (values := assigned(place.function, node.id)):
        return all(value is not None and _in_a_table(value, place) for value in values)
    source, original = modules()[place.module].imports.get(node.id, (place.module, node.id))
    return source in modules() and original in modules()[source].constants


def drawn_arguments(call: ast.Call) -> list[ast.expr]:
    """What a call of a drawing method draws as Markdown; nothing of other calls."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name not in DRAWING or not (call.args or call.keywords):
        return []
    keywords = {*KEYWORDS, *(["format_func"] if name in OPTIONS else [])} - {*(["value"] if name in VALUED else [])}
    found = call.args[:DRAWING[name]] + [one.value for one in call.keywords if one.arg in keywords]
    if name in OPTIONS and not any(one.arg == "format_func" for one in call.keywords):
        found += call.args[1:2]
    return found


@cache
def writes_markdown(function: ast.FunctionDef) -> bool:
    """Whether a function escapes, or has markup in its literals."""
    docstring = getattr(function.body[0], "value", None)
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ESCAPES:
            return True
        if isinstance(node, ast.Constant) and node is not docstring and _MARKUP.search(str(node.value)):
            return True
    return False


