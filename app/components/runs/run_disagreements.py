"""The shared images on which compared runs say different things, with pictures and what each run makes of them."""

from typing import Any

import pandas as pd
import streamlit as st

from app.components.figures import show_table
from app.components.image_ways import way_links
from app.components.runs.shared_ways import SharedWays
from app.loaders import resources
from app.loaders.image_pixels import as_seen
from app.words.factor_words import reference
from pipeline.classes import label
from pipeline.configuration.config import RunConfig
from pipeline.data.dataset import Dataset
from pipeline.errors import ImageError
from pipeline.files.workspace import error_words
from pipeline.images.generated import NOTICE
from pipeline.metrics.compare import Comparison, prediction_column, probability_column
from pipeline.number_words import count, probability
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

_CARDS = 6
_ALL, _NONE = "All disagreements", "None is right"


def disagreements(found: Comparison, names: dict[str, str], runs: list[RunDir], ways: SharedWays) -> None:
    """Their number, a choice among them, their images, and the table."""
    cases = found.disagreements
    st.subheader(f"Where they disagree: {len(cases):,} of {count(found.images, 'shared image')}")
    if cases.empty:
        st.markdown("On every shared image all of them say the same.")
        return
    right = {run: cases[prediction_column(run)] == cases["truth"] for run in found.runs}
    views = {f"Only {names[run]} is right": cases[right[run] & (cases["right"] == 1)] for run in found.runs}
    views = {_ALL: cases, **views, _NONE: cases[cases["right"] == 0]}
    words = {view: f"{view}: {count(len(rows), 'image')}" for view, rows in views.items()}
    view = st.selectbox("Cases", list(views), format_func=words.get, key=f"cases.{'.'.join(found.runs)}")
    chosen = views[view]
    if chosen.empty:
        st.markdown("There is no such image.")
        return
    only = dict(zip(list(views)[1:-1], found.runs, strict=True)).get(view)
    way_links(ways.of_disagreements(len(chosen), only, none_right=view == _NONE))
    config = runs[0].config()
    dataset = next((d for d in resources.datasets() if d.name == config.data), None)
    if dataset is None or len({run.config().data_hash for run in runs}) > 1:
        st.caption("No pictures: these runs do not stand on one data set that is still here.")
    else:
        _cards(chosen, found, names, dataset, config, f"{'.'.join(found.runs)}.{view}")
    shown = chosen.assign(truth=chosen["truth"].map(label), **{
        prediction_column(run): chosen[prediction_column(run)].map(label) for run in found.runs
    })
    columns = {place(run): place(names[run]) for run in found.runs for place in (prediction_column, probability_column)}
    show_table(shown.rename(columns={"right": "runs that are right", **columns}), view, "disagreements", "runs.cases")


def _cards(cases: pd.DataFrame, found: Comparison, names, dataset: Dataset, config: RunConfig, view: str) -> None:
    key = f"runs.cards.{view}"
    shown = st.session_state.get(key, _CARDS)
    metadata = resources.metadata(dataset)
    if dataset.generated:
        st.caption(f":material/draw: These images are {NOTICE}.")
    for start in range(0, min(shown, len(cases)), 3):
        for column, case in zip(st.columns(3), cases.iloc[start : start + 3].to_dict("records"), strict=False):
            with column.container(border=True, height="stretch"):
                _card(case, found, names, dataset, config, metadata)
    if shown < len(cases):
        st.button(f"Show {min(_CARDS, len(cases) - shown):,} more ({shown:,} of {len(cases):,} shown)",
                  key=f"{key}.more", on_click=lambda: st.session_state.update({key: shown + _CARDS}),
                  icon=":material/expand_more:")


def _card(case: dict[str, Any], found: Comparison, names, dataset: Dataset, config: RunConfig, metadata) -> None:
    image_id = case["image_id"]
    try:
        picture = as_seen(dataset.image_path(metadata.at[image_id, "file"]), config.height, config.width,
                                    config.resize, config.view)
        st.image(picture, width="stretch", output_format="JPEG", alt=f"Image {image_id} as the network saw it")
    except KeyError:
        st.caption(f"The data set no longer has the image {as_text(image_id)}.")
    except ImageError as error:
        st.caption(as_text(error_words(error)))
    lines = [reference(case["truth"], generated=dataset.generated)]
    for run in found.runs:
        predicted = case[prediction_column(run)]
        icon = ":material/check:" if predicted == case["truth"] else ":material/close:"
        verdict = "right" if predicted == case["truth"] else "wrong"
        lines.append(f"{icon} {as_text(names[run])}: {as_text(label(predicted))}, "
                     f"{probability(case[probability_column(run)])} ({verdict})")
    st.markdown("  \n".join(lines))
    st.caption(f"Image {as_text(image_id)} · lesion {as_text(case['lesion_id'])}")
