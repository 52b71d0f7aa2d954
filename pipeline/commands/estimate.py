"""The hidden `estimate`: how long a run would take, measured in a process of its own, as the app asks for it."""

import os

from pipeline.commands.output import Output
from pipeline.commands.plan_work import StepLines, add_plan_command, planned
from pipeline.workspace import current_workspace


def add_parsers(commands) -> None:
    add_plan_command(commands, "estimate", estimate)


def estimate(arguments, out: Output) -> int:
    from pipeline.data.dataset import load_dataset
    from pipeline.locks import file_lock
    from pipeline.networks.device import describe
    from pipeline.number_words import duration
    from pipeline.runs.run_dir import readable_runs
    from pipeline.text_tables import facts

    workspace = current_workspace()
    config = planned(workspace, arguments)
    say = StepLines(out)
    # two measurements at once would measure each other
    with file_lock(workspace.locks / "estimate.lock", say, "Waits for another estimate."):
        beside = [run.name for run in readable_runs(workspace) if run.status().state == "running"]
        say(0.0, "Loads fastai and the network.")
        os.environ.setdefault("GOMP_SPINCOUNT", "5000")  # as the trainer has it (pipeline.jobs.work)
        from pipeline.training.estimate import estimate_run

        found = estimate_run(load_dataset(workspace, config.data), config, describe(), say)
    answer = {**found.to_json(), "beside": beside}
    rows = [("all", duration(found.seconds)), *((part, duration(value)) for part, value in found.parts.items())]
    out.answer(answer, facts(rows))
    return 0
