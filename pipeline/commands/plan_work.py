"""What the hidden commands about one configuration share: their arguments, and how they say where they stand."""

import argparse

from pipeline.commands.arguments import add_command, add_set
from pipeline.commands.output import Output
from pipeline.config import RunConfig
from pipeline.jobs.plan_work import STEP
from pipeline.workspace import Workspace


def add_plan_command(commands, name: str, command) -> argparse.ArgumentParser:
    """The parser of a hidden command about one configuration."""
    parser = add_command(commands, name, command, help=None)
    parser.add_argument("--data", required=True, metavar="NAME", help="the data set")
    parser.add_argument("--preset", required=True, metavar="NAME", help="where to start from")
    parser.add_argument("--from", metavar="RUN:STAGE", dest="start", help="the stage that the run starts from")
    add_set(parser)
    return parser


def planned(workspace: Workspace, arguments: argparse.Namespace) -> RunConfig:
    """The configuration that the arguments name; errors as `plan_config`'s."""
    from pipeline.runs.plan import plan_config

    return plan_config(workspace, arguments.data, arguments.preset, arguments.settings, arguments.start)


class StepLines:
    """A Progress callable that writes each step once and at once: whoever waits reads these lines."""

    def __init__(self, out: Output):
        self._out, self._said = out, set[str]()

    def __call__(self, fraction: float | None, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            self._out.warn(STEP.format(percent=100 * (fraction or 0), sentence=sentence))
