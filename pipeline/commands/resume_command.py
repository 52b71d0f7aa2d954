"""`resume`: go on with a run that was broken off, as `train` would have gone on."""

from pipeline.commands.arguments import add_command
from pipeline.commands.output import Output
from pipeline.files.workspace import current_workspace


def add_parsers(commands) -> None:
    parser = add_command(
        commands, "resume", resume,
        help="go on with a run that was interrupted, stopped or failed, from its last full epoch, or with an "
        "evaluation from the images that it has judged: in the foreground, waiting for its turn; exit code 0 only for "
        "a run that is done",
    )
    parser.add_argument("run", metavar="RUN", help="the run, as `runs list` names it")
    parser.add_argument(
        "--detach", action="store_true", help="go on in a process of its own, print the run's name and return"
    )


def resume(arguments, out: Output) -> int:
    from pipeline.commands.foreground_command import work_here
    from pipeline.commands.run_text import run_text
    from pipeline.jobs.launch import resume_run
    from pipeline.runs.resume import requeue
    from pipeline.runs.run_dir import find_run
    from pipeline.runs.summary import run_summary

    workspace = current_workspace()
    run = find_run(workspace, arguments.run)
    if arguments.detach:
        resume_run(workspace, run)
        out.answer(run_summary(run), run.name)
        return 0
    requeue(run)
    nothing = "no image was judged" if run.kind() == "evaluation" else "no epoch of it was finished"
    out.warn(f"Run {run.name} {'goes on' if run.goes_on else f'starts at its beginning: {nothing}'}.")
    status = work_here(run, workspace, out)
    summary = run_summary(run)
    out.answer(summary, run_text(summary, run.results()))
    return 0 if status.state == "done" else 1
