"""The ways to bring images in, in Streamlit's AppTest: what they are, the Kaggle login, long downloads."""

import json
import stat
import time

import pytest
from streamlit.testing.v1 import AppTest

from pipeline.data.dataset import load_dataset
from pipeline.data.importing import import_dataset
from pipeline.data.sources.catalogue import SOURCES, STARTER
from pipeline.data.sources.isic import BASE_VARIABLE
from pipeline.files.disk import write_json
from pipeline.jobs.fetching import list_fetches
from pipeline.runs.status import ENDED, Status, process_identity, write_status
from tests import app_pages
from tests.app_pages import button, words
from tests.hand_made import make_dataset
from tests.isic_archives import isic2018
from tests.small_archives import files_of, jpeg, rows, write_folder, write_zip
from tests.stand_in_server import stand_in
from tests.waiting import wait_until

SEVEN = ["mel", "nv", "bcc", "akiec", "bkl", "df", "vasc"]
KEY = "0123456789abcdefSECRET"


@pytest.fixture(autouse=True)
def no_login(tmp_path, monkeypatch):
    """A home without a Kaggle login."""
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path / "user" / ".kaggle"))


def open_page() -> AppTest:
    return app_pages.open_page("get_data")


def write_fetch(workspace, state: str, **fields) -> None:
    """A fetch of the starter set in `state`, as its process would have written it."""
    folder = workspace.home / ".downloads" / STARTER.id
    write_json(folder / "fetch.json", {"name": "starter"})
    alive = process_identity() if state == "running" else {}
    write_status(folder / "status.json", Status(state, time.time(), **alive, **fields))


def test_an_empty_workspace_offers_every_way(workspace):
    at = open_page()
    text = words(at)
    assert not at.error and "No data set is here yet." in text
    assert [b.label for b in at.button if b.proto.type == "primary" and not b.proto.form_id] == [
        "Draw the generated images"
    ]
    for source in SOURCES.values():
        assert source.title in text and f"Licence: {source.licence} ({source.terms})." in text
    for line in ("193 images, 7 diagnoses, about 54 MB to download.", "Diagnoses: akiec, bcc, bkl, df, mel, nv, vasc."):
        assert line in text
    assert "No Kaggle login is here yet." in text and button(at, "Fetch HAM10000").disabled
    assert {b.label for b in at.button} >= {"Fetch the starter set", "Fetch", "Import"}


def test_what_is_here_is_listed_with_its_notes_and_problems(workspace, tmp_path):
    files = files_of(rows()) | {"images/ISIC_0000001.jpg": b"no image"}
    import_dataset(workspace, write_zip(tmp_path / "a.zip", files), "ham10000")
    source = write_folder(tmp_path / "b", {f"mel/{i}.jpg": jpeg(n) for n, i in enumerate(rows()["image_id"][:6])})
    import_dataset(workspace, source, "folders")
    at = open_page()
    assert "ham10000 is here already; fetched again it becomes ham10000-2." in words(at)
    assert at.selectbox(key="pick.data").options == ["folders (6 images)", "ham10000 (23 images)"]
    text = words(app_pages.open_page("dataset", data="folders"))
    assert "6 images of 6 lesions, 1 diagnosis." in text
    assert "5 of its 6 images are also in the data set ham10000 (the same id or content)." in text
    assert "None of the images has a lesion id" in text
    assert "The import noted 1 problem." in words(app_pages.open_page("dataset", data="ham10000", view="counts"))


def test_a_generated_set_is_not_drawn_twice(workspace, tmp_path):
    make_dataset(workspace, tmp_path)
    at = open_page()
    assert "They are here already." in words(at) and not [b for b in at.button if b.label.startswith("Draw")]


def test_a_folder_per_diagnosis_is_imported(workspace, tmp_path):
    source = write_folder(tmp_path / "mine", {f"mel/{n}.jpg": jpeg(n) for n in range(4)})
    at = open_page()
    at.text_input(key="import.path").set_value(str(source))
    button(at, "Import").click().run()
    assert not at.exception and "The data set mine is here: 4 images of 4 lesions" in at.success[0].value
    assert load_dataset(workspace, "mine").classes == ("mel",)


def test_names_that_are_not_known_are_asked_about_and_nothing_is_imported_before(workspace, tmp_path):
    files = {f"{name}/{n}{name[0]}.jpg": jpeg(n + 10 * len(name)) for name in ("melanoma", "solar lentigo", "wart")
             for n in range(2)}
    at = open_page()
    at.text_input(key="import.path").set_value(str(write_folder(tmp_path / "mine", files)))
    button(at, "Import").click().run()
    assert not at.exception and not at.error and not (workspace.datasets / "mine").exists()
    asked = {box.label: box.value for box in at.selectbox if box.key.startswith("import.map.")}
    assert asked == {"solar lentigo (2 images)": "bkl", "wart (2 images)": "none"}
    button(at, "Import with these diagnoses").click().run()
    assert not at.exception and "The data set mine is here: 4 images of 4 lesions" in at.success[0].value
    assert load_dataset(workspace, "mine").diagnoses.keys() == {"bkl", "mel"}
    assert not [box for box in at.selectbox if box.key.startswith("import.map.")]
    assert "as confirmed at the import: solar lentigo as bkl (2 images)" in words(at)


def test_another_archive_is_not_asked_about_the_names_of_the_last(workspace, tmp_path):
    at = open_page()
    source = write_folder(tmp_path / "mine", {"nv/1.jpg": jpeg(1), "wart/2.jpg": jpeg(2)})
    at.text_input(key="import.path").set_value(str(source))
    button(at, "Import").click().run()
    at.selectbox(key="import.map.wart").set_value("df")
    other = write_folder(tmp_path / "other", {"nv/3.jpg": jpeg(3), "mel/4.jpg": jpeg(4)})
    at.text_input(key="import.path").set_value(str(other))
    button(at, "Import").click().run()
    assert not at.exception and "The data set other is here: 2 images" in at.success[0].value
    assert not [box for box in at.selectbox if box.key.startswith("import.map.")]


def secrets_in(folder) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_a_typed_token_is_kept_for_the_user_alone(workspace, tmp_path):
    at = open_page()
    at.text_input(key="kaggle.token.value").set_value(KEY)
    at.button(key="FormSubmitter:kaggle.token-Keep it").click().run()
    path = tmp_path / "user" / ".kaggle" / "access_token"
    assert path.read_text() == f"{KEY}\n" and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert f"Kept in {path}, readable by you alone." in words(at)
    assert f"Kaggle login found in the file {path}." in words(at)
    assert not button(at, "Fetch HAM10000").disabled
    assert KEY not in str(at.main) and secrets_in(workspace.home) == []


def test_an_uploaded_kaggle_json_and_one_that_is_none(workspace, tmp_path):
    at = open_page()
    at.file_uploader(key="kaggle.file.value").set_value([("kaggle.json", b'{"key": "%s"}' % KEY.encode(), "text/json")])
    at.button(key="FormSubmitter:kaggle.file-Keep it").click().run()
    assert [e.value for e in at.error] == [
        "The file is no kaggle.json: it must hold a username and a key. Make a new one on kaggle.com under Settings, "
        "API, and choose that file."
    ]
    content = json.dumps({"username": "someone", "key": KEY}).encode()
    at.file_uploader(key="kaggle.file.value").set_value([("kaggle.json", content, "text/json")])
    at.button(key="FormSubmitter:kaggle.file-Keep it").click().run()
    path = tmp_path / "user" / ".kaggle" / "kaggle.json"
    assert json.loads(path.read_text()) == json.loads(content) and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KEY not in words(at) and secrets_in(workspace.home) == []


def test_a_typed_name_and_key(workspace, tmp_path):
    at = open_page()
    at.button(key="FormSubmitter:kaggle.key-Keep it").click().run()
    assert at.error[0].value == "A user name and a key are needed, each of one word. Copy them from your kaggle.json."
    at.text_input(key="kaggle.key.user").set_value("someone")
    at.text_input(key="kaggle.key.value").set_value(KEY)
    at.button(key="FormSubmitter:kaggle.key-Keep it").click().run()
    assert "kaggle.json, readable by you alone." in words(at)


def test_a_login_of_the_environment_is_named_without_its_value(workspace, monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", KEY)
    at = open_page()
    assert "Kaggle login found in the environment variable KAGGLE_API_TOKEN." in words(at) and KEY not in words(at)


def test_a_download_at_work_shows_its_bytes_and_can_be_cancelled(workspace, monkeypatch):
    write_fetch(workspace, "running", fraction=0.4, doing="ISIC2018_Task3_Validation_Input.zip: 21.6 MB of 54.0 MB.")
    stopped = []
    monkeypatch.setattr("os.kill", lambda pid, signal: stopped.append(signal))
    at = open_page()
    assert "Starter set: ISIC 2018, validation images**, as the data set starter" in words(at)
    assert "the download goes on" in words(at) and button(at, "Fetch the starter set").disabled
    progress = [e for e in at.main if e.type == "progress"] or [e for e in at.get("progress")]
    assert "21.6 MB of 54.0 MB" in str(progress[0].proto)
    button(at, "Cancel").click().run()
    assert [int(signal) for signal in stopped] == [15]


@pytest.mark.parametrize(
    ("state", "fields", "sentence"),
    [
        ("failed", {"error": "The ISIC archive has no x.zip (404)."}, "The ISIC archive has no x.zip (404)."),
        ("cancelled", {"doing": "Stopped on request."}, "Stopped on request."),
        ("interrupted", {}, "Its process ended without a word. What has come so far is kept; the next try goes on"),
    ],
)
def test_an_ended_download_says_how_and_is_dismissed(workspace, state, fields, sentence):
    write_fetch(workspace, state, **fields)
    at = open_page()
    assert sentence in words(at) and button(at, "Try again")
    button(at, "Dismiss").click().run()
    assert sentence not in words(at) and list_fetches(workspace) == []


def test_the_starter_set_in_one_click(workspace, tmp_path, monkeypatch):
    with stand_in() as server:
        monkeypatch.setenv(BASE_VARIABLE, server.address)
        images = {f"ISIC_{n:07d}": jpeg(n) for n in range(7)}
        server.files |= isic2018(tmp_path, "Validation", images, SEVEN)
        at = open_page()
        button(at, "Fetch the starter set").click().run()
        assert not at.exception and not at.error
        wait_until(lambda: list_fetches(workspace)[0].status().state in ENDED)
        at = open_page()
    assert "is here, as the data set isic2018-validation." in words(at)
    assert at.selectbox(key="pick.data").options == ["isic2018-validation (7 images)"]
    button(at, "Dismiss").click().run()
    assert "is here, as the data set" not in words(at)
