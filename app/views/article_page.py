"""The article: what it says, what its code does, its slips, and its figures with the split that they hold for."""

import streamlit as st

from app.components.classroom.lesson_way import lesson_way
from app.components.help_text import help_text
from app.components.runs.article_table import article_table
from app.components.train_way import train_way


def main() -> None:
    st.title("The article")
    st.markdown(
        "LesionLab follows *Deep learning for diagnosis of skin images with fastai*. Its presets do what the article's "
        "code did, which is not always what its words say. To tell the two apart is a lesson in reading papers."
    )
    article_table("article.figures")
    st.caption(
        "Share of validation images that the network got right, as the article reports it; not measured here. On such "
        "a split a network is asked about lesions that it has seen in training, so its figures are higher than they "
        "would be for new patients."
    )
    help_text("article-code", "What the article says, what its code does")
    help_text("article-slips", "Slips")
    train_way("Train with one of its presets")
    lesson_way("sure-and-wrong", "Give a lesson: when it is sure and wrong")


main()
