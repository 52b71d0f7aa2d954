"""Reserved images: chosen by content, whole lesions with their near-twins, in no training, and judged alone."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageFilter

from pipeline.audit.near_twins import fingerprints, near_twins, twins_within
from pipeline.audit.perceptual_hash import orientation_hashes, oriented
from pipeline.cli import main
from pipeline.data.importing import import_dataset
from pipeline.data.reserved import choose_reserved, reservation, reserve, reserved_digest, reserved_images
from pipeline.data.same_lesion import judge_pair, lesion_groups
from pipeline.errors import DataError, WorkspaceError
from pipeline.inference.evaluation_plan import plan_evaluation
from pipeline.jobs.job_worker import work
from pipeline.models.model_info import find_model
from pipeline.models.training_images import training_images
from pipeline.networks.device import describe
from pipeline.runs.plan import create, other_split, plan_config
from pipeline.training.estimate import estimate_run
from tests.small_archives import encoded, files_of, rows, write_zip

SETTINGS = ["size=32x32", "epochs=0,1", "weights=random", "batch_size=8", "keep=last"]


def texture(seed: int, size: int = 160) -> Image.Image:
    """Soft noise: what a picture of skin has for the hash, and fine detail of its own."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)).resize((size, size))
    fine = Image.fromarray(rng.integers(0, 255, (size, size, 3), dtype=np.uint8)).filter(ImageFilter.GaussianBlur(2))
    return Image.blend(coarse, fine, 0.4)


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    return encoded(np.asarray(image), quality=quality)


def made_of(pictures: dict[int, Image.Image], images: int = 60, quality: int = 90) -> dict[str, bytes]:
    """A set like `rows`, each image a texture of its own but for those given."""
    files = files_of(rows(images))
    for n in range(images):
        files[f"images/ISIC_{n:07d}.jpg"] = jpeg(pictures.get(n, texture(n)), quality)
    return files


@pytest.fixture
def dataset(workspace, tmp_path):
    """Sixty images of thirty lesions; image 31 is 0 turned, smaller and compressed, and 32 is 7 mirrored."""
    pictures = {
        31: texture(0).transpose(Image.Transpose.ROTATE_90).resize((110, 110)),
        32: texture(7).transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    }
    return import_dataset(workspace, write_zip(tmp_path / "set.zip", made_of(pictures, quality=70)), "set")


def test_the_orientations_are_those_of_the_hashes():
    squares = np.random.default_rng(0).random((3, 32, 32)).astype(np.float32)
    hashes, turned = orientation_hashes(squares), oriented(squares)
    for orientation in range(8):
        own = orientation_hashes(np.ascontiguousarray(turned[:, orientation]))[:, 0]
        assert (own == hashes[:, orientation]).all()


def test_near_twins_are_found_turned_and_compressed_and_nothing_else(dataset):
    assert sorted(twins_within(dataset)) == [("ISIC_0000000", "ISIC_0000031"), ("ISIC_0000007", "ISIC_0000032")]
    ours = fingerprints(dataset)
    assert near_twins(ours.of(np.arange(20)), ours.of(np.arange(20, 60))) == [(0, 11), (7, 12)]
    assert near_twins(ours.of(np.arange(0)), ours) == near_twins(ours, ours.of(np.arange(0))) == []


def test_fingerprints_are_kept_and_made_anew_where_they_are_damaged(dataset):
    first = fingerprints(dataset)
    path = dataset.folder / "cache" / "fingerprints" / "squares.rows"
    kept, squares = path.stat().st_mtime_ns, np.array(first.squares)
    assert (fingerprints(dataset).hashes == first.hashes).all() and path.stat().st_mtime_ns == kept
    path.write_bytes(b"broken")
    assert (fingerprints(dataset).squares == squares).all() and path.stat().st_mtime_ns != kept
    other = dataclasses.replace(dataset, content_hash="another")
    assert fingerprints(other).hashes.shape == (60, 8)


def test_near_twins_are_kept_as_well(dataset):
    first = twins_within(dataset)
    path = dataset.folder / "cache" / "near_twins.npz"
    kept = path.stat().st_mtime_ns
    assert twins_within(dataset) == first and path.stat().st_mtime_ns == kept
    for pairs in ([[0, 10**9]], [[-1, 2]], [[1, 2, 3]]):  # of no image, or no pairs
        np.savez(path, version=1, content_hash=dataset.content_hash, pairs=np.array(pairs))
        assert twins_within(dataset) == first


def table_of(lesions: int = 100) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    owner = rng.integers(0, lesions, 300)
    return pd.DataFrame({
        "image_id": [f"I{n:03d}" for n in range(300)], "lesion_id": [f"L{n:03d}" for n in owner],
        "dx": [("mel", "nv", "nv", "bkl")[n % 4] for n in owner], "sha256": [f"{n * 7919:064x}" for n in range(300)],
    })


def test_a_fifth_of_each_diagnosis_whole_lesions_whatever_the_order_and_the_ids():
    table = table_of()
    chosen = choose_reserved(table, table["lesion_id"], 0)
    shares = chosen.groupby(table["dx"]).mean()
    assert shares.between(0.2, 0.25).all() and set(shares.index) == {"mel", "nv", "bkl"}
    assert chosen.groupby(table["lesion_id"]).nunique().eq(1).all()
    shuffled = table.sample(frac=1, random_state=3)
    renamed = shuffled.assign(lesion_id=shuffled["lesion_id"].map(lambda name: f"x{name[::-1]}"))
    again = choose_reserved(renamed, renamed["lesion_id"], 0)
    assert set(shuffled.loc[again, "sha256"]) == set(table.loc[chosen, "sha256"])
    other = choose_reserved(table, table["lesion_id"], 1)
    assert set(table.loc[other, "sha256"]) != set(table.loc[chosen, "sha256"])


def test_what_belongs_together_is_reserved_together():
    table = table_of()
    pairs = [(table["image_id"][n], table["image_id"][299 - n]) for n in range(20)]
    group = lesion_groups(table, pairs)
    chosen = choose_reserved(table, group, 0)
    assert chosen.groupby(group).nunique().eq(1).all()
    one = pd.DataFrame({"image_id": ["a", "b"], "dx": ["mel", "nv"], "sha256": ["1", "2"]})
    assert not choose_reserved(one, one["image_id"], 0).any()  # the only lesion of a diagnosis stays


def test_a_reservation_is_stored_once_and_for_good(workspace, dataset):
    assert reservation(dataset) is None and reserved_digest(dataset) is None
    found = reserve(workspace, dataset, twins_within(dataset))
    assert 12 <= len(found["images"]) <= 18 and found["near_twins"] == 2
    for pair in (("ISIC_0000000", "ISIC_0000031"), ("ISIC_0000007", "ISIC_0000032")):
        assert len(reserved_images(dataset) & set(pair)) in (0, 2)
    assert reserve(workspace, dataset, []) == found == reservation(dataset)
    with pytest.raises(DataError, match="reserved already, with seed 0"):
        reserve(workspace, dataset, [], seed=1)
    with pytest.raises(WorkspaceError, match="of images that the data set set does not hold"):
        reserved_images(dataclasses.replace(dataset, content_hash="another"))


def test_no_part_of_any_split_has_a_reserved_image(workspace, dataset):
    before = create(workspace, plan_config(workspace, "set", "demo", SETTINGS))
    reserve(workspace, dataset, [])
    kept = reserved_images(dataset)
    refused = work(before, workspace)
    assert refused.state == "failed" and "Which images are reserved has changed" in refused.error
    for more in ([], ["split=random"], ["split=all"], ["split=lesion-test"], ["limit=40"]):
        run = create(workspace, plan_config(workspace, "set", "demo", [*SETTINGS, *more]))
        assert work(run, workspace).state == "done" and run.config().reserved == reserved_digest(dataset)
        assert not kept & set(run.split()["image_id"])
        assert not kept & set(training_images(find_model(workspace, run.name))["image_id"])
    assert len(run.split()) < 60 - len(kept) + 1
    estimate = estimate_run(dataset, plan_config(workspace, "set", "demo", SETTINGS), describe([]))
    assert estimate.seconds > 0


def test_a_lesion_that_is_confirmed_to_be_a_reserved_one_leaves_too(workspace, dataset):
    kept = sorted(reserve(workspace, dataset, [])["images"])
    lesion_of = dataset.metadata().set_index("image_id")["lesion_id"]
    stranger = next(i for i in lesion_of.index if i not in kept)
    judge_pair(workspace, dataset, kept[0], stranger, "same")
    run = create(workspace, plan_config(workspace, "set", "demo", SETTINGS))
    assert work(run, workspace).state == "done"
    assert lesion_of[stranger] not in set(run.split()["lesion_id"])


def test_an_older_run_is_no_start_and_its_other_split_obeys(workspace, dataset):
    run = create(workspace, plan_config(workspace, "set", "demo", SETTINGS))
    assert work(run, workspace).state == "done"
    reserve(workspace, dataset, [])
    with pytest.raises(DataError, match="were reserved after the run"):
        plan_config(workspace, None, "demo", [], f"{run.name}:1")
    assert other_split(workspace, run).reserved == reserved_digest(dataset)


def test_an_evaluation_leaves_them_out_or_has_them_alone(workspace, dataset, tmp_path, capfd):
    run = create(workspace, plan_config(workspace, "set", "demo", SETTINGS))
    assert work(run, workspace).state == "done"
    files = {name.replace("ISIC_0", "ISIC_9"): content for name, content in made_of({}).items()}
    files["HAM10000_metadata.csv"] = files["HAM10000_metadata.csv"].replace(b"ISIC_0", b"ISIC_9").replace(b"HAM", b"H")
    for n in range(60):
        files[f"images/ISIC_9{n:06d}.jpg"] = jpeg(texture(1000 + n))
    import_dataset(workspace, write_zip(tmp_path / "other.zip", files), "other")
    with pytest.raises(DataError, match="No image of the data set other is reserved"):
        plan_evaluation(workspace, run.name, "other", part="reserved")
    assert main(["data", "reserve", "other", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["near_twins"] == 0 and sum(told["diagnoses"].values()) == told["images"]
    alone, rest = plan_evaluation(workspace, run.name, "other", part="reserved"), plan_evaluation(
        workspace, run.name, "other")
    assert len(alone.images) == told["images"] and len(rest.images) == 60 - told["images"]
    assert not set(alone.images["image_id"]) & set(rest.images["image_id"])
    assert f"Left out because they are reserved, for one judgement at the end: {told['images']} images." in (
        rest.sentences())
    assert main(["evaluate", run.name, "--data", "other", "--part", "reserved", "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert answer["evaluation"]["judged_part"] == "reserved"
    assert answer["results"]["test"]["images"] == told["images"]
    with pytest.raises(SystemExit):
        main(["evaluate", run.name, "--part", "reserved"])
