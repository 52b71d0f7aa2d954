"""What the app draws as Markdown is its own or escaped, and nothing is drawn as HTML."""

import ast

import numpy as np
import pandas as pd
import pytest

from app.charts.comparison import sensitivity_figure
from app.charts.dataset_figures import cross_figure
from app.charts.evaluation import figure_chart, subgroup_chart
from app.charts.map import map_figure
from tests.drawn_texts import Reading
from tests.source_reading import modules

# what they show of others they set as an attribute or as text, never as markup
OWN_COMPONENTS = ("picture_wall.py", "picture_cards.py", "history_steps.py", "item_card.py", "phone_frame.py",
                  "idle_time.py", "presenter.py", "presenters_keys.py", "print_frame.py")


def test_every_foreign_text_is_escaped():
    assert [str(one) for one in Reading().all()] == []


def test_nothing_is_drawn_as_html():
    for module in modules().values():
        if module.path.name in OWN_COMPONENTS:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.keyword):
                assert not (node.arg or "").startswith("unsafe_allow"), f"{module.path}:{node.value.lineno}"
            assert not (isinstance(node, ast.Attribute) and node.attr in ("html", "iframe", "components")
                        and getattr(node.value, "id", "") in ("st", "components")), f"{module.path}:{node.lineno}"


@pytest.mark.parametrize("name", OWN_COMPONENTS)
def test_a_component_draws_no_foreign_text_as_html(name):
    module = next(module for module in modules().values() if module.path.name == name)
    made = [node for node in ast.walk(module.tree)
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "component"]
    assert len(made) == 1
    written = {word.arg: word.value for word in made[0].keywords}
    constants = {target.id: node.value for node in module.tree.body if isinstance(node, ast.Assign)
                 for target in node.targets if isinstance(target, ast.Name)}
    assert "js" in written
    for part in {"html", "css", "js"} & written.keys():  # written out in the module, so nothing that was read is in it
        value = constants[written[part].id]
        assert isinstance(value, ast.Constant)
        assert not any(word in value.value for word in ("innerHTML", "outerHTML", "insertAdjacent", "eval("))


def test_an_escaped_text_is_not_escaped_again():
    for module in modules().values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "as_text":
                inner = [one for part in node.args for one in ast.walk(part) if isinstance(one, ast.Call)
                         and getattr(one.func, "id", "") in ("as_text", "as_lines", "as_code")]
                assert not inner, f"{module.path}:{node.lineno}"


def test_a_chart_shows_foreign_words_as_they_are():
    link = "<a href='http://evil.example'>%{x}</a><br>&lt;"
    table = pd.DataFrame({"target": ["x"], "words": [link], "value": [0.5], "low": [0.4], "high": [0.6],
                          "supported": [True], "few": [False], "of_images": [3], "of_lesions": [2]})
    sensitivity = pd.DataFrame({"dx": [link], "images": [3], "run": [0.5]})
    points = pd.DataFrame({"image_id": [link], "x": [1.0], "y": [1.0], "truth": ["mel"], "predicted": ["nv"],
                           "confidence": [0.5], "right": [False], "shown": [True]})
    counts = pd.DataFrame({"mel": [3]}, index=[link])
    for figure in (
        figure_chart(table, "Accuracy", "Title", False), subgroup_chart(table, "Accuracy", "Title", 0.5, False),
        sensitivity_figure(sensitivity, {"run": link}, False), map_figure(points, "right", False),
        cross_figure(counts, "source", "images", False),
    ):
        for trace in figure.data:
            shown = [trace.name, trace.hovertemplate, *np.ravel(trace.hovertext), *np.ravel(trace.y)]
            assert not [one for one in shown if "<a" in str(one) or "%{x}<" in str(one)]
        assert "<a" not in str(figure.layout)
