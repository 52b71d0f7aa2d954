"""A finished run of a very configuration: one that there is, one that goes on, or a new one."""

from collections.abc import Callable

from pipeline.configuration.config import RunConfig
from pipeline.errors import RunError
from pipeline.files.workspace import Workspace
from pipeline.runs.plan import create
from pipeline.runs.resume import can_resume, requeue
from pipeline.runs.run_dir import RunDir, readable_runs
from pipeline.runs.status import Status
from pipeline.training.memory import give_back_freed_memory

Train = Callable[[RunDir], Status]  # works on a queued run until it has ended
Say = Callable[[str], None]


def finished_run(workspace: Workspace, config: RunConfig, train: Train, say: Say) -> RunDir:
    """A done run whose config is `config`: trained before, gone on with from its last full epoch, or trained now.

    Args:
        train: works on a queued run in this process and gives its final status.
        say: called with a sentence about what is done.

    Raises:
        RunError: such a run is at work elsewhere, or the training did not end as done; the same call goes on with it.
    """
    same = [run for run in readable_runs(workspace) if run.config() == config]
    states = {run: run.status().state for run in same}
    for run in same:
        if states[run] == "done":
            say(f"The run {run.name} is done already.")
            return run
    for run in same:
        if states[run] in ("queued", "running"):
            raise RunError(
                f"The run {run.name}, which is just this training, is {states[run]} in another process.",
                "Wait until it has ended; then give this command again.",
            )
    broken_off = next((run for run in same if can_resume(run)), None)
    if broken_off is None:
        run = create(workspace, config)
        say(f"The run {run.name} starts: {'; '.join(stage.words for stage in config.stages)}.")
    else:
        run = broken_off
        requeue(run)
        say(f"The run {run.name} goes on where it was broken off.")
    status = train(run)
    give_back_freed_memory()  # else one training after the other adds what it kept
    if status.state != "done":
        raise RunError(
            f"The run {run.name} ended as {status.state}{': ' + status.error if status.error else ''}.",
            "Give this command again: it goes on from the last full epoch.",
        )
    return run
