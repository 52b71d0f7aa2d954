"""What a finished search suggests, what the article recorded, and the rates that the user takes into the form."""

import streamlit as st

from app.addresses.links import TRAIN, go
from app.charts.rates import RULES, SUGGESTIONS, suggestions_table
from app.components import problems
from pipeline.configuration.article import RECORDED_RATES
from pipeline.configuration.config import RATES
from pipeline.runs.run_dir import RunDir
from pipeline.runs.searches import read_found
from pipeline.shown import as_text

USE = "Use these rates"


def _choices(found: dict, frozen: bool) -> dict[str, str]:
    """Each suggestion as the `lr` setting writes a stage; ranges as EARLIEST:HEAD, lowest first."""
    rates = {title: f"{found[name]:.1e}" for name, (title, _, _) in SUGGESTIONS.items() if found.get(name)}
    if not frozen:
        rates |= {title: "{:.0e}:{:.0e}".format(*found[rule]) for rule, (title, _) in RULES.items() if found.get(rule)}
    return rates


def rate_choice(search: RunDir) -> None:
    """Table of suggestions, the typed choice, and the button; nothing before the search is done."""
    found = read_found(search)
    if not found:
        return
    config = search.config()
    st.subheader("Suggestions")
    st.dataframe(suggestions_table(found), hide_index=True, key="rates.suggestions", width="stretch")
    if config.arch in RECORDED_RATES:
        steepest, tenth = RECORDED_RATES[config.arch]
        st.caption(f"The article recorded for {as_text(config.arch)}, after its frozen stage: steepest {steepest:.2e}, "
                   f"minimum / 10 {tenth:.2e}.")
    frozen = config.stages[0].freeze
    choices = _choices(found, frozen)
    key = f"rates.typed.{search.name}"
    left, right = st.columns([2, 3], vertical_alignment="bottom") if choices else (None, st)
    if choices:
        chosen = left.selectbox("Take", list(choices), key=f"{key}.of", help="Puts the suggestion into the field "
                                "beside, where it can be changed.")
        if st.session_state.get(f"{key}.shown") != chosen:
            st.session_state[key], st.session_state[f"{key}.shown"] = choices[chosen], chosen
    typed = right.text_input("Learning rate of the stage", key=key, placeholder="1e-3, or 1e-5:1e-4",
                             help="One rate, or EARLIEST:HEAD for discriminative rates. fastai's slice(a, b) is a:b.")
    if st.button(USE, key="rates.use", type="primary", disabled=not typed.strip(), icon=":material/arrow_forward:"):
        with problems.in_words():
            RATES.of_stage(typed)
            _take(config, typed.strip())


def _take(config, rates: str) -> None:
    if config.parent is not None:
        go(TRAIN, start=f"{config.parent}:{config.parent_stage}", rates=rates)
    else:
        go(TRAIN, data=config.data, preset=config.preset, rates=rates)
