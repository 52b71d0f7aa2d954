"""A model on another data set: what is refused, what is left out, and the evaluation that is stored."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from pipeline import cli
from pipeline.data.dataset import load_dataset
from pipeline.errors import DataError, ModelError, RunError
from pipeline.evaluation.class_mapping import parse_mapping
from pipeline.evaluation.decided import run_priors
from pipeline.evaluation.evaluate import evaluate_run
from pipeline.inference import predict_data_set
from pipeline.inference.evaluation_plan import find_overlap, plan_evaluation
from pipeline.inference.predictor import Predictor
from pipeline.jobs.evaluating import create_evaluation, overlap_path
from pipeline.jobs.job_worker import work
from pipeline.jobs.launch import request_stop
from pipeline.models.model_info import find_model
from pipeline.models.training_images import FILE
from pipeline.progress import Cancelled
from pipeline.runs.lineage import lineage
from pipeline.runs.resume import can_resume, requeue
from pipeline.runs.run_dir import find_run, list_runs
from tests.hand_made import make_dataset
from tests.other_data import with_other_data, write_other_set


@pytest.fixture(scope="session")
def other_set(tmp_path_factory):
    return write_other_set(tmp_path_factory.mktemp("other"))


@pytest.fixture
def place(trained, other_set, workspace):
    """A workspace with the trained run and the data sets "tiny" (its own) and "other": (workspace, run)."""
    return with_other_data(trained, other_set, workspace)


def test_other_diagnoses_are_refused_with_the_mapping_to_confirm(place):
    workspace, run = place
    images = load_dataset(workspace, "other").diagnoses
    ak, scc = images["ak"]["images"], images["scc"]["images"]
    sentence = (
        f"The data set other has diagnoses that the model {run.name} has no output for: Actinic keratosis · ak ({ak} "
        f"images), Squamous cell carcinoma · scc ({scc} images). Look at this mapping: Actinic keratosis · ak "
        "counts as Actinic keratosis or Bowen's disease · akiec; Squamous cell carcinoma · scc is left out; bcc, bkl, "
        "df, mel, nv, vasc stay as they are. To confirm it: "
        f"`python -m pipeline evaluate {run.name} --data other --map ak=akiec,scc=none`."
    )
    with pytest.raises(DataError, match=f"^{re.escape(sentence)}$"):
        plan_evaluation(workspace, run.name, "other")


@pytest.mark.parametrize(("text", "sentence"), [
    ("ak", "--map ak is no mapping."), ("ak=", "--map ak= is no mapping."),
    ("ak=akiec,ak=none", "ak stands twice in --map ak=akiec,ak=none."),
])
def test_a_mapping_that_cannot_be_read_is_refused(text, sentence):
    with pytest.raises(DataError, match=f"^{re.escape(sentence)} Write the data set's code=the model's code"):
        parse_mapping(text)


def test_a_mapping_names_only_diagnoses_that_are_there(place):
    workspace, run = place
    with pytest.raises(DataError, match=r"^The data set other has no diagnosis akiec, which the mapping names\. It"):
        plan_evaluation(workspace, run.name, "other", {"akiec": "ak"})
    with pytest.raises(DataError, match=r"has no output for scc, which the mapping names\. It has akiec, .*; none"):
        plan_evaluation(workspace, run.name, "other", {"ak": "scc"})


def test_what_is_not_mapped_is_left_out_and_said(place):
    workspace, run = place
    plan = plan_evaluation(workspace, run.name, "other", {"ak": "akiec"})
    scc = load_dataset(workspace, "other").diagnoses["scc"]["images"]
    assert plan.left_out == {"scc": scc} and len(plan.images) == 42 - scc
    mapped = plan.images[plan.images["dx_there"] == "ak"]
    assert len(mapped) and set(mapped["dx"]) == {"akiec"} and set(plan.images["part"]) == {"test"}
    said = plan.sentences()
    assert f"Left out because the model has no output for them: {scc} images, scc ({scc})." in said
    assert "It shares no image and no lesion with what the model was trained on." in said


def test_on_its_own_data_set_only_lesions_that_it_did_not_learn_judge_it(place):
    workspace, run = place
    split = run.split()
    plan = plan_evaluation(workspace, run.name, "tiny")
    held_out = split.loc[split["part"] != "train", "image_id"]
    assert sorted(plan.images["image_id"]) == sorted(held_out) and plan.chose_epoch == len(held_out)
    assert sorted(plan.overlap.images["image_id"]) == sorted(split.loc[split["part"] == "train", "image_id"])
    counts = plan.overlap.counts()
    assert counts["images"] == counts["by_id"] == counts["by_content"] == counts["by_lesion"]
    assert f"{len(held_out)} of these images also chose which epoch's weights to keep" in " ".join(plan.sentences())


def test_where_no_lesion_remains_it_is_refused(place, capfd):
    workspace, run = place
    dataset = load_dataset(workspace, "tiny")
    info = find_model(workspace, run.name)
    table = dataset.metadata()[["image_id", "lesion_id", "sha256"]].sort_values("image_id")
    table.to_parquet(info.folder / FILE, index=False)
    description = json.loads((info.folder / "model.json").read_text())
    (info.folder / "model.json").write_text(json.dumps({**description, "training_images": len(table)}))
    assert cli.main(["evaluate", run.name, "--data", "tiny", "--json"]) == 1
    lesions = table["lesion_id"].nunique()
    assert json.loads(capfd.readouterr().out)["error"] == (
        f"The model {run.name} was trained on every lesion of the data set tiny ({len(table)} images of {lesions} "
        "lesions), so none is left to judge it by. Choose a data set with other lesions."
    )
    assert [r.name for r in list_runs(workspace)] == [run.name]


def test_drawings_and_real_images_are_not_mixed(place, tmp_path):
    workspace, run = place
    make_dataset(workspace, tmp_path, "real", generated=False)
    with pytest.raises(DataError, match=f"^The model {run.name} was trained on generated drawings and the data set "
                       "real has real images, so its output for them would mean nothing"):
        plan_evaluation(workspace, run.name, "real")


def _table(rows):
    return pd.DataFrame(rows, columns=["image_id", "lesion_id", "sha256"])


def test_an_overlap_is_found_by_id_content_and_lesion_and_takes_the_whole_lesion():
    trained = _table([("I1", "L1", "a"), ("I2", "L2", "b"), ("I3", "L3", None)])
    table = _table([
        ("I1_downsampled", "X1", "z"),  # the same id but for ISIC 2019's ending
        ("J1", "X1", "y"),  # another image of that lesion
        ("J2", "X2", "b"),  # the same content
        ("J3", "L3", "x"),  # the same lesion
        ("J4", "X4", "w"),
    ])
    found = find_overlap(table, trained).images
    assert found["image_id"].tolist() == ["I1_downsampled", "J1", "J2", "J3"]
    assert found["by_id"].tolist() == [True, False, False, False]
    assert found["by_content"].tolist() == [False, False, True, False] and found["by_lesion"].all()
    assert find_overlap(table, trained, names=False).images["image_id"].tolist() == ["J2"]


def test_a_model_without_a_list_is_known_by_its_run_and_else_says_so(place):
    workspace, run = place
    (run.model / FILE).unlink()
    plan = plan_evaluation(workspace, run.name, "tiny")  # its data set is here, so contents are known too
    assert plan.note is None and plan.overlap.counts()["by_content"] == plan.overlap.counts()["images"] > 0
    shutil.move(workspace.datasets / "tiny", workspace.home / "away")
    plan = plan_evaluation(workspace, run.name, "other", {})
    assert plan.note.endswith("Its run's split names them, but not their content: the same image under another id is "
                              "not found.")
    run.split_path.unlink()
    plan = plan_evaluation(workspace, run.name, "other", {})
    assert plan.note.endswith("So an overlap with its training images cannot be found.")
    assert plan.note in plan.sentences()
    shutil.move(workspace.home / "away", workspace.datasets / "tiny")
    with pytest.raises(DataError, match=f"^The model {run.name} was trained on images of the data set tiny, and which "
                       "ones is not known"):
        plan_evaluation(workspace, run.name, "tiny")


def test_the_evaluation_is_a_run_of_its_own(place, capfd):
    workspace, run = place
    assert cli.main(["evaluate", run.name, "--data", "other", "--map", "ak=akiec,scc=none", "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    name = f"{run.name}-on-other-1"
    assert (answer["run"], answer["state"], answer["evaluates"]) == (name, "done", run.name)
    assert answer["validation"] is None and answer["test"]["images"] == answer["evaluation"]["images"]
    assert set(answer["results"]) == {"test"} and answer["results"]["test"]["decisions"]
    judged = find_run(workspace, name)
    table, dataset, info = judged.predictions(), load_dataset(workspace, "other"), find_model(workspace, run.name)
    files = dataset.metadata().set_index("image_id")["file"]
    predictor = Predictor(info)
    from pipeline.images.reading import open_image

    row = table.iloc[3]
    seen = predictor.prepare(open_image(dataset.image_path(files[row["image_id"]]), "x"))
    shares = predictor.probabilities([seen])[0]
    assert np.allclose(row[[f"p_{code}" for code in info.classes]].to_numpy(dtype=float), shares, atol=1e-6)
    with np.load(judged.heatmaps_path) as maps:
        assert maps["image_id"].tolist() == table["image_id"].tolist() and len(maps["truth"]) == len(table)
    assert run_priors(judged) == run_priors(run)
    assert evaluate_run(judged) == answer["results"] and pd.read_csv(overlap_path(judged)).empty
    with pytest.raises(ModelError, match=f"^{name} is an evaluation of the model {run.name} and has no model"):
        find_model(workspace, name)
    assert [depth for _, depth in lineage([judged, run])] == [0, 0]


def test_an_evaluation_that_was_stopped_says_so_and_is_not_resumed(place):
    workspace, run = place
    judged = create_evaluation(workspace, plan_evaluation(workspace, run.name, "other", {}))
    request_stop(judged)
    assert work(judged, workspace).state == "cancelled" and not can_resume(judged)
    from pipeline.jobs.launch import resume_run

    with pytest.raises(RunError, match="was stopped and keeps nothing to go on from. Start it again.$"):
        resume_run(workspace, judged)


def test_an_evaluation_that_was_broken_off_goes_on_from_the_images_that_it_has_judged(place, monkeypatch):
    workspace, run = place
    monkeypatch.setattr(predict_data_set, "_CHUNK", 16)
    whole = create_evaluation(workspace, plan_evaluation(workspace, run.name, "other", {}))
    assert work(whole, workspace).state == "done" and not whole.judged_path.exists()
    real, asked = predict_data_set._explained, []

    def broken_off(classifier, images, *rest):
        asked.append(len(images))
        if len(asked) == 3:  # the first image, whose heatmap says how large they are, a chunk, and half of the second
            raise Cancelled()
        return real(classifier, images, *rest)

    monkeypatch.setattr(predict_data_set, "_explained", broken_off)
    judged = create_evaluation(workspace, plan_evaluation(workspace, run.name, "other", {}))
    assert work(judged, workspace).state == "cancelled" and judged.goes_on and can_resume(judged)
    requeue(judged)
    assert work(judged, workspace).state == "done" and not judged.judged_path.exists()
    assert sum(asked[3:]) == 1 + len(judged.predictions()) - 16
    assert judged.predictions().equals(whole.predictions()) and judged.results() == whole.results()


def test_what_another_model_has_judged_is_judged_again(place, monkeypatch):
    workspace, run = place
    judged = create_evaluation(workspace, plan_evaluation(workspace, run.name, "other", {}))
    monkeypatch.setattr(predict_data_set, "evaluate_run", lambda run: (_ for _ in ()).throw(DataError("Broken off.")))
    assert work(judged, workspace).state == "failed" and judged.goes_on
    monkeypatch.undo()
    description = run.model / "model.json"
    description.write_text(description.read_text().replace("\n", "\n\n", 1))
    real, asked = predict_data_set._explained, []
    monkeypatch.setattr(predict_data_set, "_explained", lambda *given: asked.append(len(given[1])) or real(*given))
    requeue(judged)
    assert work(judged, workspace).state == "done" and sum(asked) == 1 + len(judged.predictions())


def test_a_model_that_went_away_meanwhile_fails_in_words(place):
    workspace, run = place
    judged = create_evaluation(workspace, plan_evaluation(workspace, run.name, "other", {}))
    shutil.rmtree(run.folder)
    status = work(judged, workspace)
    assert status.state == "failed" and f"There is no run or model named {run.name}." in status.error
