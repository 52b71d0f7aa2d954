"""Case: one held-out image of a run, all that is known of it, its look-alikes, and what if it were another picture."""

import streamlit as st

from app.addresses.links import EXPLORE, explore_link, go, linked, remember
from app.charts.predictions import probabilities_figure, probabilities_table
from app.components import problems
from app.components.cases.case_facts import facts, look_alikes, other_models, same_lesion, under_decisions
from app.components.cases.case_picture import two_heatmaps, zoomed_image
from app.components.cases.teaching_sets import case_note
from app.components.cases.what_if_panel import changed_panel, flips_of_all, what_if_panel
from app.components.figures import dark, show
from app.components.help_text import help_text
from app.components.run_page import folds_note, images_not_here
from app.filters.case_filters import found_cases
from app.filters.filter_address import address_of, read_address
from app.loaders import case_tables, resources
from app.loaders.image_pixels import as_seen, seen_by, untouched
from app.loaders.run_data import can_answer, found_data, images_of, model_of, noticed_model
from app.words import first_bundled_words
from pipeline.data.dataset import Dataset
from pipeline.errors import ImageError, LesionLabError
from pipeline.images.generated import NOTICE
from pipeline.metrics.case_table import in_order
from pipeline.metrics.predictions_table import classes_of, probability_column
from pipeline.models.model_info import ModelInfo
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import Remark, read_remarks, taught_data
from pipeline.shown import as_text


def _nothing(problem: str | None) -> None:
    if problem:
        st.warning(as_text(problem), icon=":material/link_off:")
    st.markdown(
        "One image of a finished run stands here: its truth and where that comes from, the model's output and the "
        "regions that raised it, the lesion's other images, its look-alikes, and what if the picture were another."
    )
    if st.button("Choose an image", type="primary", key="to_explore", icon=":material/photo_library:"):
        go(EXPLORE)


def _way(run: RunDir, image_id: str, kept: dict[str, str]) -> None:
    """Back to the images that the address asks for, and to the one before and after."""
    known = case_tables.known(run)
    asked = read_address(kept, known)
    images = list(in_order(found_cases(run, known, asked.values), asked.order).index)
    here = images.index(image_id) if image_id in images else None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(EXPLORE, label="Back to the images", icon=":material/arrow_back:",
                     query_params={**explore_link(run.name), **kept})
        if here is not None:
            for words, place, icon in (("Previous", here - 1, "arrow_back"), ("Next", here + 1, "arrow_forward")):
                st.button(words, key=f"case.{words.lower()}", disabled=not 0 <= place < len(images),
                          icon=f":material/{icon}:", on_click=_open, args=(images, place))
            st.markdown(f"{here + 1:,} of {len(images):,}", width="content")
    if asked.decision:
        st.caption(f"These images are chosen under the decision {as_text(asked.decision)}. "
                   "The bars show what the run stored.")


def _open(images: list[str], place: int) -> None:
    remember(image=images[place])


def _output(run: RunDir, case: dict, codes: list[str]) -> None:
    from pipeline.models.notice import notice

    table = probabilities_table({code: case[probability_column(code)] for code in codes})
    show(probabilities_figure(table, dark()), table, f"{case['image_id']}-output", key="case.output")
    if info := noticed_model(run):
        st.warning(notice(info), icon=":material/info:")


def _seen(case: dict, dataset: Dataset, run: RunDir, info: ModelInfo | None):
    """What the network saw of the image; where its model is gone, at the size that the run names."""
    table = resources.metadata(dataset)
    if info and not run.capabilities().has_model:  # another's, which prepares an image in its own way
        return seen_by(info, dataset.image_path(table.at[case["image_id"], "file"]))
    config = run.config()
    return as_seen(dataset.image_path(table.at[case["image_id"], "file"]), config.height, config.width, config.resize,
                   config.view)


def _judge(info: ModelInfo, case: dict) -> ModelInfo:
    """The one network that judged the image: of a cross-validation's the one that had not seen its lesion."""
    return info.of_fold(int(case["fold"])) if info.folds and "fold" in case else info


def _case(run: RunDir, image_id: str, cases) -> None:
    case = cases.loc[image_id].to_dict()
    kept = address_of(st.query_params.to_dict())
    found, info, can = found_data(run), model_of(run), run.capabilities()
    dataset = found.dataset
    table = images_of(run, found)
    here = table is not None and image_id in table.index
    drawn = dataset.generated if dataset else info is not None and info.generated
    row = table.loc[image_id].to_dict() if here else None
    _way(run, image_id, kept)
    problem = None
    picture, output = st.columns([5, 4], gap="large")
    with picture:
        if not here and not can.names_its_data:
            images_not_here()
        elif not here:
            st.info(f"The data set {as_text(run.config().data)} is no longer here, or has lost this image: only what "
                    "the run stored can be shown.")
        else:
            try:
                zoomed_image(dataset, row)
            except ImageError as error:
                problem = error
                problems.show(error)
            if dataset.generated:
                st.caption(f":material/draw: This image is {NOTICE}.")
    with output:
        st.markdown(facts(case, row, generated=drawn))
        with problems.in_words():
            st.markdown(under_decisions(run, image_id))
            _output(run, case, classes_of(cases))
    if here and not problem and can.has_heatmaps:
        st.subheader("Regions that raised the outputs")
        with problems.in_words():
            two_heatmaps(run, case, untouched(dataset.image_path(row["file"])),
                         lambda: _seen(case, dataset, run, info))
        help_text("heatmap", "How to read a heatmap")
    st.subheader("Other images of this lesion")
    same_lesion(run, case, cases, dataset, table, kept)
    st.subheader("Nearest training lesions")
    if can.has_neighbours:
        with problems.in_words():
            look_alikes(run, case)
    else:
        st.markdown(first_bundled_words.NO_NEIGHBOURS)
    st.subheader("What other models say")
    with problems.in_words():
        other_models(run, case)
    st.subheader("What if")
    if not can.has_what_if:
        st.markdown(first_bundled_words.NO_WHAT_IF)
    elif here and not problem and can_answer(info):
        with problems.in_words():
            what_if_panel(_judge(info, case), case, _seen(case, dataset, run, info))
    elif changed := case_tables.changed(run):
        with problems.in_words():
            changed_panel(changed, case, classes_of(cases))
    else:
        st.markdown("This needs the image and the model that judged it; one of them is no longer here.")
    if can.has_neighbours:
        whole = "all five folds" if can.has_folds else (
            "the whole validation set" if can.compared_on else "all images of this evaluation")
        st.markdown(f"**Over {whole}**")
        with problems.in_words():
            flips_of_all(run)
    st.subheader("Note")
    with problems.in_words():
        remark = read_remarks(resources.workspace(), taught_data(run)).get(image_id, Remark())
        case_note(run, image_id, remark, case_tables.sets_of(run))


def main() -> None:
    runs = {run.name: run for run in resources.runs() if run.predictions_path.exists()}
    name = linked("run", runs)
    if name.value is None:
        st.title("Case")
        _nothing(name.problem)
        return
    run = runs[name.value]
    try:
        cases = case_tables.cases(run)
    except LesionLabError as error:
        st.title("Case")
        problems.show(error)
        return
    with problems.in_words():
        image = linked("image", cases.index)
        if image.value is None:
            st.title("Case")
            _nothing(image.problem)
            return
        st.title(f"Image {as_text(image.value)}")
        folds_note(run.capabilities())
        st.caption(as_text(f"Lesion {cases.at[image.value, 'lesion_id']} · judged by {case_tables.name_of(run)}"))
        _case(run, image.value, cases)


main()
