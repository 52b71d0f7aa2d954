"""The README tells the truth: its second command is what CI runs, and its command table is the parser's."""

import argparse
import re
from pathlib import Path

from pipeline.cli import build_parser

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# how the app starts a process; nobody types them
HIDDEN = {"work"}


def _two_commands() -> list[str]:
    return re.findall(r"```sh\n(.+)\n```", README)


def _leaves(parser: argparse.ArgumentParser, prefix: str = "") -> set[str]:
    """Every command with its group, such as "runs list"."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        return {prefix.strip()}
    return {
        leaf for name, child in groups[0].choices.items() for leaf in _leaves(child, f"{prefix} {name}")
    } - HIDDEN


def test_the_readme_opens_with_two_commands_of_one_line():
    first, second = _two_commands()
    assert first.endswith("make run") and second == first.removesuffix("run") + "test"


def test_ci_runs_the_second_command_word_for_word():
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == _two_commands()[1]


def test_the_command_table_is_the_parsers():
    rows = re.search(r"\| command \| what it does \|\n.*?\n(.*?)\n\n", README, re.DOTALL)[1].splitlines()
    written = [command for row in rows for command in re.findall(r"`([^`]+)`", row.split(" | ")[0])]
    names = {" ".join(re.match(r"[a-z-]+( [a-z]+)?(?= |$)", command)[0].split()) for command in written}
    assert names == _leaves(build_parser())
