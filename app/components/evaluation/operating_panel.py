"""A threshold for a target: whom it flags of 1,000 lesions, where it lies on the curves, and the lesions behind it."""

import math

import pandas as pd
import streamlit as st

from app.addresses.evaluation_ways import Ways
from app.addresses.links import remember
from app.charts.evaluation import precision_recall_chart, roc_chart
from app.components.evaluation.flagged_lesions import flagged_lesions
from app.components.evaluation.prevalence import choose_prevalence
from app.components.figures import dark, show
from app.components.help_text import help_text
from app.components.metric_places import metric_places
from app.components.pickers import address_radio
from app.loaders import evaluation_rows
from app.words.evaluation_words import PART_WORDS
from pipeline.data.dataset import Dataset
from pipeline.metrics.operating_point import OperatingPoint, curve, operating_point, threshold_for
from pipeline.metrics.sampled import MALIGNANT, MALIGNANT_OR_PRECURSOR, target_label, targets
from pipeline.metrics.units import is_number, with_interval
from pipeline.number_words import UNDEFINED, count, percent
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text
from pipeline.vocabulary import Decision, HeldOutPart

ASSUMES = (
    "Assumes that sensitivity, and specificity with its mix of other lesions, carry over to your clinic; usually they "
    "do not."
)
NOUNS = {
    "mel": "melanoma", MALIGNANT: "malignant lesion", MALIGNANT_OR_PRECURSOR: "malignant, in situ or precursor lesion",
}
_AIMS = (0.8, 0.9, 0.95)
_COLUMNS = {
    "threshold": "Threshold", "sensitivity": "Sensitivity", "false_positive_rate": "1 - specificity",
    "precision": "PPV",
}
_USUAL, _STEP = 50.0, 0.1  # percent
_KEY = "evaluation.threshold"
_LESS_THAN_ONE = "less than 1"
_METRIC_PIXELS = 220  # the longest name in one line


def operating_panel(
    run: RunDir, dataset: Dataset | None, part: HeldOutPart, parts: list[HeldOutPart], decision: Decision,
    classes: list[str], ways: Ways,
) -> None:
    """The threshold on one part; where the split has a test part, aims are met on the validation part."""
    named = {name: codes for name, codes in targets(classes).items() if name in NOUNS}
    if not named:
        st.info("This run knows neither melanoma nor another malignant diagnosis, so there is nothing to flag.")
        return
    target = address_radio("Flag", "target", {name: target_label(name, codes) for name, codes in named.items()})
    codes, noun = named[target], NOUNS[target]
    scores = evaluation_rows.scores(run, part, decision, codes)
    if not scores["positive"].any() or scores["positive"].all():
        st.info(f"The {PART_WORDS[part].lower()} part has no {noun}, or nothing else: it can judge no threshold.")
        return
    _take_click()
    chosen_on = "validation" if "validation" in parts else part
    left, right = st.columns([3, 2], gap="large")
    with left:
        threshold = _threshold(evaluation_rows.scores(run, chosen_on, decision, codes), noun, chosen_on)
    with right:
        prevalence = choose_prevalence(target, codes, noun, dataset, scores)
    point = operating_point(scores, threshold, prevalence)
    _in_words(point, noun, decision)
    _caution(scores, part, chosen_on)
    _curves(run, curve(scores, prevalence), point, target, part, decision)
    flagged_lesions(run, scores, point, noun, evaluation_rows.part_rows(run, part, decision),
                    f"{run.name}.{part}.{decision}.{target}",
                    lambda positive, flagged, images: ways.of_threshold(codes, positive, flagged, threshold, images))
    help_text("operating", "How to read a threshold, its curves, and the number needed to biopsy")


def _threshold(scores: pd.DataFrame, noun: str, chosen_on: str) -> float:
    percentage = _of_address()
    st.session_state[_KEY] = percentage
    st.slider("Flag a lesion from this probability on", 0.0, 100.0, step=_STEP, format="%.1f %%", key=_KEY,
              help="The mean over the lesion's images of what the model gives to this target.",
              on_change=lambda: _remember(st.session_state[_KEY]))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Flag, of the {as_text(chosen_on)} part's {noun}s, at least", width="content")
        for aim in _AIMS:
            found = threshold_for(scores, aim)
            st.button(percent(aim, 0), key=f"evaluation.aim.{aim}", on_click=_remember, args=(100 * found,),
                      disabled=not is_number(found))
    return percentage / 100


def _of_address() -> float:
    asked = st.query_params.get("threshold")
    if asked is None:
        return _USUAL
    try:
        value = float(asked)
    except ValueError:
        value = math.nan
    if 0 <= value <= 100:
        return round(value, 1)
    st.warning(as_text(f"The address names the threshold {asked[:20]}, which is no percentage. Shown instead: "
                       f"{percent(_USUAL / 100)}."), icon=":material/link_off:")
    return _USUAL


def _remember(percentage: float) -> None:
    # rounded down to the slider's steps: an aim is then still met
    steps = math.floor(percentage / _STEP + 1e-6)
    remember(threshold=f"{steps * _STEP:.1f}", page=None)
    st.session_state["evaluation.turn"] = st.session_state.get("evaluation.turn", 0) + 1


def _turned(key: str) -> str:
    # a chart keeps its own selection; without a new key a second click on the same point would only deselect it
    return f"{key}.{st.session_state.get('evaluation.turn', 0)}"


def _take_click() -> None:
    for key in ("evaluation.roc", "evaluation.pr"):
        points = (st.session_state.get(_turned(key)) or {}).get("selection", {}).get("points", [])
        clicked = [point["customdata"] for point in points if point.get("customdata")]
        if clicked:
            _remember(100 * clicked[0][0])
            return


def _in_words(point: OperatingPoint, noun: str, decision: Decision) -> None:
    ill, found = 1000 * point.prevalence, point.positives_flagged[0]
    st.markdown(
        f"**Of 1,000 lesions, {_whole(ill)} of them {noun}s** (prevalence {percent(point.prevalence)}), those with "
        f"{percent(point.threshold)} or more flagged, decision {as_text(decision)}:"
    )
    flagged, missed, others, needed = metric_places(4, _METRIC_PIXELS)
    flagged.metric(f"{noun.capitalize()}s flagged", _whole(found))
    flagged.caption(f"{_ends(point.positives_flagged)}  \nSensitivity {with_interval(point.sensitivity)}")
    missed.metric(f"{noun.capitalize()}s not flagged", _rest_of(point))
    missed.caption(_ends(point.positives_not_flagged))
    others.metric("Other lesions flagged", _whole(point.others_flagged[0]))
    others.caption(f"{_ends(point.others_flagged)}  \nSpecificity {with_interval(point.specificity)}")
    needed.metric("Number needed to biopsy", _ratio(point.needed[0]))
    needed.caption(f"{_ends(point.needed, _ratio)}  \nFlagged lesions for each {noun} found, if every flagged one were "
                   "biopsied")
    st.markdown(ASSUMES)


def _rest_of(point: OperatingPoint) -> str:
    """Those with the target that are not flagged, so that with the flagged ones they make up the whole number of all.
    """
    missed = point.positives_not_flagged[0]
    if not is_number(missed) or missed == 0:
        return _whole(missed)
    rest = round(1000 * point.prevalence) - round(point.positives_flagged[0])
    return f"{rest:,}" if rest else _LESS_THAN_ONE  # nobody is to read that none is missed


def _caution(scores: pd.DataFrame, part: HeldOutPart, chosen_on: str) -> None:
    positives = int(scores["positive"].sum())
    words = (f"{PART_WORDS[part]} part, n = {count(len(scores), 'lesion')}, {positives:,} of them with the target, "
             "each counted once with the mean of its images. 95 % intervals: Wilson's for lesions; that of the number "
             "needed combines two of them. The prevalence is taken as given. ")
    if part == chosen_on:
        words += ("A threshold that is chosen by looking at these very lesions looks a little better on them than it "
                  "is; a run with the split lesion-test has a part that nothing is chosen on.")
    else:
        words += (f"The buttons choose on the {as_text(chosen_on)} part; move the slider by these numbers and you "
                  "choose here.")
    st.caption(words)


def _curves(
    run: RunDir, table: pd.DataFrame, point: OperatingPoint, target: str, part: HeldOutPart, decision: Decision
) -> None:
    name = f"{run.name}-{part}-{decision}-{target}"
    behind = table.assign(threshold=table["threshold"].replace(math.inf, math.nan)).rename(columns=_COLUMNS)
    left, right = st.columns(2, gap="large")
    with left:
        show(roc_chart(table, point, "ROC curve: the upper left corner is best", dark()),
             behind.drop(columns=_COLUMNS["precision"]), f"{name}-roc", key=_turned("evaluation.roc"), selecting=True)
    with right:
        show(precision_recall_chart(table, point, f"Precision–recall curve at a prevalence of "
                                    f"{percent(point.prevalence)}: the upper right corner is best", dark()),
             behind.drop(columns=_COLUMNS["false_positive_rate"]), f"{name}-precision-recall",
             key=_turned("evaluation.pr"), selecting=True)
    st.caption("A click on a curve takes its threshold.")


def _whole(number: float) -> str:
    """A number of lesions: whole, and never 0 for what is more than nothing."""
    if not is_number(number):
        return UNDEFINED
    return _LESS_THAN_ONE if 0 < number < 0.5 else f"{round(number):,}"


def _ratio(number: float) -> str:
    return f"{number:,.1f}" if is_number(number) else UNDEFINED


def _ends(bounded, words=_whole) -> str:
    return f"95 % interval  \n{words(bounded[1])} to {words(bounded[2])}"
