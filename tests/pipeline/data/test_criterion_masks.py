"""Masks of dermoscopic criteria: matched by id and criterion, brought to size; an empty one is no mark."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.cli import main
from pipeline.data.criterion_masks import criterion_mask_path, has_criteria, import_criteria, read_criteria
from pipeline.data.importing import import_dataset
from pipeline.errors import DataError, WorkspaceError
from pipeline.images.outline import outlined
from pipeline.progress import Cancelled
from pipeline.vocabulary import CRITERIA
from tests.small_archives import encoded, exactly, files_of, mask_png, rows, write_folder, write_zip

EMPTY = encoded(np.zeros((24, 32), dtype=np.uint8), "PNG")


@pytest.fixture
def dataset(workspace, tmp_path):
    return import_dataset(workspace, write_zip(tmp_path / "images.zip", files_of(rows(12))), "some")


def named(image_id: str, criterion: str) -> str:
    return f"ISIC2018_Task2/{image_id}_attribute_{criterion}.png"


def known(dataset) -> dict[tuple[str, str], tuple[bool, float]]:
    return {(row.image_id, row.criterion): (row.marked, row.share) for row in read_criteria(dataset).itertuples()}


def test_masks_of_a_zip_and_of_a_folder(workspace, dataset, tmp_path):
    files = {named("ISIC_0000001", "globules"): mask_png(), named("ISIC_0000001", "streaks"): EMPTY,
             named("ISIC_0000002", "globules"): EMPTY, named("OTHER", "globules"): mask_png()}
    assert not has_criteria(dataset)
    found = import_criteria(workspace, write_zip(tmp_path / "c.zip", files), "some")
    assert (found.images, found.unknown, found.problems, found.without_outline) == (2, ["OTHER"], [], 0)
    assert found.marked == {criterion: int(criterion == "globules") for criterion in CRITERIA}
    marked = 8 * 8 / (24 * 32)
    assert has_criteria(dataset) and known(dataset) == {
        ("ISIC_0000001", "globules"): (True, pytest.approx(marked)), ("ISIC_0000001", "streaks"): (False, 0.0),
        ("ISIC_0000002", "globules"): (False, 0.0),
    }
    mask = np.asarray(Image.open(criterion_mask_path(dataset, "ISIC_0000001", "globules"))) >= 128
    assert mask.shape == (24, 32) and mask[8:16, 8:16].all() and mask.sum() == 64
    import_criteria(workspace, write_folder(tmp_path / "c", {named("ISIC_0000003", "streaks"): mask_png()}), "some")
    assert set(known(dataset)) == {("ISIC_0000003", "streaks")}  # in place of those before
    assert not (dataset.folder / ".criteria.incoming").exists()


def test_a_table_says_what_a_mask_that_vanished_marked(workspace, dataset, tmp_path):
    labels = pd.DataFrame({"image_id": ["ISIC_0000001", "ISIC_0000002"], **dict.fromkeys(CRITERIA, "0")})
    labels.loc[0, "streaks"] = "1"
    files = {named("ISIC_0000001", "streaks"): EMPTY, named("ISIC_0000002", "streaks"): mask_png(),
             "labels.csv": labels.to_csv(index=False).encode()}
    found = import_criteria(workspace, write_zip(tmp_path / "c.zip", files), "some")
    of = known(dataset)
    assert (found.without_outline, found.marked["streaks"], len(of)) == (1, 2, 10)
    assert of[("ISIC_0000001", "streaks")][0] and np.isnan(of[("ISIC_0000001", "streaks")][1])
    assert of[("ISIC_0000002", "streaks")] == (True, pytest.approx(64 / 768))  # the mask is there, whatever is said
    assert of[("ISIC_0000002", "globules")] == (False, 0.0)


def test_what_cannot_be_used_is_named_and_the_rest_comes_in(workspace, dataset, tmp_path):
    files = {
        named("ISIC_0000001", "globules"): mask_png(), named("ISIC_0000001", "freckles"): mask_png(),
        named("ISIC_0000002", "globules"): mask_png(size=(24, 32)), named("ISIC_0000003", "globules"): b"no image",
        "again/ISIC_0000001_attribute_globules.png": EMPTY, "../../evil_attribute_globules.png": mask_png(),
    }
    found = import_criteria(workspace, write_zip(tmp_path / "c.zip", files), "some")
    assert found.images == 1 and len(found.problems) == 4
    said = " ".join(problem["problem"] for problem in found.problems)
    assert "is of no criterion that LesionLab knows" in said and "has 24 × 32 pixels, but its image 32 × 24." in said
    assert "is not an image that LesionLab can read." in said and "there are different masks of one criterion" in said
    assert sorted(path.name for path in (dataset.folder / "criteria" / "globules").iterdir()) == ["ISIC_0000001.png"]


def test_nothing_to_use_is_refused_and_what_there_was_stays(workspace, dataset, tmp_path):
    sentence = (
        "c.zip holds no mask of a dermoscopic criterion of an image of some that can be used. Masks are named "
        "<image_id>_attribute_<criterion>.png, with one of the criteria pigment_network, negative_network, streaks, "
        "milia_like_cyst, globules."
    )
    import_criteria(workspace, write_zip(tmp_path / "a.zip", {named("ISIC_0000001", "streaks"): mask_png()}), "some")
    before = known(dataset)
    with pytest.raises(DataError, match=exactly(sentence)):
        import_criteria(workspace, write_zip(tmp_path / "c.zip", {named("OTHER", "globules"): mask_png()}), "some")

    def stop(fraction, said):
        raise Cancelled

    with pytest.raises(Cancelled):
        import_criteria(workspace, write_zip(tmp_path / "d.zip", {named("ISIC_0000002", "globules"): mask_png()}),
                        "some", stop)
    assert known(dataset) == before


def test_a_damaged_table_is_named(workspace, dataset, tmp_path):
    import_criteria(workspace, write_zip(tmp_path / "a.zip", {named("ISIC_0000001", "streaks"): mask_png()}), "some")
    path = dataset.folder / "criteria" / "criteria.parquet"
    pd.read_parquet(path).assign(criterion="freckles").to_parquet(path)
    with pytest.raises(WorkspaceError, match="Import the criteria again"):
        read_criteria(dataset)


def test_the_command_says_what_came_in(workspace, dataset, tmp_path, capfd):
    path = write_zip(tmp_path / "c.zip", {named("ISIC_0000001", "globules"): mask_png(),
                                          named("OTHER", "globules"): mask_png()})
    assert main(["data", "criteria", str(path), "--data", "some"]) == 0
    said = capfd.readouterr().out
    assert said.startswith("some: the criteria of 1 image.\n") and "  globules: marked on 1\n" in said
    assert "1 image that some does not have: OTHER" in said
    assert main(["data", "criteria", str(path), "--data", "some", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["marked"]["globules"] == 1


def test_the_outline_leaves_what_it_goes_around_untouched():
    grey = np.full((60, 80, 3), 120, dtype=np.uint8)
    mask = np.zeros((30, 40), dtype=np.uint8)
    mask[10:20, 10:25] = 255
    drawn = np.asarray(outlined(Image.fromarray(grey), Image.fromarray(mask), 128))
    inside = np.asarray(Image.fromarray(mask).resize((80, 60))) >= 128
    assert (drawn[inside] == 120).all()
    assert {tuple(pixel) for pixel in drawn[~inside]} == {(120, 120, 120), (255, 255, 255), (0, 0, 0)}


def test_the_real_masks(workspace, real_data):
    archive = real_data / "isic2018-task12-512.zip"
    import_dataset(workspace, archive, "task12")
    found = import_criteria(workspace, archive, "task12")
    # one image has no diagnosis, and so is not in the data set; two marks vanished, one mask is not there
    assert (found.images, found.without_outline, found.unknown, found.problems) == (2593, 3, ["ISIC_0015982"], [])
    assert found.marked == {"globules": 603, "milia_like_cyst": 682, "negative_network": 190, "pigment_network": 1522,
                            "streaks": 100}
