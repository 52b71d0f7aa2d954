"""The batch preview for real: the trainer's loaders and transforms on generated images, alone and in its process."""

import base64
import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from pipeline.data.cache import OnTheFlyPixels
from pipeline.data.dataset import load_dataset
from pipeline.data.importing import import_dataset
from pipeline.data.prepare import prepare_image, window
from pipeline.errors import DataError, JobError
from pipeline.images.generated import is_generated
from pipeline.images.reading import open_image
from pipeline.jobs.short_work import ShortWork
from pipeline.jobs.tasks import PreviewRequest
from pipeline.runs.plan import plan_config
from pipeline.training.parts import plan_split
from pipeline.training.preview import IMAGES, SHOWN, VARIANTS, draw_images, network_inputs, preview_batch
from tests.hand_made import make_dataset
from tests.waiting import steps_of

ROWS = np.array([40, 3, 17])


@pytest.fixture
def tiny(workspace, tiny_set):
    import_dataset(workspace, tiny_set, "tiny")
    return workspace


def _inputs(workspace, *settings, seed=0):
    config = plan_config(workspace, "tiny", "demo", list(settings))
    return network_inputs(load_dataset(workspace, "tiny"), config, ROWS, seed)


def _differ(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


@pytest.mark.parametrize("resize", ["squish", "crop"])
@pytest.mark.parametrize("preset", ["demo", "article-resnet34"])  # with ImageNet's normalisation, and without
def test_fitted_is_what_prediction_makes_of_the_file(tiny, preset, resize):
    config = plan_config(tiny, "tiny", preset, ["size=64x40", f"resize={resize}"])
    dataset = load_dataset(tiny, "tiny")
    fitted, _ = network_inputs(dataset, config, ROWS, 0)
    for row, pixels in zip(ROWS, fitted, strict=True):
        file = dataset.metadata()["file"][row]
        assert np.array_equal(pixels, prepare_image(open_image(dataset.image_path(file), file), 40, 64, resize))


def test_without_augmentation_training_sees_what_validation_sees(tiny):
    fitted, variants = _inputs(tiny, "size=64x48", "augment=none")
    assert variants.shape == (VARIANTS, 3, 48, 64, 3)
    assert all(np.array_equal(variant, fitted) for variant in variants)


def test_a_random_crop_is_a_window_of_the_image(tiny):
    fitted, variants = _inputs(tiny, "size=64", "augment=none", "resize=crop")
    source = OnTheFlyPixels(load_dataset(tiny, "tiny"), 64, 64, "crop")
    for place, row in enumerate(ROWS):
        pixels = source.pixels(row)
        spare = pixels.shape[1] - 64
        windows = [window(pixels, 64, 64, (0.5, left / spare)) for left in range(spare + 1)]
        for variant in variants:
            assert any(np.array_equal(variant[place], one) for one in windows)
    assert any(_differ(variant, fitted) > 1 for variant in variants)


@pytest.mark.parametrize("augment", ["flips", "light", "strong", "article"])
@pytest.mark.parametrize("size", ["48", "448"])
def test_every_augmentation_gives_variants_of_the_same_images(tiny, augment, size):
    settings = [f"size={size}", f"augment={augment}", "resize=crop"]
    fitted, variants = _inputs(tiny, *settings)
    assert variants.shape == (VARIANTS, 3, int(size), int(size), 3)
    assert _differ(variants[0], variants[1]) > 1 and all(_differ(variant, fitted) > 1 for variant in variants)
    again = _inputs(tiny, *settings)
    assert np.array_equal(again[1], variants)
    assert not np.array_equal(_inputs(tiny, *settings, seed=1)[1], variants)


def test_the_articles_variants_are_orientations(tiny):
    fitted, variants = _inputs(tiny, "size=48", "augment=article")
    for variant in variants:
        for pixels, whole in zip(variant, fitted, strict=True):
            turned = [np.rot90(image, n) for image in (whole, whole[:, ::-1]) for n in range(4)]
            # light changes every pixel alike, so the one orientation correlates wholly
            assert max(np.corrcoef(pixels.ravel(), one.ravel())[0, 1] for one in turned) > 0.98


def test_different_diagnoses_come_first():
    targets = np.repeat([0, 1, 2], [50, 4, 1])
    drawn = draw_images(targets, seed=5)
    assert len(drawn) == IMAGES == len(set(drawn)) and set(targets[drawn[:3]]) == {0, 1, 2}
    assert set(targets[drawn[3:5]]) == {0, 1}
    assert np.array_equal(drawn, draw_images(targets, seed=5))
    assert set(drawn) != set(draw_images(targets, seed=5, draw=1)) and set(drawn) != set(draw_images(targets, seed=6))
    assert len(draw_images(targets[:4], seed=0)) == 4


def _picture(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_the_preview_shows_the_training_part_and_keeps_nothing(tiny):
    before = sorted(tiny.home.rglob("*"))
    config = plan_config(tiny, "tiny", "demo", ["size=64x48"])
    dataset = load_dataset(tiny, "tiny")
    found = preview_batch(dataset, config)
    assert sorted(tiny.home.rglob("*")) == before
    split = plan_split(config, dataset.metadata()).set_index("image_id")
    assert len(found.images) == IMAGES and {image.truth for image in found.images[:7]} == set(dataset.classes)
    assert all(split.loc[image.image_id, ["part", "dx"]].tolist() == ["train", image.truth] for image in found.images)
    for image in found.images:
        assert (image.width, image.height) == _picture(image.imported).size
        assert all(_picture(one).size == (64, 48) for one in (image.fitted, *image.variants))
        assert all(is_generated(_picture(one)) for one in (image.imported, image.fitted, *image.variants))
    assert [step.split(".")[0] for step in found.steps] == [
        "Fitting (resize=squish)", "Augmentation (augment=light)", "Normalisation (normalize=yes)",
    ]
    other = preview_batch(dataset, config, draw=1)
    assert {image.image_id for image in other.images} != {image.image_id for image in found.images}


def test_large_pictures_are_reduced_and_real_ones_carry_no_mark(workspace, tmp_path):
    dataset = make_dataset(workspace, tmp_path, "real", generated=False)
    found = preview_batch(dataset, plan_config(workspace, "real", "quick", ["size=1024x512", "augment=none"]))
    assert (found.width, found.height, found.generated) == (1024, 512, False)
    image = found.images[0]
    assert _picture(image.fitted).size == (SHOWN, SHOWN // 2) and not is_generated(_picture(image.fitted))
    assert image.truth_source == "histo"


def test_a_branch_shows_its_parents_training_part(trained):
    home, run = trained
    config = plan_config(home, "tiny", "demo", ["size=32"], f"{run.name}:1")
    training = run.split().query("part == 'train'")["image_id"]
    assert {image.image_id for image in preview_batch(load_dataset(home, "tiny"), config).images} <= set(training)


def test_an_image_that_is_gone_is_said(tiny):
    dataset = load_dataset(tiny, "tiny")
    for file in dataset.metadata()["file"]:
        dataset.image_path(file).unlink()
    with pytest.raises(DataError, match=r"^The data set tiny has lost an image: There is no image \S+\. Import it again"
                                        r" under the same name, which restores its images\.$"):
        preview_batch(dataset, plan_config(tiny, "tiny", "demo", []))


def test_the_apps_process_answers_with_pictures(tiny):
    config = plan_config(tiny, "tiny", "demo", ["size=32", "augment=strong"])
    work = ShortWork(tiny, "preview", PreviewRequest(config, 1))
    heard, found = steps_of(work), work.result()
    assert heard[0] == (0.0, "Starts.") and (0.1, "Loads fastai.") in heard
    here = preview_batch(load_dataset(tiny, "tiny"), config, draw=1)
    assert [image["image_id"] for image in found["images"]] == [image.image_id for image in here.images]
    assert base64.b64decode(found["images"][0]["variants"][1]) == here.images[0].variants[1]


def test_what_the_process_cannot_do_is_said(tiny):
    config = dataclasses.replace(plan_config(tiny, "tiny", "demo", []), data="gone")
    with pytest.raises(JobError, match="^There is no data set named gone. The workspace has: tiny."):
        ShortWork(tiny, "preview", PreviewRequest(config)).result()


def test_a_process_that_is_cancelled_or_killed_is_said(tiny):
    work = ShortWork(tiny, "preview", PreviewRequest(plan_config(tiny, "tiny", "demo", [])))
    work.cancel()
    assert not work.running
    with pytest.raises(JobError, match="^The batch could not be shown: its process ended with code -15. Try it a"):
        work.result()
