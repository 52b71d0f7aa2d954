"""The tour of the bundled run's instructive errors: its table bears out each claim, and figures are read there."""

import io
import zipfile
from dataclasses import replace

import pandas as pd
import pytest

from app.loaders import tour_lesions
from app.loaders.tour_lesions import stops, told
from pipeline.classes import label
from pipeline.classroom.tour_claims import Claim, Told, sure_error
from pipeline.classroom.tour_stops import STOPS, Patient
from pipeline.data.importing import import_dataset
from pipeline.files.workspace import RUN_NAME
from pipeline.number_words import probability
from pipeline.runs.run_dir import bundled_run
from tests.app_pages import PROJECT, button, open_page, words
from tests.hand_made import image_bytes

NOT_HERE = "The images of this run are not bundled"


@pytest.fixture
def box(workspace, monkeypatch):
    """The run that this LesionLab is bundled with."""
    monkeypatch.setenv("LESIONLAB_BUNDLED", str(PROJECT / "assets" / "models" / "default"))
    return bundled_run()


@pytest.fixture
def imported(box, workspace, tmp_path):
    """The images of all stops' lesions, as a data set of some name; sex and site are the tour's, sources are two."""
    answers, source = told(box), tmp_path / "source"
    source.mkdir()
    rows = []
    for stop in STOPS:
        for n, (image_id, row) in enumerate(answers.lesion(stop.image_id, "as-data").iterrows()):
            (source / f"{image_id}.jpg").write_bytes(image_bytes(len(rows), False))
            rows.append((row["lesion_id"], image_id, row["truth"], stop.patient.dx_type, stop.patient.age,
                         stop.patient.sex, stop.patient.localization, f"camera-{n % 2}"))
    columns = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization", "dataset"]
    pd.DataFrame(rows, columns=columns).to_csv(source / "HAM10000_metadata.csv", index=False)
    return import_dataset(workspace, source, "my-copy")


def test_the_bundled_table_bears_out_every_claim(box):
    answers = told(box)
    refuted = {stop.image_id: stop.claim.images(answers)[:5] for stop in STOPS
               if not stop.claim.is_shown_by(answers, stop.image_id)}
    assert not refuted, f"These stops are not shown, because their claims do not hold; images that could: {refuted}"


def test_what_is_recorded_of_the_patients_is_ham10000s(real_data):
    with zipfile.ZipFile(real_data / "ham10000-200x150.zip") as archive:
        table = pd.read_csv(io.BytesIO(archive.read("HAM10000_metadata.csv"))).set_index("image_id")
    for stop in STOPS:
        row = table.loc[stop.image_id]
        assert stop.patient == Patient(row["age"], row["sex"], row["localization"], row["dx_type"]), stop.image_id
        assert stop.claim.truth == row["dx"], stop.image_id


def test_a_stop_whose_claim_does_not_hold_is_not_shown(box, monkeypatch):
    first, *others = STOPS
    monkeypatch.setattr(tour_lesions, "STOPS", (replace(first, claim=sure_error("mel", "bcc", 0.9, "Untrue")), *others))
    assert list(stops(box)) == [stop.image_id for stop in others]
    at = open_page("tour", stop=first.image_id)
    assert "names the error of the tour" in at.warning[0].value and others[0].image_id not in at.warning[0].value
    assert f"1 of {len(others)}" in words(at)


@pytest.mark.parametrize("place", range(len(STOPS)))
def test_without_the_images_a_stop_says_what_the_table_says(box, place):
    stop, answers = STOPS[place], told(box)
    at = open_page("tour", stop=stop.image_id)
    said = words(at)
    row = answers.as_data.loc[stop.image_id]
    assert NOT_HERE in said and button(at, "Get data") and not at.error
    assert f"**Reference diagnosis:** {label(stop.claim.truth)}" in said
    assert f"**{label(row['predicted'])}**, {probability(row['confidence'])}" in said
    assert stop.claim.said(answers, stop.image_id).split(":")[0] in said and stop.ask in said
    assert "Education only, not a medical device." in said
    assert "Its image source" not in said and "from the image source" not in said
    assert not [b for b in at.button if b.label == "Show the answer"]  # there is nothing to guess from


def test_with_the_images_the_question_comes_first(box, imported):
    stop = next(stop for stop in STOPS if len(told(box).lesion(stop.image_id, "as-data")) > 1)
    at = open_page("tour", stop=stop.image_id)
    assert "Reference diagnosis" not in words(at) and stop.ask not in words(at) and NOT_HERE not in words(at)
    assert [image.alt for element in at.get("image") for image in element.proto.imgs] == ["The lesion"]
    assert at.subheader[0].value.startswith(f"{stop.patient.age} years, {stop.patient.sex}")
    button(at, "Show the answer").click().run()
    assert at.query_params["answer"] == "yes" and "**Reference diagnosis:**" in words(at) and stop.ask in words(at)
    alts = [image.alt for element in at.get("image") for image in element.proto.imgs]
    others = told(box).others(stop.image_id, stop.claim.decision).index
    assert sorted(alts) == sorted(["The lesion", *(f"Image {one} of the same lesion" for one in others)])
    button(at, "Next").click().run()
    assert "answer" not in at.query_params and "Reference diagnosis" not in words(at)
    assert at.query_params["stop"] == STOPS[STOPS.index(stop) + 1].image_id


def test_sources_are_told_where_they_are_known(box, imported):
    said = words(open_page("tour", stop=STOPS[0].image_id, answer="yes"))
    assert "Its image source is camera-0, whose images here are " in said
    stop = STOPS[1]
    rows = told(box).lesion(stop.image_id, "balanced")
    mine = rows.at[stop.image_id, "source"]
    said = words(open_page("tour", stop=stop.image_id, answer="yes"))
    assert f"It comes from the image source {mine}, the others from " in said or rows["source"].nunique() > 2


def test_the_ways_on(box):
    stop = next(stop for stop in STOPS if stop.threshold)
    at = open_page("tour", stop=stop.image_id)
    links = {link.proto.label: link.proto.query_string for link in at.get("page_link")}
    assert f"image={stop.image_id}" in links["All about this case"] and RUN_NAME in links["All about this case"]
    assert "of=mel" in links["More errors like it"] and "share=0.35..1.0" in links["More errors like it"]
    assert "threshold=35.0" in links["Move the threshold of 35 %"]


def _answers(*rows: tuple[str, str, str, str, float]) -> Told:
    """image_id, lesion_id, truth, predicted, confidence; alike under both decisions."""
    table = pd.DataFrame(rows, columns=["image_id", "lesion_id", "truth", "predicted", "confidence"])
    table = table.set_index("image_id", drop=False).assign(right=table["truth"].eq(table["predicted"]).to_numpy())
    return Told(table, table)


def test_a_claim_counts_what_the_table_has():
    claim = sure_error("akiec", "bkl", 0.9, "Behind a sure answer")
    answers = _answers(("a", "A", "akiec", "bkl", 0.95), ("b", "B", "akiec", "bkl", 0.5), ("c", "C", "akiec", "nv", 1),
                       ("d", "D", "mel", "bkl", 0.99))
    assert claim.images(answers) == ["a"]
    assert claim.said(answers, "a") == (
        "Behind a sure answer: at the data's frequencies 2 of 3 images of actinic keratosis or Bowen's disease are "
        "called benign keratosis.")
    assert not claim.is_shown_by(answers, "d") and not claim.is_shown_by(answers, "gone")


def test_every_claim_fails_where_the_network_is_right():
    claims: list[Claim] = [stop.claim for stop in STOPS]
    for claim in claims:
        rows = [(one, "L", claim.truth, claim.truth, 0.9) for one in "abc"]
        answers = _answers(*rows)
        for table in answers:
            table[f"p_{claim.truth}"] = 0.9
        assert claim.images(answers) == [], claim


def test_without_a_bundled_run_the_page_says_so(workspace):
    at = open_page("tour")
    assert "This LesionLab has no such model." in words(at)
    button(at, "Classify images").click().run()
    assert not at.exception


def test_another_bundled_run_has_none_of_them(workspace, bundle):
    at = open_page("tour")
    assert "None of the errors that this tour tells of" in words(at) and button(at, "All its errors")
