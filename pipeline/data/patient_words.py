"""Ages and sexes as people write them: `75,0`, `85+`, "90 years", "seventy-five", "F", "männlich"."""

import re

import numpy as np
import pandas as pd

OLDEST = 120  # years
_YEARS = r"(?:y|yr|yrs|yo|y/o|year|years|years? old|jahre?|ans?|años?|anos?|anni)\.?"
_AGE = re.compile(
    rf"(?:>=?|≥|over|ab)?\s*(?P<years>\d{{1,3}}(?:[.,]\d{{1,3}})?)\s*(?:\+|plus|and over)?\s*(?:{_YEARS})?"
)
_ONES = {word: n for n, word in enumerate((
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
))}
_TENS = {word: 10 * n for n, word in enumerate(
    ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), start=2
)}
_SEXES = {
    "male": "m man men boy masculine männlich maennlich mann homme masculin hombre masculino maschio uomo",
    "female": "f w woman women girl feminine weiblich frau femme féminin feminin mujer femenino feminino femmina donna",
}
_SEX_OF = {word: sex for sex, words in _SEXES.items() for word in words.split()}
_MOST_SHOWN = 6


def _years_in_words(text: str) -> float:
    """"seventy-five" as 75, "one hundred and two" as 102; NaN for anything else."""
    words = [word for word in re.split(r"[\s-]+", re.sub(rf"\s{_YEARS}$", "", text)) if word != "and"]
    total = 0
    if "hundred" in words[:2]:
        if words[: words.index("hundred")] not in ([], ["one"], ["a"]):
            return np.nan
        total, words = 100, words[words.index("hundred") + 1 :]
    if not words:
        return float(total) if total else np.nan
    if words[0] in _TENS and (len(words) == 1 or len(words) == 2 and 1 <= _ONES.get(words[1], 0) <= 9):
        return float(total + _TENS[words[0]] + (_ONES[words[1]] if len(words) == 2 else 0))
    return float(total + _ONES[words[0]]) if len(words) == 1 and words[0] in _ONES else np.nan


def _years(text: str) -> float:
    found = _AGE.fullmatch(text)
    return float(found["years"].replace(",", ".")) if found else _years_in_words(text)


def ages(written: pd.Series, notes: list[str]) -> pd.Series:
    """Years as float, NaN for what is no age of 0 to 120 years; adds to `notes` what was guessed.

    Args:
        written: text or NA.
    """
    texts = written.fillna("").str.split().str.join(" ").str.lower()
    plain = pd.to_numeric(texts, errors="coerce").astype(float)
    others = {text: _years(text) for text in texts[plain.isna()].unique()}
    age = plain.fillna(texts.map(others).astype(float))
    age = age.where(age.between(0, OLDEST))
    guessed = plain.isna() & age.notna()
    if guessed.any():
        kinds = sorted(set(texts[guessed]))
        pairs = [f"{kind} as {age[texts == kind].iloc[0]:g}" for kind in kinds[:_MOST_SHOWN]]
        more = f" and {len(kinds) - _MOST_SHOWN:,} more" if len(kinds) > _MOST_SHOWN else ""
        notes.append(f"Ages read from words and marks, {guessed.sum():,} of {len(age):,}: {', '.join(pairs)}{more}.")
    return age


def sexes(written: pd.Series, notes: list[str]) -> pd.Series:
    """"male", "female", "unknown" where empty, else the word in small letters; adds to `notes` what was guessed.

    Args:
        written: text or NA.
    """
    words = written.fillna("unknown").replace("", "unknown").str.strip().str.lower()
    read = words.map(_SEX_OF)
    if read.notna().any():
        pairs = sorted(set(zip(words[read.notna()], read.dropna(), strict=True)))
        notes.append(f"Sexes read from other words: {', '.join(f'{word} as {sex}' for word, sex in pairs)}.")
    return read.fillna(words)
