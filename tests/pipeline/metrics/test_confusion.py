"""Confusion counts, shares, pairs and losses on a table small enough to count by eye."""

import numpy as np
import pandas as pd
import pytest

from pipeline.metrics.confusion import (
    ConfusedPair,
    cell,
    confused_either_way,
    confusion_matrix,
    most_confused,
    row_shares,
    top_losses,
)

CLASSES = ["bcc", "df", "mel", "nv"]


@pytest.fixture
def predictions():
    truth = ["nv"] * 5 + ["mel"] * 4 + ["bcc"] * 2
    predicted = ["nv", "nv", "nv", "mel", "mel", "nv", "nv", "mel", "bcc", "bcc", "mel"]
    return pd.DataFrame(
        {
            "image_id": [f"i{n:02d}" for n in range(11)],
            "truth": truth,
            "predicted": predicted,
            "loss": [0.1, 0.2, 0.1, 2.0, 3.0, 3.0, 1.0, 0.1, 5.0, 0.3, 4.0],
        }
    )


def test_rows_are_the_truth_and_columns_the_prediction(predictions):
    matrix = confusion_matrix(predictions, CLASSES)
    assert matrix.to_numpy().tolist() == [[1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 1, 2], [0, 0, 2, 3]]
    assert (list(matrix.index), list(matrix.columns)) == (CLASSES, CLASSES)
    assert (matrix.index.name, matrix.columns.name) == ("truth", "predicted")
    assert (matrix.dtypes == np.int64).all()


def test_an_empty_table_gives_a_matrix_of_zeros(predictions):
    assert confusion_matrix(predictions.head(0), CLASSES).to_numpy().tolist() == [[0] * 4] * 4


def test_shares_are_of_the_true_diagnosis_and_undefined_without_images(predictions):
    shares = row_shares(confusion_matrix(predictions, CLASSES))
    assert shares.loc["mel"].tolist() == [0.25, 0.0, 0.25, 0.5]
    assert shares.loc["nv"].tolist() == pytest.approx([0.0, 0.0, 0.4, 0.6])
    assert shares.loc["df"].isna().all()


def test_most_confused_counts_images_then_the_share_and_leaves_out_right_answers(predictions):
    assert most_confused(predictions, CLASSES, 3) == [
        ConfusedPair("mel", "nv", 2, 0.5),
        ConfusedPair("nv", "mel", 2, 0.4),
        ConfusedPair("bcc", "mel", 1, 0.5),
    ]
    assert len(most_confused(predictions, CLASSES, 99)) == 4


def test_nothing_is_confused_where_all_is_right(predictions):
    assert most_confused(predictions[predictions["truth"] == predictions["predicted"]], CLASSES, 5) == []


def test_top_losses_come_largest_first_and_ties_by_image(predictions):
    assert top_losses(predictions, 4)["image_id"].tolist() == ["i08", "i10", "i04", "i05"]
    assert len(top_losses(predictions, 99)) == 11


def test_a_cell_holds_its_images_largest_loss_first(predictions):
    assert cell(predictions, "mel", "nv")["image_id"].tolist() == ["i05", "i06"]
    assert cell(predictions, "df", "nv").empty


def test_pairs_either_way_count_both_directions_together(predictions):
    # nv called mel 2 and mel called nv 2; mel called bcc 1 and bcc called mel 1
    assert confused_either_way(predictions, CLASSES) == [("mel", "nv"), ("bcc", "mel")]
    assert confused_either_way(predictions.head(0), CLASSES) == []
