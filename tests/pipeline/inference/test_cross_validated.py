"""The networks of a cross-validation: their mean, one alone, and their heatmaps, equal to what each gives by itself."""

import dataclasses
import re

import numpy as np
import pytest

from pipeline.data.dataset import load_dataset
from pipeline.errors import ModelError
from pipeline.inference.classifier import open_classifier
from pipeline.inference.cross_validated import alone, recognise
from pipeline.inference.predict_data_set import prepared_images
from pipeline.inference.predictor import Predictor
from pipeline.metrics.calibration import apply_temperature
from pipeline.models.combined import combine
from pipeline.models.library import source_of
from pipeline.models.model_info import find_model, read_model_info, write_model_info
from pipeline.models.weights_files import own_weights, weights_paths


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
    one, features = classifier.output(images[0])
    assert np.allclose(one, got[0], atol=1e-6) and len(features) == 5


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
    _, features = classifier.output(images[0])
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
