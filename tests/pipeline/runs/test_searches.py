"""Learning-rate searches: the real finder on tiny images, its reading, its command, its page, and the way to Train."""

import json
import shutil

import numpy as np
import psutil
import pytest

from app.charts.rates import rates_figure, rates_table, suggestions_table
from app.components.training.rate_choice import USE
from app.components.training.rate_search import SEARCH
from pipeline.cli import main
from pipeline.errors import ConfigError, RunError
from pipeline.files.workspace import Workspace
from pipeline.jobs.job_worker import work
from pipeline.runs.run_dir import find_run
from pipeline.runs.searches import (
    create_search,
    find_search,
    list_searches,
    origin,
    plan_first_search,
    plan_search,
    read_found,
    write_found,
)
from pipeline.training.lr_finder import read_curve
from tests.app_pages import button, open_page, words

SMALL = ["size=48x32", "batch_size=8"]


@pytest.fixture
def home(trained, workspace):
    """A workspace with the data set "tiny" and a finished run, of this test's own."""
    shutil.copytree(trained[0].home, workspace.home, dirs_exist_ok=True)
    return workspace, trained[1].name


@pytest.fixture(scope="module")
def searched_home(trained, tmp_path_factory):
    """A workspace as that of `home` with a search done, not to be changed."""
    workspace = Workspace(tmp_path_factory.mktemp("searched") / "home")
    shutil.copytree(trained[0].home, workspace.home)
    search = create_search(workspace, plan_search(workspace, f"{trained[1].name}:1"))
    assert work(search, workspace).state == "done"
    return workspace.home


@pytest.fixture
def searched(searched_home, trained, workspace):
    """A workspace of this test's own, with a finished run, and a search after its first stage."""
    shutil.copytree(searched_home, workspace.home, dirs_exist_ok=True)
    return workspace, trained[1].name, find_search(workspace, "tiny-rates-1")


def test_a_search_at_the_beginning_draws_a_curve_and_suggests(home):
    workspace, _ = home
    search = create_search(workspace, plan_first_search(workspace, "tiny", "demo", SMALL))
    assert work(search, workspace).state == "done"
    table, found = rates_table(search.events()), read_found(search)
    assert 20 < len(table) <= 100 and table["rate"].is_monotonic_increasing
    assert table["rate"].iloc[0] == pytest.approx(1e-7)
    assert found == read_curve(table["rate"].to_numpy(), table["smoothed"].to_numpy())
    assert found["verdict"] == "usable" and 1e-7 < found["valley"] < 10
    assert search.config().stages[0].freeze and not (workspace.runs / search.name).exists()


def test_a_search_after_a_stage_starts_from_its_weights_and_split(searched):
    workspace, run, search = searched
    assert not search.config().stages[0].freeze
    assert search.split().equals(find_run(workspace, run).split())
    losses = rates_table(search.events())["loss"]
    # these are not the batches and dropout masks that the stage learned last
    assert len(losses) > 35 and losses.iloc[:5].mean() > 0.2
    again = create_search(workspace, plan_search(workspace, f"{run}:1"))
    assert again.start_weights.read_bytes() == find_run(workspace, run).stage_weights(1).read_bytes()
    assert [s.name for s in list_searches(workspace)] == [again.name, search.name]


def test_what_cannot_be_searched_is_said(home):
    workspace, run = home
    with pytest.raises(RunError, match="has 2 stages, so there is no stage 3"):
        plan_search(workspace, f"{run}:3")
    with pytest.raises(ConfigError, match="There is no preset named nothing"):
        plan_first_search(workspace, "tiny", "nothing", [])
    with pytest.raises(RunError, match="There is no learning-rate search named tiny-rates-9"):
        find_search(workspace, "tiny-rates-9")


def test_the_command_answers_with_one_object(home, capfd):
    workspace, run = home
    assert main(["lr-find", f"{run}:1", "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert answer["search"] == "tiny-rates-1" and answer["state"] == "done"
    assert answer["origin"] == f"{run}, after stage 1, all layers"
    assert {"verdict", "valley", "steepest", "minimum", "slide", "article_steepest", "article_plateau"} == set(
        answer["found"]
    )
    assert main(["lr-find", f"{run}:1", "--preset", "demo"]) == 1
    assert "It is not clear where the search starts. Give RUN:STAGE, or --data and --preset." in capfd.readouterr().err


@pytest.mark.parametrize("points", [0, 1, 12, 20, 34])
def test_short_curves_suggest_nothing(points):
    rates = np.logspace(-7, 1, 100)[:points]
    found = read_curve(rates, np.linspace(2, 1, points))
    assert found["verdict"] == "too_short" and found["valley"] is None and found["article_steepest"] is None
    assert set(suggestions_table(found)["Learning rate"]) == {"–"}
    assert rates_figure(rates_table([]), found, dark=False).layout.meta["title"].startswith("Loss at each")


def test_a_curve_with_a_loss_that_is_no_number_is_read_up_to_there():
    rates = np.logspace(-7, 1, 100)
    losses = 2 - 1 / (1 + np.exp(-3 * (np.log10(rates) + 4)))
    losses[80:] = np.nan
    found = read_curve(rates, losses)
    assert found["verdict"] == "usable" and found["steepest"] == pytest.approx(1e-4, rel=0.3)


def test_the_page_starts_a_search(home, monkeypatch):
    workspace, run = home
    started = []
    monkeypatch.setattr("pipeline.jobs.launch.start_pipeline",
                        lambda *arguments, **more: started.append(arguments) or psutil.Process())
    at = open_page("rates")
    assert "The curve of a search appears here" in words(at)
    at.selectbox(key="rates.start").set_value(f"{run}:1").run()
    button(at, SEARCH).click().run()
    assert not at.exception and at.query_params["search"] == "tiny-rates-1"
    assert started[0][1] == ["work", "search", "searches/tiny-rates-1"]
    assert origin(find_search(workspace, "tiny-rates-1").config()) == f"{run}, after stage 1, all layers"


def test_the_page_takes_the_rates_of_a_search_to_the_form(searched):
    _, run, search = searched
    write_found(search, {**read_found(search), "verdict": "usable", "article_steepest": [1e-6, 1e-5]})
    at = open_page("rates", search=search.name)
    at.selectbox(key=f"rates.typed.{search.name}.of").set_value("Article's first rule").run()
    assert at.text_input(key=f"rates.typed.{search.name}").value == "1e-06:1e-05"
    button(at, USE).click().run()
    assert not at.exception and at.title[0].value == "Train"
    assert at.selectbox(key="train.start.tiny.demo").value == f"{run}:1"
    assert at.text_input(key=f"train.demo.{run}:1.lr").value == "1e-06:1e-05"
    assert f"the weights of {run} after its stage 1" in words(at)


def test_rates_that_are_none_are_refused_before_the_form(searched):
    _, _, search = searched
    at = open_page("rates", search=search.name)
    at.text_input(key=f"rates.typed.{search.name}").set_value("fast").run()
    button(at, USE).click().run()
    assert at.error[0].value.startswith("lr=fast is not a number from 1e-10 to 10.")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ({"start": "gone-1:1"}, "The address names the stage gone-1:1, whose weights are not here (any more)."),
        ({"preset": "gone"}, "The address names the preset gone, which is not here (any more)."),
        ({"data": "tiny", "preset": "demo", "rates": "fast"},
         "The address names the learning rates fast. lr=fast is not a number from 1e-10 to 10."),
    ],
)
def test_an_address_of_the_form_that_names_something_gone_says_so(home, address, sentence):
    at = open_page("train", **address)
    assert sentence in [warning.value for warning in at.warning]


def test_the_page_without_images_has_a_way_on(workspace):
    assert button(open_page("rates"), "Bring in images")
