"""Where a new run starts: from initial weights, or from a stage of an earlier run; and what an address brings along."""

import streamlit as st

from app.addresses.links import remember
from app.loaders import resources
from pipeline.configuration.config import RATES, RunConfig
from pipeline.configuration.presets import PRESETS
from pipeline.errors import ConfigError
from pipeline.files.workspace import error_words
from pipeline.runs.lineage import kept_stages
from pipeline.shown import as_text

_NEW = ""
_RATES = "train.rates"


def _stages_of(data: str) -> dict[str, str]:
    """RUN:STAGE of every kept stage of runs on `data`, in words."""
    found = {}
    for run in resources.own_runs():
        config = run.config()
        if config.data == data:
            found |= {f"{run.name}:{n}": f"{run.name}, after stage {n} ({config.stages[n - 1].words})"
                      for n in kept_stages(run)}
    return found


def take_address(datasets: list[str]) -> None:
    """Moves `data`, `preset`, `start` and `rates` of the address into the form, once; says what is not here."""
    asked = {name: st.query_params.get(name) for name in ("data", "preset", "start", "rates")}
    if not any(asked.values()):
        return
    remember(**dict.fromkeys(asked))
    data, preset, start = asked["data"], asked["preset"], asked["start"]
    if start:
        parent = next((run for run in resources.own_runs() if run.name == start.rpartition(":")[0]), None)
        data = parent.config().data if parent else None
        preset = preset or (parent.config().preset if parent else None)
        if data is None or start not in _stages_of(data):
            st.warning(as_text(f"The address names the stage {start[:80]}, whose weights are not here (any more)."),
                       icon=":material/link_off:")
            return
    for noun, value, known in (("data set", data, datasets), ("preset", preset, PRESETS)):
        if value is not None and value not in known:
            st.warning(as_text(f"The address names the {noun} {value[:80]}, which is not here (any more)."),
                       icon=":material/link_off:")
            return
    if data:
        st.session_state["train.data"] = data
        if preset:
            st.session_state[f"train.preset.{data}"] = preset
            st.session_state[f"train.start.{data}.{preset}"] = start or _NEW
    st.session_state[_RATES] = asked["rates"]


def start_choice(data: str, preset: str) -> str | None:
    """The stage "RUN:STAGE" that the new run starts from; None for the preset's initial weights."""
    stages = _stages_of(data)
    if not stages:
        return None
    chosen = st.selectbox(
        "Starts from", [_NEW, *stages], key=f"train.start.{data}.{preset}",
        format_func=lambda start: stages.get(start, "The preset's initial weights"),
        help="From a stage of an earlier run: its weights and its split, and the preset's stages that come after it. "
        "So one first stage serves several trials, for example of learning rates.",
    )
    return chosen or None


def take_rates(key: str, config: RunConfig) -> None:
    """Puts the learning rates that an address brought into the field of the next stage, once."""
    rates = st.session_state.pop(_RATES, None)
    if not rates:
        return
    try:
        RATES.of_stage(rates)
    except ConfigError as error:
        st.warning(as_text(f"The address names the learning rates {rates[:80]}. {error_words(error.problem)}"),
                   icon=":material/link_off:")
        return
    st.session_state[f"{key}.lr"] = ",".join([rates, *RATES.text(config).split(",")[1:]])
