"""An educator who prepares a lesson: the wall of images filtered on Dataset, two runs compared on Runs."""

import re

import pytest
from playwright.sync_api import expect

from app.components.data.image_wall import PAGE
from pipeline.data.dataset import list_datasets
from pipeline.number_words import count
from pipeline.runs.run_dir import list_runs
from tests.e2e.serving import RunningApp
from tests.e2e.steps import choose, follow, press, unfold

pytestmark = pytest.mark.browser


def test_the_wall_shows_what_the_filters_leave(stocked_app: RunningApp, visitor) -> None:
    (dataset,) = list_datasets(stocked_app.workspace)
    table = dataset.metadata()
    melanoma = table[table["dx"] == "mel"]
    women = melanoma[melanoma["sex"] == "female"]
    page = visitor(stocked_app.url)
    follow(page, "Data sets")
    expect(page.get_by_text(f"1–{PAGE} of {len(table):,}").first).to_be_visible()

    unfold(page, "Filter")
    choose(page, "Diagnosis", "Melanoma · mel")
    expect(page.get_by_text(f"{count(len(melanoma), 'image')} of {count(melanoma['lesion_id'].nunique(), 'lesion')} "
                            f"match, out of {count(len(table), 'image')}.")).to_be_visible()
    choose(page, "Sex", "female")
    expect(page.get_by_text(f"{count(len(women), 'image')} of {count(women['lesion_id'].nunique(), 'lesion')} match")
           ).to_be_visible()
    shown = page.get_by_alt_text(re.compile("^Image .*: Melanoma · mel"))
    expect(shown).to_have_count(min(PAGE, len(women)))
    expect(page.get_by_alt_text(re.compile("^Image .*: (?!Melanoma · mel)"))).to_have_count(0)
    assert "dx=mel" in page.url and "sex=female" in page.url

    press(page, "Show all")
    press(page, "Next")
    expect(page.get_by_text(f"{PAGE + 1}–{2 * PAGE} of {len(table):,}").first).to_be_visible()
    expect(page.get_by_alt_text(re.compile("^Image ")).first).to_be_visible()


def test_two_runs_are_compared_on_what_both_judged(stocked_app: RunningApp, visitor) -> None:
    tables = [run.predictions().query("part == 'validation'") for run in list_runs(stocked_app.workspace)[:2]]
    shared = tables[0].merge(tables[1], on=["image_id", "lesion_id", "truth"], suffixes=("", "_other"))
    apart = int((shared["predicted"] != shared["predicted_other"]).sum())
    page = visitor(stocked_app.url)
    follow(page, "Runs")
    press(page, "Compare the two newest evaluated runs")
    expect(page.get_by_role("heading", name="Curves")).to_be_visible()
    expect(page.get_by_text("Validation loss: where it rises again").first).to_be_visible()
    expect(page.get_by_text(f"Shared: {count(len(shared), 'image')} of "
                            f"{count(shared['lesion_id'].nunique(), 'lesion')}.")).to_be_visible()
    disagreement = f"Where they disagree: {apart:,} of {count(len(shared), 'shared image')}"
    expect(page.get_by_role("heading", name=disagreement)).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(3)
    names = ",".join(run.name for run in list_runs(stocked_app.workspace)[:2])
    expect(page).to_have_url(re.compile(f"runs={names}".replace(",", "(,|%2C)")))
