"""How far the figures of a run can be trusted; the address opens the same figure again."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.access import Right, may, require
from app.addresses.evaluation_ways import Ways
from app.addresses.links import ERRORS, EVALUATE_ON, go
from app.components import problems
from app.components.evaluation.diagnosis_panel import diagnosis_panel
from app.components.evaluation.operating_panel import operating_panel
from app.components.evaluation.reliability_panel import reliability_panel
from app.components.evaluation.sets_panel import sets_panel
from app.components.evaluation.subgroup_panel import subgroup_panel
from app.components.image_ways import way_links
from app.components.pickers import address_radio, pick
from app.components.run_figures import run_figures
from app.components.run_page import FOLDS, about_images, chosen_run, folds_note, not_evaluated
from app.loaders import evaluation_rows
from app.loaders.run_data import dataset_of
from app.words.evaluation_words import DECISION_WORDS, PART_WORDS
from pipeline.data.split import split_sentence
from pipeline.evaluation.decided import run_priors_unknown
from pipeline.metrics.decisions import DECISIONS
from pipeline.metrics.predictions_table import classes_of
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_code, as_text
from pipeline.vocabulary import Decision, HeldOutPart

_TOPICS = {
    "diagnoses": "Each diagnosis", "calibration": "Calibration", "operating-point": "Operating point",
    "subgroups": "Subgroups", "sets": "Only when sure",
}
_OF_A_TOPIC = ("figure", "target", "lesions", "page")
_NOTHING_YET = (
    "A finished run shows here how far its figures can be trusted: every figure of each diagnosis with its "
    "interval, whether its probabilities mean what they say, what a threshold would do to 1,000 lesions, where groups "
    "of images fare differently, and what answering only when sure costs."
)


def _provenance(run: RunDir, results: dict[str, Any], part: HeldOutPart, decision: Decision) -> None:
    from pipeline.evaluation.evaluate import CHOSE_EPOCH_SENTENCE

    figures = results[part]
    chose = CHOSE_EPOCH_SENTENCE if figures.get("chose_epoch") else "These images did not choose the epoch."
    test = " This run has a test part that chose nothing: its figures are the ones to report." if (
        part == "validation" and "test" in results) else ""
    st.markdown(
        f"{PART_WORDS[part]} part, n = {count(figures['images'], 'image')} of {count(figures['lesions'], 'lesion')}. "
        f"{FOLDS if run.capabilities().has_folds else split_sentence(run.config().split)} {chose}{test}  \n"
        f"Decision **{as_text(decision)}**: {DECISIONS[decision]}."
    )


def _evaluated_before(run: RunDir, results: dict[str, Any], part: HeldOutPart) -> None:
    """What a run has that was evaluated by an earlier version, and how to get the rest."""
    st.info(f"This run was evaluated before there were these figures. What it has stands below. The rest is computed "
            "from its stored predictions here, or by "
            f"{as_code('python', '-m', 'pipeline', 'evaluate', run.name)}.",
            icon=":material/history:")
    if may(Right.COMPUTE) and st.button("Compute what is missing", type="primary", key="evaluate",
                                        icon=":material/calculate:"):
        from pipeline.evaluation.evaluate import evaluate_run

        with problems.in_words(), st.spinner("Draws the lesions a thousand times."):
            require(Right.COMPUTE, "computes figures")
            evaluate_run(run)
            st.rerun()
    run_figures(run, results, part)


def _ways(run: RunDir, part: HeldOutPart, decision: Decision) -> Ways:
    return Ways(run, part, decision, evaluation_rows.part_rows(run, part, decision))


def _topic(
    run: RunDir, results: dict[str, Any], part: HeldOutPart, parts: list[HeldOutPart], decision: Decision
) -> None:
    topic = address_radio("Topic", "topic", _TOPICS, hidden=True, forgets=_OF_A_TOPIC)
    figures, name = results[part], f"{run.name}-{part}"
    dataset, ways = dataset_of(run), _ways(run, part, decision)
    classes = classes_of(evaluation_rows.part_rows(run, part, decision))
    if topic in ("diagnoses", "calibration") and "decisions" not in figures:
        _evaluated_before(run, results, part)
    elif topic == "diagnoses":
        diagnosis_panel(figures, decision, name, ways)
    elif topic == "calibration" and "as-data" not in figures["decisions"]:
        st.info("Calibration is that of the probabilities under the decision as-data, which cannot be computed here.")
    elif topic == "calibration":
        reliability_panel(run, figures, part, classes, _ways(run, part, "as-data"))
    elif topic == "operating-point":
        operating_panel(run, dataset, part, parts, decision, classes, ways)
    elif topic == "sets":
        sets_panel(run, dataset, part, decision, ways)
    else:
        subgroup_panel(run, dataset, part, decision, classes, ways)


def evaluation_tab(place: DeltaGenerator) -> None:
    """The choice of a run, a part and a decision in `place`, a column; below it a topic of that run's figures."""
    head = chosen_run(None, [4, 2, 3], _NOTHING_YET, place=place)
    if head is None:
        return
    run, (middle, right) = head
    results = run.results()
    if not results:
        not_evaluated(run, "Its evaluation appears")
        return
    parts = [part for part in PART_WORDS if part in results]
    with middle:
        part = pick("Part", "part", parts, default=parts[-1], words=PART_WORDS.get,
                    help="Images that the network was not trained on. A test part chose nothing, so it comes first.")
    with right:
        decisions = [name for name in DECISION_WORDS if name in results[part].get("decisions", DECISION_WORDS)]
        decision = pick("Decision", "decision", decisions, default=decisions[0], words=DECISION_WORDS.get,
                        help="How probabilities become one answer.")
    if len(decisions) == 1:
        st.info(as_text(" ".join(run_priors_unknown(run))), icon=":material/balance:")
    folds_note(run.capabilities())
    about_images(run)
    _provenance(run, results, part, decision)
    with problems.in_words():
        if "decisions" in results[part]:  # else the figures below are not those of a decision
            way_links(_ways(run, part, decision).of_all())
        _topic(run, results, part, parts, decision)
    with st.container(horizontal=True):
        if st.button("See its errors", key="to_errors", icon=":material/grid_on:"):
            go(ERRORS, run=run.name, part=part)
        if run.model.exists() and st.button("Judge its model on another data set", key="to_evaluate_on",
                                            icon=":material/fact_check:"):
            go(EVALUATE_ON, model=run.name)
