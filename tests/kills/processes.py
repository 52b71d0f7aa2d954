"""The processes of victims: whether they have ended, how they are killed."""

import psutil

from tests.kills.victims import Work

LONGEST = 300.0  # seconds until work must have ended


def gone(process: psutil.Process | None, seconds: float) -> bool:
    """Waits so long for the end of a child of this process; whether it has come."""
    if process is None:
        return True
    try:
        process.wait(seconds)
    except psutil.TimeoutExpired:
        return False
    return True


def kill(process: psutil.Process) -> None:
    for one in (process, *process.children(recursive=True)):
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait(30)


def end(work: Work) -> str:
    """Lets the work go on to its end, and gives the state that it is then in."""
    assert gone(work.process, LONGEST), "it does not end"
    return work.status().state if work.status else "done"
