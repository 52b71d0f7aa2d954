"""What seen lesions do to figures: the same images judged by two trainings, split by lesion and by image."""

import math
from typing import Literal

import pandas as pd
import streamlit as st

from app.addresses.links import TRAIN, Way, explore_link, go
from app.charts.leakage_figures import paired_figure
from app.components import problems
from app.components.figures import dark, show
from app.components.image_ways import way_links
from app.components.pickers import pick_run
from app.components.train_way import train_way
from app.loaders import leakage_rows, resources
from pipeline.classes import MELANOMA
from pipeline.data.dataset import Dataset
from pipeline.evaluation.leakage import Side
from pipeline.evaluation.paired_splits import PairedFigure, PairedSplits
from pipeline.metrics.metric_registry import METRICS
from pipeline.number_words import UNDEFINED, count, percent
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

Verdict = Literal["flatters", "reverse", "open", "unknown"]
_HEADLINES: dict[Verdict, str] = {
    "flatters": "The training that had seen other images of their lesions finds more of the same melanomas",
    "reverse": "The training that had seen other images of their lesions finds fewer of the same melanomas",
    "open": "On these melanomas the two trainings are not told apart: the interval includes no difference",
    "unknown": "Too few melanomas were held out by both trainings to say what the split does",
}


def verdict(figure: PairedFigure | None) -> Verdict:
    """What the interval of the difference in melanoma sensitivity allows to be said."""
    if figure is None or math.isnan(figure.low):
        return "unknown"
    return "flatters" if figure.low > 0 else "reverse" if figure.high < 0 else "open"


def points(difference: float, low: float, high: float) -> str:
    """ "+5.1 percentage points (95 % interval -8.3 to +18.9)"; without an interval where it is undefined."""
    if math.isnan(difference):
        return UNDEFINED
    words = f"{100 * difference:+.1f} percentage points"
    return words if math.isnan(low) else f"{words} (95 % interval {100 * low:+.1f} to {100 * high:+.1f})"


def paired_table(pair: PairedSplits) -> pd.DataFrame:
    """A row a figure: figure, by_lesion, by_image, difference, low, high."""
    return pd.DataFrame([{"figure": METRICS[one.key].title, **one._asdict()} for one in pair.figures]).drop(
        columns="key", errors="ignore")


def pair_panel(pair: PairedSplits, name: str, key: str) -> None:
    """The headline that the interval allows, the melanomas counted, and each figure's difference."""
    if not pair.images:
        st.info("The two trainings held no image out in common, so they cannot be compared.")
        return
    melanoma = pair.figure("melanoma_sensitivity")
    st.markdown(f"**{_HEADLINES[verdict(melanoma)]}.**")
    if pair.melanomas:
        found = pair.found_by
        st.markdown(
            f"Of the same {count(pair.melanomas, 'melanoma image')} of {count(pair.melanoma_lesions, 'lesion')}, the "
            f"training split by image called {found['both'] + found['image']:,} melanoma "
            f"(**{percent(melanoma.by_image)}**), the one split by lesion {found['both'] + found['lesion']:,} "
            f"(**{percent(melanoma.by_lesion)}**): **{points(*melanoma[3:])}**.{_seen(pair)} Found by the first alone "
            f"{found['image']:,}, by the second alone {found['lesion']:,}."
        )
    table = paired_table(pair)
    behind = table.assign(**{column: table[column].map(percent) for column in ("by_lesion", "by_image")}, difference=[
        points(*row) for row in table[["difference", "low", "high"]].itertuples(index=False)])
    behind = behind.rename(columns={"figure": "Figure", "by_lesion": "Split by lesion", "by_image": "Split by image",
                                    "difference": "Difference"})
    of = f"{count(pair.images, 'image')} of {count(pair.lesions, 'lesion')}"
    title = f"What the split alone changes, on the same {of}"
    show(paired_figure(table, title, dark()), behind.drop(columns=["low", "high"]), name, key=key)


def _seen(pair: PairedSplits) -> str:
    if pair.melanomas_seen is None:
        return ""
    return (f" It had seen another image of the lesion of {pair.melanomas_seen:,} of them, the training split by "
            "lesion of none.")


def bundled_panel() -> None:
    """The lesson at once, from the tables that come with LesionLab; says so where they do not."""
    st.subheader("What seen lesions do to the figures")
    pair = leakage_rows.two_splits()
    if pair is None:
        st.info("The result tables that show this without any training, one short recipe on both splits, do not come "
                "with this copy of LesionLab. A run of your own shows it below.")
        return
    st.caption("One short recipe, trained on HAM10000 with each split; judged on the images that both held out.")
    pair_panel(pair, "bundled-leakage", "leakage.bundled")


def _kind(run: RunDir) -> str:
    return "by image" if run.config().split == "random" else "by lesion"


def run_panel(dataset: Dataset) -> None:
    """A run of the data set: the same recipe on the other split beside it where that was trained, and its two sides.
    """
    runs = leakage_rows.runs_of(dataset)
    if not runs:
        st.info(as_text(f"No finished run on {dataset.name} yet. A run and the same recipe on the other split show "
                        "here what the split alone changes."))
        train_way(primary=False, data=dataset.name)
        return
    run = pick_run(runs, next((run for run in runs if run.config().split == "random"), runs[0]), _kind)
    other = leakage_rows.other_half(run, runs)
    if other is None:
        _other_split(run)
    else:
        by_lesion, by_image = (other, run) if run.config().split == "random" else (run, other)
        st.caption(as_text(f"Split by lesion: {by_lesion.name}. Split by image: {by_image.name}."))
        pair_panel(leakage_rows.pair(by_lesion, by_image), f"{run.name}-leakage", "leakage.pair")
    _sides(run)


def _sides(run: RunDir) -> None:
    """How many of the run's validation images show a lesion that its training saw, and the ways to both kinds."""
    sides = leakage_rows.sides(run)
    if "seen" not in sides:
        st.markdown(as_text(f"{run.name} was split by lesion: none of its "
                            f"{count(sides['not_seen'].images, 'validation image')} shows a lesion that its "
                            "training saw."))
        return
    whole = sum(side.images for side in sides.values())
    st.markdown(as_text(f"Of the {count(whole, 'validation image')} of {run.name}, {sides['seen'].images:,} show a "
                        "lesion that its training saw."))
    for name, side in sides.items():
        way_links(_ways(run, name, side))
    if len(sides) == 2:
        st.caption("The two kinds are images of other lesions, so a comparison of the one with the other is none of "
                   "what leaks: lesions with several images are often the suspicious ones.")


def _ways(run: RunDir, name: str, side: Side) -> list[Way]:
    """The images of one side, those of them that are wrong, and its melanomas."""
    part, seen = "validation", name == "seen"
    whose = "whose lesion training saw" if seen else "whose lesion it did not see"
    return [
        Way(f"Open the {count(side.images, 'image')} {whose}", side.images,
            explore_link(run.name, part=part, seen=seen)),
        Way(f"Open the {side.wrong:,} of them that {'is' if side.wrong == 1 else 'are'} wrong", side.wrong,
            explore_link(run.name, part=part, seen=seen, right=False)),
        Way(f"Open the {count(side.melanomas, 'melanoma image')} among them", side.melanomas,
            explore_link(run.name, part=part, seen=seen, truth=MELANOMA)),
    ]


def _other_split(run: RunDir) -> None:
    from pipeline.runs.plan import other_kind

    other = other_kind(run.config().split)
    words = {"lesion": "by lesion", "random": "by image"}[other]
    if st.button(f"Run this recipe on the other split ({words})", key="other_split", icon=":material/call_split:",
                 help="Starts a new run: the same network, stages and seed, only the split differs. Both are then "
                 "compared here on the images that both held out."):
        with problems.in_words():
            from pipeline.jobs.launch import start_run
            from pipeline.runs.plan import other_split

            started = start_run(resources.workspace(), other_split(resources.workspace(), run))
            go(TRAIN, run=started.name)
