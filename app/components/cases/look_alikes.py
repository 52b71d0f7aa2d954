"""The training lesions that the network finds nearest to a case: of its diagnosis, and look-alikes of another."""

import streamlit as st

from app.components.cases.case_facts import picture
from app.components.cases.embedding_job import embedding_job, no_embedding
from app.loaders import case_tables, resources
from app.loaders.case_model import model_of
from pipeline.classes import label
from pipeline.jobs.embedding import is_embedded
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

_IN_A_ROW = 4


def look_alikes(run: RunDir, case: dict) -> None:
    """Both rows; a button for the job where they were not computed yet."""
    info, stored = model_of(run), case_tables.neighbours(run)
    if info and info.members:
        st.markdown(no_embedding(info))
        return
    if stored is None:
        lacks = (f" Its last look found none of the images that {info.name} was trained on (data set {info.data}) "
                 "among the data sets here: bring them in and let it look again."
                 ) if info and is_embedded(run) else ""
        embedding_job(run, "Here stand the training lesions that the network finds nearest to this image: of the same "
                           f"diagnosis, and look-alikes of another.{as_text(lacks)}")
        return
    name = stored["data"].iloc[0] if "data" in stored and len(stored) else run.config().data
    dataset = next((one for one in resources.datasets() if one.name == name), None)
    table = resources.metadata(dataset) if dataset else None
    mine = stored[stored["image_id"] == case["image_id"]]
    for kind, words in (("same", f"Of the same diagnosis, {as_text(label(case['truth']))}"),
                        ("other", "Look-alikes of another diagnosis")):
        st.markdown(f"**{words}**")
        rows = mine[mine["kind"] == kind].sort_values("rank").to_dict("records")
        if not rows:
            st.markdown("Training had no such lesion.")
        for column, row in zip(st.columns(_IN_A_ROW), rows, strict=False):
            with column.container(border=True):
                picture(dataset, table, row["neighbour"], f"Training image {row['neighbour']}: {label(row['dx'])}")
                st.markdown(f"**{as_text(label(row['dx']))}**  \nSimilarity {row['similarity']:.2f}")
                whence = "" if name == run.config().data else f" · data set {name}"
                st.caption(as_text(f"Image {row['neighbour']} · lesion {row['lesion_id']}{whence}"))
    st.caption("Similarity is the cosine of two embeddings, 1 at most: alike for this network, not for a "
               "dermatologist. Training saw these lesions; this case it did not see.")
