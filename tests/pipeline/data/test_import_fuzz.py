"""Over 200 ways in which one small data set may be brought: each is imported rightly, or refused in a sentence that
says what to do; never silently less.

Every variant holds the same twelve images, lesions and diagnoses. It draws, by its seed, a layout, an encoding, a
separator, how ids, diagnoses, ages and sexes are written, the images' format, and where the files lie.
"""

import csv
import io
import random
import unicodedata
from dataclasses import dataclass, field

import numpy as np
import pytest
from PIL import Image

from pipeline.data.importing import import_dataset
from pipeline.data.naming import UnconfirmedNamesError
from pipeline.errors import DataError
from tests.small_archives import write_folder, write_zip

VARIANTS = 220
_EACH = 20  # variants in one test
IMAGES, CODES = 12, ("nv", "nv", "mel", "bkl", "bcc", "nv")  # of each lesion in turn; two images a lesion
_NAMES = {
    "nv": ("nv", "NV", "nevus", "Naevus", "melanocytic nevus", "Melanocytic_nevi"),
    "mel": ("mel", "MEL", "melanoma", "Melanoma, NOS", "malignant melanoma"),
    "bkl": ("bkl", "benign keratosis", "Benign keratosis-like lesions", "Seborrhoeic keratosis", "solar lentigo"),
    "bcc": ("bcc", "Basal cell carcinoma", "basal-cell carcinoma"),
}
_TO_CONFIRM = {"Seborrhoeic keratosis", "solar lentigo"}
_AGES = {60: ("60", "60.0", "60,0", "60+", "60 years", "sixty", "60 Jahre"), 85: ("85", "85+", ">85", "85,0", "85 yrs")}
_SEXES = {"male": ("male", "M", "Male", "man", "männlich"), "female": ("female", "F", "FEMALE", "woman", "weiblich")}
_FORMATS = {
    ".jpg": "JPEG", ".JPG": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".tif": "TIFF", ".bmp": "BMP",
}
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")
_HAM = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization")
_COLUMNS = {  # ours to the layout's own
    "ham": {name: name for name in _HAM},
    "isic archive": {"image_id": "isic_id", "dx": "diagnosis_3", "lesion_id": "lesion_id", "age": "age_approx",
                     "sex": "sex", "localization": "anatom_site_general"},
    "pad-ufes": {"image_id": "img_id", "dx": "diagnostic", "lesion_id": "lesion_id", "age": "age", "sex": "gender",
                 "localization": "region"},
    "any": {"image_id": "image_name", "dx": "diagnosis", "lesion_id": "lesion_id", "age": "age", "sex": "sex",
            "localization": "location"},
}
_FILE = {
    "ham": "HAM10000_metadata.csv", "isic archive": "metadata.csv", "pad-ufes": "metadata.csv", "any": "labels.csv",
}
_PICTURES = [
    Image.fromarray(np.random.default_rng(n).integers(60, 220, (6, 8, 3), dtype=np.uint8)) for n in range(IMAGES)
]


def _picture(n: int, suffix: str) -> bytes:
    file = io.BytesIO()
    _PICTURES[n].save(file, _FORMATS[suffix])
    return file.getvalue()


@dataclass
class Variant:
    """The files of one variant, by their paths; what its ids, diagnoses, ages and sexes are, by image; and whether its
    names need somebody's word or its table cannot be used."""

    said: str
    files: dict[str, bytes]
    truth: dict[str, str]
    ages: dict[str, int] = field(default_factory=dict)
    sexes: dict[str, str] = field(default_factory=dict)
    confirm: bool = False
    refused: str = ""
    guesses: list[str] = field(default_factory=list)


def _table(
    draw: random.Random, records: list[dict[str, str]], columns: dict[str, str], quirk: str
) -> tuple[bytes, str]:
    """The table in some encoding and separator, and the encoding."""
    separator = draw.choice(",;\t")
    lines = io.StringIO()
    names = list(columns.values())
    if draw.random() < 0.2:
        names = [name.upper() for name in names]
    writer = csv.writer(lines, delimiter=separator, lineterminator=draw.choice(("\n", "\r\n")))
    writer.writerow(names)
    for record in records:
        writer.writerow([record[ours] for ours in columns])
    text = lines.getvalue()
    if quirk == "cut":  # a row that lacks its last value
        text = text.rstrip().rpartition(separator)[0] + "\n"
    if draw.random() < 0.2:
        text = f"sep={separator}\n{text}"
    encoding = draw.choice(_ENCODINGS)
    return text.encode(encoding), encoding


def _written_id(how: str, image_id: str, suffix: str) -> str:
    return {
        "plain": image_id, "suffix": image_id + suffix, "capitals": image_id.swapcase(),
        "path": f"images/{image_id}{suffix}", "windows": f"images\\{image_id}{suffix}",
        "other suffix": f"{image_id}.jpg",
    }[how]


def variant(seed: int) -> Variant:
    """The variant of that seed, always the same."""
    draw = random.Random(seed)
    layout = draw.choice(("ham", "ham", "isic archive", "pad-ufes", "any", "folders"))
    suffix = draw.choice(sorted(_FORMATS))
    stem = draw.choice(("IMG_{:04d}", "ä_{:d}", "Läsion {:d}", "isic_{:07d}"))
    ids = [stem.format(n) for n in range(IMAGES)]
    codes = {image_id: CODES[n // 2 % len(CODES)] for n, image_id in enumerate(ids)}
    name = {code: draw.choice(names) for code, names in _NAMES.items()}
    confirm = bool(_TO_CONFIRM & set(name.values()))
    on_disk = draw.choice(("NFC", "NFD"))
    paths = {image_id: unicodedata.normalize(on_disk, image_id) + suffix for image_id in ids}
    if layout == "folders":
        part = {image_id: draw.choice(("Train", "Test")) for image_id in ids}
        files = {f"{part[i]}/{name[codes[i]]}/{paths[i]}": _picture(n, suffix) for n, i in enumerate(ids)}
        return Variant(f"{seed}: folders {name} {suffix}", files, codes, confirm=confirm)
    how = draw.choice(("plain", "plain", "suffix", "capitals", "path", "windows", "other suffix"))
    quirk = draw.choice(("", "", "", "", "", "cut", "no row"))
    years = {image_id: draw.choice(sorted(_AGES)) for image_id in ids}
    sexes = {image_id: draw.choice(sorted(_SEXES)) for image_id in ids}
    records = [
        {
            "lesion_id": f"L{n // 2}", "image_id": _written_id(how, image_id, suffix), "dx": name[codes[image_id]],
            "dx_type": "histo", "localization": "back",
            "age": draw.choice(_AGES[years[image_id]]), "sex": draw.choice(_SEXES[sexes[image_id]]),
        }
        for n, image_id in enumerate(ids)
    ]
    truth, refused = dict(codes), "values, the header" if quirk == "cut" else ""
    if quirk == "no row":  # an image that the table does not name is told
        del records[-1]
        del truth[ids[-1]]
    content, encoding = _table(draw, records, _COLUMNS[layout], quirk)
    folder = draw.choice(("images/", "a/b/Images/", ""))
    files = {f"{folder}{paths[image_id]}": _picture(n, suffix) for n, image_id in enumerate(ids)}
    files[draw.choice(("", "tables/")) + _FILE[layout]] = content
    ascii_only = content.isascii()
    guesses = {"utf-16": ["UTF-16"], "cp1252": [] if ascii_only else ["Windows-1252"]}.get(encoding, [])
    guesses += {
        "suffix": ["suffix of its file"], "other suffix": ["suffix of its file"], "capitals": ["other capitals"],
        "path": ["path of its file"], "windows": ["path of its file"],
    }.get(how, [])
    return Variant(f"{seed}: {layout} {name} {suffix} {how} {quirk} {encoding}", files, truth, years, sexes, confirm,
                   refused, guesses)


def _imported(workspace, source, one: Variant, name: str):
    try:
        dataset = import_dataset(workspace, source, name)
        assert not one.confirm, one.said
    except UnconfirmedNamesError as asked:
        assert one.confirm and {each.proposed for each in asked.names} == {"bkl"}, one.said
        dataset = import_dataset(workspace, source, name, mapping={each.name: each.proposed for each in asked.names})
    return dataset


@pytest.mark.parametrize("first", range(0, VARIANTS, _EACH))
def test_each_variant_is_right_or_refused_in_words(workspace, tmp_path, first):
    for seed in range(first, first + _EACH):
        one = variant(seed)
        zipped = seed % 2
        source = (write_zip if zipped else write_folder)(tmp_path / f"v{seed}{'.zip' * zipped}", one.files)
        if one.refused:
            with pytest.raises(DataError, match=one.refused) as refusal:
                _imported(workspace, source, one, f"v{seed}")
            assert refusal.value.next_step, one.said
            continue
        dataset = _imported(workspace, source, one, f"v{seed}")
        table = dataset.metadata().set_index("image_id")
        assert table["dx"].to_dict() == one.truth, one.said
        told = [problem["problem"] for problem in dataset.problems]
        assert told == ["there is an image, but no row in the table"] * (IMAGES - len(one.truth)), one.said
        if one.ages:
            assert table["age"].to_dict() == {i: one.ages[i] for i in one.truth}, one.said
            assert table["sex"].to_dict() == {i: one.sexes[i] for i in one.truth}, one.said
            assert table["lesion_id"].nunique() == IMAGES // 2, one.said
        notes = " ".join(dataset.notes)
        assert all(guess in notes for guess in one.guesses), (one.said, dataset.notes)
        assert len(dataset.notes) == len(set(dataset.notes)) and len(dataset.notes) < 12, one.said


def test_the_variants_reach_every_kind():
    said = " ".join(variant(seed).said for seed in range(VARIANTS))
    for kind in (*_COLUMNS, "folders", *_FORMATS, *_ENCODINGS, *_TO_CONFIRM, "capitals", "windows", "cut", "no row"):
        assert kind in said, kind
