"""The way from any page to a new training, for who may start one."""

import streamlit as st

from app.access import Right, may, not_offered
from app.addresses.links import TRAIN, go


def train_way(words: str = "Train a classifier", *, primary: bool = True, **values: str) -> None:
    """A button that opens Train with these parameters of its address; who may not train is told so instead."""
    if not may(Right.TRAIN):
        not_offered(Right.TRAIN, "Training")
    elif st.button(words, type="primary" if primary else "secondary", key="to_train", icon=":material/model_training:"):
        go(TRAIN, **values)
