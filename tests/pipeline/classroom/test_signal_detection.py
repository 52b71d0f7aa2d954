"""d′, criterion and AUC against tables worked by hand."""

import numpy as np
import pytest

from pipeline.classroom.signal_detection import Counts, corrected_rates, criterion, d_prime, rating, rating_auc


def _counts(*numbers: int) -> Counts:
    return Counts(*(np.array([number], dtype=float) for number in numbers))


@pytest.mark.parametrize(("numbers", "rates", "distance", "bias"), [
    # 8 of 10 malignant called so, 3 of 10 benign: 8.5/11 and 3.5/11; z = 0.7478585 and -0.4727891
    ((8, 10, 3, 10), (8.5 / 11, 3.5 / 11), 1.2206476, -0.1375347),
    # all malignant called so and no benign one: 10.5/11 and 0.5/11; z = 1.6906216 and -1.6906216
    ((10, 10, 0, 10), (10.5 / 11, 0.5 / 11), 3.3812432, 0.0),
    # "malignant" is never said: no distance, and the highest criterion that 10 and 20 lesions allow
    ((0, 10, 0, 20), (0.5 / 11, 0.5 / 21), 0.2901308, 1.8356870),
])
def test_d_prime_and_criterion_by_hand(numbers, rates, distance, bias):
    counts = _counts(*numbers)
    assert [float(one[0]) for one in corrected_rates(counts)] == pytest.approx(rates)
    assert d_prime(counts)[0] == pytest.approx(distance, abs=1e-6)
    assert criterion(counts)[0] == pytest.approx(bias, abs=1e-6)


def test_without_one_kind_nothing_is_defined():
    for counts in (_counts(3, 5, 0, 0), _counts(0, 0, 2, 5)):
        assert np.isnan([*d_prime(counts), *criterion(counts), *np.concatenate(corrected_rates(counts))]).all()
    assert np.isnan(rating_auc(np.zeros((1, 6)), np.ones((1, 6)))).all()


def test_answer_and_sureness_make_six_steps():
    degrees = ("guessing", "fairly sure", "sure")
    assert [rating(False, sure) for sure in reversed(degrees)] == [1, 2, 3]
    assert [rating(True, sure) for sure in degrees] == [4, 5, 6]


def test_auc_of_ratings_by_hand():
    # malignant rated 6, 6, 4, 2; benign 5, 4, 2, 1: of 16 pairs 4 + 4 + 2.5 + 1.5 are won
    malignant, benign = np.array([[0, 1, 0, 1, 0, 2]]), np.array([[1, 1, 0, 1, 1, 0]])
    assert rating_auc(malignant, benign)[0] == pytest.approx(12 / 16)
    assert rating_auc(benign, malignant)[0] == pytest.approx(4 / 16)
    assert rating_auc(benign, benign)[0] == 0.5
