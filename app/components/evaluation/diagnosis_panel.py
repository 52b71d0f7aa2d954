"""Every figure of each diagnosis and malignant group with its interval; behind a switch the ISIC scorer's."""

import math
from typing import Any

import pandas as pd
import streamlit as st

from app.addresses.evaluation_ways import Ways
from app.addresses.links import remember
from app.charts.evaluation import figure_chart
from app.components.figures import chart, dark, open_table, show_table
from app.components.help_text import help_text
from app.components.image_ways import row_ways
from app.components.metric_places import metric_number, metric_places
from app.components.pickers import address_radio
from app.words.evaluation_words import interval
from pipeline.metrics.metric_registry import TARGET_METRICS, metrics_of
from pipeline.metrics.sampled import target_label, targets
from pipeline.metrics.units import NOT_COMPUTED, figure_words, is_number, with_interval
from pipeline.number_words import UNDEFINED, count, percent
from pipeline.shown import as_text
from pipeline.vocabulary import Decision

SCORER = "ISIC scorer, at 0.5"


def diagnosis_panel(results: dict[str, Any], decision: Decision, name: str, ways: Ways) -> None:
    """The figures of one part under one decision; `name` is for downloads."""
    found = results["decisions"][decision]
    n = f"n = {count(results['images'], 'image')} of {count(results['lesions'], 'lesion')}"
    _overall(found, decision, n)
    figure = address_radio("Figure", "figure", {key: metric.name for key, metric in TARGET_METRICS.items()})
    table = figure_table(found, figure)
    title = f"{TARGET_METRICS[figure].name}, decision {decision}, with its 95 % interval"
    names, key, codes = list(table["words"]), f"evaluation.{figure}", list(_named(found).values())
    chart(figure_chart(table, TARGET_METRICS[figure].name, title, dark()), key, names)
    scorer = _scorer_asked()
    open_table(_in_words(table, figure, scorer), key, names)
    row_ways(names, lambda place: ways.of_target(codes[place]), key)
    st.caption(f"{TARGET_METRICS[figure].sentence} {n}. Intervals: bootstrap over lesions"
               + ("; of recognised lesions, each counted once: Wilson." if figure == "sensitivity" else "."))
    if scorer:
        _overall_of_the_scorer(found)
    show_table(_everything(found), f"All figures, decision {decision}", f"{name}-{decision}-figures", "evaluation.all")
    help_text("evaluation", "What each figure says, and what the ISIC scorer counts differently")


def _scorer_asked() -> bool:
    key = "evaluation.scorer"
    st.session_state[key] = st.query_params.get("scorer") == "yes"
    return st.toggle("The ISIC scorer's figures too", key=key,
                     on_change=lambda: remember(scorer="yes" if st.session_state[key] else None),
                     help="It counts otherwise: each diagnosis by itself, called where its probability is above 0.5.")


def _overall(found: dict[str, Any], decision: Decision, n: str) -> None:
    shown = metrics_of("decision")
    for place, metric in zip(metric_places(len(shown)), shown, strict=True):
        value, low, high = found["overall"].get(metric.key, NOT_COMPUTED)
        metric_number(place, metric, value, f"Decision {as_text(decision)}, {n}.")
        place.caption(interval((value, low, high), metric.unit))


def _overall_of_the_scorer(found: dict[str, Any]) -> None:
    """Over all diagnoses: our figures, and beside them what the scorer calls so."""
    scorer = found["isic_scorer"] or {"balanced_accuracy": None, "macro_average": {}}
    theirs = {"balanced_accuracy": scorer["balanced_accuracy"], **scorer["macro_average"]}
    compared = [metric for metric in metrics_of("decision") if metric.scorer]
    st.markdown("**Over all diagnoses**")
    open_table(pd.DataFrame({
        "Figure": [metric.title for metric in compared],
        "Ours (95 % interval)": [
            with_interval(found["overall"].get(metric.key, NOT_COMPUTED), metric.unit) for metric in compared],
        SCORER: [figure_words(theirs.get(metric.scorer), metric.unit) for metric in compared],
    }), "evaluation.scorer.overall")


def figure_table(found: dict[str, Any], figure: str) -> pd.DataFrame:
    """target, words, images, lesions, prevalence, value, low, high, scorer, recognised (words); NaN for undefined."""
    named, rows = _named(found), []
    for target, figures in found["targets"].items():
        value, low, high = map(_number, figures.get(figure, NOT_COMPUTED))
        k, recognised_low, recognised_high = figures["recognised"]
        scorer = _scored(found).get(target, {}).get(TARGET_METRICS[figure].scorer or figure)
        rows.append({
            "target": target, "words": target_label(target, named[target]), "images": figures["images"],
            "lesions": figures["lesions"], "prevalence": _number(figures["prevalence"]), "value": value, "low": low,
            "high": high, "scorer": _number(scorer),
            "recognised": f"{k:,} of {figures['lesions']:,} ({percent(recognised_low)} to {percent(recognised_high)})"
            if is_number(recognised_low) else UNDEFINED,
        })
    return pd.DataFrame(rows)


def _named(found: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The codes of each target of the table, in its order."""
    named = targets([target for target in found["targets"] if target in _scored(found)])
    return {target: named[target] for target in found["targets"]}


def _scored(found: dict[str, Any]) -> dict[str, Any]:
    return (found["isic_scorer"] or {"per_category": {}})["per_category"]


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _in_words(table: pd.DataFrame, figure: str, scorer: bool) -> pd.DataFrame:
    metric = TARGET_METRICS[figure]
    bounded = zip(table["value"], table["low"], table["high"], strict=True)
    shown = {
        "Diagnosis": table["words"],
        f"{metric.name} (95 % interval)": [with_interval(of_target, metric.unit) for of_target in bounded],
    }
    if scorer:
        shown[SCORER] = [figure_words(value, metric.unit) for value in table["scorer"]]
    if figure == "sensitivity":
        shown["Lesions recognised (95 % interval)"] = table["recognised"]
    if metric.of_prevalence:
        shown["Prevalence"] = table["prevalence"].map(percent)
    shown |= {"Images": table["images"].map("{:,}".format), "Lesions": table["lesions"].map("{:,}".format)}
    return pd.DataFrame(shown)


def _everything(found: dict[str, Any]) -> pd.DataFrame:
    tables = {figure: figure_table(found, figure) for figure in TARGET_METRICS}
    first = tables["sensitivity"]
    columns = {"Diagnosis": first["words"], "Images": first["images"], "Lesions": first["lesions"],
               "Prevalence": first["prevalence"], "Lesions recognised": first["recognised"]}
    for figure, table in tables.items():
        name = TARGET_METRICS[figure].name
        columns |= {name: table["value"], f"{name}, low": table["low"], f"{name}, high": table["high"],
                    f"{name}, {SCORER}": table["scorer"]}
    return pd.DataFrame(columns)
