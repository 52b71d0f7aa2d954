"""The hidden `estimate`: how long a run would take, measured in a process of its own, as the app asks for it."""

import functools
import os

from pipeline.commands.arguments import add_command, add_set
from pipeline.commands.output import Output
from pipeline.workspace import current_workspace

STEP = "{percent:3.0f} %  {sentence}"


def add_parsers(commands) -> None:
    parser = add_command(commands, "estimate", estimate, help=None)
    parser.add_argument("--data", required=True, metavar="NAME", help="the data set")
    parser.add_argument("--preset", required=True, metavar="NAME", help="where to start from")
    parser.add_argument("--from", metavar="RUN:STAGE", dest="start", help="the stage that the run starts from")
    add_set(parser)


def estimate(arguments, out: Output) -> int:
    from pipeline.commands.words import duration, facts
    from pipeline.data.dataset import load_dataset
    from pipeline.data.turns import turn
    from pipeline.jobs.plan import plan_config
    from pipeline.jobs.run_dir import readable_runs
    from pipeline.training.device import describe

    workspace = current_workspace()
    config = plan_config(workspace, arguments.data, arguments.preset, arguments.settings, arguments.start)
    say = functools.partial(_say, out, [])
    # two measurements at once would measure each other
    with turn(workspace.locks / "estimate.lock", say, "Waits for another estimate."):
        beside = [run.name for run in readable_runs(workspace) if run.status().state == "running"]
        say(0.0, "Loads fastai and the network.")
        os.environ.setdefault("GOMP_SPINCOUNT", "5000")  # as the trainer has it (pipeline.jobs.work)
        from pipeline.training.estimate import estimate_run

        found = estimate_run(load_dataset(workspace, config.data), config, describe(), say)
    answer = {**found.to_json(), "beside": beside}
    rows = [("all", duration(found.seconds)), *((part, duration(value)) for part, value in found.parts.items())]
    out.answer(answer, facts(rows))
    return 0


def _say(out: Output, said: list[str], fraction: float | None, sentence: str) -> None:
    """Each step once and at once: whoever waits reads these lines."""
    if sentence not in said:
        said.append(sentence)
        out.warn(STEP.format(percent=100 * (fraction or 0), sentence=sentence))
