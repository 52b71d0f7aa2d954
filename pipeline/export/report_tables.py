"""The tables of a class's report in a language: the same words on its page and on paper."""

import math
from dataclasses import dataclass
from typing import Literal

from pipeline.classroom.answer_terms import MANAGEMENT_WORDS, STAGE_WORDS, SURE_WORDS, SWITCH_WORDS
from pipeline.classroom.class_bootstrap import Estimate
from pipeline.classroom.class_figures import LEAST_ITEMS, LEAST_OF_EACH, ClassFigures
from pipeline.classroom.clinical_terms import FIGURES
from pipeline.classroom.comparisons import Better, Comparison, Measure
from pipeline.classroom.switches import Switches
from pipeline.classroom.tick_terms import TICKS
from pipeline.export.room_report import RoomReport, Scores
from pipeline.languages import Language, marked
from pipeline.number_words import UNDEFINED
from pipeline.vocabulary import SURENESS, Stage

Unit = Literal["share", "points", "number"]
_MEASURES: dict[Measure, str] = {
    "right": marked("Right answers"), "sensitivity": FIGURES["sensitivity"], "specificity": FIGURES["specificity"],
}
_BETTER: dict[Better, str] = {"alone": marked("the students"), "model": marked("the model")}


@dataclass(frozen=True)
class ReportTable:
    """A table in words: its rows, of which the first is its head, and a note below it, "" for none."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def report_tables(report: RoomReport, language: Language) -> list[ReportTable]:
    """All tables that this class's report has, in their order."""
    found = _score_tables(report.scores, language, report.lesson.asks == "malignancy") if report.scores else []
    if report.switches is not None:
        found.append(_switch_table(report.switches, language))
    if report.ticks:
        found.append(_tick_table(report, language))
    if report.managed:
        found.append(_management_table(report, language))
    return found


def estimate_words(language: Language, estimate: Estimate, unit: Unit = "share") -> str:
    """ "82.1 % (70.3 to 90.4), n = 120"; a dash where it is undefined, and no bounds where these are.

    Args:
        unit: a share of 0..1 in per cent, a difference of shares in percentage points, or a number.
    """
    if not math.isfinite(estimate.value):
        return UNDEFINED
    value, low, high = (_number(language, one, unit) for one in (estimate.value, estimate.low, estimate.high))
    value = f"{value} %" if unit == "share" else value
    if not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
        return f"{value}, n = {language.decimal(estimate.n, 0)}"
    return language.say("{value} ({low} to {high}), n = {n}", value=value, low=low, high=high,
                        n=language.decimal(estimate.n, 0))


def _number(language: Language, value: float, unit: Unit) -> str:
    shown, decimals = (value, 2) if unit == "number" else (100 * value, 1)
    return language.decimal(round(shown, decimals) + 0.0, decimals)  # never "-0.00"


def _score_tables(scores: Scores, language: Language, two_way: bool) -> list[ReportTable]:
    if scores.by_hands:
        return [_hands_table(scores, language)]
    found = [_figures_table(scores.at, language, two_way), _sureness_table(scores.at, language),
             _comparison_table(scores.compared, language)]
    return found if scores.progress is None else [*found, _progress_table(scores, language)]


def _of_stages(
    title: str, rows: dict[str, dict[Stage, Estimate]], units: dict[str, Unit], language: Language, note: str = ""
) -> ReportTable:
    """A row a figure, a column a stage."""
    stages = list(next(iter(rows.values())))
    head = ("", *(language.say(STAGE_WORDS[stage]) for stage in stages))
    body = [(name, *(estimate_words(language, of[stage], units.get(name, "share")) for stage in stages))
            for name, of in rows.items()]
    return ReportTable(title, (head, *body), note)


def _figures_table(at: dict[Stage, ClassFigures], language: Language, two_way: bool) -> ReportTable:
    sensitivity, specificity = (language.say(FIGURES[name]) for name in ("sensitivity", "specificity"))
    units: dict[str, Unit] = {}
    rows = {language.say(_MEASURES["right"]): {stage: of.right for stage, of in at.items()},
            language.say(FIGURES["balanced_accuracy"]): {stage: of.balanced_accuracy for stage, of in at.items()}}
    for suffix in ("", language.say("without actinic keratosis and Bowen's disease")):
        of_all = {stage: of.without_precursors if suffix else of.dichotomy for stage, of in at.items()}
        named = {sensitivity: {stage: of.sensitivity for stage, of in of_all.items()},
                 specificity: {stage: of.specificity for stage, of in of_all.items()},
                 "d′": {stage: of.d_prime for stage, of in of_all.items()},
                 language.say("criterion c"): {stage: of.criterion for stage, of in of_all.items()}}
        if two_way:
            named["AUC"] = {stage: of.auc for stage, of in of_all.items()}
        for name, values in named.items():
            if suffix and name == specificity:  # the benign lesions are the same
                continue
            row = f"{name}, {suffix}" if suffix else name
            rows[row] = values
            units[row] = "share" if name in (sensitivity, specificity) else "number"
    note = language.say(
        "Sensitivity and specificity are of malignant, in situ or precursor against benign. In brackets the 95 % "
        "confidence interval for other students and other pictures of the kind. A dash: too few answers; rates need "
        "{each} malignant and {each} benign ones, d′, c and AUC a class of eight or {items} pictures.",
        each=LEAST_OF_EACH, items=LEAST_ITEMS)
    return _of_stages(language.say("The class in figures"), rows, units, language, note)


def _sureness_table(at: dict[Stage, ClassFigures], language: Language) -> ReportTable:
    rows = {language.say(SURE_WORDS[degree]): {stage: of.right_when[degree] for stage, of in at.items()}
            for degree in SURENESS}
    return _of_stages(language.say("How sure, and how often right"), rows, {}, language)


def _comparison_table(compared: dict[Measure, Comparison], language: Language) -> ReportTable:
    head = ("", language.say("Students alone"), language.say("The model alone"),
            language.say("Students with the model"), language.say("Better of the two"),
            language.say("Gain over the better (points)"))
    rows = []
    for measure, one in compared.items():
        both = math.isfinite(one.alone.value) and math.isfinite(one.model.value)
        rows.append((
            language.say(_MEASURES[measure]),
            *(estimate_words(language, of) for of in (one.alone, one.model, one.with_model)),
            language.say(_BETTER[one.better]) if both else UNDEFINED, estimate_words(language, one.gain, "points"),
        ))
    note = language.say("On average people with a model fall below the better of the two (Vaccaro et al. 2024).")
    return ReportTable(language.say("Students and model, on the same answers"), (head, *rows), note)


def _progress_table(scores: Scores, language: Language) -> ReportTable:
    assert scores.progress is not None
    head = ("", language.say("First form"), language.say("Second form"), language.say("Difference (points)"))
    row = (language.say(_MEASURES["right"]), estimate_words(language, scores.progress.before),
           estimate_words(language, scores.progress.after), estimate_words(language, scores.progress.gain, "points"))
    return ReportTable(language.say("Before and after"), (head, row),
                       language.say("Half of the seats began with form B, so that neither is easier before or after."))


def _hands_table(scores: Scores, language: Language) -> ReportTable:
    rows = {language.say(_MEASURES["right"]): scores.by_hands}
    return _of_stages(language.say("By a show of hands"), rows, {}, language,
                      language.say("Without an interval: nobody knows whose hands they were."))


def _switch_table(of: Switches, language: Language) -> ReportTable:
    head = ("", language.say("Answers"), language.say("Share"))
    kinds = [(language.say(SWITCH_WORDS[kind]), language.decimal(of.counts[kind], 0),
              estimate_words(language, of.shares[kind])) for kind in of.counts]
    rates = [(language.say("Right alone while the model was wrong: became wrong"), "",
              estimate_words(language, of.led_astray)),
             (language.say("Wrong alone while the model was right: became right"), "",
              estimate_words(language, of.gained))]
    return ReportTable(language.say("What the model's answer changed"), (head, *kinds, *rates))


def _tick_table(report: RoomReport, language: Language) -> ReportTable:
    asked = report.turnout.given + report.turnout.unrecognisable
    rows = [(language.say(TICKS[tick]) if tick in TICKS else tick, language.decimal(times, 0),
             language.percent(times / asked)) for tick, times in report.ticks.items()]
    head = ("", language.say("Ticked"), language.say("Share"))
    return ReportTable(language.say("Criteria"), (head, *rows),
                       language.say("Not scored: which structures a picture shows was not marked."))


def _management_table(report: RoomReport, language: Language) -> ReportTable:
    head = ("", language.say("Answers"))
    rows = [(language.say(MANAGEMENT_WORDS[one]), language.decimal(times, 0)) for one, times in report.managed.items()]
    return ReportTable(language.say("What would you do?"), (head, *rows), language.say("Not scored."))
