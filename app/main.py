"""LesionLab's pages. Start with `python -m streamlit run app/main.py`."""

import streamlit as st

from app.components.problems import in_words

st.set_page_config(page_title="LesionLab", layout="wide")
page = st.navigation(
    [
        st.Page("views/home.py", title="Home", icon=":material/home:", default=True),
        st.Page("views/dataset.py", title="Dataset", icon=":material/database:", url_path="dataset"),
        st.Page("views/train.py", title="Train", icon=":material/model_training:", url_path="train"),
        st.Page("views/runs.py", title="Runs", icon=":material/table_rows:", url_path="runs"),
        st.Page("views/errors.py", title="Errors", icon=":material/grid_on:", url_path="errors"),
        st.Page("views/classify.py", title="Classify", icon=":material/image_search:", url_path="classify"),
    ],
    position="top",
)
with in_words():
    page.run()
