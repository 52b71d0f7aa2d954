"""`lessons draw` and `lessons show`: a file, and what it holds, drawn from a run and its data set."""

import json

import pytest

from pipeline.classroom.lesson_candidates import Candidates
from pipeline.classroom.lesson_files import read_lesson
from pipeline.classroom.lesson_pictures import find_pictures
from pipeline.classroom.lesson_pool import pool_of
from pipeline.classroom.lesson_strata import Stratum
from pipeline.data.same_lesion import judge_pair
from pipeline.errors import LessonError
from pipeline.runs.teaching import Remark, write_remark
from tests.hand_made import CODES


def test_a_lesson_is_drawn_into_a_file_and_shown(filled, call, tmp_path):
    workspace, dataset, run = filled
    out = tmp_path / "class" / "lesson.json"
    code, told, _ = call("lessons", "draw", "--run", run.name, "--kind", "test", "--items", 12, "--seed", 3, out,
                         "--json")
    answer, lesson = json.loads(told), read_lesson(out)
    assert code == 0 and answer["seed"] == lesson.seed == 3 and answer["kind"] == "test"
    assert answer["caveats"][0] == "drawings" and lesson.generated and lesson.decision == "balanced"
    drawn = [item for items in lesson.forms.values() for item in items]
    held_out = set(run.predictions()["image_id"])
    assert {item.image_id for item in drawn} <= held_out and len({item.lesion_id for item in drawn}) == len(drawn)
    assert {item.short_side for item in drawn} == {48}
    assert set(find_pictures(workspace, lesson)) == {item.image_id for item in drawn}
    assert [item["model"] for item in answer["forms"]["A"]] and answer["wrong_share"].keys() == {"A", "B"}
    shown = json.loads(call("lessons", "show", out, "--json")[1])
    assert shown == answer
    one = tmp_path / "one.json"
    assert call("lessons", "draw", "--run", run.name, "--kind", "test", "--items", 12, "--forms", 1, one)[0] == 0
    assert list(read_lesson(one).forms) == ["A"] and len(read_lesson(one).forms["A"]) >= len(lesson.forms["A"])
    code, text, _ = call("lessons", "show", out)
    assert code == 0 and all(item.image_id in text for item in drawn) and lesson.shortfalls
    assert all(one.stratum in text for one in lesson.shortfalls)


def test_what_cannot_be_drawn_is_refused(filled, call, tmp_path):
    _, _, run = filled
    out = tmp_path / "lesson.json"
    for arguments in (["--kind", "test", "--items", 13], ["--kind", "model", "--items", 30, "--own-mix"],
                      ["--ready", "two-cameras"]):
        assert call("lessons", "draw", "--run", run.name, *arguments, out)[0] == 1
    assert call("lessons", "draw", "--run", "gone", "--kind", "test", "--items", 12, out)[0] == 1
    for arguments in ([], ["--kind", "test"], ["--ready", "two-cameras", "--items", 12],
                      ["--kind", "test", "--items", 12, "--seed", -1]):
        with pytest.raises(SystemExit) as refused:
            call("lessons", "draw", "--run", run.name, *arguments, out)
        assert refused.value.code == 2
    assert not out.exists()
    out.write_text("{}")
    code, _, err = call("lessons", "show", out)
    assert code == 1 and "lesson.json is damaged" in err


def test_a_pool_knows_what_was_said_of_the_images(filled):
    workspace, dataset, run = filled
    pool = pool_of(workspace, run, "balanced")
    assert set(pool.images.index) == set(run.predictions()["image_id"])
    assert not pool.images[["doubtful", "seen", "two_diagnoses"]].any(axis=None)
    doubted = pool.images.index[0]
    one = pool.images[pool.images["dx"] == "mel"].index[0]
    other = pool.images[pool.images["dx"] == "nv"].index[0]
    write_remark(workspace, dataset.name, doubted, Remark("Perhaps another one.", True))
    judge_pair(workspace, dataset, one, other, "same")
    again = pool_of(workspace, run, "balanced")
    assert list(again.images.index[again.images["doubtful"]]) == [doubted]
    lesions = set(pool.images.loc[[one, other], "lesion_id"])
    assert set(again.images.loc[again.images["two_diagnoses"], "lesion_id"]) == lesions
    candidates = Candidates(again, "test", "diagnosis")
    there = {image_id for code in CODES for image_id in candidates.of(Stratum(code))}
    assert doubted not in there and not lesions & set(again.images.loc[list(there), "lesion_id"])
    judge_pair(workspace, dataset, one, other, "different")
    assert not pool_of(workspace, run, "balanced").images["two_diagnoses"].any()


def test_without_its_images_a_run_gives_no_lesson(filled):
    workspace, dataset, run = filled
    dataset.folder.rename(workspace.home / "elsewhere")
    with pytest.raises(LessonError):
        pool_of(workspace, run, "balanced")
