"""`python -m tests.gpu_check.one_row NAME`: one row of a check, in a process of its own; its outcome as a JSON file."""

import argparse
import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from pipeline.errors import LesionLabError
from pipeline.files.workspace import current_workspace
from tests.gpu_check.check_plan import FULL, ROWS, SMALL, Check, NotHere, Outcome, Wrong


def outcome(name: str, check: Check) -> Outcome:
    """Runs the row; whatever it raises becomes words, with the error's kind where nobody foresaw it."""
    module, function = ROWS[name].function.split(".")
    try:
        run = getattr(importlib.import_module(f"tests.gpu_check.{module}"), function)
        words, measured = run(check)
    except NotHere as reason:
        return Outcome("not run", str(reason), {})
    except Wrong as error:
        return Outcome("failed", str(error), error.measured)
    except LesionLabError as error:
        return Outcome("failed", f"{error.problem} {error.next_step}".strip(), {})
    except Exception as error:  # noqa: BLE001  the row's edge: on a machine that nobody knows anything may fail
        return Outcome("failed", f"{type(error).__name__}: {error}", {})
    return Outcome("passed", words, measured)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.gpu_check.one_row", description=__doc__)
    parser.add_argument("name", choices=ROWS)
    parser.add_argument("--device", choices=("cuda", "cpu"), required=True)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    arguments = parser.parse_args()
    check = Check(arguments.device, SMALL if arguments.small else FULL, current_workspace())
    arguments.out.write_text(json.dumps(asdict(outcome(arguments.name, check))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
