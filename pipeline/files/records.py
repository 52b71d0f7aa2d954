"""JSON files as the records that they must be: checked strictly from their bytes, before anybody sees a value."""

import dataclasses
import re
from collections.abc import Callable, Hashable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal, NotRequired, TypeVar, cast, get_type_hints

from typing_extensions import TypedDict, is_typeddict  # pydantic takes no other before Python 3.12

from pipeline.errors import WorkspaceError
from pipeline.files.disk import REPAIR, check_values, read_bytes
from pipeline.limits import MOST_JSON_BYTES

T = TypeVar("T")


class RecordError(WorkspaceError):
    """A JSON file that is not the record that it must be.

    Attributes:
        lacks: the fields that are missing.
        unknown: whether it has fields that this version does not know, as one of a newer version may.
    """

    def __init__(self, problem: str, next_step: str = "", lacks: tuple[str, ...] = (), unknown: bool = False):
        super().__init__(problem, next_step)
        self.lacks, self.unknown = lacks, unknown


def _root(kind: Any, given: frozenset[str]) -> Any:
    """`kind` as pydantic is to check it: a copy that can be told the rules, which its parts then follow too, without
    the fields that are `given` and not in the file.
    """
    hints = get_type_hints(kind, include_extras=True)
    if not is_typeddict(kind):
        required = {field.name for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING
                    and field.default_factory is dataclasses.MISSING}
        hints = {name: hint if name in required else NotRequired[hint] for name, hint in hints.items()}
    make: Any = TypedDict  # which a type checker knows only with fields that are written out
    return make(kind.__name__, {name: hint for name, hint in hints.items() if name not in given})


@cache
def _adapter(kind: Any, given: frozenset[str] = frozenset()) -> Any:
    from pydantic import ConfigDict, TypeAdapter  # loaded with the first file: 60 ms

    # a field that a newer version added to a dataclass may change what the others mean; to a TypedDict it adds a figure
    extra: Literal["ignore", "forbid"] = "ignore" if is_typeddict(kind) else "forbid"
    rules = ConfigDict(strict=True, extra=extra, allow_inf_nan=False)
    if not (dataclasses.is_dataclass(kind) or is_typeddict(kind)):
        return TypeAdapter(kind, config=rules)
    root = _root(kind, given)
    root.__pydantic_config__ = rules
    return TypeAdapter(root)


def _problem(errors: list[dict[str, Any]], name: str, repair: str) -> RecordError:
    """The first of pydantic's errors in words; of the file only fields that this version knows are named."""
    lacks = tuple(sorted(error["loc"][0] for error in errors if error["type"] == "missing" and len(error["loc"]) == 1))
    if lacks:
        return RecordError(f"{name} is damaged: it lacks {', '.join(lacks)}.", repair, lacks=lacks)
    first = errors[0]
    if first["type"] == "json_invalid":
        line = re.search(r"at line (\d+)", first["msg"])
        where = f" in line {line[1]}" if line else ""
        return RecordError(f"{name} is damaged: it is no JSON that can be read{where}.", repair)
    if any(error["type"] == "extra_forbidden" and len(error["loc"]) == 1 for error in errors):
        return RecordError(f"{name} has fields that this version of LesionLab does not know.", repair, unknown=True)
    return RecordError(f"{name} is damaged: {_where(first)}{_expected(first)}.", repair)


def _where(error: dict[str, Any]) -> str:
    """The field that an error is about, without keys that only the file has."""
    return f"its field {error['loc'][0]} " if error["loc"] and "known" in error else "what it holds "


_EXPECTED = {
    "missing": "lacks a part", "extra_forbidden": "has a part that is not known",
    "unexpected_keyword_argument": "has a part that is not known", "predicate_failed": "has control characters",
    "finite_number": "is no finite number", "int_parsing_size": "is too large a number",
}


def _expected(error: dict[str, Any]) -> str:
    told = _EXPECTED.get(error["type"])
    return told or error["msg"].replace("Input should", "should", 1)  # no message of pydantic's holds what was read


def record(content: bytes, kind: type[T], name: str, repair: str = REPAIR, **given: Any) -> T:
    """The record that the JSON `content` must be.

    Args:
        kind: a dataclass, a TypedDict, or another type that pydantic can check; its annotations are the rules.
        name: of the file, for the sentence that says what is wrong.
        repair: what to do where it is damaged, in a sentence.
        given: fields of a dataclass that its place gives and not the file; the file must not have them.

    Raises:
        RecordError: it is no JSON, nested too deeply, or a value is not what it must be.
    """
    from pydantic import ValidationError

    check_values(content, name, repair)
    try:
        stored = _adapter(cast(Hashable, kind), frozenset(given)).validate_json(content)
    except ValidationError as error:
        raise _problem(_told(error, kind), name, repair) from None  # its text quotes the file
    return kind(**stored, **given) if dataclasses.is_dataclass(kind) else stored


def checked(value: Any, kind: type[T], name: str, repair: str = REPAIR) -> T:
    """`value`, which came out of a JSON file, as the record that it must be; see `record`.

    Raises:
        RecordError: it is not.
    """
    from pydantic import ValidationError

    try:
        return _adapter(cast(Hashable, kind)).validate_python(value)
    except ValidationError as error:
        raise _problem(_told(error, kind), name, repair) from None


def _told(error: Any, kind: Any) -> list[dict[str, Any]]:
    known = get_type_hints(kind) if dataclasses.is_dataclass(kind) or is_typeddict(kind) else {}
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    return [{**one, "known": True} if one["loc"] and one["loc"][0] in known else one for one in errors]


def read_record(path: Path, kind: type[T], repair: str = REPAIR, **given: Any) -> T:
    """The record in the file at `path`; see `record`.

    Raises:
        MissingFileError: there is none.
        WorkspaceError: it cannot be read, is too large, or is damaged.
    """
    return record(read_bytes(path, MOST_JSON_BYTES, repair), kind, str(path), repair, **given)


def whole_and_damaged(paths: Iterable[Path], read: Callable[[Path], T]) -> tuple[list[T], list[WorkspaceError]]:
    """What `read` gives of the files that can be read, in their order, and what is wrong with each of the others."""
    whole, damaged = [], []
    for path in paths:
        try:
            whole.append(read(path))
        except WorkspaceError as error:
            damaged.append(error)
    return whole, damaged
