"""Filters over judged images, and the addresses that carry them."""

import math

import numpy as np
import pandas as pd
import pytest

from app.addresses.links import EVERYTHING, explore_link, written
from app.filters.case_filters import FILTERS, remaining
from app.filters.filter_address import read_address, written_outline
from app.filters.filter_bar import ROWS
from app.filters.filter_kinds import Cases
from app.loaders.case_tables import Known
from pipeline.metrics.case_table import case_table, disagreeing, in_order, lesion_output
from pipeline.runs.teaching import TeachingSet

METADATA = pd.DataFrame({
    "image_id": ["a", "b", "c", "d"], "lesion_id": ["1", "1", "2", "3"], "dx": ["mel", "mel", "nv", "nv"],
    "dx_type": ["histo", "histo", "follow_up", None], "age": [45.0, 45.0, np.nan, 80.0],
    "sex": ["male", "male", "female", "unknown"], "localization": ["back", "back", "face", "back"],
    "source": ["x", "x", "y", "y"],
})
KNOWN = Known({"truth": ["mel", "nv"], "predicted": ["mel", "nv"], "sex": ["male", "a,b%"]}, {"other": "The other"},
              {"set-1": TeachingSet("set-1", "Set 1", "", "data", "run", ("b", "gone"), 0.0)}, ["zoom"], True)


@pytest.fixture
def cases():
    p_mel = np.array([0.9, 0.1, 0.4, 1.0])
    predictions = pd.DataFrame({
        "part": "validation", "image_id": ["a", "b", "c", "d"], "lesion_id": ["1", "1", "2", "3"],
        "truth": ["mel", "mel", "nv", "nv"], "predicted": np.where(p_mel > 0.5, "mel", "nv"),
        "p_mel": p_mel, "p_nv": 1 - p_mel, "loss": [0.1, 2.3, 0.5, 9.0],
    })
    return case_table(predictions, METADATA)


def _kept(cases, **asked):
    return list(remaining(Cases(None, cases, KNOWN, asked)).index)


def test_each_filter_keeps_what_it_says(cases):
    assert _kept(cases) == ["a", "b", "c", "d"]
    assert _kept(cases, truth=("mel",), predicted=("nv",)) == ["b"]
    assert _kept(cases, sex=("male", "female")) == ["a", "b", "c"]
    assert _kept(cases, age=("80-up", "not-recorded")) == ["c", "d"]
    assert _kept(cases, dx_type=("not-recorded",)) == ["d"]
    assert _kept(cases, right=True) == ["a", "c"] and _kept(cases, right=False) == ["b", "d"]
    assert _kept(cases, set="set-1") == ["b"] and _kept(cases, set="set-1", right=True) == []
    assert _kept(cases, called=("nv",)) == ["c"]
    assert _kept(cases, of=("mel",)) == _kept(cases, share=(0, 0.1)) == ["a", "b", "c", "d"]  # each needs the other


def test_ranges_share_nothing_and_leave_nothing_out(cases):
    below, above = _kept(cases, confidence=(0.0, 0.9)), _kept(cases, confidence=(0.9, 1.0))
    assert below == ["c"] and above == ["a", "b", "d"]
    assert _kept(cases, loss=(0.5, 9.0)) == ["b", "c"] and _kept(cases, loss=(0.5, math.inf)) == ["b", "c", "d"]


def test_an_output_is_averaged_over_the_lesion(cases):
    assert lesion_output(cases, ["mel"]).tolist() == pytest.approx([0.5, 0.5, 0.4, 1.0])
    # melanomas not flagged at 0.5 and at 0.51: the lesion counts once, as its images' mean
    melanomas = {"truth": ("mel",), "of": ("mel",)}
    assert _kept(cases, **melanomas, share=(0.0, 0.5)) == []
    assert _kept(cases, **melanomas, share=(0.0, 0.51)) == ["a", "b"]
    assert _kept(cases, **melanomas, own=(0.0, 0.51)) == ["b"]


def test_disagreement_is_on_what_both_judged(cases):
    assert disagreeing(cases, [pd.Series({"a": "nv", "b": "nv", "z": "mel"})]) == {"a"}


def test_orders(cases):
    assert list(in_order(cases, "loss").index) == ["d", "b", "c", "a"]
    assert list(in_order(cases, "confidence-up").index) == ["c", "a", "b", "d"]


def test_without_the_data_set_there_is_no_metadata(cases):
    assert "age" not in case_table(cases[["part", "image_id", "lesion_id", "truth", "predicted", "p_mel", "p_nv",
                                          "loss"]].reset_index(drop=True), None)


@pytest.mark.parametrize(("name", "value", "read"), [
    ("confidence", (0.1, 0.23456789), (0.1, 0.23456789)), ("loss", (2.0, math.inf), (2.0, math.inf)),
    ("share", (0, 1e-07), (0.0, 1e-07)), ("right", False, False), ("doubtful", True, True), ("of", ["mel", "nv"],
                                                                                         ("mel", "nv")),
    ("differs", "other", ("other",)), ("wrong", ["other"], ("other",)), ("judged", "other", ("other",)),
    ("called", ["mel"], ("mel",)), ("own", (0.2, 0.4), (0.2, 0.4)), ("decision", "balanced", "balanced"),
    ("set", "set-1", "set-1"), ("flips", "zoom", "zoom"),
])
def test_what_is_written_is_read(name, value, read):
    asked = read_address({name: written(value)}, KNOWN)
    assert asked.values == {name: read} and not asked.problems and asked.any


def test_all_can_be_asked_for_by_name_where_the_page_chooses_for_who_asks_for_nothing():
    asked = read_address({"right": EVERYTHING, "part": EVERYTHING}, KNOWN)
    assert not asked.values and not asked.problems and not asked.any
    assert read_address({"truth": EVERYTHING, "seen": EVERYTHING}, KNOWN).problems
    assert explore_link("run-1", truth="mel") == {"run": "run-1", "part": "all", "right": "all", "truth": "mel"}
    assert explore_link("run-1", right=False, part="test") == {"run": "run-1", "part": "test", "right": "no"}


def test_levels_with_commas_survive_and_gone_ones_are_named():
    asked = read_address({"sex": written(["a,b%", "male"]), "truth": "mel,xyz"}, KNOWN)
    assert asked.values == {"sex": ("a,b%", "male"), "truth": ("mel",)}
    assert asked.problems == [
        "The address names the reference diagnosis xyz, which is not here (any more). Shown without this filter."
    ]


def test_an_outline_is_written_and_read():
    angle = np.linspace(0, 6.28, 300)
    text = written_outline(50 + 10 * np.cos(angle), 50 + 10 * np.sin(angle))
    area = read_address({"area": text}, KNOWN).values["area"]
    assert len(text) < 800 and area.shape == (60, 2) and area[0] == pytest.approx([60, 50])


@pytest.mark.parametrize("params", [
    {"confidence": "high"}, {"loss": "3..1"}, {"right": "maybe"}, {"set": "set-9"}, {"area": "1,2;3"}, {"of": "xyz"},
    {"area": "nan,1;2,2;3,3"}, {"sort": "beauty"}, {"flips": "fire"}, {"differs": "gone"}, {"age": "40-59"},
])
def test_what_makes_no_sense_is_said_and_left_out(params):
    asked = read_address(params, KNOWN)
    assert len(asked.problems) == 1 and "not here" in asked.problems[0] and not asked.any


def test_each_filter_has_a_place_of_its_own_row_in_the_bar():
    placed = [one for one in FILTERS.values() if one.place]
    assert {one.place.row for one in placed} == set(ROWS)
    # the part is chosen beside the run, right or wrong in view, and the area is drawn
    assert FILTERS.keys() - {one.name for one in placed} == {"part", "right", "area"}
    assert all(0 <= one.place.column < ROWS[one.place.row] for one in placed)
