"""What will judge a model: the mapping of diagnoses to confirm, what is left out and why, and the button."""

from pathlib import Path

import streamlit as st

from app.access import Right, may, not_offered, require
from app.addresses.links import remember
from app.components import problems
from app.components.figures import csv_download
from app.loaders import resources
from app.loaders.file_cache import kept
from pipeline.classes import label
from pipeline.data.dataset import Dataset
from pipeline.data.reserved import reserved_images
from pipeline.evaluation.class_mapping import LEFT_OUT, parse_mapping, proposed_mapping, without_output, written
from pipeline.files.workspace import error_words
from pipeline.inference.evaluation_plan import EvaluationPlan, plan_evaluation
from pipeline.models.library import run_of
from pipeline.models.model_info import ModelInfo
from pipeline.models.training_images import FILE
from pipeline.number_words import count
from pipeline.shown import as_code, as_text
from pipeline.vocabulary import AskedPart

EVALUATE = "Evaluate it on these images"
_SHARED = {"by_id": "Same id", "by_content": "Same content", "by_lesion": "Same lesion"}


def _plan_files(info: ModelInfo, dataset: Dataset, mapping: str, part: AskedPart | None) -> list[Path]:
    run = run_of(resources.workspace(), info)
    return [info.folder / "model.json", info.folder / FILE, *resources.table_files(dataset),
            dataset.folder / "reserved.json", *([run.split_path] if run else [])]


@kept(_plan_files, entries=8)
def _plan(info: ModelInfo, dataset: Dataset, mapping: str, part: AskedPart | None) -> EvaluationPlan:
    named = parse_mapping(mapping) if mapping else None
    return plan_evaluation(resources.workspace(), info.name, dataset.name, named, part)


def evaluation_form(info: ModelInfo, dataset: Dataset) -> None:
    """The mapping where one is needed, what remains, and the button."""
    lacking = without_output(dataset, info.classes)
    mapping = _mapping(info, dataset, lacking) if lacking else {}
    part: AskedPart | None = None
    if reserved_images(dataset) and st.toggle("Judge on the reserved images alone", key="evaluate_on.reserved"):
        part = "reserved"
    plan = _plan(info, dataset, written(mapping), part)
    _what_remains(plan)
    confirmed = not lacking or st.checkbox(
        "I have looked at this mapping, and it is what I mean", key=f"map.{info.name}.{dataset.name}.{written(mapping)}"
    )
    if not may(Right.COMPUTE):
        not_offered(Right.COMPUTE, "Evaluating")
        return
    if st.button(EVALUATE, type="primary", key="evaluate_on.start", icon=":material/fact_check:",
                 disabled=not confirmed, help=None if confirmed else "Confirm the mapping first."):
        from pipeline.jobs.evaluating import start_evaluation

        with problems.in_words():
            require(Right.COMPUTE, "evaluates models")
            remember(run=start_evaluation(resources.workspace(), plan).name)
            st.rerun()
    counted = [*(["--map", written(mapping)] if mapping else []), *(["--part", part] if part else [])]
    command = as_code("python", "-m", "pipeline", "evaluate", info.name, "--data", dataset.name, *counted)
    st.markdown(f"The same on the command line: {command}")


def _mapping(info: ModelInfo, dataset: Dataset, lacking: list[str]) -> dict[str, str]:
    """What the user lets each diagnosis without an output count as; proposed is what covers all of it."""
    st.markdown("**What each diagnosis counts as.** The model has no output for these diagnoses of the data set:")
    proposed, options = proposed_mapping(dataset, info.classes), [LEFT_OUT, *info.classes]
    mapping = {}
    for code, place in zip(lacking, st.columns(min(len(lacking), 3)) * len(lacking), strict=False):
        images = dataset.diagnoses[code]["images"]
        mapping[code] = place.selectbox(
            f"{as_text(label(code))}, {count(images, 'image')}", options, index=options.index(proposed[code]),
            key=f"map.{info.name}.{dataset.name}.{code}",
            format_func=lambda to: "Leave it out" if to == LEFT_OUT else f"Counts as {label(to)}",
        )
    return mapping


def _what_remains(plan: EvaluationPlan) -> None:
    st.markdown("\n".join(f"- {as_text(error_words(sentence))}" for sentence in plan.sentences()))
    overlap = plan.overlap.images
    if len(overlap):
        with st.expander(f"The {count(len(overlap), 'image')} left out because the model was trained on their lesions"):
            st.dataframe(overlap.rename(columns=_SHARED), hide_index=True, key="evaluate_on.overlap", width="stretch",
                         height=320)
            csv_download(overlap, f"{plan.model.name}-{plan.dataset.name}-overlap", "evaluate_on")
