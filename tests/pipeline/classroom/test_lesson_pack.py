"""The lesson pack: the bundled run's tables choose its images, from which lessons and tour are as from all."""

import json

import pytest

from pipeline.classroom.lesson_pack import _pool_without_images, pack_images
from pipeline.classroom.lesson_pictures import find_pictures
from pipeline.classroom.lesson_pool import pool_of
from pipeline.classroom.ready_lessons import draw_ready
from pipeline.classroom.tour_stops import STOPS
from pipeline.cli import main
from pipeline.data.dataset import load_dataset
from pipeline.data.sources.catalogue import LESSON_PACK
from pipeline.data.sources.isic import IMAGES_VARIABLE
from pipeline.errors import LessonError
from pipeline.runs.run_dir import bundled_run
from tests.app_pages import PROJECT
from tests.archive_images import said_at, serve
from tests.small_archives import jpeg
from tests.stand_in_server import stand_in

WITHOUT_CAMERAS = ("sure-and-wrong", "nevus-or-melanoma")


@pytest.fixture
def box(workspace, monkeypatch):
    """The run that this LesionLab is bundled with."""
    monkeypatch.setenv("LESIONLAB_BUNDLED", str(PROJECT / "assets" / "models" / "default"))
    return bundled_run()


def test_it_has_about_as_many_images_as_it_is_said_to_have(box):
    images = pack_images(box)
    assert abs(len(images) - LESSON_PACK.images) <= 20 and images["image_id"].is_unique
    assert images["image_id"].str.fullmatch(r"ISIC_\d{7}").all() and images.equals(pack_images(box))
    truths = box.predictions().set_index("image_id")["truth"]
    assert (truths[images["image_id"]].to_numpy() == images["dx"].to_numpy()).all()


def test_from_its_images_each_ready_lesson_is_drawn_whole_with_any_seed(box):
    predictions, ids = box.predictions(), pack_images(box)["image_id"]
    pool = _pool_without_images(box, predictions)
    few = type(pool)(pool.origin, pool.decision, pool.images[pool.images.index.isin(ids)], pool.lesions)
    for seed in range(20):
        for name in WITHOUT_CAMERAS:
            lesson = draw_ready(name, few, seed)
            assert lesson.shortfalls == () and {form: len(items) for form, items in lesson.forms.items()} == {
                "A": 12, "B": 12}


def test_it_has_each_stop_of_the_tour_with_its_lesions_other_images(box):
    lesions = box.predictions().set_index("image_id")["lesion_id"]
    stops = lesions[[stop.image_id for stop in STOPS]]
    assert set(lesions.index[lesions.isin(stops)]) <= set(pack_images(box)["image_id"])


def test_it_is_fetched_by_its_command_and_taught_with(box, workspace, monkeypatch, capfd):
    images = pack_images(box)
    lost = images["image_id"].iloc[-1]
    with stand_in() as server:
        monkeypatch.setenv(IMAGES_VARIABLE, server.address)
        for n, image_id in enumerate(images["image_id"]):
            serve(server, image_id, jpeg(n, (60, 45)))
        server.refusals[said_at(lost)] = (404, {})
        assert main(["data", "fetch", "ham10000-lessons", "--json"]) == 0
        told = json.loads(capfd.readouterr().out)
        assert (told["name"], told["images"]) == ("ham10000-lessons", len(images) - 1)
        assert [one["image_id"] for one in told["problems"]] == [lost]
        server.refusals.clear()
        assert main(["data", "fetch", "ham10000-lessons", "--json"]) == 0
    dataset = load_dataset(workspace, "ham10000-lessons")
    assert dataset.metadata()["image_id"].tolist() == images["image_id"].tolist()
    pool = pool_of(workspace, box, "balanced")
    assert pool.origin.data == "ham10000-lessons" and pool.origin.licence.startswith("CC BY-NC 4.0 ISIC archive: ViDIR")
    for name in WITHOUT_CAMERAS:
        lesson = draw_ready(name, pool, 1)
        drawn = {item.image_id for items in lesson.forms.values() for item in items}
        assert lesson.shortfalls == () and find_pictures(workspace, lesson).keys() == drawn and len(drawn) == 24
    with pytest.raises(LessonError, match="as far as image sources are recorded"):
        draw_ready("two-cameras", pool)


def test_without_a_model_in_the_box_there_is_none(workspace, capfd):
    assert main(["data", "fetch", "ham10000-lessons"]) == 1
    assert "This LesionLab has no model in the box" in capfd.readouterr().err
