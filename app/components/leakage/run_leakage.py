"""What seen lesions do to figures: the bundled pair of runs, and a run's own validation images in two parts."""

from typing import Any

import pandas as pd
import streamlit as st

from app.addresses.links import TRAIN, Way, explore_link, go
from app.charts.leakage_figures import sides_figure
from app.components import problems
from app.components.figures import dark, show
from app.components.image_ways import way_links
from app.components.pickers import pick
from app.loaders import leakage_rows, resources
from pipeline.data.dataset import Dataset
from pipeline.metrics.metric_registry import METRICS, metrics_of
from pipeline.metrics.units import with_interval
from pipeline.number_words import count, percent
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

_SIDES = {"seen": "Lesion seen in training", "not_seen": "Lesion not seen"}
_PAIR = {"lesion": "Split by lesion", "random": "Split by image"}


def figures_table(sides: dict[str, dict[str, Any]], words: dict[str, str]) -> pd.DataFrame:
    """A row for each figure and side: figure, key, side, value, low, high."""
    return pd.DataFrame([
        {"figure": metric.title, "key": metric.key, "side": words[side], "value": figures[metric.key],
         "low": figures["intervals"][metric.key][0], "high": figures["intervals"][metric.key][1]}
        for metric in metrics_of("part") if metric.interval for side, figures in sides.items() if metric.key in figures
    ])


def _counts(sides: dict[str, dict[str, Any]], words: dict[str, str]) -> str:
    lines = []
    for side, figures in sides.items():
        melanoma = figures["melanoma"]
        called = f"; of {count(melanoma['images'], 'melanoma image')} {percent(melanoma['sensitivity'])} called " \
            "melanoma" if melanoma["images"] else "; no melanoma"
        lines.append(f"- **{words[side]}**: n = {count(figures['images'], 'image')} of "
                     f"{count(figures['lesions'], 'lesion')}, {figures['diagnoses']:,} diagnoses{called}")
    return "\n".join(lines)


def _chart(sides: dict[str, dict[str, Any]], words: dict[str, str], title: str, name: str, key: str) -> None:
    table = figures_table(sides, words)
    told = [with_interval((r.value, r.low, r.high), METRICS[r.key].unit) for r in table.itertuples()]
    behind = table.assign(Value=told)
    show(sides_figure(table, title, dark()), behind.rename(columns={"figure": "Figure", "side": "Images"})[
        ["Figure", "Images", "Value"]], name, key=key)


def bundled_panel() -> None:
    """The inflation at once, from the tables that come with LesionLab; says so where they do not."""
    pair = leakage_rows.two_splits()
    if pair is None:
        st.info("The pair of result tables that shows this without any training, one short recipe on both splits, does "
                "not come with this copy of LesionLab. A run of your own shows it below.")
        return
    sides = pair._asdict()
    gain = pair.random["balanced_accuracy"] - pair.lesion["balanced_accuracy"]
    st.markdown(
        "One short recipe, trained twice on HAM10000: only the split differs. Judged on the split by image its "
        f"balanced accuracy is **{percent(pair.random['balanced_accuracy'])}**, by lesion "
        f"**{percent(pair.lesion['balanced_accuracy'])}**: {100 * gain:+.1f} percentage points, from the split alone."
    )
    st.markdown(_counts(sides, _PAIR))
    _chart(sides, _PAIR, "The same short recipe on both splits", "bundled-leakage", "leakage.bundled")


def run_panel(dataset: Dataset) -> None:
    """A run of the data set: its figures on lesions that training saw and on others; and its recipe on the other split.
    """
    runs = {run.name: run for run in leakage_rows.runs_of(dataset)}
    if not runs:
        st.info(as_text(f"No finished run on {dataset.name} yet. A run on the split by image shows here its figures on "
                        "lesions that its training saw, and on those that it did not."))
        if st.button("Train a classifier", key="to_train", icon=":material/model_training:"):
            go(TRAIN, data=dataset.name)
        return
    first = next((run for run in runs.values() if run.config().split == "random"), next(iter(runs.values())))
    splits = {name: "by image" if run.config().split == "random" else "by lesion" for name, run in runs.items()}
    run = runs[pick("Run", "run", list(runs), default=first.name, words=lambda name: f"{name} ({splits[name]})")]
    sides = leakage_rows.sides(run)
    if "seen" in sides and "not_seen" in sides:
        st.markdown(_counts(sides, _SIDES))
        _chart(sides, _SIDES, f"Lesions that training saw, and those that it did not: {run.name}",
               f"{run.name}-seen", "leakage.sides")
        for side in sides:
            way_links(_ways(run, side, sides[side]))
        st.caption("The two sets differ in their mix of diagnoses too, which moves accuracy; balanced accuracy and AUC "
                   "less. Lesions with several images are often the suspicious ones.")
    elif "seen" in sides:
        st.info("Training saw every lesion of this run's validation part.")
    else:
        st.markdown(as_text(f"{run.name} was split by lesion: none of its "
                            f"{count(sides['not_seen']['images'], 'validation image')} shows a lesion that its "
                            "training saw. The same recipe on the split by image shows what that would have added."))
    _other_split(run)


def _ways(run: RunDir, side: str, figures: dict[str, Any]) -> list[Way]:
    """The images of one side, those of them that are wrong, and its melanomas."""
    part, seen = "validation", side == "seen"
    whose = "whose lesion training saw" if seen else "whose lesion it did not see"
    wrong = round((1 - figures["accuracy"]) * figures["images"])
    melanomas = figures["melanoma"]["images"]
    return [
        Way(f"Open the {count(figures['images'], 'image')} {whose}", figures["images"],
            explore_link(run.name, part=part, seen=seen)),
        Way(f"Open the {wrong:,} of them that {'is' if wrong == 1 else 'are'} wrong", wrong,
            explore_link(run.name, part=part, seen=seen, right=False)),
        Way(f"Open the {count(melanomas, 'melanoma image')} among them", melanomas,
            explore_link(run.name, part=part, seen=seen, truth="mel")),
    ]


def _other_split(run: RunDir) -> None:
    from pipeline.runs.plan import other_kind

    other = other_kind(run.config().split)
    words = {"lesion": "by lesion", "random": "by image"}[other]
    if st.button(f"Run this recipe on the other split ({words})", key="other_split", icon=":material/call_split:",
                 help="Starts a new run: the same network, stages and seed, only the split differs."):
        with problems.in_words():
            from pipeline.jobs.launch import start_run
            from pipeline.runs.plan import other_split

            started = start_run(resources.workspace(), other_split(resources.workspace(), run))
            go(TRAIN, run=started.name)
