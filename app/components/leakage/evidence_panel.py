"""How much of the positive evidence lies inside the lesion: by diagnosis, against chance, and the outliers."""

import math
import shlex

import pandas as pd
import streamlit as st

from app.access import Right, may, not_offered
from app.addresses.links import Way, explore_link
from app.charts.leakage_figures import evidence_figure
from app.components import problems
from app.components.figures import dark, show
from app.components.help_text import help_text
from app.components.image_ways import row_ways
from app.components.judged_pictures import RegionChoice
from app.components.lesion_wall import lesion_wall
from app.components.long_work import SessionWork
from app.components.run_page import judged_images
from app.loaders import leakage_rows, resources
from app.loaders.run_data import dataset_of
from pipeline.classes import label
from pipeline.data.dataset import Dataset
from pipeline.evaluation.evidence import of_kind, outliers
from pipeline.evaluation.evidence_store import evidence_path
from pipeline.jobs.tasks import EvidenceRequest
from pipeline.metrics.units import is_number, with_interval
from pipeline.number_words import UNDEFINED, count, decimal, percent
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text
from pipeline.vocabulary import HeatmapOf, HeldOutPart

TITLE = "Evidence outside the lesion: context or shortcut?"
_TSCHANDL = "akiec"
_OF = {"predicted": "the predicted diagnosis", "truth": "the reference diagnosis"}


def evidence_panel(run: RunDir, part: HeldOutPart) -> None:
    """Chart, table, what Tschandl et al. found, and the images with the least evidence inside, of one held-out part.

    Says what is missing where the data set is gone, has no masks, or the run stored no heatmaps.
    """
    st.subheader(TITLE)
    dataset = dataset_of(run)
    if dataset is None:
        st.info(as_text(f"The data set {run.config().data} is no longer here, and its lesion masks with it."))
        return
    if not run.heatmaps_path.exists():
        st.info("This run stored no heatmaps.")
        return
    masks = evidence_path(run, dataset) is not None
    if masks and not leakage_rows.evidence_there(run, dataset):
        _measure(run, dataset)
        return
    rows = leakage_rows.evidence(run, dataset) if masks else pd.DataFrame({"part": []})
    rows = rows[rows["part"] == part]
    if rows.empty:
        st.markdown(
            f"The data set {as_text(dataset.name)} has no lesion masks for these images. A zip or folder with "
            "`<image_id>_segmentation.png` brings them:"
        )
        st.code(shlex.join(["python", "-m", "pipeline", "data", "masks", "PATH", "--data", dataset.name]),
                language="sh")
        return
    of: HeatmapOf = st.radio("Evidence for", list(_OF), format_func=_OF.get, horizontal=True, key="evidence.of")
    table = leakage_rows.evidence_by_diagnosis(run, dataset, part, of)
    _chart(rows, table, of, run, part)
    _akiec(leakage_rows.evidence_against_rest(run, dataset, part, _TSCHANDL, of), table)
    _outliers(run, dataset, rows, part, of)
    help_text("evidence", "How this is measured, and what it cannot say")


_WORK = SessionWork("evidence", "Measures", cancels=False)


def _measure(run: RunDir, dataset: Dataset) -> None:
    """How far the measurement is, which starts by itself, once; or why it broke off."""
    if not may(Right.COMPUTE):
        not_offered(Right.COMPUTE, "Measuring it")
        return
    if not _WORK.has_begun(run.name):
        with problems.in_words():
            _WORK.start(run.name, EvidenceRequest(run.name, dataset.name))
    if _WORK.has_answer(run.name):  # it was stored, and is there no more
        _WORK.forget()
        st.rerun()
    _WORK.view()
    if _WORK.broke_off(run.name) and st.button("Try again", key="evidence.again", icon=":material/refresh:"):
        _WORK.forget()
        st.rerun()


def _chart(rows: pd.DataFrame, table: pd.DataFrame, of: HeatmapOf, run: RunDir, part: HeldOutPart) -> None:
    whole = table.iloc[0]
    st.markdown(
        f"Of the positive evidence for {_OF[of]}, **{with_interval(tuple(whole[['inside', 'low', 'high']]))}** lies "
        f"inside the lesion (mean, 95 % interval over lesions; n = {count(int(whole['images']), 'image')} of "
        f"{count(int(whole['lesions']), 'lesion')}). The lesion takes {percent(whole['area'])} of the area, which is "
        f"chance: **{decimal(whole['ratio'], 2)}** times as much lies there. Evidence in the same places, laid over "
        f"the average lesion, would give {percent(whole['usual'])}: lesions lie in the "
        "middle, so only what exceeds that is about the image's own lesion."
    )
    diagnoses = table.iloc[1:]
    areas = diagnoses.set_index("diagnosis")["area"]
    behind = pd.DataFrame({
        "Diagnosis": ["All" if code == "all" else label(code) for code in table["diagnosis"]],
        "Images": table["images"], "Lesions": table["lesions"], "No positive evidence": table["without"],
        "Inside the lesion": [with_interval((r.inside, r.low, r.high)) for r in table.itertuples()],
        "Lesion's share of the area": table["area"].map(percent),
        "Times chance": [decimal(ratio, 2) for ratio in table["ratio"]],
        "Average lesion instead": table["usual"].map(percent), "Median": table["median"].map(percent),
        "Quartiles": [
            f"{percent(r.lower)} to {percent(r.upper)}" if is_number(r.lower) else UNDEFINED for r in table.itertuples()
        ],
    })
    names, key = list(behind["Diagnosis"]), f"evidence.{of}"
    show(evidence_figure(rows, of, areas, dark()), behind, f"{run.name}-{part}-evidence", key=key, names=names[1:])
    row_ways(names, lambda place: _ways(rows, of, run, part, table["diagnosis"].iat[place]), key)


def _ways(rows: pd.DataFrame, of: HeatmapOf, run: RunDir, part: HeldOutPart, code: str) -> list[Way]:
    """Of one reference diagnosis, or of all: the images that were measured, those without evidence, the outliers."""
    truth = {} if code == "all" else {"truth": code}
    inside = rows.index if code == "all" else rows.index[rows["truth"] == code]
    ways = []
    for kind, words in (("measured", "measured"), (f"none-{of}", "without positive evidence"),
                        (f"outside-{of}", "with far less inside than others")):
        n = int(of_kind(rows, kind).index.isin(inside).sum())
        ways.append(Way(f"Open the {count(n, 'image')} {words}", n,
                        explore_link(run.name, part=part, evidence=kind, **truth)))
    return ways


def _akiec(found: dict, table: pd.DataFrame) -> None:
    """Whether this network repeats what Tschandl et al. found, from `outside_against_rest`."""
    if math.isnan(found["difference"]):
        return
    ratios = table.set_index("diagnosis")["ratio"]
    difference, low, high = (100 * found[key] for key in ("difference", "low", "high"))
    if low > 0:
        words = "This network repeats it."
    elif high < 0:
        words = "This network shows the reverse."
    else:
        words = "The interval includes no difference, so this network neither repeats nor contradicts it."
    st.markdown(
        "Tschandl et al. 2020 found more activation outside the lesion for actinic keratosis or Bowen's disease "
        "(akiec) than for the rest, and took it for meaningful: sun-damaged skin around the lesion. Here "
        f"{percent(found['outside'])} of its evidence lies outside, of the rest's {percent(found['rest'])}: a "
        f"difference of {difference:+.1f} percentage points (95 % interval {low:+.1f} to {high:+.1f}; n = "
        f"{count(found['images'], 'image')} of akiec). **{words}** Its lesions are of another size, though: "
        f"measured against their share of the area, {decimal(ratios[_TSCHANDL], 2)} times chance lies inside for akiec "
        f"and {decimal(ratios['all'], 2)} times for all."
    )


def _outliers(run: RunDir, dataset: Dataset, rows: pd.DataFrame, part: HeldOutPart, of: HeatmapOf) -> None:
    odd = outliers(rows, of)
    st.markdown(f"**{count(len(odd), 'outlier')} against their own diagnosis:** far less evidence inside the lesion, "
                "for its size, than in other images of that diagnosis")
    judged = judged_images(run) if len(odd) else None
    if judged is None:
        return
    predictions = resources.predictions(run)
    shown = predictions[predictions["part"] == part].set_index("image_id", drop=False).loc[odd["image_id"]]
    lesion_wall(run, shown.reset_index(drop=True), judged, RegionChoice(True, of, 0.6),
                view=f"{run.name}.{part}.evidence.{of}")
