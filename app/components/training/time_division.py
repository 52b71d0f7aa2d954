"""Where the time of an ended run went, as its events tell."""

from typing import Any

import streamlit as st

from app.charts.curves import time_figure, time_table
from app.components.figures import dark, show
from pipeline.runs.run_dir import RunDir
from pipeline.runs.time_parts import TIME_PARTS, divide, part_name
from pipeline.shown import as_text


def time_division(run: RunDir, events: list[dict[str, Any]]) -> None:
    """Shows the parts with what each of them is; nothing where the events do not tell, as before the run's end."""
    parts = divide(events, run.status().seconds)
    if not parts:
        return
    table = time_table(parts)
    show(time_figure(table, dark()), table, f"{run.name}-time", key=f"time.{run.name}")
    with st.expander("What each part of the time is", icon=":material/help:"):
        known = [part for part in parts if part in TIME_PARTS]
        st.markdown("\n".join(f"- **{as_text(part_name(part).capitalize())}**: {TIME_PARTS[part][1]}."
                              for part in known))
        if "explaining" not in parts and "judging" in parts:
            st.markdown("This run measured its heatmaps as a part of predicting.")
