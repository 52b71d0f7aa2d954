"""`lessons draw`, `lessons show`: a lesson for a class drawn into a file, and what is in one."""

import argparse
from pathlib import Path

from pipeline.commands.arguments import add_command, add_group
from pipeline.commands.output import Output
from pipeline.files.workspace import current_workspace

_EPILOG = """\
A lesson about the model is stratified on where it errs: 1 of 4, 4 of 12 or 9 of 30 items. A test is drawn without
looking at the model; with --own-mix its 30 items are as often of each diagnosis as the collection's lesions.
Two forms, A and B, have other lesions of the same strata. What a stratum lacks is left out and named.
The file holds no pixels; a picture is found by its image id in any data set."""


def add_parsers(commands) -> None:
    group = add_group(commands, "lessons", "lessons for a class")
    parser = add_command(
        group, "draw", lessons_draw, help="draw a lesson from a run's held-out predictions into a file",
        epilog=_EPILOG,
    )
    parser.add_argument("--run", required=True, metavar="RUN", help="the run, as `runs list` names it")
    drawn = parser.add_mutually_exclusive_group(required=True)
    drawn.add_argument("--kind", choices=("model", "test"), help="about the model, or a test")
    drawn.add_argument("--ready", choices=("sure-and-wrong", "two-cameras", "nevus-or-melanoma"),
                       help="one of the ready lessons, of 12 items")
    parser.add_argument("--items", type=int, metavar="N", help="4 for a stand, 12 for a lesson, 30 for a test")
    parser.add_argument("--asks", choices=("diagnosis", "malignancy"),
                        help="for the diagnosis (the default), or for malignant, in situ or precursor against benign")
    parser.add_argument("--forms", type=int, choices=(1, 2), help="how many parallel forms (default: 2)")
    parser.add_argument("--own-mix", action="store_true", help="a test at the collection's own mix")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed draws the same lesson")
    parser.add_argument("out", type=Path, metavar="OUT", help="the file to write")
    parser.set_defaults(wrong_use=parser.error)
    parser = add_command(group, "show", lessons_show, help="what a lesson's file holds, its answers included")
    parser.add_argument("file", type=Path, metavar="FILE", help="a lesson")


def lessons_draw(arguments, out: Output) -> int:
    from pipeline.classroom.lesson_files import lesson_bytes
    from pipeline.commands.lesson_text import lesson_answer, lesson_text
    from pipeline.files.disk import replace_file

    _check_use(arguments)
    lesson = _drawn(arguments, out)
    replace_file(arguments.out, lesson_bytes(lesson))
    out.answer({"file": str(arguments.out), **lesson_answer(lesson)}, f"{arguments.out}\n\n{lesson_text(lesson)}")
    return 0


def _check_use(arguments: argparse.Namespace) -> None:
    """Leaves with the usage where options do not go together."""
    if arguments.ready and (arguments.items or arguments.asks or arguments.forms or arguments.own_mix):
        arguments.wrong_use("a ready lesson has its own items, question, forms and mix")
    if arguments.kind and not arguments.items:
        arguments.wrong_use("--kind needs --items")
    if arguments.seed < 0:
        arguments.wrong_use("--seed takes a number from 0 on")


def _drawn(arguments, out: Output):
    from pipeline.classroom.lesson_candidates import Candidates
    from pipeline.classroom.lesson_drawing import draw_lesson
    from pipeline.classroom.lesson_pool import pool_of
    from pipeline.classroom.lesson_words import DRAWN, OWN_MIX
    from pipeline.classroom.ready_lessons import draw_ready
    from pipeline.runs.run_dir import find_run

    workspace = current_workspace()
    pool = pool_of(workspace, find_run(workspace, arguments.run), "as-data" if arguments.own_mix else "balanced",
                   out.progress)
    if arguments.ready:
        return draw_ready(arguments.ready, pool, arguments.seed)
    candidates = Candidates(pool, arguments.kind, arguments.asks or "diagnosis")
    about = OWN_MIX if arguments.own_mix else DRAWN[arguments.kind]
    return draw_lesson(candidates, about, arguments.items, arguments.seed, forms=arguments.forms or 2,
                       own_mix=arguments.own_mix)


def lessons_show(arguments, out: Output) -> int:
    from pipeline.classroom.lesson_files import read_lesson
    from pipeline.commands.lesson_text import lesson_answer, lesson_text

    lesson = read_lesson(arguments.file)
    out.answer({"file": str(arguments.file), **lesson_answer(lesson)}, lesson_text(lesson))
    return 0
