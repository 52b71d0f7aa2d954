"""Single images of the ISIC archive from a local server: one by one, with their rights; what fails is left out."""

import json

import pandas as pd
import pytest

from pipeline.data.dataset import list_datasets, load_dataset
from pipeline.data.importing import import_dataset
from pipeline.data.reserved import reserve
from pipeline.data.same_lesion import judge_pair, verdicts
from pipeline.data.sources.archive_image import ArchiveImage, fetch_image
from pipeline.data.sources.catalogue import LESSON_PACK
from pipeline.data.sources.fetch import download_folder
from pipeline.data.sources.fetch_images import _MOST_IN_A_ROW, fetch_images
from pipeline.data.sources.isic import IMAGES_VARIABLE, image_address
from pipeline.data.sources.refusals import HostError
from pipeline.errors import DataError
from pipeline.progress import Cancelled
from tests.archive_images import VIENNA, answer, file_at, said_at, serve
from tests.small_archives import exactly, files_of, jpeg, rows, write_zip
from tests.stand_in_server import stand_in

IDS = [f"ISIC_{n:07d}" for n in range(24306, 24312)]
WANTED = pd.DataFrame({"image_id": IDS, "lesion_id": [f"HAM_{n}" for n in (1, 1, 2, 3, 4, 5)],
                       "dx": ["mel", "mel", "nv", "bkl", "nv", "akiec"]})


@pytest.fixture
def server(monkeypatch):
    """A stand-in that has all of IDS."""
    with stand_in() as served:
        monkeypatch.setenv(IMAGES_VARIABLE, served.address)
        for n, image_id in enumerate(IDS):
            serve(served, image_id, jpeg(n, (60, 45)))
        yield served


def fetched(workspace, name="lessons", wanted=WANTED, **how):
    return fetch_images(workspace, LESSON_PACK, name, wanted, pauses=(), **how)


def asked(server) -> list[str]:
    return [path for _, path, _ in server.seen]


def test_the_address_is_that_of_the_documentation(monkeypatch):
    monkeypatch.delenv(IMAGES_VARIABLE, raising=False)
    assert image_address("ISIC_0024306") == "https://api.isic-archive.com/api/v2/images/ISIC_0024306/"


def test_images_come_one_by_one_as_a_data_set_with_the_rights_of_each(server, workspace):
    serve(server, IDS[2], jpeg(2, (60, 45)), copyright_license="CC-0", attribution="Anonymous", metadata={})
    serve(server, IDS[3], jpeg(3, (60, 45)), copyright_license=None, attribution=None)
    heard = []
    dataset = fetched(workspace, progress=lambda fraction, _: heard.append(fraction))
    table = dataset.metadata().set_index("image_id")
    assert table.reset_index()[[*WANTED]].to_dict("list") == WANTED.to_dict("list")
    assert table["licence"].fillna("?").tolist() == ["CC BY-NC 4.0"] * 2 + ["CC0 1.0", "?"] + ["CC BY-NC 4.0"] * 2
    assert table["attribution"].fillna("?").tolist() == [VIENNA] * 2 + ["Anonymous", "?"] + [VIENNA] * 2
    assert dataset.licence == "CC BY-NC 4.0 (4 images); CC0 1.0 (1 image); not stated (1 image)"
    first, bare = table.loc[IDS[0]], table.loc[IDS[2]]
    assert (first["age"], first["sex"], first["localization"], first["dx_type"]) == (
        45, "female", "anterior torso", "histo")
    assert pd.isna(bare["age"]) and (bare["sex"], bare["dx_type"]) == ("unknown", "unknown")
    assert asked(server) == [path for one in IDS for path in (said_at(one), file_at(one))]
    assert heard == sorted(heard) and heard[-1] == 1.0 and not download_folder(workspace, LESSON_PACK).exists()


def test_one_attribution_of_all_is_no_image_source(server, workspace):
    assert fetched(workspace).metadata()["source"].isna().all()


def test_what_fails_is_listed_and_comes_with_the_next_fetch(server, workspace):
    good = dict(server.files)
    server.refusals[said_at(IDS[0])] = (404, {})
    server.refusals[file_at(IDS[1])] = (403, {})
    server.files[said_at(IDS[2])] = b'{"isic_id": "' + IDS[2].encode() + b'", "files": {}}'
    server.files[said_at(IDS[3])] = json.dumps(answer(server, IDS[3], 10)).encode()
    server.files[file_at(IDS[4])] = b"no image" + bytes(len(good[file_at(IDS[4])]) - 8)
    dataset = fetched(workspace)
    assert dataset.metadata()["image_id"].tolist() == IDS[5:]
    assert {one["image_id"]: one["problem"].partition(":")[0] for one in dataset.problems} == {
        IDS[0]: f"The ISIC archive has no image {IDS[0]} (404).",
        IDS[1]: f"The ISIC archive does not allow the download of {IDS[1]}.jpg (403).",
        IDS[2]: f"The ISIC archive gave an answer about {IDS[2]} that LesionLab does not understand.",
        IDS[3]: f"The ISIC archive sends more for {IDS[3]}.jpg than it can have",
        IDS[4]: f"{IDS[4]}.jpg is not an image that LesionLab can read.",
    }
    server.files, server.refusals = good, {}
    server.seen.clear()
    assert fetched(workspace).metadata()["image_id"].tolist() == IDS
    assert asked(server) == [path for one in IDS[:5] for path in (said_at(one), file_at(one))]
    assert load_dataset(workspace, "lessons").problems == [] and list_datasets(workspace)[0].images == 6
    server.seen.clear()
    assert fetched(workspace).images == 6 and server.seen == []


def test_a_data_set_that_grows_keeps_what_was_added_to_it(server, workspace):
    small = fetched(workspace, wanted=WANTED[:3])
    judge_pair(workspace, small, IDS[0], IDS[2], "different")
    (small.folder / "masks").mkdir()
    (small.folder / "masks" / f"{IDS[0]}.png").write_bytes(b"a mask")
    whole = fetched(workspace)
    assert whole.images == 6 and verdicts(whole) == {(IDS[0], IDS[2]): "different"}
    assert whole.mask_path(IDS[0]).read_bytes() == b"a mask"
    table = whole.metadata()
    assert (table["licence"] == "CC BY-NC 4.0").all() and (table["age"] == 45).all()
    assert not list((workspace.bin / "datasets").glob("*")), "nothing is left of the smaller one"


def test_nothing_joins_images_of_which_some_are_reserved_or_others(server, workspace, tmp_path):
    dataset = fetched(workspace, wanted=WANTED[:5])
    reserve(workspace, dataset, [])
    with pytest.raises(DataError, match="images are reserved"):
        fetched(workspace)
    import_dataset(workspace, write_zip(tmp_path / "other.zip", files_of(rows())), "other")
    with pytest.raises(DataError, match=exactly("The data set other holds other images. Choose another name.")):
        fetched(workspace, "other")


def test_a_stopped_fetch_goes_on_where_it_was(server, workspace):
    def stop_at_the_third(fraction, sentence):
        if sentence.startswith(IDS[2]):
            raise Cancelled

    with pytest.raises(Cancelled):
        fetched(workspace, progress=stop_at_the_third)
    assert list_datasets(workspace) == []
    server.seen.clear()
    assert fetched(workspace).images == 6
    assert asked(server) == [path for one in IDS[2:] for path in (said_at(one), file_at(one))]


def test_a_pause_that_the_archive_asks_for_ends_the_fetch_and_keeps_what_came(server, workspace):
    server.refusals[said_at(IDS[1])] = (429, {"Retry-After": "90"})
    with pytest.raises(HostError, match=r"asks for a pause: too many requests \(429\)\. Try again in 2 minutes\."):
        fetched(workspace)
    assert said_at(IDS[2]) not in asked(server) and list_datasets(workspace) == []
    server.refusals.clear()
    server.seen.clear()
    assert fetched(workspace).images == 6 and said_at(IDS[0]) not in asked(server)


def test_without_a_network_nothing_is_tried_twice(monkeypatch, workspace):
    with stand_in() as gone:
        pass
    monkeypatch.setenv(IMAGES_VARIABLE, gone.address)
    with pytest.raises(HostError, match="The ISIC archive cannot be reached"):
        fetched(workspace)
    assert list_datasets(workspace) == []


def test_an_archive_that_gives_nothing_is_left_alone(server, workspace):
    many = pd.DataFrame({"image_id": [f"ISIC_{n:07d}" for n in range(100, 120)], "dx": "nv"})
    with pytest.raises(DataError, match=rf"gave none of {_MOST_IN_A_ROW} images in a row"):
        fetched(workspace, wanted=many.assign(lesion_id=many["image_id"]))
    assert len(server.seen) == _MOST_IN_A_ROW
    with pytest.raises(DataError, match=r"Not one of 2 images came; of ISIC_0000100 it was said: .+ \(404\)"):
        fetched(workspace, wanted=many[:2].assign(lesion_id="a"))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://archive.example/x.jpg", "nowhere", "http://["])
def test_an_image_comes_from_a_server_on_the_net(server, tmp_path, url):
    size = {"full": {"url": url, "size": 1000}}
    server.files[said_at(IDS[0])] = json.dumps(answer(server, IDS[0], 0, files=size)).encode()
    with pytest.raises(DataError, match="sends this request to another server"):
        fetch_image(IDS[0], tmp_path, ())


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"isic_id": "ISIC_0000001"}', b"{" * 10**5, b" " * 2**19])
def test_an_answer_that_is_none(server, tmp_path, content):
    server.files[said_at(IDS[0])] = content
    with pytest.raises(DataError, match="that LesionLab does not understand"):
        fetch_image(IDS[0], tmp_path, ())


def test_a_file_of_fewer_bytes_than_announced_is_none(server, tmp_path):
    server.files[file_at(IDS[0])] = server.files[file_at(IDS[0])][:-9]
    with pytest.raises(DataError, match=r"announced [\d,]+ bytes of ISIC_0024306, and sent"):
        fetch_image(IDS[0], tmp_path, ())
    assert not list(tmp_path.iterdir())


def test_what_the_archive_does_not_say(server, tmp_path):
    bare = {"metadata": {"acquisition": {}}, "attribution": None, "copyright_license": "CC-0"}
    serve(server, IDS[0], jpeg(1), **bare)
    assert fetch_image(IDS[0], tmp_path, ()) == ArchiveImage(IDS[0], "CC-0", None, None, None, None, None, None)
