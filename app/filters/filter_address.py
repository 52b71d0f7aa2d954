"""Filters and order of a run's images as the address has them, each checked against what there is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.filters.case_filters import FILTERS
from app.loaders.case_tables import Known
from pipeline.metrics.case_table import ORDERS, Order

FIRST: Order = "loss"
CELL = ("truth", "predicted", "right")  # the filters that a cell of the confusion matrix is one of
_CORNERS = 60  # of an area, so that its address stays short


@dataclass
class Asked:
    """What the address asks for: `values` by the names of their filters, in the order of FILTERS, and in `problems`
    what of it is not here, a sentence each.
    """

    values: dict[str, Any] = field(default_factory=dict)
    order: Order = FIRST
    problems: list[str] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether anything is filtered: of the part that is shown, not all."""
        return bool(self.values.keys() - {"part"})

    @property
    def cell(self) -> tuple[str, str] | None:
        """The one cell (truth, predicted) of the confusion matrix that is asked for."""
        truth, predicted = self.values.get("truth", ()), self.values.get("predicted", ())
        return (truth[0], predicted[0]) if len(truth) == len(predicted) == 1 else None

    @property
    def decision(self) -> str | None:
        """The decision under which all of this is asked; None: as the run stored its predictions."""
        return self.values.get("decision")


def address_of(params: Mapping[str, str]) -> dict[str, str]:
    """Those of `params` that say which images are shown in which order."""
    return {name: params[name] for name in (*FILTERS, "sort") if name in params}


def asks_for_images(params: Mapping[str, str]) -> bool:
    """Whether `params` choose images, be it all of them."""
    return any(name in params for name in FILTERS if name != "part")


def read_address(params: Mapping[str, str], known: Known) -> Asked:
    """What `params` ask for. A level, run or set that is not here is left out and named in `problems`."""
    asked = Asked()
    for name, one in FILTERS.items():
        if name in params:
            value, gone = one.read(params[name], known)
            if value is not None:
                asked.values[name] = value
            asked.problems += [f"The address names the {one.noun} {text[:80]}, which is not here (any more). Shown "
                               "without this filter." for text in gone]
    if "sort" in params:
        if params["sort"] in ORDERS:
            asked.order = params["sort"]
        else:
            asked.problems.append(f"The address names the order {params['sort'][:40]}, which is not here. Sorted "
                                  "instead: highest loss first.")
    return asked


def written_outline(x: Sequence[float], y: Sequence[float]) -> str:
    """An outline on the map as the address has it: corners to a tenth, at most 60 of them."""
    corners = np.column_stack([x, y]).astype(float)
    kept = np.unique(np.linspace(0, len(corners) - 1, min(len(corners), _CORNERS)).round().astype(int))
    return ";".join(f"{a:.1f},{b:.1f}" for a, b in corners[kept])
