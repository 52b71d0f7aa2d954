"""`predict` with a real, untrained network: what it prints, its csv, and what it does with bad files."""

import csv
import dataclasses
import json
import os

import numpy as np
import pytest
from PIL import Image

from pipeline import cli
from pipeline.commands.image_files import image_files, shared_stems
from pipeline.commands.prediction_csv import csv_columns, csv_text
from pipeline.errors import DataError, ModelError
from pipeline.files.workspace import Workspace
from pipeline.images.generated import exif_with_notice
from pipeline.models.model_info import ModelInfo, find_model, write_model_info

CODES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A workspace with one model of random weights, as if it had been trained on generated images."""
    from safetensors.torch import save_file

    from pipeline.networks.architectures import build_network

    workspace = Workspace(tmp_path_factory.mktemp("home")).create()
    folder = workspace.models / "random"
    folder.mkdir()
    save_file(build_network("efficientnet_lite0", len(CODES), "random").state_dict(), folder / "model.safetensors")
    write_model_info(ModelInfo(
        name="random", folder=folder, classes=CODES, run="none", data="none", data_hash="", generated=True,
        arch="efficientnet_lite0", weights="random", width=64, height=48, resize="squish", normalize=True,
        loss="cross_entropy",
        training_images=0, training_lesions=0, split="lesion", validation=None, created=0.0, licence="", attribution="",
    ))
    return workspace


@pytest.fixture
def call(home, monkeypatch, capfd):
    monkeypatch.setenv("LESIONLAB_HOME", str(home.home))

    def run(*arguments):
        capfd.readouterr()
        code = cli.main(["predict", "--model", "random", *map(str, arguments)])
        return code, *capfd.readouterr()

    return run


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, colour in (("b10.jpg", "red"), ("b9.JPG", "pink"), ("A1.png", "tan")):
        marks = {} if name.endswith("png") else {"exif": exif_with_notice()}
        Image.new("RGB", (80, 60), colour).save(folder / name, **marks)
    Image.new("L", (80, 60)).save(folder / "b9_segmentation.png")
    (folder / "notes.txt").write_text("no image")
    return folder


def _truncate(path):
    path.write_bytes(path.read_bytes()[:300])


def test_the_csv_is_the_json_to_the_last_digit(call, pictures, tmp_path):
    path = tmp_path / "new" / "out.csv"
    code, out, err = call(pictures, "--csv", path, "--json")
    answer = json.loads(out)
    assert (code, answer["model"], answer["problems"]) == (0, "random", [])
    assert answer["notice"].startswith("Education only, not a medical device.") and answer["notice"] in err
    rows = list(csv.DictReader(path.open()))
    assert list(rows[0]) == ["image", *CODES]
    assert [row["image"] for row in rows] == ["A1", "b9", "b10"]
    for row, image in zip(rows, answer["images"], strict=True):
        assert row["image"] == image["image"]
        assert {code: float(row[code]) for code in CODES} == image["probabilities"]
        assert image["predicted"] == max(CODES, key=lambda code: image["probabilities"][code])
        assert sum(image["probabilities"].values()) == pytest.approx(1, abs=1e-6)
    assert "Warning for 1 of 3 images: The model random was trained on generated drawings" in err


def test_what_checks_find_stands_in_json_csv_and_table_when_asked_for(call, pictures, tmp_path):
    path = tmp_path / "out.csv"
    _, out, _ = call(pictures, "--csv", path, "--checks", "--json")
    answer, rows = json.loads(out), list(csv.DictReader(path.open()))
    for image, row in zip(answer["images"], rows, strict=True):
        assert {"too-small", "no-lesion"} <= set(image["checks"]) and row["checks"].split() == image["checks"]
    header, *lines = call(pictures, "--checks")[1].splitlines()
    assert header.split()[-1] == "checks" and all("no-lesion" in line for line in lines)
    assert "checks" not in json.loads(call(pictures, "--json")[1])["images"][0]


def test_the_table_and_the_isic_csv_on_stdout(call, pictures):
    code, out, err = call(pictures / "b10.jpg")
    assert code == 0 and out.splitlines()[0].split() == ["image", "predicted", *CODES]
    assert "Warning" not in err
    code, out, _ = call(pictures / "b10.jpg", "--format", "isic")
    assert out.splitlines()[0] == "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC"
    assert len(out.splitlines()) == 2


def test_a_broken_image_is_named_and_the_others_are_still_classified(call, pictures, tmp_path):
    _truncate(pictures / "b9.JPG")
    code, out, err = call(pictures, pictures / "notes.txt", "--csv", tmp_path / "out.csv", "--json")
    answer = json.loads(out)
    assert code == 1
    assert [image["image"] for image in answer["images"]] == ["A1", "b10"]
    assert len(answer["problems"]) == 2
    assert all(problem in err for problem in answer["problems"])
    assert "b9.JPG" in answer["problems"][0] and "notes.txt" in answer["problems"][1]
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 3


def test_nothing_readable_leaves_a_csv_with_its_header_alone(call, pictures, tmp_path):
    code, out, _ = call(pictures / "notes.txt", "--csv", tmp_path / "out.csv")
    assert (code, out) == (1, "")
    assert (tmp_path / "out.csv").read_text() == f"image,{','.join(CODES)}\n"
    assert call(pictures / "notes.txt")[1] == "No image could be classified.\n"


def test_what_cannot_be_done_is_said_before_any_image_is_read(call, pictures, tmp_path):
    (tmp_path / "file").write_text("")
    code, out, err = call(pictures, "--csv", tmp_path)
    sentence = f"{tmp_path} is not a file that can be written. Give --csv the name of a file.\n"
    assert (code, out, err) == (1, "", sentence)
    code, out, err = call(pictures, "--csv", tmp_path / "file" / "out.csv")
    assert (code, out) == (1, "") and "cannot be written" in err
    assert call(tmp_path / "none.jpg")[2] == f"There is no file or folder {tmp_path / 'none.jpg'}. Check the path.\n"


def test_a_model_with_other_diagnoses_has_no_isic_format(call, home, pictures):
    info = find_model(home, "random")
    write_model_info(dataclasses.replace(info, classes=("mel", "nv")))
    try:
        code, out, err = call(pictures, "--format", "isic")
    finally:
        write_model_info(info)
    assert (code, out) == (1, "")
    assert err == (
        "The ISIC format holds the diagnoses akiec, bcc, bkl, df, mel, nv, vasc, but the model knows mel, nv. "
        "Leave --format isic out.\n"
    )


def test_columns_of_the_csv():
    assert csv_columns(("nv", "mel"), "codes") == ["mel", "nv"]
    assert csv_columns(CODES, "isic") == ["mel", "nv", "bcc", "akiec", "bkl", "df", "vasc"]
    with pytest.raises(ModelError, match="Leave --format isic out"):
        csv_columns((*CODES, "scc"), "isic")


def test_floats_come_back_exactly():
    import pandas as pd

    values = np.random.default_rng(0).random((50, 2), dtype=np.float32) ** 8
    table = pd.DataFrame(values, columns=["mel", "nv"]).assign(image=[f"i{n}, x" for n in range(50)])
    rows = list(csv.DictReader(csv_text(table, ("mel", "nv"), "codes").splitlines()))
    back = np.array([[float(row["mel"]), float(row["nv"])] for row in rows])
    assert (back == values.astype(float)).all() and (back.astype(np.float32) == values).all()
    assert rows[3]["image"] == "i3, x"


def test_files_are_walked_in_natural_order_each_once(pictures):
    (pictures / ".hidden").mkdir()
    (pictures / ".hidden" / "z.png").write_bytes(b"")
    files = image_files([pictures / "b10.jpg", pictures])
    assert [file.name for file in files] == ["b10.jpg", "A1.png", "b9.JPG"]
    (pictures / "sub").mkdir()
    (pictures / "sub" / "b9.png").write_bytes(b"")
    assert shared_stems(image_files([pictures])) == {"b9": [pictures / "b9.JPG", pictures / "sub" / "b9.png"]}
    (pictures / "empty").mkdir()
    with pytest.raises(DataError, match="holds no image"):
        image_files([pictures / "empty"])


def test_a_name_that_is_no_text_loses_no_other_image(call, pictures, tmp_path):
    content = (pictures / "b10.jpg").read_bytes()
    for name in (b"bad\xff.jpg", b"new\nline.jpg", b"=1+1.jpg", b"red\x1b[31m.jpg"):
        with open(os.fsencode(pictures) + b"/" + name, "wb") as file:
            file.write(content)
    table = tmp_path / "out.csv"
    code, out, err = call(pictures, "--csv", table, "--json")
    answer = json.loads(out)
    names = {"A1", "b9", "b10", "bad\\xff", "new\\nline", "=1+1", "red\\x1b[31m"}
    assert code == 0 and {image["image"] for image in answer["images"]} == names
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    assert {row["image"] for row in rows} == names - {"=1+1"} | {"'=1+1"}
    assert len(table.read_text(encoding="utf-8").splitlines()) == 8 and "\x1b" not in err + out
    code, out, err = call(pictures)
    assert code == 0 and len(out.splitlines()) == 8 and "\x1b" not in out
