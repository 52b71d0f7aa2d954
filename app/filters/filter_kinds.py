"""The kinds of filters over a run's images: how a value stands in the address, and the widget that changes it there."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import ArrayLike

from app.addresses.links import EVERYTHING, remember, written
from app.loaders.case_tables import Known
from pipeline.metrics.case_table import Range
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

MOST_PROBLEMS = 5  # of one parameter that are named
_ALL = ""  # None would be shown as a box that waits for a choice
_YES = {"yes": True, "no": False}
Mask = ArrayLike  # a truth value for each row of a table


class Cases(NamedTuple):
    """What a filter chooses from: the run, its `case_table` under the decision that is asked for, what can be asked of
    it, and all values that are asked for by the names of their filters.
    """

    run: RunDir
    table: pd.DataFrame
    known: Known
    asked: Mapping[str, Any]


class Place(NamedTuple):
    """Where a widget stands in the bar: in a row of `filter_bar.ROWS`, and in which of its columns from 0."""

    row: str
    column: int


def _nothing(value: Any, asked: Mapping[str, Any], known: Known) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One filter; its kind is the subclass.

    Attributes:
        name: its parameter in the address.
        noun: what the address names by it: "The address names the <noun> <value>, which is not here".
        keeps: which rows of `Cases.table` have the value.
        title: of the widget; help: beside it.
        place: of the widget; None for a filter that has none.
        words: what the chip beside the bar says of the value; None for nothing.
        everything: whether the address can say that all are asked for.
    """

    name: str
    noun: str
    keeps: Callable[[Cases, Any], Mask]
    title: str = ""
    place: Place | None = None
    words: Callable[[Any, Mapping[str, Any], Known], str | None] = _nothing
    help: str | None = None
    everything: bool = False

    def read(self, text: str, known: Known) -> tuple[Any, list[str]]:
        """The value that the address's `text` asks for, None for none; and what in it is not here."""
        if self.everything and text == EVERYTHING:
            return None, []
        try:
            return self._value(text, known), []
        except (KeyError, ValueError):
            return None, [text]

    def draw(self, value: Any, asked: Mapping[str, Any], known: Known) -> None:
        """The widget with `value` in it, None for none; another choice goes into the address."""

    def _value(self, text: str, known: Known) -> Any:
        """
        Raises:
            KeyError, ValueError: the text has no value, or one that is not here.
        """
        raise NotImplementedError

    @property
    def _key(self) -> str:
        return f"explore.{self.name}"

    def _remember(self, text: str | None) -> None:
        remember(page=None, **{self.name: text})


def _split(text: str) -> tuple[str, ...]:
    return tuple(level.replace("%2C", ",").replace("%25", "%") for level in text.split(","))


@dataclass(frozen=True, kw_only=True)
class Several(Filter):
    """Any of several levels.

    Attributes:
        levels: those that are known.
        level_words: a level in words.
        alone: whether a level that is not here leaves the others in force; else all of them are refused.
        least: how many levels must be known for the widget to be drawn.
        placeholder: what stands in the widget without a choice.
    """

    levels: Callable[[Known], Collection[str]]
    level_words: Callable[[str, Known], str]
    alone: bool = False
    least: int = 0
    placeholder: str = "All"

    def read(self, text: str, known: Known) -> tuple[tuple[str, ...] | None, list[str]]:
        if self.everything and text == EVERYTHING:
            return None, []
        wanted, levels = _split(text), self.levels(known)
        gone = [level for level in wanted if level not in levels]
        if gone and not self.alone:
            return None, [text]
        return tuple(level for level in wanted if level in levels) or None, gone[:MOST_PROBLEMS]

    def draw(self, value: tuple[str, ...] | None, asked: Mapping[str, Any], known: Known) -> None:
        levels = list(self.levels(known))
        if len(levels) < self.least:
            return
        st.session_state[self._key] = list(value or ())
        st.multiselect(
            as_text(self.title), levels, key=self._key, format_func=lambda level: self.level_words(level, known),
            on_change=self._changed, placeholder=self.placeholder, disabled=not levels,
            help=as_text(self.help) if self.help else None,
        )

    def _changed(self) -> None:
        self._remember(written(st.session_state[self._key]) or None)


@dataclass(frozen=True, kw_only=True)
class OneOf(Filter):
    """One of some values, or all.

    Attributes:
        values: those that can be asked for here; without any the widget is disabled.
        value_words: one of them in words.
        all_words: no choice in words.
        help_without: whether `help` says why there is no value, and is needed only then.
    """

    values: Callable[[Known], Sequence[str]]
    value_words: Callable[[str, Known], str]
    all_words: str = "All"
    help_without: bool = False

    def _value(self, text: str, known: Known) -> Any:
        if text not in self.values(known):
            raise ValueError(text)
        return text

    def draw(self, value: Any, asked: Mapping[str, Any], known: Known) -> None:
        values = list(self.values(known))
        told = self.help and not (self.help_without and values)
        st.session_state[self._key] = _ALL if value is None else written(value)
        st.selectbox(as_text(self.title), [_ALL, *values], key=self._key, on_change=self._changed, disabled=not values,
                     format_func=lambda one: self.all_words if one == _ALL else self.value_words(one, known),
                     help=as_text(self.help) if told else None)

    def _changed(self) -> None:
        self._remember(st.session_state[self._key] or None)


@dataclass(frozen=True, kw_only=True)
class YesOrNo(OneOf):
    """A truth value: yes, no, or both."""

    all_words: str = "Both"

    def _value(self, text: str, known: Known) -> bool:
        return _YES[super()._value(text, known)]


@dataclass(frozen=True, kw_only=True)
class Segments(YesOrNo):
    """A truth value in view, all values side by side; both are asked for by name."""

    everything: bool = True

    def draw(self, value: Any, asked: Mapping[str, Any], known: Known) -> None:
        st.session_state[self._key] = EVERYTHING if value is None else written(value)
        st.radio(
            as_text(self.title), [*self.values(known), EVERYTHING], key=self._key, on_change=self._changed,
            horizontal=True, label_visibility="collapsed", width="content",
            format_func=lambda one: as_text(
                self.all_words if one == EVERYTHING else self.value_words(one, known)))


@dataclass(frozen=True, kw_only=True)
class Ticked(Filter):
    """Only what has a mark; "no" asks for nothing."""

    def _value(self, text: str, known: Known) -> bool | None:
        return _YES[text] or None

    def draw(self, value: bool | None, asked: Mapping[str, Any], known: Known) -> None:
        st.session_state[self._key] = bool(value)
        st.checkbox(as_text(self.title), key=self._key, help=as_text(self.help) if self.help else None,
                    on_change=lambda: self._remember("yes" if st.session_state[self._key] else None))


@dataclass(frozen=True, kw_only=True)
class Bounds(Filter):
    """A range low <= value < high, so that neighbouring ranges share nothing."""

    def _value(self, text: str, known: Known) -> Range:
        low, found, high = text.partition("..")
        bounds = float(low), float(high) if high else math.inf
        if not found or not bounds[0] <= bounds[1]:
            raise ValueError(text)
        return bounds


@dataclass(frozen=True, kw_only=True)
class Shares(Bounds):
    """A range of probabilities, 0..1; a high of 1 keeps 1 too. The slider counts in per cent.

    Attributes:
        of: the filter without which this one has no meaning, and no widget.
    """

    of: str | None = None

    def draw(self, value: Range | None, asked: Mapping[str, Any], known: Known) -> None:
        if self.of and self.of not in asked:
            return
        st.session_state[self._key] = tuple(100 * min(max(end, 0.0), 1.0) for end in value or (0.0, 1.0))
        st.slider(as_text(self.title), 0.0, 100.0, key=self._key, on_change=self._changed, step=1.0, format="%d %%")

    def _changed(self) -> None:
        low, high = (end / 100 for end in st.session_state[self._key])
        self._remember(None if (low, high) == (0.0, 1.0) else written((low, high)))


@dataclass(frozen=True, kw_only=True)
class Numbers(Bounds):
    """A range of numbers from 0 without an upper end, in two boxes; an empty box is no end.

    Attributes:
        title: of the box for the lower end; title_high: of the other.
    """

    title_high: str

    def draw(self, value: Range | None, asked: Mapping[str, Any], known: Known) -> None:
        low, high = value or (0.0, math.inf)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            for end, title, number in (("low", as_text(self.title), low or None),
                                       ("high", as_text(self.title_high), high if math.isfinite(high) else None)):
                key = f"{self._key}.{end}"
                st.session_state[key] = number
                st.number_input(title, 0.0, None, key=key, step=0.5, format="%.2f", on_change=self._changed,
                                placeholder="Any")

    def _changed(self) -> None:
        low, high = (st.session_state[f"{self._key}.{end}"] for end in ("low", "high"))
        bounds = low or 0.0, math.inf if high is None else high
        self._remember(None if bounds == (0.0, math.inf) else written((bounds[0], max(bounds))))


@dataclass(frozen=True, kw_only=True)
class Outline(Filter):
    """The inside of an outline on the map, an array (V, 2) of its corners; drawn there, so it has no widget here."""

    def _value(self, text: str, known: Known) -> np.ndarray:
        corners = np.array([[float(number) for number in corner.split(",")] for corner in text.split(";")])
        if not known.map or corners.ndim != 2 or corners.shape[1] != 2 or not np.isfinite(corners).all():
            raise ValueError(text)
        return corners
