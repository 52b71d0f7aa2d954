"""A run's stored predictions under its named decisions: what they assume depends on loss and config."""

import json

import numpy as np
import pandas as pd
import pytest

from pipeline.configuration.presets import preset
from pipeline.evaluation.decided import decided_predictions, run_priors
from pipeline.evaluation.evaluate import evaluate_run
from pipeline.files.workspace import Workspace
from pipeline.runs.run_dir import create_run
from tests.scored_tables import CODES, scored_table

COLUMNS = [f"p_{code}" for code in CODES]


def _run(tmp_path, loss, frequencies=None):
    """A run with four training lesions of nevi to each other's one, and a validation part."""
    config = preset("demo").for_data("tiny", "hash")
    run = create_run(Workspace(tmp_path), type(config)(**{**config.__dict__, "loss": loss, "keep": "last"}), {})
    table = scored_table(40, seed=1).assign(part="validation")
    table.to_parquet(run.predictions_path)
    train = pd.DataFrame({"image_id": [f"t{n}" for n in range(7)], "lesion_id": [f"t{n}" for n in range(7)],
                          "dx": ["akiec", "bcc", "mel", *["nv"] * 4], "part": "train"})
    held_out = table[["image_id", "lesion_id", "part"]].assign(dx=table["truth"])
    (held_out if frequencies else pd.concat([train, held_out])).to_parquet(run.split_path)
    if frequencies:
        about = json.loads(run.config_path.read_text())
        run.config_path.write_text(json.dumps({**about, "frequencies": frequencies}))
    return run


def _shares(run, decision):
    return decided_predictions(run, run.predictions(), decision)[COLUMNS].to_numpy()


def test_plain_cross_entropy_is_as_data_and_is_divided_for_balanced(tmp_path):
    run = _run(tmp_path, "cross_entropy")
    stored = run.predictions()[COLUMNS].to_numpy()
    np.testing.assert_allclose(_shares(run, "as-data"), stored, atol=1e-6)
    divided = stored * [1, 1, 1, 1 / 4]
    np.testing.assert_allclose(_shares(run, "balanced"), divided / divided.sum(axis=1, keepdims=True), atol=1e-6)


@pytest.mark.parametrize("loss", ["balanced_softmax", "weighted"])
def test_a_loss_that_weighs_alike_is_balanced_and_is_multiplied_for_as_data(tmp_path, loss):
    run = _run(tmp_path, loss)
    stored = run.predictions()[COLUMNS].to_numpy()
    np.testing.assert_allclose(_shares(run, "balanced"), stored, atol=1e-6)
    weighed = stored * [1, 1, 1, 4]
    np.testing.assert_allclose(_shares(run, "as-data"), weighed / weighed.sum(axis=1, keepdims=True), atol=1e-6)
    answers = decided_predictions(run, run.predictions(), "as-data")["predicted"]
    assert answers.tolist() == np.array(CODES)[weighed.argmax(axis=1)].tolist()


def test_frequencies_that_the_config_states_hold_without_a_training_part(tmp_path):
    stated = {"akiec": 0.1, "bcc": 0.1, "mel": 0.1, "nv": 0.7}
    run = _run(tmp_path, "balanced_softmax", stated)
    assert run_priors(run) == stated
    np.testing.assert_allclose(_shares(run, "as-data"), run.predictions()[COLUMNS], atol=1e-6)
    figures = evaluate_run(run)["validation"]
    assert figures["majority_accuracy"] == pytest.approx((run.predictions()["truth"] == "nv").mean())
    assert figures["decisions"]["as-data"]["overall"]["accuracy"][0] == pytest.approx(figures["accuracy"])
