"""Model cards: every number is the run's, what is undefined is a dash, and no sentence is untrue of the data set."""

import json

import pandas as pd
import pytest

from pipeline.evaluation.evaluate import evaluate_run
from pipeline.metrics.metric_registry import metrics_of
from pipeline.models.card import model_card
from pipeline.models.library import label_model
from pipeline.models.model_info import find_model
from pipeline.models.notice import notice
from pipeline.number_words import decimal, percent
from pipeline.shown import as_text
from pipeline.text_tables import markdown_table
from tests.hand_made import make_dataset, make_run
from tests.random_models import make_model

SECTIONS = [
    "Intended use", "The model", "Data", "Flow of images", "Age, sex and site of each part", "Reference standard",
    "Missing values", "Split and training", "Figures in validation", "Failure analysis (validation)", "Limits",
]


def sections(card: str) -> dict[str, str]:
    head, *parts = card.split("\n## ")
    return {"": head, **{part.partition("\n\n")[0]: part.partition("\n\n")[2] for part in parts}}


@pytest.fixture
def drawn(workspace, tmp_path):
    """A finished run on generated images: (workspace, run, info)."""
    run = make_run(workspace, make_dataset(workspace, tmp_path))
    return workspace, run, find_model(workspace, run.name)


def test_it_has_every_item_and_begins_with_the_notice(drawn):
    workspace, run, info = drawn
    card = sections(model_card(workspace, info))
    assert list(card)[1:] == SECTIONS and all(body.strip() for body in card.values())
    assert card[""] == f"# Model card: {info.name}\n\n{notice(info)}\n"
    label_model(workspace, info.name, "Night shift", "Shows overfitting.")
    card = sections(model_card(workspace, info))
    assert card[""].startswith(f"# Model card: Night shift ({info.name})\n")
    assert card["Intended use"].startswith("Shows overfitting.\n")


def test_the_numbers_are_those_of_the_run(drawn):
    workspace, run, info = drawn
    card, split, results = sections(model_card(workspace, info)), run.split(), run.results()["validation"]
    assert "Imported: 140 images of 70 lesions." in card["Flow of images"]
    assert "Left out at the import: nothing." in card["Flow of images"]
    train, valid = (split[split["part"] == part] for part in ("train", "validation"))
    row = (f"| all | {len(train)} ({train['lesion_id'].nunique()}) | {len(valid)} ({valid['lesion_id'].nunique()}) |")
    assert row in card["Flow of images"].splitlines()
    assert f"| sex: male | {len(train)} (100.0 %) | {len(valid)} (100.0 %) |" in card["Age, sex and site of each part"]
    assert "| age, median (quartiles), years | 50 (50–50) | 50 (50–50) |" in card["Age, sex and site of each part"]
    assert "| Melanoma · mel | 20 (100.0 %) |" in card["Reference standard"] and "histology" in (
        card["Reference standard"])
    assert f"| image source | {len(train)} (100.0 %) | {len(valid)} (100.0 %) |" in card["Missing values"]
    figures, mel = card["Figures in validation"], results["per_diagnosis"]["mel"]
    assert f"| accuracy | {percent(results['accuracy'])} |" in figures
    assert (f"| Melanoma · mel | {mel['images']} | {mel['lesions']} | {percent(mel['sensitivity'])} | "
            f"{percent(mel['specificity'])} | {decimal(mel['auc'])} |") in figures
    found = results["melanoma"]
    assert (f"Melanoma lesions called something else (a lesion's images averaged): {found['called_else']} of "
            f"{found['lesions']}, ") in card["Failure analysis (validation)"]
    predictions = run.predictions()
    wrong = predictions[predictions["truth"] != predictions["predicted"]]
    most = wrong.groupby(["truth", "predicted"]).size().max()
    assert f" | {most} | " in card["Failure analysis (validation)"].splitlines()[4]
    assert "Stage 1: frozen, head only, 1 epoch, learning rate 0.004." in card["Split and training"]


def test_intervals_are_shown_where_there_are_some(drawn):
    workspace, run, info = drawn
    stored = json.loads(run.results_path.read_text())
    stored["validation"]["intervals"] = {"accuracy": [0.701, 0.85], "macro_auc": [None, None]}
    run.results_path.write_text(json.dumps(stored))
    figures = sections(model_card(workspace, info))["Figures in validation"]
    assert " | 70.1 % to 85.0 % |" in figures and "bootstrap over lesions" in figures
    assert figures.count(" | – |") == len(metrics_of("part")) - 1  # all but the accuracy's
    del stored["validation"]["intervals"]
    run.results_path.write_text(json.dumps(stored))
    figures = sections(model_card(workspace, info))["Figures in validation"]
    assert "No intervals were computed; `evaluate` with the run's name computes them." in figures


def test_drawings_are_called_drawings_and_say_nothing_of_skin(drawn):
    workspace, _, info = drawn
    text = model_card(workspace, info)
    assert "It has seen drawings only: none of its figures says anything about skin." in text
    assert text.count("Invented, like everything about the drawings.") == 2
    for untrue in ("Skin type", "Austria", "commercial", "learn the camera"):
        assert untrue not in text


def test_real_images_have_their_own_limits(workspace, tmp_path):
    dataset = make_dataset(workspace, tmp_path, "clinic", generated=False)
    run = make_run(workspace, dataset, split="random")
    text = model_card(workspace, find_model(workspace, run.name))
    assert "Skin type is not recorded: how it does on brown and black skin is unknown." in text
    assert "Images of one lesion are on both sides of the split" in text
    assert "drawings" not in text and "HAM10000" not in text and "commercial" not in text


def test_ham10000_is_named_with_its_licence(workspace, tmp_path):
    run = make_run(workspace, make_dataset(workspace, tmp_path, "ham", generated=False))
    described = run.model / "model.json"
    described.write_text(json.dumps({
        **json.loads(described.read_text()), "licence": "CC BY-NC 4.0", "attribution": "Tschandl 2018, HAM10000",
    }))
    text = model_card(workspace, find_model(workspace, run.name))
    assert "Licence: CC BY-NC 4.0. Attribution: Tschandl 2018, HAM10000." in text
    assert "The licence forbids commercial use, of this model too." in text
    assert "HAM10000 comes from two places, in Austria and Australia, and shows mostly light skin." in text


def test_a_limit_and_a_test_part_are_in_the_flow(workspace, tmp_path):
    dataset = make_dataset(workspace, tmp_path)
    run = make_run(workspace, dataset, split="lesion-test", limit=100)
    card = sections(model_card(workspace, find_model(workspace, run.name)))
    assert "limited to about 100 (whole lesions, each diagnosis in its share)." in card["Flow of images"]
    assert "| diagnosis | training | validation | test |" in card["Flow of images"]
    assert "Figures in test" in card


def test_problems_at_the_import_are_counted_by_kind(drawn):
    workspace, _, info = drawn
    path = workspace.datasets / "generated" / "dataset.json"
    kinds = ["the row has no dx", *["the image is damaged"] * 3]
    problems = [{"image_id": f"x{n}", "problem": kind} for n, kind in enumerate(kinds)]
    path.write_text(json.dumps({**json.loads(path.read_text()), "problems": problems}))
    flow = sections(model_card(workspace, info))["Flow of images"]
    assert "4 problems at the import, by kind: the image is damaged (3); the row has no dx (1)." in flow


@pytest.mark.parametrize("loss", ["gone", "other content", "no table"])
def test_a_data_set_that_is_gone_leaves_dashes_with_the_reason(drawn, loss):
    workspace, run, info = drawn
    folder = workspace.datasets / "generated"
    if loss == "gone":
        folder.rename(folder.with_name("elsewhere"))
    elif loss == "no table":
        (folder / "metadata.parquet").write_bytes(b"PAR1PAR1")
    else:
        path = folder / "dataset.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "content_hash": "other"}))
    card = sections(model_card(workspace, info))
    for name in ("Flow of images", "Age, sex and site of each part", "Missing values"):
        assert card[name].startswith("– The data set is no longer here as it was"), name
    assert "| accuracy | " in card["Figures in validation"]


def test_a_run_without_predictions_or_melanoma_says_so(drawn):
    workspace, run, info = drawn
    table = pd.read_parquet(run.predictions_path)
    table[table["truth"] != "mel"].to_parquet(run.predictions_path)
    evaluate_run(run)
    card = sections(model_card(workspace, info))
    assert "Melanoma lesions called something else: –, none was there to judge." in (
        card["Failure analysis (validation)"])
    assert "| Melanoma · mel | 0 | 0 | – | " in card["Figures in validation"]
    run.predictions_path.unlink()
    assert "Most confused pairs: –" in model_card(workspace, info)


def test_an_imported_model_keeps_the_card_that_it_brought(workspace):
    info = make_model(workspace, "shelf", "efficientnet_lite0")
    text = model_card(workspace, info)
    assert "– The run of this model is not here." in text and "– There are no validation figures." in text
    (info.folder / "card.md").write_text("# Model card: from elsewhere\n")
    assert model_card(workspace, info) == "# Model card: from elsewhere\n"


def test_a_bar_in_a_value_does_not_break_a_table():
    assert markdown_table(["a", "b"], [[as_text("x|y"), "1"]]) == "| a | b |\n| --- | ---: |\n| x\\|y | 1 |"
