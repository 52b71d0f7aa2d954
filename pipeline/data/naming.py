"""From the names of diagnoses in a table or in folders to codes: by what is sure, else by a mapping that a person has
confirmed. Nothing is mapped in silence."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from pipeline.classes import DIAGNOSES
from pipeline.data.diagnosis_names import BROAD, LEFT_OUT, PROPOSED, SAME, UNDECIDED, may_be_named, plain
from pipeline.data.quotable import problems_of, values_or_rows
from pipeline.errors import DataError
from pipeline.number_words import count

_MOST_NAMES = 100  # that a person is asked about
_MOST_SAID = 40
_PAIR = re.compile(r"\s*(?P<name>[^=]+?)\s*=\s*(?P<code>[\w-]+)\s*(?:,|$)")


@dataclass(frozen=True)
class Named:
    """A diagnosis by its name: how many images have it, and the code that is proposed; None where none is."""

    name: str
    images: int
    proposed: str | None


class UnconfirmedNamesError(DataError):
    """Names that only a person can turn into codes, with the proposals.

    Args:
        names: in alphabetical order.
        advice: what may be better than a mapping; may be empty.
    """

    def __init__(self, problem: str, next_step: str = "", names: tuple[Named, ...] = (), advice: str = ""):
        super().__init__(problem, next_step)
        self.names, self.advice = names, advice


def parse_naming(text: str) -> dict[str, str]:
    """The mapping that "solar lentigo=bkl,lentigo simplex=none" writes: a diagnosis's name, as `plain`, to its code or
    LEFT_OUT. A name may hold commas.

    Raises:
        DataError: it is not of that form, names a diagnosis twice, or names a code that there is not.
    """
    mapping: dict[str, str] = {}
    at = 0
    while at < len(text):
        pair = _PAIR.match(text, at)
        name, code = (plain(pair["name"]), pair["code"].lower()) if pair else ("", "")
        if not name or name in mapping:
            raise DataError("The mapping names a diagnosis twice." if name else "The mapping cannot be read.",
                            'Write it as "NAME=CODE,NAME=CODE".')
        mapping[name], at = code, pair.end()
    return checked_naming(mapping)


def checked_naming(mapping: Mapping[str, str]) -> dict[str, str]:
    """`mapping` with each name as `plain`.

    Raises:
        DataError: it names a code that there is not.
    """
    if any(code not in (*DIAGNOSES, LEFT_OUT) for code in mapping.values()):
        raise DataError("The mapping has a code that LesionLab does not know.",
                        f"The codes are {', '.join(DIAGNOSES)}; {LEFT_OUT} leaves a diagnosis out.")
    return {plain(name): code for name, code in mapping.items()}


def written_naming(names: Iterable[Named]) -> str:
    """The proposals as `parse_naming` reads them, LEFT_OUT where there is none."""
    return ",".join(f"{one.name}={one.proposed or LEFT_OUT}" for one in names)


def _to_confirm(names: Iterable[str]) -> tuple[Named, ...]:
    return tuple(Named(name, n, PROPOSED.get(name)) for name, n in sorted(Counter(names).items()))


def _how(names: Iterable[Named]) -> str:
    return (
        f'Look at this mapping, change it where it is wrong, and confirm it: --map "{written_naming(names)}". The '
        f"codes are {', '.join(DIAGNOSES)}; {LEFT_OUT} leaves a diagnosis out."
    )


def folders_to_confirm(problem: str, step: str, folders: Iterable[str]) -> UnconfirmedNamesError:
    """The refusal of images in folders none of which is named by a diagnosis; `folders`, one an image, may be named."""
    names = _to_confirm(plain(folder) for folder in folders)
    return UnconfirmedNamesError(problem, f"{step} {_how(names)}", names, f"{problem} {step}")


def _refusal(name: str, where: str, open_names: pd.Series) -> DataError:
    names = _to_confirm(open_names)
    if len(names) > _MOST_NAMES:
        return DataError(
            f"{name} has more than {_MOST_NAMES} names{where} that are no diagnosis which LesionLab knows.",
            f"Check that the diagnoses stand there. The codes are {', '.join(DIAGNOSES)}.",
        )
    listed = ", ".join(f"{one.name} ({count(one.images, 'image')})" for one in names[:_MOST_SAID])
    more = f" and {len(names) - _MOST_SAID} more" if len(names) > _MOST_SAID else ""
    return UnconfirmedNamesError(
        f"{name} has diagnoses{where} that LesionLab maps to no code unless somebody confirms it: {listed}{more}.",
        _how(names), names,
    )


def _said(names: pd.Series, codes: pd.Series | None = None) -> str:
    """Each name with its code and its number of images, in alphabetical order."""
    counts = names.value_counts().sort_index()
    said = [
        f"{name}{'' if codes is None else f' as {codes[names == name].iloc[0]}'} ({count(int(n), 'image')})"
        for name, n in counts.iloc[:_MOST_SAID].items()
    ]
    more = len(counts) - _MOST_SAID
    return ", ".join([*said, *([f"{more} more"] if more > 0 else [])])


def diagnosis_codes(
    written: pd.Series, images: pd.Series, name: str, mapping: Mapping[str, str] | None, where: str = ""
) -> tuple[pd.Series, list[dict], list[str]]:
    """The code of each image's diagnosis.

    Args:
        written: the names, text or NA; empty stays empty.
        images: image_id, on the same index.
        name: of the table or archive, and `where` in it they stand, for sentences.
        mapping: what was confirmed: a name, as `plain`, to a code or LEFT_OUT. It goes before what LesionLab knows.

    Returns:
        The codes (NA for what is left out), the images left out as {image_id, problem}, and notes.

    Raises:
        UnconfirmedNamesError: names need a person.
        DataError: names cannot be shown, the mapping names what is not there, or `benign` or `malignant` would stand
            beside diagnoses that they hold.
    """
    given = dict(mapping or {})
    filled = written[written.notna() & (written.str.strip() != "")]
    names = filled.map({text: plain(text) for text in filled.unique()})
    there = set(names.unique())
    if absent := sorted(set(given) - there):
        raise DataError(f"The mapping names {count(len(absent), 'diagnosis', 'diagnoses')} that {name} does not have.",
                        "Write each name as the table or the folder has it.")
    found = {one: SAME[one] for one in there if one in SAME}
    if {*found.values(), *given.values()} - {*BROAD, LEFT_OUT}:  # beside single diagnoses these say that none is known
        found = {one: code for one, code in found.items() if code not in BROAD}
    open_names = there - set(found) - set(given) - UNDECIDED - set(BROAD)
    if (unknown := names.isin(open_names)).any() and not filled[unknown].map(may_be_named).all():
        raise DataError(
            f"{name} has diagnoses{where} that LesionLab does not know: {values_or_rows(filled[unknown])}.",
            f"The known codes are {', '.join(DIAGNOSES)}.",
        )
    if open_names:
        raise _refusal(name, where, names[names.isin(open_names)])
    chosen = found | given
    codes = names.map({one: code for one, code in chosen.items() if code != LEFT_OUT})
    _check_broad(set(codes.dropna().unique()))
    left = codes.isna()
    notes = []
    confirmed, other = names.isin(list(given)) & ~left, names.ne(codes) & ~names.isin(list(given)) & ~left
    if other.any():
        notes.append(f"Diagnoses in other words: {_said(names[other], codes[other])}.")
    if confirmed.any():
        notes.append(f"Diagnoses as confirmed at the import: {_said(names[confirmed], codes[confirmed])}.")
    if left.any():
        notes.append(f"Left out, since they were mapped to no diagnosis: {_said(names[left])}.")
    problems = problems_of(images[left[left].index], "its diagnosis was mapped to none")
    return codes.reindex(written.index).astype("str"), problems, notes


def _check_broad(codes: set[str]) -> None:
    broad = codes & set(BROAD)
    if broad and codes - set(BROAD):
        raise DataError(
            f"The diagnoses {' and '.join(sorted(broad))} cannot stand beside {', '.join(sorted(codes - set(BROAD)))}: "
            "they hold those too.", f"Map all to {' and '.join(BROAD)}, or leave these out with {LEFT_OUT}.",
        )
