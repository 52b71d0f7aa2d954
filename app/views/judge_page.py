"""Judge: how far the figures of a run can be trusted, and what leaks into them."""

from app.components import problems
from app.components.evaluation.evaluation_tab import evaluation_tab
from app.components.leakage.leakage_tab import leakage_tab
from app.components.page_tabs import tabbed_head

_TABS = {"evaluation": "Evaluation", "leakage": "Leakage"}


def main() -> None:
    problems.said()
    tab, place = tabbed_head("Judge", _TABS)
    (evaluation_tab if tab == "evaluation" else leakage_tab)(place)


main()
