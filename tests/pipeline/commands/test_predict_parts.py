"""`predict --parts`: parquet files that hold what one csv would, and that go on after a kill."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline import cli
from pipeline.commands import prediction_parts
from pipeline.errors import DataError
from tests.pipeline.commands.test_cli_predict import CODES, home  # noqa: F401  the model

FILES = 7


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for n in range(FILES):
        Image.new("RGB", (80, 60), (40 * n, 90, 255 - 30 * n)).save(folder / f"p{n}.jpg")
    (folder / "p3.jpg").write_bytes(b"broken")
    return folder


@pytest.fixture
def call(home, monkeypatch, capfd):  # noqa: F811
    monkeypatch.setenv("LESIONLAB_HOME", str(home.home))
    monkeypatch.setattr(prediction_parts, "PART", 3)

    def run(*arguments):
        capfd.readouterr()
        code = cli.main(["predict", "--model", "random", *map(str, arguments)])
        return code, *capfd.readouterr()

    return run


def together(folder) -> pd.DataFrame:
    return pd.concat(map(pd.read_parquet, sorted(folder.glob("*.parquet"))), ignore_index=True)


def test_parts_hold_what_the_csv_holds(call, pictures, tmp_path):
    parts = tmp_path / "parts"
    code, said, warned = call(pictures, "--parts", parts, "--json")
    answer = json.loads(said)
    assert (code, answer["files"], answer["problems"]) == (1, FILES, 1)
    assert list(answer["warnings"].values()) == [FILES - 1]  # real pictures, a model of generated ones
    assert [path.name for path in sorted(parts.iterdir())] == [
        "part-00000.parquet", "part-00001.parquet", "part-00002.parquet", "parts.json",
    ]
    table = together(parts)
    assert table["image"].tolist() == [f"p{n}" for n in range(FILES)]
    assert table["problem"].notna().tolist() == [n == 3 for n in range(FILES)]
    assert "p3.jpg" in table["problem"][3] and table.loc[3, list(CODES)].isna().all()
    assert call(pictures, "--csv", tmp_path / "all.csv")[0] == 1
    one = pd.read_csv(tmp_path / "all.csv")
    kept = table[table["problem"].isna()]
    assert kept["image"].tolist() == one["image"].tolist()
    np.testing.assert_allclose(kept[list(CODES)].to_numpy(), one[list(CODES)].to_numpy(), atol=1e-6)


def test_a_command_that_was_broken_off_goes_on(call, pictures, tmp_path, monkeypatch):
    parts, asked = tmp_path / "parts", []
    from pipeline.inference import predict_files as module

    real = module.predict_files

    def once_broken(classifier, files, *rest, **named):
        asked.append([file.name for file in files])
        if len(asked) == 2:
            raise DataError("Broken off.")
        return real(classifier, files, *rest, **named)

    monkeypatch.setattr(module, "predict_files", once_broken)
    assert call(pictures, "--parts", parts)[0] == 1
    first = (parts / "part-00000.parquet").stat().st_mtime_ns
    code, _, warned = call(pictures, "--parts", parts)
    assert code == 1 and "1 part of 3 are there already." in warned
    assert asked[2:] == [["p3.jpg", "p4.jpg", "p5.jpg"], ["p6.jpg"]]
    assert (parts / "part-00000.parquet").stat().st_mtime_ns == first and len(together(parts)) == FILES
    assert call(pictures, "--parts", parts)[0] == 1 and len(asked) == 4  # all is there


def test_parts_of_something_else_are_refused(call, pictures, tmp_path):
    parts = tmp_path / "parts"
    call(pictures, "--parts", parts)
    for other in ([pictures, "--checks"], [pictures / "p1.jpg"]):
        code, _, warned = call(*other, "--parts", parts)
        assert code == 1 and "holds predictions of other files, of another model, or otherwise asked for" in warned
    code, _, warned = call(pictures, "--parts", pictures)
    assert code == 1 and "holds something else than parts of predictions" in warned
    code, _, warned = call(pictures, "--parts", pictures / "p1.jpg")
    assert code == 1 and "is not a folder. Give --parts another folder." in warned
    with pytest.raises(SystemExit):
        call(pictures, "--parts", parts, "--csv", tmp_path / "x.csv")
