"""What went wrong is told on pages by the file's place in the workspace: no folder of the server is named."""

import ast
import json

import pytest

from app.components import problems
from pipeline import errors
from pipeline.files.workspace import error_words
from tests.app_pages import PROJECT, open_page, words
from tests.hand_made import make_run

FAMILY = [error for error in vars(errors).values() if isinstance(error, type) and issubclass(error, Exception)]


@pytest.mark.parametrize("kind", FAMILY)
def test_every_error_of_the_family_is_shown_without_the_servers_folders(workspace, monkeypatch, kind):
    shown = []
    monkeypatch.setattr(problems.st, "error", lambda text, **options: shown.append(text))
    with problems.in_words():
        raise kind(f"{workspace.runs}/one/config.json is damaged: it lacks config.", f"Look into {workspace.home}.")
    assert shown == ["runs/one/config.json is damaged: it lacks config. Look into the workspace."]


@pytest.mark.parametrize(("said", "told"), [
    ("{home}/runs and {home}/models/x", "runs and models/x"),
    ("in {home}/ alone, {home}", "in the workspace alone, the workspace"),
    ("{home}-2/x, /mnt{home}/x", "{home}-2/x, /mnt{home}/x"), ("/no/such/place.zip", "/no/such/place.zip"),
    ("{bundled}/run/results.json", "box/run/results.json"), ("There is no {bundled}.", "There is no box."),
])
def test_only_the_servers_own_folders_are_left_out(workspace, tmp_path, monkeypatch, said, told):
    monkeypatch.setenv("LESIONLAB_BUNDLED", str(tmp_path / "box"))
    places = {"home": workspace.home, "bundled": tmp_path / "box"}
    assert error_words(said.format(**places)) == told.format(**places)


def test_a_workspace_behind_a_link_is_known_by_both_its_paths(workspace, tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(workspace.home)
    monkeypatch.setenv("LESIONLAB_HOME", str(tmp_path / "link"))
    assert error_words(f"{tmp_path}/link/runs/a, {workspace.home}/runs/b") == "runs/a, runs/b"


def test_what_a_process_said_of_its_run_is_told_alike(filled):
    workspace, dataset, _ = filled
    run = make_run(workspace, dataset, "failed")
    status = json.loads(run.status_path.read_text())
    run.status_path.write_text(json.dumps({**status, "error": f"The checkpoint {run.resume_path} is damaged."}))
    for page, address in (("train", "run"), ("errors", "run"), ("runs", "runs")):
        said = words(open_page(page, **{address: run.name}))
        assert str(workspace.home) not in said
        assert f"The checkpoint runs/{run.name}/checkpoints/resume.pt is damaged." in said.replace("\\", ""), page


def test_no_page_draws_an_error_in_another_way():
    bare = []
    for path in sorted((PROJECT / "app").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("as_text", "as_lines", "as_plain"):
                inside = list(ast.walk(call))
                told = {getattr(one.func, "id", "") for one in inside if isinstance(one, ast.Call)}
                names = {one.id for one in inside if isinstance(one, ast.Name)} | {
                    one.attr for one in inside if isinstance(one, ast.Attribute)}
                if names & {"error", "next_step"} and not told & {"error_words", "refusal"}:  # the other says its words
                    bare.append(f"{path}:{call.lineno}")
    assert bare == []
