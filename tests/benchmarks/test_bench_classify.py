"""The benchmark of classifying works, and its two sides give the same answers; times are not judged here."""

from tests.benchmarks.classify import GOALS, measure


def test_it_compares_the_three_ways_of_asking():
    result = measure(("resnet18",), size=64, images=6, repeats=1)
    assert [row["what"] for row in result["rows"]] == list(GOALS)
    for row in result["rows"]:
        assert row["theirs"] > 0 and row["ours"] > 0
        slower, faster = ("theirs", "ours") if row["unit"] == "ms" else ("ours", "theirs")
        assert row["ratio"] == row[slower] / row[faster]
    assert "6 files" in result["conditions"]["images"]
