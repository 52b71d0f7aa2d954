"""What the decoded images of a planned run take on the disk, and what happens where there is no room for them."""

import streamlit as st

from pipeline.configuration.config import RunConfig
from pipeline.data.cache_space import CacheSpace, run_space
from pipeline.data.dataset import Dataset
from pipeline.shown import as_text


def _size(number: int) -> str:
    """ "6.0 GB", "210 MB"; what is less than a megabyte counts as one."""
    return f"{number / 1e9:,.1f} GB" if number >= 1e9 else f"{max(number / 1e6, 1):.0f} MB"


def in_words(space: CacheSpace, config: RunConfig) -> str:
    """One sentence: how much disk, and how much of it is free."""
    size = f"{config.width}×{config.height} pixels"
    if not space.missing:
        return f"The images are decoded at {size} already: {_size(space.whole)} on the disk."
    if space.fits:
        return (f"The images are decoded once at {size}, which takes {_size(space.missing)} of disk; "
                f"{_size(space.free)} are free.")
    return (f"The images decoded at {size} take {_size(space.missing)} of disk, too much for the {_size(space.free)} "
            "that are free: they are decoded as the training goes, which is slower. Free some space, or train at a "
            "smaller size.")


def disk_need(dataset: Dataset, extra: Dataset | None, config: RunConfig) -> str | None:
    """The sentence; where there is no room a warning has said it, and there is none."""
    space = run_space(dataset, extra, config.height, config.width, config.resize)
    if space.fits:
        return in_words(space, config)
    st.warning(as_text(in_words(space, config)), icon=":material/hard_drive:")
    return None
