"""What lets figures flatter a network, in a data set and in a run; the address opens the same view again."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.addresses.links import GET_DATA, go, linked
from app.components import problems
from app.components.classroom.lesson_way import lesson_way
from app.components.help_text import help_text
from app.components.leakage.audit_panels import metadata_panel, seen_panel
from app.components.leakage.audit_work import audit_at_work, audit_button
from app.components.leakage.evidence_panel import evidence_panel
from app.components.leakage.near_pairs import near_pairs
from app.components.leakage.run_leakage import bundled_panel, run_panel
from app.components.pickers import address_radio, pick, pick_run
from app.loaders import leakage_rows, resources
from pipeline.data.dataset import Dataset
from pipeline.images.generated import NOTICE
from pipeline.number_words import count
from pipeline.shown import as_text

_TOPICS = {
    "lesions": "Lesions seen twice", "pairs": "Near-duplicates", "metadata": "Metadata",
    "evidence": "Evidence outside the lesion",
}


def _nothing_yet() -> None:
    if problem := linked("data", []).problem:
        st.warning(as_text(problem), icon=":material/link_off:")
    st.markdown(
        "Here stands what lets a network look better than it is: images of one lesion in training and in validation, "
        "near-identical images under different lesion ids, and a table that gives the diagnosis away."
    )
    if st.button("Bring in images", type="primary", key="to_data", icon=":material/download:"):
        go(GET_DATA)
    bundled_panel()


def _audited(dataset: Dataset, topic: str) -> None:
    """The part of a topic that needs the audit; the way to one where there is none or it is of another state."""
    audit, current = leakage_rows.audit(dataset)
    if audit is None:
        st.markdown("An audit of this data set counts the lesions on both sides of each split, finds near-identical "
                    "images, and asks what the table alone gives away.")
        audit_button(dataset, "Audit this data set")
        return
    if not current:
        st.warning("The data set has changed since this audit.", icon=":material/history:")
        audit_button(dataset, "Audit again")
    {"lesions": lambda: seen_panel(audit, dataset.name), "pairs": lambda: near_pairs(dataset, audit),
     "metadata": lambda: metadata_panel(audit)}[topic]()


def _evidence(dataset: Dataset) -> None:
    runs = leakage_rows.with_heatmaps(dataset)
    if not runs:
        st.info(as_text(f"No finished run on {dataset.name} yet: its heatmaps are what is compared with the masks."))
        return
    run = pick_run(runs, runs[0])
    parts = list(resources.predictions(run)["part"].unique())
    if not parts:
        st.info(as_text(f"The run {run.name} held no image out, so it has no heatmaps."))
        return
    part = pick("Part", "part", parts, default=parts[0], words=str.capitalize) if len(parts) > 1 else parts[0]
    evidence_panel(run, part)


def leakage_tab(place: DeltaGenerator) -> None:
    """The choice of a data set in `place`, a column; below it a topic."""
    datasets = {dataset.name: dataset for dataset in resources.datasets()}
    if not datasets:
        _nothing_yet()
        return
    first = next((name for name, dataset in datasets.items() if not dataset.generated), next(iter(datasets)))
    with place:
        dataset = datasets[pick("Data set", "data", list(datasets), default=first, words=lambda name:
                                f"{name} ({count(datasets[name].images, 'image')})")]
    if dataset.generated:
        st.caption(f":material/draw: The images of this data set are {NOTICE}.")
    topic = address_radio("Topic", "topic", _TOPICS, hidden=True, forgets=("page", "verdict"))
    audit_at_work()
    if topic == "lesions":
        with problems.in_words():
            bundled_panel()
        st.subheader("How many lesions are on both sides")
    with problems.in_words():
        if topic == "evidence":
            _evidence(dataset)
        else:
            _audited(dataset, topic)
    if topic == "metadata":
        lesson_way("two-cameras", "Give a lesson: the same lesion, two cameras")
    if topic == "lesions":
        st.subheader("A run of this data set")
        with problems.in_words():
            run_panel(dataset)
        help_text("leakage", "Why a lesion must not be on both sides")
