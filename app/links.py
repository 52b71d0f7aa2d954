"""Addresses that open the same view again: the query parameters, each checked against what there is."""

from collections.abc import Collection
from typing import Literal, NamedTuple

import streamlit as st

from app.visits import mark

Parameter = Literal["run", "model", "data", "part", "truth", "predicted", "example", "quiz", "case", "search"]
NOUNS: dict[str, str] = {
    "run": "run", "model": "model", "data": "data set", "part": "part", "truth": "true diagnosis",
    "predicted": "predicted diagnosis", "example": "example image",
    "quiz": "set of hidden images", "case": "hidden image", "search": "learning-rate search",
}
DATASET, GET_DATA = "views/dataset.py", "views/get_data.py"
RUNS, MODELS, RATES, ARTICLE = (f"views/{page}.py" for page in ("runs", "models", "rates", "article"))
HOME, TRAIN, ERRORS, CLASSIFY = (f"views/{page}.py" for page in ("home", "train", "errors", "classify"))


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


def remember(**values: str | None) -> None:
    """Put `values` into the address; None takes a parameter out."""
    for parameter, value in values.items():
        if value is None:
            if parameter in st.query_params:
                del st.query_params[parameter]
        elif st.query_params.get(parameter) != value:
            st.query_params[parameter] = value


def go(page: str, **values: str) -> None:
    """Open another page with these parameters."""
    st.switch_page(page, query_params={**values, **mark()})
