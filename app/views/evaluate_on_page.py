"""Another data set: any model judged on any imported data set, without what it was trained on; and earlier ones."""

import pandas as pd
import streamlit as st

from app.addresses.links import GET_DATA, go, linked, remember
from app.addresses.visits import first_model
from app.components import problems
from app.components.figures import csv_download
from app.components.metric_places import SHORT_NAMES, metric_columns, metric_values
from app.components.pickers import STATE_WORDS, pick
from app.components.runs.evaluation_form import evaluation_form
from app.components.runs.evaluation_run import evaluation_run
from app.components.train_way import train_way
from app.loaders import resources, run_rows
from pipeline.metrics.metric_registry import METRICS
from pipeline.models.library import title_of
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import ENDED
from pipeline.shown import as_text

_SHOWN = (METRICS["balanced_accuracy"], METRICS["macro_auc"])
_INTRO = ("A network is better on images like those it learnt from. Here any model is judged on any data set with the "
          "same diagnoses: images, lesions and file contents that it was trained on are found and left out.")


def _nothing_yet(models: bool) -> None:
    lacks = "There is no data set yet." if models else "There is no model yet."
    st.markdown(f"{_INTRO} {lacks}")
    if not models:
        train_way()
    elif st.button("Get data", type="primary", key="to_data", icon=":material/database:"):
        go(GET_DATA)


def _shown(evaluations: dict[str, RunDir]) -> RunDir | None:
    """The evaluation of the address, else the one at work."""
    link = linked("run", evaluations)
    if link.problem:
        st.warning(as_text(link.problem), icon=":material/link_off:")
    if link.value:
        return evaluations[link.value]
    return next((run for run in evaluations.values() if run.status().state not in ENDED), None)


def _earlier(evaluations: list[RunDir]) -> None:
    st.subheader("Evaluations so far")
    rows = run_rows.run_rows(evaluations)
    table = pd.DataFrame({
        "run": [row["run"] for row in rows], "model": [row["evaluates"] for row in rows],
        "data": [row["data"] for row in rows], "state": [STATE_WORDS[row["state"]] for row in rows],
        **metric_values(_SHOWN, rows, SHORT_NAMES),
        "images": pd.to_numeric(pd.Series([row["images"] for row in rows])),
    })
    st.dataframe(
        table, hide_index=True, key="evaluate_on.table", width="stretch", placeholder="–",
        column_config={
            "run": "Evaluation", "model": "Model", "data": "Data set", "state": "State",
            **metric_columns(_SHOWN, SHORT_NAMES),
            "images": st.column_config.NumberColumn("Images", format="localized"),
        },
    )
    csv_download(table, "evaluations", "evaluate_on.table")
    st.selectbox("Show an evaluation", [run.name for run in evaluations], index=None, key="evaluate_on.earlier",
                 placeholder="Choose one",
                 on_change=lambda: remember(run=st.session_state["evaluate_on.earlier"]))


def main() -> None:
    st.title("Another data set")
    models, datasets = resources.models(), resources.datasets()
    if not models or not datasets:
        _nothing_yet(bool(models))
        return
    st.markdown(_INTRO)
    evaluations = {run.name: run for run in resources.own_runs()
                   if run.capabilities().kind == "evaluation"}
    with st.container():  # one place, so that the form below stays where it is when evaluations come and go
        if shown := _shown(evaluations):
            with st.container(border=True):
                evaluation_run(shown)
            st.subheader("A new evaluation")
    by_name, by_data = {info.name: info for info in models}, {dataset.name: dataset for dataset in datasets}
    left, right = st.columns(2)
    with left:
        info = by_name[pick("Model", "model", list(by_name), default=first_model(models).name,
                            words=lambda name: title_of(by_name[name]))]
    with right:
        dataset = by_data[pick("Data set that judges it", "data", list(by_data), default=_other(info, by_data))]
    with problems.in_words():
        evaluation_form(info, dataset)
    if evaluations:
        _earlier(list(evaluations.values()))


def _other(info, by_data) -> str:
    """A data set of the model's kind that is not its own, if there is one; for a mean of models its members' own."""
    if info.members and info.data in by_data:
        return info.data
    alike = [name for name, dataset in by_data.items() if dataset.generated == info.generated]
    return next((name for name in alike if name != info.data), next(iter(alike), next(iter(by_data))))


main()
