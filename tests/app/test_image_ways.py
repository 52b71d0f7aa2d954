"""Every way from a number to its images opens exactly that many: on Evaluation, Errors, Runs and Leakage."""

import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from app.addresses.evaluation_ways import Ways
from app.components.errors.confusion_panel import lost_melanomas
from app.components.leakage.evidence_panel import _ways as evidence_ways
from app.components.leakage.run_leakage import _ways as side_ways
from app.components.runs.shared_ways import SharedWays
from app.filters.case_filters import found_cases
from app.filters.filter_address import read_address
from app.loaders import case_tables, evaluation_rows, leakage_rows, run_rows
from app.loaders.evaluation_rows import CONFIDENCE
from pipeline.evaluation.evidence_store import keep_evidence
from pipeline.metrics.predictions_table import classes_of
from pipeline.metrics.sampled import targets
from pipeline.metrics.subgroups import FIGURES
from pipeline.vocabulary import NAMED_DECISIONS
from tests.app_pages import open_page, words
from tests.hand_made import make_dataset, make_run


@pytest.fixture
def dataset(workspace, tmp_path):
    """The generated set with patients who differ."""
    dataset = make_dataset(workspace, tmp_path)
    table = dataset.metadata()
    rng = np.random.default_rng(7)
    table["age"] = rng.integers(0, 90, len(table)).astype(float)
    table["sex"] = rng.choice(["male", "female", "unknown"], len(table))
    table["source"] = rng.choice(["clinic a", "clinic b, 100%"], len(table))
    table["dx_type"] = np.where(table["dx"] == "nv", "follow_up", "histo")
    table.to_parquet(dataset.folder / "metadata.parquet", index=False)
    return dataset


def opened(run, way) -> pd.DataFrame:
    """The cases that the way's address shows; nothing of it may be unknown."""
    assert way.link["run"] == run.name
    known = case_tables.known(run)
    asked = read_address({name: value for name, value in way.link.items() if name != "run"}, known)
    assert not asked.problems, asked.problems
    return found_cases(run, known, asked.values)


def uneven(run):
    """The run with fewer nevi in its training part, so that its decisions differ."""
    split = run.split()
    nevi = split.index[(split["part"] == "train") & (split["dx"] == "nv")]
    split.drop(nevi[:-2]).to_parquet(run.split_path, index=False)
    return run


def check(run, ways) -> int:
    """Each of `ways` shows its number of images, or of lesions where it speaks of lesions; how many there were."""
    for way in ways:
        found = opened(run, way)
        lesions = re.search(r"\d (melanoma )?lesions?\b", way.words)
        assert way.number == (found["lesion_id"].nunique() if lesions else len(found)), way
    return sum(way.number for way in ways)


@pytest.mark.parametrize("decision", NAMED_DECISIONS)
def test_every_number_of_an_evaluation_opens_its_images(dataset, workspace, decision):
    run = uneven(make_run(workspace, dataset, split="lesion-test", loss="balanced_softmax"))
    for part in ("validation", "test"):
        rows = evaluation_rows.part_rows(run, part, decision)
        ways, classes = Ways(run, part, decision, rows), classes_of(rows)
        everything, wrong = ways.of_all()
        assert everything.number == len(rows) > wrong.number > 0
        check(run, [everything, wrong])
        named = targets(classes)
        for codes in named.values():
            assert check(run, ways.of_target(codes)) > 0
        for factor in ("age", "sex", "source", "dx_type", "localization", CONFIDENCE):
            groups = evaluation_rows.groups(run, dataset, part, decision, factor)
            for figure in FIGURES:
                table = evaluation_rows.subgroups(run, dataset, part, decision, factor, figure, named["malignant"])
                for row in table.itertuples():
                    found = ways.of_group(factor, row.level, groups, figure, named["malignant"])
                    check(run, found)
                    assert found[0].number == row.of_images
                    assert row.of_images == 0 or figure == "balanced_accuracy" or found[1].number == pytest.approx(
                        (1 - row.value) * row.of_images)


def test_every_bin_of_a_reliability_diagram_opens_its_images(dataset, workspace):
    run = make_run(workspace, dataset)
    ways = Ways(run, "validation", "as-data", evaluation_rows.part_rows(run, "validation", "as-data"))
    for code in (None, "mel"):
        table = evaluation_rows.reliability(run, "validation", code)
        for place, row in enumerate(table.itertuples()):
            found = ways.of_bin(place, row.low, row.high, code)
            check(run, found)
            assert found[0].number == row.images
            hits = found[1].number if code else row.images - found[1].number
            assert row.images == 0 or hits == pytest.approx(row.share * row.images)


@pytest.mark.parametrize("threshold", [0.0, 0.137, 0.5, 1.0])
def test_both_sides_of_a_threshold_open_their_lesions(dataset, workspace, threshold):
    run = make_run(workspace, dataset)
    of = run, "validation", "as-data"
    rows, scores = evaluation_rows.part_rows(*of), evaluation_rows.scores(*of, ("mel",))
    for positive in (True, False):
        for flagged in (True, False):
            one_side = (scores["positive"] == positive) & ((scores["score"] >= threshold) == flagged)
            lesions = set(scores.loc[one_side, "lesion_id"])
            way = Ways(*of, rows).of_threshold(("mel",), positive, flagged, threshold, len(lesions))
            assert not lesions or set(opened(run, way)["lesion_id"]) == lesions


def test_the_numbers_of_the_page_errors(dataset, workspace):
    run = make_run(workspace, dataset)
    rows, figures = run.predictions(), run.results()["validation"]
    ways = lost_melanomas(run, "validation", rows, figures)
    check(run, ways)
    assert ways[0].number == figures["melanoma"]["called_else"] > 0
    at = open_page("errors", run=run.name)
    assert ways[0].words in [link.proto.label for link in at.get("page_link")]


def test_seen_and_unseen_lesions_of_a_random_split(dataset, workspace):
    run = make_run(workspace, dataset, split="random")
    sides = leakage_rows.sides(run)
    assert set(sides) == {"seen", "not_seen"}
    for side, figures in sides.items():
        assert check(run, side_ways(run, side, figures)) > 0
    labels = [link.proto.label for link in open_page("leakage").get("page_link")]
    assert f"Open the {sides['seen'].images} images whose lesion training saw" in labels


def test_where_the_evidence_lies(dataset, workspace):
    run = make_run(workspace, dataset, split="lesion-test")
    (dataset.folder / "masks").mkdir()
    rng = np.random.default_rng(2)
    for image_id in dataset.metadata()["image_id"]:
        mask = np.zeros((48, 64), dtype=np.uint8)
        mask[: rng.integers(4, 48), : rng.integers(4, 64)] = 255
        Image.fromarray(mask).save(dataset.folder / "masks" / f"{image_id}.png")
    assert not case_tables.known(run).evidence
    table = keep_evidence(run, dataset)
    for part, rows in table.groupby("part"):
        for of in ("predicted", "truth"):
            for code in ("all", "mel"):
                ways = evidence_ways(rows, of, run, part, code)
                check(run, ways)
                assert ways[0].number == len(rows if code == "all" else rows[rows["truth"] == code])


def _another(workspace, dataset, run, seed: int):
    """A run on the same split whose predictions are partly others."""
    other = make_run(workspace, dataset)
    table = run.predictions()
    rng = np.random.default_rng(seed)
    changed = rng.random(len(table)) < 0.5
    table.loc[changed, "predicted"] = rng.choice(classes_of(table), changed.sum())
    table.to_parquet(other.predictions_path, index=False)
    return other


def test_shared_images_and_disagreements_of_three_runs(dataset, workspace):
    first = make_run(workspace, dataset)
    runs = [first, *(_another(workspace, dataset, first, seed) for seed in (1, 2))]
    by_name = {run.name: run for run in runs}
    found = run_rows.comparison(runs)
    ways = SharedWays(found, {name: name for name in by_name}, runs)
    cases = found.disagreements.set_index("image_id", drop=False)
    for way in [*ways.of_all(), *(way for code in found.sensitivity["dx"] for way in ways.of_truth(code))]:
        check(by_name[way.link["run"]], [way])
    everything = ways.of_disagreements(len(cases), None, none_right=False)[0]
    assert set(opened(first, everything).index) == set(cases.index) != set()
    none = cases[cases["right"] == 0]
    assert set(opened(first, ways.of_disagreements(len(none), None, none_right=True)[0]).index) == set(none.index)
    for name, run in by_name.items():
        only = cases[(cases["right"] == 1) & (cases[f"{name}: prediction"] == cases["truth"])]
        way = ways.of_disagreements(len(only), name, none_right=False)[0]
        assert set(opened(run, way).index) == set(only.index)
    at = open_page("runs", runs=",".join(by_name))
    labels = [link.proto.label for link in at.get("page_link")]
    assert f"Open these {len(cases)} images" in labels and "Open the 28 shared images" in labels


def test_runs_on_other_data_open_nothing(dataset, workspace, tmp_path):
    first, second = make_run(workspace, dataset), make_run(workspace, make_dataset(workspace, tmp_path, "other", False))
    found = run_rows.comparison([first, second])
    ways = SharedWays(found, {first.name: "a", second.name: "b"}, [first, second])
    assert [way.number for way in ways.of_all()] == [0]


def test_a_row_is_chosen_in_the_box_the_table_or_the_chart(dataset, workspace):
    run = make_run(workspace, dataset)
    at = open_page("evaluation", run=run.name)
    box = at.selectbox(key="evaluation.sensitivity.row")
    assert box.value is None and box.options[4] == "Melanoma · mel"
    box.set_value("Melanoma · mel").run()
    labels = [link.proto.label for link in at.get("page_link")]
    assert "Open the 4 images with mel" in labels and any("not recognised" in label for label in labels)
    link = next(link for link in at.get("page_link") if link.proto.label == "Open the 4 images with mel")
    assert "decision=as-data" in link.proto.query_string and "truth=mel" in link.proto.query_string


def test_the_wall_and_the_matrix_are_under_the_decision_of_the_address(dataset, workspace):
    run = uneven(make_run(workspace, dataset, loss="balanced_softmax"))
    stored, decided = case_tables.cases(run), case_tables.cases(run, "as-data")
    assert not np.allclose(stored["confidence"], decided["confidence"])
    image = (decided["confidence"] - stored["confidence"]).abs().idxmax()
    at = open_page("explore", run=run.name, decision="as-data", sort="image")
    assert f"{100 * decided['confidence'].iloc[0]:.1f}" in words(at).replace("\N{NO-BREAK SPACE}", " ")
    at = open_page("case", run=run.name, image=image, decision="as-data")
    assert "These images are chosen under the decision as-data. The bars show what the run stored." in words(at)


def test_a_decision_that_is_none_is_said(dataset, workspace):
    run = make_run(workspace, dataset)
    at = open_page("explore", run=run.name, decision="toss-a-coin", seen="yes", evidence="measured")
    assert [warning.value.split(",")[0] for warning in at.warning] == [
        "The address names the choice of lesions that training saw yes",
        "The address names the kind of evidence measured", "The address names the decision toss-a-coin",
    ]


def test_who_arrives_by_a_link_reads_what_is_asked(dataset, workspace):
    run = make_run(workspace, dataset)
    at = open_page("explore", run=run.name, decision="balanced", part="validation", of="mel", own="0.0..0.255",
                   called="nv,bkl", age="40-59", confidence="0.3..1.0", loss="0.5..")
    said = [chip.label for chip in at.button if chip.key and chip.key.startswith("explore.chip.")]
    assert said == [
        "Age band: 40–59 years", "Confidence 30 % to 100 %", "Loss from 0.5",
        "Output for mel, of the image, 0 % to 25.5 %", "Lesion called nv, bkl, its images averaged",
        "Predictions under the decision balanced",
    ]
    assert not [chip for chip in open_page("explore").button if chip.key and chip.key.startswith("explore.chip.")]
