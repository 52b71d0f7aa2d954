"""The map of a run's images: an outline drawn on it opens the images within."""

import pandas as pd
import streamlit as st

from app.addresses.links import CASE, go, remember
from app.charts.map import map_figure
from app.components.cases.embedding_job import embedding_job, no_embedding
from app.components.figures import dark, show_table
from app.components.help_text import help_text
from app.filters.filter_address import address_of, written_outline
from app.loaders.run_data import model_of
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

_TURN = "map.turn"
_COLOURS = {"truth": "Reference diagnosis", "error": "Right or wrong"}
_FIVE_MAPS = ("Five maps, one for each network, with the images that it had not seen: each network finds other images "
              "alike, so only what lies near within one map is.")
_CONFIG = {"displaylogo": False, "scrollZoom": False, "modeBarButtonsToRemove": ["autoScale2d"]}


def _key() -> str:
    return f"map.{st.session_state.get(_TURN, 0)}"


def take_outline(run: RunDir) -> None:
    """Puts an outline that was just drawn into the address and opens the wall; a click on one point opens its case."""
    selection = (st.session_state.get(_key()) or {}).get("selection", {})
    drawn = next(iter([*selection.get("lasso", []), *selection.get("box", [])]), None)
    points = [point for point in selection.get("points", []) if point.get("customdata")]
    if not drawn and not points:
        return
    # a chart keeps its own selection: without a new key it would be taken again
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    if not drawn:
        found = points[0]["customdata"]
        image = found if isinstance(found, str) else found[0]
        go(CASE, **{**address_of(st.query_params.to_dict()), "run": run.name, "image": image})
    x, y = drawn["x"], drawn["y"]
    if len(x) == 2:  # a box names two opposite corners
        x, y = [x[0], x[1], x[1], x[0]], [y[0], y[0], y[1], y[1]]
    remember(area=written_outline(x, y), view=None, page=None)


def map_panel(run: RunDir, cases: pd.DataFrame, found: pd.DataFrame, places: pd.DataFrame | None) -> None:
    """The map of all `cases`, those of `found` in colour; a button for the job where it was not drawn yet."""
    info = model_of(run)
    if places is None and info and info.is_mean:
        st.info(no_embedding(info), icon=":material/info:")
        return
    if places is None:
        embedding_job(run, "The map lays out the run's held-out images so that those lie together that the network "
                           "finds alike.")
        return
    st.radio("Colour", list(_COLOURS), key="map.colour", format_func=_COLOURS.get, horizontal=True)
    folds = ["fold"] if run.capabilities().has_folds else []
    table = places.join(cases[["truth", "predicted", "confidence", "right", "loss", *folds]], on="image_id",
                        how="inner")
    table = table.assign(shown=table["image_id"].isin(found.index))
    figure = map_figure(table, st.session_state["map.colour"], dark())
    title = figure.layout.meta["title"]
    st.markdown(f"**{as_text(title)}**")
    st.plotly_chart(figure, key=_key(), config=_CONFIG, on_select="rerun", selection_mode=("points", "box", "lasso"),
                    alt=f"Chart. {title}. The filters above choose the same images by keyboard.")
    if folds:
        st.caption(_FIVE_MAPS)
    st.caption(f"{count(len(found), 'image')} in colour. Draw around some to open them in the wall; a click on one "
               "opens its case. By keyboard or on a phone: the filters above, then Images.")
    show_table(table.drop(columns="shown"), title, f"{run.name}-map", "map.points")
    help_text("map", "What distances on the map mean, and what they do not")
