"""`streamlit run app/main.py` with a clock around each script run: `python -m tests.benchmarks.timed_server PORT LOG`.

Each run adds a line of JSON to LOG: the address, seconds, seconds of a processor (which other work on the machine does
not lengthen), and which heavy packages the process has loaded by then.
"""

import json
import sys
import time
from pathlib import Path

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.web import cli

HEAVY = ("torch", "torchvision", "fastai", "timm", "captum")


def clock_runs(log: Path) -> None:
    """Puts the clock around Streamlit's own method that runs the page's script for a session."""
    run_script = ScriptRunner._run_script

    def timed(runner: ScriptRunner, *arguments) -> None:
        started, worked = time.perf_counter(), time.thread_time()
        run_script(runner, *arguments)
        seconds, processor = time.perf_counter() - started, time.thread_time() - worked
        context = get_script_run_ctx()
        line = {"query": context.query_string if context else "", "seconds": seconds, "processor": processor,
                "heavy": [name for name in HEAVY if name in sys.modules]}
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    ScriptRunner._run_script = timed


if __name__ == "__main__":
    port, log = sys.argv[1:]
    clock_runs(Path(log))
    sys.argv = ["streamlit", "run", "app/main.py", "--server.port", port]
    cli.main()
