"""LesionLab's pages. Start with `python -m streamlit run app/main.py`."""

import streamlit as st

from app.components.problems import in_words
from app.visits import keep_apart

st.set_page_config(page_title="LesionLab", layout="wide")
page = st.navigation(  # without icons all of them fit on a screen of 1366 pixels
    [
        st.Page("views/home.py", title="Home", default=True),
        st.Page("views/get_data.py", title="Get data", url_path="get-data"),
        st.Page("views/dataset.py", title="Dataset", url_path="dataset"),
        st.Page("views/train.py", title="Train", url_path="train"),
        st.Page("views/rates.py", title="Learning rate", url_path="learning-rate"),
        st.Page("views/runs.py", title="Runs", url_path="runs"),
        st.Page("views/errors.py", title="Errors", url_path="errors"),
        st.Page("views/explore.py", title="Explore", url_path="explore"),
        st.Page("views/case.py", title="Case", url_path="case", visibility="hidden"),
        st.Page("views/evaluation.py", title="Evaluation", url_path="evaluation"),
        st.Page("views/evaluate_on.py", title="Another data set", url_path="another-data-set", visibility="hidden"),
        st.Page("views/leakage.py", title="Leakage", url_path="leakage"),
        st.Page("views/classify.py", title="Classify", url_path="classify"),
        st.Page("views/models.py", title="Models", url_path="models"),
        st.Page("views/article.py", title="The article", url_path="article"),
    ],
    position="top",
)
keep_apart()
with in_words():
    page.run()
