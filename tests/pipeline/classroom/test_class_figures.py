"""The figures of a seat and of a class against tables worked by hand, and when they are defined."""

import math

import pandas as pd
import pytest

from pipeline.classroom.class_figures import class_figures
from tests.answer_tables import World, table_of, two_way

MALIGNANT = [("malignant", "sure")] * 6 + [("malignant", "guessing")] * 2 + [("benign", "fairly sure")] * 2
BENIGN = [("benign", "sure")] * 5 + [("benign", "fairly sure")] * 2 + [("malignant", "guessing")] * 3


def test_a_seat_by_hand():
    found = class_figures(two_way(MALIGNANT, BENIGN), "alone", seed=1)
    both = found.dichotomy
    # 8 and 7 of 10; Wilson's bounds as in Newcombe 1998, table I: 8/10 has 0.4902 to 0.9433
    assert (both.sensitivity.value, both.sensitivity.n) == (0.8, 10)
    assert (both.sensitivity.low, both.sensitivity.high) == pytest.approx((0.49016, 0.94332), abs=1e-5)
    assert (both.specificity.value, both.specificity.low, both.specificity.high) == pytest.approx(
        (0.7, 0.39678, 0.89221), abs=1e-5)
    assert (found.right.value, found.right.n, found.seats, found.items) == (0.75, 20, 1, 20)
    assert found.balanced_accuracy.value == 0.75
    # sure: 11 of 11; guessing: 5, too few to say
    assert (found.right_when["sure"].value, found.right_when["sure"].n) == (1.0, 11)
    assert math.isnan(found.right_when["guessing"].value) and found.right_when["guessing"].n == 5
    assert math.isnan(both.d_prime.value) and math.isnan(both.auc.value), "20 items of one seat are too few"


def test_from_thirty_items_on_a_seat_has_d_prime_c_and_auc():
    found = class_figures(two_way(MALIGNANT + MALIGNANT[:5], BENIGN + BENIGN[:5]), "alone", seed=1).dichotomy
    # 13 of 15 and 3 of 15: 13.5/16 and 3.5/16; z = 1.0099902 and -0.7764218
    assert found.d_prime.value == pytest.approx(1.7864120, abs=1e-6)
    assert found.criterion.value == pytest.approx(-0.1167842, abs=1e-6)
    # malignant: 11 at 6, 2 at 4, 2 at 2; benign: 10 at 1, 2 at 2, 3 at 4
    assert found.auc.value == pytest.approx((11 * 15 + 2 * (12 + 1.5) + 2 * (10 + 1)) / 225)
    for one in (found.d_prime, found.criterion, found.auc):
        assert one.low < one.value < one.high and one.n == 30
    diagnoses = two_way(MALIGNANT + MALIGNANT[:5], BENIGN + BENIGN[:5])
    diagnoses[["asked", "answer"]] = diagnoses[["asked", "answer"]].replace({"malignant": "mel", "benign": "nv"})
    again = class_figures(diagnoses, "alone", seed=1).dichotomy
    assert again.d_prime == found.d_prime and math.isnan(again.auc.value)


def test_rates_need_ten_answers_of_each_kind():
    for table in (two_way(MALIGNANT[:9], BENIGN * 3), two_way(MALIGNANT * 3, BENIGN[:9])):
        found = class_figures(table, "alone", seed=1).dichotomy
        assert all(math.isnan(one.value) for one in (found.sensitivity, found.specificity, found.d_prime, found.auc))
    empty = class_figures(two_way(MALIGNANT, BENIGN), "with-model", seed=1)
    assert empty.answers == 0 and math.isnan(empty.right.value) and math.isnan(empty.balanced_accuracy.value)


def test_diagnoses_over_and_without_the_precursors():
    given = [("mel", "mel")] * 8 + [("mel", "nv")] * 4 + [("akiec", "bkl")] * 3 + [("nv", "nv")] * 9 \
        + [("bkl", "mel")] * 2 + [("bkl", "nv")] * 4
    found = class_figures(table_of(
        {"position": place, "dx": dx, "answer": answer} for place, (dx, answer) in enumerate(given)
    ), "alone", seed=1)
    # mel 8 of 12, akiec 0 of 3, nv 9 of 9, bkl 0 of 6
    assert found.balanced_accuracy.value == pytest.approx((8 / 12 + 0 + 1 + 0) / 4)
    assert found.right.value == pytest.approx(17 / 30)
    assert found.dichotomy.sensitivity.value == pytest.approx(8 / 15)
    assert found.without_precursors.sensitivity.value == pytest.approx(8 / 12)
    assert found.dichotomy.specificity.value == found.without_precursors.specificity.value == pytest.approx(13 / 15)


def test_a_class_is_not_as_many_answers():
    one = two_way(MALIGNANT, BENIGN)
    alike = pd.concat([one.assign(seat=f"fox-{seat}") for seat in range(10)])
    alone, of_all = (class_figures(table, "alone", seed=1) for table in (one, alike))
    assert of_all.right.value == alone.right.value and of_all.right.n == 200 and of_all.seats == 10
    # ten students who answer alike know no more than one: the bounds stay about as far apart
    width = of_all.right.high - of_all.right.low
    assert 0.7 < width / (alone.right.high - alone.right.low) < 1.2
    perfect = alike.assign(answer=alike["asked"])
    certain = class_figures(perfect, "alone", seed=1).right
    assert certain.value == certain.high == 1 and certain.low == pytest.approx(0.72247, abs=1e-5)  # 10 of 10


def test_equal_seeds_give_equal_intervals():
    table = World().drawn(10, 12, seed=3)
    assert class_figures(table, "alone", seed=5) == class_figures(table, "alone", seed=5)
    assert class_figures(table, "alone", seed=5).right_when != class_figures(table, "alone", seed=6).right_when


def test_what_cannot_be_told_is_left_out():
    table = pd.concat([two_way(MALIGNANT, BENIGN), table_of([
        {"position": 90, "dx": "unk", "answer": "malignant"}, {"position": 91, "dx": "mel", "answer": None},
        {"position": 92, "dx": "mel", "answer": None, "missing": "not seen"},
    ])])
    found = class_figures(table, "alone", seed=1)
    assert found.answers == 21 and found.dichotomy.sensitivity.n == found.dichotomy.specificity.n == 10
