"""One rule for the class priors of a model, whoever asks: page, `predict`, evaluation, mean of models, card."""

import json
import zipfile

import pandas as pd
import pytest

from app.loaders import resources
from pipeline import cli
from pipeline.errors import ModelError
from pipeline.export.bundle import export_bundle
from pipeline.export.bundle_import import import_bundle
from pipeline.inference.classifier import open_classifier
from pipeline.inference.evaluation_plan import plan_evaluation
from pipeline.inference.predictor import Predictor
from pipeline.jobs.evaluating import create_evaluation
from pipeline.jobs.job_worker import work
from pipeline.models.card import model_card
from pipeline.models.combined import combine
from pipeline.models.decided_output import available_decisions, model_priors
from pipeline.models.model_info import find_model, write_model_info
from pipeline.models.training_images import write_training_images
from pipeline.runs.run_dir import find_run
from pipeline.vocabulary import NAMED_DECISIONS
from tests.app_pages import open_page, words
from tests.hand_made import CODES, image_bytes, make_dataset, make_run
from tests.random_models import make_model

PRIORS = dict(zip(CODES, (0.1, 0.1, 0.2, 0.1, 0.2, 0.2, 0.1), strict=True))
OTHER = {"cross_entropy": "balanced", "weighted": "as-data"}
# of the images that validated it: what must never stand in for the priors
VALIDATION = {
    "images": 700, "lesions": 700,
    "per_diagnosis": {code: {"images": 100, "lesions": 100, "sensitivity": 0.5, "specificity": 0.5, "auc": 0.5}
                      for code in CODES},
}


def _elsewhere(workspace, loss: str, name: str = "elsewhere", **changes):
    """A model without a run here, as it is after an import."""
    info = make_model(workspace, name, "efficientnet_lite0", loss=loss, validation=VALIDATION, training_images=1,
                      training_lesions=1, **changes)
    table = pd.DataFrame({"image_id": [f"{name}-1"], "lesion_id": [f"{name}-1"], "sha256": [name * 8]})
    write_training_images(info.folder, table, table["image_id"])
    return info


@pytest.fixture(params=OTHER)
def unknown(workspace, request):
    """A model whose class priors nobody states."""
    return _elsewhere(workspace, request.param)


@pytest.fixture(params=OTHER)
def stated(workspace, request):
    """A model that states its class priors."""
    return _elsewhere(workspace, request.param, training_frequencies=PRIORS)


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "picture.jpg"
    path.write_bytes(image_bytes(1, True))
    return path


def _sentence(info) -> str:
    return (f"How frequent each diagnosis is in the training images of the model {info.name} is not known here, so its "
            f"answer under the decision {OTHER[info.loss]} cannot be computed. Its own decision is "
            f"{info.own_decision}.")


def _shown(workspace, info, monkeypatch) -> str:
    """What the page Classify says of an example under the model."""
    make_run(workspace, make_dataset(workspace, workspace.home.parent / "set"))
    monkeypatch.setattr(resources, "predictor", lambda info: Predictor(info))
    at = open_page("classify", model=info.name)
    at.button[[b.label for b in at.button].index("Use 1")].click().run()
    assert not at.exception and "Model output" in words(at)
    return words(at)


def test_priors_are_stated_or_of_the_run_and_else_not_known(workspace, tmp_path, unknown):
    assert model_priors(workspace, unknown) is None and available_decisions(unknown, None) == (unknown.own_decision,)
    assert unknown.own_decision != OTHER[unknown.loss]
    said = _elsewhere(workspace, unknown.loss, "said", training_frequencies=PRIORS)
    assert model_priors(workspace, find_model(workspace, "said")) == PRIORS == said.training_frequencies
    assert available_decisions(said, PRIORS) == NAMED_DECISIONS
    run = make_run(workspace, make_dataset(workspace, tmp_path))
    train = run.split().query("part == 'train'")["dx"]
    assert model_priors(workspace, find_model(workspace, run.name)) == train.value_counts(normalize=True).to_dict()


def test_predict_refuses_the_other_decision_alone(unknown, picture, capfd):
    assert cli.main(["predict", "--model", unknown.name, str(picture), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["decision"] == unknown.own_decision
    asked = ["predict", "--model", unknown.name, str(picture), "--decision", OTHER[unknown.loss], "--json"]
    assert cli.main(asked) == 1 and capfd.readouterr().err.strip().splitlines()[-1] == _sentence(unknown)


def test_predict_gives_both_where_priors_are_stated(stated, picture, capfd):
    answers = {}
    for decision in NAMED_DECISIONS:
        assert cli.main(["predict", "--model", stated.name, str(picture), "--decision", decision, "--json"]) == 0
        answers[decision] = json.loads(capfd.readouterr().out)["images"][0]["probabilities"]
    divided = {code: p / PRIORS[code] for code, p in answers["as-data"].items()}
    whole = sum(divided.values())
    assert answers["balanced"] == pytest.approx({code: p / whole for code, p in divided.items()}, abs=1e-5)


def test_the_page_says_so(workspace, unknown, monkeypatch):
    said = _shown(workspace, unknown, monkeypatch)
    assert _sentence(unknown) in said and "(as-data): **" in said or "(balanced): **" in said
    assert ("(as-data): **" in said) != ("(balanced): **" in said)


def test_the_page_gives_both_where_priors_are_stated(workspace, stated, monkeypatch):
    said = _shown(workspace, stated, monkeypatch)
    assert "(as-data): **" in said and "(balanced): **" in said and "is not known here" not in said


def test_an_evaluation_has_the_figures_of_its_own_decision_alone(workspace, tmp_path, unknown):
    make_dataset(workspace, tmp_path)
    plan = plan_evaluation(workspace, unknown.name, "generated")
    assert plan.priors is None and _sentence(unknown) in plan.sentences()
    run = create_evaluation(workspace, plan)
    assert work(run, workspace).state == "done", run.status().error
    figures = find_run(workspace, run.name).results()["test"]
    assert list(figures["decisions"]) == [unknown.own_decision] and figures["majority_accuracy"] is None
    assert ("calibration" in figures) == (unknown.own_decision == "as-data")
    for page, topics in (("evaluation", ("diagnoses", "calibration", "operating-point", "subgroups")), ("errors", ())):
        for topic in topics or (None,):
            at = open_page(page, run=run.name, **({"topic": topic} if topic else {}))
            assert not at.exception and not at.error, (page, topic)
            assert _sentence(unknown) in words(at) or page == "errors"
    at = open_page("evaluation", run=run.name, decision=OTHER[unknown.loss])
    assert not at.exception and any(OTHER[unknown.loss] in warning.value for warning in at.warning)
    at = open_page("explore", run=run.name, decision=OTHER[unknown.loss])
    assert not at.exception and _sentence(unknown) in words(at)
    at = open_page("case", run=run.name, image=run.predictions()["image_id"].iloc[0])
    assert not at.exception and not at.error and _sentence(unknown) in words(at)


def test_an_evaluation_has_both_where_priors_are_stated(workspace, tmp_path, stated):
    make_dataset(workspace, tmp_path)
    run = create_evaluation(workspace, plan_evaluation(workspace, stated.name, "generated"))
    assert work(run, workspace).state == "done", run.status().error
    figures = run.results()["test"]
    assert set(figures["decisions"]) == set(NAMED_DECISIONS) and figures["majority_accuracy"] is not None
    assert "calibration" in figures


def test_several_models_are_averaged_only_where_all_priors_are_known(workspace, unknown):
    _elsewhere(workspace, unknown.loss, "said", training_frequencies=PRIORS)
    sentence = f"^How frequent each diagnosis is in the training images of the model {unknown.name} is not known here"
    with pytest.raises(ModelError, match=sentence):
        combine(workspace, "both", ["said", unknown.name], flips=False)
    alone = combine(workspace, "flipped", [unknown.name], flips=True)
    assert model_priors(workspace, alone) is None and alone.own_decision == unknown.own_decision
    assert open_classifier(workspace, alone).info == alone
    assert "in the training images of the model flipped is not known here" in model_card(workspace, alone)
    known = combine(workspace, "known", ["said"], flips=True)
    assert model_priors(workspace, known) == pytest.approx(PRIORS)


def test_a_mean_that_was_made_before_is_refused_where_a_member_says_nothing(workspace, unknown):
    said = _elsewhere(workspace, unknown.loss, "said", training_frequencies=PRIORS)
    combine(workspace, "both", ["said", _elsewhere(workspace, unknown.loss, "too", training_frequencies=PRIORS).name],
            flips=False)
    write_model_info(said.__class__(**{**said.__dict__, "training_frequencies": None}))
    with pytest.raises(ModelError, match="^How frequent each diagnosis is in the training images of the model said"):
        open_classifier(workspace, find_model(workspace, "both"))


def test_the_card_says_so(workspace, unknown):
    assert _sentence(unknown) in model_card(workspace, unknown).replace("\\-", "-")


def test_a_bundle_takes_the_priors_of_its_run_along(trained, workspace, tmp_path):
    home, run = trained
    info = find_model(home, run.name)
    priors = model_priors(home, info)
    assert info.training_frequencies == priors  # a training states them
    write_model_info(info.__class__(**{**info.__dict__, "training_frequencies": None}))
    try:
        export_bundle(home, find_model(home, run.name), tmp_path / "one.zip")
    finally:
        write_model_info(info)
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert json.loads(archive.read("model.json"))["training_frequencies"] == priors
    assert model_priors(workspace, import_bundle(workspace, tmp_path / "one.zip", "brought")) == priors


