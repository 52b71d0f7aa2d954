"""The benchmark of frozen stages works, and its sides train the same head; times are not judged here."""

from tests.benchmarks.frozen_features import CLOSEST, _print, measure, summary


def test_it_compares_epochs_extraction_and_accuracy(capsys):
    found = {}
    measure(found, images=48, epochs=1, rounds=1, outputs=16, settings=["size=64x48", "batch_size=8"])
    result = summary(found)
    assert [row["what"] for row in result["rows"]] == ["epoch", "epoch", "extraction"]
    for row in result["rows"]:
        slower, faster = ("theirs", "ours") if row["unit"] == "s" else ("ours", "theirs")
        assert row["theirs"] > 0 and row["ours"] > 0 and row["ratio"] == row[slower] / row[faster]
    accuracy, first = result["balanced_accuracy"], result["first_pass"]
    assert accuracy["largest_difference"] <= CLOSEST and accuracy["validation_images"] == 17
    assert first["outputs"] == 4 * 48 + 17 and first["outputs_of_all_images"] == 4 * 67 + 17
    conditions = result["conditions"]
    assert (conditions["training_images"], conditions["validation_images_of_an_epoch"]) == (48, 12)
    assert result["complete"] and conditions["images"] == "84 generated"
    _print(result)
    assert "the 285 of all images take" in capsys.readouterr().out


def test_what_was_measured_before_an_interruption_is_printed(capsys):
    found = {"complete": False, "conditions": {"cores": 2}, "rate": {"torch": [], "onnx": []}, "balanced_accuracy": [],
             "epoch": {"fastai": [30.0, 34.0], "cached": [], "ours": [0.5]}}
    result = summary(found)
    assert [(row["ratio"], row["n"]) for row in result["rows"]] == [(64.0, 1)]
    _print(result)
    assert capsys.readouterr().out.endswith("Not complete: it was interrupted.\n")
