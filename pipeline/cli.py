"""The command line: its parser, and the one place where errors become a sentence and an exit code.

Exit codes: 0 done · 1 an error, or a run that did not end as done · 2 wrong usage · 130 interrupted by Ctrl-C.
"""

import argparse
import contextlib
import errno
import warnings
from collections.abc import Sequence

from pipeline.commands import (
    data_command,
    default_model_command,
    demo_command,
    evaluate_command,
    foreground_command,
    lessons_command,
    lr_find_command,
    models_command,
    predict_command,
    resume_command,
    show_command,
    train_command,
)
from pipeline.commands.output import Output, owned_stdout
from pipeline.errors import LesionLabError

_COMMANDS = (  # as the help lists them
    demo_command, data_command, train_command, resume_command, lr_find_command, evaluate_command, predict_command,
    models_command, show_command, lessons_command, default_model_command, foreground_command,
)
_DESCRIPTION = """\
LesionLab trains, questions and explains skin-lesion classifiers. Education only, not a medical device.

Everything lies in the workspace: the folder that $LESIONLAB_HOME names, else ./workspace."""

_EPILOG = """\
the whole way:
  python -m pipeline demo
  python -m pipeline data fetch isic2018-validation
  python -m pipeline data import ham10000.zip --name ham10000
  python -m pipeline train --data ham10000 --preset quick --set seed=1
  python -m pipeline runs show ham10000-quick-1
  python -m pipeline predict --model ham10000-quick-1 photos/ --csv predictions.csv

Every command takes --json: one JSON object on stdout and nothing else there; null is what is undefined; after an
error it is {"error": "…"}. Progress, warnings and errors go to stderr."""


def build_parser() -> argparse.ArgumentParser:
    """The parser of every command; parsed arguments carry the command's function as `command`."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline", description=_DESCRIPTION, epilog=_EPILOG, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in _COMMANDS:
        module.add_parsers(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command that `argv` (the process's own by default) names and gives its exit code.

    Raises:
        SystemExit: wrong usage (2), or --help (0), as argparse does it.
    """
    arguments = build_parser().parse_args(argv)
    # a library calls it inside torch; nobody at the command line can do anything about it
    warnings.filterwarnings("ignore", message="`torch.jit.script` is deprecated", category=FutureWarning)
    with owned_stdout(arguments.json) as out:
        try:
            return arguments.command(arguments, out)
        except LesionLabError as error:
            return _refused(out, str(error), 1)
        except KeyboardInterrupt:
            return _refused(out, "Interrupted.", 130)
        except BrokenPipeError:
            return 1  # whoever read stdout has gone (`| head`), so nobody can be told
        except OSError as error:
            if error.errno is None:
                raise
            return _refused(out, _system_sentence(error), 1)


def _system_sentence(error: OSError) -> str:
    """One sentence for what the operating system refused and no command put into words."""
    place = f"{error.filename}: " if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{place}The disk is full. Free some space and try again."
    return f"{place}{error.strerror}."


def _refused(out: Output, sentence: str, code: int) -> int:
    out.warn(sentence)
    if out.json and not out.written:
        with contextlib.suppress(OSError):  # stdout itself may be what cannot be written
            out.emit({"error": sentence})
    return code
