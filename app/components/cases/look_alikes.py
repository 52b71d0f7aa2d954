"""The training lesions that the network finds nearest to a case: of its diagnosis, and look-alikes of another."""

import pandas as pd
import streamlit as st

from app import case_tables
from app.components.cases.case_facts import picture
from app.components.cases.embedding_job import embedding_job
from app.wording import as_text
from pipeline.classes import label
from pipeline.data.dataset import Dataset
from pipeline.jobs.run_dir import RunDir

_IN_A_ROW = 4


def look_alikes(run: RunDir, case: dict, dataset: Dataset | None, table: pd.DataFrame | None) -> None:
    """Both rows; a button for the job where they were not computed yet.

    Args:
        table: the metadata by image_id, where the data set is here.
    """
    stored = case_tables.neighbours(run)
    if stored is None:
        embedding_job(run, "Here stand the training lesions that the network finds nearest to this image: of the same "
                           "diagnosis, and look-alikes of another.")
        return
    mine = stored[stored["image_id"] == case["image_id"]]
    for kind, words in (("same", f"Of the same diagnosis, {label(case['truth'])}"),
                        ("other", "Look-alikes of another diagnosis")):
        st.markdown(f"**{words}**")
        rows = mine[mine["kind"] == kind].sort_values("rank").to_dict("records")
        if not rows:
            st.markdown("Training had no such lesion.")
        for column, row in zip(st.columns(_IN_A_ROW), rows, strict=False):
            with column.container(border=True):
                picture(dataset, table, row["neighbour"], f"Training image {row['neighbour']}: {label(row['dx'])}")
                st.markdown(as_text(f"**{label(row['dx'])}**  \nSimilarity {row['similarity']:.2f}"))
                st.caption(as_text(f"Image {row['neighbour']} · lesion {row['lesion_id']}"))
    st.caption("Similarity is the cosine of two embeddings, 1 at most: alike for this network, not for a "
               "dermatologist. Training saw these lesions; this case it did not see.")
