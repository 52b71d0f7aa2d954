"""What is known of one case: its metadata, its lesion's other images, its look-alikes, and what other runs say."""

import pandas as pd
import streamlit as st

from app.addresses.links import CASE
from app.addresses.visits import mark
from app.components.cases.embedding_job import embedding_job
from app.components.lesion_wall import verdict
from app.loaders import case_tables, evaluation_rows, resources
from app.loaders.image_pixels import thumbnail
from app.loaders.other_answers import OtherAnswers
from app.loaders.run_data import dataset_of, model_of
from app.words.evaluation_words import ANSWER_WORDS
from app.words.factor_words import level_words, reference
from pipeline.classes import label
from pipeline.data.dataset import Dataset
from pipeline.data.image_rights import RIGHTS
from pipeline.data.tables import recorded
from pipeline.errors import DataError, ImageError, RunError
from pipeline.files.workspace import error_words
from pipeline.jobs.job_dirs import is_embedded
from pipeline.metrics.predictions_table import probability_column
from pipeline.number_words import count, probability
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

_IN_A_ROW = 4
_NAMED = 6  # runs in a sentence


def facts(case: dict, row: dict | None, *, generated: bool) -> str:
    """The reference diagnosis and how it was made, the prediction, and the patient, as markdown.

    Args:
        row: the image's row of the metadata; None where the data set is gone.
    """
    origin = case.get("dx_type")
    made = None if origin is None or pd.isna(origin) else str(origin)
    lines = [reference(case["truth"], made, generated=generated)]
    lines.append(f"**Prediction:** {as_text(label(case['predicted']))}, {_whole(case['confidence'])} "
                 f"({'right' if case['right'] else 'wrong'})")
    if row is not None:
        age = "age not recorded" if pd.isna(row["age"]) else f"{row['age']:g} years"
        told = [as_text(level_words(name, str(case[name])))
                for name in ("sex", "localization") if not pd.isna(case[name])]
        lines.append(f"**Patient:** {', '.join([age, *told])}")
        lines.append(f"**Image source:** {as_text(level_words('source', str(case['source'])))}")
        if rights := [text for text in map(recorded, (row.get(name) for name in RIGHTS)) if text]:
            lines.append(f"**Licence:** {as_text('; '.join(rights))}")
    return "  \n".join(lines)


def _whole(share: float) -> str:
    """A probability that no line break takes apart."""
    return probability(share).replace(" ", "\N{NO-BREAK SPACE}")


def under_decisions(run: RunDir, image_id: str) -> str:
    """What the run says of one of its images under each decision, as markdown; and why that is not known."""
    lines, unknown = [], []
    for decision, words in ANSWER_WORDS.items():
        try:
            rows = evaluation_rows.decided(run, decision)
        except (DataError, RunError) as error:
            unknown.append(as_text(error_words(error)))
            continue
        said = rows[rows["image_id"] == image_id].iloc[0]
        share = _whole(float(said[probability_column(said["predicted"])]))
        lines.append(f"{words}: **{as_text(label(said['predicted']))}**, {share}")
    if not lines:
        return f"Its answer under either decision is not known: {unknown[0]}"
    return "  \n".join([*lines, *unknown])


def lesion_images(case: dict, cases: pd.DataFrame, table: pd.DataFrame | None) -> list[str]:
    """The ids of the lesion's other images, those that the run judged first.

    Args:
        table: the metadata by image_id, where the data set is here.
    """
    judged = cases.index[(cases["lesion_id"] == case["lesion_id"]) & (cases.index != case["image_id"])]
    known = () if table is None else table.index[table["lesion_id"] == case["lesion_id"]]
    return [*judged, *(image_id for image_id in known if image_id not in cases.index)]


def same_lesion(
    run: RunDir, ids: list[str], cases: pd.DataFrame, dataset: Dataset | None, table: pd.DataFrame | None, kept: dict
) -> None:
    """The lesion's other images with their predictions; one that was not held out says so.

    Args:
        ids: as `lesion_images` gives them; table as there.
        kept: parameters of the address that a link to another case keeps.
    """
    for start in range(0, len(ids), _IN_A_ROW):
        for column, image_id in zip(st.columns(_IN_A_ROW), ids[start : start + _IN_A_ROW], strict=False):
            with column.container(border=True):
                picture(dataset, table, image_id, f"Image {image_id} of the same lesion")
                if image_id in cases.index:
                    st.markdown(verdict(cases.loc[image_id].to_dict(), dataset is not None and dataset.generated))
                    st.page_link(CASE, label=f"Open {as_text(image_id)}", icon=":material/open_in_full:",
                                 query_params={**kept, "run": run.name, "image": image_id, **mark()})
                else:
                    st.markdown(f"**{as_text(image_id)}** was not held out, so this run has no prediction for it.")


def picture(dataset: Dataset | None, table: pd.DataFrame | None, image_id: str, alt: str) -> None:
    """A small picture of an image, or a sentence where it is gone."""
    if dataset is None or table is None or image_id not in table.index:
        st.caption("The image is not here.")
        return
    row = table.loc[image_id]
    try:
        st.image(thumbnail(dataset.image_path(row["file"]), row["width"], row["height"]), width="stretch", alt=alt)
    except ImageError as error:
        st.caption(as_text(error_words(error)))


def look_alikes(run: RunDir, case: dict) -> None:
    """Both rows; a button for the job where they were not computed yet. A mean of models has none."""
    info, stored = model_of(run), case_tables.neighbours(run)
    if stored is None:
        lacks = (f" Its last look found none of the images that {info.name} was trained on (data set {info.data}) "
                 "among the data sets here: bring them in and let it look again."
                 ) if info and is_embedded(run) else ""
        embedding_job(run, "Here stand the training lesions that the network finds nearest to this image: of the same "
                           f"diagnosis, and look-alikes of another.{as_text(lacks)}")
        return
    dataset, name = _of_neighbours(run, stored)
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
                whence = "" if name is None else f" · data set {name}"
                st.caption(as_text(f"Image {row['neighbour']} · lesion {row['lesion_id']}{whence}"))
    st.caption("Similarity is the cosine of two embeddings, 1 at most: alike for this network, not for a "
               "dermatologist. Training saw these lesions; this case it did not see.")


def _of_neighbours(run: RunDir, stored: pd.DataFrame) -> tuple[Dataset | None, str | None]:
    """The data set that has the neighbours' images, where it is here; and its name, where it is not the run's own."""
    if not run.capabilities().names_its_data:
        return dataset_of(run), None
    own = run.config().data
    name = stored["data"].iloc[0] if "data" in stored and len(stored) else own
    return next((one for one in resources.datasets() if one.name == name), None), None if name == own else name


def other_models(told: OtherAnswers, truth: str) -> None:
    """What the other runs say of an image, which were not asked, and of which it is not known.

    Args:
        truth: its reference diagnosis, a code.
    """
    right = sum(one.predicted == truth for one in told.said)
    if told.said:
        st.markdown(f"**{right:,} of {count(len(told.said), 'other run')}** that held this lesion out "
                    f"{'is' if right == 1 else 'are'} right.")
        st.dataframe(pd.DataFrame({
            "Run": [case_tables.name_of(one.run) for one in told.said],
            "Prediction": [label(one.predicted) for one in told.said],
            "Probability": [probability(one.probability) for one in told.said],
            "Right or wrong": ["right" if one.predicted == truth else "wrong" for one in told.said],
            "Its training images": ["known" if one.known else "not all known" for one in told.said],
        }), hide_index=True, key="case.others", width="stretch")
    for runs, words in (
        ([one.run for one in told.said if not one.known],
         "Which images it trained on is not fully known, so it may have seen this lesion"),
        (told.trained, "Not asked, because its network was trained on this lesion"),
        (told.unclear, "Judged an image of this id and diagnosis, but whether it is this one is not known, because "
                       "neither its model nor its data set is here"),
    ):
        if runs:
            st.caption(as_text(f"{words}: {_listed(runs)}."))


def _listed(runs: list[RunDir]) -> str:
    names = [case_tables.name_of(run) for run in runs]
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else "")
