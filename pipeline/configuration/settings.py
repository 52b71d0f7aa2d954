"""What a setting of a training is: declared once, at the field that it changes, and read by all who need it.

From its declaration a setting is parsed from `--set key=value`, printed, explained by the command line, drawn as a
widget by the page Train, and bounded where a stored configuration is read.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType
from typing import Any, ClassVar, get_args, get_type_hints

from annotated_types import GroupedMetadata, Interval

from pipeline.errors import ConfigError


def _number(key: str, text: str, kind: type, low: float, high: float) -> Any:
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        noun = "a whole number" if kind is int else "a number"
        raise ConfigError(f"{key}={text} is not {noun} from {low:g} to {high:g}.", "Give a value in that range.")
    return value


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        title: over its widget.
        sentence: what it does.
        key: its name for `--set`; that of its field unless the declaration says another.
        field: of the configuration; `declared` fills it in.
        optional: whether the field may be None, which is written "none".
    """

    title: str
    sentence: str
    key: str = dataclasses.field(default="", kw_only=True)
    field: str = dataclasses.field(default="", kw_only=True)
    optional: bool = dataclasses.field(default=False, kw_only=True)

    after_all_others: ClassVar[bool] = False  # whether it is applied when the other settings have been

    @property
    def values(self) -> str:
        """What it may be, in words; empty where the sentence says it."""
        return ""

    @property
    def explained(self) -> str:
        """The sentence with the values."""
        return f"{self.sentence} {self.values}".strip()

    def parse(self, text: str, config: Any) -> dict[str, Any]:
        """The fields of `config` that `text` changes, with their new values.

        Raises:
            ConfigError: it is not a value of this setting.
        """
        if self.optional and text == "none":
            return {self.field: None}
        return {self.field: self.value(text)}

    def value(self, text: str) -> Any:
        """The field's value that `text` names; ConfigError as `parse`."""
        raise NotImplementedError

    def text(self, config: Any) -> str:
        """Its value in `config` as `parse` takes it."""
        value = getattr(config, self.field)
        return "none" if value is None else str(value)


@dataclass(frozen=True)
class Choice(Setting):
    """One of some words: `options` has each with what a page calls it."""

    options: dict[str, str]

    @property
    def values(self) -> str:
        return f"One of: {', '.join(self.options)}."

    def value(self, text: str) -> str:
        if text not in self.options:
            raise ConfigError(f"{self.key}={text} is not known.", f"Choose one of: {', '.join(self.options)}.")
        return text


@dataclass(frozen=True)
class Switch(Setting):
    """yes or no."""

    @property
    def values(self) -> str:
        return "yes or no."

    def value(self, text: str) -> bool:
        if text not in ("yes", "no"):
            raise ConfigError(f"{self.key}={text} is not known.", "Choose one of: yes, no.")
        return text == "yes"

    def text(self, config: Any) -> str:
        return "yes" if getattr(config, self.field) else "no"


def _shown(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"


@dataclass(frozen=True)
class Number(Setting, GroupedMetadata):
    """A number from `low` to `high`, whole where these are; a stored configuration has it in that range, too.

    Attributes:
        low_stored: the lowest that a stored configuration may have, where that is another.
    """

    low: float
    high: float
    low_stored: float | None = None

    def __iter__(self) -> Iterator[object]:
        yield Interval(ge=self.low if self.low_stored is None else self.low_stored, le=self.high)

    @property
    def kind(self) -> type:
        """int or float."""
        return int if isinstance(self.low, int) and isinstance(self.high, int) else float

    @property
    def values(self) -> str:
        return f"{_shown(self.low)} to {_shown(self.high)}{', or none' * self.optional}."

    def value(self, text: str) -> float:
        return _number(self.key, text, self.kind, self.low, self.high)


@dataclass(frozen=True)
class Size(Setting):
    """Width and height of the input, each from `low` to `high` pixels: N for N×N, or WIDTHxHEIGHT."""

    low: int
    high: int

    @property
    def values(self) -> str:
        return f"{self.low} to {self.high} each."

    def parse(self, text: str, config: Any) -> dict[str, Any]:
        width, _, height = text.lower().partition("x")
        width = _number(self.key, width, int, self.low, self.high)
        return {"width": width, "height": _number(self.key, height, int, self.low, self.high) if height else width}

    def text(self, config: Any) -> str:
        return f"{config.width}x{config.height}"


@dataclass(frozen=True)
class DatasetName(Setting):
    """The name of a data set of the workspace; whether it is there shows where a run is planned."""

    @property
    def values(self) -> str:
        return f"A data set's name{', or none' * self.optional}."

    def value(self, text: str) -> str:
        if not text or "/" in text or "\\" in text or text.startswith("."):
            raise ConfigError(f"{self.key}={text} is no data set's name.", "`data list` names the data sets.")
        return text


@dataclass(frozen=True)
class StageEpochs(Setting):
    """Epochs of each stage, from 0, which leaves it out, to `high`; applied last, so that others see every stage."""

    high: int

    after_all_others = True

    def parse(self, text: str, config: Any) -> dict[str, Any]:
        counts = [_number(self.key, part.strip(), int, 0, self.high) for part in text.split(",")]
        if len(counts) != len(config.stages):
            named, has = f"{len(counts)} stage{'s' * (len(counts) != 1)}", len(config.stages)
            raise ConfigError(f"{self.key}={text} names {named}, but the preset has {has}.",
                              "Give one number a stage with a comma between; 0 leaves a stage out.")
        stages = tuple(
            dataclasses.replace(stage, epochs=n) for stage, n in zip(config.stages, counts, strict=True) if n
        )
        if not stages:
            raise ConfigError(f"{self.key}={text} leaves no stage to train.", "Give at least one stage an epoch.")
        return {"stages": stages}

    def text(self, config: Any) -> str:
        return ",".join(str(stage.epochs) for stage in config.stages)


@dataclass(frozen=True)
class StageRates(Setting):
    """The highest learning rate of each stage, or two of them, each from `low` to `high`."""

    low: float
    high: float

    def of_stage(self, text: str) -> list[float]:
        """The rates that "RATE" or "EARLIEST:HEAD" names: one or two.

        Raises:
            ConfigError: it is neither.
        """
        rates = [_number(self.key, rate.strip(), float, self.low, self.high) for rate in text.split(":")]
        if len(rates) > 2:
            raise ConfigError(f"{self.key}={text} has more than two rates.", "Give RATE or EARLIEST:HEAD.")
        return rates

    def parse(self, text: str, config: Any) -> dict[str, Any]:
        parts = text.split(",")
        if len(parts) != len(config.stages):
            named, has = f"{len(parts)} stage{'s' * (len(parts) != 1)}", len(config.stages)
            raise ConfigError(f"{self.key}={text} names {named}, but the run has {has}.",
                              "Give one rate a stage with a comma between; EARLIEST:HEAD for discriminative rates.")
        stages = []
        for stage, rates in zip(config.stages, map(self.of_stage, parts), strict=True):
            earliest = rates[0] if len(rates) == 2 else None
            stages.append(dataclasses.replace(stage, lr_max=rates[-1], lr_earliest=earliest))
        return {"stages": tuple(stages)}

    def text(self, config: Any) -> str:
        return ",".join(
            f"{s.lr_max:g}" if s.lr_earliest is None else f"{s.lr_earliest:g}:{s.lr_max:g}" for s in config.stages
        )


def _settings_in(hint: Any) -> Iterator[Setting]:
    """Those that an annotation has, itself or within: of `X | None` those of X."""
    yield from (part for part in getattr(hint, "__metadata__", ()) if isinstance(part, Setting))
    for part in get_args(hint):
        if not isinstance(part, Setting):
            yield from _settings_in(part)


def declared(config: type) -> dict[str, Setting]:
    """The settings that the fields of a dataclass declare in their annotations, by key, in the fields' order."""
    found = {}
    for field, hint in get_type_hints(config, include_extras=True).items():
        for setting in _settings_in(hint):
            key = setting.key or field
            found[key] = dataclasses.replace(setting, key=key, field=field, optional=NoneType in get_args(hint))
    return found
