"""The filters over a run's images: one declaration each, in the order of the bar's rows, and what they leave."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from app.filters.filter_kinds import (
    Cases,
    Filter,
    Mask,
    Numbers,
    OneOf,
    Outline,
    Place,
    Segments,
    Several,
    Shares,
    Ticked,
    YesOrNo,
)
from app.loaders import case_tables, leakage_rows, resources
from app.loaders.case_tables import Known
from app.loaders.other_answers import alike, others_named, validated_alike, wrong_alike
from app.loaders.run_data import found_data
from app.words.evaluation_words import DECISION_WORDS, PART_WORDS
from app.words.factor_words import FACTOR_WORDS, level_words
from pipeline.classes import label
from pipeline.data.tables import Factor
from pipeline.evaluation.evidence import KINDS, of_kind
from pipeline.explain.image_map import inside
from pipeline.explain.perturb import NAMED
from pipeline.metrics.case_table import (
    METADATA_FACTORS,
    PROBABILITY,
    Range,
    disagreeing,
    lesion_call,
    lesion_output,
    own_output,
    within,
)
from pipeline.number_words import percent
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import read_remarks, taught_data

_EVIDENCE_WORDS = {
    "measured": "Measured: with a heatmap and a mask",
    "outside-predicted": "Far outside, for the prediction", "outside-truth": "Far outside, for the reference diagnosis",
    "none-predicted": "No positive evidence for the prediction",
    "none-truth": "No positive evidence for the reference diagnosis",
}


def _in(cases: Cases, images: Collection[str]) -> Mask:
    return cases.table.index.isin(list(images))


def _has_level(column: str) -> Callable[[Cases, Collection[str]], Mask]:
    return lambda cases, levels: cases.table[column].isin(list(levels))


def _diagnosis(code: str, known: Known) -> str:
    return label(code)


def _diagnoses(known: Known) -> Collection[str]:
    return known.levels["truth"]


def _diagnoses_in_words(title: str) -> Callable[[Sequence[str], Any, Known], str]:
    return lambda codes, asked, known: f"{title}: {label(codes[0]) if len(codes) == 1 else ', '.join(codes)}"


def _run_name(run: str, known: Known) -> str:
    return known.runs[run]


def _run_names(words: str) -> Callable[[Any, Any, Known], str]:
    return lambda runs, asked, known: f"{words}: {', '.join(known.runs[run] for run in runs)}"


def _shares_in_words(bounds: Range) -> str:
    return " to ".join(percent(end, 1 if round(100 * end, 1) % 1 else 0) for end in bounds)


def _output_words(whose: str) -> Callable[[Range, Mapping[str, Any], Known], str | None]:
    return lambda bounds, asked, known: (
        f"Output for {', '.join(asked['of'])}, {whose}, {_shares_in_words(bounds)}" if "of" in asked else None)


def _loss_words(bounds: Range, asked: Any, known: Known) -> str:
    return f"Loss from {bounds[0]:g}" + ("" if math.isinf(bounds[1]) else f" to below {bounds[1]:g}")


def _of_factor(factor: Factor, place: int) -> Several:
    """The filter by a factor of the metadata."""
    nouns: dict[Factor, str] = {"age": "age band", "dx_type": "origin of the diagnosis", "source": "image source",
                                "fitzpatrick": "skin type"}

    def words(level: str, known: Known) -> str:
        return level_words(factor, level)

    return Several(
        name=factor, noun=nouns.get(factor, factor), title=FACTOR_WORDS[factor], place=Place("patient", place % 3),
        levels=lambda known: known.levels.get(factor, ()), level_words=words, alone=True, least=1,
        keeps=_has_level(factor),
        words=lambda levels, asked, known: f"{FACTOR_WORDS[factor]}: {', '.join(words(one, known) for one in levels)}",
    )


def _all(cases: Cases, value: Any) -> np.ndarray:
    return np.ones(len(cases.table), dtype=bool)


def _output_within(score: Callable[[pd.DataFrame, Sequence[str]], pd.Series]) -> Callable[[Cases, Range], Mask]:
    """Whether a score of the diagnoses that `of` names is in a range; all cases where it names none."""
    return lambda cases, bounds: (
        within(score(cases.table, cases.asked["of"]), bounds, PROBABILITY) if "of" in cases.asked
        else _all(cases, bounds))


def _in_each(cases: Cases, runs: Collection[str], images: Callable[[RunDir], Collection[str]]) -> Mask:
    """The cases that are among the `images` of each of the other `runs`."""
    keep = _all(cases, runs)
    for run in others_named(cases.run, runs):
        keep &= np.asarray(_in(cases, images(run)), dtype=bool)
    return keep


def _differing(cases: Cases, runs: Collection[str]) -> Mask:
    told = [alike(run, cases.table["truth"])["predicted"] for run in others_named(cases.run, runs)]
    return _in(cases, disagreeing(cases.table, told))


def _of_evidence(cases: Cases, kind: str) -> Mask:
    measured = leakage_rows.evidence(cases.run, found_data(cases.run).dataset)
    # outliers are such against their own part, as Leakage has them
    return _in(cases, pd.concat([of_kind(rows, kind) for _, rows in measured.groupby("part")]))


def _seen(cases: Cases, wanted: bool) -> Mask:
    seen = case_tables.seen_images(cases.run)
    return _in(cases, seen.index[seen == wanted])


def _flipped(cases: Cases, change: str) -> Mask:
    return cases.table["lesion_id"].isin((case_tables.flip_shares(cases.run) or {})[change]["flipped"])


def _doubtful(cases: Cases, wanted: bool) -> Mask:
    remarks = read_remarks(resources.workspace(), taught_data(cases.run))
    return _in(cases, [image_id for image_id, remark in remarks.items() if remark.doubtful])


def _on_the_map(cases: Cases, area: np.ndarray) -> Mask:
    drawn = case_tables.places(cases.run)
    return _in(cases, () if drawn is None else drawn["image_id"][inside(drawn[["x", "y"]].to_numpy(), area)])


_DECLARED: tuple[Filter, ...] = (
    Several(
        name="truth", noun="reference diagnosis", title="Reference diagnosis", place=Place("answer", 0),
        levels=_diagnoses, level_words=_diagnosis, alone=True, keeps=_has_level("truth"),
        words=_diagnoses_in_words("Reference diagnosis"),
    ),
    Several(
        name="predicted", noun="predicted diagnosis", title="Prediction", place=Place("answer", 1), levels=_diagnoses,
        level_words=_diagnosis, alone=True, keeps=_has_level("predicted"), words=_diagnoses_in_words("Prediction"),
    ),
    Segments(
        name="right", noun="answer right or wrong", title="Right or wrong", all_words="All",
        values=lambda known: ("no", "yes"), value_words=lambda one, known: {"yes": "Right", "no": "Wrong"}[one],
        keeps=lambda cases, right: cases.table["right"] == right,
    ),
    Several(
        name="differs", noun="run to disagree with", title="Disagrees with", place=Place("runs", 0),
        levels=lambda known: known.runs, level_words=_run_name, placeholder="None",
        help="Other runs that judged the same images, found by id and reference diagnosis: the images that all judged "
        "and on which not all say the same.",
        keeps=_differing, words=_run_names("Disagrees with"),
    ),
    Several(
        name="part", noun="part", levels=lambda known: known.levels["part"],
        level_words=lambda part, known: PART_WORDS.get(part, part), alone=True, everything=True,
        keeps=_has_level("part"),  # chosen beside the run
    ),
    *(_of_factor(factor, place) for place, factor in enumerate(METADATA_FACTORS)),
    Shares(
        name="confidence", noun="range of confidence", title="Confidence: probability of the prediction",
        place=Place("output", 0),
        keeps=lambda cases, bounds: within(cases.table["confidence"], bounds, PROBABILITY),
        words=lambda bounds, asked, known: f"Confidence {_shares_in_words(bounds)}",
    ),
    Numbers(
        name="loss", noun="range of the loss", title="Loss from", title_high="to below", place=Place("output", 1),
        keeps=lambda cases, bounds: within(cases.table["loss"], bounds), words=_loss_words,
    ),
    Several(
        name="of", noun="output", title="Output for one or several diagnoses, summed", place=Place("outputs", 0),
        levels=_diagnoses, level_words=_diagnosis, placeholder="None",
        keeps=_all,  # it only says whose ranges the next two are
    ),
    Shares(
        name="share", noun="range of the output", title="That output, averaged over the lesion's images",
        place=Place("outputs", 1), of="of", words=_output_words("averaged over the lesion"),
        keeps=_output_within(lesion_output),
    ),
    Shares(
        name="own", noun="range of the image's own output", title="That output, of the image itself",
        place=Place("outputs", 2), of="of", words=_output_words("of the image"),
        keeps=_output_within(own_output),
    ),
    Several(
        name="called", noun="prediction for the lesion", title="Prediction for the lesion, its images averaged",
        place=Place("lesion", 0), levels=_diagnoses, level_words=_diagnosis,
        keeps=lambda cases, codes: lesion_call(cases.table).isin(codes),
        words=lambda codes, asked, known: f"Lesion called {', '.join(codes)}, its images averaged",
    ),
    YesOrNo(
        name="seen", noun="choice of lesions that training saw", title="Another image of the lesion in training",
        place=Place("lesion", 1), values=lambda known: ("yes", "no") if known.seen else (),
        value_words=lambda one, known: {"yes": "Seen", "no": "Not seen"}[one], help_without=True,
        help="Training saw none of these lesions.", keeps=_seen,
        words=lambda seen, asked, known: "Training saw the lesion" if seen else "Training did not see the lesion",
    ),
    OneOf(
        name="evidence", noun="kind of evidence", title="Evidence outside the lesion", place=Place("lesion", 2),
        values=lambda known: KINDS if known.evidence else (), value_words=lambda kind, known: _EVIDENCE_WORDS[kind],
        help="From lesion masks: the page Judge, under Leakage, Evidence outside the lesion.", help_without=True,
        keeps=_of_evidence, words=lambda kind, asked, known: f"Evidence: {_EVIDENCE_WORDS[kind]}",
    ),
    Several(
        name="judged", noun="run that judged it too", title="Validation images of these runs too",
        place=Place("runs", 1), levels=lambda known: known.runs, level_words=_run_name, placeholder="None",
        keeps=lambda cases, runs: _in_each(
            cases, runs, lambda run: validated_alike(run, cases.table["truth"])),
        words=_run_names("Validation images too of"),
    ),
    Several(
        name="wrong", noun="run that is wrong too", title="Wrong in each of these runs too", place=Place("runs", 2),
        levels=lambda known: known.runs, level_words=_run_name, placeholder="None",
        keeps=lambda cases, runs: _in_each(cases, runs, lambda run: wrong_alike(run, cases.table["truth"])),
        words=_run_names("Wrong too"),
    ),
    OneOf(
        name="flips", noun="change of the picture", title="Prediction flips when the image is",
        place=Place("output", 2), values=lambda known: known.flips, value_words=lambda change, known: NAMED[change][0],
        all_words="Not asked", help="From the stored question What if, on the page of any case.", help_without=True,
        keeps=_flipped, words=lambda change, asked, known: f"Prediction flips when {NAMED[change][0]}",
    ),
    OneOf(
        name="set", noun="teaching set", title="Teaching set", place=Place("teacher", 0), all_words="All images",
        values=lambda known: list(known.sets), value_words=lambda one, known: known.sets[one].name,
        keeps=lambda cases, one: _in(cases, cases.known.sets[one].images),
        words=lambda one, asked, known: f"Teaching set “{known.sets[one].name}”",
    ),
    Ticked(
        name="doubtful", noun="doubtful label", title="Label doubtful", place=Place("teacher", 1),
        help="Images that were tagged so on their page.", keeps=_doubtful,
        words=lambda wanted, asked, known: "Label doubtful",
    ),
    Outline(
        name="area", noun="area of the map", keeps=_on_the_map,
        words=lambda area, asked, known: "Within an area of the map",
    ),
    OneOf(
        name="decision", noun="decision", title="Predictions under the decision", place=Place("teacher", 2),
        values=lambda known: list(DECISION_WORDS), value_words=lambda one, known: DECISION_WORDS[one],
        all_words="As the run stored them",
        help="How probabilities become one answer. What is filtered here, and what stands under each image, is under "
        "this decision.",
        keeps=_all,  # the table is under it already
        words=lambda decision, asked, known: f"Predictions under the decision {decision}",
    ),
)
FILTERS: dict[str, Filter] = {one.name: one for one in _DECLARED}


def remaining(cases: Cases) -> pd.DataFrame:
    """Those of `cases.table` that have all values that are asked for, in the same order."""
    keep = _all(cases, None)
    for name, value in cases.asked.items():
        keep &= np.asarray(FILTERS[name].keeps(cases, value), dtype=bool)
    return cases.table[keep]


def found_cases(run: RunDir, known: Known, asked: Mapping[str, Any]) -> pd.DataFrame:
    """The run's cases that the values `asked` of filters leave, not yet in order.

    Raises:
        WorkspaceError: a file that a filter needs is damaged.
    """
    return remaining(Cases(run, case_tables.cases(run, asked.get("decision")), known, asked))
