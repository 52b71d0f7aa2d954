"""The pages with the bundled networks and their run: with the images in any copy, and without any."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image

from app.components.runs.runs_table import title_of
from app.loaders import resources
from app.loaders.case_tables import name_of
from app.loaders.run_data import found_data, model_of
from app.loaders.run_rows import run_row
from app.words.run_titles import BUNDLED
from pipeline.data.importing import import_dataset
from pipeline.data.masks import import_masks
from pipeline.explain.embedding_files import read_changed, read_flip_shares
from pipeline.explain.perturb import NAMED
from pipeline.files.workspace import RUN_NAME
from pipeline.jobs.short_work import ShortWork
from pipeline.jobs.tasks import EvidenceRequest
from pipeline.runs.run_dir import find_run
from pipeline.runs.teaching import Remark, create_set, read_remarks, write_remark
from tests.app_pages import open_page, words

NOTE = "**the five networks of the model in the box, each on the images that it had not seen**"
NOT_HERE = "The images of this run are not bundled"
IMAGE = "IMG_0004"


def copies(source, target, size):
    """The same images under the same ids in another size."""
    shutil.copytree(source, target)
    for path in target.glob("*.jpg"):
        file = io.BytesIO()
        Image.open(path).resize(size).save(file, "JPEG")
        path.write_bytes(file.getvalue())
    return target


@pytest.fixture
def run(workspace, bundled_networks):
    return find_run(workspace, RUN_NAME)


@pytest.fixture(params=["as they were", "larger copies"])
def with_images(request, workspace, run, tiny_bundle, tmp_path):
    """The bundled run beside a data set that has its images; (the run, the data set)."""
    source = tiny_bundle[1]
    if request.param == "larger copies":
        source = copies(source, tmp_path / "copies", (128, 96))
    return run, import_dataset(workspace, source, "mine")


@pytest.mark.parametrize("page", ["errors", "evaluation", "explore", "case", "runs"])
def test_each_page_says_whose_answers_they_are(run, page):
    at = open_page(page, **({"runs": RUN_NAME} if page == "runs" else {"run": RUN_NAME, "image": IMAGE}))
    assert NOTE in words(at) and "sibling" not in words(at).lower() and not at.exception and not at.error


def test_it_has_one_title_wherever_it_is_named(run):
    assert title_of(run_row(run)) == name_of(run) == BUNDLED
    for page in ("errors", "evaluation"):
        assert open_page(page, run=RUN_NAME).selectbox(key="pick.run").options == [BUNDLED]
    assert f"judged by {BUNDLED}" in words(open_page("case", run=RUN_NAME, image=IMAGE))


def test_heatmaps_lie_over_the_images(with_images):
    run, dataset = with_images
    assert found_data(run).dataset.name == dataset.name
    at = open_page("errors", run=RUN_NAME)
    alts = [image.alt for element in at.get("image") for image in element.proto.imgs]
    assert not at.exception and "No heatmaps" not in words(at) and alts and not any("regions" in of for of in alts)
    at.toggle(key="heatmap").set_value(True).run()
    alts = [image.alt for element in at.get("image") for image in element.proto.imgs]
    assert any("with the regions that raised the output" in of for of in alts) and not at.exception


def test_a_case_has_heatmaps_look_alikes_and_what_flips(with_images):
    at = open_page("case", run=RUN_NAME, image=IMAGE)
    said = words(at)
    assert not at.exception and not at.error and NOT_HERE not in said
    alts = [image.alt for element in at.get("image") for image in element.proto.imgs]
    assert f"Image {IMAGE} as the network saw it" in alts
    assert sum(alt.startswith("Training image IMG_") for alt in alts) == 8
    assert "Similarity" in said and "Over all five folds" in said and "Of 56 lesions" in said
    assert not any("Compute" in button.label for button in at.button)


def test_what_if_asks_the_network_that_had_not_seen_the_image(with_images, monkeypatch):
    run, _ = with_images
    rows = run.predictions().set_index("image_id")
    asked = []
    output = resources.output
    monkeypatch.setattr(resources, "output", lambda info, *rest, **named: asked.append(info) or output(
        info, *rest, **named))
    at = open_page("case", run=RUN_NAME, image=IMAGE)
    assert asked == []  # nothing is loaded before something is changed
    at.radio(key="what_if.flip").set_value("left-right").run()
    assert not at.exception and not at.error
    assert {info.weights_path for info in asked} == {
        model_of(run).of_fold(int(rows.at[IMAGE, "fold"])).weights_path}
    assert "The prediction" in words(at)


def test_without_the_image_its_stored_answers_stand_there(run):
    at = open_page("case", run=RUN_NAME, image=IMAGE)
    assert NOT_HERE in words(at) and not at.exception
    table = next(frame.value for frame in at.dataframe if "The picture" in frame.value)
    assert list(table["The picture"]) == [words for words, _ in NAMED.values()]
    rows, changed = run.predictions().set_index("image_id"), read_changed(run.changed_path).of(IMAGE)
    codes = model_of(run).classes
    flips = [codes[int(changed[name].argmax())] != rows.at[IMAGE, "predicted"] for name in NAMED]
    assert list(table["Flips"]) == ["yes" if of else "no" for of in flips]


def test_the_map_is_drawn_network_by_network(run):
    at = open_page("explore", run=RUN_NAME, view="map")
    assert "Five maps, one for each network" in words(at) and "each network finds alike" in words(at)
    assert not at.exception and not at.error
    figure = at.get("plotly_chart")[0].proto.spec
    assert all(f"Network {number}" in figure for number in range(1, 6))


def test_explore_asks_for_what_flips(run):
    share = read_flip_shares(run.what_if_path)
    name = max(share, key=lambda key: len(share[key]["flipped"]))
    at = open_page("explore", run=RUN_NAME, flips=name)
    assert f"{len(share[name]['flipped'])} image" in words(at) and not at.exception


def test_evidence_is_measured_without_touching_the_bundled_files(with_images, workspace, tmp_path):
    run, dataset = with_images
    masks = tmp_path / "masks"
    masks.mkdir()
    mask = np.zeros((48, 64), dtype=np.uint8)
    mask[12:36, 16:48] = 255
    for path in (dataset.folder / "images").iterdir():
        Image.fromarray(mask).resize(Image.open(path).size).save(masks / f"{path.stem}_segmentation.png")
    import_masks(workspace, masks, dataset.name)
    before = sorted(run.folder.iterdir())
    assert ShortWork(workspace, "evidence", EvidenceRequest(RUN_NAME, dataset.name)).result() == {"images": 56}
    at = open_page("leakage", data=dataset.name, topic="evidence", run=RUN_NAME)
    assert "lies inside the lesion" in words(at) and not at.exception and not at.error
    assert sorted(run.folder.iterdir()) == before and len(list(dataset.folder.glob("evidence-*.parquet"))) == 1


def test_teaching_sets_and_notes_of_the_run_of_before_are_there(workspace, run):
    """As the run named its images then, with the first bundled model."""
    one = create_set(workspace, "Hard ones", "", "ham10000-sharp", run, [IMAGE])
    write_remark(workspace, "ham10000-sharp", IMAGE, Remark("look twice", False))
    at = open_page("explore", run=RUN_NAME, set=one.id)
    assert "1 image" in words(at) and not at.error
    at = open_page("case", run=RUN_NAME, image=IMAGE)
    assert at.text_area(key=f"case.note.{IMAGE}.text").value == "look twice"
    at.text_area(key=f"case.note.{IMAGE}.text").set_value("once is enough")
    next(of for of in at.button if of.label == "Save note").click().run()
    assert read_remarks(workspace, "ham10000-sharp")[IMAGE].note == "once is enough"


@pytest.mark.parametrize("damage", [
    lambda path: path.write_bytes(path.read_bytes()[:300]),
    lambda path: np.savez_compressed(path, image_id=np.array([IMAGE]), change=np.array(["pen", "ruler"]),
                                     probabilities=np.zeros((1, 1, 7), dtype=np.float16)),
    lambda path: np.savez_compressed(path, image_id=np.array([IMAGE]), change=np.array(["../../../x"]),
                                     probabilities=np.zeros((1, 1, 7), dtype=np.float16)),
])
def test_damaged_stored_answers_are_said_in_words(run, damage):
    damage(run.changed_path)
    at = open_page("case", run=RUN_NAME, image=IMAGE)
    assert any("what_if.npz is damaged" in error.value for error in at.error) and "../../../x" not in words(at)
