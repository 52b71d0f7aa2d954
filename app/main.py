"""LesionLab's server and its pages. Start with `python -m streamlit run app/main.py`.

Streamlit imports this file once, for the server, and runs it as a script each time that a page is drawn.
"""

import streamlit as st
from starlette.middleware import Middleware

from app.hosts import KnownHostsOnly


def main() -> None:
    """Draws the page that the address names."""
    # not above: their caches want the server to stand when they are made
    from app.addresses.links import without_long_values
    from app.addresses.visits import keep_apart
    from app.components.problems import in_words

    st.set_page_config(page_title="LesionLab", layout="wide")
    page = st.navigation(  # without icons all of them fit on a screen of 1366 pixels
        [
            st.Page("views/home_page.py", title="Home", default=True),
            st.Page("views/get_data_page.py", title="Get data", url_path="get-data"),
            st.Page("views/dataset_page.py", title="Dataset", url_path="dataset"),
            st.Page("views/train_page.py", title="Train", url_path="train"),
            st.Page("views/rates_page.py", title="Learning rate", url_path="learning-rate"),
            st.Page("views/runs_page.py", title="Runs", url_path="runs"),
            st.Page("views/errors_page.py", title="Errors", url_path="errors"),
            st.Page("views/explore_page.py", title="Explore", url_path="explore"),
            st.Page("views/case_page.py", title="Case", url_path="case", visibility="hidden"),
            st.Page("views/evaluation_page.py", title="Evaluation", url_path="evaluation"),
            st.Page(
                "views/evaluate_on_page.py", title="Another data set", url_path="another-data-set", visibility="hidden"
            ),
            st.Page("views/leakage_page.py", title="Leakage", url_path="leakage"),
            st.Page("views/classify_page.py", title="Classify", url_path="classify"),
            st.Page("views/models_page.py", title="Models", url_path="models"),
            st.Page("views/article_page.py", title="The article", url_path="article"),
        ],
        position="top",
    )
    keep_apart()
    without_long_values()
    with in_words():
        page.run()


if __name__ == "__main__":
    main()
else:
    app = st.App(__file__, middleware=[Middleware(KnownHostsOnly)])
