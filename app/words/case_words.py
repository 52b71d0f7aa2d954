"""Filters of Explore in words, for who arrives by a link: the bar's lower part is folded."""

import math

from app.addresses.case_address import Asked
from app.charts.dataset import FACTOR_WORDS, level_words
from app.components.run_figures import PART_WORDS
from pipeline.explain.perturb import NAMED
from pipeline.metrics.cases import METADATA_LEVELS, Range
from pipeline.number_words import percent
from pipeline.runs.teaching import TeachingSet
from pipeline.shown import as_text

EVIDENCE = {
    "measured": "Measured: with a heatmap and a mask",
    "outside-predicted": "Far outside, for the prediction", "outside-truth": "Far outside, for the truth",
    "none-predicted": "No positive evidence for the prediction", "none-truth": "No positive evidence for the truth",
}


def folded_in_words(asked: Asked, sets: dict[str, TeachingSet], names: dict[str, str]) -> str:
    """What of `asked` stands in the folded part of the bar, as markdown; empty without any.

    Args:
        names: of other runs in words.
    """
    said = [f"{PART_WORDS[part]} part" for part in asked.levels.get("part", ())]
    for factor in METADATA_LEVELS:
        if factor in asked.levels:
            levels = ", ".join(level_words(factor, level) for level in asked.levels[factor])
            said.append(f"{FACTOR_WORDS[factor]}: {levels}")
    if asked.confidence:
        said.append(f"Confidence {_shares(asked.confidence)}")
    if asked.loss:
        low, high = asked.loss
        said.append(f"Loss from {low:g}" + ("" if math.isinf(high) else f" to below {high:g}"))
    for bounds, whose in ((asked.share, "averaged over the lesion"), (asked.own, "of the image")):
        if asked.of and bounds:
            said.append(f"Output for {', '.join(asked.of)}, {whose}, {_shares(bounds)}")
    if asked.called:
        said.append(f"Lesion called {', '.join(asked.called)}, its images averaged")
    if asked.seen is not None:
        said.append("Training saw the lesion" if asked.seen else "Training did not see the lesion")
    if asked.evidence:
        said.append(f"Evidence: {EVIDENCE[asked.evidence]}")
    for runs, words in ((asked.judged, "Validation images too of"), (asked.wrong, "Wrong too")):
        if runs:
            said.append(f"{words}: {', '.join(names.get(run, run) for run in runs)}")
    if asked.flips:
        said.append(f"Prediction flips when {NAMED[asked.flips][0]}")
    if asked.set:
        said.append(f"Teaching set “{sets[asked.set].name}”")
    if asked.doubtful:
        said.append("Label doubtful")
    if asked.area is not None:
        said.append("Within an area of the map")
    if asked.decision:
        said.append(f"Predictions under the decision {asked.decision}")
    return as_text(" · ".join(said))


def _shares(bounds: Range) -> str:
    return " to ".join(percent(end, 1 if round(100 * end, 1) % 1 else 0) for end in bounds)
