"""What other runs say of an image: found by its id and reference diagnosis, and only from those that held it out."""

import pytest

from app.filters.case_filters import found_cases
from app.loaders import case_tables
from app.loaders.other_answers import other_answers, others
from pipeline.runs.run_dir import RunDir
from tests.app_pages import open_page, words
from tests.hand_made import make_dataset, make_run

ELSEWHERE = {"data": "elsewhere", "data_hash": "e" * 64}


@pytest.fixture
def real(workspace, tmp_path):
    """A data set of images that are no drawings, and a run on it."""
    dataset = make_dataset(workspace, tmp_path, "photos", generated=False)
    return workspace, dataset, make_run(workspace, dataset)


def _asked(run: RunDir, image_id: str):
    case = case_tables.cases(run).loc[image_id]
    return other_answers(run, image_id, case["truth"], case["lesion_id"], [])


def test_a_run_on_a_data_set_of_another_name_is_asked(real):
    workspace, dataset, run = real
    other = make_run(workspace, dataset, **ELSEWHERE)
    row = run.predictions().iloc[0]
    told = _asked(run, row.image_id)
    (said,) = told.said
    assert (said.run, said.known) == (other, True)
    assert said.predicted == other.predictions().set_index("image_id").at[row.image_id, "predicted"]
    at = open_page("case", run=run.name, image=row.image_id)
    assert "other run** that held this lesion out" in words(at)
    table = next(one.value for one in at.dataframe if "Run" in one.value)
    assert list(table["Run"]) == [other.name] and list(table["Its training images"]) == ["known"]


def test_an_image_of_another_diagnosis_is_another_image(real):
    workspace, dataset, run = real
    other = make_run(workspace, dataset, **ELSEWHERE)
    table = other.predictions()
    table.loc[0, "truth"] = "vasc" if table.loc[0, "truth"] != "vasc" else "nv"
    table.to_parquet(other.predictions_path, index=False)
    assert not _asked(run, table.loc[0, "image_id"]).any and _asked(run, table.loc[1, "image_id"]).said


def test_a_run_that_trained_on_the_lesion_is_not_asked(real):
    workspace, dataset, run = real
    other = make_run(workspace, dataset, seed=7, **ELSEWHERE)
    split = other.split()
    trained = set(split.loc[split["part"] == "train", "image_id"])
    held_out = list(run.predictions()["image_id"])
    seen, unseen = ([one for one in held_out if (one in trained) == wanted] for wanted in (True, False))
    assert seen and unseen
    assert _asked(run, seen[0]).trained == [other] and not _asked(run, seen[0]).said
    assert _asked(run, unseen[0]).said and not _asked(run, unseen[0]).trained
    said = words(open_page("case", run=run.name, image=seen[0]))
    assert f"Not asked, because its network was trained on this lesion: {other.name}." in said.replace("\\", "")


def test_another_image_of_the_lesion_in_training_is_enough(real):
    workspace, dataset, run = real
    other = make_run(workspace, dataset, split="random", **ELSEWHERE)
    split = other.split()
    lesions = set(split.loc[split["part"] == "train", "lesion_id"])
    judged = other.predictions()
    half_seen = judged[judged["lesion_id"].isin(lesions) & judged["image_id"].isin(run.predictions()["image_id"])]
    assert len(half_seen)
    assert _asked(run, half_seen["image_id"].iloc[0]).trained == [other]


def test_it_is_said_where_training_images_are_not_known(real):
    workspace, dataset, run = real
    other = make_run(workspace, dataset, **ELSEWHERE)
    other.split_path.unlink()
    image = run.predictions()["image_id"].iloc[0]
    assert [one.known for one in _asked(run, image).said] == [False]
    assert "may have seen this lesion" in words(open_page("case", run=run.name, image=image))


def test_drawings_of_another_set_have_the_same_ids_by_chance(workspace, tmp_path):
    dataset = make_dataset(workspace, tmp_path)
    run = make_run(workspace, dataset)
    make_run(workspace, dataset, **ELSEWHERE)
    image = run.predictions()["image_id"].iloc[0]
    assert not _asked(run, image).any and not others(run)
    assert not [tab for tab in open_page("case", run=run.name, image=image).tabs if tab.label.startswith("Other")]


def test_the_filter_offers_each_run_that_judged_the_images(real):
    workspace, dataset, run = real
    other = make_run(workspace, dataset, **ELSEWHERE)
    table = other.predictions()
    table.loc[:4, "predicted"] = ["nv" if code != "nv" else "mel" for code in run.predictions().loc[:4, "predicted"]]
    table.to_parquet(other.predictions_path, index=False)
    known = case_tables.known(run)
    assert list(known.runs) == [other.name]
    assert set(found_cases(run, known, {"differs": (other.name,)}).index) == set(table.loc[:4, "image_id"])
    truth = run.predictions().set_index("image_id")["truth"]
    wrong = {row.image_id for row in table.itertuples() if row.predicted != truth[row.image_id]}
    assert set(found_cases(run, known, {"wrong": (other.name,)}).index) == wrong


def test_all_disagreements_of_compared_runs_have_pictures(real):
    workspace, dataset, run = real
    other = make_run(workspace, dataset, **ELSEWHERE)
    table = other.predictions()
    table["predicted"] = ["nv" if code != "nv" else "mel" for code in run.predictions()["predicted"]]
    table.to_parquet(other.predictions_path, index=False)
    judged = set(table.loc[table["part"] == "validation", "image_id"])
    assert len(judged) > 24
    shown = set()
    for page in range(1, -(-len(judged) // 12) + 1):
        at = open_page("runs", runs=f"{run.name},{other.name}", page=str(page))
        pictures = [image.alt for element in at.get("image") for image in element.proto.imgs]
        assert len(pictures) <= 12 and not set(pictures) & shown
        shown |= set(pictures)
    assert shown == {f"Image {image_id}" for image_id in judged}
