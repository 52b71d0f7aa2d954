"""The split: no lesion on two sides unless it is the article's, every diagnosis on each, and the promised shares."""

import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from pipeline.data.split import SPLIT_SENTENCES, limit_images, make_split
from pipeline.errors import DataError
from tests.small_archives import TABLE, exactly

SHARES = {
    "lesion": {"train": 0.8, "validation": 0.2},
    "lesion-test": {"train": 0.7, "validation": 0.15, "test": 0.15},
    "random": {"train": 0.8, "validation": 0.2},
}
BY_LESION = ("lesion", "lesion-test")


def made_up(lesions: dict[str, int], seed: int = 0) -> pd.DataFrame:
    """So many lesions of each diagnosis, one to four images each, rows in random order."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"{code}_{lesion}_{image}", f"{code}_{lesion}", code)
        for code, count in lesions.items() for lesion in range(count) for image in range(rng.integers(1, 5))
    ]
    table = pd.DataFrame(rows, columns=["image_id", "lesion_id", "dx"])
    return table.sample(frac=1, random_state=seed).set_index(np.arange(len(table)) + 1000)


LIKE_HAM = made_up({"nv": 500, "bkl": 70, "mel": 60, "bcc": 30, "akiec": 22, "vasc": 10, "df": 7})


@pytest.fixture(scope="module")
def real(real_data) -> pd.DataFrame:
    with zipfile.ZipFile(real_data / "ham10000-200x150.zip") as archive:
        return pd.read_csv(io.BytesIO(archive.read(TABLE)))


def parts_of_lesions(split: pd.DataFrame) -> pd.Series:
    return split.groupby("lesion_id")["part"].nunique()


def test_each_kind_has_its_sentence():
    assert set(SPLIT_SENTENCES) == {*SHARES, "all"}
    assert SPLIT_SENTENCES["random"] == (
        "The article's split: 80 % of the images train, 20 % validate, drawn image by image. Images of one lesion land "
        "on both sides, so the validation figures flatter the network."
    )


def test_all_holds_nothing_out():
    split = make_split(LIKE_HAM, "all", 3)
    assert split["image_id"].tolist() == LIKE_HAM["image_id"].tolist() and set(split["part"]) == {"train"}
    with pytest.raises(DataError, match=r"^There is no fold 1 in the split all. Set fold=0, or split=lesion"):
        make_split(LIKE_HAM, "all", 3, held_out_fold=1)


@pytest.mark.parametrize("kind", SHARES)
def test_shares_order_and_diagnoses(kind):
    split = make_split(LIKE_HAM, kind, 3)
    assert split.columns.tolist() == ["image_id", "lesion_id", "dx", "part"]
    assert split["image_id"].tolist() == LIKE_HAM["image_id"].tolist()
    shares = split["part"].value_counts(normalize=True)
    assert set(shares.index) == set(SHARES[kind])
    assert all(abs(shares[part] - share) < 0.01 for part, share in SHARES[kind].items())
    assert (pd.crosstab(split["dx"], split["part"]) > 0).all(axis=None)


@pytest.mark.parametrize("kind", BY_LESION)
def test_no_lesion_on_two_sides_and_each_diagnosis_in_its_share(kind):
    for seed in (0, 1):
        split = make_split(LIKE_HAM, kind, seed)
        assert (parts_of_lesions(split) == 1).all()
        by_dx = pd.crosstab(split["dx"], split["part"], normalize="index")
        large = by_dx.loc[["nv", "bkl", "mel", "bcc"]]
        assert all((abs(large[part] - share) < 0.06).all() for part, share in SHARES[kind].items())


def test_each_lesion_validates_in_one_of_the_five_folds():
    folds = [make_split(LIKE_HAM, "lesion", 3, fold) for fold in range(5)]
    validated = pd.concat([split.loc[split["part"] == "validation", "image_id"] for split in folds])
    assert sorted(validated) == sorted(LIKE_HAM["image_id"])
    assert all((parts_of_lesions(split) == 1).all() for split in folds)
    pd.testing.assert_frame_equal(folds[0], make_split(LIKE_HAM, "lesion", 3))


def test_each_image_validates_in_one_of_the_articles_five_folds():
    folds = [make_split(LIKE_HAM, "random", 3, fold) for fold in range(5)]
    validated = pd.concat([split.loc[split["part"] == "validation", "image_id"] for split in folds])
    assert sorted(validated) == sorted(LIKE_HAM["image_id"])
    pd.testing.assert_frame_equal(folds[0], make_split(LIKE_HAM, "random", 3))


def test_a_fold_that_is_none_is_refused():
    sentence = "There is no fold 1 in the split lesion-test. Set fold=0, or split=lesion."
    with pytest.raises(DataError, match=exactly(sentence)):
        make_split(LIKE_HAM, "lesion-test", 0, 1)
    rows = [(f"I{n}", f"L{n}", ("nv", "mel", "df")[n % 3]) for n in range(12)]
    few = pd.DataFrame(rows, columns=["image_id", "lesion_id", "dx"])
    with pytest.raises(DataError, match=exactly("There is no fold 4: so few images make 4 folds. Set fold=0.")):
        make_split(few, "lesion", 0, 4)


def test_the_articles_split_puts_lesions_on_both_sides():
    split = make_split(LIKE_HAM, "random", 0)
    both = parts_of_lesions(split) == 2
    validation = split[split["part"] == "validation"]
    assert validation["lesion_id"].map(both).mean() > 0.4


@pytest.mark.parametrize("kind", SHARES)
def test_the_seed_decides(kind):
    table = made_up({"nv": 60, "mel": 20, "df": 5})
    first, again, other = (make_split(table, kind, seed) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(first, again)
    assert (first["part"] != other["part"]).any()


@pytest.mark.parametrize("kind", SHARES)
@pytest.mark.parametrize("lesions", [3, 4, 6])
def test_small_sets_have_each_diagnosis_in_each_part(kind, lesions):
    codes = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
    for seed in range(8):
        split = make_split(made_up(dict.fromkeys(codes, lesions), seed), kind, seed)
        assert (pd.crosstab(split["dx"], split["part"])[list(SHARES[kind])] > 0).all(axis=None)
        assert kind == "random" or (parts_of_lesions(split) == 1).all()
        assert (split["part"] == "train").mean() > 0.2


def test_two_lesions_of_a_diagnosis_are_enough_for_two_parts():
    table = made_up({"nv": 40, "df": 2})
    for seed in range(10):
        split = make_split(table, "lesion", seed)
        assert split[split["dx"] == "df"].groupby("part")["lesion_id"].nunique().to_dict() == {
            "train": 1, "validation": 1,
        }


@pytest.mark.parametrize(
    ("lesions", "kind", "sentence"),
    [
        (
            {"nv": 40, "df": 1, "mel": 1}, "lesion",
            "Too few lesions to split: df (1), mel (1); each diagnosis needs at least 2, and the set 10 images. Use a "
            "larger data set or a higher limit.",
        ),
        (
            {"nv": 40, "df": 2}, "lesion-test",
            "Too few lesions to split: df (2); each diagnosis needs at least 3, and the set 10 images. Use a larger "
            "data set or a higher limit.",
        ),
        (
            {"nv": 40}, "lesion",
            "There is one diagnosis only, nv: nothing to tell apart. Use a data set with two or more.",
        ),
    ],
)
def test_too_little_to_split(lesions, kind, sentence):
    with pytest.raises(DataError, match=exactly(sentence)):
        make_split(made_up(lesions), kind, 0)


def test_fewer_than_ten_images():
    table = made_up({"nv": 20, "mel": 20}).groupby("dx").head(4)
    sentence = (
        "Too few lesions to split: all diagnoses; each diagnosis needs at least 2, and the set 10 images. Use a larger "
        "data set or a higher limit."
    )
    with pytest.raises(DataError, match=exactly(sentence)):
        make_split(table, "lesion", 0)


@pytest.mark.parametrize("limit", [100, 400, 1000])
def test_a_limit_keeps_whole_lesions_in_their_shares(limit):
    kept = limit_images(LIKE_HAM, limit, 1)
    rest = LIKE_HAM[~LIKE_HAM["image_id"].isin(kept["image_id"])]
    assert not set(kept["lesion_id"]) & set(rest["lesion_id"])
    assert limit <= len(kept) <= limit + 60
    assert kept.index.is_monotonic_increasing
    assert (kept.groupby("dx")["lesion_id"].nunique() >= 5).all() and kept["dx"].nunique() == 7
    expected = limit * (LIKE_HAM["dx"] == "nv").mean()
    assert abs((kept["dx"] == "nv").sum() - expected) <= 4
    pd.testing.assert_frame_equal(kept, limit_images(LIKE_HAM, limit, 1))
    assert set(kept["image_id"]) != set(limit_images(LIKE_HAM, limit, 2)["image_id"])


def test_a_limit_above_the_number_of_images_keeps_all():
    assert limit_images(LIKE_HAM, len(LIKE_HAM), 0) is LIKE_HAM


def test_the_real_table(real):
    split = make_split(real, "lesion", 0)
    assert (parts_of_lesions(split) == 1).all()
    assert abs((split["part"] == "validation").mean() - 0.2) < 0.002
    shares = pd.crosstab(split["dx"], split["part"], normalize="index")["validation"]
    assert ((shares > 0.17) & (shares < 0.23)).all()
    # ../shared/data/README.md: 39 % of the validation images of a random split, 68 % of the melanomas
    split = make_split(real, "random", 0)
    validation = split[split["part"] == "validation"]
    leaks = validation["lesion_id"].isin(split.loc[split["part"] == "train", "lesion_id"])
    assert abs(leaks.mean() - 0.39) < 0.03
    assert abs(leaks[validation["dx"] == "mel"].mean() - 0.68) < 0.08
    kept = limit_images(real, 2000, 0)
    assert 2000 <= len(kept) <= 2015


@pytest.mark.parametrize("seed", range(10))
def test_few_lesions_are_split_or_refused_in_words(seed):
    rows = [(f"I{n}", f"L{n}", "nv" if n < 12 else "mel" if n < 15 else "df") for n in range(18)]
    split = make_split(pd.DataFrame(rows, columns=["image_id", "lesion_id", "dx"]), "lesion-test", seed)
    assert split.groupby("part")["dx"].nunique().to_dict() == {"test": 3, "train": 3, "validation": 3}
