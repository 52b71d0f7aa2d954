"""One figure within groups of images: where it differs from the rest by more than chance."""

import math

import pandas as pd
import streamlit as st

from app.addresses.evaluation_ways import Ways
from app.charts.evaluation import subgroup_chart
from app.components.figures import chart, dark, open_table
from app.components.help_text import help_text
from app.components.image_ways import row_ways
from app.components.pickers import address_radio, pick
from app.loaders import evaluation_rows, resources
from app.loaders.evaluation_rows import CONFIDENCE
from app.words.factor_words import FACTOR_WORDS, level_words
from pipeline.data.dataset import Dataset
from pipeline.data.tables import factors_of
from pipeline.metrics.metric_registry import METRICS, TARGET_METRICS
from pipeline.metrics.sampled import target_label, targets
from pipeline.metrics.subgroups import FIGURES, OF_A_TARGET
from pipeline.metrics.units import is_number, with_interval
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text
from pipeline.vocabulary import Decision, HeldOutPart

_IN_METADATA = ("age", "sex", "localization", "source", "dx_type", "fitzpatrick")
_FIGURES = {name: (METRICS[name].title if name in METRICS else TARGET_METRICS[name].name) for name in FIGURES}
_BOX, _KEY = 420, "evaluation.groups"  # pixels
_SOME = "dx_type"  # its levels lack whole diagnoses


def subgroup_panel(
    run: RunDir, dataset: Dataset | None, part: HeldOutPart, decision: Decision, classes: list[str], ways: Ways
) -> None:
    """The groups of one part under one decision; without the data set only those by the model's own confidence."""
    factors = {CONFIDENCE: "Model confidence"}
    if dataset is None:
        st.info("The data set of this run is not here, so only the model's own confidence can group its images.")
    else:
        there = factors_of(resources.factors(dataset))
        factors = {factor: FACTOR_WORDS[factor] for factor in _IN_METADATA if factor in there} | factors
    factor = address_radio("Groups by", "factor", factors, forgets=("figure",))
    figure = address_radio("Figure", "figure", {
        name: _FIGURES[name] for name in (OF_A_TARGET if factor == _SOME else FIGURES)
    })
    codes, of = (), ""
    if figure in OF_A_TARGET:
        named = targets(classes)
        first = ["mel"] if "mel" in named else []
        ordered = {name: target_label(name, named[name]) for name in [*first, *(n for n in named if n not in first)]}
        with st.container(width=_BOX):
            target = pick("Of", "target", list(ordered), default=next(iter(ordered)), words=ordered.get)
        codes, of = named[target], f" of {ordered[target]}"
    table = evaluation_rows.subgroups(run, dataset, part, decision, factor, figure, codes)
    table = table.assign(words=[as_level(factor, level) for level in table["level"]])
    names = list(table["words"])
    _groups(table, f"{_FIGURES[figure]}{of}", factors[factor].lower(), decision)
    grouped = evaluation_rows.groups(run, dataset, part, decision, factor)
    row_ways(names, lambda place: ways.of_group(factor, table["level"].iat[place], grouped, figure, codes), _KEY)
    _reading(table)
    if factor == _SOME:
        st.caption("In HAM10000 how the reference diagnosis was made goes with the diagnosis: follow-up is all nevi, "
                   "confocal all benign keratosis, and melanoma, basal cell carcinoma and akiec are all histology. So "
                   "only figures of a diagnosis against the rest stand here, and some groups have none.")
    help_text("subgroups", "How to read differences between groups")


def as_level(factor: str, level: str) -> str:
    return level if factor == CONFIDENCE else level_words(factor, level)


def _groups(table: pd.DataFrame, name: str, factor: str, decision: Decision) -> None:
    whole = _whole(table)
    title = f"{name} by {factor}, decision {decision}"
    shown = pd.DataFrame({
        "Group": table["words"], "Images": table["of_images"], "Lesions": table["of_lesions"],
        f"{name} (95 % interval)": list(map(with_interval, _triples(table, "value", "low", "high"))),
        "Difference to the rest (95 % interval)": list(map(_points, _triples(
            table, "difference", "difference_low", "difference_high"))),
        "What it says": [_verdict(row) for row in table.itertuples()],
    })
    drawn = table[table["of_images"] > 0].reset_index(drop=True)
    chart(subgroup_chart(drawn, name.partition(" of ")[0], title, whole, dark()), _KEY, list(drawn["words"]))
    open_table(shown, _KEY, list(table["words"]))


def _reading(table: pd.DataFrame) -> None:
    differing = table[table["supported"] & ~table["few"]]
    st.markdown(as_text(
        f"Different from the rest by more than chance: {', '.join(differing['words'])}." if len(differing) else
        "No group of at least 30 lesions differs from the rest by more than chance."
    ))
    st.caption("Images and lesions are those that the figure is a share of. Intervals, of the differences too: "
               "bootstrap over lesions. One of twenty such differences is supported by chance alone.")


def _whole(table: pd.DataFrame) -> float:
    """The figure of all images, where it is a share: the groups hold all of them."""
    counted = table[table["of_images"] > 0]
    if counted.empty or counted["value"].isna().any():
        return math.nan
    return float((counted["value"] * counted["of_images"]).sum() / counted["of_images"].sum())


def _triples(table: pd.DataFrame, *columns: str):
    return list(table[list(columns)].itertuples(index=False, name=None))


def _points(bounded) -> str:
    value, low, high = bounded
    if not is_number(value):
        return "–"
    ends = f" ({100 * low:+.1f} to {100 * high:+.1f})" if is_number(low) else ""
    return f"{100 * value:+.1f} points{ends}"


def _verdict(row) -> str:
    if row.lacking:
        return f"lacks {', '.join(row.lacking)}, so no mean over all"
    if not row.of_images:
        return "no such image"
    if row.few:
        return f"only {count(row.of_lesions, 'lesion')}"
    if not is_number(row.difference):
        return "nothing to compare with"
    return "differs" if row.supported else "not supported"
