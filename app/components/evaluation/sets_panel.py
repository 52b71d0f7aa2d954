"""Answering only when sure: what prediction sets promise, and for whom; and who goes where the unsure get no answer."""

import pandas as pd
import streamlit as st

from app.addresses.evaluation_ways import Ways
from app.addresses.links import Way
from app.charts.set_figures import coverage_chart, surest_chart
from app.components.figures import chart, dark, open_table, show
from app.components.help_text import help_text
from app.components.image_ways import row_ways
from app.components.pickers import address_radio
from app.loaders import evaluation_rows, held_out_sets
from app.words.factor_words import level_words
from pipeline.classes import MELANOMA, label
from pipeline.data.dataset import Dataset
from pipeline.metrics.conformal import MISS
from pipeline.metrics.set_coverage import (
    DIAGNOSIS,
    EVERYTHING,
    GROUP,
    MELANOMA_IN_GROUP,
    OVER_ALL,
    PER_DIAGNOSIS,
    SPLITS,
)
from pipeline.metrics.units import is_number, with_interval
from pipeline.number_words import count, decimal, percent
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text
from pipeline.vocabulary import Decision, HeldOutPart

_KEY, _HALF = "evaluation.sets", 0.5
_BY = {"diagnosis": "Diagnosis", "source": "Image source"}
_KINDS = {"diagnosis": (EVERYTHING, DIAGNOSIS), "source": (EVERYTHING, GROUP, MELANOMA_IN_GROUP)}


def sets_panel(
    run: RunDir, dataset: Dataset | None, part: HeldOutPart, decision: Decision, ways: Ways
) -> None:
    """Coverage of both kinds of sets, and accuracy against the melanomas that are left, of one part."""
    surest = held_out_sets.surest(run, part, decision)
    if surest.empty:
        st.info("This part has no lesion.")
        return
    table = held_out_sets.coverage(run, dataset, part, decision)
    by = address_radio("Coverage by", "figure", _BY) if (table["kind"] == GROUP).sum() > 2 else "diagnosis"
    rows = table[table["kind"].isin(_KINDS[by])]
    rows = rows.assign(words=[_words(row.kind, row.level) for row in rows.itertuples()]).reset_index(drop=True)
    title = f"Lesions in their own set at {percent(1 - MISS, 0)}, decision {decision}"
    shown = rows[rows["sets"] == PER_DIAGNOSIS]
    names = list(shown["words"])
    chart(coverage_chart(rows, title, dark()), _KEY, names)
    open_table(_in_words(rows, _BY[by]), _KEY, names)
    sources = evaluation_rows.groups(run, dataset, part, decision, "source") if by == "source" else None
    row_ways(names, lambda place: _ways_of(ways, shown["kind"].iat[place], shown["level"].iat[place], sources), _KEY)
    _melanomas_covered(table)
    st.caption(f"Half of the lesions of each diagnosis rank, the others are judged, each lesion once; mean of {SPLITS} "
               "such splits, with the lowest and the highest. Other lesions of the same collection, not of a clinic.")
    st.divider()
    name = f"{run.name}-{part}-{decision}-surest"
    show(surest_chart(surest, "Who is left where only the surest lesions get an answer", dark()),
         surest, name, key="evaluation.surest")
    _half(surest)
    help_text("sets", "What a prediction set is, and the trap of answering only when sure")


def _ways_of(ways: Ways, kind: str, level: str, sources: pd.Series | None) -> list[Way]:
    """To the images of one row."""
    if kind == EVERYTHING:
        return ways.of_all()
    if sources is None:
        return ways.of_target([level])
    if kind == GROUP:
        return ways.of_group("source", level, sources, "accuracy", ())
    return ways.of_group("source", level, sources, "sensitivity", [MELANOMA])


def _words(kind: str, level: str) -> str:
    if kind == EVERYTHING:
        return "All lesions"
    source = level_words("source", level) if kind != DIAGNOSIS else ""
    return label(level) if kind == DIAGNOSIS else f"Melanomas, {source}" if kind == MELANOMA_IN_GROUP else source


def _in_words(rows: pd.DataFrame, first: str) -> pd.DataFrame:
    per, over = (rows[rows["sets"] == sets].reset_index(drop=True) for sets in (PER_DIAGNOSIS, OVER_ALL))
    columns = {first: per["words"], "Lesions": per["lesions"].map("{:,}".format)}
    for name, of in (("a set per diagnosis", per), ("one set over all", over)):
        columns |= {
            f"Covered, {name}": list(map(with_interval, of[["coverage", "coverage_low", "coverage_high"]].to_numpy())),
            f"Mean size, {name}": [decimal(size, 2) for size in of["size"]],
            f"Of one diagnosis, {name}": of["alone"].map(percent),
        }
    return pd.DataFrame(columns)


def _melanomas_covered(table: pd.DataFrame) -> None:
    of = table[(table["kind"] == DIAGNOSIS) & (table["level"] == MELANOMA)].set_index("sets")["coverage"]
    if len(of) and is_number(of[PER_DIAGNOSIS]):
        st.markdown(f"Both cover about 9 in 10 lesions. Of the melanomas one set over all diagnoses covers "
                    f"**{percent(of[OVER_ALL])}**, a set per diagnosis **{percent(of[PER_DIAGNOSIS])}**.")


def _half(surest: pd.DataFrame) -> None:
    half = surest.iloc[(surest["share"] - _HALF).abs().argmin()]
    right = with_interval((half["right"], half["right_low"], half["right_high"]))
    said = f"The surest {percent(half['share'], 0)} of the lesions: {right} right."
    if half["melanomas"]:
        left = with_interval((half["left"], half["left_low"], half["left_high"]))
        said += (f" Of {count(int(half['melanomas']), 'melanoma')} {int(half['answered']):,} are among them, {left}; "
                 f"{int(half['named']):,} are called melanoma. All others would get no answer.")
    st.markdown(as_text(said))
    st.caption(f"n = {count(int(half['lesions']), 'lesion')}, each with the mean of its images. 95 % intervals: "
               "Wilson's.")
