"""What the training will compute with, in one line; the rest folded."""

import pandas as pd
import streamlit as st

from app.words.device_facts import device_facts
from pipeline.networks import nvidia
from pipeline.networks.device import Device, describe
from pipeline.number_words import count
from pipeline.shown import as_text


# the driver's answer takes up to seconds, so it is asked once a minute for all visitors
@st.cache_data(ttl=60, show_spinner="Asks for the graphics card")
def _cards() -> list[nvidia.Card]:
    return nvidia.cards()


def _processor(device: Device) -> str:
    return f"{count(device.cores, 'core')}, {device.memory_gb:.0f} GB of memory ({device.free_gb:.0f} GB free)"


def device_line(device: Device) -> str:
    """One sentence for the form."""
    card = device.card
    if device.kind == "cuda":
        memory = f"{card.memory_gb:.0f} GB, " if card.memory_gb else ""
        others = ""
        if device.others:
            others = f" It is the first that can be used; {count(device.others, 'further card')} will stay idle."
        driver = f"driver {as_text(card.driver)}, CUDA {as_text(card.cuda)}"
        return f"GPU **{as_text(card.name)}**, {memory}{driver}: this PyTorch can use it.{others}"
    if device.kind == "mps":
        return f"**{as_text(device.name)}**, {device.memory_gb:.0f} GB of shared memory ({device.free_gb:.0f} GB free)."
    if card:
        return f"Trains on the processor instead: **{as_text(device.name)}**, {_processor(device)}."
    return f"Processor **{as_text(device.name)}**, {_processor(device)}; no GPU found."


def device_panel(disk: str | None) -> None:
    """The line, a warning for a card that cannot be used, and the folded rest.

    Args:
        disk: what the training takes of the disk, in a sentence; None where that is not known, or said elsewhere.
    """
    device = describe(_cards())
    if device.problem:
        st.warning(as_text(device.problem), icon=":material/memory:")
    st.markdown(f":material/memory: {device_line(device)}")
    with st.expander("More about this computer", icon=":material/computer:"):
        if disk:
            st.caption(as_text(disk))
        st.table(pd.DataFrame(device_facts(device), columns=["What", "Here"]).map(as_text), hide_index=True)
