"""What the training will compute with, in one line; the rest folded."""

import pandas as pd
import streamlit as st

from pipeline.networks import nvidia
from pipeline.networks.device import Device, describe
from pipeline.number_words import UNDEFINED, count
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


def device_rows(device: Device) -> list[tuple[str, str]]:
    """What there is to know about this computer, a name and a value each."""
    rows = [
        ("Processor cores", str(device.cores)),
        ("Memory", f"{device.memory_gb:.1f} GB, {device.free_gb:.1f} GB of it free"),
        ("bfloat16 on the processor", "in hardware" if device.bf16 else "not in hardware: float32 is used"),
        ("PyTorch", device.torch.words if device.torch else "not installed"),
    ]
    card = device.card
    if card is None:
        return [*rows, ("NVIDIA GPU", "none found: no driver answers (NVML)")]
    capability = ".".join(map(str, card.capability)) if card.capability else "not reported by this driver"
    return [
        *rows, ("NVIDIA GPU", card.name),
        ("GPU memory", f"{card.memory_gb:.1f} GB" if card.memory_gb else UNDEFINED), ("Driver", card.driver),
        ("Newest CUDA of the driver", card.cuda), ("Compute capability", capability),
        ("Further cards", str(device.others)), ("This PyTorch can use it", device.problem or "yes"),
    ]


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
        st.table(pd.DataFrame(device_rows(device), columns=["What", "Here"]).map(as_text), hide_index=True)
