"""Classify: a model's output for uploaded or example images, in memory only."""

import pandas as pd
import streamlit as st

from app import resources
from app.components import problems
from app.components.help_text import help_text
from app.components.pickers import pick
from app.components.prediction_panel import prediction_panel
from app.components.visitor_image import VisitorImage, visitor_image
from app.links import TRAIN, go, linked
from app.wording import as_text, count, percent
from pipeline.classes import label
from pipeline.errors import ImageError, LesionLabError
from pipeline.inference.model_info import ModelInfo
from pipeline.inference.notice import weighing
from pipeline.jobs.run_dir import find_run

QUESTION = "Were your images taken with a dermatoscope?"
NOT_DERMATOSCOPIC = (
    "No model output: the model has seen only dermatoscopic images, taken through a lens on the skin. In an ordinary "
    "photograph the structures that it knows are not visible, so its numbers would mean nothing."
)
_THUMBNAIL_PIXELS = 160
_SPLIT_WORDS = {"lesion": "split by lesion", "lesion-test": "split by lesion, with a test part",
                "random": "split by image, which flatters the figures"}


def _nothing_yet(problem: str | None) -> None:
    if problem:
        st.warning(as_text(problem), icon=":material/link_off:")
    st.markdown("Here a trained model gives its output for your images and shows the regions that raised it. "
                "There is no model yet.")
    if st.button("Train a classifier", type="primary", key="to_train", icon=":material/model_training:"):
        go(TRAIN)


def _about(info: ModelInfo) -> None:
    """What the model was trained on, in two sentences."""
    kind = "generated " if info.generated else ""
    words = (
        f"Trained on {count(info.training_images, f'{kind}image')} of {count(info.training_lesions, 'lesion')} of the "
        f"data set {info.data} ({_SPLIT_WORDS[info.split]}; {info.licence}, {info.attribution})."
    )
    if figures := info.validation:
        words += (
            f" Validation, {count(figures['images'], 'image')}: accuracy {percent(figures['accuracy'])} (the most "
            f"frequent diagnosis alone {percent(figures['majority_accuracy'])}), balanced accuracy "
            f"{percent(figures['balanced_accuracy'])}."
        )
    st.caption(as_text(f"{words} {weighing(info)}"))
    st.caption("It chooses among: " + ", ".join(label(code) for code in info.classes) + ".")


def _example_rows(info: ModelInfo) -> tuple[pd.DataFrame, object] | None:
    """One validation image of each diagnosis from the model's own data set, and that data set."""
    dataset = next((d for d in resources.datasets() if d.name == info.data), None)
    if dataset is None:
        return None
    table = resources.metadata(dataset)
    try:
        split = find_run(resources.workspace(), info.run).split()
    except (LesionLabError, FileNotFoundError):
        return None  # without the split nobody knows which images the model has not seen
    held_out = table[table.index.isin(split.loc[split["part"] == "validation", "image_id"])]
    return held_out.sort_index().groupby("dx", sort=True).head(1), dataset


def _examples(info: ModelInfo) -> list[VisitorImage]:
    """Thumbnails of held-out images; the chosen one."""
    found = _example_rows(info)
    if found is None:
        st.info(f"The validation images of the data set {info.data} are no longer here. Upload an image instead.")
        return []
    rows, dataset = found
    st.caption("From the model's validation part: it was not trained on them.")
    key = f"example.{info.name}"
    places = st.container(horizontal=True)
    for row in rows.itertuples():
        column = places.container(width=_THUMBNAIL_PIXELS)
        with column, problems.in_words():
            column.image(resources.untouched(dataset.image_path(row.file)), width="stretch", output_format="JPEG",
                         alt=f"Example image {row.image_id}")
            column.button(f"Use {row.image_id}", key=f"{key}.{row.image_id}", width="stretch", wrap=True,
                          type="primary" if st.session_state.get(key) == row.image_id else "secondary",
                          on_click=lambda image_id=row.image_id: st.session_state.update({key: image_id}))
    chosen = rows[rows.index == st.session_state.get(key)]
    return [
        visitor_image(dataset.image_path(row.file), row.image_id, truth=row.dx) for row in chosen.itertuples()
    ]


def _uploads() -> list[VisitorImage]:
    """What was uploaded and may be judged; says why where it may not."""
    st.caption("Uploads stay in this computer's memory while your page is open; they are stored nowhere, and of each "
               "only the pixels are used.")
    answer = st.radio(QUESTION, ["yes", "no"], index=None, horizontal=True, key="dermatoscope",
                      format_func={"yes": "Yes", "no": "No, or I do not know"}.get)
    files = st.file_uploader("Images (JPEG or PNG)", accept_multiple_files=True, key="uploads")
    if answer == "no":
        st.warning(NOT_DERMATOSCOPIC, icon=":material/block:")
        return []
    if answer is None:
        if files:
            st.info("Answer the question above to see the model's output.", icon=":material/help:")
        return []
    images = []
    for file in files:
        try:
            images.append(visitor_image(file.getvalue(), file.name))
        except ImageError as error:
            problems.show(error)
    return images


def main() -> None:
    title, picker = st.columns([1, 2], vertical_alignment="bottom")
    title.title("Classify")
    models = resources.models()
    if not models:
        _nothing_yet(linked("model", []).problem)
        return
    by_name = {info.name: info for info in models}
    with picker:
        info = by_name[pick("Model", "model", list(by_name), default=models[0].name)]
    _about(info)
    source = st.radio("Images to classify", ["examples", "uploads"], horizontal=True, key="source",
                      format_func={"examples": "Example images", "uploads": "My images"}.get)
    images = _examples(info) if source == "examples" else _uploads()
    if images:
        opacity = st.slider("Opacity of the heatmap", 0, 100, 60, format="%d %%", key="opacity", width=320) / 100
        with st.spinner("Loading the network: some seconds the first time."):
            resources.predictor(info)
        for number, image in enumerate(images):
            with problems.in_words():
                prediction_panel(info, image, opacity, number)
    help_text("classify", "What the model's output is, and is not")
    help_text("heatmap", "How to read a heatmap")


main()
