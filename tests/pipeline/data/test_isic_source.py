"""The ISIC archives from a local server: fetched, resumed, imported, removed; and ISIC 2019 through to predictions."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.data.dataset import list_datasets, load_dataset
from pipeline.data.importing import import_dataset
from pipeline.data.sources.catalogue import SOURCES, STARTER, find_source
from pipeline.data.sources.fetch import download_folder, fetch
from pipeline.data.sources.isic import BASE_VARIABLE, FILES, address
from pipeline.errors import DataError
from pipeline.jobs.fetching import dismiss_fetch, list_fetches, queue_fetch, start_fetch, stop_fetch
from pipeline.runs.status import ENDED
from tests.app_pages import open_page, words
from tests.isic_archives import isic2018, isic2019
from tests.small_archives import exactly, jpeg, rows, write_folder
from tests.stand_in_server import stand_in
from tests.waiting import wait_until

PROJECT = Path(__file__).resolve().parents[3]
SEVEN = ["mel", "nv", "bcc", "akiec", "bkl", "df", "vasc"]


@pytest.fixture
def server(monkeypatch):
    with stand_in() as served:
        monkeypatch.setenv(BASE_VARIABLE, served.address)
        yield served


@pytest.fixture
def starter(server, tmp_path):
    """The server has a starter set of seven images."""
    images = {f"ISIC_{n:07d}": jpeg(n, (480, 360)) for n in range(7)}
    server.files |= isic2018(tmp_path, "Validation", images, SEVEN)
    return server


IMAGES = "/2018/ISIC2018_Task3_Validation_Input.zip"


def test_the_addresses_are_those_of_the_documentation(monkeypatch):
    monkeypatch.delenv(BASE_VARIABLE, raising=False)
    assert [address(path) for path in FILES["isic2018-training"].all] == [
        f"https://isic-challenge-data.s3.amazonaws.com/2018/ISIC2018_Task3_Training_{rest}"
        for rest in ("GroundTruth.zip", "LesionGroupings.csv", "Input.zip")
    ]
    assert [address(path).rpartition("/")[2] for path in FILES["isic2019"].all] == [
        f"ISIC_2019_Training_{rest}" for rest in ("GroundTruth.csv", "Metadata.csv", "Input.zip")
    ]
    assert set(FILES) == {id for id, source in SOURCES.items() if not source.login and not source.by_image}


def test_the_starter_set(starter, workspace):
    heard = []
    dataset = fetch(workspace, STARTER, "starter", lambda fraction, sentence: heard.append((fraction, sentence)))
    assert (dataset.images, dataset.licence) == (7, "CC BY-NC 4.0") and list_datasets(workspace) == [dataset]
    assert dataset.notes[0].startswith("None of the images has a lesion id")
    fractions = [fraction for fraction, _ in heard if fraction is not None]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert any(sentence.startswith("ISIC2018_Task3_Validation_Input.zip: 0.3 MB of ") for _, sentence in heard)
    assert not download_folder(workspace, STARTER).exists()


def test_a_taken_name_is_said_before_the_download(starter, workspace):
    fetch(workspace, STARTER, "starter")
    asked = len(starter.seen)
    sentence = "There is a data set named starter already. Choose another name, or use that one."
    with pytest.raises(DataError, match=exactly(sentence)):
        fetch(workspace, STARTER, "starter")
    assert len(starter.seen) == asked


BY_HAND = (
    "See https://challenge.isic-archive.com/data: the addresses may have changed. Files from there can be imported as "
    "a folder."
)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "The ISIC archive rejected the login, or wants one, for ISIC2018_Task3_Validation_Input.zip (401)."),
        (403, "The ISIC archive does not allow the download of ISIC2018_Task3_Validation_Input.zip (403)."),
        (404, "The ISIC archive has no ISIC2018_Task3_Validation_Input.zip (404)."),
        (429, "The ISIC archive asks for a pause: too many requests (429)."),
    ],
)
def test_refusals(starter, workspace, status, sentence):
    starter.refusals[IMAGES] = (status, {})
    step = "Try again in some minutes." if status == 429 else BY_HAND
    with pytest.raises(DataError, match=exactly(f"{sentence} {step}")):
        fetch(workspace, STARTER, "starter")
    assert list_datasets(workspace) == []


def test_what_cannot_be_imported_stays_downloaded(starter, workspace, tmp_path):
    good = starter.files["/2018/ISIC2018_Task3_Validation_GroundTruth.zip"]
    other = isic2018(tmp_path, "Test", {"ISIC_0000001": jpeg(1)}, ["mel"])
    starter.files["/2018/ISIC2018_Task3_Validation_GroundTruth.zip"] = other["/2018/ISIC2018_Task3_Test_Input.zip"]
    folder = download_folder(workspace, STARTER)
    sentence = (
        "isic2018-validation holds no HAM10000_metadata.csv. Add the table that names each image's diagnosis, or name "
        "the folders by diagnosis: ISIC2018_Task3_Test_Input, ISIC2018_Task3_Validation_Input are none that LesionLab "
        f"knows. The downloaded files are kept in {folder}."
    )
    with pytest.raises(DataError, match=exactly(sentence)):
        fetch(workspace, STARTER, "starter")
    (folder / "ISIC2018_Task3_Validation_GroundTruth.zip").write_bytes(good)
    asked = len(starter.seen)
    assert fetch(workspace, STARTER, "starter").images == 7 and len(starter.seen) == asked


def test_the_command_and_its_list(starter, workspace, capfd):
    assert main(["data", "fetch", "isic2018-validation", "--name", "starter", "--json"]) == 0
    said = capfd.readouterr()
    answer = json.loads(said.out)
    assert (answer["source"], answer["name"], answer["images"]) == ("isic2018-validation", "starter", 7)
    assert "CC BY-NC 4.0 (name the authors, no commercial use)" in said.err
    assert main(["data", "fetch", "--list", "--json"]) == 0
    listed = {source["source"]: source for source in json.loads(capfd.readouterr().out)["sources"]}
    assert set(listed) == {
        "kaggle-ham10000", "ham10000-lessons", "isic2018-training", "isic2018-validation", "isic2018-test", "isic2019"
    }
    assert listed["isic2019"]["diagnoses"] == ["ak", "bcc", "bkl", "df", "mel", "nv", "scc", "vasc"]
    assert main(["data", "fetch", "isic2020"]) == 1
    assert "There is no source named isic2020. The sources are isic2018-validation," in capfd.readouterr().err
    assert [f.status().state for f in list_fetches(workspace)] == ["done"]


def test_a_fetch_is_a_process_that_can_be_stopped_and_goes_on(starter, workspace):
    whole = len(starter.files[IMAGES])
    starter.delays[IMAGES] = 60.0
    job = start_fetch(workspace, STARTER, "starter")
    wait_until(lambda: starter.ranges_of(IMAGES) and job.status().state == "running")
    with pytest.raises(DataError, match=r"^Starter set: .+ is being fetched already\. Wait until that has ended, or"):
        start_fetch(workspace, STARTER, "other")
    with pytest.raises(DataError, match=r"is being fetched already"):
        queue_fetch(workspace, STARTER, "other")
    wait_until(lambda: (download_folder(workspace, STARTER) / f"{IMAGES[6:]}.partial").stat().st_size > 0)
    stop_fetch(job)
    wait_until(lambda: job.status().state in ENDED)
    assert job.status().state == "cancelled"
    assert job.status().doing == "Stopped on request. What has come so far is kept; the next try goes on from there."
    starter.delays.clear()
    job = start_fetch(workspace, STARTER, "starter")
    wait_until(lambda: job.status().state in ENDED)
    assert job.status().state == "done", job.status().error
    asked = starter.ranges_of(IMAGES)[-1]
    assert asked and 0 < int(asked.removeprefix("bytes=").removesuffix("-")) < whole
    assert load_dataset(workspace, "starter").images == 7
    dismiss_fetch(job)
    assert list_fetches(workspace) == []


def test_a_killed_fetch_is_interrupted(starter, workspace):
    starter.delays[IMAGES] = 60.0
    job = start_fetch(workspace, STARTER, "starter")
    wait_until(lambda: starter.ranges_of(IMAGES) and job.status().state == "running")
    os.kill(job.status().pid, 9)
    wait_until(lambda: job.status().state == "interrupted")
    assert job.status().doing.startswith("Its process ended without a word. What has come so far is kept")


def test_a_failed_fetch_says_why(server, workspace):
    job = start_fetch(workspace, find_source("isic2018-test"), "test")
    wait_until(lambda: job.status().state in ENDED)
    assert job.status().error == f"The ISIC archive has no ISIC2018_Task3_Test_GroundTruth.zip (404). {BY_HAND}"
    assert job.name == "test"


@pytest.fixture(scope="module")
def eight(tmp_path_factory, tiny_set):
    """ISIC 2019's files with drawings of its eight diagnoses: akiec's drawings stand in for ak and scc."""
    table = pd.read_csv(tiny_set / "HAM10000_metadata.csv")
    akiec = sorted(table.loc[table["dx"] == "akiec", "lesion_id"].unique())
    table.loc[table["lesion_id"].isin(akiec[: len(akiec) // 2]), "dx"] = "ak"
    table.loc[table["dx"] == "akiec", "dx"] = "scc"
    images = {i: (tiny_set / "images" / f"{i}.jpg").read_bytes() for i in table["image_id"]}
    return isic2019(tmp_path_factory.mktemp("eight"), images, table["dx"].tolist(), table["lesion_id"].tolist()), images


def test_isic_2019_end_to_end(server, eight, workspace, capfd, tmp_path):
    """Half a minute: loading fastai and a real training, the only ones in this file."""
    files, images = eight
    server.files |= files
    assert main(["data", "fetch", "isic2019", "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    codes = sorted(["ak", "bcc", "bkl", "df", "mel", "nv", "scc", "vasc"])
    assert sorted(answer["diagnoses"]) == codes and answer["generated"] and answer["problems"] == []
    assert answer["notes"][0] == "Of the 9 diagnoses in the ground truth 8 have images; none has: unk."
    small = ["--set", "size=48x32", "--set", "epochs=1,1", "--set", "batch_size=8"]
    assert main(["train", "--data", "isic2019", "--preset", "demo", *small, "--json"]) == 0
    run = json.loads(capfd.readouterr().out)["run"]
    photos = write_folder(tmp_path / "photos", {f"{i}.jpg": images[i] for i in list(images)[:3]})
    table = tmp_path / "predictions.csv"
    assert main(["predict", "--model", run, str(photos), "--csv", str(table)]) == 0
    assert table.read_text().splitlines()[0] == ",".join(["image", *codes])
    assert "8 diagnoses" in words(open_page("dataset", data="isic2019"))
    for page, parameters in (("errors", {"run": run}), ("classify", {"model": run}), ("get_data", {})):
        at = open_page(page, **parameters)
        assert not at.error and not at.exception


def test_importing_what_is_shared_is_said_by_the_command(server, eight, workspace, capfd, tmp_path):
    files, images = eight
    ids = list(images)[:12]
    table = rows(12, ("akiec",)).assign(image_id=ids)
    ham = write_folder(tmp_path / "ham", {"HAM10000_metadata.csv": table.to_csv(index=False).encode()}
                       | {f"{i}.jpg": images[i] for i in ids})
    import_dataset(workspace, ham, "ham10000")
    source = write_folder(tmp_path / "isic2019", {path[6:]: content for path, content in files.items()})
    assert main(["data", "import", str(source), "--name", "isic2019"]) == 0
    said = capfd.readouterr().out
    assert f"12 of its {len(images)} images are also in the data set ham10000 (the same id or content)." in said
    assert "Neither is changed." in said


def test_a_mirror_is_named_by_the_environment(starter, workspace):
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "data", "fetch", "isic2018-validation"], cwd=PROJECT, timeout=60,
        capture_output=True, text=True, env={**os.environ, "LESIONLAB_HOME": str(workspace.home)}, check=False,
    )
    assert done.returncode == 0 and "isic2018-validation: 7 images of 7 lesions" in done.stdout
