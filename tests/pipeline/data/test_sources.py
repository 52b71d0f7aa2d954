"""Image sources from a CSV: at the import, at a second one, and for a data set that is already there."""

from pathlib import Path

import pytest

from pipeline.data.importing import import_dataset, set_sources
from pipeline.errors import DataError
from tests.small_archives import everything, exactly, files_of, rows, write_zip


@pytest.fixture
def good(tmp_path) -> Path:
    return write_zip(tmp_path / "good.zip", files_of(rows()))


def write_sources(path: Path, ids, source: str = "rosendahl") -> Path:
    path.write_text("image_id,dataset\n" + "".join(f"{i},{source}\n" for i in ids))
    return path


def test_sources_at_the_import_again_and_later(workspace, tmp_path, good):
    some = write_sources(tmp_path / "some.csv", rows()["image_id"][:10])
    dataset = import_dataset(workspace, good, "good", sources=some)
    assert dataset.metadata()["source"].fillna("?").tolist() == ["rosendahl"] * 10 + ["?"] * 14
    assert import_dataset(workspace, good, "plain").content_hash == dataset.content_hash
    all_of_them = write_sources(tmp_path / "all.csv", rows()["image_id"], "vidir_modern")
    assert set_sources(workspace, "plain", all_of_them).metadata()["source"].tolist() == ["vidir_modern"] * 24
    import_dataset(workspace, good, "good", sources=all_of_them)
    assert dataset.metadata()["source"].tolist() == ["vidir_modern"] * 24
    # a file that names some leaves the others as they are
    set_sources(workspace, "good", some)
    assert dataset.metadata()["source"].tolist() == ["rosendahl"] * 10 + ["vidir_modern"] * 14


def test_wrong_sources_change_nothing(workspace, tmp_path, good):
    import_dataset(workspace, good, "good")
    before = everything(workspace.home)
    strange = write_sources(tmp_path / "strange.csv", ["X_1", "X_2"])
    for name in ("good", "new"):
        sentence = f"None of the image_ids of the sources file is in the data set {name}. Check the file."
        with pytest.raises(DataError, match=exactly(sentence)):
            import_dataset(workspace, good, name, sources=strange)
    sentence = "None of the image_ids of the sources file is in the data set good. Check the file."
    with pytest.raises(DataError, match=exactly(sentence)):
        set_sources(workspace, "good", strange)
    sentence = "There is no data set named new. The workspace has: good. Import it first."
    with pytest.raises(DataError, match=exactly(sentence)):
        set_sources(workspace, "new", strange)
    absent = tmp_path / "absent.csv"
    with pytest.raises(DataError, match=exactly(f"There is no file {absent}. Check the path of the sources.")):
        import_dataset(workspace, good, "new", sources=absent)
    assert everything(workspace.home) == before
    assert [path.name for path in workspace.datasets.iterdir()] == ["good"]
