"""A cross-validation's networks judged: on their own collection each image by the one that left it out, else by all."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline import cli
from pipeline.data.dataset import load_dataset
from pipeline.data.importing import import_dataset
from pipeline.errors import DataError
from pipeline.explain.perturb import NAMED, perturb
from pipeline.files.workspace import MODEL_NAME
from pipeline.inference.evaluation_plan import folds_of, plan_evaluation
from pipeline.inference.predict_data_set import prepared_images
from pipeline.inference.predictor import Predictor
from pipeline.jobs.job_worker import work
from pipeline.jobs.launch import queue_embedding
from pipeline.metrics.predictions_table import probability_columns
from pipeline.models.model_info import find_model
from pipeline.models.training_images import training_images
from pipeline.runs.run_dir import RunDir, find_run
from pipeline.runs.run_tables import read_heatmaps
from tests.app_pages import open_page, words
from tests.cross_validation import relist
from tests.hand_made import image_bytes, make_dataset


def test_on_its_own_collection_each_image_is_judged_by_the_network_that_left_it_out(cross_validated, capfd):
    assert cli.main(["evaluate", "cv", "--data", "tiny", "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)["evaluation"]
    assert (answer["answered_by"], answer["images"], answer["overlap"]["images"]) == ("fold", 56, 0)
    assert "Each image is judged by the one of its 5 networks that was trained without its lesion; to a new image" in (
        " ".join(answer["words"]))
    info, dataset = find_model(cross_validated, "cv"), load_dataset(cross_validated, "tiny")
    run = find_run(cross_validated, "cv-on-tiny-1")
    table, heatmaps = run.predictions(), read_heatmaps(run.heatmaps_path)
    listed = training_images(info).set_index("image_id")["fold"]
    assert table.set_index("image_id")["fold"].to_dict() == listed.to_dict()
    prepared = prepared_images(Predictor(info.of_fold(0)), dataset)
    for fold, rows in table.groupby("fold"):
        alone = Predictor(info.of_fold(fold))
        images = [prepared(image_id) for image_id in rows["image_id"]]
        stored = rows[probability_columns(info.classes)].to_numpy()
        assert stored == pytest.approx(alone.probabilities(images), abs=1e-5)
        row = heatmaps.row[rows["image_id"].iloc[0]]
        assert heatmaps.truth[row] == pytest.approx(alone.explain(images[0], rows["truth"].iloc[0]), abs=1e-2, rel=1e-2)


def test_what_flips_is_asked_of_the_network_that_judged_the_image(cross_validated, capfd):
    assert cli.main(["evaluate", "cv", "--data", "tiny"]) == 0
    capfd.readouterr()
    info, run = find_model(cross_validated, "cv"), find_run(cross_validated, "cv-on-tiny-1")
    assert work(queue_embedding(run), cross_validated).state == "done"
    assert run.what_if_path.exists() and not run.map_path.exists() and not run.embeddings_path.exists()
    table = run.predictions()
    prepared = prepared_images(Predictor(info.of_fold(0)), load_dataset(cross_validated, "tiny"))
    name, (_, change) = next(iter(NAMED.items()))
    flipped = set()
    for fold, rows in table.groupby("fold"):
        seen, network = [prepared(image_id) for image_id in rows["image_id"]], Predictor(info.of_fold(fold))
        moved = [perturb(image, change) for image in seen]
        before, after = (network.probabilities(images).argmax(1) for images in (seen, moved))
        flipped |= set(rows.loc[before != after, "lesion_id"])  # of each lesion there is one image
    assert set(json.loads(run.what_if_path.read_text())[name]["flipped"]) == flipped
    at = open_page("case", run=run.name, image=table["image_id"].iloc[0])
    assert not any("Look-alikes" in tab.label for tab in at.tabs) and not at.exception
    assert "has no embedding of its own" in words(open_page("errors", run=run.name, view="map"))
    at.radio(key="what_if.flip").set_value("left-right").run()
    assert "The prediction" in words(at) and not at.exception


def test_the_bundled_networks_give_the_stored_answers_to_their_own_collection(
    bundled_networks, whole_making, workspace, capfd
):
    import_dataset(workspace, whole_making / "source", "tiny")
    assert cli.main(["evaluate", MODEL_NAME, "--data", "tiny"]) == 0
    capfd.readouterr()
    stored = RunDir(bundled_networks / "run").predictions().set_index("image_id").sort_index()
    found = find_run(workspace, "default-on-tiny-1").predictions().set_index("image_id").sort_index()
    assert found.index.equals(stored.index) and (found["fold"] == stored["fold"]).all()
    columns = probability_columns(find_model(workspace, MODEL_NAME).classes)
    assert found[columns].to_numpy() == pytest.approx(stored[columns].to_numpy(), abs=1e-5)


def test_images_from_elsewhere_are_judged_by_the_mean(cross_validated, tmp_path, capfd):
    make_dataset(cross_validated, tmp_path, "other", generated=False)
    info = find_model(cross_validated, "cv")
    table = training_images(info)  # the other set counts from 1 too, and has the same noise
    relist(info, table.assign(
        image_id="T" + table["image_id"], lesion_id="T" + table["lesion_id"], sha256="T" + table["sha256"]))
    plan = plan_evaluation(cross_validated, "cv", "other")
    assert plan.answered_by == "mean" and len(plan.images) == 140 and "fold" not in plan.images
    assert "The mean of its 5 networks answers, as to any new image." in plan.sentences()
    assert cli.main(["evaluate", "cv", "--data", "other"]) == 0
    capfd.readouterr()
    table = find_run(cross_validated, "cv-on-other-1").predictions()
    image_id = table["image_id"].iloc[0]
    prepared = prepared_images(Predictor(info.of_fold(0)), load_dataset(cross_validated, "other"))
    each = [Predictor(info.of_fold(fold)).probabilities([prepared(image_id)])[0] for fold in range(5)]
    stored = table[probability_columns(info.classes)].iloc[0].to_numpy(dtype=float)
    assert stored == pytest.approx(np.mean(each, axis=0), abs=1e-5)


def test_copies_of_training_images_under_other_names_are_counted(cross_validated, cross_validation, tmp_path, capfd):
    source = tmp_path / "renamed"
    source.mkdir()
    table = load_dataset(cross_validated, "tiny").metadata()
    for number, image_id in enumerate(table["image_id"]):
        content = (cross_validation / "source" / f"{image_id}.jpg").read_bytes()
        if number < 50:
            with Image.open(io.BytesIO(content)) as image:
                image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(source / f"COPY_{number:04d}.jpg", quality=90)
        else:
            (source / f"COPY_{number:04d}.jpg").write_bytes(image_bytes(5000 + number, generated=False))
    copies = table.assign(image_id=[f"COPY_{number:04d}" for number in range(56)], lesion_id="NEW" + table["lesion_id"])
    copies[["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"]].to_csv(
        source / "HAM10000_metadata.csv", index=False)
    import_dataset(cross_validated, source, "renamed")
    assert cli.main(["evaluate", "cv", "--data", "renamed"]) == 0
    capfd.readouterr()
    assert find_run(cross_validated, "cv-on-renamed-1").status().notes[-1] == (
        "50 images of 56 look the same as images that networks of cv were trained on, under other ids: the figures are "
        "too good.")


def test_both_kinds_of_answers_are_never_in_one_figure(cross_validated):
    info = find_model(cross_validated, "cv")
    whole = training_images(info)
    relist(info, whole.iloc[:40])
    plan = plan_evaluation(cross_validated, "cv", "tiny")
    assert (plan.answered_by, len(plan.images), plan.answered_otherwise) == ("fold", 40, 16)
    assert "Left out because no network was trained on them, so that all would answer: 16 images." in plan.sentences()
    relist(info, whole.iloc[:10])
    plan = plan_evaluation(cross_validated, "cv", "tiny")
    assert (plan.answered_by, len(plan.images), len(plan.overlap.images)) == ("mean", 46, 10)
    assert not set(plan.images["image_id"]) & set(plan.overlap.images["image_id"])


def test_what_every_network_was_trained_on_judges_none(cross_validated):
    info = find_model(cross_validated, "cv")
    whole = training_images(info)
    relist(info, whole.assign(fold=whole["fold"].where(whole.index >= 6)))
    plan = plan_evaluation(cross_validated, "cv", "tiny")
    assert (len(plan.images), plan.overlap.counts()["by_id"]) == (50, 6)
    assert any("Left out because the model was trained on their lesions: 6 images" in one for one in plan.sentences())
    relist(info, whole.assign(fold=np.nan))
    with pytest.raises(DataError, match=r"^The model cv was trained on every lesion of the data set tiny \(56 images"):
        plan_evaluation(cross_validated, "cv", "tiny")


def test_the_fold_is_that_of_the_lesion_whatever_its_images_are_called():
    trained = pd.DataFrame({
        "image_id": ["A", "B", "C", "D"], "lesion_id": ["L1", "L2", "L3", "L4"], "sha256": ["a", "b", "c", "d"],
        "fold": [0, 1, 2, np.nan],
    })
    table = pd.DataFrame([
        ("A_downsampled", "M1", "x"), ("other", "M1", "y"),  # another image of that lesion
        ("renamed", "M2", "b"), ("new", "L3", "z"), ("D", "M4", "d"), ("unknown", "M5", "u"),
        ("B", "M6", "p"), ("C", "M6", "q"),  # one lesion here, two there: no network left both out
    ], columns=["image_id", "lesion_id", "sha256"])
    assert folds_of(table, trained).tolist() == pytest.approx(
        [0, 0, 1, 2, np.nan, np.nan, np.nan, np.nan], nan_ok=True)
    assert folds_of(table, trained, names=False).tolist() == pytest.approx(
        [np.nan, np.nan, 1, *[np.nan] * 5], nan_ok=True)


def test_a_copy_of_the_collection_in_another_size_is_judged_by_the_same_networks(cross_validated, tmp_path):
    source = tmp_path / "larger"
    source.mkdir()
    for number in range(56):
        (source / f"IMG_{number:04d}.jpg").write_bytes(image_bytes(number, generated=False, size=(80, 60)))
    table = load_dataset(cross_validated, "tiny").metadata()
    table[["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"]].to_csv(
        source / "HAM10000_metadata.csv", index=False)
    import_dataset(cross_validated, source, "larger")
    plan = plan_evaluation(cross_validated, "cv", "larger")
    expected = training_images(find_model(cross_validated, "cv")).set_index("image_id")["fold"]
    assert plan.answered_by == "fold" and plan.images.set_index("image_id")["fold"].to_dict() == expected.to_dict()
