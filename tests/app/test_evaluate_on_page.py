"""The page "Another data set", and an evaluation and a mean of models on all other pages, in Streamlit's AppTest."""

import shutil
import time

import pytest

from pipeline.inference.evaluation_plan import plan_evaluation
from pipeline.jobs.evaluating import create_evaluation
from pipeline.jobs.job_worker import work
from pipeline.models.combined import combine
from pipeline.models.model_info import find_model
from pipeline.runs.run_dir import find_run
from pipeline.runs.status import ENDED, Status, process_identity, write_status
from tests.app_pages import button, open_page, words
from tests.hand_made import make_dataset
from tests.other_data import with_other_data, write_other_set

MAPPING = {"ak": "akiec", "scc": "none"}


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory, trained):
    """A workspace with a run, its evaluation on another data set and a mean over flips: the folder of all that."""
    from pipeline.files.workspace import Workspace

    home = Workspace(tmp_path_factory.mktemp("evaluated")).create()
    workspace, run = with_other_data(trained, write_other_set(tmp_path_factory.mktemp("drawn")), home)
    judged = create_evaluation(workspace, plan_evaluation(workspace, run.name, "other", MAPPING))
    assert work(judged, workspace).state == "done"
    combine(workspace, "flipped", [run.name], flips=True)
    return home.home


@pytest.fixture
def place(evaluated, workspace):
    """A copy of it that a test may change: (workspace, run, evaluation)."""
    shutil.copytree(evaluated, workspace.home, dirs_exist_ok=True)
    return workspace, find_run(workspace, "tiny-demo-1"), find_run(workspace, "tiny-demo-1-on-other-1")


def test_without_a_model_or_a_data_set_there_is_one_way_on(workspace, tmp_path):
    at = open_page("evaluate_on")
    assert "There is no model yet." in words(at) or "There is no data set yet." in words(at)
    assert [b.label for b in at.button if b.proto.type == "primary"] in (["Train a classifier"], ["Get data"])
    make_dataset(workspace, tmp_path)
    assert not open_page("evaluate_on").exception


def test_the_mapping_is_seen_and_confirmed_before_it_starts(place):
    workspace, run, _ = place
    at = open_page("evaluate_on", model=run.name, data="other")
    boxes = {box.label.partition(",")[0]: box for box in at.selectbox if " · " in box.label}
    assert {name: box.value for name, box in boxes.items()} == {
        "Actinic keratosis · ak": "akiec", "Squamous cell carcinoma · scc": "none"}
    assert button(at, "Evaluate it").disabled
    assert f"`python -m pipeline evaluate {run.name} --data other --map ak=akiec,scc=none`" in words(at)
    at.checkbox[0].check().run()
    assert not button(at, "Evaluate it").disabled
    boxes["Squamous cell carcinoma · scc"].set_value("akiec").run()
    assert button(at, "Evaluate it").disabled and "--map ak=akiec,scc=akiec" in words(at)  # another mapping: look again
    at.checkbox[0].check().run()
    button(at, "Evaluate it").click().run()
    started = find_run(workspace, f"{run.name}-on-other-2")
    assert at.query_params["run"] == [started.name] or at.query_params["run"] == started.name
    assert started.evaluation()["mapping"] == {"ak": "akiec", "scc": "akiec"}
    for _ in range(1200):
        if started.status().state in ENDED:
            break
        time.sleep(0.25)
    assert started.status().state == "done", started.status().error
    at.run()
    assert "Balanced accuracy" in at.success[0].value and "Study its errors" in [b.label for b in at.button]


def test_what_it_was_trained_on_is_listed_on_its_own_data_set(place):
    _, run, _ = place
    at = open_page("evaluate_on", model=run.name, data="tiny")
    assert "Left out because the model was trained on their lesions: 67 images" in words(at)
    assert at.dataframe[0].value["Same content"].all() and len(at.dataframe[0].value) == 67
    assert not button(at, "Evaluate it").disabled and not at.error


def test_an_evaluation_at_work_can_be_stopped(place):
    workspace, run, judged = place
    write_status(judged.status_path, Status("running", 1.0, **process_identity(), started=time.time(), fraction=0.4,
                                            doing="Judges the images and draws their heatmaps."))
    for page in ("evaluate_on", "train"):
        judged.stop_path.unlink(missing_ok=True)
        at = open_page(page, run=judged.name)
        assert f"{judged.name}: is evaluating" in words(at)
        button(at, "Stop this evaluation").click().run()
        assert judged.stop_path.exists() and not at.exception


def test_an_evaluation_that_waits_leaves_the_queue(place):
    _, _, judged = place
    write_status(judged.status_path, Status("queued", 1.0, **process_identity(), doing="Waits for the device."))
    at = open_page("evaluate_on", run=judged.name)
    assert button(at, "Take it out of the queue") and "Stop this evaluation" not in [b.label for b in at.button]


def test_one_that_was_interrupted_can_be_started_once_more(place):
    _, _, judged = place
    write_status(judged.status_path, Status("running", 1.0, pid=2**22 - 1, pid_created=1.0, started=1.0))
    at = open_page("evaluate_on", run=judged.name)
    assert "Nothing of it is kept." in at.error[0].value and button(at, "Start it once more")


def test_its_errors_have_images_and_heatmaps(place):
    _, _, judged = place
    at = open_page("errors", run=judged.name)
    assert not at.error and not at.warning
    said = words(at)
    assert "Test part" in said and "what the model is known to have been trained on is left out" in said
    at.toggle(key="heatmap").set_value(True).run()
    assert any("regions that raised" in image.alt for element in at.get("image") for image in element.proto.imgs)


def test_runs_says_what_it_is(place):
    _, run, judged = place
    at = open_page("runs", runs=f"{run.name},{judged.name}")
    table = at.dataframe[0].value.set_index("title")
    assert table.loc[judged.name, "start"] == f"evaluates {run.name}"
    assert table.loc[judged.name, "source"] == "evaluation"
    assert table.loc[judged.name, "images"] == judged.evaluation()["images"]
    assert "Those of an evaluation are of the images of its data set" in words(at) and not at.error


@pytest.mark.parametrize("page", ["evaluation", "explore", "leakage", "home", "train", "classify", "rates", "models"])
def test_every_other_page_takes_it(place, page):
    _, _, judged = place
    at = open_page(page, **({"run": judged.name} if page in ("evaluation", "explore", "train") else {}))
    assert not at.error and not at.exception, [e.value for e in at.error]


def test_a_case_of_it_has_the_notice_and_offers_what_its_model_can_tell(place):
    _, run, judged = place
    at = open_page("case", run=judged.name, image=judged.predictions()["image_id"].iloc[0])
    assert "Education only" in " ".join(w.value for w in at.warning) and not at.error
    assert button(at, "Compute map, neighbours and what flips") and at.slider(key="what_if.rotate")


def test_a_mean_has_its_row_card_and_output(place):
    workspace, run, _ = place
    at = open_page("models", model="flipped")
    assert "flipped" in list(at.dataframe[0].value["title"]) and not at.error
    assert f"The mean of the model {run.name} over the image and its three flips" in words(at)
    files = {d.proto.label for d in at.get("download_button")}
    assert not files & {"Model card", "LesionLab bundle", "ONNX"} and "its members can be taken along" in words(at)
    assert "This card came with the model" not in words(at)
    split = run.split()
    example = f"tiny/{split.loc[split['part'] == 'validation', 'image_id'].iloc[0]}"
    at = open_page("classify", model="flipped", example=example)
    assert not at.error and not at.exception and "Model output" in words(at)
    shutil.rmtree(find_model(workspace, run.name).folder)
    at = open_page("classify", model="flipped", example=example)
    assert f"The model flipped needs its member {run.name}, which is not here" in " ".join(e.value for e in at.error)


def test_models_are_combined_in_the_page(place):
    workspace, run, _ = place
    at = open_page("models")
    at.multiselect(key="combine.members").set_value([run.name])
    at.text_input(key="combine.name").set_value("four-views")
    button(at, "Combine").click().run()
    assert "A mean is of 2 to 5 models, not of 1." in at.error[0].value
    at.checkbox(key="combine.flips").check()
    button(at, "Combine").click().run()
    assert find_model(workspace, "four-views").flips and "The model four-views is here." in at.success[0].value
