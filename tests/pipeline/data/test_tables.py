import numpy as np
import pandas as pd
import pytest

from pipeline.data import tables


@pytest.fixture
def rows() -> pd.DataFrame:
    columns = ["image_id", "lesion_id", "dx", "age", "sex", "localization", "dx_type", "source"]
    metadata = pd.DataFrame(
        [
            ("A", "1", "nv", 19.0, "male", "back", "histo", "one"),
            ("B", "1", "nv", 20.0, "male", "back", "histo", "one"),
            ("C", "2", "nv", 39.9, "female", "face", "follow_up", None),
            ("D", "3", "mel", 80.0, "unknown", "unknown", "histo", ""),
            ("E", "4", "mel", np.nan, "male", "back", "histo", "two"),
            ("F", "4", "mel", 0.0, "male", "back", "histo", "two"),
        ],
        columns=columns,
    )
    return tables.described(metadata.set_index("image_id", drop=False))


def test_described_bands_ages_and_names_what_is_empty(rows):
    assert list(rows["age"]) == ["0-19", "20-39", "20-39", "80-up", "not-recorded", "0-19"]
    assert list(rows["source"]) == ["one", "one", "not-recorded", "not-recorded", "two", "two"]
    assert rows.at["D", "sex"] == "unknown"


def test_levels_have_what_is_missing_last(rows):
    assert tables.levels(rows, "age") == [*tables.AGE_BANDS, "not-recorded"]
    assert tables.levels(rows, "sex") == ["male", "female", "unknown"]
    assert tables.levels(rows, "dx") == ["mel", "nv"]
    assert tables.levels(rows[rows["source"] == "one"], "age") == list(tables.AGE_BANDS)


def test_described_is_categorical_and_takes_any_word(rows):
    assert {rows[factor].dtype.name for factor in (*tables.FACTORS, "lesion_id")} == {"category"}
    words = rows.astype(object).assign(age=50.0, source=None, sex=["not-recorded", "", None, "B", "a", "a"])
    again = tables.described(words)
    assert list(again["sex"]) == ["not-recorded"] * 3 + ["B", "a", "a"]
    assert list(again["source"]) == ["not-recorded"] * 6
    assert tables.described(words.assign(source=float("nan")))["source"].nunique() == 1


def test_levels_alike_in_number_stand_alphabetically(rows):
    assert tables.levels(rows, "source") == ["one", "two", "not-recorded"]
    assert tables.levels(rows.assign(source=pd.Categorical(["two", "one"] * 3)), "source") == ["one", "two"]
    assert tables.levels(tables.filtered(rows, {"dx": "mel", "source": "two"}), "localization") == ["back"]


def test_cross_table_of_a_part_has_its_levels_only(rows):
    table = tables.cross_table(rows[rows["source"] == "two"], "sex")
    assert table.to_dict() == {"mel": {"male": 2}}
    assert table.assign(All=table.sum(axis=1)).at["male", "All"] == 2


def test_counts_in_images_and_lesions(rows):
    counts = tables.counts_by_diagnosis(rows)
    assert sorted(map(tuple, counts.to_numpy())) == [("mel", 3, 2), ("nv", 3, 2)]
    assert tables.group_counts(rows, ["mel"]) == (3, 2)
    assert tables.group_counts(rows, []) == (0, 0)


def test_cross_table_counts_each_image_once(rows):
    for factor in tables.FACTORS[1:]:
        assert tables.cross_table(rows, factor).to_numpy().sum() == len(rows)
    table = tables.cross_table(rows, "age")
    assert list(table.index) == tables.levels(rows, "age") and table.at["40-59", "nv"] == 0
    assert table.at["20-39", "nv"] == 2


def test_cross_table_of_lesions(rows):
    assert tables.cross_table(rows, "sex", "lesions").loc["male"].to_dict() == {"mel": 1, "nv": 1}
    assert tables.cross_table(rows, "age", "lesions")["nv"].to_dict()["0-19"] == 1  # lesion 1 is in two bands


def test_missing_says_how_many(rows):
    found = {(m.factor, m.level): (m.images, m.lesions) for m in tables.missing(rows)}
    assert found == {
        ("age", "not-recorded"): (1, 1), ("sex", "unknown"): (1, 1), ("localization", "unknown"): (1, 1),
        ("source", "not-recorded"): (2, 2),
    }
    assert tables.missing(rows)[-1].share == pytest.approx(2 / 6)
    assert tables.missing(rows[rows["image_id"] == "A"]) == []


def test_filtered_keeps_the_order_and_needs_every_level(rows):
    assert list(tables.filtered(rows, {})["image_id"]) == list("ABCDEF")
    assert list(tables.filtered(rows, {"dx": "mel", "sex": "male"})["image_id"]) == ["E", "F"]
    assert tables.filtered(rows, {"dx": "mel", "localization": "face"}).empty


def test_skin_types_are_a_factor_only_where_they_are_recorded(rows):
    assert "fitzpatrick" not in tables.factors_of(rows)
    assert all(lack.factor != "fitzpatrick" for lack in tables.missing(rows))
    recorded = tables.described(rows.astype(object).assign(age=50.0, fitzpatrick=["IV", "II", None, "II", "I", None]))
    assert tables.factors_of(recorded) == tables.FACTORS
    assert tables.levels(recorded, "fitzpatrick") == ["I", "II", "IV", "not-recorded"]
    assert [m.images for m in tables.missing(recorded) if m.factor == "fitzpatrick"] == [2]
