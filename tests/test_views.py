"""Which part of an original its copies show: squares imported, masks and heatmaps laid on them, uploads cut to them."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from pipeline.cli import main
from pipeline.data.dataset import load_dataset
from pipeline.data.importing import import_dataset
from pipeline.data.masks import import_masks
from pipeline.data.prepare import prepare_image, seen_box, square_box
from pipeline.errors import DataError, ModelError
from pipeline.evaluation.evidence import mask_on_grid
from pipeline.export.formats import left_out
from pipeline.inference.evaluation_plan import plan_evaluation
from pipeline.inference.predictor import Predictor
from pipeline.jobs.evaluating import create_evaluation
from pipeline.jobs.job_worker import work
from pipeline.models.card import model_card
from pipeline.models.combined import combine
from pipeline.models.model_info import find_model
from pipeline.runs.plan import create, plan_config
from tests.small_archives import TABLE, encoded, files_of, jpeg, mask_png, noise, rows, write_folder, write_zip

SPOT = (0.55, 0.3)  # across and down, of a 4:3 original
SETTINGS = ["size=32x32", "epochs=0,1", "weights=random", "batch_size=8", "keep=last"]


def original(size: tuple[int, int] = (600, 450)) -> Image.Image:
    """Black, with one white spot at SPOT."""
    down, across = np.mgrid[: size[1], : size[0]]
    far = np.hypot(across / size[0] - SPOT[0], (down / size[1] - SPOT[1]) * size[1] / size[0])
    return Image.fromarray(np.where(far < 0.06, 255, 0).astype(np.uint8)).convert("RGB")


def square(image: Image.Image, side: int) -> Image.Image:
    return image.crop(square_box(image.size)).resize((side, side), Image.Resampling.BILINEAR)


def centre(pixels: np.ndarray) -> np.ndarray:
    """Where the light lies, across and down, each 0..1."""
    light = pixels.astype(float)
    down, across = np.mgrid[: light.shape[0], : light.shape[1]] + 0.5
    return np.array([(light * across).sum() / light.shape[1], (light * down).sum() / light.shape[0]]) / light.sum()


COPIES = {"600x450": original(), "200x150": original((200, 150)), "square": square(original(), 256)}


@pytest.mark.parametrize("resize", ["squish", "crop"])
@pytest.mark.parametrize("copy", COPIES)
def test_a_spot_lies_where_every_copy_says(copy, resize):
    """The input of a model of squares, 96 × 64: on each copy the spot comes to one place, and the box tells which."""
    image = COPIES[copy]
    seen = prepare_image(image, 64, 96, resize, view="square")[..., 0]
    expected = prepare_image(square(original(), 450), 64, 96, resize)[..., 0]
    np.testing.assert_allclose(centre(seen), centre(expected), atol=0.01)
    left, top, right, bottom = seen_box(image.size, 64, 96, resize, "square")
    at = centre(np.asarray(image)[..., 0]) * image.size
    np.testing.assert_allclose((at - (left, top)) / (right - left, bottom - top), centre(seen), atol=0.01)
    # a mask, in whichever copy's size, lies on the heatmap's cells as the spot on the input
    grid = mask_on_grid(image, 64, 96, resize, (16, 24), "square")
    np.testing.assert_allclose(centre(grid), centre(seen), atol=0.01)


def test_of_whole_copies_all_is_seen():
    assert seen_box((200, 150), 64, 96, "squish") == (0, 0, 200, 150)
    assert seen_box((200, 150), 64, 96, "squish", "square") == (25, 0, 175, 150)
    assert square_box((150, 200)) == (0, 25, 150, 175) and square_box((7, 7)) == (0, 0, 7, 7)
    # on the copies of 600 × 450, the same part three times as large
    assert seen_box((600, 450), 64, 96, "squish", "square") == (75, 0, 525, 450)


def test_an_original_is_brought_to_what_its_square_was():
    """Cut, then reduced with the kernel that the squares were made with: the very pixels, before the input's size."""
    image = Image.fromarray(noise(3, (600, 450)))
    copy = square(image, 256)
    seen = prepare_image(image, 96, 96, "squish", (256, 256), "square")
    assert (seen == prepare_image(copy, 96, 96, "squish", (256, 256), "square")).all()
    assert (prepare_image(image, 256, 256, "squish", (256, 256), "square") == np.asarray(copy)).all()


def test_real_originals_are_brought_to_their_squares(real_data):
    """Within the squares' own compression, and nearer than with the other kernel, each of them."""
    apart = []
    with (
        zipfile.ZipFile(real_data / "ham10000-600x450-sample.zip") as originals,
        zipfile.ZipFile(real_data / "ham10000-256-centre.zip") as copies,
    ):
        for name in [name for name in originals.namelist() if name.endswith(".jpg")][::8]:
            image, copy = (Image.open(io.BytesIO(of.read(name))).convert("RGB") for of in (originals, copies))
            bilinear = prepare_image(image, 256, 256, "squish", (256, 256), "square")
            bicubic = np.asarray(image.crop(square_box(image.size)).resize((256, 256), Image.Resampling.BICUBIC))
            made = [Image.open(io.BytesIO(encoded(pixels, quality=75))) for pixels in (bilinear, bicubic)]
            apart.append([np.abs(np.asarray(of, float) - np.asarray(copy, float)).mean() for of in made])
    apart = np.array(apart)
    assert (apart[:, 0] < apart[:, 1]).all() and apart[:, 0].mean() < 0.4 < 0.8 < apart[:, 1].mean()


def squares(images: int = 24, **of_image) -> dict[str, bytes]:
    """Images alone, all but the first two of `rows`, as squares."""
    files = files_of(rows(images), size=(24, 24), **of_image)
    return {name: content for name, content in files.items() if name.endswith(("2.jpg", "3.jpg", "4.jpg", "5.jpg"))}


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "elsewhere.csv"
    path.write_bytes(rows().to_csv(index=False).encode())
    return path


@pytest.mark.parametrize("within", ["csv", "zip"])
def test_a_table_that_lies_elsewhere(workspace, tmp_path, table, within):
    source = write_zip(tmp_path / "images.zip", squares())
    with pytest.raises(DataError, match="holds no HAM10000_metadata.csv"):
        import_dataset(workspace, source, "squares")
    if within == "zip":
        table = write_zip(tmp_path / "small.zip", files_of(rows()))
    dataset = import_dataset(workspace, source, "squares", table=table, view="square")
    assert (dataset.images, dataset.view, dataset.copy_size()) == (10, "square", (24, 24))
    assert dataset.notes[0] == "Its images are copies of the central square over the shorter side of the originals."
    assert load_dataset(workspace, "squares").view == "square"
    assert import_dataset(workspace, source, "squares", table=table, view="square") == dataset
    with pytest.raises(DataError, match="taken by a data set with other content"):
        import_dataset(workspace, source, "squares", table=table)


def test_what_is_missing_comes_from_whole_copies(workspace, tmp_path, table):
    source, small = write_zip(tmp_path / "squares.zip", squares()), write_zip(tmp_path / "small.zip", files_of(rows()))
    given = {"table": table, "fill": small}
    with pytest.raises(DataError, match="^Only an archive of central squares"):
        import_dataset(workspace, source, "all", **given)
    dataset = import_dataset(workspace, source, "all", **given, view="square")
    assert (dataset.images, dataset.copy_size()) == (24, (24, 24))
    assert dataset.notes[1].startswith("14 of its 24 images are not in squares.zip and were made from copies of the ")
    kept = dataset.image_path("ISIC_0000002.jpg").read_bytes()
    assert kept == squares()["images/ISIC_0000002.jpg"]
    made = Image.open(dataset.image_path("ISIC_0000000.jpg"))
    expected = square(Image.open(io.BytesIO(jpeg(0))), 24)
    assert np.abs(np.asarray(made, float) - np.asarray(expected, float)).mean() < 15  # but for the compression of noise
    assert import_dataset(workspace, source, "all", **given, view="square") == dataset


def test_what_is_no_square_is_left_out(workspace, tmp_path):
    files = files_of(rows(), size=(24, 24))
    files["images/ISIC_0000003.jpg"] = jpeg(3)
    dataset = import_dataset(workspace, write_zip(tmp_path / "mixed.zip", files), "mixed", view="square")
    assert dataset.images == 23 and [problem["image_id"] for problem in dataset.problems] == ["ISIC_0000003"]


def test_masks_of_whole_originals_are_cut_to_their_squares(workspace, tmp_path):
    dataset = import_dataset(
        workspace, write_zip(tmp_path / "s.zip", files_of(rows(), size=(24, 24))), "squares", view="square"
    )
    masks = {
        "ISIC_0000000_segmentation.png": encoded(np.asarray(original((200, 150)))[..., 0], "PNG"),
        "ISIC_0000001_segmentation.png": mask_png((24, 24)),
    }
    found = import_masks(workspace, write_folder(tmp_path / "masks", masks), "squares")
    assert (found.masks, found.problems) == (2, [])
    cut = Image.open(dataset.mask_path("ISIC_0000000"))
    assert cut.size == (24, 24)
    np.testing.assert_allclose(centre(np.asarray(cut)), centre(np.asarray(square(original(), 450))[..., 0]), atol=0.02)
    assert dataset.mask_path("ISIC_0000001").read_bytes() == mask_png((24, 24))


def test_the_command(workspace, tmp_path, table, capfd):
    source = write_zip(tmp_path / "images.zip", squares())
    told = ["data", "import", str(source), "--table", str(table), "--view", "square", "--name", "squares", "--json"]
    assert main(told) == 0
    answer = json.loads(capfd.readouterr().out)
    assert (answer["images"], answer["view"]) == (10, "square")
    assert main(["data", "import", "--name", "squares", "--table", str(table)]) == 1


@pytest.fixture
def of_squares(workspace, tmp_path):
    """A model of squares, and the data set of the whole images, 96 × 72, that they were cut from."""
    whole = write_zip(tmp_path / "whole.zip", files_of(rows(), size=(96, 72)))
    with zipfile.ZipFile(whole) as archive:
        cut = {TABLE: archive.read(TABLE)}
        for name in archive.namelist():
            if name.endswith(".jpg"):
                image = square(Image.open(io.BytesIO(archive.read(name))), 48)
                cut[name.replace(".jpg", ".png")] = encoded(np.asarray(image), "PNG")
    dataset = import_dataset(workspace, write_zip(tmp_path / "cut.zip", cut), "squares", view="square")
    run = create(workspace, plan_config(workspace, "squares", "demo", SETTINGS))
    assert work(run, workspace).state == "done"
    return run, dataset, import_dataset(workspace, whole, "whole")


def test_a_model_of_squares_sees_the_square_of_any_copy(workspace, of_squares):
    run, dataset, whole = of_squares
    info = find_model(workspace, run.name)
    assert (run.config().view, info.view, info.detail) == ("square", "square", (48, 48))
    assert "central square of the shorter side and reduced to 48×48 pixels" in left_out(info, "onnx")
    assert "give it the central square" in left_out(info, "fastai")
    assert "it sees the central square over the shorter side. A larger image is first reduced to 48×48" in model_card(
        workspace, info)
    predictor = Predictor(info)
    for image_id in ("ISIC_0000000", "ISIC_0000013"):
        with Image.open(whole.image_path(f"{image_id}.jpg")) as image:
            seen = predictor.prepare(image.convert("RGB"))
        with Image.open(dataset.image_path(f"{image_id}.png")) as image:
            assert (seen == predictor.prepare(image.convert("RGB"))).all()


def test_an_evaluation_on_whole_images_says_what_was_seen(workspace, of_squares, tmp_path):
    run, _, _ = of_squares
    other = files_of(rows(48).iloc[24:], size=(96, 72))
    import_dataset(workspace, write_zip(tmp_path / "other.zip", other), "other")
    of_whole = create(workspace, plan_config(workspace, "whole", "demo", SETTINGS))
    assert work(of_whole, workspace).state == "done"
    assert (find_model(workspace, of_whole.name).view, find_model(workspace, of_whole.name).detail) == ("whole", None)
    with pytest.raises(ModelError, match="see other parts of an image"):
        combine(workspace, "both", [run.name, of_whole.name], False)
    import_dataset(workspace, write_zip(tmp_path / "s.zip", files_of(rows(48).iloc[24:], size=(24, 24))), "cut",
                   view="square")
    words = plan_evaluation(workspace, of_whole.name, "cut").sentences()
    assert any("has their central squares alone" in sentence for sentence in words)
    assert not any("squares alone" in sentence for sentence in plan_evaluation(workspace, run.name, "cut").sentences())
    # last: a training would wait for its turn
    evaluation = create_evaluation(workspace, plan_evaluation(workspace, run.name, "other"))
    assert evaluation.config().view == "square"


def labels(**changes) -> bytes:
    lines = ["image_id,dx,lesion_id,source,globules,milia_like_cyst,negative_network,pigment_network,streaks"]
    for n in range(24):
        code = changes.get(f"dx{n}", ("bkl", "mel", "nv")[n % 3])
        lines.append(f"ISIC_{n:07d},{code},{f'MSK4_{n % 3:07d}' if n < 6 else ''},ISIC2018T12,0,1,0,1,0")
    return "\n".join(lines).encode()


def test_the_labels_of_tasks_1_and_2(workspace, tmp_path):
    files = {f"images/ISIC_{n:07d}.jpg": jpeg(n, (24, 24)) for n in range(24)} | {
        "labels.csv": labels(dx23=""), "masks/ISIC_0000001_segmentation.png": mask_png((24, 24)),
        "attributes/ISIC_0000001_attribute_globules.png": mask_png((24, 24)),
    }
    dataset = import_dataset(workspace, write_zip(tmp_path / "task12.zip", files), "task12")
    assert (dataset.images, dataset.lesions, dataset.view) == (23, 20, "square")
    assert dataset.classes == ("bkl", "mel", "nv") and dataset.licence == "CC BY-NC 4.0"
    assert "1902.03368" in dataset.attribution and "HAM10000" not in dataset.attribution
    assert dataset.problems == [{"image_id": "ISIC_0000023", "problem": "the row has no dx"}]
    assert dataset.notes[1].startswith("18 of 24 images have no lesion id:")
    table = dataset.metadata()
    assert set(table["source"]) == {"ISIC2018T12"} and dataset.mask_path("ISIC_0000001") is not None
    with pytest.raises(DataError, match="maps to no code unless somebody confirms it: xyz"):
        import_dataset(workspace, write_zip(tmp_path / "odd.zip", {**files, "labels.csv": labels(dx0="xyz")}), "odd")
