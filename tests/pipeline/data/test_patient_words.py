"""Ages and sexes as people write them are read, and each guess is said."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data.patient_words import ages, sexes


@pytest.mark.parametrize(("text", "years"), [
    ("75,0", 75), ("85+", 85), ("90 years", 90), ("> 85", 85), ("≥85", 85), ("75 yrs.", 75), ("60 Jahre", 60),
    ("75 years old", 75), ("seventy-five", 75), ("Ninety years", 90), ("one hundred and two", 102), ("twelve", 12),
])
def test_an_age_in_other_words_is_said(text, years):
    notes: list[str] = []
    assert ages(pd.Series([text], dtype="str"), notes).tolist() == [years]
    assert len(notes) == 1 and notes[0].endswith(f"{text.lower()} as {years}.")


@pytest.mark.parametrize("text", ["20-30", "6 months", "121", "-5", "seventy-fifteen", "old", "hundreds", "1,2,3",
                                  None])
def test_what_is_no_age_is_none_and_nothing_is_said(text):
    notes: list[str] = []
    assert np.isnan(ages(pd.Series([text], dtype="str"), notes)[0]) and notes == []


def test_many_ages_are_one_sentence():
    notes: list[str] = []
    ages(pd.Series([f"{n},0" for n in range(20, 80)] + ["50"], dtype="str"), notes)
    assert notes == ["Ages read from words and marks, 60 of 61: 20,0 as 20, 21,0 as 21, 22,0 as 22, 23,0 as 23, "
                     "24,0 as 24, 25,0 as 25 and 54 more."]


def test_sexes():
    notes: list[str] = []
    assert sexes(pd.Series(["M", "weiblich", "female", None, "intersex", "0"], dtype="str"), notes).tolist() == \
        ["male", "female", "female", "unknown", "intersex", "0"]
    assert notes == ["Sexes read from other words: m as male, weiblich as female."]
