"""The audit: lesions on both sides, near-duplicates, what metadata gives away; verdicts and what they do to splits."""

import dataclasses
import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageFilter

from pipeline.audit.findings import audit_dataset, is_current, pair_rows, stored_audit
from pipeline.audit.image_features import whitened
from pipeline.audit.label_leaks import cramers_v, label_leak
from pipeline.audit.near_duplicates import similar_pairs
from pipeline.audit.perceptual_hash import grey_square, hash_distances, orientation_hashes
from pipeline.cli import main
from pipeline.data.dataset import load_dataset
from pipeline.data.importing import import_dataset, set_sources
from pipeline.data.same_lesion import (
    confirmed_digest,
    import_verdicts,
    judge_pair,
    lesion_groups,
    metadata_by_lesion,
    read_verdicts,
    verdicts,
)
from pipeline.data.seen_lesions import seen_counts, seen_shares
from pipeline.data.split import make_split
from pipeline.errors import DataError, WorkspaceError
from tests.pipeline.data.test_split import LIKE_HAM
from tests.small_archives import TABLE, encoded, exactly, rows, write_zip


def scene(seed: int, size: tuple[int, int] = (96, 72)) -> np.ndarray:
    """uint8 (height, width, 3): smooth blobs, another picture for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC))


def relit(pixels: np.ndarray) -> np.ndarray:
    """The picture as another photograph of it: blurred, brighter, recompressed."""
    file = io.BytesIO()
    image = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(1)).point(lambda level: min(255, level * 1.05 + 4))
    image.save(file, "JPEG", quality=60)
    return np.asarray(Image.open(file))


def hashes_of(*pictures: np.ndarray) -> np.ndarray:
    return orientation_hashes(np.stack([grey_square(picture) for picture in pictures]))


def test_the_hash_forgives_light_blur_and_compression_but_not_another_picture():
    one, other = scene(1), scene(2)
    hashes = hashes_of(one, relit(one), other)
    near, far = hash_distances(hashes, np.array([0, 0]), np.array([1, 2]))
    assert near <= 8 and far >= 14


@pytest.mark.parametrize("turn", range(8))
def test_the_hash_finds_all_eight_orientations(turn):
    square = scene(3, (72, 72))
    turned = np.rot90(square[:, ::-1] if turn >= 4 else square, turn % 4)
    hashes = hashes_of(square, np.ascontiguousarray(turned))
    assert hash_distances(hashes, np.array([0]), np.array([1]))[0] <= 4


def test_whitening_takes_out_what_many_share():
    rng = np.random.default_rng(0)
    own, rim = rng.normal(size=(300, 40)), 20 * rng.normal(size=(300, 1)) * rng.normal(size=(1, 40))
    features = (own + rim).astype(np.float32)
    features[1] = features[0] + 0.05 * rng.normal(size=40)
    vectors = whitened(features)
    cosines = vectors @ vectors[0]
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert cosines[1] > 0.95 and np.abs(cosines[2:]).max() < 0.7


def test_similar_pairs_come_best_first_and_once():
    rng = np.random.default_rng(1)
    features = rng.normal(size=(1100, 60)).astype(np.float32)  # more than a block
    features[1050] = features[3]
    features[20] = features[10] + 0.1 * rng.normal(size=60)
    hashes = rng.integers(0, 2**63, (1100, 8), dtype=np.uint64)
    hashes[1050] = hashes[3]
    found, threshold, share = similar_pairs(features, hashes)
    assert (threshold, share) == (0.5, 1)
    assert found[["a", "b"]].values.tolist()[:2] == [[3, 1050], [10, 20]]
    assert found.at[0, "similarity"] == pytest.approx(1, abs=1e-4) and found["similarity"].between(0.5, 1).all()
    assert (found["a"] < found["b"]).all() and not found.duplicated(["a", "b"]).any()
    table = pd.DataFrame({"image_id": [f"I{n}" for n in range(1100)], "lesion_id": [f"L{n}" for n in range(1100)]})
    table.loc[20, "lesion_id"] = "L10"
    apart, in_all, same = pair_rows(table, found)
    assert same == 1 and len(apart) == in_all == len(found) - 1
    assert apart[0] == {
        "image_a": "I3", "image_b": "I1050", "lesion_a": "L3", "lesion_b": "L1050", "similarity": 1.0,
    }


def test_seen_lesions_are_counted():
    split = pd.DataFrame(
        [("A", "mel", "train"), ("A", "mel", "validation"), ("B", "mel", "validation"), ("C", "nv", "validation")],
        columns=["lesion_id", "dx", "part"],
    )
    assert seen_counts(split) == {
        "images": 3, "seen": 1, "share": 1 / 3, "melanomas": 2, "melanomas_seen": 1, "melanomas_share": 0.5,
    }


def test_the_articles_split_of_ham10000_leaks_as_measured(real_data):
    import zipfile

    with zipfile.ZipFile(real_data / "ham10000-200x150.zip") as archive:
        table = pd.read_csv(io.BytesIO(archive.read(TABLE)))
    shares = seen_shares(table)
    assert shares["lesion"]["seen"] == 0 and shares["random_mean"]["seeds"] == 20
    expected, mean = shares["random_expected"], shares["random_mean"]
    assert round(expected["share"], 2) == 0.39 and round(expected["melanomas_share"], 2) == 0.68
    assert abs(mean["share"] - expected["share"]) < 0.01
    assert abs(mean["melanomas_share"] - expected["melanomas_share"]) < 0.025


def leaky(images: int = 300) -> pd.DataFrame:
    """A table whose dx_type says the diagnosis, and whose source says nothing."""
    table = rows(images).assign(age=50.0)
    rng = np.random.default_rng(0)
    return table.assign(dx_type=table["dx"].map({"nv": "follow_up", "mel": "histo", "bcc": "confocal"}),
                        source=rng.choice(["one", "two"], images))


def test_what_the_metadata_gives_away():
    leak = label_leak(leaky(), "dx_type")
    assert leak["accuracy"] == leak["weighed_balanced_accuracy"] == 1 and leak["cramers_v"] == pytest.approx(1)
    assert leak["values"] == 3 and leak["recorded"] == 300 and leak["chance_balanced_accuracy"] == pytest.approx(1 / 3)
    nothing = label_leak(leaky(), "source")
    assert nothing["balanced_accuracy"] < 0.45 and nothing["cramers_v"] < 0.15


def test_a_column_that_is_not_recorded():
    leak = label_leak(leaky().assign(source=pd.NA), "source")
    assert leak["recorded"] == 0 and leak["values"] == 0 and np.isnan(leak["cramers_v"])
    assert leak["accuracy"] == leak["majority_accuracy"]
    assert np.isnan(cramers_v(pd.DataFrame([[3, 4]])))


@pytest.fixture
def pairs_set(workspace, tmp_path):
    """60 lesions of two images that differ; the image 40 is 0 again, under another lesion_id."""
    table = rows(120)
    pictures = {i: scene(n) for n, i in enumerate(table["image_id"])}
    pictures[table["image_id"][40]] = relit(pictures[table["image_id"][0]])
    files = {f"images/{i}.jpg": encoded(pixels, quality=90) for i, pixels in pictures.items()}
    path = write_zip(tmp_path / "pairs.zip", {TABLE: table.to_csv(index=False).encode(), **files})
    return import_dataset(workspace, path, "pairs")


def test_the_audit_finds_the_duplicate_and_stores_what_it_found(workspace, pairs_set, tmp_path, capfd):
    said = []
    found = audit_dataset(workspace, pairs_set, lambda fraction, sentence: said.append(fraction))
    best = found["near_duplicates"][0]
    assert {best["image_a"], best["image_b"]} == {"ISIC_0000000", "ISIC_0000040"} and best["similarity"] > 0.8
    assert {best["lesion_a"], best["lesion_b"]} == {"HAM_0000000", "HAM_0000020"}
    assert sorted((p["similarity"] for p in found["near_duplicates"]), reverse=True) == [
        p["similarity"] for p in found["near_duplicates"]
    ]
    assert found["seen"]["lesion"]["seen"] == 0 < found["seen"]["random_mean"]["share"]
    fractions = [fraction for fraction in said if fraction is not None]
    assert fractions == sorted(fractions) and fractions[-1] == 1
    stored = stored_audit(pairs_set)
    assert stored["near_duplicates"] == found["near_duplicates"] and is_current(pairs_set, stored)
    sources = pd.DataFrame({"image_id": pairs_set.metadata()["image_id"], "dataset": "clinic"})
    sources.to_csv(tmp_path / "sources.csv", index=False)
    set_sources(workspace, "pairs", tmp_path / "sources.csv")
    assert not is_current(pairs_set, stored)  # the sources are audited too

    assert main(["data", "audit", "pairs", "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert answer["near_duplicates"] == found["near_duplicates"]
    assert set(answer["near_duplicates"][0]) == {"image_a", "image_b", "lesion_a", "lesion_b", "similarity"}
    assert main(["data", "audit", "pairs"]) == 0
    text = capfd.readouterr().out
    assert "Validation images that show a lesion that training saw:" in text and "ISIC_0000040" in text


def test_verdicts_are_stored_and_taken_back(workspace, pairs_set):
    judge_pair(workspace, pairs_set, "ISIC_0000040", "ISIC_0000000", "same")
    judge_pair(workspace, pairs_set, "ISIC_0000002", "ISIC_0000004", "different")
    assert verdicts(pairs_set) == {
        ("ISIC_0000000", "ISIC_0000040"): "same", ("ISIC_0000002", "ISIC_0000004"): "different",
    }
    assert (pairs_set.folder / "same_lesion.csv").read_text() == (
        "image_a,image_b,verdict\nISIC_0000000,ISIC_0000040,same\nISIC_0000002,ISIC_0000004,different\n"
    )
    before = confirmed_digest(pairs_set)
    judge_pair(workspace, pairs_set, "ISIC_0000002", "ISIC_0000004", None)
    assert confirmed_digest(pairs_set) == before  # what is dismissed decides no split
    judge_pair(workspace, pairs_set, "ISIC_0000000", "ISIC_0000040", None)
    assert verdicts(pairs_set) == {} and confirmed_digest(pairs_set) is None
    (pairs_set.folder / "same_lesion.csv").write_text("nonsense\n")
    with pytest.raises(WorkspaceError, match="same_lesion.csv is damaged: it is no table with the columns"):
        verdicts(pairs_set)


def test_bad_rows_of_a_csv_are_named_and_nothing_is_stored(workspace, pairs_set, tmp_path):
    path = tmp_path / "verdicts.csv"
    path.write_text(
        "image_a,image_b,verdict\nISIC_0000000,ISIC_0000040,same\nISIC_0000000,NONE,same\n"
        "ISIC_0000001,ISIC_0000001,same\nISIC_0000002,ISIC_0000003,perhaps\nISIC_0000040,ISIC_0000000,different\n,x,same\n"
    )
    sentence = (
        "verdicts.csv has rows that cannot be used: line 3: the data set has no image NONE; line 4: ISIC_0000001 is "
        "paired with itself; line 5: the verdict is perhaps, not same or different; line 6: an earlier row has another "
        "verdict on the same pair; line 7: an image_id is missing. Correct them and try again; nothing was stored."
    )
    with pytest.raises(DataError, match=exactly(sentence)):
        import_verdicts(workspace, pairs_set, path)
    assert verdicts(pairs_set) == {}
    with pytest.raises(DataError, match="There is no file"):
        read_verdicts(pairs_set, tmp_path / "gone.csv")


def test_the_command_takes_a_csv(workspace, pairs_set, tmp_path, capfd):
    path = tmp_path / "verdicts.csv"
    path.write_text("image_a,image_b,verdict\nISIC_0000000,ISIC_0000040,Same\n")
    assert main(["data", "audit", "pairs", "--confirm", str(path), "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == {"name": "pairs", "same": 1, "different": 0}


def test_groups_are_connected_components():
    table = pd.DataFrame({"image_id": list("abcdef"), "lesion_id": ["L3", "L1", "L2", "L2", "L5", "L4"]})
    groups = lesion_groups(table, [("a", "c"), ("d", "b"), ("x", "a")])
    assert groups.tolist() == ["L1", "L1", "L1", "L1", "L5", "L4"]
    assert lesion_groups(table, []).tolist() == table["lesion_id"].tolist()


@pytest.mark.parametrize("kind", ["lesion", "lesion-test"])
def test_confirmed_pairs_stay_on_one_side(kind):
    before = make_split(LIKE_HAM, kind, 0)
    train, held_out = (before[before["part"] == part]["image_id"].head(12) for part in ("train", "validation"))
    pairs = list(zip(train, held_out, strict=True))
    after = make_split(LIKE_HAM.assign(group_id=lesion_groups(LIKE_HAM, pairs)), kind, 0)
    part_of = after.set_index("image_id")["part"]
    assert all(part_of[a] == part_of[b] for a, b in pairs)
    assert after.groupby("lesion_id")["part"].nunique().max() == 1
    assert after.columns.tolist() == before.columns.tolist() and (after["lesion_id"] == before["lesion_id"]).all()


def test_the_split_of_a_set_without_confirmed_pairs_stays_the_same(workspace, pairs_set):
    judge_pair(workspace, pairs_set, "ISIC_0000002", "ISIC_0000004", "different")
    table = metadata_by_lesion(pairs_set, None)
    pd.testing.assert_frame_equal(table, pairs_set.metadata())
    same_groups = LIKE_HAM.assign(group_id=LIKE_HAM["lesion_id"])
    for kind in ("lesion", "lesion-test", "random"):
        pd.testing.assert_frame_equal(make_split(LIKE_HAM, kind, 1), make_split(same_groups, kind, 1))


def test_a_run_records_the_confirmed_pairs_and_refuses_others(workspace, pairs_set):
    from pipeline.runs.plan import plan_config

    assert plan_config(workspace, "pairs", "quick", []).same_lesion is None
    judge_pair(workspace, pairs_set, "ISIC_0000000", "ISIC_0000040", "same")
    config = plan_config(workspace, "pairs", "quick", [])
    assert config.same_lesion == confirmed_digest(pairs_set)
    assert type(config).from_json(config.to_json()) == config
    assert metadata_by_lesion(pairs_set, config.same_lesion)["group_id"].iloc[40] == "HAM_0000000"
    sentence = (
        "The pairs of pairs that are confirmed to show one lesion have changed since this run was planned. Start a new "
        "run."
    )
    with pytest.raises(DataError, match=exactly(sentence)):
        metadata_by_lesion(pairs_set, dataclasses.replace(config, same_lesion=None).same_lesion)


def test_a_data_set_that_is_too_small_to_split_is_audited_all_the_same(workspace, tmp_path):
    table = rows(4)
    files = {f"{i}.jpg": encoded(scene(n)) for n, i in enumerate(table["image_id"])}
    import_dataset(workspace, write_zip(tmp_path / "s.zip", {TABLE: table.to_csv(index=False).encode(), **files}), "s")
    assert audit_dataset(workspace, load_dataset(workspace, "s"))["seen"] is None
