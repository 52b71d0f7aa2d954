"""`train` and `cancel`."""

import time

from pipeline.commands.arguments import add_command, add_set, settings_epilog
from pipeline.commands.output import Output
from pipeline.configuration.presets import PRESETS
from pipeline.files.workspace import current_workspace

_SECONDS_TO_STOP = 30.0


def add_parsers(commands) -> None:
    parser = add_command(
        commands, "train", train, epilog=settings_epilog(),
        help="train a model: in the foreground, waiting for its turn; exit code 0 only for a run that is done",
    )
    parser.add_argument(
        "--data", metavar="NAME", help="the data set, as `data list` names it; may be left out with --from"
    )
    parser.add_argument(
        "--from", metavar="RUN:STAGE", dest="start", help="start from the weights at the end of a stage, from 1, of "
        "another run, on its data and its split; the preset's stages that they have gone through are left out",
    )
    parser.add_argument(
        "--preset", required=True, metavar="NAME", help=f"where to start from: {', '.join(PRESETS)}"
    )
    add_set(parser)
    parser.add_argument(
        "--detach", action="store_true",
        help="start the run in a process of its own, print the run's name and return",
    )
    parser.set_defaults(usage_error=parser.error)
    parser = add_command(commands, "cancel", cancel, help="ask a queued or running run to stop, and wait until it has")
    parser.add_argument("run", metavar="RUN", help="the run, as `runs list` names it")


def train(arguments, out: Output) -> int:
    from pipeline.commands.foreground_command import work_here
    from pipeline.commands.run_text import run_text
    from pipeline.jobs.launch import start_run
    from pipeline.runs.plan import create, plan_config
    from pipeline.runs.summary import run_summary

    if arguments.data is None and arguments.start is None:
        arguments.usage_error("one of the arguments --data and --from is required")
    workspace = current_workspace()
    config = plan_config(workspace, arguments.data, arguments.preset, arguments.settings, arguments.start)
    if arguments.detach:
        run = start_run(workspace, config)
        out.answer(run_summary(run), run.name)
        return 0
    run = create(workspace, config)
    out.warn(f"Run {run.name}: {'; '.join(stage.words for stage in config.stages)}.")
    status = work_here(run, workspace, out)
    summary = run_summary(run)
    out.answer(summary, run_text(summary, run.results()))
    return 0 if status.state == "done" else 1


def cancel(arguments, out: Output) -> int:
    from pipeline.jobs.launch import request_stop
    from pipeline.runs.run_dir import find_run
    from pipeline.runs.status import ENDED
    from pipeline.runs.summary import run_summary

    run = find_run(current_workspace(), arguments.run)
    request_stop(run)
    deadline = time.monotonic() + _SECONDS_TO_STOP
    while (state := run.status().state) not in ENDED and time.monotonic() < deadline:
        out.progress(None, f"Waits until {run.name} has stopped.")
        time.sleep(0.1)
    words = f"{run.name}: {state}" if state in ENDED else f"{run.name}: asked to stop, still {state}"
    out.answer(run_summary(run), words)
    return 0
