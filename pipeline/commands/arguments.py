"""The pieces that the parsers of all commands share."""

import argparse
from collections.abc import Callable

from pipeline.configuration.config import SETTINGS


def add_command(
    commands, name: str, command: Callable, *, help: str | None, epilog: str = ""
) -> argparse.ArgumentParser:
    """A parser for one command with `--json`; `help` None keeps it out of the list of commands.

    Args:
        command: called with the parsed arguments and an Output; gives the exit code.
    """
    listed = {} if help is None else {"help": help}
    parser = commands.add_parser(
        name, description=help, epilog=epilog, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter, **listed,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout and nothing else there")
    parser.set_defaults(command=command)
    return parser


def add_group(commands, name: str, help: str):
    """The sub-commands object of a group such as `runs`."""
    parser = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=True)


def settings_epilog() -> str:
    """The keys of `--set`, a line each, for a parser's epilog."""
    width = max(len(key) for key in SETTINGS)
    lines = [f"  {key:<{width}}  {setting.explained}" for key, setting in SETTINGS.items()]
    return "keys of --set:\n" + "\n".join(lines)


def add_set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="settings",
        help="change a setting of the preset, for example --set seed=3; repeatable; the keys are listed below",
    )
