"""Lesion masks that come after their images: matched by id, checked, brought to size, and in place all at once."""

import numpy as np
import pytest
from PIL import Image

from pipeline.cli import main
from pipeline.data.importing import import_dataset
from pipeline.data.masks import import_masks
from pipeline.errors import DataError
from pipeline.progress import Cancelled
from tests.small_archives import encoded, exactly, files_of, mask_png, rows, write_folder, write_zip


@pytest.fixture
def dataset(workspace, tmp_path):
    return import_dataset(workspace, write_zip(tmp_path / "images.zip", files_of(rows(12))), "some")


def masks(*ids: str, **of_mask) -> dict[str, bytes]:
    return {f"masks/{image_id}_segmentation.png": mask_png(**of_mask) for image_id in ids}


def test_masks_of_a_zip_and_of_a_folder(workspace, dataset, tmp_path):
    found = import_masks(workspace, write_zip(tmp_path / "m.zip", masks("ISIC_0000001", "ISIC_0000002")), "some")
    assert (found.masks, found.without, found.unknown, found.problems) == (2, 10, [], [])
    assert dataset.mask_path("ISIC_0000001").read_bytes() == mask_png()
    found = import_masks(workspace, write_folder(tmp_path / "m", masks("ISIC_0000003")), "some")
    assert (found.masks, found.without) == (1, 9)
    assert not (dataset.folder / ".masks.incoming").exists()


def test_ids_that_the_set_lacks_are_named_and_paths_lead_nowhere(workspace, dataset, tmp_path):
    files = {**masks("ISIC_0000001", "OTHER"), "../../evil_segmentation.png": mask_png(), "notes.txt": b"x"}
    found = import_masks(workspace, write_zip(tmp_path / "m.zip", files), "some")
    assert (found.masks, found.unknown) == (1, ["OTHER"])
    assert sorted(path.name for path in (dataset.folder / "masks").iterdir()) == ["ISIC_0000001.png"]


def test_masks_of_dermoscopic_criteria_never_become_the_lesions_outline(workspace, dataset, tmp_path):
    files = {f"ISIC2018_Task2/ISIC_0000001_attribute_{name}.png": mask_png() for name in ("globules", "streaks")}
    sentence = (
        "m.zip holds no lesion mask of an image of some that can be used. It holds 2 masks of dermoscopic criteria, as "
        "in ISIC 2018's Task 2: `data criteria` imports those. Masks are named after their image: "
        "<image_id>_segmentation.png."
    )
    with pytest.raises(DataError, match=exactly(sentence)):
        import_masks(workspace, write_zip(tmp_path / "m.zip", files), "some")
    found = import_masks(workspace, write_zip(tmp_path / "n.zip", files | masks("ISIC_0000001")), "some")
    assert found.masks == 1 and found.unknown == []


def test_sizes_and_shapes(workspace, dataset, tmp_path):
    large = np.zeros((96, 128), dtype=np.uint8)
    large[:48] = 255
    files = {
        "ISIC_0000001_segmentation.png": encoded(large, "PNG"), **masks("ISIC_0000002", size=(24, 32)),
        "ISIC_0000003_segmentation.png": encoded(np.full((24, 32), 127, dtype=np.uint8), "PNG"),
        "ISIC_0000004_segmentation.png": b"no image",
    }
    found = import_masks(workspace, write_zip(tmp_path / "m.zip", files), "some")
    mask = np.asarray(Image.open(dataset.mask_path("ISIC_0000001"))) >= 128
    assert found.masks == 1 and mask.shape == (24, 32) and mask[:12].all() and not mask[12:].any()
    assert {problem["image_id"]: problem["problem"] for problem in found.problems} == {
        "ISIC_0000002": "its lesion mask is left out: ISIC_0000002_segmentation.png has 24 × 32 pixels, but its image "
        "32 × 24.",
        "ISIC_0000003": "its lesion mask is left out: ISIC_0000003_segmentation.png marks no lesion: no pixel reaches "
        "128.",
        "ISIC_0000004": "its lesion mask is left out: ISIC_0000004_segmentation.png is not an image that LesionLab can "
        "read.",
    }


def test_different_masks_of_one_image_are_named(workspace, dataset, tmp_path):
    other = np.full((24, 32), 255, dtype=np.uint8)
    files = {**masks("ISIC_0000001"), "again/ISIC_0000001_segmentation.png": encoded(other, "PNG")}
    found = import_masks(workspace, write_zip(tmp_path / "m.zip", files), "some")
    assert found.problems == [{
        "image_id": "ISIC_0000001",
        "problem": "there are different masks of it; masks/ISIC_0000001_segmentation.png is used, "
        "again/ISIC_0000001_segmentation.png is not",
    }]


def test_nothing_to_use_is_refused(workspace, dataset, tmp_path):
    sentence = (
        "m.zip holds no lesion mask of an image of some that can be used. Masks are named after their image: "
        "<image_id>_segmentation.png."
    )
    with pytest.raises(DataError, match=exactly(sentence)):
        import_masks(workspace, write_zip(tmp_path / "m.zip", masks("OTHER")), "some")
    assert not (dataset.folder / "masks").exists()


def test_a_stopped_import_leaves_the_masks_as_they_were(workspace, dataset, tmp_path):
    def stop(fraction, sentence):
        raise Cancelled

    with pytest.raises(Cancelled):
        import_masks(workspace, write_zip(tmp_path / "m.zip", masks("ISIC_0000001")), "some", stop)
    assert not (dataset.folder / "masks").exists() and not (dataset.folder / ".masks.incoming").exists()


def test_the_generated_set_has_its_masks_at_once(trained):
    from pipeline.data.dataset import load_dataset

    tiny = load_dataset(trained[0], "tiny")
    assert all(tiny.mask_path(image_id) for image_id in tiny.metadata()["image_id"])


def test_the_command_says_what_came_in(workspace, dataset, tmp_path, capfd):
    path = write_zip(tmp_path / "m.zip", masks("ISIC_0000001", "OTHER"))
    assert main(["data", "masks", str(path), "--data", "some"]) == 0
    assert capfd.readouterr().out == (
        "some: 1 lesion mask brought in.\n11 images of some without a mask.\n"
        "1 mask of images that some does not have: OTHER\n"
    )
