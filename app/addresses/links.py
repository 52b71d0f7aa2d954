"""Addresses that open the same view again: the query parameters, each checked against what there is."""

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from app.addresses.redraw import refreshing
from app.addresses.visits import mark
from pipeline.limits import MOST_PARAMETER

Parameter = Literal["run", "model", "data", "part", "truth", "predicted", "example", "quiz", "case", "search", "image",
                    "topic", "decision", "figure", "target", "factor", "prevalence", "lesions", "verdict", "lesion",
                     "guess", "stop", "set", "tab", "criterion", "view", "lesson"]
NOUNS: dict[str, str] = {
    "run": "run", "model": "model", "data": "data set", "part": "part", "truth": "reference diagnosis",
    "predicted": "predicted diagnosis", "example": "example image",
    "quiz": "set of hidden images", "case": "hidden image", "image": "image", "search": "learning-rate search",
    "topic": "topic", "decision": "decision", "figure": "figure", "target": "target", "factor": "grouping",
    "lesion": "lesion", "guess": "guess", "stop": "error of the tour", "set": "teaching set",
    "tab": "part of the page", "criterion": "criterion", "view": "view", "lesson": "lesson",
    "prevalence": "prevalence", "lesions": "set of lesions", "verdict": "verdict",
}
CASE = "views/case_page.py"
EVALUATE_ON, DATASET, JUDGE = (f"views/{page}_page.py" for page in ("evaluate_on", "dataset", "judge"))
TOUR, LESSON, TEACH, TAKE_PART = (f"views/{page}_page.py" for page in ("tour", "lesson", "teach", "take_part"))
RUNS, MODELS, ARTICLE = (f"views/{page}_page.py" for page in ("runs", "models", "article"))
HOME, TRAIN, ERRORS, CLASSIFY = (f"views/{page}_page.py" for page in ("home", "train", "errors", "classify"))

EVERYTHING = "all"  # of a filter that leaves nothing out unless the page chooses for who asks for nothing


class Door(NamedTuple):
    """A part of a page: the page, and the parameters that open it there."""

    page: str
    values: dict[str, str]


EVALUATION, LEAKAGE = JUDGE, Door(JUDGE, {"tab": "leakage"})
GET_DATA, RATES = Door(DATASET, {"view": "get"}), Door(TRAIN, {"tab": "learning-rate"})


class Linked(NamedTuple):
    """What the address names: `value` where there is such a one, else `problem` in words; both None without it."""

    value: str | None
    problem: str | None


def linked(parameter: Parameter, known: Collection[str]) -> Linked:
    """The address's `parameter`, if it is one of `known`."""
    value = st.query_params.get(parameter)
    if value is None or value in known:
        return Linked(value, None)
    return Linked(None, f"The address names the {NOUNS[parameter]} {value[:80]}, which is not here (any more).")


def without_long_values() -> None:
    """Takes out of the address what is longer than any page writes, before a page works through it; says so."""
    long = [name for name, value in st.query_params.to_dict().items() if len(value) > MOST_PARAMETER]
    for name in long:
        del st.query_params[name]
    if long:
        st.warning("The address has values that are longer than any page writes. Shown without them.",
                   icon=":material/link_off:")


def remember(**values: str | None) -> None:
    """Put `values` into the address; None takes a parameter out. A view that refreshes itself changes no address."""
    if refreshing():
        return
    for parameter, value in values.items():
        if value is None:
            if parameter in st.query_params:
                del st.query_params[parameter]
        elif st.query_params.get(parameter) != value:
            st.query_params[parameter] = value


def go(page: str | Door, **values: str) -> None:
    """Open another page, or a part of one, with these parameters."""
    place = page if isinstance(page, Door) else Door(page, {})
    st.switch_page(place.page, query_params={**place.values, **values, **mark()})


def shared_address(page: str, **values: str) -> str:
    """The whole address of a page for another person's browser, as this one reaches the server.

    Args:
        page: its name in an address.
    """
    here = urlsplit(st.context.url or "")
    folder = here.path.rpartition("/")[0]  # of a page of its own, where the app lies below another site's folder
    return urlunsplit((here.scheme, here.netloc, f"{folder}/{page}", urlencode(values), ""))


class Way(NamedTuple):
    """A link to the images behind a number: what it says, how many there are, and the parameters of Errors."""

    words: str
    number: int
    link: dict[str, str]


def explore_link(run: str, **filters: str | bool | Sequence[str] | tuple[float, float]) -> dict[str, str]:
    """Parameters for `go(ERRORS, **…)` or a page link: the held-out images of `run` behind a number, of all parts and
    right ones too where `filters` do not say otherwise.

    Args:
        filters: values by the names in `app.filters.case_filters.FILTERS`, each of its filter's kind: a level or
            several, a bool, (low, high) of which high may be infinite; and one of `pipeline.metrics.case_table.ORDERS`
            for sort.
    """
    said = {name: written(value) for name, value in filters.items()}
    return {"run": run, "part": EVERYTHING, "right": EVERYTHING, **said, **mark()}


def written(value: str | bool | Sequence[str] | tuple[float, float]) -> str:
    """A filter as the address has it: "yes", "mel,nv", "0.5..0.9", "2.." (no upper end)."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value.replace("%", "%25").replace(",", "%2C")
    if isinstance(value, tuple) and all(isinstance(end, (int, float)) for end in value):
        low, high = value
        return f"{float(low)!r}..{'' if high == float('inf') else repr(float(high))}"
    return ",".join(written(str(level)) for level in value)
