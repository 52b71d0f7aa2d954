"""A lecture in the browser: a threshold and the melanomas that it does not flag, opened by its link on another machine;
and what lesions seen in training do to a score, on the split by image and, trained anew, on the split by lesion.
"""

import dataclasses
import shutil
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import parse_qs, urlparse

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

from app.components.errors.wall_view import PAGE
from app.components.evaluation.operating_panel import _ratio, _rest_of, _whole
from pipeline.data.dataset import load_dataset
from pipeline.evaluation.decided import decided_predictions
from pipeline.evaluation.leakage import run_pair, run_sides
from pipeline.metrics.operating_point import ISIC_2020_MELANOMA, lesion_scores, operating_point
from pipeline.number_words import count, percent
from pipeline.runs.run_dir import RunDir, list_runs
from tests.e2e.serving import RunningApp
from tests.e2e.steps import follow, ids_on_the_wall, open_address, press, rerun
from tests.e2e.stock import train

pytestmark = pytest.mark.browser
_TRAINING_MS = 240_000  # starting a process, loading fastai, two short epochs: 20 s on two free cores


class Lecture(NamedTuple):
    """An app, and a run on the split by image, four of whose melanoma lesions validate (of real ones, some)."""

    app: RunningApp
    run: RunDir
    data: str


@pytest.fixture(
    scope="module", params=[("generated_app", "tiny"), pytest.param(("real_app", "ham10000"), marks=pytest.mark.slow)],
    ids=["generated", "ham10000"],
)
def lecture(request) -> Iterator[Lecture]:
    """The runs that it and its tests add are taken away again."""
    name, data = request.param
    app = request.getfixturevalue(name)
    before = {run.name for run in list_runs(app.workspace)}
    settings = ["limit=600"] if data == "ham10000" else []
    yield Lecture(app, train(app.workspace, data, "split=random", "seed=1", "epochs=1,1", *settings), data)
    for run in list_runs(app.workspace):
        if run.name not in before:
            shutil.rmtree(run.folder)


def _scores(run: RunDir) -> pd.DataFrame:
    rows = decided_predictions(run, run.predictions(), "as-data")
    return lesion_scores(rows[rows["part"] == "validation"], ("mel",))


def _metric(page: Page, name: str) -> Locator:
    metrics = page.get_by_test_id("stMetric").filter(has=page.get_by_text(name, exact=True))
    return metrics.get_by_test_id("stMetricValue")


def _images(page: Page) -> list[str]:
    """The image ids on all pages of the opened images, one a lesion."""
    found = []
    while True:
        found += ids_on_the_wall(page)
        following = page.get_by_role("button", name="Next").last
        if not following.count() or following.is_disabled():
            return found
        with rerun(page):
            following.click()


def _press_key(page: Page, key: str) -> None:
    """Moves the threshold by keyboard: "Home", "End", or "ArrowRight" by 0.1 %."""
    page.get_by_role("slider", name="Flag a lesion from this probability on").focus()
    with rerun(page):
        page.keyboard.press(key)


def _threshold(page: Page) -> float:
    """That of the address, 0..1."""
    return float(parse_qs(urlparse(page.url).query).get("threshold", ["50"])[0]) / 100


def _figures_follow(page: Page, scores: pd.DataFrame, prevalence: float) -> int:
    """The words and figures are those of the threshold in the address; how many melanoma lesions it does not flag."""
    point = operating_point(scores, _threshold(page), prevalence)
    words = page.locator("p", has_text=f"Of 1,000 lesions, {_whole(1000 * prevalence)} of them melanomas")
    expect(words).to_contain_text(
        f"(prevalence {percent(prevalence)}), those with {percent(point.threshold)} or more flagged"
    )
    expect(_metric(page, "Melanomas flagged")).to_have_text(_whole(point.positives_flagged[0]))
    expect(_metric(page, "Melanomas not flagged")).to_have_text(_rest_of(point))
    expect(_metric(page, "Other lesions flagged")).to_have_text(_whole(point.others_flagged[0]))
    expect(_metric(page, "Number needed to biopsy")).to_have_text(_ratio(point.needed[0]))
    missed = point.positives - point.flagged_positives
    expect(page.get_by_role("button", name=f"Melanomas not flagged: {missed:,}")).to_be_enabled(enabled=missed > 0)
    return missed


def test_a_threshold_opens_the_melanomas_that_it_does_not_flag(lecture: Lecture, visitor) -> None:
    run, scores = lecture.run, _scores(lecture.run)
    table = load_dataset(lecture.app.workspace, lecture.data).metadata().drop_duplicates("lesion_id")
    prevalence = float((table["dx"] == "mel").mean())
    page = visitor(f"{lecture.app.url}/evaluation?run={run.name}")
    with rerun(page):
        page.get_by_role("radiogroup", name="Topic").get_by_text("Operating point").click()
    _figures_follow(page, scores, prevalence)
    melanomas = scores[scores["positive"]].sort_values("score").reset_index(drop=True)
    _press_key(page, "End")
    assert _threshold(page) == 1 and _figures_follow(page, scores, prevalence) == len(melanomas)
    _press_key(page, "Home")
    assert _threshold(page) == 0 and _figures_follow(page, scores, prevalence) == 0

    press(page, "80 %")
    assert _figures_follow(page, scores, prevalence) <= 0.2 * len(melanomas)
    _press_key(page, "ArrowRight")
    while melanomas["score"].iloc[0] >= _threshold(page):  # an aim is rounded down to the slider's steps
        _press_key(page, "ArrowRight")
    missed = _figures_follow(page, scores, prevalence)
    assert 0 < missed < len(melanomas)
    with rerun(page):
        page.get_by_text("ISIC 2020: 1.8 % of its images").click()
    assert _figures_follow(page, scores, ISIC_2020_MELANOMA) == missed

    press(page, f"Melanomas not flagged: {missed:,}")
    lesions = melanomas["lesion_id"].iloc[:missed]
    rows = run.predictions().query("part == 'validation' and lesion_id in @lesions")
    of_both = f"{count(len(rows), 'image')} of {count(missed, 'lesion')}"
    title = f"Melanomas not flagged: {of_both}, the lowest probability first"
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    address, shown = page.url, _images(page)
    assert set(shown) <= set(rows["image_id"])
    assert list(rows.set_index("image_id").loc[shown, "lesion_id"]) == list(lesions)
    assert rows.set_index("image_id").loc[shown[0], "lesion_id"] == lesions[0]

    other = visitor(address)
    expect(other.get_by_role("heading", name=title)).to_be_visible()
    assert _figures_follow(other, scores, ISIC_2020_MELANOMA) == missed and _images(other) == shown
    with rerun(other):
        other.get_by_role("link", name=f"Open these {count(len(rows), 'image')}").click()
    expect(other.get_by_text(f"{of_both} match, out of")).to_be_visible()
    on_page = rows.set_index("image_id").loc[ids_on_the_wall(other), "lesion_id"]
    assert set(on_page) <= set(lesions) and len(on_page) == min(len(lesions), PAGE)


def test_the_leakage_lesson_on_both_splits(lecture: Lecture, visitor) -> None:
    app, run = lecture.app, lecture.run
    page = visitor(f"{app.url}/judge?tab=leakage&data={lecture.data}")
    sides = run_sides(run)
    whole = sum(side.images for side in sides.values())
    expect(page.get_by_text(f"Of the {count(whole, 'validation image')} of {run.name}, {sides['seen'].images:,} show a "
                            "lesion that its training saw.")).to_be_visible()

    press(page, "Run this recipe on the other split (by lesion)")
    expect(page.get_by_text("Training and evaluation are done.")).to_be_visible(timeout=_TRAINING_MS)
    other = list_runs(app.workspace)[0]
    assert other.name in page.url and other.name != run.name
    assert dataclasses.replace(other.config(), split="random") == run.config()

    open_address(page, f"{app.url}/judge?tab=leakage&data={lecture.data}&run={other.name}")
    images = count(int((other.predictions()["part"] == "validation").sum()), "validation image")
    expect(page.get_by_text(f"{other.name} was split by lesion: none of its {images} shows a lesion that its training "
                            "saw.")).to_be_visible()
    pair = run_pair(other, run)
    of_both = f"{count(pair.images, 'image')} of {count(pair.lesions, 'lesion')}"
    expect(page.get_by_text(f"What the split alone changes, on the same {of_both}").first).to_be_visible()

    follow(page, "Runs")
    press(page, "Compare the two newest evaluated runs")
    tables = [one.predictions().query("part == 'validation'") for one in (other, run)]
    shared = tables[0].merge(tables[1], on=["image_id", "lesion_id", "truth"])
    expect(page.get_by_text("Their splits differ (")).to_be_visible()
    expect(page.get_by_text(f"Shared: {count(len(shared), 'image')} of "
                            f"{count(shared['lesion_id'].nunique(), 'lesion')}.")).to_be_visible()
