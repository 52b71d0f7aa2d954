"""`predict` with prediction sets, and `evaluate --sets`: one object, its csv, and what a model without any says."""

import csv
import json

import numpy as np
import pytest

from pipeline import cli
from pipeline.metrics.set_coverage import PER_DIAGNOSIS
from pipeline.models.model_info import find_model
from pipeline.models.prediction_sets import model_sets
from tests.hand_made import CODES
from tests.held_out_lesions import hold_out


@pytest.fixture
def answering_run(filled):
    """The run with a network of random weights and twelve held-out lesions of each diagnosis but dermatofibroma."""
    from safetensors.torch import save_file

    from pipeline.networks.architectures import build_network

    workspace, dataset, run = filled
    arch = find_model(workspace, run.name).arch
    save_file(build_network(arch, len(CODES), "random").state_dict(), run.model / "model.safetensors")
    table = hold_out(run, "validation", 12)
    table[(table["truth"] != "df") | (table.index % 2 == 0)].to_parquet(run.predictions_path, index=False)
    return workspace, dataset, run


def test_each_image_has_its_set_in_json_csv_and_table(answering_run, call, tmp_path):
    workspace, dataset, run = answering_run
    images = sorted(dataset.image_path("").parent.glob("**/*.jpg"))[:3]
    code, out, err = call("predict", "--model", run.name, *images, "--json", "--csv", tmp_path / "out.csv")
    answer, sets = json.loads(out), model_sets(workspace, find_model(workspace, run.name))
    assert code == 0 and answer["sets"] == {
        "level": 0.9, "decision": "as-data", "origin": sets.held.origin, "problem": None,
        "lesions": {code: 6 if code == "df" else 12 for code in CODES},
    }
    assert f"the same under each decision. {sets.held.origin}" in err
    rows = list(csv.DictReader((tmp_path / "out.csv").open()))
    for image, row in zip(answer["images"], rows, strict=True):
        shares = np.array([[image["probabilities"][code] for code in CODES]], dtype=np.float32)
        found = sets.of(shares, image["image"])
        assert (image["set"], image["set_undefined"]) == (list(found.codes), ["df"]) and found.codes
        assert "Of dermatofibroma the model held too few lesions out to say." in image["set_words"]
        assert list(row)[-1] == "set" and row["set"] == " ".join([*found.codes, "df?"])
    balanced = json.loads(call("predict", "--model", run.name, *images, "--json", "--decision", "balanced")[1])
    assert [image["set"] for image in balanced["images"]] == [image["set"] for image in answer["images"]]
    header, *lines = call("predict", "--model", run.name, *images)[1].splitlines()
    assert header.split()[-1] == "set" and all(line.endswith("df?") for line in lines)
    assert call("predict", "--model", run.name, *images, "--format", "isic")[1].splitlines()[0].endswith("VASC")


def test_a_model_without_held_out_lesions_says_so_and_answers(answering_run, call):
    _, dataset, run = answering_run
    run.predictions_path.unlink()
    image = next(dataset.image_path("").parent.glob("**/*.jpg"))
    code, out, err = call("predict", "--model", run.name, image, "--json")
    answer = json.loads(out)
    assert code == 0 and answer["images"][0]["set"] is None and answer["images"][0]["set_words"] is None
    assert answer["sets"]["level"] is None and f"No prediction sets: {answer['sets']['problem']}" in err
    assert answer["sets"]["problem"].startswith(f"The run {run.name} has no predictions yet.")


def test_the_coverage_of_a_run_s_sets_is_printed_and_nothing_is_stored(answering_run, call):
    _, _, run = answering_run
    hold_out(run, "validation", 40)
    before = run.results_path.read_bytes()
    code, out, _ = call("evaluate", run.name, "--sets", "--json")
    answer = json.loads(out)
    assert (code, answer["lesions"], answer["decision"], answer["level"], answer["splits"]) == (
        0, 280, "as-data", 0.9, 20)
    found = {(row["sets"], row["kind"], row["level"]): row for row in answer["coverage"]}
    assert 0.8 < found[PER_DIAGNOSIS, "diagnosis", "mel"]["coverage"] <= 1 and answer["sources_of"] is None
    assert [row["lesions"] for row in answer["surest"]][-1] == 280
    text = call("evaluate", run.name, "--sets")[1]
    assert "Melanoma · mel" in text and "melanomas left" in text and run.results_path.read_bytes() == before
    with pytest.raises(SystemExit):
        cli.main(["evaluate", run.name, "--sets", "--data", "generated"])
