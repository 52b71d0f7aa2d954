"""The benchmark of frozen stages works, and its sides train the same head; times are not judged here."""

from tests.benchmarks.frozen_features import CLOSEST, measure


def test_it_compares_epochs_extraction_and_accuracy():
    result = measure(84, epochs=1, rounds=1, settings=["size=64x48", "batch_size=8"])
    assert [row["what"] for row in result["rows"]] == ["epoch", "epoch", "extraction"]
    for row in result["rows"]:
        slower, faster = ("theirs", "ours") if row["unit"] == "s" else ("ours", "theirs")
        assert row["theirs"] > 0 and row["ours"] > 0 and row["ratio"] == row[slower] / row[faster]
    assert result["largest_difference"] <= CLOSEST
    assert result["conditions"]["images"] == "84 generated, 17 of them validation"
