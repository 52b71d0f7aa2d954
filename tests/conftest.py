"""Shared fixtures: a workspace of its own for each test, and a tiny generated data set drawn once."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from pipeline.files.workspace import Workspace
from tests.workers import longest_first, made_once, scheduler

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
os.environ["MPLCONFIGDIR"] = str(Path(__file__).parents[1] / ".pytest_cache" / "matplotlib")  # of no test's workspace
os.environ["LESIONLAB_BUNDLED"] = str(Path(__file__).parent / "nothing-is-bundled")  # tests do not depend on what is


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Which worker gets which tests, where there are several."""
    return scheduler(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items):
    longest_first(items)


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Workspace:
    """An empty workspace that the environment names too."""
    home = tmp_path / "home"
    monkeypatch.setenv("LESIONLAB_HOME", str(home))
    return Workspace(home).create()


@pytest.fixture
def dataset(workspace, tmp_path):
    """The generated set of `tests.hand_made` in the workspace."""
    from tests.hand_made import make_dataset

    return make_dataset(workspace, tmp_path)


@pytest.fixture
def filled(workspace, dataset):
    """The workspace with that set and one finished run on it: (workspace, data set, run)."""
    from tests.hand_made import make_run

    return workspace, dataset, make_run(workspace, dataset)


@pytest.fixture
def stand_in(monkeypatch):
    """On the pages a network that answers without weights is behind every model."""
    from app.loaders import resources
    from tests.stand_in import StandInPredictor

    monkeypatch.setattr(resources, "predictor", StandInPredictor)


@pytest.fixture
def answering(filled, stand_in):
    """`filled`, with the stand-in behind its model."""
    return filled


@pytest.fixture(autouse=True)
def fresh_caches():
    """What a test before this one left in Streamlit's caches is gone; tests without Streamlit do not load it."""
    if streamlit := sys.modules.get("streamlit"):
        streamlit.cache_data.clear()
        streamlit.cache_resource.clear()


@pytest.fixture(scope="session")
def tiny_set(tmp_path_factory) -> Path:
    """A folder with 84 generated images of 7 diagnoses, laid out as the import expects."""
    from pipeline.data.synthetic.generated_set import write_generated_set

    return made_once(
        tmp_path_factory, "tiny-set", lambda to: write_generated_set(to, images=84, seed=1, lesions_per_diagnosis=5)
    )


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the real HAM10000 copy; the test is skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real HAM10000 copy (../shared/data) is not on this machine")
    return SHARED_DATA


@pytest.fixture(scope="session")
def whole_making(tmp_path_factory) -> Path:
    """A folder with all of a bundled model's making from tiny images, not to be changed: the images (`source`), the
    workspace with its trainings (`home`), the model (`out`), one like those of before (`first`), and the sentences
    (`said`).
    """

    def make(place: Path) -> None:
        from pipeline.default_model.build import cross_validate, finish
        from pipeline.default_model.folds import start_build
        from pipeline.default_model.recipe import plan_recipe
        from pipeline.jobs.job_worker import work
        from tests.first_bundled import make_first_bundled
        from tests.two_sources import LINEAR, SHORT, make_dataset

        home, said = Workspace(place / "home").create(), []
        make_dataset(home, place / "source")
        recipe = plan_recipe(home, "tiny", LINEAR, SHORT, lesson_folds=1)
        making = start_build(home, recipe, place / "out", lambda run: work(run, home), said.append)
        finish(making, cross_validate(making, resamples=50))
        make_first_bundled(making, place / "first")
        (place / "said").write_text("\n".join(said), encoding="utf-8")

    return made_once(tmp_path_factory, "making", make)


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory, whole_making):
    """A bundled model of before of tiny images, and the images: (its folder, their folder)."""
    place = tmp_path_factory.mktemp("bundle")
    return tuple(shutil.copytree(whole_making / name, place / name) for name in ("first", "source"))


@pytest.fixture
def bundle(tiny_bundle, monkeypatch) -> Path:
    """The folder of that tiny bundled model of before, which the environment names."""
    monkeypatch.setenv("LESIONLAB_BUNDLED", str(tiny_bundle[0]))
    return tiny_bundle[0]


@pytest.fixture
def bundled_networks(whole_making, tmp_path, monkeypatch) -> Path:
    """A copy of the tiny bundled model, the networks of a cross-validation, which the environment names; its images
    are those of `tiny_bundle`."""
    folder = shutil.copytree(whole_making / "out", tmp_path / "bundled-networks")
    monkeypatch.setenv("LESIONLAB_BUNDLED", str(folder))
    return folder


@pytest.fixture(scope="session")
def cross_validation(tmp_path_factory) -> Path:
    """A workspace (`home`), not to be changed, with the data set "tiny" (of `source`), a trained run for each of five
    folds, and the model "cv" of their networks.
    """

    def make(folder: Path) -> None:
        from tests.cross_validation import make_model, train_folds
        from tests.two_sources import make_dataset

        home = Workspace(folder / "home").create()
        dataset = make_dataset(home, folder / "source")
        make_model(home, dataset, train_folds(home, dataset))

    return made_once(tmp_path_factory, "cross-validation", make)


@pytest.fixture
def cross_validated(cross_validation, tmp_path, monkeypatch) -> Workspace:
    """A copy of that workspace, which the environment names; a test may change it."""
    home = Workspace(shutil.copytree(
        cross_validation / "home", tmp_path / "cross-validated", ignore=shutil.ignore_patterns("checkpoints")))
    monkeypatch.setenv("LESIONLAB_HOME", str(home.home))
    return home


@pytest.fixture
def old_workspace(tmp_path_factory, tmp_path, monkeypatch) -> Workspace:
    """A copy of the workspace that an earlier LesionLab made, which the environment names; a test may change it.

    Beside its home lies what `tests/fixtures/README.md` lists: the bundle, a fold table, what was predicted, and how
    the interrupted run ended.
    """
    from tests.fixtures.packing import unpack

    archive = Path(__file__).parent / "fixtures" / "old_workspace.tar.xz"
    made = made_once(tmp_path_factory, "old-workspace", lambda to: unpack(archive, to))
    home = Workspace(shutil.copytree(made, tmp_path / "old") / "home")
    monkeypatch.setenv("LESIONLAB_HOME", str(home.home))
    return home


@pytest.fixture(scope="session")
def trained(tmp_path_factory, tiny_set):
    """A workspace with the data set "tiny" and one finished run on it: (workspace, run)."""
    from pipeline.runs.run_dir import list_runs

    def make(folder: Path) -> None:
        from pipeline.data.importing import import_dataset
        from pipeline.jobs.job_worker import work
        from pipeline.runs.plan import create, plan_config

        home = Workspace(folder).create()
        import_dataset(home, tiny_set, "tiny")
        run = create(home, plan_config(home, "tiny", "demo", ["size=48x32", "epochs=1,1", "batch_size=8"]))
        status = work(run, home)
        assert status.state == "done", status.error

    made = made_once(tmp_path_factory, "trained", make)
    home = Workspace(shutil.copytree(made, tmp_path_factory.mktemp("trained") / "home"))  # a test may change its own
    (run,) = list_runs(home)
    return home, run
