"""The networks of a cross-validation: their mean, one alone, and their heatmaps, equal to what each gives by itself."""

import csv
import dataclasses
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from pipeline import cli
from pipeline.data.dataset import load_dataset
from pipeline.errors import ModelError
from pipeline.inference.classifier import open_classifier
from pipeline.inference.cross_validated import alone, answers_of_networks, recognise
from pipeline.inference.predict_data_set import prepared_images
from pipeline.inference.predictor import Predictor
from pipeline.metrics.calibration import apply_temperature
from pipeline.models.combined import combine
from pipeline.models.library import source_of
from pipeline.models.model_info import find_model, read_model_info, write_model_info
from pipeline.models.training_images import training_images
from pipeline.models.weights_files import own_weights, weights_paths
from tests.hand_made import image_bytes


@pytest.fixture
def opened(cross_validated):
    """The description, the classifier and five prepared images with their ids."""
    info, dataset = find_model(cross_validated, "cv"), load_dataset(cross_validated, "tiny")
    classifier = open_classifier(cross_validated, info)
    ids = dataset.metadata()["image_id"].iloc[:5].tolist()
    return info, classifier, ids, np.stack([prepared_images(classifier, dataset)(image_id) for image_id in ids])


def test_the_answer_is_the_mean_of_the_networks_calibrated_probabilities(opened, cross_validated):
    info, classifier, _, images = opened
    each = np.stack([Predictor(info.of_fold(fold)).probabilities(images) for fold in range(5)])
    got = classifier.probabilities(images)
    assert got.dtype == np.float32 and np.allclose(got, each.mean(0), atol=1e-6)
    assert np.abs(each - got).max() > 1e-3  # they are five different networks
    plain = dataclasses.replace(info.of_fold(3), temperature=1.0)
    assert np.allclose(apply_temperature(Predictor(plain).probabilities(images), 1.1), each[3], atol=1e-6)
    one, features, of_networks = classifier.output(images[0])
    assert np.allclose(one, got[0], atol=1e-6) and len(features) == 5
    assert np.allclose(of_networks, each[:, 0], atol=1e-6)
    asked = answers_of_networks(classifier, images[:3], [None, 2, None])
    assert [len(of) for of in asked] == [5, 1, 5]
    assert np.allclose(asked[1][0], each[2, 1], atol=1e-6) and np.allclose(asked[2], each[:, 2], atol=1e-6)


def test_one_network_answers_alone_as_if_it_were_the_model(opened):
    info, classifier, _, images = opened
    for fold in (0, 4):
        expected = Predictor(info.of_fold(fold)).probabilities(images)
        assert np.allclose(alone(classifier, fold).probabilities(images), expected, atol=1e-6)
    assert alone(classifier, None) is classifier


def test_its_heatmap_is_the_mean_of_the_networks(opened):
    info, classifier, _, images = opened
    networks = [Predictor(info.of_fold(fold)) for fold in range(5)]
    found = {code: np.mean([one.explain(images[0], code) for one in networks], axis=0) for code in info.classes}
    code, by_hand = max(found.items(), key=lambda item: item[1].max())
    features = classifier.output(images[0]).features
    assert by_hand.max() > 0 and by_hand.shape == (2, 2)
    assert np.allclose(classifier.explain(images[0], code, features), by_hand, rtol=1e-4, atol=1e-6)
    assert np.allclose(classifier.explain(images[0], code), by_hand, rtol=1e-4, atol=1e-6)
    judged = classifier.predict_and_explain(images[:2], np.array([info.classes.index(code)] * 2))
    assert np.allclose(judged.truth[0], by_hand, rtol=1e-4, atol=1e-6)
    assert np.allclose(judged.probabilities, classifier.probabilities(images[:2]), atol=1e-6)
    predicted = info.classes[int(judged.probabilities[1].argmax())]
    assert np.allclose(judged.predicted[1], classifier.explain(images[1], predicted), rtol=1e-4, atol=1e-6)


def test_only_a_cross_validation_recognises(opened, trained):
    _, classifier, ids, images = opened
    assert recognise(classifier, images[2], "any").image_id == ids[2]
    home, run = trained
    assert recognise(open_classifier(home, find_model(home, run.name)), images[2], ids[2]) is None


def test_a_fold_whose_weights_are_others_or_gone_is_named(opened, cross_validated):
    info = opened[0]
    path = own_weights(info)[2]
    path.write_bytes(own_weights(info)[1].read_bytes())
    with pytest.raises(ModelError, match=r"^The weights fold2\.safetensors of the model cv are not those"):
        open_classifier(cross_validated, info)
    path.unlink()
    with pytest.raises(ModelError, match=r"^The model cv has no weights at .*fold2\.safetensors"):
        open_classifier(cross_validated, info)
    assert weights_paths(cross_validated, info) == own_weights(info)  # what a page looks at to see that it is gone


def test_weights_of_another_network_are_refused_though_their_hash_is_right(opened, cross_validated):
    info = opened[0]
    write_model_info(dataclasses.replace(info, arch="resnet18"))
    with pytest.raises(ModelError, match="do not fit the model cv"):
        open_classifier(cross_validated, read_model_info(info.folder, "cv"))


def test_it_is_a_mean_already_and_joins_no_other(opened, cross_validated):
    assert source_of(cross_validated, opened[0]) == "imported"
    sentence = "The model cv is the mean of a cross-validation's networks itself. Combine models that are one network"
    for flips, members in ((True, ["cv"]), (False, ["cv", "tiny-demo-1"])):
        with pytest.raises(ModelError, match=f"^{re.escape(sentence)}"):
            combine(cross_validated, "more", members, flips)


@pytest.fixture
def asked(cross_validated, cross_validation, tmp_path, capfd):
    """Asks `predict` about two renamed training images, a turned one and a new one; gives stdout and stderr."""
    folder = tmp_path / "asked"
    folder.mkdir()
    for number, name in ((3, "a"), (4, "b")):
        (folder / f"{name}.jpg").write_bytes((cross_validation / "source" / f"IMG_000{number}.jpg").read_bytes())
    with Image.open(cross_validation / "source" / "IMG_0005.jpg") as image:
        image.transpose(Image.Transpose.ROTATE_180).save(folder / "c.png")
    (folder / "new.jpg").write_bytes(image_bytes(9999, generated=False))

    def ask(*arguments):
        capfd.readouterr()
        assert cli.main(["predict", "--model", "cv", str(folder), *arguments]) == 0
        return capfd.readouterr()

    return ask


def test_predict_asks_the_network_that_left_a_known_image_out_and_says_so(asked, cross_validated):
    info, dataset = find_model(cross_validated, "cv"), load_dataset(cross_validated, "tiny")
    left_out = training_images(info).set_index("image_id")["fold"]
    said = asked("--json")
    answers = {one["image"]: one for one in json.loads(said.out)["images"]}
    known = {"a": "IMG_0003", "b": "IMG_0004", "c": "IMG_0005"}
    assert {name: one["recognised"] for name, one in answers.items()} == {**known, "new": None}
    assert {name: one["network"] for name, one in answers.items()} == {
        **{name: int(left_out[image_id]) for name, image_id in known.items()}, "new": None}
    prepared = prepared_images(open_classifier(cross_validated, info), dataset)
    for name in ("a", "b"):
        alone_there = Predictor(info.of_fold(answers[name]["network"])).probabilities([prepared(known[name])])[0]
        assert list(answers[name]["probabilities"].values()) == pytest.approx(alone_there.tolist(), abs=1e-6)
    assert said.err.count("The answer is that of the one of 5 networks that was trained without its lesion") == 3
    assert "a.jpg: This is the image IMG_0003 of the data set tiny." in said.err


def test_the_table_and_the_csv_of_predict_name_the_network(asked, tmp_path):
    said = asked("--csv", str(tmp_path / "out.csv"))
    rows = {row["image"]: row for row in csv.DictReader((tmp_path / "out.csv").open())}
    assert list(rows["a"])[-2:] == ["recognised", "network"] and rows["a"]["recognised"] == "IMG_0003"
    assert rows["a"]["network"] in "01234" and rows["new"]["recognised"] == rows["new"]["network"] == ""
    text = asked().out.splitlines()
    assert text[0].split()[-2:] == ["recognised", "network"]
    assert text[-1].split()[-2:] == ["–", "–"] and text[-4].split()[-2] == "IMG_0003"
    isic = next(csv.reader(io.StringIO(asked("--format", "isic").out)))
    assert isic == ["image", "MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC"]
    assert said.err.count("This is the image") == 3
