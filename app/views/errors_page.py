"""Errors of a run: its figures, its confusion matrix, the images behind them, and the same with the truth hidden."""

import streamlit as st

from app.addresses.links import CLASSIFY, EXPLORE, explore_link, go
from app.components import problems
from app.components.errors.confusion_panel import (
    chosen_cell,
    close_cell,
    confusion_chart,
    part_ways,
    ways_to_a_cell,
)
from app.components.errors.hidden_truth import hidden_truth, hide_switch, hiding
from app.components.help_text import help_text
from app.components.image_ways import way_links
from app.components.lesion_grid import heatmap_controls, lesion_grid
from app.components.pickers import pick
from app.components.run_figures import run_figures
from app.components.run_page import (
    about_images,
    chosen_run,
    classify_with_it,
    folds_note,
    judged_images,
    not_evaluated,
)
from app.loaders import resources
from app.words import first_bundled_words
from app.words.evaluation_words import PART_WORDS
from pipeline.classes import label
from pipeline.metrics.confusion import cell as cell_rows
from pipeline.metrics.confusion import top_losses
from pipeline.metrics.predictions_table import classes_of
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir
from pipeline.runs.run_kind import Capabilities
from pipeline.shown import as_text
from pipeline.vocabulary import HeldOutPart

_TOP = 48
_NOTHING_YET = (
    "A finished run shows here what its network got right and wrong: the confusion matrix, the pairs it confuses, "
    "and every held-out image with the regions that raised the output."
)


def _images(run: RunDir, can: Capabilities, rows, cell, part: HeldOutPart) -> None:
    if cell:
        truth, predicted = cell
        chosen = cell_rows(rows, truth, predicted)
        verb = "rightly called" if truth == predicted else "called"
        st.subheader(f"{as_text(label(truth))} {verb} {as_text(label(predicted))}: {count(len(chosen), 'image')}")
        st.button("Back to the highest losses", on_click=close_cell, key="close_cell", icon=":material/arrow_back:")
    else:
        chosen = top_losses(rows, _TOP)
        st.subheader(f"Highest losses: the {count(len(chosen), 'image')} whose truth got the least probability")
    asked = {"truth": cell[0], "predicted": cell[1]} if cell else {}
    st.page_link(EXPLORE, label="Open these images in Explore" if cell else "Open all images in Explore",
                 icon=":material/photo_library:", query_params=explore_link(run.name, part=part, **asked))
    help_text("heatmap", "How to read a heatmap")
    if chosen.empty:
        st.info("No image is in this cell.")
    elif judged := judged_images(run):
        why = None if can.has_heatmaps else first_bundled_words.NO_HEATMAPS
        choice = heatmap_controls(judged.heatmaps is not None, why=why)
        lesion_grid(chosen, judged, choice, f"{run.name}.{part}.{'.'.join(cell or ('top',))}")


def _errors(run: RunDir, can: Capabilities, results, part: HeldOutPart, rows, classes: list[str]) -> None:
    cell = chosen_cell(classes)
    figures, matrix = st.columns([2, 3], gap="large")
    with figures:
        run_figures(run, results, part)
    with matrix:
        confusion_chart(rows, classes, cell, f"{run.name}-{part}")
    way_links(part_ways(run, part, rows, results[part]))
    help_text("confusion", "How to read a confusion matrix, and how the article reads its own")
    ways_to_a_cell(rows, classes, cell, run, part)
    with problems.in_words():
        _images(run, can, rows, cell, part)


def main() -> None:
    head = chosen_run("Errors", [2, 5, 2, 2], _NOTHING_YET)
    if head is None:
        return
    run, (right, switch) = head
    results = run.results()
    if not results:
        not_evaluated(run, "Its errors appear")
        return
    predictions = resources.predictions(run)
    parts = [part for part in ("validation", "test") if part in results]
    with right:
        part = pick("Part", "part", parts, default=parts[0], words=PART_WORDS.get,
                    help="Images that the network was not trained on.")
    with switch:
        hide_switch()
    can = run.capabilities()
    folds_note(can)
    about_images(run)
    classes = classes_of(predictions)
    rows = predictions[predictions["part"] == part]
    if not hiding():
        _errors(run, can, results, part, rows, classes)
    elif judged := judged_images(run):
        hidden_truth(rows, classes, judged, f"{run.name}.{part}")
    if can.has_folds:
        classify_with_it()
    elif can.has_model and run.model.exists() and st.button("Classify images with this model", key="to_classify",
                                        icon=":material/image_search:"):
        go(CLASSIFY, model=run.name)


main()
