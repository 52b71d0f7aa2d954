"""The hidden `embed`: a run's network over all its images once more, in a process of its own, as the app starts it."""

from pipeline.commands.arguments import add_command
from pipeline.commands.output import Output
from pipeline.workspace import current_workspace


def add_parsers(commands) -> None:
    parser = add_command(commands, "embed", embed, help=None)
    parser.add_argument("run", metavar="RUN", help="a finished run")
    parser.add_argument("--queued", action="store_true", help="the job is queued already, and may have been stopped")


def embed(arguments, out: Output) -> int:
    from pipeline.jobs.embedding import give_way, job_status, queue_embedding, work_on_embedding
    from pipeline.runs.run_dir import find_run

    workspace = current_workspace()
    run = find_run(workspace, arguments.run)
    status = job_status(run)
    if not arguments.queued and (status is None or status.state != "queued"):
        queue_embedding(run)
    give_way()
    status = work_on_embedding(run, workspace, out.progress)
    answer = {"run": run.name, "state": status.state, "error": status.error, "seconds": status.seconds}
    out.answer(answer, f"{run.name}: {status.state}. {status.error or ''}".strip())
    return 0 if status.state == "done" else 1
