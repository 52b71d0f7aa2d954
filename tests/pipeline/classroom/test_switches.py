"""Switches, comparisons and the items of a report against tables worked by hand."""

import math

import pandas as pd
import pytest

from pipeline.classroom.comparisons import comparisons, progress
from pipeline.classroom.hardest import hardest, most_followed
from pipeline.classroom.switches import SWITCH_KINDS, switches
from pipeline.errors import LessonError
from tests.answer_tables import World, before_and_after, table_of

# reference, alone, model, with the model
RIGHT_KEPT, KEPT_AGAINST = ("mel", "mel", "mel", "mel"), ("mel", "mel", "nv", "mel")
ASTRAY, AWAY_FROM_RIGHT = ("mel", "mel", "nv", "nv"), ("mel", "mel", "mel", "nv")
GAINED, GAINED_AGAINST = ("nv", "mel", "nv", "nv"), ("nv", "mel", "bkl", "nv")
WRONG_KEPT, ANOTHER_WRONG, FOLLOWED = ("nv", "mel", "nv", "mel"), ("nv", "mel", "nv", "df"), ("nv", "mel", "bkl", "bkl")


def test_every_answer_is_of_one_kind():
    found = switches(before_and_after([
        *[RIGHT_KEPT] * 3, *[KEPT_AGAINST] * 4, *[ASTRAY] * 6, AWAY_FROM_RIGHT, *[GAINED] * 7, *[GAINED_AGAINST] * 2,
        *[WRONG_KEPT] * 2, ANOTHER_WRONG, FOLLOWED,
    ]), seed=1)
    assert found.counts == {
        "right-kept": 7, "right-to-wrong-after-wrong": 6, "right-to-wrong-after-right": 1,
        "wrong-to-right-after-right": 7, "wrong-to-right-after-wrong": 2, "wrong-kept": 2, "wrong-to-another-wrong": 2,
    }
    assert sum(found.counts.values()) == found.n == 27 and tuple(found.counts) == SWITCH_KINDS
    assert sum(one.value for one in found.shares.values()) == pytest.approx(1)
    # right alone and the model wrong: 10, of whom 6 went; wrong alone and the model right: 10, of whom 7 came
    assert (found.led_astray.value, found.led_astray.n, found.gained.value, found.gained.n) == (0.6, 10, 0.7, 10)
    # Wilson of 6 and of 7 of 10
    assert (found.led_astray.low, found.led_astray.high) == pytest.approx((0.31267, 0.83182), abs=1e-5)
    assert (found.gained.low, found.gained.high) == pytest.approx((0.39678, 0.89221), abs=1e-5)


def test_an_answer_at_one_stage_alone_is_no_switch():
    table = before_and_after([ASTRAY] * 12)
    last = (table["position"] == 11) & (table["stage"] == "with-model")
    table.loc[last, "answer"] = None
    assert switches(table, seed=1).n == 11
    few = switches(table[table["position"] < 9], seed=1)
    assert few.counts["right-to-wrong-after-wrong"] == 9 and math.isnan(few.led_astray.value)
    none = switches(table[table["stage"] == "alone"], seed=1)
    assert none.n == 0 and math.isnan(none.shares["right-kept"].value)


def test_a_test_compares_with_the_better_of_the_two():
    rows = [*[RIGHT_KEPT] * 10, *[GAINED] * 6, *[ASTRAY] * 3, *[WRONG_KEPT] * 1]
    found = comparisons(before_and_after(rows, seats=4), "test", seed=1)
    right = found["right"]
    # alone 13 of 20, the model 17, with it 16: more than the student, less than the model
    assert [one.value for one in (right.alone, right.model, right.with_model)] == [13 / 20, 17 / 20, 16 / 20]
    assert right.better == "model" and right.gain.value == pytest.approx(-1 / 20)
    assert right.gain.low < right.gain.value < right.gain.high
    assert found["sensitivity"].alone.value == 1 and found["sensitivity"].better == "alone"
    assert found["sensitivity"].gain.value == pytest.approx(-3 / 13)
    benign = found["specificity"]
    assert [one.value for one in (benign.alone, benign.model, benign.with_model)] == [0, 1, pytest.approx(6 / 7)]
    # none of the 28 answers to 7 nevi: Wilson's bound of 0 of 4, as there are four seats
    assert (benign.alone.low, benign.alone.high) == pytest.approx((0, 0.48990), abs=1e-5)


def test_what_a_class_was_not_asked_for_is_undefined():
    table = before_and_after([RIGHT_KEPT] * 8 + [GAINED] * 4)
    alone = comparisons(table[table["stage"] == "alone"], "test", seed=1)["right"]
    assert alone.alone.value == pytest.approx(8 / 12) and alone.model.value == 1 and alone.better == "model"
    assert math.isnan(alone.with_model.value) and math.isnan(alone.gain.value)
    first = comparisons(table[table["stage"] == "with-model"], "test", seed=1)["right"]
    assert math.isnan(first.alone.value) and first.with_model.value == 1 and first.gain.value == 0
    few = comparisons(table[table["position"] < 9], "test", seed=1)["right"]
    assert math.isnan(few.alone.value) and math.isnan(few.gain.value)
    assert comparisons(table[:0], "test", seed=1)["right"].model.n == 0


def test_a_lesson_about_the_model_compares_nothing():
    with pytest.raises(LessonError):
        comparisons(before_and_after([ASTRAY]), "model", seed=1)


def test_progress_from_one_form_to_the_other():
    before, after = World(1.0, 0.3, 0.1, 0.3).drawn(20, 12, seed=1), World(2.5, 0.3, 0.1, 0.3).drawn(20, 12, seed=2)
    later = after.assign(block=1, lesion_id=after["lesion_id"] + 12)
    left_early = World().drawn(1, 12, seed=3).assign(seat=99)
    found = progress(pd.concat([before, later, left_early], ignore_index=True), "alone", seed=1)
    shares = [(one["answer"] == one["asked"]).mean() for one in (before, after)]
    assert [found.before.value, found.after.value] == pytest.approx(shares)
    assert found.gain.value == pytest.approx(shares[1] - shares[0]) and found.gain.n == 480
    assert 0 < found.gain.low < found.gain.value < found.gain.high
    assert math.isnan(progress(before, "alone", seed=1).gain.value)


def test_items_where_a_wrong_model_was_followed_and_hard_ones():
    table = pd.concat([
        before_and_after([RIGHT_KEPT, ASTRAY, GAINED, FOLLOWED, KEPT_AGAINST], seats=3),
        before_and_after([RIGHT_KEPT, KEPT_AGAINST, WRONG_KEPT, FOLLOWED, KEPT_AGAINST]).assign(seat="owl-9"),
    ], ignore_index=True)
    followed = most_followed(table)
    assert [(one.image_id, one.model, one.count, one.n) for one in followed] == [
        ("ISIC_HAM_3", "bkl", 4, 4), ("ISIC_HAM_1", "nv", 3, 4)]
    assert most_followed(table[table["stage"] == "alone"]) == []
    first = most_followed(table[table["stage"] == "with-model"])
    assert [(one.image_id, one.count) for one in first] == [("ISIC_HAM_3", 4), ("ISIC_HAM_1", 3)]
    hard = hardest(table, "with-model", most=3)
    assert [(one.image_id, one.dx, one.count, one.n) for one in hard] == [
        ("ISIC_HAM_3", "nv", 0, 4), ("ISIC_HAM_1", "mel", 1, 4), ("ISIC_HAM_2", "nv", 3, 4)]
    agreed = before_and_after([("mel", "nv", "nv", "nv")] * 2)
    assert most_followed(agreed) == [], "who said so alone followed nobody"


def test_answers_need_no_model_that_is_wrong():
    assert most_followed(table_of([{"dx": "mel", "answer": "mel"}])) == []
