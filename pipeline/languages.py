"""The languages of a class: English as it stands in the code, and a gettext catalogue for each of the others.

A catalogue is `assets/languages/<code>.po`; it answers English words with its own, so that what it lacks is said in
English. `tests/pipeline/test_languages.py` finds everything that is said, and counts what a catalogue lacks.
"""

import gettext
import io
import math
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import get_args

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from pipeline.number_words import UNDEFINED
from pipeline.vocabulary import LanguageCode

FOLDER = Path(__file__).resolve().parents[1] / "assets" / "languages"
LANGUAGES: dict[LanguageCode, str] = {"en": "English", "de": "Deutsch"}  # each as it calls itself
REVIEWED: frozenset[LanguageCode] = frozenset()  # those whose clinical terms a dermatologist has read


def marked(text: str) -> str:
    """`text` itself: words in a table, which are said later, so that they are found to be translated."""
    return text


@dataclass(frozen=True)
class Language:
    """Says English words in one language.

    Attributes:
        catalogue: what answers the English words.
    """

    code: LanguageCode
    catalogue: gettext.NullTranslations

    @property
    def reviewed(self) -> bool:
        """Whether a dermatologist has read its clinical terms."""
        return self.code in REVIEWED

    def say(self, text: str, **values: object) -> str:
        """`text` in this language, or in English where the catalogue lacks it; `values` take the places of {names}."""
        return self.catalogue.gettext(text).format(**values)

    def say_count(self, one: str, many: str, number: int, **values: object) -> str:
        """`one` or `many`, as the language counts, with {number} as it writes numbers."""
        text = self.catalogue.ngettext(one, many, number)
        return text.format(number=self.decimal(number, 0), **values)

    def decimal(self, value: float | None, decimals: int = 3) -> str:
        """A number as "0.912" or "0,912"; a dash for what is undefined."""
        if value is None or not math.isfinite(value):
            return UNDEFINED
        return format_decimal(value, "#,##0" + ("." + "0" * decimals if decimals else ""), locale=self.code)

    def percent(self, share: float | None, decimals: int = 1) -> str:
        """A share of 0..1 as "84.3 %" or "84,3 %"."""
        return UNDEFINED if share is None or not math.isfinite(share) else f"{self.decimal(100 * share, decimals)} %"

    def date(self, moment: float) -> str:
        """The day, on this computer's clock, of a moment in seconds since 1970 (UTC): "28 November 2026"."""
        # "en" is written as in Britain, as everything here is
        return format_date(datetime.fromtimestamp(moment), "long", locale="en_GB" if self.code == "en" else self.code)

    def probability(self, value: float) -> str:
        """Like `percent`, but a number that is not quite 0 or 1 is not written as if it were."""
        if 0 < value < 0.0005:
            return f"< {self.percent(0.001)}"
        return f"> {self.percent(0.999)}" if 0.9995 < value < 1 else self.percent(value)


@cache
def language(code: LanguageCode) -> Language:
    """The language of this code, one of `LANGUAGES`."""
    assert code in get_args(LanguageCode)
    if code == "en":
        return Language(code, gettext.NullTranslations())
    with (FOLDER / f"{code}.po").open("rb") as file:
        write_mo(compiled := io.BytesIO(), read_po(file, locale=code, abort_invalid=True))
    compiled.seek(0)
    return Language(code, gettext.GNUTranslations(compiled))
