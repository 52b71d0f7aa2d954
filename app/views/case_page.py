"""Case: one held-out image of a run, all that is known of it, its look-alikes, and what if it were another picture."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from app.addresses.links import ERRORS, explore_link, go, linked, remember
from app.charts.predictions import probabilities_figure, probabilities_table
from app.components import problems
from app.components.cases.case_facts import (
    facts,
    lesion_images,
    look_alikes,
    other_models,
    same_lesion,
    under_decisions,
)
from app.components.cases.case_picture import Regions, case_picture, picture_controls, regions_of
from app.components.cases.teaching_sets import case_note
from app.components.cases.what_if_panel import changed_panel, flips_of_all, what_if_panel
from app.components.figures import dark, show
from app.components.notice_panel import notice_panel
from app.components.run_page import folds_note, images_not_here
from app.filters.case_filters import found_cases
from app.filters.filter_address import address_of, read_address
from app.loaders import case_tables, resources
from app.loaders.image_pixels import as_seen, at_its_shape, seen_by, untouched
from app.loaders.other_answers import other_answers
from app.loaders.run_data import can_answer, found_data, images_of, model_of, noticed_model
from pipeline.data.dataset import Dataset
from pipeline.errors import LesionLabError
from pipeline.images.generated import NOTICE
from pipeline.metrics.case_table import in_order
from pipeline.metrics.predictions_table import classes_of, probability_column
from pipeline.models.model_info import ModelInfo
from pipeline.runs.run_dir import RunDir
from pipeline.runs.run_kind import Capabilities
from pipeline.runs.teaching import Remark, read_remarks, taught_data
from pipeline.shown import as_text


def _nothing(problem: str | None) -> None:
    if problem:
        st.warning(as_text(problem), icon=":material/link_off:")
    st.markdown("Here one image stands large, with its reference diagnosis, the answers, and its look-alikes.")
    if st.button("Choose an image", type="primary", key="to_explore", icon=":material/photo_library:"):
        go(ERRORS)


def _way(run: RunDir, image_id: str, kept: dict[str, str]) -> None:
    """The page's head: back to the images that the address asks for, and to the one before and after."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(f"Image {as_text(image_id)}", width="stretch")
        st.page_link(ERRORS, label="Back to the images", icon=":material/arrow_back:", width="content",
                     query_params={**explore_link(run.name), **kept})
        with problems.in_words():
            _steps(run, image_id, kept)


def _steps(run: RunDir, image_id: str, kept: dict[str, str]) -> None:
    known = case_tables.known(run)
    asked = read_address(kept, known)
    images = list(in_order(found_cases(run, known, asked.values), asked.order).index)
    if image_id not in images:
        return
    here = images.index(image_id)
    for words, place, icon in (("Previous", here - 1, "arrow_back"), ("Next", here + 1, "arrow_forward")):
        st.button(words, key=f"case.{words.lower()}", disabled=not 0 <= place < len(images),
                  icon=f":material/{icon}:", on_click=_open, args=(images, place))
    st.markdown(f"{here + 1:,} of {len(images):,}", width="content")


def _open(images: list[str], place: int) -> None:
    remember(image=images[place])


def _output(run: RunDir, case: dict, codes: list[str]) -> None:
    table = probabilities_table({code: case[probability_column(code)] for code in codes})
    with st.expander("All its probabilities", icon=":material/bar_chart:"):
        show(probabilities_figure(table, dark()), table, f"{case['image_id']}-output", key="case.output")
    if info := noticed_model(run):
        notice_panel(info, f"{run.name}/{case['image_id']}")


def _judge(info: ModelInfo, case: dict) -> ModelInfo:
    """The one network that judged the image: of a cross-validation's the one that had not seen its lesion."""
    return info.of_fold(int(case["fold"])) if info.folds and "fold" in case else info


class _Case(NamedTuple):
    """What the parts of the page ask of the case: `row` of its data set's `table`, where the image is here."""

    run: RunDir
    cases: pd.DataFrame
    case: dict[str, Any]
    dataset: Dataset | None
    table: pd.DataFrame | None
    row: dict[str, Any] | None
    info: ModelInfo | None
    can: Capabilities
    drawn: bool
    kept: dict[str, str]


def _of(run: RunDir, image_id: str, cases: pd.DataFrame) -> _Case:
    found, info = found_data(run), model_of(run)
    table = images_of(run, found)
    row = table.loc[image_id].to_dict() if table is not None and image_id in table.index else None
    drawn = found.dataset.generated if found.dataset else info is not None and info.generated
    return _Case(run, cases, cases.loc[image_id].to_dict(), found.dataset, table, row, info, run.capabilities(), drawn,
                 address_of(st.query_params.to_dict()))


def _seen(one: _Case) -> np.ndarray:
    """What the network saw of the image, uint8 (H, W, 3); where its model is gone, at the size that the run names."""
    assert one.dataset is not None and one.row is not None, "asked of a picture that is here"
    path, config = one.dataset.image_path(one.row["file"]), one.run.config()
    if one.info and not one.can.has_model:  # another's, which prepares an image in its own way
        return seen_by(one.info, path)
    return as_seen(path, config.height, config.width, config.resize, config.view)


def _at_its_shape(one: _Case, pixels: np.ndarray) -> np.ndarray:
    """What the network saw of the picture, or a change of it, in the shape that the picture has."""
    assert one.row is not None, "asked of a picture that is here"
    return at_its_shape(pixels, (one.row["width"], one.row["height"]), one.run.config())


def _readable(one: _Case) -> bool:
    """Whether the picture is here and can be read; says why not."""
    if one.row is None or one.dataset is None:
        if one.can.names_its_data:
            st.info(f"The data set {as_text(one.run.config().data)} is no longer here, or has lost this image: only "
                    "what the run stored can be shown.")
        else:
            images_not_here()
        return False
    with problems.in_words():
        untouched(one.dataset.image_path(one.row["file"]))
        return True
    return False


def _at_a_glance(one: _Case, readable: bool) -> None:
    """The picture, and all that is known of it beside it; over the whole width where there is no picture."""
    picture, beside = st.columns([3, 2], gap="medium") if readable else (None, st.container())
    regions: dict[str, Regions] = {}
    with beside:
        st.markdown(facts(one.case, one.row, generated=one.drawn))
        with problems.in_words():
            st.markdown(under_decisions(one.run, one.case["image_id"]))
        if one.kept.get("decision"):
            st.caption(f"These images are chosen under the decision {as_text(one.kept['decision'])}. "
                       "The bars show what the run stored.")
        if readable:
            with problems.in_words():  # the picture stands there without them, too
                regions = regions_of(one.run, one.case, generated=one.drawn)
            asked = picture_controls(regions)
        _output(one.run, one.case, classes_of(one.cases))
        if one.drawn:
            st.caption(f":material/draw: This image is {NOTICE}.")
        folds_note(one.can)
        st.caption(as_text(f"Lesion {one.case['lesion_id']} · judged by {case_tables.name_of(one.run)}"))
    if picture is not None:
        with picture, problems.in_words():
            case_picture(one.run, one.dataset, one.row, asked)


def _what_if(one: _Case, readable: bool) -> None:
    if readable and one.info and can_answer(one.info):
        what_if_panel(_judge(one.info, one.case), one.case, _seen(one), partial(_at_its_shape, one))
    elif changed := case_tables.changed(one.run):
        changed_panel(changed, one.case, classes_of(one.cases))
    else:
        st.markdown("This needs the image and the model that judged it; one of them is no longer here.")
    if one.can.has_neighbours:
        whole = "all five folds" if one.can.has_folds else (
            "the whole validation set" if one.can.compared_on else "all images of this evaluation")
        st.markdown(f"**Over {whole}**")
        flips_of_all(one.run)


def _note(one: _Case) -> None:
    remark = read_remarks(resources.workspace(), taught_data(one.run)).get(one.case["image_id"], Remark())
    case_note(one.run, one.case["image_id"], remark, case_tables.sets_of(one.run))


def _below(one: _Case, readable: bool) -> None:
    """What else there is, a tab each; what has nothing to show has none."""
    image_id = one.case["image_id"]
    ids = lesion_images(one.case, one.cases, one.table)
    told = other_answers(one.run, image_id, one.case["truth"], one.case["lesion_id"], ids)
    parts: dict[str, Callable[[], None]] = {}
    if ids:
        parts[f"This lesion's other images ({len(ids):,})"] = lambda: same_lesion(
            one.run, ids, one.cases, one.dataset, one.table, one.kept)
    a_mean = one.info is not None and one.info.is_mean
    if one.can.has_neighbours and not (a_mean and case_tables.neighbours(one.run) is None):
        parts["Look-alikes in training"] = lambda: look_alikes(one.run, one.case)
    if told.any:
        parts[f"Other answers ({len(told.said):,})"] = lambda: other_models(told, one.case["truth"])
    if one.can.has_what_if:
        parts["What if"] = lambda: _what_if(one, readable)
    parts["Note"] = lambda: _note(one)
    for tab, draw in zip(st.tabs(list(parts)), parts.values(), strict=True):
        with tab, problems.in_words():
            draw()


def _case(run: RunDir, image_id: str, cases: pd.DataFrame) -> None:
    one = _of(run, image_id, cases)
    _way(run, image_id, one.kept)
    readable = _readable(one)
    st.fragment(_at_a_glance)(one, readable)
    _below(one, readable)


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
        _case(run, image.value, cases)


main()
