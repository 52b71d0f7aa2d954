"""LesionLab's pages. Start with `python -m streamlit run app/main.py`."""

import streamlit as st

from app.components.problems import in_words
from app.visits import keep_apart

st.set_page_config(page_title="LesionLab", layout="wide")
page = st.navigation(
    [
        st.Page("views/home.py", title="Home", icon=":material/home:", default=True),
        st.Page("views/get_data.py", title="Get data", icon=":material/download:", url_path="get-data"),
        st.Page("views/dataset.py", title="Dataset", icon=":material/database:", url_path="dataset"),
        st.Page("views/train.py", title="Train", icon=":material/model_training:", url_path="train"),
        st.Page("views/rates.py", title="Learning rate", icon=":material/search_insights:", url_path="learning-rate"),
        st.Page("views/runs.py", title="Runs", icon=":material/table_rows:", url_path="runs"),
        st.Page("views/errors.py", title="Errors", icon=":material/grid_on:", url_path="errors"),
        st.Page("views/explore.py", title="Explore", icon=":material/photo_library:", url_path="explore"),
        st.Page("views/case.py", title="Case", icon=":material/center_focus_strong:", url_path="case",
                visibility="hidden"),
        st.Page("views/evaluation.py", title="Evaluation", icon=":material/fact_check:", url_path="evaluation"),
        st.Page("views/evaluate_on.py", title="Another data set", icon=":material/travel_explore:",
                url_path="another-data-set", visibility="hidden"),
        st.Page("views/leakage.py", title="Leakage", icon=":material/water_drop:", url_path="leakage"),
        st.Page("views/classify.py", title="Classify", icon=":material/image_search:", url_path="classify"),
        st.Page("views/models.py", title="Models", icon=":material/inventory_2:", url_path="models"),
        st.Page("views/article.py", title="The article", icon=":material/article:", url_path="article"),
    ],
    position="top",
)
keep_apart()
with in_words():
    page.run()
