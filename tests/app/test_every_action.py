"""Every action of every page is pressed in every role, on a page that was drawn with all rights: what acts asks for its
own right, refuses who lacks it, and nothing is changed.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import pytest

from app import access, activity
from app.access import RULES, Right, Role, require
from app.components import problems
from app.components.cases.same_name import PutAway, _Wanted
from app.components.data.naming_panel import _Asked
from app.components.long_work import resume, stop
from app.loaders import resources
from pipeline.classroom.lesson_files import delete_lesson, find_lesson, save_lesson
from pipeline.data.naming import Named
from pipeline.data.sources.catalogue import SOURCES, STARTER
from pipeline.errors import AccessError, LesionLabError
from pipeline.files.disk import replace_file, write_json
from pipeline.jobs.job_dirs import audit_job
from pipeline.models.library import delete_model
from pipeline.models.model_info import find_model, write_model_info
from pipeline.runs.labels import delete_run
from pipeline.runs.status import Status, just_queued, just_started, process_identity, write_status
from pipeline.runs.teaching import create_set, delete_set
from tests.app.test_leakage_page import write_audit
from tests.app_actions import all_actions
from tests.app_pages import open_page
from tests.app_rights import ACTING, FREE
from tests.class_rooms import class_of
from tests.hand_made import make_dataset, make_run
from tests.small_lesson import small_lesson

_IMAGE = "IMG_0001"


@dataclass
class Asked:
    """Who presses, and what the pages asked for since it was last emptied: right, role, whether it was given."""

    role: Role
    rights: list[tuple[Right, Role, bool]]


class _StopHereError(LesionLabError):
    """In the place of what would be done."""


@pytest.fixture
def asked(monkeypatch) -> Iterator[Asked]:
    """Pages draw everything; what acts meets the role that a test sets, and goes no further than its question."""
    seen = Asked(Role.OPERATOR, [])

    def written(right, role, allowed):
        seen.rights.append((right, role, allowed))
        if allowed:
            raise _StopHereError("This would be done.")

    monkeypatch.setenv("LESIONLAB_MODE", "class")
    monkeypatch.setattr(activity, "write_down", written)
    monkeypatch.setattr(access, "role", lambda who=None, *, just_now=False: Role.OPERATOR if just_now else seen.role)
    return seen


def everything(folder) -> dict[str, str]:
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file() and "locks" not in path.parts}


@pytest.fixture
def stocked(workspace, tmp_path, monkeypatch):
    """A workspace in which everything can be pressed: (run, folder, what each page is opened with)."""
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path / "user" / ".kaggle"))
    dataset = make_dataset(workspace, tmp_path)
    run, gone = make_run(workspace, dataset), make_run(workspace, dataset, "failed")
    for name in ("shelf-1", "shelf-2"):
        info = replace(find_model(workspace, run.name), name=name, folder=workspace.models / name, run="none")
        replace_file(info.folder / "model.safetensors", b"")
        write_model_info(info)
    for name in ("Mine", "Gone"):
        create_set(workspace, name, "", "generated", run, [_IMAGE])
    delete_set(workspace, "set-2")
    delete_run(workspace, gone.name)
    delete_model(workspace, "shelf-2")
    for _ in range(2):
        lesson = save_lesson(workspace, small_lesson(generated=True))
    delete_lesson(workspace, lesson.id)
    write_audit(dataset, pairs=1)
    write_status(audit_job(dataset).folder / "status.json", just_queued(**just_started(), **process_identity()))
    for source, state in ((STARTER, "failed"), (SOURCES["isic2018-test"], "running")):
        folder = workspace.home / ".downloads" / source.id
        write_json(folder / "fetch.json", {"name": "starter"})
        write_status(folder / "status.json", Status(state, 1.0, **(process_identity() if state == "running" else {})))
    return run, tmp_path


def pages(run: str) -> list[tuple[str, dict[str, str], dict[str, object]]]:
    """Each page with something to press: its name, its address, and what its session holds beforehand."""
    image = f"case.set.{_IMAGE}"
    return [
        ("home", {}, {"start_over.teaching": "all"}),
        ("dataset", {"view": "get"}, {"import.asked": _Asked(("", "", ""), (Named("odd spot", 3, None),), "")}),
        ("train", {}, {}), ("train", {"run": run}, {}), ("rates", {}, {}),
        ("runs", {"runs": run}, {"runs.just_deleted": "gone"}),
        ("models", {"model": "shelf-1"}, {"models.just_deleted": "shelf-2"}),
        ("errors", {"run": run, "view": "sets"}, {"explore.put_away": PutAway("set-2", "Gone", "deleted")}),
        ("errors", {"run": run}, {f"explore.selected.{run}": {_IMAGE}}),
        ("case", {"run": run, "image": "judged"}, {}),
        ("case", {"run": run, "image": "judged"}, {f"{image}.wanted": _Wanted("", (_IMAGE,), "set-1")}),
        ("leakage", {"data": "generated", "topic": "pairs"}, {}), ("leakage", {"data": "generated"}, {}),
        ("evaluate_on", {"model": run, "data": "generated"}, {}),
        ("teach", {}, {"teach.just_deleted": "lesson-2"}), ("teach", {"lesson": "lesson-1"}, {}),
        ("teach", {"room": "class"}, {}), ("teach", {"room": "hands"}, {}), ("teach", {"room": "ended"}, {}),
    ]


def classes(workspace) -> dict[str, str]:
    """The code of a class on phones, of one by a show of hands, and of one that has ended, by the names in `pages`."""
    lesson = find_lesson(workspace, "lesson-1")
    rooms = {"class": class_of(workspace, lesson), "hands": class_of(workspace, lesson, "hands"),
             "ended": class_of(workspace, lesson)}
    rooms["hands"].next()
    rooms["ended"].end()
    return {name: room.code for name, room in rooms.items()}


def rights_of(key: str) -> set[Right]:
    """The rights that the list names for a widget's key as a page draws it; empty for what is free."""
    form = key.removeprefix("FormSubmitter:").rsplit("-", 1)[0] if key.startswith("FormSubmitter:") else key
    form = form.removesuffix(".save")
    exact = [(right, pattern) for rights in ACTING.values() for right, keys in rights.items()
             for pattern in keys.split() if pattern not in ("*", "*.*", "*.name") and fnmatchcase(form, pattern)]
    return {right for right, _ in exact}


def test_the_list_names_every_action():
    named = {file: set(" ".join([*ACTING.get(file, {}).values(), FREE.get(file, "")]).split())
             for file in {*ACTING, *FREE}}
    assert named == all_actions()


# what the list's patterns are too wide for, and what a session's own work is begun with
_BY_HAND = {
    "start_over": Right.PUT_AWAY,
    "draw": Right.DRAW, "demo": Right.TRAIN_ONE, "estimate": Right.COMPUTE, "preview": Right.COMPUTE,
    "explore.new_set.save": Right.TEACH, "runs.undo": Right.RESTORE, "models.undo": Right.RESTORE,
    "teach.undo": Right.RESTORE,
}
_RESTORE = ("restore.", "models.restore.")


def right_of(key: str) -> Right | None:
    """The one right that a button takes, by its key; None for what is free."""
    if key == "import":  # of Home, a way to the form of that name
        return None
    if key in _BY_HAND or key.startswith(_RESTORE):
        return _BY_HAND.get(key, Right.RESTORE)
    if key.startswith("FormSubmitter:models.import"):
        return Right.IMPORT
    if key.startswith(("case.set.", "explore.set-")) and key.endswith(".save"):
        return Right.TEACH
    found = rights_of(key)
    if key.startswith("pair."):
        found = {Right.JUDGE_PAIR} if key.startswith(("pair.same", "pair.different", "pair.None")) else set()
    assert len(found) < 2, (key, found)
    return next(iter(found), None)


_BY_PATH = {"FormSubmitter:import-": "import.path", "FormSubmitter:models.import-": "models.path"}


def pressed(at, key: str, asked: Asked, role: Role) -> list[tuple[Right, Role, bool]]:
    """What was asked for when `role` presses the button on the page as it stands."""
    asked.role, asked.rights = role, []
    for field in at.text_input:
        if any(key.startswith(form) and field.key == path for form, path in _BY_PATH.items()):
            field.set_value("/etc")
    next(button for button in at.button if str(button.key) == key).click().run()
    assert not at.exception, (key, at.exception)
    return asked.rights


def drawn(page: str, address: dict[str, str], session: dict[str, object]):
    """The page in the middle of a visit that has come to hold `session`."""
    at = open_page(page, **address)
    for key, value in session.items():
        at.session_state[key] = value
    return at.run()


def test_every_action_in_every_role(stocked, asked, workspace, monkeypatch):
    run, folder = stocked
    judged = run.predictions()["image_id"].iloc[0]
    stand_in = {"judged": judged, **classes(workspace)}
    shown: list[LesionLabError] = []
    original = problems.show
    monkeypatch.setattr(problems, "show", lambda error: (shown.append(error), original(error)))
    before, walked = everything(folder), set()
    for page, address, session in pages(run.name):
        address = {name: stand_in.get(value, value) for name, value in address.items()}
        session = {key.replace(_IMAGE, judged): value for key, value in session.items()}
        asked.rights = []
        at = drawn(page, address, session)
        assert asked.rights == [], f"{page} acts as soon as it is drawn"
        for key in [str(button.key) for button in at.button if not button.disabled]:
            right = right_of(key)
            if right is None:
                continue
            if key.startswith(tuple(_BY_PATH)):
                right = Right.IMPORT_PATH
            walked.add((right, key))
            for role in Role:
                shown.clear()
                given = role in RULES[right].roles
                assert pressed(at, key, asked, role) == [(right, role, given)], key
                refused = [error for error in shown if isinstance(error, AccessError)]
                assert bool(refused) != given and len(shown) == 1, (key, role, shown)
                if "kaggle." in key or key.startswith(tuple(_BY_PATH)):  # what was typed is gone, or must not stay
                    at = drawn(page, address, session)
                for name, value in session.items():
                    at.session_state[name] = value
    assert everything(folder) == before
    missing = set(Right) - {right for right, _ in walked} - {Right.CLASSIFY, Right.TAKE_AWAY, Right.DRAW}
    assert not missing, missing


@pytest.mark.parametrize("role", Role)
def test_drawing_in_every_role(workspace, asked, monkeypatch, role):
    """Where no data set is here: for a set, and on Home for a training."""
    monkeypatch.setattr(problems, "show", lambda error: None)
    for page, key, right in (("train", "draw", Right.DRAW), ("home", "demo", Right.TRAIN_ONE)):
        asked.role = Role.OPERATOR
        at = open_page(page)
        assert pressed(at, key, asked, role) == [(right, role, role in RULES[right].roles)]
    assert not list(workspace.home.glob(".work-*"))


@pytest.mark.parametrize("role", Role)
def test_what_callbacks_and_downloads_do_is_refused_too(filled, asked, monkeypatch, role):
    """Stopping, resuming and what a browser fetches outside the page's script."""
    workspace, dataset, _ = filled
    asked.role = role
    shown: list[LesionLabError] = []
    monkeypatch.setattr(problems, "show", shown.append)
    monkeypatch.setattr(resources, "workspace", lambda: workspace)
    busy, broken = make_run(workspace, dataset, "running"), make_run(workspace, dataset, "failed")
    before = everything(workspace.home)
    for act, right in ((lambda: stop(busy), Right.STOP), (lambda: resume(broken), Right.TRAIN)):
        asked.rights = []
        act()
        assert asked.rights == [(right, role, role is Role.OPERATOR)]
    assert [isinstance(error, AccessError) for error in shown] == [role is not Role.OPERATOR] * 2
    fetched = access.later(Right.TAKE_AWAY, lambda: b"a file")
    with pytest.raises(_StopHereError if role is Role.OPERATOR else AccessError):
        fetched()
    assert everything(workspace.home) == before


@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("role", Role)
def test_the_table(asked, role, right):
    """The operator may do everything, a stand train with one click, and everybody classify; nothing else."""
    asked.role = role
    allowed = role is Role.OPERATOR or right is Right.CLASSIFY or (role, right) == (Role.STAND, Right.TRAIN_ONE)
    with contextlib.suppress(_StopHereError) if allowed else pytest.raises(AccessError, match="^Only the person who "):
        require(right)
    assert asked.rights == [(right, role, allowed)]
